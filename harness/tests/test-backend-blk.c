// SPDX-License-Identifier: GPL-2.0-or-later
/* Block requests, through registers and rings, over memory that is partly out of reach. */
#include <string.h>

#include "tests/lib-backend.h"
#include "tests/lib-check.h"

#define SECTORS		2048u	/* of the default store, 1 MiB */
#define OK		VIRTIO_BLK_S_OK
#define IOERR		VIRTIO_BLK_S_IOERR
#define UNSUPP		VIRTIO_BLK_S_UNSUPP

static struct front front;

static void set_up(void)
{
	front_defaults(&front);
	front_open(&front);
	front_start(&front, 64, 0);
}

static void tear_down(void)
{
	front_close(&front);
}

static const struct vq_stats *stats(const struct front *f)
{
	return &f->blk.dev.queue[0].st;
}

static void fill(uint8_t *p, size_t size, uint8_t seed)
{
	size_t i;

	for (i = 0; i < size; i++)
		p[i] = (uint8_t)(seed + i * 7 + (i >> 8));
}

static const struct {
	unsigned int nr;
	uint32_t len;
	bool indirect;
} shapes[] = {
	{ 1, 512, false }, { 1, 4096, true }, { 3, 512, true }, { 8, 4096, true },
	{ 2, 256, false }, { 30, 512, true }, { 5, 1536, false }, { 1, 40960, true },
	{ 16, 32, true },
};

START_TEST(writes_and_reads_back)
{
	struct front *f = &front;
	uint32_t len = shapes[_i].len, total = shapes[_i].nr * len;
	uint8_t want[65536];

	fill(want, total, 3);
	memcpy(f->mem + FRONT_DATA, want, total);
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_OUT, 100, shapes[_i].nr, len, false,
					shapes[_i].indirect), OK);
	ck_assert_uint_eq(front_used_len(f, 0, 0), 1);
	ck_assert(!memcmp(f->store.ram + 100 * 512, want, total));

	memset(f->mem + FRONT_DATA, 0, total);
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_IN, 100, shapes[_i].nr, len, true,
					shapes[_i].indirect), OK);
	ck_assert_uint_eq(front_used_len(f, 0, 1), total + 1);
	ck_assert(!memcmp(f->mem + FRONT_DATA, want, total));
	/* not a byte behind it */
	ck_assert_uint_eq(f->mem[FRONT_DATA + total], 0);

	ck_assert_uint_eq(stats(f)->bytes_in, total);
	ck_assert_uint_eq(stats(f)->bytes_out, total);
	ck_assert_uint_eq(stats(f)->req_in, 1);
	ck_assert_uint_eq(stats(f)->req_out, 1);
	ck_assert_uint_eq(stats(f)->requests, 2);
	ck_assert_uint_eq(stats(f)->descriptors, 2 * (shapes[_i].nr + 2));
	ck_assert_uint_eq(stats(f)->maps, 2 * (shapes[_i].nr + 2 + shapes[_i].indirect));
}
END_TEST

/* 2.7.4: the driver may cut a request anywhere. */
START_TEST(any_framing)
{
	struct front *f = &front;
	uint8_t want[1024], *mem = f->mem;
	unsigned int i;

	fill(want, sizeof(want), 9);
	memcpy(f->store.ram, want, sizeof(want));
	put_le32(mem + FRONT_HEADER, VIRTIO_BLK_T_IN);
	put_le64(mem + FRONT_HEADER + 8, 0);
	/* header in 5 + 11 bytes; data and status in 1000 + 20 + 5 */
	front_put_desc(f, FRONT_DESC(0), 0, front_addr(f, FRONT_HEADER), 5, VIRTQ_DESC_F_NEXT, 1);
	front_put_desc(f, FRONT_DESC(0), 1, front_addr(f, FRONT_HEADER + 5), 11,
		       VIRTQ_DESC_F_NEXT, 2);
	front_put_desc(f, FRONT_DESC(0), 2, front_addr(f, FRONT_DATA), 1000,
		       VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE, 3);
	front_put_desc(f, FRONT_DESC(0), 3, front_addr(f, FRONT_DATA + 2000), 20,
		       VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE, 4);
	front_put_desc(f, FRONT_DESC(0), 4, front_addr(f, FRONT_DATA + 4096), 5,
		       VIRTQ_DESC_F_WRITE, 0);
	mem[FRONT_DATA + 4100] = 0xff;
	front_avail(f, 0, 0);
	front_kick(f, 0);
	for (i = 0; i < 1000; i++)
		ck_assert_uint_eq(mem[FRONT_DATA + i], want[i]);
	for (i = 0; i < 20; i++)
		ck_assert_uint_eq(mem[FRONT_DATA + 2000 + i], want[1000 + i]);
	for (i = 0; i < 4; i++)
		ck_assert_uint_eq(mem[FRONT_DATA + 4096 + i], want[1020 + i]);
	ck_assert_uint_eq(mem[FRONT_DATA + 4100], OK);
	ck_assert_uint_eq(front_used_len(f, 0, 0), 1025);
}
END_TEST

