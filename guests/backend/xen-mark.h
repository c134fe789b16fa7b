/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Xen has counted at the moments of a span (device.h): how long its CPUs idled, how long each
 * domain ran, and its performance counters where it was built with them. These
 * are sysctls and domctls, so only a privileged domain gets answers; elsewhere
 * a span has no "xen" array.
 */
#ifndef GB_BACKEND_XEN_MARK_H
#define GB_BACKEND_XEN_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include <xenctrl.h>

#include "device.h"
#include "stats.h"

#define XEN_MARK_CPUS 8

struct xen_mark {
	bool taken;
	uint64_t now_ns;	/* our own clock, which runs at the rate of Xen's */
	uint64_t idle_ns;	/* all CPUs together, since Xen started */
	uint64_t own_ns, frontend_ns; /* CPU time of backend and frontend */
	uint64_t dom0_ns;	/* of dom0, where it is not the backend */
	uint32_t *perfc;	/* nr_values, or NULL */
};

struct xen_marks {
	xc_interface *xch;	/* NULL: not privileged */
	uint32_t own_domid, frontend_domid;
	struct xen_mark mark[VDEV_SNAPSHOTS];	/* of the span that is open */
	struct xen_mark whole[VDEV_SNAPSHOTS];	/* of the last one that ended */

	xc_perfc_desc_t *desc;	/* nr_desc; NULL: this Xen does not count */
	int nr_desc, nr_values;
};

/* Never fails: what cannot be had stays absent. */
void xen_marks_open(struct xen_marks *m, uint32_t own_domid, uint32_t frontend_domid);
void xen_marks_close(struct xen_marks *m);

void xen_marks_take(struct xen_marks *m, enum vdev_snapshot which);

/*
 * "xen": [{"now_ns", "idle_ns", "own_ns", "frontend_ns", "dom0_ns", "perfc": {NAME: n, NAME: [n, ...]}}, ...],
 * one per moment, into the open object; with Xen's own names (xen/perfc_defn.h,
 * asm/perfc_defn.h), those that are 0 left out. Nothing when a moment is missing.
 */
void xen_marks_write(const struct xen_marks *m, struct jw *jw);

#endif
