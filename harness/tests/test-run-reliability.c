// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs that are disturbed: nothing finished is lost, nothing is left behind, and
 * --resume does what is missing and comes to the digest of an undisturbed run.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "result/schema.h"
#include "tests/lib-check.h"
#include "tests/lib-fake.h"
#include "tests/lib-run.h"

#define INI "[scenario]\ncount = no\n[variant]\ntopology = dom0less, xl\nbinding = dev-domid, iommus\n"
#define LAST "arm64-xl-iommus-upstream-map-blk-4k-job-qd1"
#define THIRD "arm64-xl-dev-domid-upstream-map-blk-4k-job-qd1"
#define FIRST "arm64-dom0less-dev-domid-upstream-map-blk-4k-job-qd1"

static struct fake_run run;
static char undisturbed[FS_SHA256_HEX];

static void go(struct run_summary *summary)
{
	struct err err = { 0 };

	ck_assert_msg(fake_run(&run, summary, &err) == 0, "%s", err.msg);
}

static void setup(void)
{
	struct run_summary summary;

	fake_run_setup(&run, INI);
	go(&summary);
	ck_assert_uint_eq(summary.pass, 4);
	ck_assert(summary.canary_identical && !summary.interrupted);
	ck_assert_uint_eq(run.started, 5);
	fake_run_digest(&run, undisturbed);
	ck_assert_int_eq(fs_remove_tree(run.out, NULL), 0);
}

static void teardown(void)
{
	fake_run_teardown(&run);
}

/* Whatever happened before: --resume starts that many machines, and all is as if nothing had been. */
static void resume(unsigned int missing)
{
	struct run_summary summary;
	char hex[FS_SHA256_HEX];

	run.opts.resume = true;
	run.behaviour = NULL;
	go(&summary);
	ck_assert_uint_eq(summary.pass, 4);
	ck_assert(summary.canary_ran && summary.canary_identical);
	ck_assert_msg(run.started == missing, "%u machines started instead of %u", run.started, missing);
	fake_run_digest(&run, hex);
	ck_assert_str_eq(hex, undisturbed);
}

START_TEST(again_without_need)
{
	struct run_summary summary;

	go(&summary);
	resume(0);
}
END_TEST

/* In the order of the run: the last cell hangs while all others are long finished. */
static const struct fake_behaviour last_hangs[] = {
	{ LAST, "pid PIDFILE\nboot\nhang\n", NULL }, { NULL, NULL, NULL },
};

/* The table with DIR/hanging for PIDFILE; static, one at a time. */
static const struct fake_behaviour *with_pid(const struct fake_behaviour *b)
{
	static struct fake_behaviour copy[2];
	static char script[600];
	const char *p = strstr(b->instead, "PIDFILE");

	snprintf(script, sizeof(script), "%.*s%s/hanging%s", (int)(p - b->instead), b->instead, run.dir,
		 p + strlen("PIDFILE"));
	copy[0] = *b;
	copy[0].instead = script;
	return copy;
}

/* All samples but the hanging one are on disk. */
static void wait_for_the_others(void)
{
	static const char *const names[] = {
		"canary", "cells/" FIRST, "cells/" THIRD,
		"cells/arm64-dom0less-iommus-upstream-map-blk-4k-job-qd1",
	};
	size_t i;
	int ms;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s/cell.json", run.out, names[i]);

		for (ms = 0; !fs_exists(path); ms += 10) {
			ck_assert_msg(ms < 20000, "%s did not come", path);
			usleep(10000);
		}
	}
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGKILL };

START_TEST(harness_is_ended)
{
	int sig = signals[_i];
	pid_t harness, qemu;
	_cleanup_free_ char *path = xasprintf("%s/result.json", run.out);

	run.behaviour = with_pid(last_hangs);
	harness = fake_run_fork(&run);
	qemu = fake_run_pid(&run, "hanging");
	wait_for_the_others();
	kill(harness, sig);
	ck_assert_int_eq(fake_run_wait(harness), sig == SIGKILL ? 1000 + SIGKILL : 2);
	ck_assert(fake_is_gone(qemu, 5000));
	/* what was interrupted by a person still says what it has */
	ck_assert_int_eq(fs_exists(path), sig != SIGKILL);
	if (sig != SIGKILL) {
		json_t *result = fake_run_result(&run);

		ck_assert_uint_eq(json_array_size(json_object_get(result, "cells")), 3);
		json_decref(result);
	}
	resume(1);
}
END_TEST

