/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile frontend for the fuzz targets, each of which is a program of its own:
 * memory with a mapping strategy over it, registers and rings by a program of bytes.
 * FUZZ_QUEUES is defined before this is included, add_request() by who includes it.
 *
 * Some programs run over a strategy of grant.h, whose mappings and copies a fake of
 * Xen checks (fuzz-grants.h); the others over one that hands out heap memory.
 *
 * What is checked besides what the sanitizers see: each segment is handed out
 * as a buffer of exactly its length, device-readable ones come back unchanged,
 * used entries name heads that exist, a broken device does nothing, everything
 * mapped is unmapped by a reset.
 */
#ifndef GB_BACKEND_FUZZ_FRONT_H
#define GB_BACKEND_FUZZ_FRONT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blk.h"
#include "fuzz-grants.h"
#include "mem.h"
#include "net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGES		(FUZZ_QUEUES * 4 + 16u)
#define TABLE		((FUZZ_QUEUES * 4 + 1) * DMA_PAGE_SIZE)	/* indirect */
#define DATA		(TABLE + DMA_PAGE_SIZE)
#define MEM_SIZE	(PAGES * DMA_PAGE_SIZE)
#define MAPS_MAX	4096
#define FIRST_GREF	8u	/* gref of page 0, and its frame number too */

#define must(cond)                                                            \
	do {                                                                  \
		if (!(cond)) {                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                              \
		}                                                             \
	} while (0)

/* For who wants to know whether the programs get anywhere. */
static unsigned long fuzz_served;	/* requests */
static unsigned long fuzz_broken;	/* devices */
static unsigned long fuzz_copied;	/* bytes */

struct mapping {
	uint8_t *buf;		/* NULL: free */
	uint8_t *copy;		/* of a device-readable one, as it was given */
	uint32_t offset;	/* into memory */
	uint32_t len;
	bool writable;
	bool ring;
};

struct machine {
	const uint8_t *in;	/* the rest of the program */
	size_t left;

	struct dma dma;
	struct dma_ops ops;
	struct dma *use;	/* dma, or the strategy's */
	struct fake_grants fake; /* mem is of it when use is not dma */
	struct mapping map[MAPS_MAX];
	unsigned int map_end;
	bool page_readonly[PAGES];
	uint8_t *mem;		/* what the frontend sees */
	struct vdev *dev;	/* of one of these */
	struct vblk blk;
	struct vstore store;
	struct vnet net;
	uint32_t change_at;	/* where memory changes under a map; 0: nowhere */
	uint8_t change_to;
	unsigned int irq_level_changes;
};

static uint8_t next8(struct machine *m)
{
	if (!m->left)
		return 0;
	m->left--;
	return *m->in++;
}

static uint16_t next16(struct machine *m)
{
	uint16_t low = next8(m);

	return (uint16_t)(low | next8(m) << 8);
}

static uint32_t next32(struct machine *m)
{
	uint32_t low = next16(m);

	return low | (uint32_t)next16(m) << 16;
}

/* Ring buffers are separate from memory, so that a sanitizer guards their ends. */
static void rings_from_memory(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->map_end; i++)
		if (m->map[i].buf && m->map[i].ring)
			memcpy(m->map[i].buf, m->mem + m->map[i].offset, m->map[i].len);
}

static void rings_to_memory(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->map_end; i++)
		if (m->map[i].buf && m->map[i].ring && m->map[i].writable)
			memcpy(m->mem + m->map[i].offset, m->map[i].buf, m->map[i].len);
}

