// SPDX-License-Identifier: GPL-2.0-or-later
/* The backend's stores, and its statistics as JSON. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/store.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-backend.h"
#include "tests/lib-check.h"

static char *dir;
static char path[4096];

static void set_up(void)
{
	dir = lib_check_tmpdir();
	snprintf(path, sizeof(path), "%s/disk", dir);
}

static void tear_down(void)
{
	unlink(path);
	rmdir(dir);
	free(dir);
}

static const enum vstore_kind kinds[] = { VSTORE_RAM, VSTORE_FILE };

START_TEST(keeps_what_was_written)
{
	struct vstore s = VSTORE_INIT;
	struct vq_stats st = { 0 };
	uint8_t out[3000], in[3000];
	struct iovec iov[3];
	size_t i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 31);
	ck_assert_int_eq(vstore_open(&s, kinds[_i], path, 1 << 16, false), 0);
	ck_assert_uint_eq(s.size, 1 << 16);
	iov[0] = (struct iovec){ out, 1000 };
	iov[1] = (struct iovec){ out + 1000, 1 };
	iov[2] = (struct iovec){ out + 1001, 1999 };
	ck_assert_int_eq(vstore_write(&s, &st, iov, 3, 5000), 0);
	iov[0] = (struct iovec){ in, 2500 };
	iov[1] = (struct iovec){ in + 2500, 500 };
	ck_assert_int_eq(vstore_read(&s, &st, iov, 2, 5000), 0);
	ck_assert(!memcmp(in, out, sizeof(in)));
	ck_assert_int_eq(vstore_flush(&s, &st), 0);
	ck_assert_uint_eq(st.syscalls, kinds[_i] == VSTORE_FILE ? 3 : 0);
	vstore_close(&s);
	vstore_close(&s);	/* harmless */
}
END_TEST

START_TEST(zeroes)
{
	struct vstore s = VSTORE_INIT;
	struct vq_stats st = { 0 };
	uint8_t buf[20000];
	struct iovec iov;
	size_t i;
	int unmap;

	for (unmap = 0; unmap < 2; unmap++) {
		ck_assert_int_eq(vstore_open(&s, kinds[_i], path, 1 << 16, false), 0);
		memset(buf, 0xee, sizeof(buf));
		iov = (struct iovec){ buf, sizeof(buf) };
		ck_assert_int_eq(vstore_write(&s, &st, &iov, 1, 0), 0);
		ck_assert_int_eq(vstore_zero(&s, &st, 512, 9000, unmap), 0);
		iov = (struct iovec){ buf, sizeof(buf) };
		ck_assert_int_eq(vstore_read(&s, &st, &iov, 1, 0), 0);
		for (i = 0; i < sizeof(buf); i++)
			ck_assert_uint_eq(buf[i], i >= 512 && i < 9512 ? 0 : 0xee);
		/* discarding touches no byte outside; inside anything goes */
		ck_assert_int_eq(vstore_discard(&s, &st, 10000, 5000), 0);
		iov = (struct iovec){ buf, sizeof(buf) };
		ck_assert_int_eq(vstore_read(&s, &st, &iov, 1, 0), 0);
		ck_assert_uint_eq(buf[9999], 0xee);
		ck_assert_uint_eq(buf[15000], 0xee);
		vstore_close(&s);
		unlink(path);
	}
}
END_TEST

START_TEST(file_sizes)
{
	struct vstore s = VSTORE_INIT;
	struct stat stat_buf;
	int fd;

	/* not there, and nobody says how large */
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, path, 0, false), -ENOENT);
	ck_assert_int_eq(s.fd, -1);
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, path, 4096, true), -ENOENT);
	/* made, its own size, grown */
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, path, 4096, false), 0);
	vstore_close(&s);
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, path, 0, true), 0);
	ck_assert_uint_eq(s.size, 4096);
	vstore_close(&s);
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, path, 8192, true), -EFBIG);
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, path, 8192, false), 0);
	vstore_close(&s);
	ck_assert_int_eq(stat(path, &stat_buf), 0);
	ck_assert_int_eq(stat_buf.st_size, 8192);
	/* half a sector at the end does not count */
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 8192 + 100), 0);
	close(fd);
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, path, 0, true), 0);
	ck_assert_uint_eq(s.size, 8192);
	vstore_close(&s);
}
END_TEST

