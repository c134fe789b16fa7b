// SPDX-License-Identifier: GPL-2.0-or-later
/* lib/err, lib/buf, lib/fs: the promises in their headers. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/err.h"
#include "lib/fs.h"
#include "tests/lib-check.h"

static char *dir;

static void setup(void)
{
	dir = lib_check_tmpdir();
}

static void teardown(void)
{
	fs_remove_tree(dir, NULL);
	free(dir);
}

static char *in_dir(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

START_TEST(err_prefixes)
{
	struct err err = { 0 };

	ck_assert_int_eq(err_exit(&err), GB_INFRA);
	ck_assert_int_eq(err_errno(&err, ENOENT, "cannot read %s", "x"), -1);
	ck_assert_str_eq(err.msg, "cannot read x: No such file or directory");
	ck_assert_int_eq(err_exit(&err), GB_INFRA);
	ck_assert_int_eq(err_usage(&err, "key %d", 7), -1);
	ck_assert_int_eq(err_prefix(&err, "cell %d", 3), -1);
	ck_assert_int_eq(err_prefix(&err, "scenario s"), -1);
	ck_assert_str_eq(err.msg, "scenario s: cell 3: key 7");
	ck_assert_int_eq(err_exit(&err), GB_USAGE);
	ck_assert_int_eq(err_subject(&err, "hangs"), -1);
	ck_assert_int_eq(err_exit(&err), GB_SUBJECT);
	/* nobody reads it */
	ck_assert_int_eq(err_set(NULL, "x"), -1);
	ck_assert_int_eq(err_errno(NULL, 1, "x"), -1);
	ck_assert_int_eq(err_prefix(NULL, "x"), -1);
}
END_TEST

START_TEST(err_is_cut)
{
	_cleanup_free_ char *text = xcalloc(1, 5001);
	struct err err = { 0 };

	memset(text, 'x', 5000);
	err_set(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	ck_assert_str_eq(err.msg + strlen(err.msg) - 4, "x...");
	err_errno(&err, EIO, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	err_set(&err, "short");
	err_prefix(&err, "%s", text);
	ck_assert_str_eq(err.msg + strlen(err.msg) - 4, "x...");
	err_set(&err, "%.2040s", text);
	err_prefix(&err, "0123456789");
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	ck_assert_str_eq(err.msg + strlen(err.msg) - 4, "x...");
	ck_assert_int_eq(strncmp(err.msg, "0123456789: xx", 14), 0);
}
END_TEST

START_TEST(buf_grows)
{
	_cleanup_buf_ struct buf buf = BUF_INIT;
	_cleanup_free_ char *text = NULL, *empty = NULL;
	int i;

	for (i = 0; i < 1000; i++)
		buf_addf(&buf, "%d,", i);
	ck_assert_uint_eq(buf.size, strlen(buf.data));
	ck_assert_str_eq(buf.data + buf.size - 8, "998,999,");
	buf_remove_front(&buf, 2);
	ck_assert_int_eq(strncmp(buf.data, "1,2,3,", 6), 0);
	ck_assert_uint_eq(buf.size, strlen(buf.data));
	buf_remove_front(&buf, 0);
	buf_add(&buf, "a\0b", 3);
	ck_assert_int_eq(memcmp(buf.data + buf.size - 3, "a\0b", 4), 0);
	buf_reset(&buf);
	ck_assert_str_eq(buf.data, "");
	buf_addstr(&buf, "x");
	text = buf_detach(&buf);
	ck_assert_str_eq(text, "x");
	ck_assert(!buf.data && !buf.size && !buf.alloc);
	empty = buf_detach(&buf);
	ck_assert_str_eq(empty, "");
	buf_remove_front(&buf, 0);
	buf_reset(&buf);
}
END_TEST

START_TEST(directories)
{
	_cleanup_free_ char *deep = in_dir("a/b//c/"), *file = in_dir("f"), *below = in_dir("f/g");
	struct err err = { 0 };

	ck_assert_msg(fs_mkdirs(deep, &err) == 0, "%s", err.msg);
	ck_assert(fs_is_dir(deep));
	ck_assert_int_eq(fs_mkdirs(deep, &err), 0);
	ck_assert_str_eq(err.msg, "");
	ck_assert_int_eq(fs_write_atomic(file, "x", 1, 0644, &err), 0);
	ck_assert_int_eq(fs_mkdirs(file, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "/f is in the way"));
	ck_assert_int_eq(fs_mkdirs(below, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "Not a directory"));
	ck_assert_int_eq(fs_mkdirs("", &err), -1);
	ck_assert(fs_exists(file) && !fs_is_dir(file) && !fs_exists(below));
}
END_TEST

START_TEST(whole_or_not)
{
	_cleanup_free_ char *file = in_dir("f"), *missing = in_dir("none/f");
	_cleanup_buf_ struct buf buf = BUF_INIT;
	struct err err = { 0 };
	struct stat st;

	ck_assert_int_eq(fs_write_atomic(file, "one", 3, 0640, &err), 0);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(fs_write_atomic(file, "two!", 4, 0600, &err), 0);
	buf_addstr(&buf, ">");
	ck_assert_int_eq(fs_read(file, &buf, &err), 0);
	ck_assert_str_eq(buf.data, ">two!");
	ck_assert_int_eq(fs_write_atomic(missing, "x", 1, 0600, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, missing));
	/* failing leaves outputs alone */
	ck_assert_int_eq(fs_read(missing, &buf, &err), -1);
	ck_assert_int_eq(fs_read(dir, &buf, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "Is a directory"));
	ck_assert_str_eq(buf.data, ">two!");
}
END_TEST

static int list(const char *rel, void *arg, struct err *err)
{
	(void)err;
	buf_addf(arg, "%s ", rel);
	return strcmp(rel, "stop") ? 0 : 7;
}

/* A full disk leaves what was there, and no temporary. RLIMIT_FSIZE stands in for the disk. */
START_TEST(no_space)
{
	_cleanup_free_ char *file = in_dir("f");
	_cleanup_buf_ struct buf buf = BUF_INIT, names = BUF_INIT;
	_cleanup_free_ char *big = xcalloc(1, 1 << 20);
	struct err err = { 0 };

	ck_assert_int_eq(fs_write_atomic(file, "old", 3, 0600, &err), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4096, 4096 }), 0);
	ck_assert_int_eq(fs_write_atomic(file, big, 1 << 20, 0600, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "File too large"));
	ck_assert_int_eq(fs_read(file, &buf, &err), 0);
	ck_assert_str_eq(buf.data, "old");
	ck_assert_int_eq(fs_walk(dir, list, &names, &err), 0);
	ck_assert_str_eq(names.data, "f ");
}
END_TEST

