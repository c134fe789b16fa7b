// SPDX-License-Identifier: GPL-2.0-or-later
/* Strategy "map", and what all strategies over grants have in common. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "grant.h"

void grant_segment_failed(struct vq_stats *st, struct dma_seg *seg, int err)
{
	seg->err = err ? err : -EIO;
	seg->base = NULL;
	seg->va = NULL;
	st->map_failures++;
}

bool grant_map_one(struct grant_dma *gd, struct vq_stats *st, struct dma_seg *seg)
{
	uint32_t p, nr_pages = dma_nr_pages(seg->addr, seg->len);
	void *base;

	for (p = 0; p < nr_pages; p++)
		gd->grefs[p] = dma_gref(seg->addr) + p;
	errno = 0;
	base = gd->grants->map(gd, st, gd->grefs, nr_pages, seg->writable);
	if (!base) {
		grant_segment_failed(st, seg, -errno);
		return false;
	}
	seg->err = 0;
	seg->base = base;
	seg->nr_pages = nr_pages;
	seg->va = (uint8_t *)base + (seg->addr & (DMA_PAGE_SIZE - 1));
	dma_account_map(&gd->dma, st, nr_pages);
	return true;
}

unsigned int grant_map_each(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			    unsigned int nr)
{
	unsigned int i, failed = 0;

	for (i = 0; i < nr; i++)
		failed += !grant_map_one(to_grant(dma), st, &segs[i]);
	return failed;
}

/* A segment in the bounce buffer is gone; the last one empties the buffer. */
static void leave_bounce(struct grant_dma *gd, struct dma_seg *seg)
{
	seg->base = NULL;
	if (--gd->bounced)
		return;
	/* a big request's pages are not this process' for good */
	if (gd->bounce_used > GRANT_BOUNCE_KEEP)
		madvise(gd->bounce + (size_t)GRANT_BOUNCE_KEEP * DMA_PAGE_SIZE,
			(size_t)(gd->bounce_used - GRANT_BOUNCE_KEEP) * DMA_PAGE_SIZE,
			MADV_DONTNEED);
	gd->bounce_used = 0;
}

void grant_unmap(struct dma *dma, struct vq_stats *st, struct dma_seg *segs, unsigned int nr)
{
	struct grant_dma *gd = to_grant(dma);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct dma_seg *seg = &segs[i];

		/* of a mapping that several share, the first one holds the base */
		if (seg->base && seg->bounced) {
			leave_bounce(gd, seg);
		} else if (seg->base) {
			/* failing here is a bug of ours; it shows as maps != unmaps at exit */
			if (gd->grants->unmap(gd, st, seg->base, seg->nr_pages) == 0)
				dma_account_unmap(dma, st, seg->nr_pages);
			seg->base = NULL;
		}
		seg->va = NULL;
	}
}

static const struct dma_ops map_ops = {
	.name		= "map",
	.batch		= 1,
	.map		= grant_map_each,
	.unmap		= grant_unmap,
	.map_ring	= grant_map_each,
	.unmap_ring	= grant_unmap,
};

/* Memory that costs nothing before it is touched. */
static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int grant_dma_init(struct grant_dma *gd, enum mapping_kind kind, const struct grant_ops *grants,
		   uint32_t copy_max)
{
	bool bounces = kind == MAPPING_COPY || kind == MAPPING_ADAPTIVE;

	memset(gd, 0, sizeof(*gd));
	gd->dma.ops = kind == MAPPING_BATCH ? &grant_batch_ops :
		      kind == MAPPING_COPY ? &grant_copy_ops :
		      kind == MAPPING_ADAPTIVE ? &grant_adaptive_ops :
		      kind == MAPPING_PERSISTENT ? &grant_persistent_ops :
		      kind == MAPPING_TEST_HOLD ? &grant_hold_ops :
		      kind == MAPPING_TEST_WRITE ? &grant_write_ops : &map_ops;
	gd->dma.grants = true;
	gd->grants = grants;
	gd->copy_max = copy_max;
	gd->grefs = calloc(GRANT_PAGES_MAX, sizeof(*gd->grefs));
	if (bounces) {
		gd->bounce = reserve((size_t)GRANT_PAGES_MAX * DMA_PAGE_SIZE);
		gd->copies = reserve(GRANT_PAGES_MAX * sizeof(*gd->copies));
	}
	if (!gd->grefs || (bounces && (!gd->bounce || !gd->copies))) {
		grant_dma_release(gd);
		return -ENOMEM;
	}
	return 0;
}

void grant_dma_release(struct grant_dma *gd)
{
	free(gd->grefs);
	if (gd->bounce)
		munmap(gd->bounce, (size_t)GRANT_PAGES_MAX * DMA_PAGE_SIZE);
	if (gd->copies)
		munmap(gd->copies, GRANT_PAGES_MAX * sizeof(*gd->copies));
	gd->grefs = NULL;
	gd->bounce = NULL;
	gd->copies = NULL;
}
