// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strategy "persistent": the frontend's bounce pool is mapped when it is announced
 * and stays so until it is withdrawn or the device is reset. Requests lie in it and
 * ask nothing of Xen. One that does not is out of reach: what a frontend grants
 * for one request must never be kept, so the strategy has no way to map it.
 */
#include <errno.h>
#include <stddef.h>

#include "grant.h"

static int set_pool(struct dma *dma, struct vq_stats *st, uint32_t first_gref, uint32_t nr)
{
	struct grant_dma *gd = to_grant(dma);
	uint32_t i;

	if (gd->pool_pages) {
		/* failing here is a bug of ours; it shows as maps != unmaps at exit */
		if (gd->grants->unmap(gd, st, gd->pool, gd->pool_pages) == 0)
			dma_account_unmap(dma, st, gd->pool_pages);
		gd->pool = NULL;
		gd->pool_pages = 0;
	}
	if (!nr)
		return 0;
	for (i = 0; i < nr; i++)
		gd->grefs[i] = first_gref + i;
	errno = 0;
	gd->pool = gd->grants->map(gd, st, gd->grefs, nr, true);
	if (!gd->pool)
		return errno ? -errno : -EIO;
	gd->pool_first = first_gref;
	gd->pool_pages = nr;
	dma_account_map(dma, st, nr);
	return 0;
}

/*
 * What the frontend left beside a buffer in its last page: it must be nothing, above
 * all no data of another request. Bytes that are not 0.
 */
static uint32_t look_beside(const struct dma_seg *seg)
{
	const uint8_t *p = (const uint8_t *)seg->va + seg->len;
	uint32_t i, n = 0, rest = -(uint32_t)(seg->addr + seg->len) & (DMA_PAGE_SIZE - 1);

	for (i = 0; i < rest; i++)
		n += p[i] != 0;
	return n;
}

static unsigned int find(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			 unsigned int nr)
{
	const struct grant_dma *gd = to_grant(dma);
	unsigned int i, failed = 0;

	for (i = 0; i < nr; i++) {
		struct dma_seg *seg = &segs[i];
		/* below first it becomes huge: outside as well */
		uint32_t page = dma_gref(seg->addr) - gd->pool_first;

		if (page >= gd->pool_pages ||
		    dma_nr_pages(seg->addr, seg->len) > gd->pool_pages - page) {
			grant_segment_failed(st, seg, -EFAULT);
			failed++;
			continue;
		}
		seg->err = 0;
		seg->base = NULL;
		seg->va = gd->pool + (size_t)page * DMA_PAGE_SIZE +
			  (seg->addr & (DMA_PAGE_SIZE - 1));
		/* before the timed part: a workload's verify pass */
		if (!dma->marked && !seg->writable)
			st->beside += look_beside(seg);
	}
	return failed;
}

static void forget(struct dma *dma, struct vq_stats *st, struct dma_seg *segs, unsigned int nr)
{
	unsigned int i;

	(void)dma;
	(void)st;
	for (i = 0; i < nr; i++)
		segs[i].va = NULL;
}

const struct dma_ops grant_persistent_ops = {
	.name		= "persistent",
	.batch		= 1,
	.map		= find,
	.unmap		= forget,
	.set_pool	= set_pool,
	.map_ring	= find,
	.unmap_ring	= forget,
};
