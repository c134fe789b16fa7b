/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GRANTBENCH_VERSION_H
#define GRANTBENCH_VERSION_H

#define GB_VERSION "0.1"

#endif
