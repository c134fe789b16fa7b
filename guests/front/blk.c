// SPDX-License-Identifier: GPL-2.0-or-later
/* A virtio disk on virtio-mmio, one request at a time. */
#include "front.h"
#include "mmio.h"

#define GRANT_BIT (1ull << 63)
#define T_IN 0u
#define T_OUT 1u
#define BLOCK 512u

static void barrier(void)
{
	__asm__ volatile("dmb sy" : : : "memory");
}

uint32_t disk_read32(const struct disk *d, unsigned int offset)
{
	uint32_t value;

	/* one access that Xen can decode: no writeback, no pair */
	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(d->regs + offset) : "memory");
	return value;
}

void disk_write32(const struct disk *d, unsigned int offset, uint32_t value)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(d->regs + offset) : "memory");
}

uint64_t disk_addr(const struct disk *d, enum page page, uint32_t offset)
{
	return GRANT_BIT | ((uint64_t)(d->ref + page) << 12) | offset;
}

void disk_open(struct disk *d, uint64_t regs, uint32_t ref, uint8_t (*page)[PAGE])
{
	d->regs = regs;
	d->ref = ref;
	d->page = page;
	d->desc = (struct desc *)page[DESC];
	d->avail = (volatile uint16_t *)page[AVAIL];
	d->used = (volatile uint16_t *)page[USED];
}

void disk_reset(struct disk *d)
{
	unsigned int i;

	disk_write32(d, VMMIO_STATUS, 0);
	for (i = 0; i < NR_PAGES; i++) {
		put(d->page[i], 0, PAGE);
		grant(d->ref + i, d->page[i], i == RDONLY);
	}
	d->idx = d->seen = 0;
	d->no_indirect = false;
	d->num = NUM;
	for (i = 0; i < 3; i++)
		d->ring[i] = disk_addr(d, (enum page)(DESC + i), 0);
}

static void write_address(const struct disk *d, unsigned int offset, uint64_t addr)
{
	disk_write32(d, offset, (uint32_t)addr);
	disk_write32(d, offset + 4, (uint32_t)(addr >> 32));
}

bool disk_start(struct disk *d)
{
	const uint32_t ready = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
			       VIRTIO_STATUS_FEATURES_OK;

	if (disk_read32(d, VMMIO_MAGIC_VALUE) != VMMIO_MAGIC || disk_read32(d, VMMIO_STATUS))
		return false;
	disk_write32(d, VMMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	disk_write32(d, VMMIO_DRIVER_FEATURES_SEL, 1);
	disk_write32(d, VMMIO_DRIVER_FEATURES,
		     (uint32_t)((VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM) >> 32));
	disk_write32(d, VMMIO_DRIVER_FEATURES_SEL, 0);
	disk_write32(d, VMMIO_DRIVER_FEATURES, d->no_indirect ? 0 : (uint32_t)VIRTIO_F_INDIRECT_DESC);
	disk_write32(d, VMMIO_STATUS, ready);
	if (disk_read32(d, VMMIO_STATUS) != ready)
		return false;
	disk_write32(d, VMMIO_QUEUE_SEL, 0);
	disk_write32(d, VMMIO_QUEUE_NUM, d->num);
	write_address(d, VMMIO_QUEUE_DESC_LOW, d->ring[0]);
	write_address(d, VMMIO_QUEUE_DRIVER_LOW, d->ring[1]);
	write_address(d, VMMIO_QUEUE_DEVICE_LOW, d->ring[2]);
	disk_write32(d, VMMIO_QUEUE_READY, 1);
	disk_write32(d, VMMIO_STATUS, ready | VIRTIO_STATUS_DRIVER_OK);
	return true;
}

void disk_request(struct disk *d, bool write, uint64_t sector)
{
	*(uint32_t *)d->page[HEADER] = write ? T_OUT : T_IN;
	*(uint64_t *)(d->page[HEADER] + 8) = sector;
	d->page[STATUS][0] = 0xff;
	d->desc[0] = (struct desc){ disk_addr(d, HEADER, 0), 16, F_NEXT, 1 };
	d->desc[1] = (struct desc){ disk_addr(d, DATA, 0), BLOCK, F_NEXT | (write ? 0 : F_WRITE), 2 };
	d->desc[2] = (struct desc){ disk_addr(d, STATUS, 0), 1, F_WRITE, 0 };
	d->avail[2 + d->idx % NUM] = 0;
	d->avail[1] = ++d->idx;
}

void disk_kick(struct disk *d)
{
	barrier();
	disk_write32(d, VMMIO_QUEUE_NOTIFY, 0);
}

enum answer disk_wait(struct disk *d, unsigned int timeout_us)
{
	uint64_t until = now_us() + timeout_us;

	do {
		if (d->used[1] != d->seen) {
			barrier();
			d->seen = d->used[1];
			return ANSWER_USED;
		}
		if (disk_read32(d, VMMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET)
			return ANSWER_BROKEN;
		yield();
	} while (now_us() < until);
	return ANSWER_NONE;
}

static bool transfer(struct disk *d, bool write, uint64_t sector)
{
	disk_request(d, write, sector);
	disk_kick(d);
	return disk_wait(d, WAIT_US) == ANSWER_USED && d->page[STATUS][0] == 0;
}

bool disk_works(struct disk *d, uint64_t sector, uint8_t byte)
{
	unsigned int i;

	put(d->page[DATA], byte, BLOCK);
	if (!transfer(d, true, sector))
		return false;
	put(d->page[DATA], (uint8_t)~byte, BLOCK);
	if (!transfer(d, false, sector))
		return false;
	for (i = 0; i < BLOCK; i++)
		if (d->page[DATA][i] != byte)
			return false;
	return true;
}
