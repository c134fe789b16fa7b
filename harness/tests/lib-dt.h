/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees for tests of dt/: a machine like QEMU's, and requests to build on. */
#ifndef GRANTBENCH_TESTS_LIB_DT_H
#define GRANTBENCH_TESTS_LIB_DT_H

#include "dt/dt.h"
#include "lib/buf.h"

/*
 * What QEMU's virt machine dumps, cut down to one node of each kind that
 * dt_host_build() or dt_check() treats specially: CPUs, 1 GiB of memory, GIC with
 * ITS, PCIe with maps, two virtio transports, flash, fw-cfg, and a /chosen with seeds.
 */
void lib_dt_machine(struct buf *dtb);

/* dom0 and one dom0less domain with an event channel, laid out in that machine. */
struct lib_dt_host {
	struct dt_host host;
	struct dt_domu domu[2];
};
void lib_dt_host(struct lib_dt_host *h, size_t nr_domu);

/* A copy that may be edited: room more bytes. Caller frees. */
void *lib_dt_open(const struct buf *dtb, int room);

#endif