/* Header and the first bytes of the data in one descriptor, the rest elsewhere. */
START_TEST(header_with_data)
{
	struct front *f = &front;
	uint32_t first;

	for (first = 100; first <= 512; first += 412) {
		put_le32(f->mem + FRONT_HEADER, VIRTIO_BLK_T_OUT);
		put_le64(f->mem + FRONT_HEADER + 8, 7);
		fill(f->mem + FRONT_HEADER + 16, 512, (uint8_t)first);
		memcpy(f->mem + FRONT_DATA, f->mem + FRONT_HEADER + 16 + first, 512 - first);
		front_put_desc(f, FRONT_DESC(0), 0, front_addr(f, FRONT_HEADER), 16 + first,
			       VIRTQ_DESC_F_NEXT, first == 512 ? 2 : 1);
		front_put_desc(f, FRONT_DESC(0), 1, front_addr(f, FRONT_DATA), 512 - first,
			       VIRTQ_DESC_F_NEXT, 2);
		front_put_desc(f, FRONT_DESC(0), 2, front_addr(f, FRONT_STATUS), 1,
			       VIRTQ_DESC_F_WRITE, 0);
		f->mem[FRONT_STATUS] = 0xff;
		front_avail(f, 0, 0);
		front_kick(f, 0);
		ck_assert_uint_eq(f->mem[FRONT_STATUS], OK);
		ck_assert(!memcmp(f->store.ram + 7 * 512, f->mem + FRONT_HEADER + 16, 512));
	}
}
END_TEST

static const struct {
	uint32_t type;
	uint64_t sector;
	unsigned int nr;
	uint32_t len;
	bool in;
	uint8_t status;
} requests[] = {
	{ VIRTIO_BLK_T_IN, SECTORS - 1, 1, 512, true, OK },
	{ VIRTIO_BLK_T_IN, SECTORS, 1, 512, true, IOERR },
	{ VIRTIO_BLK_T_IN, SECTORS - 1, 1, 1024, true, IOERR },
	{ VIRTIO_BLK_T_IN, UINT64_MAX, 1, 512, true, IOERR },
	{ VIRTIO_BLK_T_IN, UINT64_MAX / 512 + 2, 1, 512, true, IOERR },	/* wraps in bytes */
	{ VIRTIO_BLK_T_IN, 0, 1, 511, true, IOERR },
	{ VIRTIO_BLK_T_IN, 0, 1, 513, true, IOERR },
	{ VIRTIO_BLK_T_IN, 0, 1, 512, false, IOERR },	/* data in the wrong direction */
	{ VIRTIO_BLK_T_IN, 0, 0, 0, true, OK },
	{ VIRTIO_BLK_T_OUT, SECTORS - 1, 1, 512, false, OK },
	{ VIRTIO_BLK_T_OUT, SECTORS, 1, 512, false, IOERR },
	{ VIRTIO_BLK_T_OUT, SECTORS - 1, 2, 512, false, IOERR },
	{ VIRTIO_BLK_T_OUT, UINT64_MAX - 1, 1, 512, false, IOERR },
	{ VIRTIO_BLK_T_OUT, 0, 1, 100, false, IOERR },
	{ VIRTIO_BLK_T_OUT, 0, 1, 512, true, IOERR },
	{ VIRTIO_BLK_T_FLUSH, 0, 0, 0, true, OK },
	{ VIRTIO_BLK_T_GET_ID, 0, 0, 0, true, IOERR },
	{ VIRTIO_BLK_T_DISCARD, 0, 0, 0, false, IOERR },
	{ VIRTIO_BLK_T_DISCARD, 0, 1, 15, false, IOERR },
	{ VIRTIO_BLK_T_DISCARD, 0, 1, 16 * 17, false, IOERR },
	{ VIRTIO_BLK_T_DISCARD, 0, 1, 16, true, IOERR },
	{ VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 24, false, IOERR },
	{ 2, 0, 1, 512, true, UNSUPP },
	{ 14, 0, 1, 16, false, UNSUPP },
	{ 0xffffffff, 0, 1, 512, true, UNSUPP },
};

