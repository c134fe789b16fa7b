// SPDX-License-Identifier: GPL-2.0-or-later
/* Strategy "batch": one mapping per direction for everything that was popped. */
#include <errno.h>
#include <stddef.h>

#include "grant.h"

/*
 * More in one mapping saves system calls and hypercalls, and keeps the frontend's
 * CPU waiting longer for a register: the loop looks between batches.
 */
#define BATCH_REQUESTS	32

/* Whether the segment belongs into the group that is being made. */
static bool is_ours(const struct dma_seg *seg, bool writable)
{
	return !seg->bounced && seg->writable == writable;
}

/*
 * From segment first on: as many of one direction as fit into one mapping. Collects
 * their grefs; returns the segment behind the last one looked at.
 */
static unsigned int collect(struct grant_dma *gd, struct dma_seg *segs, unsigned int nr,
			    unsigned int first, bool writable, uint32_t *nr_pages,
			    unsigned int *members)
{
	unsigned int i;
	uint32_t p, n;

	*nr_pages = 0;
	*members = 0;
	for (i = first; i < nr; i++) {
		if (!is_ours(&segs[i], writable))
			continue;
		n = dma_nr_pages(segs[i].addr, segs[i].len);
		if (n > GRANT_PAGES_MAX - *nr_pages)
			break;
		for (p = 0; p < n; p++)
			gd->grefs[(*nr_pages)++] = dma_gref(segs[i].addr) + p;
		segs[i].nr_pages = n;
		(*members)++;
	}
	return i;
}

/* All of them lie side by side: the first one gets what unmap needs. */
static void spread(struct dma_seg *segs, unsigned int first, unsigned int end, bool writable,
		   void *base, uint32_t nr_pages)
{
	uint8_t *page = base;
	unsigned int i;

	for (i = first; i < end; i++) {
		struct dma_seg *seg = &segs[i];
		uint32_t own = seg->nr_pages;

		if (!is_ours(seg, writable))
			continue;
		seg->err = 0;
		seg->va = page + (seg->addr & (DMA_PAGE_SIZE - 1));
		seg->base = page == base ? base : NULL;
		seg->nr_pages = page == base ? nr_pages : 0;
		page += (size_t)own * DMA_PAGE_SIZE;
	}
}

static unsigned int map_direction(struct grant_dma *gd, struct vq_stats *st, struct dma_seg *segs,
				  unsigned int nr, bool writable)
{
	unsigned int i, first, end, members, failed = 0;
	uint32_t nr_pages;
	void *base;

	for (first = 0; first < nr; first = end) {
		end = collect(gd, segs, nr, first, writable, &nr_pages, &members);
		if (!members)
			break;
		errno = 0;
		base = gd->grants->map(gd, st, gd->grefs, nr_pages, writable);
		if (base) {
			spread(segs, first, end, writable, base, nr_pages);
			dma_account_map(&gd->dma, st, nr_pages);
			continue;
		}
		/* one bad gref fails them all: find out which, so that the others live */
		for (i = first; i < end; i++) {
			if (!is_ours(&segs[i], writable))
				continue;
			if (members == 1)
				grant_segment_failed(st, &segs[i], -errno);
			failed += members == 1 || !grant_map_one(gd, st, &segs[i]);
		}
	}
	return failed;
}

unsigned int grant_map_batch(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			     unsigned int nr)
{
	struct grant_dma *gd = to_grant(dma);

	return map_direction(gd, st, segs, nr, false) + map_direction(gd, st, segs, nr, true);
}

const struct dma_ops grant_batch_ops = {
	.name		= "batch",
	.batch		= BATCH_REQUESTS,
	.map		= grant_map_batch,
	.unmap		= grant_unmap,
	.map_ring	= grant_map_batch,
	.unmap_ring	= grant_unmap,
};
