// SPDX-License-Identifier: GPL-2.0-or-later
/* Orders over a whole grant table, or over all memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hostile.h"

/* Behind the table that dom0 says there is: its next frame, and what no table has. */
#define NEXT_FRAME 512u
static const uint32_t beyond[] = { 0x8000, 0xffff, 0x10000, 0xfffff, 0x7fffffff, 0xffffffff };
#define NR_BEYOND (sizeof(beyond) / sizeof(beyond[0]))

/* arm64: GUEST_RAM0_BASE, and more than a frontend here has */
#define FRAMES_FIRST 0x40000u
#define FRAMES_NR (256u << 8)
/* So many, spread over all of them, tell whether it is possible at all. */
#define FRAMES_PROBED 256u

/* Of pages in an answer: xenstored takes 2048 bytes from a domain that is not dom0. */
#define PAGES_TEXT 1024

static unsigned int sweep_size(unsigned int nr_refs)
{
	return nr_refs + NEXT_FRAME + (unsigned int)NR_BEYOND;
}

static uint32_t sweep_ref(unsigned int i, unsigned int nr_refs)
{
	return i < nr_refs + NEXT_FRAME ? i : beyond[i - nr_refs - NEXT_FRAME];
}

void sweep_map(struct hostile *h, uint32_t domid, unsigned int nr_refs)
{
	unsigned int i, w, got = 0;

	for (i = 0; i < sweep_size(nr_refs); i++) {
		for (w = 0; w < 2; w++) {
			void *va = gref_map(h, domid, sweep_ref(i, nr_refs), w);

			got += va != NULL;
			if (va && h->nr_held < HELD_MAX)
				h->held[h->nr_held++] = va;
			else if (va)
				gref_unmap(h, va);
		}
	}
	hostile_answer(h, "tried %u got %u", 2 * sweep_size(nr_refs), got);
}

void sweep_unmap(struct hostile *h)
{
	unsigned int i;

	for (i = 0; i < h->nr_held; i++)
		gref_unmap(h, h->held[i]);
	hostile_answer(h, "%u", h->nr_held);
	h->nr_held = 0;
}

/* What a page says, in short: dom0 compares with the page itself. */
static uint32_t fnv(const uint8_t *p, size_t n)
{
	uint32_t hash = 2166136261u;

	while (n--)
		hash = (hash ^ *p++) * 16777619u;
	return hash;
}

void sweep_copy(struct hostile *h, unsigned int nr_refs, uint8_t with)
{
	static uint8_t page[DMA_PAGE_SIZE], stamp[DMA_PAGE_SIZE];
	unsigned int i, from = 0, to = 0, tried = 0;
	char text[PAGES_TEXT] = "";
	size_t n = 0;

	memset(stamp, with, sizeof(stamp));
	for (i = 0; i < sweep_size(nr_refs); i++) {
		uint32_t ref = sweep_ref(i, nr_refs);

		tried++;
		if (gref_copy(h, h->be->domid, ref, page, false)) {
			from++;
			if (n < sizeof(text) - 32)
				n += (size_t)snprintf(text + n, sizeof(text) - n, " %x:%x", ref,
						      fnv(page, sizeof(page)));
		}
		/* our own would break the device, and prove nothing */
		if (set_has(&h->rings, ref) || set_has(&h->now, ref))
			continue;
		tried++;
		to += gref_copy(h, h->be->domid, ref, stamp, true);
	}
	hostile_answer(h, "tried %u from %u to %u%s", tried, from, to, text);
}

/*
 * The pages of the held request's short segments: how much of them that is not the
 * request's can be read, how much of that is not 0, and what it sums up to.
 */
void sweep_peek(struct hostile *h)
{
	char text[1024] = "";
	unsigned int i, j;
	size_t n = 0;

	for (i = 0; i < h->nr_segs; i++) {
		const struct dma_seg *s = &h->segs[i];
		unsigned int off = (unsigned int)(s->addr & (DMA_PAGE_SIZE - 1)), other = 0;
		const uint8_t *page = s->base;

		/* a pool is mapped whole */
		if (!page && s->va && !strcmp(h->real->name, "persistent"))
			page = (const uint8_t *)s->va - off;
		if (!page || n > sizeof(text) - 48 || off + s->len > DMA_PAGE_SIZE || s->len == DMA_PAGE_SIZE)
			continue;
		for (j = 0; j < DMA_PAGE_SIZE; j++)
			other += (j < off || j >= off + s->len) && page[j];
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %lx:%u:%u:%x",
				      (unsigned long)((s->addr & ~DMA_GRANT_BIT) >> DMA_PAGE_SHIFT),
				      DMA_PAGE_SIZE - s->len, other, fnv(page, DMA_PAGE_SIZE));
	}
	hostile_answer(h, "peek%s", text);
}

/* Every frame; those that hold a canary's words get our stamp. */
void sweep_foreign(struct hostile *h)
{
	unsigned int got = 0, stamped = 0, i;

	for (i = 0; i < FRAMES_PROBED; i++) {
		void *va = frame_map(h, FRAMES_FIRST + i * (FRAMES_NR / FRAMES_PROBED), true);

		got += va != NULL;
		if (va)
			frame_unmap(h, va);
	}
	if (!got) {
		hostile_answer(h, "tried %u got 0 stamped 0", i);
		return;
	}
	for (i = got = 0; i < FRAMES_NR; i++) {
		uint8_t *va = frame_map(h, FRAMES_FIRST + i, true);

		if (!va)
			continue;
		got++;
		/* "canary: " begins each page of the frontend's that has no other use */
		if (!memcmp(va, "canary: ", 8)) {
			memset(va + 8, STAMP, DMA_PAGE_SIZE - 8);
			stamped++;
		}
		frame_unmap(h, va);
	}
	hostile_answer(h, "tried %u got %u stamped %u", FRAMES_NR, got, stamped);
}
