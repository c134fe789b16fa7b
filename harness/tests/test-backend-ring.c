// SPDX-License-Identifier: GPL-2.0-or-later
/* How the backend works through a ring: indices, notifications, kicks, turns. */
#include <string.h>

#include "tests/lib-backend.h"
#include "tests/lib-check.h"

#define NEXT	VIRTQ_DESC_F_NEXT
#define WRITE	VIRTQ_DESC_F_WRITE

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

/* A read in descriptors 0 to 2. */
static void good(struct front *f)
{
	put_le32(f->mem + FRONT_HEADER, VIRTIO_BLK_T_IN);
	put_le64(f->mem + FRONT_HEADER + 8, 0);
	f->mem[FRONT_STATUS] = 0xff;
	front_put_desc(f, FRONT_DESC(0), 0, front_addr(f, FRONT_HEADER), 16, NEXT, 1);
	front_put_desc(f, FRONT_DESC(0), 1, front_addr(f, FRONT_DATA), 512, NEXT | WRITE, 2);
	front_put_desc(f, FRONT_DESC(0), 2, front_addr(f, FRONT_STATUS), 1, WRITE, 0);
}

/* 70,000 requests over a ring of 4: every index wraps. libcheck is slow, so ask it rarely. */
START_TEST(wraps)
{
	struct front *f = &front;
	uint64_t i;

	front_start(f, 4, VIRTIO_F_EVENT_IDX);
	good(f);
	for (i = 0; i < 70000; i++) {
		front_avail(f, 0, 0);
		front_kick(f, 0);
		if (front_used_idx(f, 0) != (uint16_t)(i + 1))
			ck_abort_msg("request %lu", (unsigned long)i);
	}
	ck_assert_uint_eq(f->blk.dev.queue[0].st.requests, 70000);
	ck_assert_uint_eq(f->raised, 70000);
}
END_TEST

static void set_used_event(struct front *f, uint16_t event)
{
	put_le16(f->mem + FRONT_AVAIL(0) + 4 + 2 * f->num, event);
}

static uint16_t avail_event(const struct front *f)
{
	return get_le16(f->mem + FRONT_USED(0) + 4 + 8 * f->num);
}

/* Notified exactly when the used index passes used_event, over the wrap too. */
START_TEST(event_idx)
{
	struct front *f = &front;
	const struct vq_stats *st = &f->blk.dev.queue[0].st;
	unsigned int i, last = 0;

	good(f);
	set_used_event(f, 0);
	for (i = 0; i < 70000; i++) {
		unsigned int before = f->raised;

		if (i % 7 == 0)
			set_used_event(f, (uint16_t)(i + 3));	/* tell me after 4 more */
		front_avail(f, 0, 0);
		front_kick(f, 0);
		/* and kicks are wanted for the very next entry */
		if (f->raised - before != (i % 7 == 3) || avail_event(f) != (uint16_t)(i + 1))
			ck_abort_msg("request %u: notified %u, avail_event %u", i,
				     f->raised - before, avail_event(f));
		last = i;
	}
	ck_assert_uint_eq(st->notifies + st->notifies_suppressed, last + 1);
}
END_TEST

/* Nothing of the ring before a reset counts for the one after it. */
START_TEST(starts_afresh)
{
	struct front *f = &front;
	unsigned int i;

	good(f);
	for (i = 0; i < 5; i++) {
		front_avail(f, 0, 0);
		front_kick(f, 0);
	}
	front_start(f, 8, 0);
	f->raised = 0;
	good(f);
	set_used_event(f, 6);
	for (i = 1; i <= 7; i++) {
		front_avail(f, 0, 0);
		front_kick(f, 0);
		ck_assert_uint_eq(front_used_idx(f, 0), i);
		ck_assert_uint_eq(f->raised, i == 7);
	}
}
END_TEST

/* 2.1.2: nothing is consumed before DRIVER_OK, and nothing is forgotten. */
START_TEST(waits_for_driver_ok)
{
	struct front *f = &front;

	front_negotiate(f, 0);
	memset(f->mem, 0, FRONT_QUEUE_STRIDE);
	f->avail_idx[0] = 0;
	front_queue_registers(f, 0, 8);
	front_write(f, VMMIO_QUEUE_READY, 1);
	good(f);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert_uint_eq(front_used_idx(f, 0), 0);
	front_write(f, VMMIO_STATUS, 0xf);
	ck_assert(!vdev_process(&f->blk.dev));
	ck_assert_uint_eq(front_used_idx(f, 0), 1);
}
END_TEST

START_TEST(kick_of_a_disabled_queue)
{
	struct front *f = &front;

	front_start(f, 8, VIRTIO_F_EVENT_IDX);
	front_write(f, VMMIO_QUEUE_READY, 0);
	ck_assert_uint_eq(f->dma.maps_now, 0);
	front_kick(f, 0);
	ck_assert(!front_is_broken(f));
}
END_TEST

