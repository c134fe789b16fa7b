// SPDX-License-Identifier: GPL-2.0-or-later
/* The backend's split virtqueue: what it takes, and everything that it refuses. */
#include <string.h>

#include "tests/lib-backend.h"
#include "tests/lib-check.h"

#define NEXT	VIRTQ_DESC_F_NEXT
#define WRITE	VIRTQ_DESC_F_WRITE
#define INDIR	VIRTQ_DESC_F_INDIRECT

static struct front front;

static void set_up(void)
{
	front_defaults(&front);
	front_open(&front);
	front_start(&front, 8, 0);
}

static void tear_down(void)
{
	front_close(&front);
}

/* A good request in descriptors 0 to 2, to be spoilt by the tests. */
static void good(struct front *f)
{
	put_le32(f->mem + FRONT_HEADER, VIRTIO_BLK_T_IN);
	put_le64(f->mem + FRONT_HEADER + 8, 0);
	f->mem[FRONT_STATUS] = 0xff;
	front_put_desc(f, FRONT_DESC(0), 0, front_addr(f, FRONT_HEADER), 16, NEXT, 1);
	front_put_desc(f, FRONT_DESC(0), 1, front_addr(f, FRONT_DATA), 512, NEXT | WRITE, 2);
	front_put_desc(f, FRONT_DESC(0), 2, front_addr(f, FRONT_STATUS), 1, WRITE, 0);
}

static void set_next(struct front *f, unsigned int i, uint16_t next)
{
	put_le16(f->mem + FRONT_DESC(0) + i * 16 + 14, next);
}

static void set_flags(struct front *f, unsigned int i, uint16_t flags)
{
	put_le16(f->mem + FRONT_DESC(0) + i * 16 + 12, flags);
}

static void set_len(struct front *f, unsigned int i, uint32_t len)
{
	put_le32(f->mem + FRONT_DESC(0) + i * 16 + 8, len);
}

static void set_addr(struct front *f, unsigned int i, uint64_t addr)
{
	put_le64(f->mem + FRONT_DESC(0) + i * 16, addr);
}

static void bad_avail_jump(struct front *f)
{
	f->avail_idx[0] = 8;	/* front_avail() makes it 9: one more than there are entries */
}

static void bad_next(struct front *f)
{
	set_next(f, 1, 8);
}

static void bad_next_far(struct front *f)
{
	set_next(f, 0, 0xffff);
}

static void bad_loop(struct front *f)
{
	set_flags(f, 2, NEXT | WRITE);
	set_next(f, 2, 1);
}

static void bad_loop_self(struct front *f)
{
	set_next(f, 0, 0);
}

static void bad_zero(struct front *f)
{
	set_len(f, 1, 0);
}

static void bad_order(struct front *f)
{
	set_flags(f, 0, NEXT | WRITE);
	set_flags(f, 1, NEXT);
}

static void bad_bytes(struct front *f)
{
	set_len(f, 1, VIRTQ_BYTES_MAX - 15);
}

static void bad_bytes_sum(struct front *f)
{
	set_len(f, 0, 0xffffffff);
	set_len(f, 1, 0xffffffff);
}

static void bad_bytes_wrap(struct front *f)
{
	set_len(f, 1, 0xffffffff);	/* 16 + this + 1 is 16 again in 32 bits */
}

static void bad_not_a_grant(struct front *f)
{
	set_addr(f, 1, front_addr(f, FRONT_DATA) & ~DMA_GRANT_BIT);
}

static void bad_gref_range(struct front *f)
{
	/* the last gref that there can be, and a length that runs over it */
	set_addr(f, 1, DMA_GRANT_BIT | (0xffffffffull << DMA_PAGE_SHIFT) | 0xf00);
	set_len(f, 1, 0x101);
}

static void bad_gref_bits(struct front *f)
{
	set_addr(f, 1, DMA_GRANT_BIT | 1ull << 44);
}

static void indirect(struct front *f, uint32_t len, uint16_t flags)
{
	memcpy(f->mem + FRONT_TABLE, f->mem + FRONT_DESC(0), 3 * 16);
	front_put_desc(f, FRONT_DESC(0), 0, front_addr(f, FRONT_TABLE), len, flags, 1);
}

static void bad_indirect_next(struct front *f)
{
	indirect(f, 48, INDIR | NEXT);
}

static void bad_indirect_nested(struct front *f)
{
	indirect(f, 48, INDIR);
	put_le16(f->mem + FRONT_TABLE + 16 + 12, INDIR);
}

static void bad_indirect_length(struct front *f)
{
	indirect(f, 47, INDIR);
}

