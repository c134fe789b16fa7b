/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mapping strategies with Xen behind them: struct grant_ops over libxengnttab
 * for those of grant.h, and
 *
 *   foreign  each descriptor by frame number, without grants: what isolation costs
 */
#ifndef GB_BACKEND_XEN_DMA_H
#define GB_BACKEND_XEN_DMA_H

#include <xenforeignmemory.h>
#include <xengnttab.h>

#include "grant.h"

struct xen_dma {
	struct grant_dma grant;	/* and in it the dma of all strategies */
	xengnttab_handle *xgt;
	xenforeignmemory_handle *fmem;
	uint32_t domid;		/* the frontend */

	/* scratch */
	xengnttab_grant_copy_segment_t *copies;
	xen_pfn_t *gfns;
	int *errs;
};

/* Handles stay the caller's. copy_max is for adaptive. 0 or -ENOMEM. */
int xen_dma_init(struct xen_dma *xd, enum mapping_kind kind, uint32_t copy_max,
		 xengnttab_handle *xgt, xenforeignmemory_handle *fmem, uint32_t domid);
void xen_dma_release(struct xen_dma *xd);

static inline struct dma *xen_dma(struct xen_dma *xd)
{
	return &xd->grant.dma;
}

#endif
