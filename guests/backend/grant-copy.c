// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strategies "copy" and "adaptive". A segment lies in the bounce buffer at the
 * same offset in its page as in the frontend's, so that each of its pages is one
 * operation. Only what the device wrote goes back: what an earlier request left
 * in the buffer reaches nobody.
 */
#include <errno.h>
#include <stddef.h>

#include "grant.h"

/* See grant-batch.c: the same trade. */
#define COPY_REQUESTS	32

/* len bytes at offset of the segment, as operations at the end of the list. */
static uint32_t add_copies(struct grant_dma *gd, uint32_t n, const struct dma_seg *seg,
			   uint32_t offset, uint32_t len)
{
	uint64_t addr = seg->addr + offset;
	uint8_t *va = (uint8_t *)seg->va + offset;

	while (len) {
		uint32_t in_page = (uint32_t)addr & (DMA_PAGE_SIZE - 1);
		uint32_t part = DMA_PAGE_SIZE - in_page < len ? DMA_PAGE_SIZE - in_page : len;

		gd->copies[n++] = (struct grant_copy){
			.va = va, .gref = dma_gref(addr), .offset = (uint16_t)in_page,
			.len = (uint16_t)part,
		};
		addr += part;
		va += part;
		len -= part;
	}
	return n;
}

static void run_copies(struct grant_dma *gd, struct vq_stats *st, uint32_t n, bool to_frontend)
{
	uint32_t i;

	if (!n)
		return;
	gd->grants->copy(gd, st, gd->copies, n, to_frontend);
	st->copies += n;
	for (i = 0; i < n; i++)
		st->bytes_copied += gd->copies[i].len;
}

/* The first error of n operations. */
static int first_error(const struct grant_copy *copies, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (copies[i].err)
			return copies[i].err;
	return 0;
}

/* Room for a segment. False: a frontend that grants more than a table holds. */
static bool place(struct grant_dma *gd, struct dma_seg *seg)
{
	uint32_t nr_pages = dma_nr_pages(seg->addr, seg->len);

	if (nr_pages > GRANT_PAGES_MAX - gd->bounce_used)
		return false;
	seg->err = 0;
	seg->nr_pages = nr_pages;
	seg->base = gd->bounce + (size_t)gd->bounce_used * DMA_PAGE_SIZE;
	seg->va = (uint8_t *)seg->base + (seg->addr & (DMA_PAGE_SIZE - 1));
	gd->bounce_used += nr_pages;
	gd->bounced++;
	return true;
}

/* It stays in the buffer until unmap, but there is nothing to be had from it. */
static void spoil(struct vq_stats *st, struct dma_seg *seg, int err)
{
	void *base = seg->base;

	grant_segment_failed(st, seg, err);
	seg->base = base;
}

unsigned int grant_copy_in(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			   unsigned int nr)
{
	struct grant_dma *gd = to_grant(dma);
	unsigned int i, failed = 0;
	uint32_t n = 0;

	for (i = 0; i < nr; i++) {
		if (!segs[i].bounced)
			continue;
		if (!place(gd, &segs[i])) {
			grant_segment_failed(st, &segs[i], -ENOMEM);
			failed++;
		} else if (!segs[i].writable) {
			n = add_copies(gd, n, &segs[i], 0, segs[i].len);
		}
	}
	run_copies(gd, st, n, false);
	for (i = 0, n = 0; i < nr; i++) {
		int err;

		if (!segs[i].bounced || segs[i].writable || !segs[i].va)
			continue;
		err = first_error(gd->copies + n, segs[i].nr_pages);
		n += segs[i].nr_pages;
		if (err) {
			spoil(st, &segs[i], err);
			failed++;
		}
	}
	return failed;
}

/* What was written of a segment, in at most two pieces. Returns the operations so far. */
static uint32_t add_written(struct grant_dma *gd, uint32_t n, const struct dma_seg *seg)
{
	if (seg->written + (uint64_t)seg->tail >= seg->len)
		return add_copies(gd, n, seg, 0, seg->len);
	n = add_copies(gd, n, seg, 0, seg->written);
	return add_copies(gd, n, seg, seg->len - seg->tail, seg->tail);
}

static bool goes_back(const struct dma_seg *seg)
{
	return seg->bounced && seg->writable && seg->va;
}

static unsigned int copy_out(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			     unsigned int nr)
{
	struct grant_dma *gd = to_grant(dma);
	unsigned int i, failed = 0;
	uint32_t n = 0, first = 0;

	for (i = 0; i < nr; i++)
		if (goes_back(&segs[i]))
			n = add_written(gd, n, &segs[i]);
	run_copies(gd, st, n, true);
	/* nothing failed in almost all cases: then there is nothing to hand out */
	if (!first_error(gd->copies, n))
		return 0;
	for (i = 0; i < nr; i++) {
		const struct grant_copy *own = gd->copies + first;
		uint64_t left;
		int err = 0;

		if (!goes_back(&segs[i]))
			continue;
		left = (uint64_t)segs[i].written + segs[i].tail;
		if (left > segs[i].len)
			left = segs[i].len;
		for (; left; left -= own->len, own++, first++)
			err = err ? err : own->err;
		if (err) {
			spoil(st, &segs[i], err);
			failed++;
		}
	}
	return failed;
}

static unsigned int copy_all(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			     unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		segs[i].bounced = true;
	return grant_copy_in(dma, st, segs, nr);
}

/*
 * A request counts as a whole: many small segments cost as many operations, while
 * one mapping takes them all.
 */
static unsigned int copy_or_map(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
				unsigned int nr)
{
	uint32_t copy_max = to_grant(dma)->copy_max;
	unsigned int first, end, i, failed;
	bool mapped = false;

	for (first = 0; first < nr; first = end) {
		uint64_t bytes = 0;

		for (end = first; end < nr && segs[end].request == segs[first].request; end++)
			bytes += segs[end].len > GRANT_TINY ? segs[end].len : 0;
		for (i = first; i < end; i++) {
			segs[i].bounced = bytes <= copy_max || segs[i].len <= GRANT_TINY;
			mapped |= !segs[i].bounced;
		}
	}
	failed = grant_copy_in(dma, st, segs, nr);
	if (mapped)
		failed += grant_map_batch(dma, st, segs, nr);
	return failed;
}

const struct dma_ops grant_copy_ops = {
	.name		= "copy",
	.batch		= COPY_REQUESTS,
	.map		= copy_all,
	.flush		= copy_out,
	.unmap		= grant_unmap,
	.map_ring	= grant_map_batch,
	.unmap_ring	= grant_unmap,
};

const struct dma_ops grant_adaptive_ops = {
	.name		= "adaptive",
	.batch		= COPY_REQUESTS,
	.map		= copy_or_map,
	.flush		= copy_out,
	.unmap		= grant_unmap,
	.map_ring	= grant_map_batch,
	.unmap_ring	= grant_unmap,
};
