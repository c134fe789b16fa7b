// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mapping strategies over grants, under the real block device: what they ask
 * of Xen, how often, and what a hostile frontend gets out of them.
 */
#include <errno.h>
#include <string.h>

#include "tests/lib-backend.h"
#include "tests/lib-check.h"

#define OK	VIRTIO_BLK_S_OK
#define IOERR	VIRTIO_BLK_S_IOERR

static struct front front;
static struct fake_grants fake;

static const enum mapping_kind kinds[] = {
	MAPPING_MAP, MAPPING_BATCH, MAPPING_COPY, MAPPING_ADAPTIVE,
};

#define NR_KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static void open_kind(enum mapping_kind kind, uint32_t copy_max)
{
	front_defaults(&front);
	front.fake = &fake;
	front.mapping = kind;
	front.copy_max = copy_max;
	front_open(&front);
	front_start(&front, 64, 0);
	fake.map_calls = 0;
}

static const struct vq_stats *stats(void)
{
	return &front.blk.dev.queue[0].st;
}

static void fill(uint8_t *p, size_t size, uint8_t seed)
{
	size_t i;

	for (i = 0; i < size; i++)
		p[i] = (uint8_t)(seed + i * 7 + (i >> 8));
}

/* Every shape through every strategy: the disk gets what was written, and back. */
START_TEST(data_is_right)
{
	static const struct { unsigned int nr; uint32_t len; bool indirect; } shapes[] = {
		{ 1, 512, false }, { 1, 4096, true }, { 3, 512, true }, { 8, 4096, true },
		{ 5, 1536, false }, { 1, 40960, true }, { 30, 512, false },
	};
	uint8_t want[65536];
	unsigned int i;

	open_kind(kinds[_i], 4096);
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		uint32_t len = shapes[i].len, total = shapes[i].nr * len;

		fill(want, total, (uint8_t)(3 + i));
		memcpy(front.mem + FRONT_DATA, want, total);
		ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_OUT, 100, shapes[i].nr, len,
						false, shapes[i].indirect), OK);
		ck_assert(!memcmp(front.store.ram + 100 * 512, want, total));
		memset(front.mem + FRONT_DATA, 0, total + 1);
		ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_IN, 100, shapes[i].nr, len,
						true, shapes[i].indirect), OK);
		ck_assert(!memcmp(front.mem + FRONT_DATA, want, total));
		ck_assert_uint_eq(front.mem[FRONT_DATA + total], 0);
		ck_assert_uint_eq(front_used_len(&front, 0, (uint16_t)(2 * i + 1)), total + 1);
	}
	ck_assert_uint_eq(fake.nr_live, kinds[_i] == MAPPING_MAP ? 3 : 2);	/* rings */
	front_close(&front);
}
END_TEST

/* What a 4 KiB read asks of Xen. */
static const struct {
	enum mapping_kind kind;
	uint32_t copy_max;
	bool indirect;
	unsigned int maps, copies_in, copies_out, operations;
} costs[] = {
	{ MAPPING_MAP, 0, false, 3, 0, 0, 0 },
	{ MAPPING_MAP, 0, true, 4, 0, 0, 0 },
	{ MAPPING_BATCH, 0, false, 2, 0, 0, 0 },
	{ MAPPING_BATCH, 0, true, 3, 0, 0, 0 },
	{ MAPPING_COPY, 0, false, 0, 1, 1, 3 },
	{ MAPPING_COPY, 0, true, 0, 2, 1, 4 },
	{ MAPPING_ADAPTIVE, 4096, false, 0, 1, 1, 3 },
	{ MAPPING_ADAPTIVE, 4095, false, 1, 1, 1, 2 },
};

START_TEST(cost_of_a_read)
{
	open_kind(costs[_i].kind, costs[_i].copy_max);
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_IN, 0, 1, 4096, true,
					costs[_i].indirect), OK);
	ck_assert_uint_eq(fake.map_calls, costs[_i].maps);
	ck_assert_uint_eq(fake.unmap_calls, costs[_i].maps);
	ck_assert_uint_eq(fake.in_calls, costs[_i].copies_in);
	ck_assert_uint_eq(fake.copy_calls, costs[_i].copies_in + costs[_i].copies_out);
	ck_assert_uint_eq(stats()->copies, costs[_i].operations);
	ck_assert_uint_eq(stats()->maps, costs[_i].maps);
	ck_assert_uint_eq(stats()->unmaps, costs[_i].maps);
	front_close(&front);
}
END_TEST