static void bad_indirect_empty(struct front *f)
{
	indirect(f, 0, INDIR);
}

static void bad_indirect_long(struct front *f)
{
	indirect(f, 33 * 16, INDIR);	/* seg_max 30 and two headers are 32 */
}

static void bad_indirect_table_next(struct front *f)
{
	indirect(f, 32, INDIR);		/* entry 1 says that entry 2 follows */
}

static void bad_indirect_loop(struct front *f)
{
	indirect(f, 48, INDIR);
	put_le16(f->mem + FRONT_TABLE + 32 + 12, NEXT | WRITE);
	put_le16(f->mem + FRONT_TABLE + 32 + 14, 1);
}

static void bad_indirect_map(struct front *f)
{
	indirect(f, 48, INDIR);
	f->granted[FRONT_TABLE / DMA_PAGE_SIZE] = false;
}

static void bad_indirect_address(struct front *f)
{
	indirect(f, 48, INDIR);
	set_addr(f, 0, front_addr(f, FRONT_TABLE) & ~DMA_GRANT_BIT);
}

static const struct {
	void (*spoil)(struct front *f);
	uint16_t head;
	enum virtq_fault fault;
} bad[] = {
	{ bad_avail_jump, 0, VIRTQ_FAULT_AVAIL_JUMP },
	{ NULL, 8, VIRTQ_FAULT_HEAD },
	{ NULL, 0xffff, VIRTQ_FAULT_HEAD },
	{ bad_next, 0, VIRTQ_FAULT_NEXT },
	{ bad_next_far, 0, VIRTQ_FAULT_NEXT },
	{ bad_loop, 0, VIRTQ_FAULT_LOOP },
	{ bad_loop_self, 0, VIRTQ_FAULT_LOOP },
	{ bad_zero, 0, VIRTQ_FAULT_ZERO },
	{ bad_order, 0, VIRTQ_FAULT_ORDER },
	{ bad_bytes, 0, VIRTQ_FAULT_BYTES },
	{ bad_bytes_sum, 0, VIRTQ_FAULT_BYTES },
	{ bad_bytes_wrap, 0, VIRTQ_FAULT_BYTES },
	{ bad_not_a_grant, 0, VIRTQ_FAULT_NOT_A_GRANT },
	{ bad_gref_range, 0, VIRTQ_FAULT_ADDRESS },
	{ bad_gref_bits, 0, VIRTQ_FAULT_ADDRESS },
	{ bad_indirect_next, 0, VIRTQ_FAULT_INDIRECT_NEXT },
	{ bad_indirect_nested, 0, VIRTQ_FAULT_INDIRECT_NESTED },
	{ bad_indirect_length, 0, VIRTQ_FAULT_INDIRECT_LENGTH },
	{ bad_indirect_empty, 0, VIRTQ_FAULT_INDIRECT_LENGTH },
	{ bad_indirect_long, 0, VIRTQ_FAULT_INDIRECT_LENGTH },
	{ bad_indirect_table_next, 0, VIRTQ_FAULT_NEXT },
	{ bad_indirect_loop, 0, VIRTQ_FAULT_LOOP },
	{ bad_indirect_map, 0, VIRTQ_FAULT_INDIRECT_MAP },
	{ bad_indirect_address, 0, VIRTQ_FAULT_NOT_A_GRANT },
};

START_TEST(refuses)
{
	struct front *f = &front;
	struct vq_stats *st = &f->blk.dev.queue[0].st;

	good(f);
	if (bad[_i].spoil)
		bad[_i].spoil(f);
	front_avail(f, 0, bad[_i].head);
	front_kick(f, 0);

	ck_assert_str_eq(virtq_fault_name(front_fault(f, 0)), virtq_fault_name(bad[_i].fault));
	ck_assert(front_is_broken(f));
	ck_assert_uint_eq(f->broken, 1);
	ck_assert_ptr_nonnull(strstr(f->blk.dev.why, virtq_fault_name(bad[_i].fault)));
	/* nothing was done, nothing stays mapped, and the driver is told */
	ck_assert_uint_eq(f->mem[FRONT_STATUS], 0xff);
	ck_assert_uint_eq(front_used_idx(f, 0), 0);
	ck_assert_uint_eq(st->requests, 0);
	ck_assert_uint_eq(f->dma.maps_now, 0);
	ck_assert_uint_eq(front_read(f, VMMIO_INTERRUPT_STATUS), VMMIO_INT_CONFIG);

	/* it stays so, whatever the driver does, until it resets; then it works */
	front_kick(f, 0);
	ck_assert_uint_eq(f->broken, 1);
	f->granted[FRONT_TABLE / DMA_PAGE_SIZE] = true;
	front_start(f, 8, 0);
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_IN, 0, 1, 512, true, false), 0);
}
END_TEST