static int find_memory(struct machine *m, const struct dma_seg *seg, uint32_t *offset)
{
	uint64_t page = (seg->addr & ~DMA_GRANT_BIT) >> DMA_PAGE_SHIFT;
	uint32_t i, nr = dma_nr_pages(seg->addr, seg->len);

	/* the parser let it through, so it has the agreed kind */
	must(dma_check(m->dma.grants, seg->addr, seg->len) == DMA_OK);
	if (page < FIRST_GREF || page - FIRST_GREF >= PAGES || nr > PAGES - (page - FIRST_GREF))
		return -1;
	page -= FIRST_GREF;
	for (i = 0; i < nr; i++)
		if (m->page_readonly[page + i] && seg->writable)
			return -1;
	*offset = (uint32_t)(page * DMA_PAGE_SIZE + (seg->addr & (DMA_PAGE_SIZE - 1)));
	return 0;
}

static struct machine *to_machine(struct dma *dma)
{
	return (struct machine *)((char *)dma - offsetof(struct machine, dma));
}

static void *copy_of(const void *data, size_t size)
{
	void *copy = malloc(size);

	must(copy);
	return memcpy(copy, data, size);
}

static unsigned int map_some(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			     unsigned int nr, bool ring)
{
	struct machine *m = to_machine(dma);
	unsigned int i, slot, failed = 0;

	for (i = 0; i < nr; i++) {
		struct dma_seg *seg = &segs[i];
		struct mapping *map;
		uint32_t offset = 0;

		must(seg->len > 0);
		for (slot = 0; slot < MAPS_MAX && m->map[slot].buf; slot++)
			;
		if (slot == MAPS_MAX || find_memory(m, seg, &offset)) {
			seg->va = NULL;
			seg->err = -5;
			st->map_failures++;
			failed++;
			continue;
		}
		if (slot >= m->map_end)
			m->map_end = slot + 1;
		map = &m->map[slot];
		map->offset = offset;
		map->len = seg->len;
		map->writable = seg->writable;
		map->ring = ring;
		map->buf = copy_of(m->mem + offset, seg->len);
		map->copy = ring || seg->writable ? NULL : copy_of(map->buf, seg->len);
		seg->va = map->buf;
		seg->base = map;
		seg->nr_pages = dma_nr_pages(seg->addr, seg->len);
		dma_account_map(dma, st, seg->nr_pages);
	}
	/* the other side is running, too: it changes a byte, of the rings perhaps */
	if (!ring && m->change_at) {
		rings_to_memory(m);
		m->mem[m->change_at % MEM_SIZE] ^= m->change_to;
		rings_from_memory(m);
	}
	return failed;
}

static void unmap_some(struct dma *dma, struct vq_stats *st, struct dma_seg *segs, unsigned int nr)
{
	struct machine *m = to_machine(dma);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct mapping *map = segs[i].base;

		if (!segs[i].va)
			continue;
		must(map->buf == segs[i].va && map->len == segs[i].len);
		if (map->writable)
			memcpy(m->mem + map->offset, map->buf, map->len);
		if (map->copy)
			must(!memcmp(map->copy, map->buf, map->len));
		must(segs[i].written <= segs[i].len);
		free(map->buf);
		free(map->copy);
		memset(map, 0, sizeof(*map));
		dma_account_unmap(dma, st, segs[i].nr_pages);
		segs[i].va = NULL;
	}
}

static unsigned int map_segs(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			     unsigned int nr)
{
	return map_some(dma, st, segs, nr, false);
}

static unsigned int map_ring(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			     unsigned int nr)
{
	return map_some(dma, st, segs, nr, true);
}

/* The other side runs while Xen works for us. */
static void on_access(struct fake_grants *fg)
{
	struct machine *m = (struct machine *)((char *)fg - offsetof(struct machine, fake));

	if (m->change_at)
		m->mem[m->change_at % MEM_SIZE] ^= m->change_to;
}

static void device_irq(struct vdev *dev, struct vq_stats *st, bool level)
{
	struct machine *m = dev->owner;

	(void)st;
	(void)level;
	m->irq_level_changes++;
}