/* Three reads, made available at once; the data of the second is at page + 1. */
static void three_reads(void)
{
	unsigned int i;

	put_le32(front.mem + FRONT_HEADER, VIRTIO_BLK_T_IN);
	memset(front.mem + FRONT_STATUS, 0xff, 3);
	memset(front.store.ram, 0x5c, 512);
	for (i = 0; i < 3; i++) {
		front_put_desc(&front, FRONT_DESC(0), 3 * i, front_addr(&front, FRONT_HEADER), 16,
			       VIRTQ_DESC_F_NEXT, (uint16_t)(3 * i + 1));
		front_put_desc(&front, FRONT_DESC(0), 3 * i + 1,
			       front_addr(&front, FRONT_DATA + i * DMA_PAGE_SIZE), 512,
			       VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE, (uint16_t)(3 * i + 2));
		front_put_desc(&front, FRONT_DESC(0), 3 * i + 2,
			       front_addr(&front, FRONT_STATUS + i), 1, VIRTQ_DESC_F_WRITE, 0);
		front_avail(&front, 0, (uint16_t)(3 * i));
	}
	front_kick(&front, 0);
	ck_assert_uint_eq(front_used_idx(&front, 0), 3);
}

START_TEST(requests_share_a_call)
{
	enum mapping_kind kind = kinds[_i];

	open_kind(kind, 4096);
	three_reads();
	ck_assert_uint_eq(fake.map_calls, kind == MAPPING_MAP ? 9 : kind == MAPPING_BATCH ? 2 : 0);
	ck_assert_uint_eq(fake.copy_calls, kind >= MAPPING_COPY ? 2 : 0);
	ck_assert_uint_eq(stats()->pages_mapped, kind >= MAPPING_COPY ? 0 : 9);
	ck_assert_uint_eq(stats()->bytes_copied,
			  kind >= MAPPING_COPY ? 3 * (16 + 512 + 1) : 0);
	front_close(&front);
}
END_TEST

/* A page that is not granted, or not for writing: its request fails, the others do not. */
START_TEST(one_of_three_is_out_of_reach)
{
	enum mapping_kind kind = kinds[_i / 2];
	unsigned int page = FRONT_DATA / DMA_PAGE_SIZE + 1;

	open_kind(kind, 4096);
	if (_i & 1)
		front.readonly[page] = true;
	else
		front.granted[page] = false;
	three_reads();
	ck_assert_uint_eq(front.mem[FRONT_STATUS], OK);
	ck_assert_uint_eq(front.mem[FRONT_STATUS + 1], IOERR);
	ck_assert_uint_eq(front.mem[FRONT_STATUS + 2], OK);
	ck_assert_uint_eq(front.mem[FRONT_DATA + 511], 0x5c);
	ck_assert_uint_eq(front.mem[FRONT_DATA + DMA_PAGE_SIZE], 0);
	ck_assert_uint_eq(front.mem[FRONT_DATA + 2 * DMA_PAGE_SIZE], 0x5c);
	ck_assert_uint_eq(front_used_len(&front, 0, 1), 0);
	ck_assert_uint_eq(stats()->map_failures, 1);
	ck_assert_uint_eq(stats()->errors, 1);
	ck_assert(!front_is_broken(&front));
	front_close(&front);
}
END_TEST

