/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the host's tree share. Internal to dt/. */
#ifndef GRANTBENCH_DT_HOST_H
#define GRANTBENCH_DT_HOST_H

#include <libfdt.h>

#include "dt/dt.h"

#define DT_MAX_CPUS 8u		/* of a domU; what fits into its tree */

/* Is all that the header promises to refuse absent? qemu_dtb is sound. */
int dt_host_check(const void *qemu_dtb, const struct dt_host *host, struct err *err);

/* Does one bank of the tree's memory hold the whole module? */
bool dt_in_memory(const void *fdt, const struct dt_module *m);

/* Number in 1 or 2 cells, counted from the property's start. */
static inline uint64_t dt_cells(const void *prop, int at, int cells)
{
	const fdt32_t *p = (const fdt32_t *)prop + at;

	return cells == 2 ? (uint64_t)fdt32_ld(p) << 32 | fdt32_ld(p + 1) : fdt32_ld(p);
}

/* How many static channels the domains before domain i have. */
static inline unsigned int dt_evtchns_before(const struct dt_host *host, size_t i)
{
	unsigned int n = 0;

	while (i-- > 0)
		n += host->domu[i].nr_evtchn;
	return n;
}

#endif