START_TEST(request_status)
{
	struct front *f = &front;
	uint8_t status;

	fill(f->store.ram, f->store.size, 5);
	status = front_request(f, requests[_i].type, requests[_i].sector, requests[_i].nr,
			       requests[_i].len, requests[_i].in, false);
	ck_assert_uint_eq(status, requests[_i].status);
	ck_assert(!front_is_broken(f));
	ck_assert_uint_eq(stats(f)->errors, status == IOERR);
	ck_assert_uint_eq(stats(f)->unsupported, status == UNSUPP);
	/* 2.7.8.2: used length is a prefix that was written; of a failed read, nothing */
	if (status != OK && requests[_i].in && requests[_i].nr) {
		ck_assert_uint_eq(front_used_len(f, 0, 0), 0);
		ck_assert_uint_eq(f->mem[FRONT_DATA], 0);
	}
	if (status != OK && !requests[_i].in)
		ck_assert_uint_eq(front_used_len(f, 0, 0), 1);
}
END_TEST

START_TEST(get_id)
{
	struct front *f = &front;
	uint8_t *id = f->mem + FRONT_DATA;

	memset(id, 0xee, 64);
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_GET_ID, 0, 1, 20, true, false), OK);
	ck_assert_str_eq((char *)id, "grantbench-disk");
	ck_assert_uint_eq(id[19], 0);
	ck_assert_uint_eq(id[20], 0xee);
	ck_assert_uint_eq(front_used_len(f, 0, 0), 21);

	/* room for less, and for more, than there is */
	memset(id, 0xee, 64);
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_GET_ID, 0, 1, 5, true, false), OK);
	ck_assert(!memcmp(id, "grant\xee", 6));
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_GET_ID, 0, 2, 30, true, false), OK);
	ck_assert_uint_eq(front_used_len(f, 0, 2), 20);
	ck_assert_uint_eq(id[20], 0xee);

	/* without the padding: what the device does not write stays what it was */
	f->blk.config.short_id = true;
	memset(id, 0xee, 64);
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_GET_ID, 0, 1, 20, true, false), OK);
	ck_assert(!memcmp(id, "grantbench-disk\xee", 16));
	ck_assert_uint_eq(id[19], 0xee);
}
END_TEST

START_TEST(readonly_disk)
{
	struct front f;

	front_defaults(&f);
	f.config.readonly = true;
	front_open(&f);
	ck_assert(f.blk.dev.mmio.features & VIRTIO_BLK_F_RO);
	ck_assert(!(f.blk.dev.mmio.features & VIRTIO_BLK_F_DISCARD));
	front_start(&f, 8, 0);
	f.mem[FRONT_DATA] = 1;
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_OUT, 0, 1, 512, false, false), IOERR);
	ck_assert_uint_eq(f.store.ram[0], 0);
	put_le32(f.mem + FRONT_DATA + 8, 1);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_DISCARD, 0, 1, 16, false, false), IOERR);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 16, false, false),
			  IOERR);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_IN, 0, 1, 512, true, false), OK);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_FLUSH, 0, 0, 0, true, false), OK);
	front_close(&f);
}
END_TEST

static const struct {
	bool discard;
	uint64_t sector;
	uint32_t nr;
	uint32_t flags;
	uint8_t status;
} ranges[] = {
	{ true, 8, 8, 0, OK },
	{ true, 8, 8, VIRTIO_BLK_UNMAP, UNSUPP },
	{ true, 8, 8, 2, UNSUPP },
	{ true, SECTORS - 1, 1, 0, OK },
	{ true, SECTORS - 1, 2, 0, IOERR },
	{ true, UINT64_MAX, 2, 0, IOERR },
	{ true, 0, VBLK_RANGE_SECTORS_MAX + 1, 0, IOERR },
	{ false, 8, 8, 0, OK },
	{ false, 8, 8, VIRTIO_BLK_UNMAP, OK },
	{ false, 8, 8, 2, UNSUPP },
	{ false, 8, 0, 0, OK },
	{ false, SECTORS, 1, 0, IOERR },
	{ false, 0, 0xffffffff, 0, IOERR },
};