/* Neither header nor table out of reach stops the device; a status without a place does. */
START_TEST(header_and_status_out_of_reach)
{
	enum mapping_kind kind = kinds[_i];

	open_kind(kind, 4096);
	front.granted[FRONT_HEADER / DMA_PAGE_SIZE] = false;
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_OUT, 0, 1, 512, false, false), IOERR);
	ck_assert(!front_is_broken(&front));
	front.granted[FRONT_HEADER / DMA_PAGE_SIZE] = true;
	front.readonly[FRONT_STATUS / DMA_PAGE_SIZE] = true;
	front_request(&front, VIRTIO_BLK_T_IN, 0, 1, 512, true, false);
	ck_assert(front_is_broken(&front));
	ck_assert_ptr_nonnull(strstr(front.blk.dev.why, "status"));
	front.readonly[FRONT_STATUS / DMA_PAGE_SIZE] = false;
	front_start(&front, 64, 0);
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_IN, 0, 1, 512, true, true), OK);
	front_close(&front);
}
END_TEST

/* The bounce buffer holds what was written before: a read that fails gives none of it. */
START_TEST(no_old_data_in_a_failed_read)
{
	unsigned int i;

	open_kind(kinds[_i], 4096);
	memset(front.mem + FRONT_DATA, 0x77, 4096);
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_OUT, 0, 1, 4096, false, false), OK);
	memset(front.mem + FRONT_DATA, 0x11, 4096);
	/* behind the end of the disk */
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_IN, 1 << 20, 1, 4096, true, false),
			  IOERR);
	/* 20 bytes of 512 */
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_GET_ID, 0, 1, 512, true, false), OK);
	for (i = VIRTIO_BLK_ID_BYTES; i < 4096; i++)
		ck_assert_uint_eq(front.mem[FRONT_DATA + i], 0x11);

	/* data and status in one segment: the status alone */
	put_le32(front.mem + FRONT_HEADER, VIRTIO_BLK_T_IN);
	put_le64(front.mem + FRONT_HEADER + 8, 1 << 20);
	front_put_desc(&front, FRONT_DESC(0), 1, front_addr(&front, FRONT_DATA), 513,
		       VIRTQ_DESC_F_WRITE, 0);
	front_avail(&front, 0, 0);
	front_kick(&front, 0);
	ck_assert_uint_eq(front.mem[FRONT_DATA + 511], 0x11);
	ck_assert_uint_eq(front.mem[FRONT_DATA + 512], IOERR);
	ck_assert_uint_eq(front.mem[FRONT_DATA + 513], 0x11);
	front_close(&front);
}
END_TEST

/* One operation per page of the frontend's, at whatever offset; the fake checks each. */
START_TEST(segments_cross_pages)
{
	uint8_t want[8192];

	open_kind(MAPPING_COPY, 0);
	fill(want, sizeof(want), 1);
	memcpy(front.store.ram, want, sizeof(want));
	put_le32(front.mem + FRONT_HEADER, VIRTIO_BLK_T_IN);
	put_le64(front.mem + FRONT_HEADER + 8, 0);
	/* the header over a page's end; 8191 bytes over three pages, then 1 + status */
	memcpy(front.mem + FRONT_HEADER + DMA_PAGE_SIZE - 7, front.mem + FRONT_HEADER, 16);
	front_put_desc(&front, FRONT_DESC(0), 0,
		       front_addr(&front, FRONT_HEADER + DMA_PAGE_SIZE - 7), 16,
		       VIRTQ_DESC_F_NEXT, 1);
	front_put_desc(&front, FRONT_DESC(0), 1, front_addr(&front, FRONT_DATA + 4000), 8191,
		       VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE, 2);
	front_put_desc(&front, FRONT_DESC(0), 2,
		       front_addr(&front, FRONT_DATA + 6 * DMA_PAGE_SIZE - 1), 2,
		       VIRTQ_DESC_F_WRITE, 0);
	front_avail(&front, 0, 0);
	front_kick(&front, 0);
	ck_assert(!memcmp(front.mem + FRONT_DATA + 4000, want, 8191));
	ck_assert_uint_eq(front.mem[FRONT_DATA + 6 * DMA_PAGE_SIZE - 1], want[8191]);
	ck_assert_uint_eq(front.mem[FRONT_DATA + 6 * DMA_PAGE_SIZE], OK);
	ck_assert_uint_eq(stats()->copies, 2 + 3 + 2);
	ck_assert_uint_eq(stats()->bytes_copied, 16 + 8191 + 2);
	front_close(&front);
}
END_TEST