START_TEST(a_qemu_is_killed)
{
	pid_t harness, qemu;
	json_t *result;

	run.behaviour = with_pid(last_hangs);
	harness = fake_run_fork(&run);
	qemu = fake_run_pid(&run, "hanging");
	wait_for_the_others();
	kill(qemu, SIGKILL);
	ck_assert_int_eq(fake_run_wait(harness), 1);
	result = fake_run_result(&run);
	ck_assert_str_eq(fake_run_outcome(result, "xl-iommus"), "infra-error");
	ck_assert_str_eq(fake_run_outcome(result, "xl-dev-domid"), "pass");
	json_decref(result);
	/* the host's fault, so it is tried again */
	resume(1);
}
END_TEST

/* One cell ends badly, each in its way; the others do not notice. */
static const struct {
	const char *script, *outcome;
	int phase_ms;
	enum gb_exit worst;
} ends[] = {
	{ "boot\nhang\n", "timeout", 300, GB_SUBJECT },
	{ "hang\n", "timeout", 300, GB_SUBJECT },
	{ "boot\ndom0 [    1.0] Kernel panic - not syncing: Attempted to kill init!\nhang\n",
	  "guest-crash", 20000, GB_SUBJECT },
	{ "boot\nxen Panic on CPU 0:\nhang\n", "xen-crash", 20000, GB_SUBJECT },
	{ "boot\nrecord domu domu 1 error {\"what\":\"no disk\"}\nhang\n", "fail", 20000, GB_SUBJECT },
	{ "boot\nrecord dom0 dom0 1 phase {\"phase\":\"dom0-up\",\"t_ns\":1}\n"
	  "record domu domu 1 done {\"ok\":true}\nrecord dom0 dom0 2 done {\"ok\":true}\nexit 0\n",
	  "invalid", 20000, GB_SUBJECT },
	{ "boot\nexit 1\n", "infra-error", 20000, GB_INFRA },
};

START_TEST(one_cell_ends_badly)
{
	struct fake_behaviour behaviour[] = {
		{ "cells/" THIRD, ends[_i].script, NULL }, { NULL, NULL, NULL },
	};
	struct run_summary summary;
	_cleanup_free_ char *text = NULL;
	json_t *result;

	run.behaviour = behaviour;
	run.phase_ms = ends[_i].phase_ms;
	/* the other machines need longer than that on a busy host */
	if (run.phase_ms < 1000)
		run.phase_ms = 3000;
	go(&summary);
	ck_assert_uint_eq(summary.pass, 3);
	ck_assert_uint_eq(summary.failed, 1);
	ck_assert_int_eq(summary.worst, ends[_i].worst);
	result = fake_run_result(&run);
	text = json_dumps(json_object_get(result, "cells"), 0);
	ck_assert_msg(!strcmp(fake_run_outcome(result, "xl-dev-domid"), ends[_i].outcome), "%s", text);
	ck_assert_str_eq(fake_run_outcome(result, "xl-iommus"), "pass");
	json_decref(result);
	/* the subject's failure is a result; the host's is not */
	run.opts.resume = true;
	go(&summary);
	ck_assert_uint_eq(run.started, ends[_i].worst == GB_INFRA);
}
END_TEST

/* The guest proves that it did something else than the cell is about: no number of it counts. */
static const struct {
	int gnttab_version, backend_domid;
	const char *reason;
} other[] = {
	{ 2, 0, "the guest's grant table has version 2 instead of 1" },
	{ 1, 1, "the driver grants to domain 1, not 0" },
	{ 1, -1, "the driver grants to domain -1, not 0" },
};

START_TEST(proves_something_else)
{
	struct run_summary summary;
	json_t *result;
	size_t i;

	run.gnttab_version = other[_i].gnttab_version;
	run.backend_domid = other[_i].backend_domid;
	go(&summary);
	ck_assert_uint_eq(summary.failed, 4);
	ck_assert_int_eq(summary.worst, GB_SUBJECT);
	result = fake_run_result(&run);
	for (i = 0; i < 4; i++) {
		const json_t *cell = json_array_get(json_object_get(result, "cells"), i);

		ck_assert_str_eq(json_string_value(json_object_get(cell, "outcome")), "invalid");
		ck_assert_str_eq(json_string_value(json_object_get(cell, "reason")), other[_i].reason);
		ck_assert_uint_eq(json_array_size(json_object_get(cell, "metrics")), 0);
	}
	json_decref(result);
}
END_TEST

