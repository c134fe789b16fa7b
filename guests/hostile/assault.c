// SPDX-License-Identifier: GPL-2.0-or-later
/* A mapping strategy that does its work, and more than that. */
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"

/* How many former pages are tried around each request. */
#define OLD_TRIES 8
/* How far to go for a neighbour. */
#define NEAR_MAX 32

static struct hostile *the_hostile;

static uint64_t page_of(const struct dma_seg *seg)
{
	return (seg->addr & ~DMA_GRANT_BIT) >> DMA_PAGE_SHIFT;
}

static void remember(struct set *s, const struct dma_seg *segs, unsigned int nr)
{
	unsigned int i, p;

	for (i = 0; i < nr; i++)
		for (p = 0; p < dma_nr_pages(segs[i].addr, segs[i].len) && s->nr < SET_MAX; p++)
			s->page[s->nr++] = page_of(&segs[i]) + p;
}

/* Whole pages of data: the frontend's own buffers, not its kernel's. */
static bool is_data(const struct dma_seg *seg)
{
	return !(seg->addr & (DMA_PAGE_SIZE - 1)) && seg->len % DMA_PAGE_SIZE == 0;
}

/* Try to write to a page that is not ours to write. Grants: by map, and by copy. */
static void try_write(struct hostile *h, struct tally *t, uint64_t page)
{
	static uint8_t stamp[DMA_PAGE_SIZE];
	bool grants = xen_dma(&h->dev->dma)->grants;
	void *va = grants ? gref_map(h, h->be->domid, (uint32_t)page, true) : frame_map(h, page, true);

	memset(stamp, STAMP, sizeof(stamp));
	t->tried++;
	if (va) {
		t->got++;
		memset(va, STAMP, DMA_PAGE_SIZE);
		grants ? gref_unmap(h, va) : frame_unmap(h, va);
	}
	if (!grants)
		return;
	t->tried++;
	t->got += gref_copy(h, h->be->domid, (uint32_t)page, stamp, true);
}

static bool is_ours(const struct hostile *h, uint64_t page)
{
	return set_has(&h->rings, page) || set_has(&h->now, page);
}

/* The next page in that direction that is not the request's, nor a ring's. */
static void try_near(struct hostile *h, uint64_t page, int step)
{
	unsigned int i;

	for (i = 0; i < NEAR_MAX && page; i++, page += (uint64_t)(int64_t)step) {
		if (is_ours(h, page))
			continue;
		try_write(h, &h->near, page);
		return;
	}
}

static void assault(struct hostile *h, const struct dma_seg *segs, unsigned int nr)
{
	bool grants = xen_dma(&h->dev->dma)->grants;
	unsigned int i, p;

	for (i = 0; i < nr; i++) {
		uint64_t page = page_of(&segs[i]);
		uint32_t n = dma_nr_pages(segs[i].addr, segs[i].len);

		/* by frame number it works, and what is near a kernel's page is its kernel's */
		if (!grants && !is_data(&segs[i]))
			continue;
		try_near(h, page - 1, -1);
		try_near(h, page + n, 1);
		for (p = 0; p < n && !segs[i].writable; p++)
			try_write(h, &h->readonly, page + p);
	}
	for (i = 0; i < OLD_TRIES && i < h->old.nr; i++) {
		uint64_t page = h->old.page[h->old.nr - 1 - i];

		if (!is_ours(h, page))
			try_write(h, &h->stale, page);
	}
}

/* The request before this one is over: its pages are former ones now. */
static void next_request(struct hostile *h, const struct dma_seg *segs, unsigned int nr)
{
	unsigned int i, keep;

	if (h->fresh) {
		for (i = 0; i < h->now.nr; i++) {
			keep = h->old.nr < OLD_MAX ? h->old.nr : OLD_MAX - 1;
			memmove(&h->old.page[0], &h->old.page[h->old.nr - keep],
				keep * sizeof(h->old.page[0]));
			h->old.page[keep] = h->now.page[i];
			h->old.nr = keep + 1;
		}
		h->now.nr = 0;
		h->fresh = false;
	}
	/* by frame number a kernel's page stays a kernel's page */
	for (i = 0; i < nr; i++)
		if (xen_dma(&h->dev->dma)->grants || is_data(&segs[i]))
			remember(&h->now, &segs[i], 1);
}

static void wait_go(struct hostile *h)
{
	while (!h->go && !h->be->stop) {
		hostile_obey(h);
		usleep(2000);
	}
}

static void hold(struct hostile *h, struct dma_seg *segs, unsigned int nr)
{
	char text[512] = "";
	size_t n = 0;
	unsigned int i;

	for (i = 0; i < nr && n < sizeof(text) - 64; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%lx:%u:%u:%d", i ? " " : "",
				      (unsigned long)page_of(&segs[i]),
				      (unsigned int)(segs[i].addr & (DMA_PAGE_SIZE - 1)), segs[i].len,
				      segs[i].writable);
	h->hold = false;
	h->go = false;
	h->segs = segs;
	h->nr_segs = nr;
	hostile_answer(h, "%s", text);
	wait_go(h);
	h->segs = NULL;
	h->nr_segs = 0;
}

static bool is_request(const struct dma_seg *segs, unsigned int nr)
{
	return nr > 1 && segs[nr - 1].writable;
}

static unsigned int hostile_map(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
				unsigned int nr)
{
	struct hostile *h = the_hostile;
	unsigned int failed = h->real->map(dma, st, segs, nr);

	next_request(h, segs, nr);
	if (!is_request(segs, nr))
		return failed;
	/* a mark of the frontend's (GET_ID) is too short to be of interest */
	if (h->left) {
		assault(h, segs, nr);
		if (--h->left == 0)
			hostile_answer(h, "near %lu %lu readonly %lu %lu stale %lu %lu", h->near.tried,
				       h->near.got, h->readonly.tried, h->readonly.got,
				       h->stale.tried, h->stale.got);
	}
	hostile_obey(h);
	if (h->hold && nr > 2)
		hold(h, segs, nr);
	if (h->die)
		raise(SIGKILL);
	return failed;
}

static void hostile_unmap(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			  unsigned int nr)
{
	struct hostile *h = the_hostile;
	unsigned int i;

	h->fresh |= is_request(segs, nr);
	for (i = 0; i < nr && h->keep; i++) {
		if (!segs[i].va || !is_data(&segs[i]) || !segs[i].writable)
			continue;
		h->kept = segs[i];
		segs[i].va = NULL;
		segs[i].base = NULL;
		h->keep = false;
		/* completed when dom0 has seen what it wants to see */
		h->go = false;
		hostile_answer(h, "%lx", (unsigned long)page_of(&segs[i]));
		wait_go(h);
	}
	h->real->unmap(dma, st, segs, nr);
}

static unsigned int hostile_map_ring(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
				     unsigned int nr)
{
	remember(&the_hostile->rings, segs, nr);
	return the_hostile->real->map_ring(dma, st, segs, nr);
}

static void hostile_unmap_ring(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			       unsigned int nr)
{
	the_hostile->rings.nr = 0;
	the_hostile->real->unmap_ring(dma, st, segs, nr);
}

void hostile_attach(struct hostile *h, struct device *dev)
{
	the_hostile = h;
	h->dev = dev;
	h->real = xen_dma(&dev->dma)->ops;
	h->ops = *h->real;
	h->ops.batch = 1;
	h->ops.map = hostile_map;
	h->ops.unmap = hostile_unmap;
	h->ops.map_ring = hostile_map_ring;
	h->ops.unmap_ring = hostile_unmap_ring;
	xen_dma(&dev->dma)->ops = &h->ops;
}