/* Small segments of a large request are mapped with it; header and status never are. */
START_TEST(adaptive_looks_at_whole_requests)
{
	open_kind(MAPPING_ADAPTIVE, 4096);
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_OUT, 0, 8, 512, false, false), OK);
	ck_assert_uint_eq(fake.map_calls, 0);
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_OUT, 0, 9, 512, false, false), OK);
	ck_assert_uint_eq(fake.map_calls, 1);
	ck_assert_uint_eq(stats()->maps, 1);
	ck_assert_uint_eq(stats()->pages_mapped, 9);
	/* the second request: header in, status out */
	ck_assert_uint_eq(stats()->copies, 1 + 8 + 1 + 2);
	front_close(&front);
}
END_TEST

/* What the frontend changes behind the backend's back is not looked at twice. */
static void change_header(struct fake_grants *fg)
{
	put_le32(fg->mem + FRONT_HEADER, fg->copy_calls == 1 ? VIRTIO_BLK_T_GET_ID :
							       VIRTIO_BLK_T_FLUSH);
}

START_TEST(copies_are_private)
{
	open_kind(MAPPING_COPY, 0);
	fake.on_access = change_header;
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_IN, 0, 1, 512, true, false), OK);
	ck_assert_uint_eq(stats()->req_get_id, 1);
	ck_assert_uint_eq(stats()->req_flush, 0);
	front_close(&front);
}
END_TEST

#define HUGE_PAGES	(VIRTQ_BYTES_MAX / DMA_PAGE_SIZE)

/* More than a frontend can have granted: as much as fits, the rest fails cleanly. */
START_TEST(more_than_fits)
{
	static bool readonly[HUGE_PAGES];
	static struct fake_grants big;
	struct dma_seg segs[2];
	struct vq_stats st;
	struct dma *dma = &big.gd.dma;
	int i;

	memset(&st, 0, sizeof(st));
	memset(segs, 0, sizeof(segs));
	for (i = 0; i < 2; i++) {
		segs[i].addr = DMA_GRANT_BIT | 8ull << DMA_PAGE_SHIFT;
		segs[i].len = VIRTQ_BYTES_MAX;
		segs[i].writable = true;
		segs[i].request = (uint16_t)i;
	}
	fake_grants_open(&big, kinds[_i], 4096, 8, HUGE_PAGES, NULL, readonly);
	if (kinds[_i] == MAPPING_COPY) {
		ck_assert_uint_eq(dma->ops->map(dma, &st, segs, 2), 1);
		ck_assert_int_eq(segs[1].err, -ENOMEM);
		ck_assert_ptr_null(segs[1].va);
		segs[0].written = VIRTQ_BYTES_MAX;
		ck_assert_uint_eq(dma->ops->flush(dma, &st, segs, 2), 0);
		ck_assert_uint_eq(st.copies, HUGE_PAGES);
	} else {
		ck_assert_uint_eq(dma->ops->map(dma, &st, segs, 2), 0);
		ck_assert_uint_eq(big.map_calls, 2);
	}
	ck_assert_ptr_nonnull(segs[0].va);
	dma->ops->unmap(dma, &st, segs, 2);
	fake_grants_close(&big);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-grants");
	TCase *tc = tcase_create("grants");

	tcase_set_timeout(tc, 60);	/* 128 MiB are copied, and the machine may be busy */
	tcase_add_loop_test(tc, data_is_right, 0, NR_KINDS);
	tcase_add_loop_test(tc, cost_of_a_read, 0, (int)(sizeof(costs) / sizeof(costs[0])));
	tcase_add_loop_test(tc, requests_share_a_call, 0, NR_KINDS);
	tcase_add_loop_test(tc, one_of_three_is_out_of_reach, 0, 2 * NR_KINDS);
	tcase_add_loop_test(tc, header_and_status_out_of_reach, 0, NR_KINDS);
	tcase_add_loop_test(tc, no_old_data_in_a_failed_read, 0, NR_KINDS);
	tcase_add_test(tc, segments_cross_pages);
	tcase_add_test(tc, adaptive_looks_at_whole_requests);
	tcase_add_test(tc, copies_are_private);
	tcase_add_loop_test(tc, more_than_fits, 0, NR_KINDS);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
