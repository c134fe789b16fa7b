// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * build/: hits and misses, two builders at once, builders that are killed, a
 * full disk, bad input. Works on the artifact debs-busybox-arm64, whose package
 * is made here: no network, no compiler.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build/artifact.h"
#include "lib/cleanup.h"
#include "lib/spawn.h"
#include "tests/lib-build.h"
#include "tests/lib-check.h"

#define NAME "debs-busybox-arm64"
#define SIZE (1u << 20)

static char *dir, *cache, *data;

static void setup(void)
{
	static const char *const sub[] = { "guests", "images" };
	size_t i;

	dir = lib_check_tmpdir();
	cache = xasprintf("%s/cache", dir);
	data = xasprintf("%s/data", dir);
	for (i = 0; i < ARRAY_SIZE(sub); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", data, sub[i]);

		ck_assert_int_eq(fs_mkdirs(path, NULL), 0);
	}
}

static void teardown(void)
{
	fs_remove_tree(dir, NULL);
	free(dir);
	free(cache);
	free(data);
}

struct seen {
	unsigned int count[BUILD_FAILED + 1];
	int fd;		/* one letter per event goes here too, -1: nowhere */
};

static void see(const struct build_event *event, void *arg)
{
	struct seen *seen = arg;

	seen->count[event->type]++;
	if (seen->fd >= 0 && write(seen->fd, &"HWFSDX"[event->type], 1) != 1)
		abort();
}

/* One builder, one artifact. */
static int get(struct build_opts *opts, const char *name, struct artifact *out, struct err *err)
{
	struct builder *b;
	int ret;

	opts->cache_dir = cache;
	opts->data_dir = data;
	b = builder_new(opts, err);
	if (!b)
		return -1;
	ret = builder_get(b, name, out, err);
	builder_free(b);
	return ret;
}

static int get_busybox(struct seen *seen, struct artifact *out, struct err *err)
{
	struct build_opts opts = { .progress = see, .progress_arg = seen };

	return get(&opts, NAME, out, err);
}

/* Entries of a directory of the cache, "." and ".." not counted. */
static unsigned int entries(const char *sub)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", cache, sub);
	_cleanup_closedir_ DIR *d = opendir(path);
	unsigned int nr = 0;
	struct dirent *e;

	while (d && (e = readdir(d)))
		nr += e->d_name[0] != '.';
	return nr;
}

START_TEST(miss_then_hit)
{
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT, b = ARTIFACT_INIT, p = ARTIFACT_INIT;
	struct build_opts opts = { .cache_dir = cache, .data_dir = data };
	struct seen seen = { .fd = -1 };
	_cleanup_free_ char *file = NULL;
	struct builder *builder;
	struct err err = { 0 };
	struct stat st;

	lib_pin_busybox(cache, SIZE);
	builder = builder_new(&opts, &err);
	ck_assert_ptr_nonnull(builder);
	ck_assert_int_eq(builder_plan(builder, NAME, &p, &err), 0);
	ck_assert(!p.hit);
	ck_assert_uint_eq(strlen(p.key), 64);
	ck_assert_uint_eq(entries("artifacts"), 0);
	builder_free(builder);

	ck_assert_msg(get_busybox(&seen, &a, &err) == 0, "%s", err.msg);
	ck_assert(!a.hit);
	ck_assert_uint_eq(seen.count[BUILD_START], 1);
	ck_assert_uint_eq(seen.count[BUILD_DONE], 1);
	ck_assert_str_eq(a.key, p.key);
	ck_assert_str_eq(a.name, NAME);
	ck_assert_str_eq(a.version, "1.37");
	ck_assert(*a.path == '/' && fs_exists(a.path));
	file = xasprintf("%s/root/usr/busybox", a.dir);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_size, SIZE);

	ck_assert_int_eq(get_busybox(&seen, &b, &err), 0);
	ck_assert(b.hit);
	ck_assert_uint_eq(seen.count[BUILD_START], 1);
	ck_assert_str_eq(a.key, b.key);
	ck_assert_str_eq(a.sha256, b.sha256);
	ck_assert_str_eq(a.path, b.path);
	ck_assert_uint_eq(entries("tmp"), 0);
}
END_TEST