START_TEST(file_made_shorter)
{
	struct vstore s = VSTORE_INIT;
	struct vq_stats st = { 0 };
	uint8_t buf[1024];
	struct iovec iov = { buf, sizeof(buf) };

	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, path, 4096, false), 0);
	ck_assert_int_eq(truncate(path, 512), 0);
	ck_assert_int_eq(vstore_read(&s, &st, &iov, 1, 0), -EIO);
	vstore_close(&s);
}
END_TEST

START_TEST(readonly_file)
{
	struct vstore s = VSTORE_INIT;
	struct vq_stats st = { 0 };
	uint8_t buf[512] = { 0 };
	struct iovec iov = { buf, sizeof(buf) };

	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, path, 4096, false), 0);
	vstore_close(&s);
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, path, 0, true), 0);
	ck_assert_int_eq(vstore_write(&s, &st, &iov, 1, 0), -EBADF);
	vstore_close(&s);
}
END_TEST

START_TEST(refuses_to_open)
{
	struct vstore s = VSTORE_INIT;

	ck_assert_int_eq(vstore_open(&s, VSTORE_RAM, NULL, 0, false), -EINVAL);
	ck_assert_int_eq(vstore_open(&s, VSTORE_RAM, NULL, 1000, false), -EINVAL);
	ck_assert_int_eq(vstore_open(&s, VSTORE_NULL, NULL, 0, false), -EINVAL);
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, NULL, 512, false), -EINVAL);
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, dir, 0, true), -EINVAL);
	ck_assert_int_eq(vstore_open(&s, VSTORE_FILE, "/nowhere/at/all", 512, false), -ENOENT);
}
END_TEST

/* What the harness reads: the fields are there, and they say what happened. */
START_TEST(stats_json)
{
	_cleanup_json_ json_t *root = NULL;
	_cleanup_free_ char *text = NULL;
	struct vq_stats sum;
	struct front f;
	struct jw jw = { 0 };
	json_t *io;
	size_t size;

	front_defaults(&f);
	f.config.nr_queues = 2;
	front_open(&f);
	front_start(&f, 16, 0);
	front_request(&f, VIRTIO_BLK_T_OUT, 0, 2, 512, false, true);
	front_request(&f, VIRTIO_BLK_T_IN, 0, 1, 4096, true, false);
	snprintf(f.blk.dev.why, sizeof(f.blk.dev.why), "\"quoted\\\"\n\x7f\xc3");

	jw.out = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(jw.out);
	jw_open(&jw, NULL, '{');
	vdev_write_stats(&f.blk.dev, &jw);
	jw_close(&jw, '}');
	ck_assert_int_eq(fclose(jw.out), 0);
	ck_assert_ptr_null(strchr(text, '\n'));	/* one line */
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(root);

	ck_assert_str_eq(json_string_value(json_object_get(root, "type")), "blk");
	ck_assert_str_eq(json_string_value(json_object_get(root, "mapping")), "test");
	ck_assert(json_is_true(json_object_get(root, "grants")));
	ck_assert(json_is_true(json_object_get(root, "driver_ok")));
	ck_assert_uint_eq(strtoull(json_string_value(json_object_get(root, "features_negotiated")),
				   NULL, 16), f.blk.dev.mmio.features);
	io = json_object_get(root, "io");
	ck_assert_int_eq(json_integer_value(json_object_get(io, "requests")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "req_out")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "descriptors")), 7);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "descriptors_max")), 4);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "indirect")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "maps")), 8);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "unmaps")), 8);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "kicks")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "bytes_out")), 1024);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "bytes_in")), 4096);
	/* two queues' rings, and what the requests named */
	ck_assert_int_eq(json_integer_value(json_object_get(io, "addr_bit63")), 6 + 5 + 3);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "addr_plain")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(root, "queues")), 2);
	io = json_object_get(root, "setup");
	ck_assert_int_eq(json_integer_value(json_object_get(io, "maps")), 6);
	ck_assert_int_eq(json_integer_value(json_object_get(io, "unmaps")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(root, "maps_now")), 6);

	vdev_io_stats(&f.blk.dev, &sum);
	ck_assert_uint_eq(sum.requests, 2);
	front_close(&f);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-store");
	TCase *tc = tcase_create("store");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, keeps_what_was_written, 0, 2);
	tcase_add_loop_test(tc, zeroes, 0, 2);
	tcase_add_test(tc, file_sizes);
	tcase_add_test(tc, file_made_shorter);
	tcase_add_test(tc, readonly_file);
	tcase_add_test(tc, refuses_to_open);
	tcase_add_test(tc, stats_json);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
