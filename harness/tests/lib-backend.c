// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib-backend.h"

/* the fuzzer's, and the tests' */
#include "backend/fuzz-grants.c"

static struct front *to_front(struct dma *dma)
{
	return (struct front *)((char *)dma - offsetof(struct front, dma));
}

static bool reachable(const struct front *f, const struct dma_seg *seg, uint64_t *offset)
{
	uint64_t page = (seg->addr & ~DMA_GRANT_BIT) >> DMA_PAGE_SHIFT;
	uint32_t i, nr = dma_nr_pages(seg->addr, seg->len);

	ck_assert_int_eq(dma_check(f->grants, seg->addr, seg->len), DMA_OK);
	if (page < FRONT_GREF || page - FRONT_GREF + nr > FRONT_PAGES)
		return false;
	page -= FRONT_GREF;
	for (i = 0; i < nr; i++)
		if (!f->granted[page + i] || (f->readonly[page + i] && seg->writable))
			return false;
	*offset = page * DMA_PAGE_SIZE + (seg->addr & (DMA_PAGE_SIZE - 1));
	return true;
}

static unsigned int map_all(struct front *f, struct vq_stats *st, struct dma_seg *segs,
			    unsigned int nr)
{
	unsigned int i, failed = 0;
	uint64_t offset = 0;

	for (i = 0; i < nr; i++) {
		if (!reachable(f, &segs[i], &offset)) {
			segs[i].va = NULL;
			segs[i].err = -EINVAL;
			st->map_failures++;
			failed++;
			continue;
		}
		segs[i].va = f->mem + offset;
		segs[i].nr_pages = dma_nr_pages(segs[i].addr, segs[i].len);
		dma_account_map(&f->dma, st, segs[i].nr_pages);
	}
	return failed;
}

static unsigned int map_request(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
				unsigned int nr)
{
	struct front *f = to_front(dma);

	f->map_calls++;
	if (f->on_map)
		f->on_map(f);
	return map_all(f, st, segs, nr);
}

static unsigned int map_ring(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			     unsigned int nr)
{
	return map_all(to_front(dma), st, segs, nr);
}

static void unmap(struct dma *dma, struct vq_stats *st, struct dma_seg *segs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!segs[i].va)
			continue;
		dma_account_unmap(dma, st, segs[i].nr_pages);
		segs[i].va = NULL;
	}
}

static void irq(struct vdev *dev, struct vq_stats *st, bool level)
{
	struct front *f = dev->owner;

	(void)st;
	f->line = level;
	f->raised += level;
}

static void broken(struct vdev *dev)
{
	struct front *f = dev->owner;

	f->broken++;
}

void front_defaults(struct front *f)
{
	memset(f, 0, sizeof(*f));
	f->store_kind = VSTORE_RAM;
	f->store_size = 1 << 20;
	f->grants = true;
	f->batch = 1;
	f->pool_grants = FRONT_PAGES;
	f->config.nr_queues = 1;
	f->config.queue_size = 256;
	f->config.seg_max = 30;
	f->config.blk_size = 512;
	f->config.discard = true;
	strcpy(f->config.serial, "grantbench-disk");
	f->net_store = VNET_STORE_LOOP;
	f->net_config = (struct vnet_config){
		.nr_pairs = 1, .queue_size = 256, .mtu = 1500,
		.mac = { 2, 0, 0, 0, 0, 1 }, .offloads = VNET_OFFLOADS,
	};
}