START_TEST(other_inputs_are_another_artifact)
{
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT, b = ARTIFACT_INIT;
	struct seen seen = { .fd = -1 };
	struct err err = { 0 };

	lib_pin_busybox(cache, 1000);
	ck_assert_msg(get_busybox(&seen, &a, &err) == 0, "%s", err.msg);
	lib_pin_busybox(cache, 1001);
	ck_assert_msg(get_busybox(&seen, &b, &err) == 0, "%s", err.msg);
	ck_assert(!b.hit);
	ck_assert_str_ne(a.key, b.key);
	ck_assert(fs_exists(a.path));
	/* and back: the first is still there */
	artifact_release(&b);
	lib_pin_busybox(cache, 1000);
	ck_assert_int_eq(get_busybox(&seen, &b, &err), 0);
	ck_assert(b.hit);
	ck_assert_str_eq(a.key, b.key);
}
END_TEST

START_TEST(damaged_result_is_made_again)
{
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT, b = ARTIFACT_INIT;
	struct seen seen = { .fd = -1 };
	struct err err = { 0 };

	lib_pin_busybox(cache, 1000);
	ck_assert_int_eq(get_busybox(&seen, &a, &err), 0);
	ck_assert_int_eq(truncate(a.path, 3), 0);
	ck_assert_msg(get_busybox(&seen, &b, &err) == 0, "%s", err.msg);
	ck_assert(!b.hit);
	ck_assert_str_eq(a.sha256, b.sha256);
}
END_TEST

START_TEST(damaged_download_is_refused)
{
	_cleanup_free_ char *deb = xasprintf("%s/downloads/busybox-static_1_arm64.deb", cache);
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT;
	struct seen seen = { .fd = -1 };
	struct err err = { 0 };

	lib_pin_busybox(cache, 1000);
	ck_assert_int_eq(truncate(deb, 100), 0);
	ck_assert_int_eq(get_busybox(&seen, &a, &err), -1);
	ck_assert_msg(strstr(err.msg, "is damaged") != NULL, "%s", err.msg);
	ck_assert_uint_eq(seen.count[BUILD_FAILED], 1);
	ck_assert_ptr_null(a.name);
	ck_assert_uint_eq(entries("artifacts"), 0);
	ck_assert_uint_eq(entries("tmp"), 0);
}
END_TEST

/* A child that builds, its events going to fd. */
static pid_t start_builder(int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct artifact a = ARTIFACT_INIT;
		struct seen seen = { .fd = fd };
		struct err err = { 0 };

		_exit(get_busybox(&seen, &a, &err) != 0 ? 1 : err.msg[0] ? 2 : 0);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

/* Who waited for another has not failed, and says nothing. */
START_TEST(waits_for_another)
{
	_cleanup_free_ char *locks = xasprintf("%s/locks", cache);
	_cleanup_free_ char *path = xasprintf("%s/" NAME, locks);
	int fds[2], status, lock;
	struct err err = { 0 };
	char c = 0;
	pid_t pid;

	lib_pin_busybox(cache, SIZE);
	ck_assert_msg(fs_mkdirs(locks, &err) == 0 && fs_lock(path, true, false, &lock, &err) == 0, "%s",
		      err.msg);
	ck_assert_int_eq(pipe(fds), 0);
	pid = start_builder(fds[1]);
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &c, 1), 1);
	ck_assert_int_eq(c, 'W');
	/* the child has the descriptor as well */
	ck_assert_int_eq(flock(lock, LOCK_UN), 0);
	close(lock);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(fds[0]);
}
END_TEST