START_TEST(accepts_good)
{
	struct front *f = &front;

	good(f);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert(!front_is_broken(f));
	ck_assert_uint_eq(f->mem[FRONT_STATUS], VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(front_used_idx(f, 0), 1);
	ck_assert_uint_eq(front_used_id(f, 0, 0), 0);
	ck_assert_uint_eq(front_used_len(f, 0, 0), 513);
}
END_TEST

START_TEST(refuses_indirect_unless_negotiated)
{
	struct front *f = &front;

	front_start(f, 8, VIRTIO_F_INDIRECT_DESC);
	good(f);
	indirect(f, 48, INDIR);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert_int_eq(front_fault(f, 0), VIRTQ_FAULT_INDIRECT_OFF);
}
END_TEST

START_TEST(refuses_grants_without_grants)
{
	struct front f;

	front_defaults(&f);
	f.grants = false;
	front_open(&f);
	front_start(&f, 8, 0);
	ck_assert_uint_eq(f.blk.dev.mmio.features & VIRTIO_F_ACCESS_PLATFORM, 0);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_IN, 0, 1, 512, true, false), 0);
	good(&f);
	set_addr(&f, 1, front_addr(&f, FRONT_DATA) | DMA_GRANT_BIT);
	front_avail(&f, 0, 0);
	front_kick(&f, 0);
	ck_assert_int_eq(front_fault(&f, 0), VIRTQ_FAULT_IS_A_GRANT);

	front_start(&f, 8, 0);
	good(&f);
	set_addr(&f, 1, (1ull << DMA_PHYS_BITS) - 511);
	front_avail(&f, 0, 0);
	front_kick(&f, 0);
	ck_assert_int_eq(front_fault(&f, 0), VIRTQ_FAULT_ADDRESS);
	front_close(&f);
}
END_TEST

/* A chain as long as the table allows is taken, one buffer more is not. */
START_TEST(chain_length)
{
	struct front *f = &front;
	unsigned int n;

	for (n = 31; n <= 32; n++) {
		unsigned int i;

		front_start(f, 64, 0);
		good(f);
		for (i = 1; i <= n; i++)
			front_put_desc(f, FRONT_DESC(0), i, front_addr(f, FRONT_DATA), 16,
				       (uint16_t)(WRITE | (i < n ? NEXT : 0)), (uint16_t)(i + 1));
		front_avail(f, 0, 0);
		front_kick(f, 0);
		ck_assert_int_eq(front_fault(f, 0), n == 31 ? VIRTQ_OK : VIRTQ_FAULT_CHAIN);
	}
}
END_TEST