void front_open(struct front *f)
{
	unsigned int i;

	for (i = 0; i < FRONT_PAGES; i++)
		f->granted[i] = true;
	if (f->fake) {
		fake_grants_open(f->fake, f->mapping, f->copy_max, FRONT_GREF, FRONT_PAGES,
				 f->granted, f->readonly);
		f->mem = f->fake->mem;
	} else {
		f->mem = aligned_alloc(DMA_PAGE_SIZE, FRONT_PAGES * DMA_PAGE_SIZE);
	}
	ck_assert_ptr_nonnull(f->mem);
	memset(f->mem, 0, FRONT_PAGES * DMA_PAGE_SIZE);
	f->ops.name = "test";
	f->ops.batch = f->batch;
	f->ops.map = map_request;
	f->ops.unmap = unmap;
	f->ops.map_ring = map_ring;
	f->ops.unmap_ring = unmap;
	f->dma.ops = &f->ops;
	f->dma.grants = f->grants;
	f->dev = f->is_net ? &f->net.dev : &f->blk.dev;
	f->dev->owner = f;
	f->dev->irq = irq;
	f->dev->broken = broken;
	if (f->is_net) {
		ck_assert_int_eq(vnet_init(&f->net, &f->net_config, f->net_store,
					   f->fake ? &f->fake->gd.dma : &f->dma, &f->tap), 0);
		return;
	}
	ck_assert_int_eq(vstore_open(&f->store, f->store_kind, NULL, f->store_size,
				     f->config.readonly), 0);
	ck_assert_int_eq(vblk_init(&f->blk, &f->config, f->fake ? &f->fake->gd.dma : &f->dma,
				   &f->store), 0);
}

void front_close(struct front *f)
{
	struct vq_stats sum;

	vmmio_reset(&f->dev->mmio);
	vdev_io_stats(f->dev, &sum);
	vq_stats_add(&sum, &f->dev->setup);
	ck_assert_uint_eq(sum.maps, sum.unmaps);
	ck_assert_uint_eq(sum.pages_mapped, sum.pages_unmapped);
	ck_assert_uint_eq(f->dma.maps_now, 0);
	ck_assert_uint_eq(f->dma.pages_now, 0);
	if (f->is_net) {
		vnet_release(&f->net);
	} else {
		vblk_release(&f->blk);
		vstore_close(&f->store);
	}
	if (f->fake)
		fake_grants_close(f->fake);
	else
		free(f->mem);
}

uint32_t front_read(struct front *f, unsigned int reg)
{
	return (uint32_t)vdev_read(f->dev, reg, 4);
}

void front_write(struct front *f, unsigned int reg, uint32_t value)
{
	vdev_write(f->dev, reg, 4, value);
}

