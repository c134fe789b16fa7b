// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strategies that no backend should have: they do what a frontend must be able to
 * bear, or must have ruled out. For tests of the frontend, never for numbers.
 *
 *   test-hold   as map, but the last HELD device-writable segments stay mapped
 *               after their requests were completed: the frontend's unmap finds
 *               grants in use
 *   test-write  as map, but first tries to map what is device-readable writable,
 *               which the frontend's grant must not allow
 */
#include <stddef.h>

#include "grant.h"

static void unmap_held(struct grant_dma *gd, struct vq_stats *st, struct grant_held *held)
{
	if (held->base && gd->grants->unmap(gd, st, held->base, held->nr_pages) == 0)
		dma_account_unmap(&gd->dma, st, held->nr_pages);
	held->base = NULL;
}

/* The newest takes the place of the oldest. */
static void hold_unmap(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
		       unsigned int nr)
{
	struct grant_dma *gd = to_grant(dma);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct dma_seg *seg = &segs[i];
		struct grant_held *held = &gd->held[gd->next_held];

		if (!seg->base || !seg->writable) {
			grant_unmap(dma, st, seg, 1);
			continue;
		}
		unmap_held(gd, st, held);
		*held = (struct grant_held){ seg->base, seg->nr_pages };
		gd->next_held = (gd->next_held + 1) % GRANT_HELD;
		seg->base = NULL;
		seg->va = NULL;
	}
}

/* The frontend takes the queue away: it may wait for all grants. */
static void hold_unmap_ring(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			    unsigned int nr)
{
	struct grant_dma *gd = to_grant(dma);
	unsigned int i;

	for (i = 0; i < GRANT_HELD; i++)
		unmap_held(gd, st, &gd->held[i]);
	grant_unmap(dma, st, segs, nr);
}

const struct dma_ops grant_hold_ops = {
	.name		= "test-hold",
	.batch		= 1,
	.map		= grant_map_each,
	.unmap		= hold_unmap,
	.map_ring	= grant_map_each,
	.unmap_ring	= hold_unmap_ring,
};

static unsigned int write_map(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			      unsigned int nr)
{
	struct grant_dma *gd = to_grant(dma);
	unsigned int i, failed = 0;

	for (i = 0; i < nr; i++) {
		struct dma_seg *seg = &segs[i], attempt = *seg;
		uint64_t failures = st->map_failures;

		attempt.writable = true;
		if (!seg->writable && grant_map_one(gd, st, &attempt)) {
			st->readonly_writable++;
			grant_unmap(dma, st, &attempt, 1);
		}
		st->map_failures = failures;
		failed += !grant_map_one(gd, st, seg);
	}
	return failed;
}

const struct dma_ops grant_write_ops = {
	.name		= "test-write",
	.batch		= 1,
	.map		= write_map,
	.unmap		= grant_unmap,
	.map_ring	= grant_map_each,
	.unmap_ring	= grant_unmap,
};