/* The bad range is the second: the first must not have been touched by then. */
START_TEST(range)
{
	struct front *f = &front;
	uint8_t *data = f->mem + FRONT_DATA, *ram = f->store.ram;
	uint64_t at = ranges[_i].sector * 512;
	uint8_t status;

	memset(ram, 0xaa, f->store.size);
	put_le64(data, 0);
	put_le32(data + 8, 8);
	put_le32(data + 12, 0);
	put_le64(data + 16, ranges[_i].sector);
	put_le32(data + 24, ranges[_i].nr);
	put_le32(data + 28, ranges[_i].flags);
	status = front_request(f, ranges[_i].discard ? VIRTIO_BLK_T_DISCARD :
			       VIRTIO_BLK_T_WRITE_ZEROES, 0, 2, 16, false, false);
	ck_assert_uint_eq(status, ranges[_i].status);
	ck_assert_uint_eq(ram[0], status == OK ? 0 : 0xaa);
	if (status == OK && !ranges[_i].discard && ranges[_i].nr) {
		ck_assert_uint_eq(ram[at], 0);
		ck_assert_uint_eq(ram[at + ranges[_i].nr * 512 - 1], 0);
		ck_assert_uint_eq(ram[at + ranges[_i].nr * 512], 0xaa);
	}
	/* what nobody named is as it was */
	ck_assert_uint_eq(ram[16 * 512], 0xaa);
}
END_TEST

/* Ranges, and room for data that nobody sends. */
START_TEST(range_with_data_in)
{
	struct front *f = &front;

	put_le32(f->mem + FRONT_HEADER, VIRTIO_BLK_T_DISCARD);
	put_le32(f->mem + FRONT_DATA + 8, 8);
	front_put_desc(f, FRONT_DESC(0), 0, front_addr(f, FRONT_HEADER), 16, VIRTQ_DESC_F_NEXT, 1);
	front_put_desc(f, FRONT_DESC(0), 1, front_addr(f, FRONT_DATA), 16, VIRTQ_DESC_F_NEXT, 2);
	front_put_desc(f, FRONT_DESC(0), 2, front_addr(f, FRONT_STATUS), 2, VIRTQ_DESC_F_WRITE, 0);
	memset(f->store.ram, 0xaa, 4096);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert_uint_eq(f->mem[FRONT_STATUS + 1], IOERR);
	ck_assert_uint_eq(f->store.ram[0], 0xaa);
}
END_TEST

/* A disk larger than one range may be. */
START_TEST(range_too_long)
{
	struct front f;
	unsigned int i;

	front_defaults(&f);
	f.store_kind = VSTORE_NULL;
	f.store_size = 1ull << 40;
	front_open(&f);
	front_start(&f, 8, 0);
	for (i = 0; i < 2; i++) {
		put_le32(f.mem + FRONT_DATA + 8, VBLK_RANGE_SECTORS_MAX + i);
		ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_DISCARD, 0, 1, 16, false, false),
				  i ? IOERR : OK);
	}
	front_close(&f);
}
END_TEST

START_TEST(discard_can_be_off)
{
	struct front f;

	front_defaults(&f);
	f.config.discard = false;
	front_open(&f);
	ck_assert(!(f.blk.dev.mmio.features &
		    (VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES)));
	front_start(&f, 8, 0);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_DISCARD, 0, 1, 16, false, false), UNSUPP);
	front_close(&f);
}
END_TEST

START_TEST(large_blocks)
{
	struct front f;

	front_defaults(&f);
	f.config.blk_size = 4096;
	front_open(&f);
	front_start(&f, 8, 0);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_IN, 8, 1, 4096, true, false), OK);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_IN, 4, 1, 4096, true, false), IOERR);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_IN, 8, 1, 512, true, false), IOERR);
	front_close(&f);
}
END_TEST

START_TEST(null_store)
{
	struct front f;

	front_defaults(&f);
	f.store_kind = VSTORE_NULL;
	front_open(&f);
	front_start(&f, 8, 0);
	f.mem[FRONT_DATA] = 0x77;
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_IN, 0, 1, 512, true, false), OK);
	ck_assert_uint_eq(f.mem[FRONT_DATA], 0x77);
	ck_assert_uint_eq(front_used_len(&f, 0, 0), 513);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_OUT, 0, 1, 512, false, false), OK);
	ck_assert_uint_eq(front_request(&f, VIRTIO_BLK_T_IN, SECTORS, 1, 512, true, false), IOERR);
	front_close(&f);
}
END_TEST

