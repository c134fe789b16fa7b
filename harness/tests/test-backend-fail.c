// SPDX-License-Identifier: GPL-2.0-or-later
/* Block requests that cannot be served: memory out of reach, resets in between. */
#include <string.h>

#include "tests/lib-backend.h"
#include "tests/lib-check.h"

#define OK		VIRTIO_BLK_S_OK
#define IOERR		VIRTIO_BLK_S_IOERR

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

/* Without a place for header and status there is nothing to answer: broken. */
START_TEST(no_room)
{
	struct front *f = &front;
	int i;

	for (i = 0; i < 2; i++) {
		front_start(f, 8, 0);
		front_put_desc(f, FRONT_DESC(0), 0, front_addr(f, FRONT_HEADER), i ? 16 : 15,
			       i ? 0 : VIRTQ_DESC_F_NEXT, 1);
		front_put_desc(f, FRONT_DESC(0), 1, front_addr(f, FRONT_STATUS), 1,
			       VIRTQ_DESC_F_WRITE, 0);
		front_avail(f, 0, 0);
		front_kick(f, 0);
		ck_assert(front_is_broken(f));
		ck_assert_ptr_nonnull(strstr(f->blk.dev.why, "header and status"));
		ck_assert_uint_eq(front_used_idx(f, 0), 0);
	}
	ck_assert_uint_eq(f->broken, 2);
}
END_TEST

/* A page that cannot be mapped is an I/O error, as long as the status can be told. */
START_TEST(data_out_of_reach)
{
	struct front *f = &front;

	f->granted[FRONT_DATA / DMA_PAGE_SIZE] = false;
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_IN, 0, 2, 4096, true, false), IOERR);
	ck_assert(!front_is_broken(f));
	ck_assert_uint_eq(stats(f)->map_failures, 1);
	ck_assert_uint_eq(stats(f)->errors, 1);
	ck_assert_uint_eq(front_used_len(f, 0, 0), 0);
	ck_assert_uint_eq(stats(f)->maps, stats(f)->unmaps);

	/* a read into pages that are granted for reading only */
	f->granted[FRONT_DATA / DMA_PAGE_SIZE] = true;
	f->readonly[FRONT_DATA / DMA_PAGE_SIZE] = true;
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_IN, 0, 1, 512, true, false), IOERR);
	/* a write out of them maps read-only, and works */
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_OUT, 0, 1, 512, false, false), OK);

	f->granted[FRONT_HEADER / DMA_PAGE_SIZE] = false;
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_OUT, 0, 1, 512, false, false), IOERR);
	ck_assert(!front_is_broken(f));
}
END_TEST

START_TEST(status_out_of_reach)
{
	struct front *f = &front;

	f->readonly[FRONT_STATUS / DMA_PAGE_SIZE] = true;
	front_request(f, VIRTIO_BLK_T_IN, 0, 1, 512, true, false);
	ck_assert(front_is_broken(f));
	ck_assert_ptr_nonnull(strstr(f->blk.dev.why, "cannot be mapped"));
	ck_assert_uint_eq(f->dma.maps_now, 0);
}
END_TEST

/* In a batch, a bad request takes none of the good ones with it. */
START_TEST(batch_with_an_unreachable_one)
{
	struct front f;
	unsigned int i;

	front_defaults(&f);
	f.batch = 4;
	front_open(&f);
	front_start(&f, 16, 0);
	put_le32(f.mem + FRONT_HEADER, VIRTIO_BLK_T_IN);
	f.granted[FRONT_DATA / DMA_PAGE_SIZE + 1] = false;
	for (i = 0; i < 3; i++) {
		front_put_desc(&f, FRONT_DESC(0), 3 * i, front_addr(&f, FRONT_HEADER), 16,
			       VIRTQ_DESC_F_NEXT, (uint16_t)(3 * i + 1));
		front_put_desc(&f, FRONT_DESC(0), 3 * i + 1,
			       front_addr(&f, FRONT_DATA + i * DMA_PAGE_SIZE), 512,
			       VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE, (uint16_t)(3 * i + 2));
		front_put_desc(&f, FRONT_DESC(0), 3 * i + 2, front_addr(&f, FRONT_STATUS + i), 1,
			       VIRTQ_DESC_F_WRITE, 0);
		front_avail(&f, 0, (uint16_t)(3 * i));
	}
	memset(f.store.ram, 0x5c, 512);
	front_kick(&f, 0);
	ck_assert_uint_eq(f.mem[FRONT_STATUS], OK);
	ck_assert_uint_eq(f.mem[FRONT_STATUS + 1], IOERR);
	ck_assert_uint_eq(f.mem[FRONT_STATUS + 2], OK);
	ck_assert_uint_eq(f.mem[FRONT_DATA + 511], 0x5c);
	ck_assert_uint_eq(f.mem[FRONT_DATA + DMA_PAGE_SIZE], 0);
	ck_assert_uint_eq(f.mem[FRONT_DATA + 2 * DMA_PAGE_SIZE], 0x5c);
	ck_assert_uint_eq(front_used_idx(&f, 0), 3);
	front_close(&f);
}
END_TEST

/* The driver resets while its request is being served: the next one starts afresh. */
static void reset_now(struct front *f)
{
	if (f->map_calls == 2)
		front_write(f, VMMIO_STATUS, 0);
}

START_TEST(reset_between_requests)
{
	struct front *f = &front;

	put_le32(f->mem + FRONT_HEADER, VIRTIO_BLK_T_FLUSH);
	front_put_desc(f, FRONT_DESC(0), 0, front_addr(f, FRONT_HEADER), 16, VIRTQ_DESC_F_NEXT, 1);
	front_put_desc(f, FRONT_DESC(0), 1, front_addr(f, FRONT_STATUS), 1, VIRTQ_DESC_F_WRITE, 0);
	front_avail(f, 0, 0);
	front_avail(f, 0, 0);
	front_write(f, VMMIO_QUEUE_NOTIFY, 0);	/* kicked, not yet served */
	front_write(f, VMMIO_STATUS, 0);
	ck_assert(!vdev_process(&f->blk.dev));
	ck_assert_uint_eq(stats(f)->requests, 0);
	ck_assert_uint_eq(f->dma.maps_now, 0);

	/* the kick is forgotten: a new ring starts empty */
	front_start(f, 8, 0);
	ck_assert(!vdev_process(&f->blk.dev));
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_FLUSH, 0, 0, 0, true, false), OK);
	ck_assert_uint_eq(front_used_idx(f, 0), 1);
}
END_TEST

/*
 * Nothing in the backend can reset a device while it serves a request: there is
 * one thread. Should that change, this shows whether it survives.
 */
START_TEST(reset_under_a_request)
{
	struct front *f = &front;

	f->on_map = reset_now;
	front_request(f, VIRTIO_BLK_T_IN, 0, 1, 512, true, true);
	ck_assert_uint_eq(f->dma.maps_now, 0);
	ck_assert_uint_eq(stats(f)->requests, 0);
	ck_assert_uint_eq(front_read(f, VMMIO_STATUS), 0);
	f->on_map = NULL;
	front_start(f, 8, 0);
	ck_assert_uint_eq(front_request(f, VIRTIO_BLK_T_IN, 0, 1, 512, true, false), OK);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-fail");
	TCase *tc = tcase_create("fail");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, no_room);
	tcase_add_test(tc, data_out_of_reach);
	tcase_add_test(tc, status_out_of_reach);
	tcase_add_test(tc, batch_with_an_unreachable_one);
	tcase_add_test(tc, reset_between_requests);
	tcase_add_test(tc, reset_under_a_request);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
