// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "virtq.h"
#include "xen-cost.h"
#include "xen-dma.h"

/* Pages that one segment can touch: VIRTQ_BYTES_MAX, at any offset. */
#define SEG_PAGES_MAX	(VIRTQ_BYTES_MAX / DMA_PAGE_SIZE + 1)

static struct xen_dma *to_xen(struct dma *dma)
{
	return (struct xen_dma *)((char *)dma - offsetof(struct xen_dma, dma));
}

/* A mapped segment: where its first byte is. */
static void segment_mapped(struct dma *dma, struct vq_stats *st, struct dma_seg *seg, void *base,
			   uint32_t nr_pages)
{
	seg->err = 0;
	seg->base = base;
	seg->nr_pages = nr_pages;
	seg->va = (uint8_t *)base + (seg->addr & (DMA_PAGE_SIZE - 1));
	dma_account_map(dma, st, nr_pages);
}

static void segment_failed(struct vq_stats *st, struct dma_seg *seg, int errnum)
{
	seg->err = errnum ? -errnum : -EIO;
	seg->base = NULL;
	seg->va = NULL;
	st->map_failures++;
}

static int protection(const struct dma_seg *seg)
{
	return seg->writable ? PROT_READ | PROT_WRITE : PROT_READ;
}

static unsigned int grant_map(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			      unsigned int nr)
{
	struct xen_dma *xd = to_xen(dma);
	unsigned int i, failed = 0;

	for (i = 0; i < nr; i++) {
		uint32_t p, nr_pages = dma_nr_pages(segs[i].addr, segs[i].len);
		void *base;

		for (p = 0; p < nr_pages; p++)
			xd->grefs[p] = dma_gref(segs[i].addr) + p;
		errno = 0;
		base = xengnttab_map_domain_grant_refs(xd->xgt, nr_pages, xd->domid, xd->grefs,
						       protection(&segs[i]));
		charge(st, nr_pages > COST_GRANT_STACK_REFS ? 4 : 2, COST_GRANT_HYPERCALLS);
		if (base) {
			segment_mapped(dma, st, &segs[i], base, nr_pages);
		} else {
			segment_failed(st, &segs[i], errno);
			charge(st, 1, 0);	/* the library's UNMAP_GRANT_REF */
			failed++;
		}
	}
	return failed;
}

static void grant_unmap(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			unsigned int nr)
{
	struct xen_dma *xd = to_xen(dma);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!segs[i].va)
			continue;
		charge(st, 3, COST_GRANT_HYPERCALLS);
		/* failing here is a bug of ours; it shows as maps != unmaps at exit */
		if (xengnttab_unmap(xd->xgt, segs[i].base, segs[i].nr_pages) == 0)
			dma_account_unmap(dma, st, segs[i].nr_pages);
		segs[i].base = NULL;
		segs[i].va = NULL;
	}
}

static unsigned int foreign_map(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
				unsigned int nr)
{
	struct xen_dma *xd = to_xen(dma);
	unsigned int i, failed = 0;

	for (i = 0; i < nr; i++) {
		uint32_t p, nr_pages = dma_nr_pages(segs[i].addr, segs[i].len);
		int errnum = 0;
		void *base;

		for (p = 0; p < nr_pages; p++)
			xd->gfns[p] = (segs[i].addr >> DMA_PAGE_SHIFT) + p;
		memset(xd->errs, 0, nr_pages * sizeof(*xd->errs));
		errno = 0;
		base = xenforeignmemory_map(xd->fmem, xd->domid, protection(&segs[i]), nr_pages,
					    xd->gfns, xd->errs);
		charge(st, 2, nr_pages);
		if (!base)
			errnum = errno ? errno : EIO;
		/* with an error array the call succeeds even if every page failed */
		for (p = 0; base && p < nr_pages && !errnum; p++)
			errnum = -xd->errs[p];
		if (!errnum) {
			segment_mapped(dma, st, &segs[i], base, nr_pages);
			continue;
		}
		if (base) {
			xenforeignmemory_unmap(xd->fmem, base, nr_pages);
			charge(st, 1, nr_pages);
		}
		segment_failed(st, &segs[i], errnum);
		failed++;
	}
	return failed;
}

static void foreign_unmap(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			  unsigned int nr)
{
	struct xen_dma *xd = to_xen(dma);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!segs[i].va)
			continue;
		charge(st, 1, segs[i].nr_pages);
		if (xenforeignmemory_unmap(xd->fmem, segs[i].base, segs[i].nr_pages) == 0)
			dma_account_unmap(dma, st, segs[i].nr_pages);
		segs[i].base = NULL;
		segs[i].va = NULL;
	}
}

static const struct dma_ops map_ops = {
	.name		= "map",
	.batch		= 1,
	.map		= grant_map,
	.unmap		= grant_unmap,
	.map_ring	= grant_map,
	.unmap_ring	= grant_unmap,
};

static const struct dma_ops foreign_ops = {
	.name		= "foreign",
	.batch		= 1,
	.map		= foreign_map,
	.unmap		= foreign_unmap,
	.map_ring	= foreign_map,
	.unmap_ring	= foreign_unmap,
};

int xen_dma_init(struct xen_dma *xd, enum mapping_kind kind, xengnttab_handle *xgt,
		 xenforeignmemory_handle *fmem, uint32_t domid)
{
	memset(xd, 0, sizeof(*xd));
	xd->dma.ops = kind == MAPPING_FOREIGN ? &foreign_ops : &map_ops;
	xd->dma.grants = kind != MAPPING_FOREIGN;
	xd->xgt = xgt;
	xd->fmem = fmem;
	xd->domid = domid;
	xd->grefs = calloc(SEG_PAGES_MAX, sizeof(*xd->grefs));
	xd->gfns = calloc(SEG_PAGES_MAX, sizeof(*xd->gfns));
	xd->errs = calloc(SEG_PAGES_MAX, sizeof(*xd->errs));
	if (!xd->grefs || !xd->gfns || !xd->errs) {
		xen_dma_release(xd);
		return -ENOMEM;
	}
	return 0;
}

void xen_dma_release(struct xen_dma *xd)
{
	free(xd->grefs);
	free(xd->gfns);
	free(xd->errs);
	xd->grefs = NULL;
	xd->gfns = NULL;
	xd->errs = NULL;
}