START_TEST(copies)
{
	_cleanup_free_ char *from = in_dir("from"), *to = in_dir("to"), *link = in_dir("link");
	_cleanup_free_ char *big = xcalloc(1, 300000);
	char a[FS_SHA256_HEX], b[FS_SHA256_HEX];
	struct err err = { 0 };
	struct stat st;

	memset(big, 'y', 300000);
	ck_assert_int_eq(fs_write_atomic(from, big, 300000, 0755, &err), 0);
	ck_assert_msg(fs_copy(from, to, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(stat(to, &st), 0);
	ck_assert_int_eq(st.st_size, 300000);
	ck_assert_int_eq(st.st_mode & 07777, 0755);
	ck_assert_int_eq(fs_sha256_file(from, a, &err), 0);
	ck_assert_int_eq(fs_sha256_file(to, b, &err), 0);
	ck_assert_str_eq(a, b);
	ck_assert_int_eq(fs_copy(dir, link, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "not a regular file"));
	ck_assert(!fs_exists(link));
}
END_TEST

START_TEST(sha256)
{
	/* FIPS 180-2, appendix B */
	static const char abc[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	_cleanup_free_ char *file = in_dir("f");
	char hex[FS_SHA256_HEX];
	struct err err = { 0 };

	fs_sha256("abc", 3, hex);
	ck_assert_str_eq(hex, abc);
	ck_assert_int_eq(fs_write_atomic(file, "abc", 3, 0600, &err), 0);
	ck_assert_int_eq(fs_sha256_file(file, hex, &err), 0);
	ck_assert_str_eq(hex, abc);
	ck_assert_int_eq(fs_sha256_file(dir, hex, &err), -1);
}
END_TEST

START_TEST(walk_and_remove)
{
	static const char *const files[] = { "b", "a/z", "a/B", "a.x", "stop" };
	_cleanup_free_ char *sub = in_dir("a"), *link = in_dir("away");
	_cleanup_buf_ struct buf names = BUF_INIT;
	_cleanup_free_ char *outside = lib_check_tmpdir(),
			    *precious = xasprintf("%s/precious", outside);
	struct err err = { 0 };
	size_t i;

	ck_assert_int_eq(fs_mkdirs(sub, &err), 0);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path = in_dir(files[i]);

		ck_assert_int_eq(fs_write_atomic(path, "", 0, 0600, &err), 0);
	}
	ck_assert_int_eq(fs_write_atomic(precious, "", 0, 0600, &err), 0);
	ck_assert_int_eq(symlink(outside, link), 0);
	/* byte order of the whole relative path; the link is listed, not followed */
	ck_assert_int_eq(fs_walk(dir, list, &names, &err), 7);
	ck_assert_str_eq(names.data, "a.x a/B a/z away b stop ");
	ck_assert_int_eq(fs_remove_tree(dir, &err), 0);
	ck_assert(!fs_exists(dir));
	ck_assert(fs_exists(precious));
	ck_assert_int_eq(fs_remove_tree(dir, &err), 0);
	ck_assert_int_eq(fs_walk(dir, list, &names, &err), -1);
	fs_remove_tree(outside, NULL);
}
END_TEST

START_TEST(locks)
{
	_cleanup_free_ char *path = in_dir("lock");
	int a = -1, b = -1, c = -1;
	struct err err = { 0 };

	ck_assert_int_eq(fs_lock(path, false, false, &a, &err), 0);
	ck_assert_int_eq(fs_lock(path, false, false, &b, &err), 0);
	ck_assert_int_eq(fs_lock(path, true, false, &c, &err), -1);
	ck_assert_int_eq(errno, EWOULDBLOCK);
	ck_assert_int_eq(c, -1);
	ck_assert(fcntl(a, F_GETFD) & FD_CLOEXEC);
	close(a);
	close(b);
	ck_assert_int_eq(fs_lock(path, true, false, &c, &err), 0);
	ck_assert_int_eq(fs_lock(path, false, false, &a, &err), -1);
	close(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lib");
	TCase *pure = tcase_create("pure"), *fs = tcase_create("fs");

	tcase_add_test(pure, err_prefixes);
	tcase_add_test(pure, err_is_cut);
	tcase_add_test(pure, buf_grows);
	suite_add_tcase(s, pure);
	tcase_add_checked_fixture(fs, setup, teardown);
	tcase_add_test(fs, directories);
	tcase_add_test(fs, whole_or_not);
	tcase_add_test(fs, no_space);
	tcase_add_test(fs, copies);
	tcase_add_test(fs, sha256);
	tcase_add_test(fs, walk_and_remove);
	tcase_add_test(fs, locks);
	suite_add_tcase(s, fs);
	return lib_check_main(s);
}
