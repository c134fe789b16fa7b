/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the headers of harness/sim/include/linux and xen stand for: as much of
 * the kernel as its grant allocators use, in user space.
 *
 * Only files of the kernel, and those that stand in for them, include this: it
 * defines names like min and swap.
 */
#ifndef GRANTBENCH_SIM_KERNEL_H
#define GRANTBENCH_SIM_KERNEL_H

#include "sim/base.h"
#include "sim/bits.h"
#include "sim/list.h"
#include "sim/lock.h"
#include "sim/mem.h"
#include "sim/state.h"
#include "sim/work.h"
#include "sim/xen.h"

#endif