static void device_broken(struct vdev *dev)
{
	unsigned int i;

	must(dev->mmio.status & VIRTIO_STATUS_NEEDS_RESET);
	fuzz_broken++;
	must(dev->why[0]);
	for (i = 0; i < dev->nr_queues; i++)
		must(!dev->mmio.queue[i].ready && !dev->queue[i].vq.num);
}

static void write32(struct machine *m, unsigned int offset, uint32_t value)
{
	vdev_write(m->dev, offset, 4, value);
}

static uint64_t address(struct machine *m, uint32_t offset)
{
	return (m->dma.grants ? DMA_GRANT_BIT : 0) +
	       ((uint64_t)FIRST_GREF << DMA_PAGE_SHIFT) + offset;
}

/* Where the well-behaved set-up puts queue q's rings: 4 pages each. */
static uint32_t ring_offset(unsigned int q, unsigned int part)
{
	return ((q % FUZZ_QUEUES) * 4 + part) * DMA_PAGE_SIZE;
}

static void write_address(struct machine *m, unsigned int offset, uint64_t addr)
{
	write32(m, offset, (uint32_t)addr);
	write32(m, offset + 4, (uint32_t)(addr >> 32));
}

static void set_up(struct machine *m)
{
	uint64_t features = m->dev->mmio.features & ~((uint64_t)(next8(m) & 3) << 28);
	unsigned int q, order = 1 + next8(m) % 6;
	uint64_t skew = 0;

	if (next8(m) == 0x5a)
		skew = (uint64_t)next8(m) << (next8(m) & 63);

	write32(m, VMMIO_STATUS, 0);
	write32(m, VMMIO_STATUS, 3);
	write32(m, VMMIO_POOL_FIRST, FIRST_GREF);
	write32(m, VMMIO_POOL_COUNT, PAGES);
	write32(m, VMMIO_DRIVER_FEATURES_SEL, 1);
	write32(m, VMMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	write32(m, VMMIO_DRIVER_FEATURES_SEL, 0);
	write32(m, VMMIO_DRIVER_FEATURES, (uint32_t)features);
	write32(m, VMMIO_STATUS, 0xb);
	for (q = 0; q < m->dev->nr_queues; q++) {
		memset(m->mem + ring_offset(q, 1), 0, DMA_PAGE_SIZE);
		write32(m, VMMIO_QUEUE_SEL, q);
		write32(m, VMMIO_QUEUE_NUM, skew == 1 ? 3 : 1u << order);
		write_address(m, VMMIO_QUEUE_DESC_LOW, address(m, ring_offset(q, 0)) + skew);
		write_address(m, VMMIO_QUEUE_DRIVER_LOW, address(m, ring_offset(q, 1)) + skew);
		write_address(m, VMMIO_QUEUE_DEVICE_LOW, address(m, ring_offset(q, 2)) + skew);
		write32(m, VMMIO_QUEUE_READY, 1);
	}
	write32(m, VMMIO_STATUS, 0xf);
}

static void put_desc(struct machine *m, uint32_t table, unsigned int i, uint64_t addr, uint32_t len,
		     uint16_t flags, uint16_t next)
{
	uint8_t *d = m->mem + table + (size_t)i * VIRTQ_DESC_SIZE;

	put_le64(d, addr);
	put_le32(d + 8, len);
	put_le16(d + 12, flags);
	put_le16(d + 14, next);
}

/* One field of a descriptor that may be in use, to a value at some edge. */
static void spoil_descriptor(struct machine *m)
{
	static const uint32_t lengths[] = { 0, 1, 15, 17, DMA_PAGE_SIZE + 1, VIRTQ_BYTES_MAX,
					    0x7fffffff, 0xffffffff };
	uint8_t where = next8(m), what = next8(m);
	const struct virtq *vq = &m->dev->queue[where & 1 & (m->dev->nr_queues - 1)].vq;
	uint8_t *d = m->mem + (where & 2 ? TABLE : ring_offset(where & 1, 0)) +
		     (where >> 2 & 7) * VIRTQ_DESC_SIZE;

	switch (what & 3) {
	case 0:
		put_le64(d, get_le64(d) ^ 1ull << (what >> 2));
		break;
	case 1:
		put_le32(d + 8, lengths[what >> 2 & 7]);
		break;
	case 2:
		put_le16(d + 12, get_le16(d + 12) ^ (what >> 2 & 7));
		break;
	default:
		put_le16(d + 12, get_le16(d + 12) | VIRTQ_DESC_F_NEXT);
		put_le16(d + 14, (uint16_t)(what & 0x80 ? what >> 2 & 7 :
							  vq->num + (what >> 2 & 1)));
		break;
	}
}

static void serve_queue(struct machine *m, unsigned int q)
{
	struct vdev *dev = m->dev;
	const struct virtq *vq = q < dev->nr_queues ? &dev->queue[q].vq : NULL;
	uint16_t i, before = vq ? vq->used_idx : 0;

	rings_from_memory(m);
	write32(m, VMMIO_QUEUE_NOTIFY, q);
	while (vdev_process(dev))
		;
	/* unless the frontend meddles: what was put into the used ring can be true */
	if (vq && vq->num && !m->change_at && (uint16_t)(vq->used_idx - before) <= vq->num) {
		for (i = before; i != vq->used_idx; i++) {
			const uint8_t *entry = vq->used + 4 + 8 * (i & (vq->num - 1));

			must(get_le32(entry) < vq->num);
			must(get_le32(entry + 4) <= VIRTQ_BYTES_MAX);
		}
	}
	rings_to_memory(m);
}

/* A request of the device's kind, as a driver would make it; then made available. */
static void add_request(struct machine *m, unsigned int q);

static void step(struct machine *m)
{
	struct vdev *dev = m->dev;
	uint32_t at, i, n;

	switch (next8(m) % 13) {
	case 0:
		set_up(m);
		break;
	case 1:
		add_request(m, next8(m) % dev->nr_queues);
		break;
	case 2:
		serve_queue(m, next8(m) % (dev->nr_queues + 1));
		break;
	case 3:		/* a register, with a value that may mean something */
		at = next8(m) * 2u;
		write32(m, at & ~3u, next8(m));
		break;
	case 4:		/* any access */
		at = next16(m) % VMMIO_SIZE;
		n = next8(m);
		vdev_write(dev, at, n & 15, (uint64_t)next32(m) << (n & 32) | next32(m));
		break;
	case 5:
		at = next16(m) % VMMIO_SIZE;
		(void)vdev_read(dev, at, next8(m) & 15);
		break;
	case 6:		/* memory */
		at = next32(m) % MEM_SIZE;
		n = next8(m) % 64;
		for (i = 0; i < n && at + i < MEM_SIZE; i++)
			m->mem[at + i] = next8(m);
		break;
	case 7:		/* a descriptor of anything */
		at = next8(m);
		put_desc(m, at & 1 ? TABLE : ring_offset(at >> 1 & 1, 0), next8(m) % 64,
			 at & 0x80 ? (uint64_t)next32(m) << 32 | next32(m) :
				     address(m, next32(m) % (MEM_SIZE + DMA_PAGE_SIZE)),
			 at & 0x40 ? next32(m) : next16(m), next8(m) & 15, next8(m));
		break;
	case 8:		/* an avail entry, the index, or used_event */
		at = next8(m);
		put_le16(m->mem + ring_offset(at & 1, 1) + (at >> 1 & 3) * 2, next16(m) & 0xff);
		break;
	case 9:		/* one byte of a descriptor or of the avail ring */
		at = next8(m);
		i = ring_offset(at & 1, at >> 1 & 1) + next16(m) % 1024;
		m->mem[i] ^= next8(m);
		break;
	case 10:	/* from now on, at each map */
		m->change_at = next32(m);
		if (m->change_at & 1)
			m->change_at = (m->change_at >> 8) % DATA;
		m->change_to = next8(m);
		break;
	case 11:
		at = next8(m) % PAGES;
		m->page_readonly[at] = !m->page_readonly[at];
		break;
	case 12:
		spoil_descriptor(m);
		break;
	}
}

static void check(struct machine *m)
{
	struct vdev *dev = m->dev;
	unsigned int i, q, live = 0, rings = 0, mapped = 0;

	for (i = 0; i < m->map_end; i++) {
		if (!m->map[i].buf)
			continue;
		must(m->map[i].ring);	/* requests leave nothing mapped */
		live++;
	}
	for (q = 0; q < dev->nr_queues; q++) {
		const struct vdev_queue *queue = &dev->queue[q];

		if (!dev->mmio.queue[q].ready) {
			must(!queue->vq.num);
			continue;
		}
		rings += 3;
		for (i = 0; i < 3; i++)
			mapped += queue->rings[i].base != NULL;
		must(queue->vq.num == dev->mmio.queue[q].num);
		must(queue->vq.used_idx == queue->vq.last_avail);
	}
	must(live == (m->use == &m->dma ? rings : 0));
	must(m->use == &m->dma || m->fake.nr_live == mapped + (dev->mmio.pool_count != 0));
	if (dev->mmio.status & VIRTIO_STATUS_NEEDS_RESET)
		for (q = 0; q < dev->nr_queues; q++)
			must(!dev->mmio.queue[q].ready);
}

/* Memory, and what maps it. flags is of the program: one in four runs over a strategy. */
static void set_strategy(struct machine *m, uint8_t flags)
{
	static const uint8_t batches[] = { 1, 1, 4, VIRTQ_BATCH_MAX };
	static const enum mapping_kind kinds[] = {
		MAPPING_MAP, MAPPING_BATCH, MAPPING_COPY, MAPPING_ADAPTIVE, MAPPING_PERSISTENT,
	};

	m->dma.grants = !(flags & 1);
	m->ops.name = "fuzz";
	m->ops.batch = batches[flags >> 1 & 3];
	m->ops.map = map_segs;
	m->ops.unmap = unmap_some;
	m->ops.map_ring = map_ring;
	m->ops.unmap_ring = unmap_some;
	m->dma.ops = &m->ops;
	m->use = &m->dma;
	if (!m->dma.grants || (flags >> 1 & 3) != 1) {
		m->mem = calloc(1, MEM_SIZE);
		must(m->mem);
		return;
	}
	fake_grants_open(&m->fake, kinds[m->left ? m->in[m->left - 1] % 5 : 0], 2048, FIRST_GREF,
			 PAGES, NULL, m->page_readonly);
	m->fake.on_access = on_access;
	m->use = &m->fake.gd.dma;
	m->mem = m->fake.mem;
}

static struct machine *machine_new(const uint8_t *data, size_t size)
{
	struct machine *m = calloc(1, sizeof(*m));

	must(m);
	m->in = data;
	m->left = size;
	return m;
}

static void machine_attach(struct machine *m, struct vdev *dev)
{
	m->dev = dev;
	dev->owner = m;
	dev->irq = device_irq;
	dev->broken = device_broken;
}

/* The program to its end, then everything must be given back. */
static void machine_run(struct machine *m)
{
	struct vq_stats sum;

	while (m->left) {
		step(m);
		rings_to_memory(m);
		check(m);
	}
	vmmio_reset(&m->dev->mmio);
	check(m);
	must(m->use->maps_now == 0 && m->use->pages_now == 0);
	vdev_io_stats(m->dev, &sum);
	must(sum.maps + m->dev->setup.maps == sum.unmaps + m->dev->setup.unmaps);
	fuzz_served += sum.requests;
	fuzz_copied += sum.bytes_copied;
}

static void machine_free(struct machine *m)
{
	if (m->use == &m->dma)
		free(m->mem);
	else
		fake_grants_close(&m->fake);
	free(m);
}

#endif