void front_negotiate(struct front *f, uint64_t without)
{
	uint64_t features;

	front_write(f, VMMIO_STATUS, 0);
	front_write(f, VMMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	front_write(f, VMMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	front_write(f, VMMIO_DEVICE_FEATURES_SEL, 1);
	features = (uint64_t)front_read(f, VMMIO_DEVICE_FEATURES) << 32;
	front_write(f, VMMIO_DEVICE_FEATURES_SEL, 0);
	features |= front_read(f, VMMIO_DEVICE_FEATURES);
	features &= ~without;
	front_write(f, VMMIO_DRIVER_FEATURES_SEL, 1);
	front_write(f, VMMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	front_write(f, VMMIO_DRIVER_FEATURES_SEL, 0);
	front_write(f, VMMIO_DRIVER_FEATURES, (uint32_t)features);
	if (f->fake && f->mapping == MAPPING_PERSISTENT && f->pool_grants) {
		front_write(f, VMMIO_POOL_FIRST, FRONT_GREF);
		front_write(f, VMMIO_POOL_COUNT, f->pool_grants);
	}
	front_write(f, VMMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
		    VIRTIO_STATUS_FEATURES_OK);
}

static void write_addr(struct front *f, unsigned int reg, uint64_t addr)
{
	front_write(f, reg, (uint32_t)addr);
	front_write(f, reg + 4, (uint32_t)(addr >> 32));
}

void front_queue_registers(struct front *f, unsigned int q, uint16_t num)
{
	front_write(f, VMMIO_QUEUE_SEL, q);
	front_write(f, VMMIO_QUEUE_NUM, num);
	write_addr(f, VMMIO_QUEUE_DESC_LOW, front_addr(f, FRONT_DESC(q)));
	write_addr(f, VMMIO_QUEUE_DRIVER_LOW, front_addr(f, FRONT_AVAIL(q)));
	write_addr(f, VMMIO_QUEUE_DEVICE_LOW, front_addr(f, FRONT_USED(q)));
}

void front_start(struct front *f, uint16_t num, uint64_t without)
{
	unsigned int q;

	front_negotiate(f, without);
	f->num = num;
	for (q = 0; q < f->dev->nr_queues; q++) {
		memset(f->mem + FRONT_DESC(q), 0, FRONT_QUEUE_STRIDE);
		f->avail_idx[q] = 0;
		front_queue_registers(f, q, num);
		front_write(f, VMMIO_QUEUE_READY, 1);
	}
	front_write(f, VMMIO_STATUS, front_read(f, VMMIO_STATUS) | VIRTIO_STATUS_DRIVER_OK);
	ck_assert_uint_eq(front_read(f, VMMIO_STATUS) & 0xff, 0xf);
	/* the device looks into all queues once */
	ck_assert(!vdev_process(f->dev));
}

uint64_t front_addr(const struct front *f, uint32_t offset)
{
	return (f->grants ? DMA_GRANT_BIT : 0) |
	       (((uint64_t)FRONT_GREF << DMA_PAGE_SHIFT) + offset);
}

void front_put_desc(struct front *f, uint32_t table, unsigned int i, uint64_t addr, uint32_t len,
		    uint16_t flags, uint16_t next)
{
	uint8_t *d = f->mem + table + i * VIRTQ_DESC_SIZE;

	put_le64(d, addr);
	put_le32(d + 8, len);
	put_le16(d + 12, flags);
	put_le16(d + 14, next);
}

void front_avail(struct front *f, unsigned int q, uint16_t head)
{
	uint8_t *avail = f->mem + FRONT_AVAIL(q);

	put_le16(avail + 4 + 2 * (f->avail_idx[q] % f->num), head);
	f->avail_idx[q]++;
	put_le16(avail + 2, f->avail_idx[q]);
}

void front_kick(struct front *f, unsigned int q)
{
	front_write(f, VMMIO_QUEUE_NOTIFY, q);
	while (vdev_process(f->dev))
		;
}

uint16_t front_used_idx(const struct front *f, unsigned int q)
{
	return get_le16(f->mem + FRONT_USED(q) + 2);
}

uint32_t front_used_id(const struct front *f, unsigned int q, uint16_t i)
{
	return get_le32(f->mem + FRONT_USED(q) + 4 + 8 * (i % f->num));
}

uint32_t front_used_len(const struct front *f, unsigned int q, uint16_t i)
{
	return get_le32(f->mem + FRONT_USED(q) + 8 + 8 * (i % f->num));
}

enum virtq_fault front_fault(const struct front *f, unsigned int q)
{
	return f->dev->queue[q].vq.fault;
}

bool front_is_broken(const struct front *f)
{
	return f->dev->mmio.status & VIRTIO_STATUS_NEEDS_RESET;
}

uint8_t front_request(struct front *f, uint32_t type, uint64_t sector, unsigned int nr_data,
		      uint32_t seg_len, bool data_in, bool indirect)
{
	uint32_t table = indirect ? FRONT_TABLE : FRONT_DESC(0);
	unsigned int i;

	put_le32(f->mem + FRONT_HEADER, type);
	put_le32(f->mem + FRONT_HEADER + 4, 0);
	put_le64(f->mem + FRONT_HEADER + 8, sector);
	f->mem[FRONT_STATUS] = 0xff;

	front_put_desc(f, table, 0, front_addr(f, FRONT_HEADER), 16, VIRTQ_DESC_F_NEXT, 1);
	for (i = 0; i < nr_data; i++)
		front_put_desc(f, table, i + 1, front_addr(f, FRONT_DATA + i * seg_len), seg_len,
			       VIRTQ_DESC_F_NEXT | (data_in ? VIRTQ_DESC_F_WRITE : 0),
			       (uint16_t)(i + 2));
	front_put_desc(f, table, i + 1, front_addr(f, FRONT_STATUS), 1, VIRTQ_DESC_F_WRITE, 0);
	if (indirect)
		front_put_desc(f, FRONT_DESC(0), 0, front_addr(f, FRONT_TABLE),
			       (nr_data + 2) * VIRTQ_DESC_SIZE, VIRTQ_DESC_F_INDIRECT, 0);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	return f->mem[FRONT_STATUS];
}
