// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is put into the rings. Names are those of the backend's faults (guests/backend/virtq.h)
 * where it should find one; the others are requests that it can refuse or answer.
 */
#include "front.h"
#include "mmio.h"

#define RACE_STEPS 400u

static void size_3(struct disk *d)
{
	d->num = 3;
}

static void size_huge(struct disk *d)
{
	d->num = 0x80000000;
}

static void desc_skewed(struct disk *d)
{
	d->ring[0] += 8;
}

static void used_skewed(struct disk *d)
{
	d->ring[2] += 2;
}

static void ring_nobody(struct disk *d)
{
	d->ring[1] = disk_addr(d, DESC, 0) + ((uint64_t)REF_NOBODY << 12);
}

static void ring_plain(struct disk *d)
{
	d->ring[0] = (uintptr_t)d->page[DESC];
}

static void ring_beyond(struct disk *d)
{
	d->ring[2] = ~0ull - 63;
}

static void ring_readonly(struct disk *d)
{
	d->ring[2] = disk_addr(d, RDONLY, 0);
}

static void indirect_off(struct disk *d)
{
	d->no_indirect = true;
}

static void head(struct disk *d)
{
	d->avail[2] = NUM;
}

static void head_far(struct disk *d)
{
	d->avail[2] = 0xffff;
}

static void next(struct disk *d)
{
	d->desc[1].next = NUM;
}

static void next_far(struct disk *d)
{
	d->desc[1].next = 0xffff;
}

static void jump(struct disk *d)
{
	d->avail[1] = NUM + 1;
}

static void jump_back(struct disk *d)
{
	d->avail[1] = 0xffff;
}

static void jump_far(struct disk *d)
{
	d->avail[1] = 0x8000;
}

static void zero(struct disk *d)
{
	d->desc[1].len = 0;
}

static void bytes(struct disk *d)
{
	d->desc[1].len = 0xffffffff;
}

static void bytes_sum(struct disk *d)
{
	d->desc[1].len = (128u << 20) - 16;
}

static void plain(struct disk *d)
{
	d->desc[1].addr = (uintptr_t)d->page[DATA];
}

static void beyond(struct disk *d)
{
	d->desc[1].addr = ~0ull - 100;
}

static void order(struct disk *d)
{
	d->desc[2].flags = 0;
}

static void no_status(struct disk *d)
{
	d->desc[0].flags = 0;
}

static void no_header(struct disk *d)
{
	d->avail[2] = 2;
}

static void loop_two(struct disk *d)
{
	d->desc[1] = (struct desc){ disk_addr(d, DATA, 0), 16, F_NEXT, 0 };
}

static void loop_self(struct disk *d)
{
	d->desc[0].next = 0;
}

/* Written in place: what is mapped is what it says. */
static void loop_all(struct disk *d)
{
	unsigned int i;

	for (i = 0; i < NUM; i++)
		d->desc[i] = (struct desc){ disk_addr(d, DATA, 0), 1, F_NEXT, (uint16_t)((i + 1) % NUM) };
}

static void indirect(struct disk *d, uint64_t addr, uint32_t len, uint16_t flags)
{
	struct desc *table = (struct desc *)d->page[TABLE];
	unsigned int i;

	for (i = 0; i < 3; i++)
		table[i] = d->desc[i];
	d->desc[0] = (struct desc){ addr, len, (uint16_t)(F_INDIRECT | flags), 1 };
}

static uint64_t table_addr(const struct disk *d)
{
	return disk_addr(d, TABLE, 0);
}

static void indirect_good(struct disk *d)
{
	indirect(d, table_addr(d), 48, 0);
}

static void indirect_next(struct disk *d)
{
	indirect(d, table_addr(d), 48, F_NEXT);
}

static void indirect_zero(struct disk *d)
{
	indirect(d, table_addr(d), 0, 0);
}

static void indirect_odd(struct disk *d)
{
	indirect(d, table_addr(d), 47, 0);
}

static void indirect_huge(struct disk *d)
{
	indirect(d, table_addr(d), 0xfffffff0, 0);
}

static void indirect_nobody(struct disk *d)
{
	indirect(d, disk_addr(d, DESC, 0) + ((uint64_t)REF_NOBODY << 12), 48, 0);
}