START_TEST(two_queues)
{
	struct front f;

	front_defaults(&f);
	f.config.nr_queues = 2;
	front_open(&f);
	ck_assert(f.blk.dev.mmio.features & VIRTIO_BLK_F_MQ);
	front_start(&f, 8, 0);
	ck_assert_uint_eq(vdev_read(&f.blk.dev, VMMIO_CONFIG + 34, 2), 2);
	/* the same request, in the second queue */
	put_le32(f.mem + FRONT_HEADER, VIRTIO_BLK_T_FLUSH);
	f.mem[FRONT_STATUS] = 0xff;
	front_put_desc(&f, FRONT_DESC(1), 0, front_addr(&f, FRONT_HEADER), 16,
		       VIRTQ_DESC_F_NEXT, 1);
	front_put_desc(&f, FRONT_DESC(1), 1, front_addr(&f, FRONT_STATUS), 1,
		       VIRTQ_DESC_F_WRITE, 0);
	front_avail(&f, 1, 0);
	front_kick(&f, 0);
	ck_assert_uint_eq(f.mem[FRONT_STATUS], 0xff);	/* that was the other queue's kick */
	front_kick(&f, 1);
	ck_assert_uint_eq(f.mem[FRONT_STATUS], OK);
	ck_assert_uint_eq(f.blk.dev.queue[0].st.requests, 0);
	ck_assert_uint_eq(f.blk.dev.queue[1].st.requests, 1);
	ck_assert_uint_eq(f.blk.dev.queue[1].st.notifies, 1);
	front_close(&f);
}
END_TEST

START_TEST(config_space)
{
	struct front *f = &front;
	struct vdev *dev = &f->blk.dev;

	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG, 8), SECTORS);
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG, 4), SECTORS);
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG + 4, 4), 0);
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG + 12, 4), 30);	/* seg_max */
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG + 20, 4), 512);	/* blk_size */
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG + 36, 4), VBLK_RANGE_SECTORS_MAX);
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG + 40, 4), VBLK_RANGES_MAX);
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG + 56, 1), 0);	/* ram does not unmap */
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG + 59, 1), 0);
	ck_assert_uint_eq(dev->mmio.bad_accesses, 0);
	/* past its end */
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG + 60, 1), 0);
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG + 57, 4), 0);
	ck_assert_uint_eq(vdev_read(dev, VMMIO_SIZE - 1, 8), 0);
	ck_assert_uint_eq(dev->mmio.bad_accesses, 3);
	/* read-only */
	vdev_write(dev, VMMIO_CONFIG, 4, 1);
	ck_assert_uint_eq(vdev_read(dev, VMMIO_CONFIG, 4), SECTORS);
}
END_TEST

START_TEST(refuses_config)
{
	struct front f;
	int i;

	for (i = 0; i < 6; i++) {
		front_defaults(&f);
		if (i == 0)
			f.config.blk_size = 8192;
		else if (i == 1)
			f.config.blk_size = 768;
		else if (i == 2)
			f.config.seg_max = 0;
		else if (i == 3)
			f.config.seg_max = VIRTQ_CHAIN_MAX;
		else if (i == 4)
			f.config.nr_queues = VMMIO_QUEUES_MAX + 1;
		else
			f.config.queue_size = 100;
		f.ops.name = "test";
		f.ops.batch = 1;
		f.dma.ops = &f.ops;
		f.store = (struct vstore)VSTORE_INIT;
		f.store.size = 1 << 20;
		ck_assert_int_lt(vblk_init(&f.blk, &f.config, &f.dma, &f.store), 0);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-blk");
	TCase *tc = tcase_create("blk");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, writes_and_reads_back, 0, sizeof(shapes) / sizeof(shapes[0]));
	tcase_add_test(tc, any_framing);
	tcase_add_test(tc, header_with_data);
	tcase_add_loop_test(tc, request_status, 0, sizeof(requests) / sizeof(requests[0]));
	tcase_add_test(tc, get_id);
	tcase_add_test(tc, readonly_disk);
	tcase_add_loop_test(tc, range, 0, sizeof(ranges) / sizeof(ranges[0]));
	tcase_add_test(tc, range_with_data_in);
	tcase_add_test(tc, range_too_long);
	tcase_add_test(tc, discard_can_be_off);
	tcase_add_test(tc, large_blocks);
	tcase_add_test(tc, null_store);
	tcase_add_test(tc, two_queues);
	tcase_add_test(tc, config_space);
	tcase_add_test(tc, refuses_config);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
