/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mapping strategies that need Xen.
 *
 *   map      each descriptor on its own, as the virtio backends for Xen that
 *            exist do: xengnttab_map_domain_grant_refs() over consecutive grefs,
 *            read-only where the device only reads, since the frontend granted
 *            it so and a writable map would fail; xengnttab_unmap() after use
 *   foreign  the same by frame number, without grants: what isolation costs
 */
#ifndef GB_BACKEND_XEN_DMA_H
#define GB_BACKEND_XEN_DMA_H

#include <xenforeignmemory.h>
#include <xengnttab.h>

#include "dma.h"
#include "options.h"

struct xen_dma {
	struct dma dma;
	xengnttab_handle *xgt;
	xenforeignmemory_handle *fmem;
	uint32_t domid;		/* the frontend */
	uint32_t *grefs;	/* scratch */
	xen_pfn_t *gfns;
	int *errs;
};

/* Handles stay the caller's. 0 or -ENOMEM. */
int xen_dma_init(struct xen_dma *xd, enum mapping_kind kind, xengnttab_handle *xgt,
		 xenforeignmemory_handle *fmem, uint32_t domid);
void xen_dma_release(struct xen_dma *xd);

#endif