static void indirect_nested(struct disk *d)
{
	indirect(d, table_addr(d), 48, 0);
	((struct desc *)d->page[TABLE])[1].flags |= F_INDIRECT;
}

static void indirect_loop(struct disk *d)
{
	struct desc *table = (struct desc *)d->page[TABLE];

	indirect(d, table_addr(d), 48, 0);
	table[2] = (struct desc){ disk_addr(d, STATUS, 0), 1, F_WRITE | F_NEXT, 2 };
}

/* References that Xen refuses: an I/O error, or no request at all. */
static void ref_nobody(struct disk *d)
{
	d->desc[1].addr += (uint64_t)REF_NOBODY << 12;
}

static void ref_beyond(struct disk *d)
{
	d->desc[1].addr = (1ull << 63) | 0x7fffffffull << 12;
}

static void ref_many(struct disk *d)
{
	d->desc[1].len = 32u << 20;
}

static void ref_readonly(struct disk *d)
{
	d->desc[1].addr = disk_addr(d, RDONLY, 0);
}

static void ref_ended(struct disk *d)
{
	grant(d->ref + DATA, 0, false);
}

static void header_ended(struct disk *d)
{
	grant(d->ref + HEADER, 0, false);
}

static void status_ended(struct disk *d)
{
	grant(d->ref + STATUS, 0, false);
}

static void rings_as_data(struct disk *d)
{
	d->desc[1].addr = disk_addr(d, USED, 0);
}

static void table_as_data(struct disk *d)
{
	d->desc[1].addr = disk_addr(d, DESC, 0);
}

static void sector(struct disk *d)
{
	*(volatile uint64_t *)(d->page[HEADER] + 8) = ~0ull;
}

static void type(struct disk *d)
{
	*(volatile uint32_t *)d->page[HEADER] = 0xdead;
}

/* While the backend serves: what it has read is not what is there any more. */
static void rewrite(struct disk *d)
{
	volatile uint32_t *word = (volatile uint32_t *)d->page[DESC];
	uint64_t seed = d->idx;
	unsigned int i;

	for (i = 0; i < RACE_STEPS; i++) {
		word[i % 12] = (uint32_t)next_random(&seed);
		d->avail[1 + i % 3] = (uint16_t)next_random(&seed);
		if (i % 40 == 0)
			yield();
	}
}

static void rewrite_table(struct disk *d)
{
	volatile uint32_t *word = (volatile uint32_t *)d->page[TABLE];
	uint64_t seed = d->idx;
	unsigned int i;

	for (i = 0; i < RACE_STEPS; i++) {
		word[i % 12] = (uint32_t)next_random(&seed);
		if (i % 40 == 0)
			yield();
	}
}

static void end_grants(struct disk *d)
{
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		grant(d->ref + i, 0, false);
}

static void nothing(struct disk *d)
{
	(void)d;
}

