// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "xen-cost.h"
#include "xen-dma.h"

static struct xen_dma *to_xen(struct dma *dma)
{
	return (struct xen_dma *)((char *)dma - offsetof(struct xen_dma, grant.dma));
}

static int protection(bool writable)
{
	return writable ? PROT_READ | PROT_WRITE : PROT_READ;
}

/* Only x86 has PV domains, and PVH ones beside them. */
static unsigned int grant_hypercalls(void)
{
#ifdef __x86_64__
	static unsigned int nr;

	if (!nr) {
		FILE *f = fopen("/sys/hypervisor/guest_type", "re");
		char type[8] = "";

		nr = f && fgets(type, sizeof(type), f) && !strcmp(type, "PV\n") ?
		     COST_GRANT_HYPERCALLS_PV : COST_GRANT_HYPERCALLS;
		if (f)
			fclose(f);
	}
	return nr;
#else
	return COST_GRANT_HYPERCALLS;
#endif
}

static void charge_grants(struct vq_stats *st, unsigned int syscalls, unsigned int hypercalls)
{
	charge(st, syscalls, hypercalls);
	st->grant_hypercalls += hypercalls;
}

static void *map_grants(struct grant_dma *gd, struct vq_stats *st, const uint32_t *grefs,
			uint32_t nr, bool writable)
{
	struct xen_dma *xd = to_xen(&gd->dma);
	void *base;

	/* the library does not write to them */
	base = xengnttab_map_domain_grant_refs(xd->xgt, nr, xd->domid, (uint32_t *)grefs,
					       protection(writable));
	charge_grants(st, nr > COST_GRANT_STACK_REFS ? 4 : 2, grant_hypercalls());
	if (!base)
		charge(st, 1, 0);	/* the library's UNMAP_GRANT_REF */
	return base;
}

static int unmap_grants(struct grant_dma *gd, struct vq_stats *st, void *base, uint32_t nr)
{
	charge_grants(st, 3, grant_hypercalls());
	return xengnttab_unmap(to_xen(&gd->dma)->xgt, base, nr);
}

/* A gref, or what Xen says of it, is the frontend's doing: never a reason to stop. */
static void copy_grants(struct grant_dma *gd, struct vq_stats *st, struct grant_copy *copies,
			uint32_t nr, bool to_frontend)
{
	struct xen_dma *xd = to_xen(&gd->dma);
	uint32_t i;
	int rc;

	for (i = 0; i < nr; i++) {
		xengnttab_grant_copy_segment_t *seg = &xd->copies[i];
		union xengnttab_copy_ptr foreign = {
			.foreign = { .ref = copies[i].gref, .offset = copies[i].offset,
				     .domid = (uint16_t)xd->domid },
		};
		union xengnttab_copy_ptr local = { .virt = copies[i].va };

		seg->source = to_frontend ? local : foreign;
		seg->dest = to_frontend ? foreign : local;
		seg->len = copies[i].len;
		seg->flags = to_frontend ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
		seg->status = GNTST_general_error;
	}
	errno = 0;
	rc = xengnttab_grant_copy(xd->xgt, nr, xd->copies);
	charge_grants(st, 1, (nr + COST_COPY_BATCH - 1) / COST_COPY_BATCH);
	for (i = 0; i < nr; i++)
		copies[i].err = rc ? (errno ? -errno : -EIO) :
				xd->copies[i].status == GNTST_okay ? 0 : -EIO;
}

static const struct grant_ops grant_ops = {
	.map	= map_grants,
	.unmap	= unmap_grants,
	.copy	= copy_grants,
};

/* Where the segment's first byte is. */
static void foreign_mapped(struct dma *dma, struct vq_stats *st, struct dma_seg *seg, void *base,
			   uint32_t nr_pages)
{
	seg->err = 0;
	seg->base = base;
	seg->nr_pages = nr_pages;
	seg->va = (uint8_t *)base + (seg->addr & (DMA_PAGE_SIZE - 1));
	dma_account_map(dma, st, nr_pages);
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
		base = xenforeignmemory_map(xd->fmem, xd->domid, protection(segs[i].writable), nr_pages,
					    xd->gfns, xd->errs);
		charge(st, 2, nr_pages);
		if (!base)
			errnum = errno ? errno : EIO;
		/* with an error array the call succeeds even if every page failed */
		for (p = 0; base && p < nr_pages && !errnum; p++)
			errnum = -xd->errs[p];
		if (!errnum) {
			foreign_mapped(dma, st, &segs[i], base, nr_pages);
			continue;
		}
		if (base) {
			xenforeignmemory_unmap(xd->fmem, base, nr_pages);
			charge(st, 1, nr_pages);
		}
		grant_segment_failed(st, &segs[i], -errnum);
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

static const struct dma_ops foreign_ops = {
	.name		= "foreign",
	.batch		= 1,
	.map		= foreign_map,
	.unmap		= foreign_unmap,
	.map_ring	= foreign_map,
	.unmap_ring	= foreign_unmap,
};

int xen_dma_init(struct xen_dma *xd, enum mapping_kind kind, uint32_t copy_max,
		 xengnttab_handle *xgt, xenforeignmemory_handle *fmem, uint32_t domid)
{
	memset(xd, 0, sizeof(*xd));
	xd->xgt = xgt;
	xd->fmem = fmem;
	xd->domid = domid;
	if (kind != MAPPING_FOREIGN) {
		int rc = grant_dma_init(&xd->grant, kind, &grant_ops, copy_max);

		/* touched as far as a batch is long */
		xd->copies = calloc(GRANT_PAGES_MAX, sizeof(*xd->copies));
		if (rc || !xd->copies) {
			xen_dma_release(xd);
			return -ENOMEM;
		}
		return 0;
	}
	xd->grant.dma.ops = &foreign_ops;
	xd->gfns = calloc(GRANT_PAGES_MAX, sizeof(*xd->gfns));
	xd->errs = calloc(GRANT_PAGES_MAX, sizeof(*xd->errs));
	if (!xd->gfns || !xd->errs) {
		xen_dma_release(xd);
		return -ENOMEM;
	}
	return 0;
}

void xen_dma_release(struct xen_dma *xd)
{
	grant_dma_release(&xd->grant);
	free(xd->copies);
	free(xd->gfns);
	free(xd->errs);
	xd->copies = NULL;
	xd->gfns = NULL;
	xd->errs = NULL;
}