/* 2.7.5.3.2: some direct descriptors, then a table; its write flag is ignored. */
START_TEST(direct_then_indirect)
{
	struct front *f = &front;

	good(f);
	memcpy(f->mem + FRONT_TABLE, f->mem + FRONT_DESC(0) + 16, 32);
	put_le16(f->mem + FRONT_TABLE + 14, 1);
	front_put_desc(f, FRONT_DESC(0), 1, front_addr(f, FRONT_TABLE), 32, INDIR | WRITE, 0);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert(!front_is_broken(f));
	ck_assert_uint_eq(f->mem[FRONT_STATUS], VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(f->blk.dev.queue[0].st.indirect, 1);
	ck_assert_uint_eq(f->blk.dev.queue[0].st.descriptors, 3);
	/* table, header, data, status */
	ck_assert_uint_eq(f->blk.dev.queue[0].st.maps, 4);
}
END_TEST

/* The driver swaps a descriptor for another while its request is being mapped. */
static void swap_descriptor(struct front *f)
{
	front_put_desc(f, FRONT_DESC(0), 1, front_addr(f, FRONT_DATA), 0xffffffff,
		       NEXT | WRITE, 0xffff);
	front_put_desc(f, FRONT_TABLE, 1, 0, 0xffffffff, INDIR, 0xffff);
}

START_TEST(reads_descriptors_once)
{
	struct front *f = &front;

	f->on_map = swap_descriptor;
	good(f);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert(!front_is_broken(f));
	ck_assert_uint_eq(f->mem[FRONT_STATUS], VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(front_used_len(f, 0, 0), 513);
}
END_TEST

static const struct {
	uint32_t num;
	int part;	/* whose address is spoilt, -1: none */
	uint64_t xor;
	enum virtq_fault fault;
} bad_setup[] = {
	{ 0, -1, 0, VIRTQ_FAULT_SIZE },
	{ 3, -1, 0, VIRTQ_FAULT_SIZE },
	{ 512, -1, 0, VIRTQ_FAULT_SIZE },
	{ 0x80000000, -1, 0, VIRTQ_FAULT_SIZE },
	{ 0x10008, -1, 0, VIRTQ_FAULT_SIZE },
	{ 8, 0, 8, VIRTQ_FAULT_ALIGNMENT },
	{ 8, 1, 1, VIRTQ_FAULT_ALIGNMENT },
	{ 8, 2, 2, VIRTQ_FAULT_ALIGNMENT },
	{ 8, 0, DMA_GRANT_BIT, VIRTQ_FAULT_NOT_A_GRANT },
	{ 8, 1, DMA_GRANT_BIT, VIRTQ_FAULT_NOT_A_GRANT },
	{ 8, 2, DMA_GRANT_BIT, VIRTQ_FAULT_NOT_A_GRANT },
	{ 8, 2, 1ull << 62, VIRTQ_FAULT_ADDRESS },
	{ 8, 0, 1ull << 40, VIRTQ_FAULT_RING_MAP },
	{ 8, 1, 1ull << 40, VIRTQ_FAULT_RING_MAP },
	{ 8, 2, 1ull << 40, VIRTQ_FAULT_RING_MAP },
};

START_TEST(refuses_queue)
{
	static const unsigned int regs[] = {
		VMMIO_QUEUE_DESC_LOW, VMMIO_QUEUE_DRIVER_LOW, VMMIO_QUEUE_DEVICE_LOW
	};
	struct front *f = &front;

	front_negotiate(f, 0);
	front_queue_registers(f, 0, 8);
	front_write(f, VMMIO_QUEUE_NUM, bad_setup[_i].num);
	if (bad_setup[_i].part >= 0) {
		int part = bad_setup[_i].part;
		uint64_t addr = front_addr(f, (uint32_t)part * DMA_PAGE_SIZE) ^ bad_setup[_i].xor;

		front_write(f, regs[part], (uint32_t)addr);
		front_write(f, regs[part] + 4, (uint32_t)(addr >> 32));
	}
	front_write(f, VMMIO_QUEUE_READY, 1);
	ck_assert_str_eq(virtq_fault_name(front_fault(f, 0)),
			 virtq_fault_name(bad_setup[_i].fault));
	ck_assert_uint_eq(front_read(f, VMMIO_QUEUE_READY), 0);
	ck_assert(front_is_broken(f));
	ck_assert_uint_eq(f->dma.maps_now, 0);
}
END_TEST

/* The driver granted its used ring read-only: the writable map fails. */
START_TEST(refuses_readonly_used_ring)
{
	struct front *f = &front;

	front_negotiate(f, 0);
	f->readonly[FRONT_DESC(0) / DMA_PAGE_SIZE] = true;
	f->readonly[FRONT_AVAIL(0) / DMA_PAGE_SIZE] = true;
	front_queue_registers(f, 0, 8);
	front_write(f, VMMIO_QUEUE_READY, 1);
	ck_assert_uint_eq(front_read(f, VMMIO_QUEUE_READY), 1);

	front_negotiate(f, 0);
	f->readonly[FRONT_USED(0) / DMA_PAGE_SIZE] = true;
	front_queue_registers(f, 0, 8);
	front_write(f, VMMIO_QUEUE_READY, 1);
	ck_assert_int_eq(front_fault(f, 0), VIRTQ_FAULT_RING_MAP);
}
END_TEST

START_TEST(counts_address_classes)
{
	struct front *f = &front;
	const struct vq_stats *st = &f->blk.dev.queue[0].st;

	ck_assert_uint_eq(st->addr_bit63, 3);	/* the rings */
	front_request(f, VIRTIO_BLK_T_IN, 0, 2, 512, true, true);
	ck_assert_uint_eq(st->addr_bit63, 8);	/* table, header, 2 data, status */
	ck_assert_uint_eq(st->addr_plain, 0);
	good(f);
	bad_not_a_grant(f);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert_uint_eq(st->addr_plain, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-virtq");
	TCase *tc = tcase_create("virtq");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, refuses, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_loop_test(tc, refuses_queue, 0, sizeof(bad_setup) / sizeof(bad_setup[0]));
	tcase_add_test(tc, accepts_good);
	tcase_add_test(tc, refuses_indirect_unless_negotiated);
	tcase_add_test(tc, refuses_grants_without_grants);
	tcase_add_test(tc, refuses_readonly_used_ring);
	tcase_add_test(tc, chain_length);
	tcase_add_test(tc, direct_then_indirect);
	tcase_add_test(tc, reads_descriptors_once);
	tcase_add_test(tc, counts_address_classes);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