const struct attack attacks[] = {
	{ "size", size_3, NULL, NULL },
	{ "size, huge", size_huge, NULL, NULL },
	{ "alignment, table", desc_skewed, NULL, NULL },
	{ "alignment, used ring", used_skewed, NULL, NULL },
	{ "ring-map", ring_nobody, NULL, NULL },
	{ "ring-map, read-only", ring_readonly, NULL, NULL },
	{ "address-not-a-grant, ring", ring_plain, NULL, NULL },
	{ "address-range, ring", ring_beyond, NULL, NULL },
	{ "head-range", NULL, head, NULL },
	{ "head-range, far", NULL, head_far, NULL },
	{ "next-range", NULL, next, NULL },
	{ "next-range, far", NULL, next_far, NULL },
	{ "avail-jump", NULL, jump, NULL },
	{ "avail-jump, back", NULL, jump_back, NULL },
	{ "avail-jump, far", NULL, jump_far, NULL },
	{ "chain-loop, of two", NULL, loop_two, NULL },
	{ "chain-loop, of one", NULL, loop_self, NULL },
	{ "chain-loop, of all", NULL, loop_all, NULL },
	{ "zero-length", NULL, zero, NULL },
	{ "byte-sum", NULL, bytes_sum, NULL },
	{ "byte-sum, in one", NULL, bytes, NULL },
	{ "direction-order", NULL, order, NULL },
	{ "address-not-a-grant", NULL, plain, NULL },
	{ "address-range", NULL, beyond, NULL },
	{ "request, without status", NULL, no_status, NULL },
	{ "request, without header", NULL, no_header, NULL },
	{ "indirect-not-negotiated", indirect_off, indirect_good, NULL },
	{ "indirect-with-next", NULL, indirect_next, NULL },
	{ "indirect-nested", NULL, indirect_nested, NULL },
	{ "indirect-length, 0", NULL, indirect_zero, NULL },
	{ "indirect-length, odd", NULL, indirect_odd, NULL },
	{ "indirect-length, huge", NULL, indirect_huge, NULL },
	{ "indirect-map", NULL, indirect_nobody, NULL },
	{ "chain-loop, indirect", NULL, indirect_loop, NULL },
	{ "reference never granted", NULL, ref_nobody, NULL },
	{ "reference beyond the table", NULL, ref_beyond, NULL },
	{ "8192 references, most of them nothing", NULL, ref_many, NULL },
	{ "reference granted read-only", NULL, ref_readonly, NULL },
	{ "reference ended", NULL, ref_ended, NULL },
	{ "header's reference ended", NULL, header_ended, NULL },
	{ "status' reference ended", NULL, status_ended, NULL },
	{ "data into the used ring", NULL, rings_as_data, NULL },
	{ "data into the table", NULL, table_as_data, NULL },
	{ "sector beyond the disk", NULL, sector, NULL },
	{ "type that there is not", NULL, type, NULL },
	{ "rings rewritten in flight", NULL, nothing, rewrite },
	{ "indirect table rewritten in flight", NULL, indirect_good, rewrite_table },
	{ "grants ended in flight", NULL, nothing, end_grants },
};

const unsigned int nr_attacks = sizeof(attacks) / sizeof(attacks[0]);

void attack_random(struct disk *d, uint64_t seed, unsigned int steps)
{
	static const unsigned int regs[] = {
		VMMIO_DRIVER_FEATURES, VMMIO_DRIVER_FEATURES_SEL, VMMIO_QUEUE_SEL, VMMIO_QUEUE_NUM,
		VMMIO_QUEUE_READY, VMMIO_QUEUE_NOTIFY, VMMIO_INTERRUPT_ACK, VMMIO_STATUS,
		VMMIO_QUEUE_DESC_LOW, VMMIO_QUEUE_DESC_HIGH, VMMIO_QUEUE_DRIVER_LOW, VMMIO_QUEUE_DEVICE_LOW,
		VMMIO_QUEUE_RESET, VMMIO_SHM_SEL,
	};
	const unsigned int nr = sizeof(regs) / sizeof(regs[0]);
	unsigned int i, n;

	for (i = 0; i < steps; i++) {
		uint64_t r = next_random(&seed);

		switch (r & 7) {
		case 0:		/* a register, with a value that may mean something */
			disk_write32(d, regs[(r >> 8) % nr], (uint32_t)(r >> 32) & 0xff);
			break;
		case 1:		/* any register, any value */
			disk_write32(d, (r >> 8) & 0x1fc, (uint32_t)(r >> 32));
			break;
		case 2:
			(void)disk_read32(d, (r >> 8) & 0x1fc);
			break;
		case 3:		/* one byte of a descriptor, or of the avail ring */
			d->page[r & 0x100 ? DESC : AVAIL][(r >> 16) % 256] ^= (uint8_t)(r >> 32);
			break;
		case 4:		/* a descriptor of anything */
			n = (r >> 8) % NUM;
			d->desc[n].addr = disk_addr(d, (enum page)((r >> 16) % NR_PAGES), 0) + ((r >> 24) & 0x1fff);
			d->desc[n].len = (uint32_t)(r >> 40) & (r & 0x8000 ? 0xffffff : 0xfff);
			d->desc[n].flags = (uint16_t)((r >> 60) & 7);
			d->desc[n].next = (uint16_t)((r >> 56) % (NUM + 1));
			break;
		case 5:
			d->avail[1 + (r >> 8) % (NUM + 1)] = (uint16_t)((r >> 32) & 0x1f);
			break;
		case 6:		/* the rings once more, whatever has become of them */
			disk_reset(d);
			disk_start(d);
			break;
		case 7:
			disk_request(d, r & 0x100, (r >> 16) & 0xff);
			disk_kick(d);
			break;
		}
	}
}