START_TEST(two_builders_at_once)
{
	unsigned int starts = 0, hits = 0;
	pid_t pids[4];
	int fds[2], status;
	char c;
	size_t i;

	lib_pin_busybox(cache, 8 * SIZE);
	ck_assert_int_eq(pipe(fds), 0);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start_builder(fds[1]);
	close(fds[1]);
	while (read(fds[0], &c, 1) == 1) {
		starts += c == 'S';
		hits += c == 'D';
	}
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_int_eq(status, 0);
	}
	/* one built, the others waited and found it */
	ck_assert_uint_eq(starts, 1);
	ck_assert_uint_eq(hits, 1);
	ck_assert_uint_eq(entries("tmp"), 0);
	close(fds[0]);
}
END_TEST

/* Killed at any moment: the next builder succeeds, and nothing half-made is taken for whole. */
START_TEST(killed_builder)
{
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT;
	struct seen seen = { .fd = -1 };
	struct err err = { 0 };
	int fds[2], status;
	char c;
	pid_t pid;

	lib_pin_busybox(cache, 8 * SIZE);
	ck_assert_int_eq(pipe(fds), 0);
	pid = start_builder(fds[1]);
	/* the build has started; it takes a good 50 ms */
	while (read(fds[0], &c, 1) == 1 && c != 'S')
		;
	usleep((useconds_t)_i * 4000);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (_i == 0)
		ck_assert_uint_eq(entries("tmp"), 1);
	ck_assert_msg(get_busybox(&seen, &a, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(seen.count[BUILD_WAIT], 0);
	ck_assert_uint_eq(entries("tmp"), 0);
	ck_assert_uint_eq(entries("artifacts"), 1);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* In a child with a small tmpfs for the cache. Exit 0: as it should be, 77: not permitted here. */
static void full_disk_child(void)
{
	struct artifact a = ARTIFACT_INIT;
	struct seen seen = { .fd = -1 };
	struct err err = { 0 };

	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		_exit(77);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (fs_mkdirs(cache, NULL) < 0 || mount("none", cache, "tmpfs", 0, "size=6m") < 0)
		_exit(77);
	lib_pin_busybox(cache, 4 * SIZE);
	if (get_busybox(&seen, &a, &err) == 0)
		_exit(2);
	if (!strstr(err.msg, "No space left on device")) {
		fprintf(stderr, "%s\n", err.msg);
		_exit(3);
	}
	if (entries("tmp") || entries("artifacts"))
		_exit(4);
	if (mount("none", cache, "tmpfs", MS_REMOUNT, "size=32m") < 0)
		_exit(5);
	if (get_busybox(&seen, &a, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		_exit(6);
	}
	_exit(a.hit ? 7 : 0);
}

START_TEST(full_disk)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		full_disk_child();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		fputs("full_disk: no mount namespaces here; file_size_limit stands in\n", stderr);
	else
		ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* The same where no tmpfs can be mounted: a write fails in the middle. */
START_TEST(file_size_limit)
{
	struct rlimit limit, small;
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT;
	struct seen seen = { .fd = -1 };
	struct err err = { 0 };

	lib_pin_busybox(cache, 4 * SIZE);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 2 * SIZE;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(get_busybox(&seen, &a, &err), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_msg(strstr(err.msg, "cannot unpack") != NULL, "%s", err.msg);
	ck_assert_uint_eq(entries("tmp"), 0);
	ck_assert_uint_eq(entries("artifacts"), 0);
	ck_assert_int_eq(get_busybox(&seen, &a, &err), 0);
}
END_TEST

START_TEST(no_network)
{
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT;
	struct build_opts opts = { 0 };
	struct err err = { 0 };

	setenv("GRANTBENCH_MIRROR", "http://127.0.0.1:1/debian", 1);
	ck_assert_int_eq(get(&opts, NAME, &a, &err), -1);
	ck_assert_int_eq(err_exit(&err), GB_INFRA);
	/* the set, the suites tried and the reason */
	ck_assert_msg(strstr(err.msg, NAME ": no source for busybox; tried 1.37 of trixie") &&
		      strstr(err.msg, "1.35 of bookworm") &&
		      strstr(err.msg, "Could not connect to 127.0.0.1"), "%s", err.msg);
	ck_assert_uint_eq(entries("artifacts"), 0);
	setenv("GRANTBENCH_MIRROR", "http://x/ [trusted=yes]", 1);
	ck_assert_int_eq(get(&opts, NAME, &a, &err), -1);
	ck_assert_int_eq(err_exit(&err), GB_USAGE);
	unsetenv("GRANTBENCH_MIRROR");
}
END_TEST

/* What the user may get wrong. */

static char *make_program(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);

	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0755, NULL), 0);
	return path;
}

START_TEST(unknown_artifact)
{
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT;
	struct build_opts opts = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(get(&opts, "linux-riscv", &a, &err), -1);
	ck_assert_int_eq(err_exit(&err), GB_USAGE);
	ck_assert_msg(strstr(err.msg, "unknown artifact \"linux-riscv\"") &&
		      strstr(err.msg, "linux-arm64") && !strstr(err.msg, "debs-"), "%s", err.msg);
}
END_TEST

static const struct {
	const char *option, *artifact, *value, *why;
} bad_sources[] = {
	{ "linux", "linux-arm64", "/nonexistent", "neither linux-6.12 nor" },
	{ "linux", "linux-arm64", "linux-5.4", "neither linux-6.12 nor" },
	{ "linux", "linux-arm64", "/usr", "not a kernel tree (it has no Kbuild)" },
	{ "xen", "xen-arm64", "/nonexistent", "not a directory" },
	{ "xen", "xen-arm64", "/usr", "not a Xen tree" },
	{ "patch", "linux-arm64", "/nonexistent", "--test-patch /nonexistent: no such file" },
	{ "debug", "linux-arm64", "lockdip", "--debug lockdip: there is no such debug kernel" },
	{ "debug", "linux-arm64", "kasan+lockdip", "--debug lockdip: there is no such" },
	{ "debug", "linux-arm64", "kasan+", "--debug : there is no such" },
	{ "debug", "linux-arm64", "kasan+kasan+kasan+kasan+kasan", "too many at once" },
	{ "debug", "linux-arm64", "../config/arm64", "there is no such debug kernel" },
	{ "qemu", "qemu", "/nonexistent", "no such program" },
	{ "qemu", "qemu", "/usr", "no such program" },
	{ "qemu", "qemu", "true", "says nothing of a \"QEMU emulator version\"" },
	{ "qemu", "qemu", "false", "exit status 1" },
};

START_TEST(bad_source)
{
	const char *option = bad_sources[_i].option, *value = bad_sources[_i].value;
	_cleanup_free_ char *fragment_dir = xasprintf("%s/guests/linux/config", data);
	_cleanup_free_ char *fragment = xasprintf("%s/arm64.config", fragment_dir);
	_cleanup_free_ char *kasan = xasprintf("%s/debug-kasan.config", fragment_dir);
	_cleanup_free_ char *tree = xasprintf("%s/linux", dir);
	const char *patches[2] = { value, NULL };
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT;
	struct build_opts opts = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(fs_mkdirs(fragment_dir, NULL), 0);
	ck_assert_int_eq(fs_write_atomic(fragment, "", 0, 0644, NULL), 0);
	ck_assert_int_eq(fs_write_atomic(kasan, "", 0, 0644, NULL), 0);
	if (!strcmp(option, "linux"))
		opts.linux_src = value;
	else if (!strcmp(option, "xen"))
		opts.xen_src = value;
	else if (!strcmp(option, "qemu"))
		opts.qemu = value;
	if (!strcmp(option, "debug"))
		opts.debug = value;
	if (!strcmp(option, "patch") || !strcmp(option, "debug")) {
		static const char *const files[] = { "Kbuild", "Kconfig", "Makefile",
						     "arch/arm64/Kconfig", "scripts/kconfig/x" };
		size_t i;

		opts.test_patches = !strcmp(option, "patch") ? patches : NULL;
		opts.linux_src = tree;
		for (i = 0; i < ARRAY_SIZE(files); i++) {
			_cleanup_free_ char *path = xasprintf("%s/%s", tree, files[i]);
			size_t len = (size_t)(strrchr(path, '/') - path);
			_cleanup_free_ char *parent = xstrndup(path, len);

			ck_assert_int_eq(fs_mkdirs(parent, NULL), 0);
			ck_assert_int_eq(fs_write_atomic(path, "", 0, 0644, NULL), 0);
		}
	}
	ck_assert_int_eq(get(&opts, bad_sources[_i].artifact, &a, &err), -1);
	ck_assert_msg(strstr(err.msg, bad_sources[_i].why) != NULL, "%s", err.msg);
	ck_assert_int_eq(err_exit(&err), GB_USAGE);
}
END_TEST

START_TEST(own_qemu)
{
	static const char good[] =
		"#!/bin/sh\n"
		"case $1 in\n"
		"--version) echo 'QEMU emulator version 8.2.1 (v8.2.1)'; echo Copyright;;\n"
		"-machine) echo Supported:; echo 'virt  QEMU 8.2 ARM Virtual Machine';;\n"
		"esac\n";
	static const char old[] = "#!/bin/sh\necho 'QEMU emulator version 7.1.0'\n";
	static const char x86[] =
		"#!/bin/sh\n"
		"case $1 in --version) echo 'QEMU emulator version 8.2.1';;\n"
		"*) echo; echo 'q35  Standard PC';; esac\n";
	_cleanup_free_ char *good_path = make_program("good", good);
	_cleanup_free_ char *old_path = make_program("old", old);
	_cleanup_free_ char *x86_path = make_program("x86", x86);
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT;
	struct build_opts opts = { .qemu = good_path };
	char sha256[FS_SHA256_HEX];
	struct err err = { 0 };

	ck_assert_msg(get(&opts, "qemu", &a, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(a.version, "8.2.1 (v8.2.1)");
	ck_assert_int_eq(fs_sha256_file(good_path, sha256, NULL), 0);
	ck_assert_str_eq(a.sha256, sha256);
	ck_assert_str_eq(a.argv[0], a.path);
	ck_assert_str_eq(a.argv[1], "-nodefaults");
	opts.qemu = old_path;
	ck_assert_int_eq(get(&opts, "qemu", &a, &err), -1);
	ck_assert_msg(strstr(err.msg, "version 7.1, and 7.2 is the oldest") != NULL, "%s", err.msg);
	ck_assert_int_eq(err_exit(&err), GB_USAGE);
	opts.qemu = x86_path;
	ck_assert_int_eq(get(&opts, "qemu", &a, &err), -1);
	ck_assert_msg(strstr(err.msg, "no machine \"virt\"") != NULL, "%s", err.msg);
}
END_TEST

START_TEST(unusable_cache)
{
	_cleanup_free_ char *file = make_program("file", "x");
	struct build_opts opts = { .cache_dir = file, .data_dir = data };
	struct err err = { 0 };

	ck_assert_ptr_null(builder_new(&opts, &err));
	ck_assert_msg(strstr(err.msg, "the cache cannot be used") != NULL, "%s", err.msg);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("build-builder");
	TCase *t = tcase_create("builder");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, miss_then_hit);
	tcase_add_test(t, other_inputs_are_another_artifact);
	tcase_add_test(t, damaged_result_is_made_again);
	tcase_add_test(t, damaged_download_is_refused);
	tcase_add_test(t, two_builders_at_once);
	tcase_add_test(t, waits_for_another);
	tcase_add_loop_test(t, killed_builder, 0, 12);
	tcase_add_test(t, full_disk);
	tcase_add_test(t, file_size_limit);
	tcase_add_test(t, no_network);
	tcase_add_test(t, unknown_artifact);
	tcase_add_loop_test(t, bad_source, 0, ARRAY_SIZE(bad_sources));
	tcase_add_test(t, own_qemu);
	tcase_add_test(t, unusable_cache);
	suite_add_tcase(s, t);
	return lib_check_main(s);
}
