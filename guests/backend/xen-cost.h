/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one library call costs: system calls of this process, and hypercalls
 * that the kernel makes on its behalf before the call returns. From the sources
 * of Xen 4.17 and 4.20 (tools/libs) and of Linux 6.1 and 6.12; for a dom0 or domU with
 * a translated physical address space, unless it says otherwise.
 *
 *   call                            system calls              hypercalls
 *   xengnttab_map_domain_grant_refs ioctl MAP_GRANT_REF,      GNTTABOP_map_grant_ref,
 *     (osdep_gnttab_grant_map)      mmap; above 510 grefs an  one for all pages
 *                                   mmap and a munmap more
 *   xengnttab_unmap                 ioctl GET_OFFSET, munmap, GNTTABOP_unmap_grant_ref,
 *                                   ioctl UNMAP_GRANT_REF     one for all pages
 *   xengnttab_grant_copy            ioctl GRANT_COPY          GNTTABOP_copy, one per
 *                                                             16 operations
 *   xenforeignmemory_map2           mmap, ioctl MMAPBATCH_V2  XENMEM_add_to_physmap_range,
 *                                                             one per page
 *   xenforeignmemory_unmap          munmap                    XENMEM_remove_from_physmap,
 *                                                             one per page
 *   xendevicemodel_*                ioctl DM_OP               dm_op
 *   xenevtchn_pending               read
 *   xenevtchn_unmask                write                     (an EVTCHNOP_unmask only if
 *                                                             the port fired meanwhile)
 *   xenevtchn_notify                ioctl NOTIFY              EVTCHNOP_send
 *   xenevtchn_bind_interdomain      ioctl BIND_INTERDOMAIN    EVTCHNOP_bind_interdomain
 *
 * gntdev allocates the pages it maps over from XEN_UNPOPULATED_ALLOC; without it
 * each map also balloons pages out, which is not counted here.
 */
#ifndef GB_BACKEND_XEN_COST_H
#define GB_BACKEND_XEN_COST_H

#include <stdint.h>

/* charge(st, system calls, hypercalls); st is any structure with both counters. */
#define charge(st, ...) charge_both(st, __VA_ARGS__)
#define charge_both(st, s, h)             \
	do {                              \
		(st)->syscalls += (s);    \
		(st)->hypercalls += (h);  \
	} while (0)

#define COST_DM_OP	1, 1
#define COST_NOTIFY	1, 1
#define COST_BIND	1, 1
#define COST_UNMASK	1, 0
#define COST_PENDING	1, 0
#define COST_POLL	1, 0

/*
 * A PV dom0 (x86) makes two for each: one for the page table entry of the user's
 * mapping, one for the kernel's own (gnttab_map_refs() with kmap_ops).
 */
#define COST_GRANT_HYPERCALLS		1
#define COST_GRANT_HYPERCALLS_PV	2

/* GNTDEV_COPY_BATCH of Linux' gntdev.c: operations of one hypercall. No two in a PV dom0. */
#define COST_COPY_BATCH		16u

/*
 * struct ioctl_gntdev_map_grant_ref is 24 bytes with one gref and 8 for each
 * further one; libxengnttab puts it on the stack up to a page.
 */
#define COST_GRANT_STACK_REFS	((4096u - 24u) / 8u + 1u)

#endif
