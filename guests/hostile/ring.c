// SPDX-License-Identifier: GPL-2.0-or-later
/* What a backend can write into a ring that is its own to write, and should not. */
#include <stdio.h>
#include <string.h>

#include "hostile.h"
#include "mem.h"

#define INTERRUPTS 2000

static void put_used(struct virtq *vq, uint32_t id, uint32_t len)
{
	uint8_t *entry = vq->used + 4 + 8 * (vq->used_idx & (vq->num - 1));
	uint16_t idx;

	memcpy(entry, &id, 4);
	memcpy(entry + 4, &len, 4);
	mem_mb();
	idx = ++vq->used_idx;
	memcpy(vq->used + 2, &idx, 2);
	mem_mb();
}

/* The table is granted writable, as coherent memory is: the frontend must not read it back. */
static unsigned int rewrite_table(struct hostile *h)
{
	unsigned int i, done = 0;

	for (i = 0; i < h->rings.nr; i++) {
		bool grants = xen_dma(&h->dev->dma)->grants;
		uint8_t *va = grants ? gref_map(h, h->be->domid, (uint32_t)h->rings.page[i], true) :
				       frame_map(h, h->rings.page[i], true);

		if (!va)
			continue;
		done++;
		if (i == 0)
			memset(va, STAMP, DMA_PAGE_SIZE / 2);
		grants ? gref_unmap(h, va) : frame_unmap(h, va);
	}
	return done;
}

void ring_attack(struct hostile *h, const char *kind)
{
	struct vdev *dev = h->dev->vdev;
	struct virtq *vq = &dev->queue[0].vq;
	unsigned int i, n = 0;

	if (!strcmp(kind, "irqs")) {
		for (n = 0; n < INTERRUPTS; n++)
			vmmio_notify(&dev->mmio);
	} else if (!vq->num) {
		hostile_answer(h, "the queue is stopped");
		return;
	} else if (!strcmp(kind, "table")) {
		n = rewrite_table(h);
	} else if (!strcmp(kind, "length")) {
		/* the request that is in flight, longer than it is; it will complete once more */
		uint16_t head;

		memcpy(&head, vq->avail + 4 + 2 * ((vq->last_avail - 1) & (vq->num - 1)), 2);
		put_used(vq, head, 0xffffffff);
		n = 1;
	} else if (!strcmp(kind, "ids")) {
		static const uint32_t ids[] = { 0xffffffff, 0x10000, 0x7fff, 1023, 255, 77 };

		for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++, n++)
			put_used(vq, ids[i], 0xffffffff);
		vmmio_notify(&dev->mmio);
	}
	hostile_answer(h, "%s %u", kind, n);
}