START_TEST(other_inputs_run_again)

{
	struct run_summary summary;

	go(&summary);
	run.salt = "another kernel";
	run.opts.resume = true;
	go(&summary);
	ck_assert_uint_eq(run.started, 5);
	/* without --resume, everything runs */
	run.opts.resume = false;
	go(&summary);
	ck_assert_uint_eq(run.started, 5);
}
END_TEST

static const char *const damage[] = { "", "{", "{\"schema\":\"grantbench.cell/1\"}", "\xff\xfe" };

START_TEST(damaged_sample_runs_again)
{
	_cleanup_free_ char *path = xasprintf("%s/cells/%s/cell.json", run.out, THIRD);
	struct run_summary summary;

	go(&summary);
	ck_assert_int_eq(fs_write_atomic(path, damage[_i], strlen(damage[_i]), 0644, NULL), 0);
	resume(1);
}
END_TEST

/* In a child with a small tmpfs for OUT. 0: as it should be, 77: not permitted here. */
static void full_disk_child(void)
{
	/* half a megabyte of console into what is left of a quarter */
	static const struct fake_behaviour behaviour[] = {
		{ "cells/" THIRD, NULL, "garbage 500000\n" }, { NULL, NULL, NULL },
	};
	struct run_summary summary;
	struct err err = { 0 };
	char hex[FS_SHA256_HEX];
	int ret;

	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		_exit(77);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (fs_mkdirs(run.out, NULL) < 0 || mount("none", run.out, "tmpfs", 0, "size=256k") < 0)
		_exit(77);
	run.behaviour = behaviour;
	ret = fake_run(&run, &summary, &err);
	/* either the results could still be written, or the run says that they could not */
	if (ret == 0 && summary.worst != GB_INFRA)
		_exit(2);
	if (ret < 0 && (err_exit(&err) != GB_INFRA || !strstr(err.msg, "No space left on device"))) {
		fprintf(stderr, "%s\n", err.msg);
		_exit(3);
	}
	if (mount("none", run.out, "tmpfs", MS_REMOUNT, "size=16m") < 0)
		_exit(4);
	run.opts.resume = true;
	run.behaviour = NULL;
	if (fake_run(&run, &summary, &err) < 0 || summary.pass != 4) {
		fprintf(stderr, "%s\n", err.msg);
		_exit(5);
	}
	if (run.started == 0 || run.started > 4)	/* the first cells were there */
		_exit(6);
	fake_run_digest(&run, hex);
	_exit(strcmp(hex, undisturbed) ? 7 : 0);
}

START_TEST(full_disk)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		full_disk_child();
	status = fake_run_wait(pid);
	if (status == 77)
		printf("SKIP: full_disk: no mount namespaces here\n");
	else
		ck_assert_int_eq(status, 0);
}
END_TEST

/* OUT cannot be made: said before anything starts. */
START_TEST(out_is_a_file)
{
	_cleanup_free_ char *path = xasprintf("%s/file/out", run.dir);
	_cleanup_free_ char *file = xasprintf("%s/file", run.dir);
	struct run_summary summary;
	struct err err = { 0 };

	ck_assert_int_eq(fs_write_atomic(file, "x", 1, 0644, NULL), 0);
	run.opts.out = path;
	ck_assert_int_eq(fake_run(&run, &summary, &err), -1);
	ck_assert_uint_eq(run.started, 0);
	ck_assert_msg(strstr(err.msg, path) != NULL, "%s", err.msg);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("run-reliability");
	TCase *tc = tcase_create("reliability");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, again_without_need);
	tcase_add_loop_test(tc, harness_is_ended, 0, ARRAY_SIZE(signals));
	tcase_add_test(tc, a_qemu_is_killed);
	tcase_add_loop_test(tc, one_cell_ends_badly, 0, ARRAY_SIZE(ends));
	tcase_add_loop_test(tc, proves_something_else, 0, (int)ARRAY_SIZE(other));
	tcase_add_test(tc, other_inputs_run_again);
	tcase_add_loop_test(tc, damaged_sample_runs_again, 0, ARRAY_SIZE(damage));
	tcase_add_test(tc, full_disk);
	tcase_add_test(tc, out_is_a_file);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
