// SPDX-License-Identifier: GPL-2.0-or-later
/* Strategy "persistent": the frontend's pool, mapped once; nothing else is reachable. */
#include <string.h>

#include "tests/lib-backend.h"
#include "tests/lib-check.h"

#define OK	VIRTIO_BLK_S_OK
#define IOERR	VIRTIO_BLK_S_IOERR

static struct front front;
static struct fake_grants fake;

static void set_up(void)
{
	front_defaults(&front);
	front.fake = &fake;
	front.mapping = MAPPING_PERSISTENT;
	front_open(&front);
}

static void tear_down(void)
{
	front_close(&front);
}

START_TEST(requests_cost_nothing)
{
	const struct vq_stats *st = &front.blk.dev.queue[0].st;
	unsigned int i;

	front_start(&front, 64, 0);
	ck_assert_uint_eq(fake.map_calls, 1);
	for (i = 0; i < 10; i++) {
		memset(front.mem + FRONT_DATA, (int)i + 1, 8192);
		ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_OUT, 8, 2, 4096, false, i & 1), OK);
		memset(front.mem + FRONT_DATA, 0, 8192);
		ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_IN, 8, 1, 8192, true, i & 1), OK);
		ck_assert_uint_eq(front.mem[FRONT_DATA + 8191], i + 1);
		ck_assert_uint_eq(front.mem[FRONT_DATA + 8192], 0);
	}
	ck_assert_uint_eq(fake.map_calls, 1);
	ck_assert_uint_eq(fake.copy_calls, 0);
	ck_assert_uint_eq(st->maps + st->unmaps + st->copies, 0);
	ck_assert_uint_eq(front.fake->gd.dma.pages_now, FRONT_PAGES);
}
END_TEST

/* Gone before the reset is answered: the frontend may end its grants then. */
START_TEST(reset_lets_go)
{
	front_start(&front, 64, 0);
	ck_assert_uint_eq(fake.nr_live, 1);
	front_write(&front, VMMIO_STATUS, 0);
	ck_assert_uint_eq(fake.nr_live, 0);
	front_start(&front, 64, 0);
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_IN, 0, 1, 512, true, true), OK);
}
END_TEST

/* A frontend that makes grants for each request, and announces none, gets no features. */
START_TEST(upstream_frontend_is_refused)
{
	front.pool_grants = 0;
	front_negotiate(&front, 0);
	ck_assert_uint_eq(front_read(&front, VMMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK, 0);
	ck_assert_uint_eq(front.blk.dev.mmio.features_refused, 1);
	ck_assert_uint_eq(fake.map_calls, 0);
}
END_TEST

/* What a frontend leaves beside its buffers is counted, until a workload is timed. */
START_TEST(data_beside_a_request)
{
	const struct vq_stats *st = &front.blk.dev.queue[0].st;

	front_start(&front, 64, 0);
	front.mem[FRONT_DATA + 511] = 0x77;
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_OUT, 0, 1, 512, false, false), OK);
	ck_assert_uint_eq(st->beside, 0);
	front.mem[FRONT_DATA + 512] = 0x77;
	front.mem[FRONT_DATA + 4095] = 0x77;
	front.mem[FRONT_DATA + 4096] = 0x77;
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_OUT, 0, 1, 512, false, true), OK);
	ck_assert_uint_eq(st->beside, 2);
	/* a read: what is there the device writes over */
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_IN, 0, 1, 512, true, false), OK);
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_GET_ID, 0, 1, 512, true, false), OK);
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_OUT, 0, 1, 512, false, false), OK);
	ck_assert_uint_eq(st->beside, 2);
}
END_TEST

/* Granted or not, what is not of the pool is out of reach, from either side of its ends. */
START_TEST(outside_the_pool)
{
	static const struct { uint32_t at; unsigned int len; bool below; uint8_t status; } rows[] = {
		{ 40 * DMA_PAGE_SIZE - 512, 512, false, OK },
		{ 40 * DMA_PAGE_SIZE - 512, 1024, false, IOERR },
		{ 40 * DMA_PAGE_SIZE, 512, false, IOERR },
		{ 50 * DMA_PAGE_SIZE, 512, false, IOERR },
		{ DMA_PAGE_SIZE, 512, true, IOERR },
	};
	uint64_t addr = front_addr(&front, 0);

	front.pool_grants = 40;
	front_start(&front, 64, 0);
	put_le32(front.mem + FRONT_HEADER, VIRTIO_BLK_T_IN);
	front_put_desc(&front, FRONT_DESC(0), 0, front_addr(&front, FRONT_HEADER), 16,
		       VIRTQ_DESC_F_NEXT, 1);
	front_put_desc(&front, FRONT_DESC(0), 1, rows[_i].below ? addr - rows[_i].at : addr + rows[_i].at,
		       rows[_i].len, VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE, 2);
	front_put_desc(&front, FRONT_DESC(0), 2, front_addr(&front, FRONT_STATUS), 1,
		       VIRTQ_DESC_F_WRITE, 0);
	front_avail(&front, 0, 0);
	front_kick(&front, 0);
	ck_assert_uint_eq(front.mem[FRONT_STATUS], rows[_i].status);
	ck_assert(!front_is_broken(&front));
	ck_assert_uint_eq(fake.map_calls, 1);
}
END_TEST

START_TEST(rings_outside_the_pool)
{
	front.pool_grants = 2;	/* descriptors and avail ring, not the used ring */
	front_negotiate(&front, 0);
	front_queue_registers(&front, 0, 64);
	front_write(&front, VMMIO_QUEUE_READY, 1);
	ck_assert(front_is_broken(&front));
	ck_assert_int_eq(front_fault(&front, 0), VIRTQ_FAULT_RING_MAP);
}
END_TEST

/* A pool that cannot be mapped, read-only or not granted, is none. */
START_TEST(pool_that_cannot_be_mapped)
{
	(_i ? front.readonly : front.granted)[7] = _i;
	front_negotiate(&front, 0);
	ck_assert_uint_ne(front_read(&front, VMMIO_POOL_STATUS), 0);
	ck_assert_uint_eq(front_read(&front, VMMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK, 0);
	ck_assert_uint_eq(fake.nr_live, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-pool");
	TCase *tc = tcase_create("pool");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, requests_cost_nothing);
	tcase_add_test(tc, reset_lets_go);
	tcase_add_test(tc, data_beside_a_request);
	tcase_add_test(tc, upstream_frontend_is_refused);
	tcase_add_loop_test(tc, outside_the_pool, 0, 5);
	tcase_add_test(tc, rings_outside_the_pool);
	tcase_add_loop_test(tc, pool_that_cannot_be_mapped, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