/* One decision for a batch: crossing used_event anywhere inside it notifies. */
START_TEST(event_idx_batch)
{
	static const struct {
		uint16_t event;
		bool notified;
	} rows[] = { { 0, true }, { 2, true }, { 3, true }, { 4, false }, { 0xffff, false } };
	size_t r;

	for (r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		struct front f;
		unsigned int i;

		front_defaults(&f);
		f.batch = 8;
		front_open(&f);
		front_start(&f, 8, 0);
		good(&f);
		set_used_event(&f, rows[r].event);
		for (i = 0; i < 4; i++)
			front_avail(&f, 0, 0);
		front_kick(&f, 0);
		ck_assert_uint_eq(front_used_idx(&f, 0), 4);
		ck_assert_uint_eq(f.raised, rows[r].notified);
		ck_assert_uint_eq(f.map_calls, 1);	/* all segments of all requests */
		ck_assert_uint_eq(f.blk.dev.queue[0].st.in_flight_max, 4);
		front_close(&f);
	}
}
END_TEST

START_TEST(flags_without_event_idx)
{
	struct front *f = &front;

	front_start(f, 8, VIRTIO_F_EVENT_IDX);
	good(f);
	put_le16(f->mem + FRONT_AVAIL(0), VIRTQ_AVAIL_F_NO_INTERRUPT);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert_uint_eq(f->raised, 0);
	ck_assert_uint_eq(f->blk.dev.queue[0].st.notifies_suppressed, 1);
	put_le16(f->mem + FRONT_AVAIL(0), 0);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert_uint_eq(f->raised, 1);
	/* idle: kicks are wanted */
	ck_assert_uint_eq(get_le16(f->mem + FRONT_USED(0)), 0);
}
END_TEST

/* While it works, the device asks not to be kicked (no EVENT_IDX). */
static uint16_t used_flags_seen;

static void note_used_flags(struct front *f)
{
	used_flags_seen = get_le16(f->mem + FRONT_USED(0));
}

START_TEST(no_kicks_while_busy)
{
	struct front *f = &front;

	front_start(f, 8, VIRTIO_F_EVENT_IDX);
	f->on_map = note_used_flags;
	good(f);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert_uint_eq(used_flags_seen, VIRTQ_USED_F_NO_NOTIFY);
}
END_TEST

/* A request that comes in while the last one is served needs no kick of its own. */
static void one_more(struct front *f)
{
	if (f->avail_idx[0] < 5)
		front_avail(f, 0, 0);
}

START_TEST(takes_late_comers)
{
	struct front *f = &front;

	f->on_map = one_more;
	good(f);
	front_avail(f, 0, 0);
	front_kick(f, 0);
	ck_assert_uint_eq(front_used_idx(f, 0), 5);
	ck_assert_uint_eq(f->blk.dev.queue[0].st.kicks, 1);
}
END_TEST

/* A driver that never stops gets one ring's worth at a time. */
static void endless(struct front *f)
{
	front_avail(f, 0, 0);
}

START_TEST(does_not_starve_others)
{
	struct front *f = &front;

	f->on_map = endless;
	good(f);
	front_avail(f, 0, 0);
	front_write(f, VMMIO_QUEUE_NOTIFY, 0);
	ck_assert(vdev_process(&f->blk.dev));
	ck_assert_uint_eq(f->blk.dev.queue[0].st.requests, 8);
	ck_assert(vdev_process(&f->blk.dev));
	ck_assert_uint_eq(f->blk.dev.queue[0].st.requests, 16);
	f->on_map = NULL;
	ck_assert(!vdev_process(&f->blk.dev));
}
END_TEST

/* A CPU that waits for a register ends the turn after the batch at hand. */
static bool urgent;

static bool should_yield(const struct vdev *dev)
{
	return urgent;
}

START_TEST(yields_to_registers)
{
	struct front *f = &front;
	unsigned int i;

	f->blk.dev.should_yield = should_yield;
	good(f);
	for (i = 0; i < 4; i++)
		front_avail(f, 0, 0);
	urgent = true;
	front_write(f, VMMIO_QUEUE_NOTIFY, 0);
	ck_assert(vdev_process(&f->blk.dev));
	ck_assert_uint_eq(front_used_idx(f, 0), 1);
	ck_assert_uint_eq(f->blk.dev.queue[0].st.yields, 1);
	urgent = false;
	ck_assert(!vdev_process(&f->blk.dev));
	ck_assert_uint_eq(front_used_idx(f, 0), 4);
	ck_assert_uint_eq(f->blk.dev.queue[0].st.kicks, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-ring");
	TCase *tc = tcase_create("ring");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, wraps);
	tcase_add_test(tc, event_idx);
	tcase_add_test(tc, event_idx_batch);
	tcase_add_test(tc, starts_afresh);
	tcase_add_test(tc, waits_for_driver_ok);
	tcase_add_test(tc, kick_of_a_disabled_queue);
	tcase_add_test(tc, flags_without_event_idx);
	tcase_add_test(tc, no_kicks_while_busy);
	tcase_add_test(tc, takes_late_comers);
	tcase_add_test(tc, does_not_starve_others);
	tcase_add_test(tc, yields_to_registers);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
