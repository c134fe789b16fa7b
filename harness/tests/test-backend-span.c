// SPDX-License-Identifier: GPL-2.0-or-later
/* Marks and spans: what of a run the backend's counters can be cut out of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-backend.h"
#include "tests/lib-check.h"

#define OK 0
#define SECTOR 512

static struct front front;
static unsigned int taken[VDEV_SNAPSHOTS];
static uint64_t requests_at[VDEV_SNAPSHOTS];

static uint64_t requests(struct vdev *dev)
{
	struct vq_stats st;

	vdev_io_stats(dev, &st);
	return st.requests;
}

static void snapshot(struct vdev *dev, enum vdev_snapshot which)
{
	taken[which]++;
	requests_at[which] = requests(dev);
}

static void write_snapshots(const struct vdev *dev, struct jw *jw)
{
	(void)dev;
	jw_u64(jw, "seen", 1);
}

static void setup(void)
{
	front_defaults(&front);
	front_open(&front);
	front.blk.dev.span_bytes = 3 * SECTOR;
	front.blk.dev.snapshot = snapshot;
	front.blk.dev.write_snapshots = write_snapshots;
	front_start(&front, 8, 0);
	memset(taken, 0, sizeof(taken));
	memset(requests_at, 0, sizeof(requests_at));
}

static void teardown(void)
{
	front_close(&front);
}

static void mark(void)
{
	ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_GET_ID, 0, 1, 20, true, false), OK);
}

static void read_sectors(unsigned int n)
{
	while (n--)
		ck_assert_uint_eq(front_request(&front, VIRTIO_BLK_T_IN, 0, 1, SECTOR, true, false), OK);
}

static json_t *stats(void)
{
	char *text = NULL;
	size_t size = 0;
	struct jw jw = { .out = open_memstream(&text, &size) };
	json_t *json;

	jw_open(&jw, NULL, '{');
	vdev_write_stats(&front.blk.dev, &jw);
	jw_close(&jw, '}');
	fclose(jw.out);
	json = json_loads(text, 0, NULL);
	ck_assert_msg(json != NULL, "%s", text);
	free(text);
	return json;
}

static json_int_t number(const json_t *obj, const char *key)
{
	ck_assert_msg(json_is_integer(json_object_get(obj, key)), "no %s", key);
	return json_integer_value(json_object_get(obj, key));
}

/* From the first answer behind the mark to the one that completes the data. */
START_TEST(whole)
{
	_cleanup_json_ json_t *json = NULL;
	const json_t *span;

	read_sectors(1);
	mark();
	mark();
	ck_assert_uint_eq(taken[VDEV_SNAPSHOT_FIRST], 0);
	read_sectors(1);
	ck_assert_uint_eq(taken[VDEV_SNAPSHOT_BEFORE], 1);
	ck_assert_uint_eq(taken[VDEV_SNAPSHOT_FIRST], 1);
	/* the first request's answer is out */
	ck_assert_uint_eq(requests_at[VDEV_SNAPSHOT_FIRST], 4);
	read_sectors(1);
	ck_assert_uint_eq(taken[VDEV_SNAPSHOT_LAST], 0);
	read_sectors(1);
	ck_assert_uint_eq(taken[VDEV_SNAPSHOT_LAST], 1);
	ck_assert_uint_eq(requests_at[VDEV_SNAPSHOT_LAST], 6);
	mark();
	json = stats();
	span = json_object_get(json, "span");
	ck_assert(json_is_true(json_object_get(span, "done")));
	ck_assert_int_eq(number(json, "nr_marks"), 3);
	ck_assert_int_eq(number(span, "mark"), 2);
	ck_assert_int_eq(number(span, "requests"), 2);
	ck_assert_int_eq(number(span, "lead_bytes"), SECTOR);
	ck_assert_int_eq(number(span, "bytes"), 2 * SECTOR);
	ck_assert_int_gt(number(span, "last_ns"), number(span, "first_ns"));
	ck_assert_int_eq(number(span, "seen"), 1);
}
END_TEST

/* What comes behind the last mark, such as a driver's look at the disk, changes nothing. */
START_TEST(a_later_beginning_does_not_hide_it)
{
	_cleanup_json_ json_t *json = NULL;
	const json_t *span;

	mark();
	read_sectors(3);
	mark();
	read_sectors(1);
	json = stats();
	span = json_object_get(json, "span");
	ck_assert(json_is_true(json_object_get(span, "done")));
	ck_assert_int_eq(number(span, "mark"), 1);
	ck_assert_int_eq(number(span, "bytes"), 2 * SECTOR);
}
END_TEST

START_TEST(too_little_data)
{
	_cleanup_json_ json_t *json = NULL;
	const json_t *span;

	mark();
	read_sectors(2);
	mark();
	json = stats();
	span = json_object_get(json, "span");
	ck_assert(json_is_false(json_object_get(span, "done")));
	ck_assert_int_eq(number(span, "bytes") + number(span, "lead_bytes"), 2 * SECTOR);
	ck_assert_ptr_null(json_object_get(span, "seen"));
	ck_assert_uint_eq(taken[VDEV_SNAPSHOT_LAST], 0);
}
END_TEST

START_TEST(no_mark_no_span)
{
	_cleanup_json_ json_t *json = NULL;

	read_sectors(5);
	json = stats();
	ck_assert_ptr_null(json_object_get(json, "span"));
	ck_assert_uint_eq(taken[VDEV_SNAPSHOT_FIRST], 0);
}
END_TEST

START_TEST(off)
{
	_cleanup_json_ json_t *json = NULL;

	front.blk.dev.span_bytes = 0;
	mark();
	read_sectors(3);
	json = stats();
	ck_assert_ptr_null(json_object_get(json, "span"));
}
END_TEST

/* Only the last few are kept, oldest first, each with the counters of its moment. */
START_TEST(marks)
{
	_cleanup_json_ json_t *json = NULL;
	const json_t *list;
	size_t i;

	for (i = 0; i < VDEV_MARKS + 3; i++) {
		read_sectors(1);
		mark();
	}
	json = stats();
	list = json_object_get(json, "marks");
	ck_assert_uint_eq(json_array_size(list), VDEV_MARKS);
	ck_assert_int_eq(number(json, "nr_marks"), VDEV_MARKS + 3);
	for (i = 0; i < VDEV_MARKS; i++)
		ck_assert_int_eq(number(json_array_get(list, i), "req_in"), (json_int_t)i + 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("backend-span");
	TCase *tc = tcase_create("span");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, whole);
	tcase_add_test(tc, a_later_beginning_does_not_hide_it);
	tcase_add_test(tc, too_little_data);
	tcase_add_test(tc, no_mark_no_span);
	tcase_add_test(tc, off);
	tcase_add_test(tc, marks);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
