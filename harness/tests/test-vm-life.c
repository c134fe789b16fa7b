// SPDX-License-Identifier: GPL-2.0-or-later
/* Ends: nothing survives, whoever dies first; and several machines in one loop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/spawn.h"
#include "tests/lib-check.h"
#include "tests/lib-fake.h"
#include "vm/vm.h"

#define GOOD                                                           \
	"boot\n"                                                       \
	"record dom0 dom0 1 phase {\"phase\":\"dom0-up\",\"t_ns\":1}\n" \
	"record domu domu 1 done {\"ok\":true}\n"                      \
	"record dom0 dom0 2 done {\"ok\":true}\n"

static const struct vm_phase phases[] = { { "xen-up", 9000 }, { "dom0-up", 9000 } };

static char *dir;
static char *qemu;

static void setup(void)
{
	dir = lib_check_tmpdir();
	qemu = fake_program("fake-qemu");
}

static void teardown(void)
{
	fake_rmdir(dir);
	free(qemu);
}

static struct vm_spec make_spec(const char *const *argv, const char *workdir)
{
	struct vm_spec spec = VM_SPEC_INIT;

	spec.argv = argv;
	spec.workdir = workdir;
	spec.token = FAKE_TOKEN;
	spec.phases = phases;
	spec.nr_phases = ARRAY_SIZE(phases);
	spec.drain_ms = 60;
	spec.term_ms = 150;
	spec.poweroff_ms = 100;
	return spec;
}

static pid_t pid_in(const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	return fake_read_pid(path, 10000);
}

/* A QEMU that ignores TERM, with a child that does, too: both gone at the end. */
START_TEST(stubborn)
{
	_cleanup_free_ char *script =
		xasprintf("noterm\nlinger %s/child\npid %s/qemu\n" GOOD "hang\n", dir, dir);
	const char *argv[] = { qemu, "-script", script, NULL };
	struct vm_spec spec = make_spec(argv, dir);
	struct err err = { 0 };
	struct vm_result r;

	ck_assert_msg(vm_run(&spec, &r, &err) == 0, "%s", err.msg);
	ck_assert_msg(r.outcome == VM_PASS, "%s", r.reason);
	ck_assert(!r.powered_off && !r.exited);
	ck_assert(WIFSIGNALED(r.qemu_status) && WTERMSIG(r.qemu_status) == SIGKILL);
	ck_assert(fake_is_gone(pid_in("qemu"), 0));
	ck_assert(fake_is_gone(pid_in("child"), 5000));
	vm_result_release(&r);
}
END_TEST

/* QEMU goes away by itself and leaves a child behind. */
START_TEST(orphan)
{
	_cleanup_free_ char *script = xasprintf("linger %s/child\n" GOOD "exit 0\n", dir);
	const char *argv[] = { qemu, "-script", script, NULL };
	struct vm_spec spec = make_spec(argv, dir);
	struct err err = { 0 };
	struct vm_result r;

	ck_assert_msg(vm_run(&spec, &r, &err) == 0, "%s", err.msg);
	ck_assert_msg(r.outcome == VM_PASS, "%s", r.reason);
	ck_assert(r.powered_off);
	ck_assert(fake_is_gone(pid_in("child"), 5000));
	vm_result_release(&r);
}
END_TEST

/* A harness of our own, in a process that we can kill. Its exit status is the outcome. */
static pid_t start_harness(const char *script)
{
	const char *argv[] = { qemu, "-script", script, NULL };
	struct vm_spec spec = make_spec(argv, dir);
	struct err err = { 0 };
	struct vm_result r;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	if (vm_run(&spec, &r, &err) < 0)
		_exit(99);
	_exit(r.interrupted ? 50 + (int)r.outcome : (int)r.outcome);
}

START_TEST(harness_is_killed)
{
	_cleanup_free_ char *script = xasprintf("noterm\npid %s/qemu\nboot\nhang\n", dir);
	pid_t harness = start_harness(script), fake = pid_in("qemu");
	int status;

	ck_assert_int_gt(fake, 0);
	ck_assert_int_eq(kill(fake, 0), 0);
	kill(harness, SIGKILL);
	ck_assert_int_eq(waitpid(harness, &status, 0), harness);
	ck_assert(WIFSIGNALED(status));
	ck_assert(fake_is_gone(fake, 5000));
}
END_TEST

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

START_TEST(harness_is_interrupted)
{
	_cleanup_free_ char *script = xasprintf("pid %s/qemu\nboot\nhang\n", dir);
	pid_t harness = start_harness(script), fake = pid_in("qemu");
	int status;

	ck_assert_int_gt(fake, 0);
	kill(harness, signals[_i]);
	ck_assert_int_eq(waitpid(harness, &status, 0), harness);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 50 + VM_INFRA_ERROR, "status %#x",
		      status);
	ck_assert(fake_is_gone(fake, 0));
}
END_TEST

struct pair {
	struct loop *loop;
	int left;
	int phases[2];
};

static void one_done(struct vm *vm, void *arg)
{
	struct pair *pair = arg;

	(void)vm;
	if (--pair->left == 0)
		loop_stop(pair->loop);
}

static void count_phase(const char *phase, int64_t host_ns, void *arg)
{
	ck_assert_int_gt(host_ns, 0);
	ck_assert(report_phase_known(phase));
	++*(int *)arg;
}

START_TEST(two_at_once)
{
	_cleanup_free_ char *dir_b = xasprintf("%s/b", dir);
	const char *argv_a[] = { qemu, "-script", "sleep 300\n" GOOD "exit 0\n", NULL };
	const char *argv_b[] = { qemu, "-script",
				 "sleep 300\nboot\ndomu Kernel panic - not syncing: x\nhang\n",
				 NULL };
	struct vm_spec spec_a = make_spec(argv_a, dir), spec_b;
	struct pair pair = { .loop = loop_new(), .left = 2 };
	struct err err = { 0 };
	struct vm *a, *b;
	int64_t start = monotonic_ns();

	ck_assert_int_eq(mkdir(dir_b, 0777), 0);
	spec_b = make_spec(argv_b, dir_b);
	spec_a.on_phase = spec_b.on_phase = count_phase;
	spec_a.arg = &pair.phases[0];
	spec_b.arg = &pair.phases[1];
	a = vm_start(pair.loop, &spec_a, one_done, &pair, &err);
	b = vm_start(pair.loop, &spec_b, one_done, &pair, &err);
	ck_assert(a && b);
	/* starting blocks for nothing */
	ck_assert_int_lt(monotonic_ns() - start, 250000000);
	ck_assert_int_eq(loop_run(pair.loop), 0);
	ck_assert_int_eq(pair.left, 0);
	ck_assert_int_eq(vm_result(a)->outcome, VM_PASS);
	ck_assert_int_eq(vm_result(b)->outcome, VM_GUEST_CRASH);
	ck_assert_int_eq(vm_result(b)->culprit, VM_DOMAIN_DOMU);
	ck_assert_int_eq(pair.phases[0], 2);
	ck_assert_int_eq(pair.phases[1], 1);
	vm_free(a);
	vm_free(b);
	loop_free(pair.loop);
}
END_TEST

static void never_done(struct vm *vm, void *arg)
{
	(void)vm;
	(void)arg;
	ck_abort_msg("done was called for a machine that was freed");
}

static void free_it(void *arg)
{
	struct vm **vm = arg;

	vm_free(*vm);
	*vm = NULL;
}

START_TEST(freed_while_running)
{
	_cleanup_free_ char *script = xasprintf("noterm\npid %s/qemu\nhang\n", dir);
	const char *argv[] = { qemu, "-script", script, NULL };
	struct vm_spec spec = make_spec(argv, dir);
	struct loop *loop = loop_new();
	struct err err = { 0 };
	struct vm *vm = vm_start(loop, &spec, never_done, NULL, &err);
	pid_t fake;

	ck_assert_msg(vm != NULL, "%s", err.msg);
	fake = pid_in("qemu");
	loop_timer(loop, 50, 0, free_it, &vm);
	/* ends by itself: nothing is left that could happen */
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_ptr_null(vm);
	ck_assert(fake_is_gone(fake, 0));
	loop_free(loop);
}
END_TEST

static void stop_it(void *arg)
{
	vm_stop(*(struct vm **)arg, "the user left");
}

START_TEST(stopped)
{
	const char *argv[] = { qemu, "-script", "boot\nhang\n", NULL };
	struct vm_spec spec = make_spec(argv, dir);
	struct pair pair = { .loop = loop_new(), .left = 1 };
	struct err err = { 0 };
	struct vm *vm = vm_start(pair.loop, &spec, one_done, &pair, &err);

	ck_assert_msg(vm != NULL, "%s", err.msg);
	loop_timer(pair.loop, 50, 0, stop_it, &vm);
	ck_assert_int_eq(loop_run(pair.loop), 0);
	ck_assert(vm_result(vm)->interrupted);
	ck_assert_int_eq(vm_result(vm)->outcome, VM_INFRA_ERROR);
	ck_assert_str_eq(vm_result(vm)->reason, "interrupted: the user left");
	vm_free(vm);
	loop_free(pair.loop);
}
END_TEST

/* A domU's log of the run before does not stay. */
START_TEST(old_logs)
{
	_cleanup_free_ char *log = xasprintf("%s/domu.log", dir),
			    *other = xasprintf("%s/domu-2.log", dir),
			    *conf = xasprintf("%s/domu.dtb", dir);
	const char *argv[] = { qemu, "-script", "boot\nxen DOM7: y\nexit 3\n", NULL };
	const char *const names[] = { log, other, conf };
	struct vm_spec spec;
	struct err err = { 0 };
	struct vm_result r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		FILE *f = fopen(names[i], "we");

		ck_assert_ptr_nonnull(f);
		fclose(f);
	}
	spec = make_spec(argv, dir);
	ck_assert_msg(vm_run(&spec, &r, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(access(log, F_OK), 0);
	ck_assert_int_eq(access(other, F_OK), -1);
	ck_assert_int_eq(access(conf, F_OK), 0);
	vm_result_release(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vm-life");
	TCase *c = tcase_create("life");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, stubborn);
	tcase_add_test(c, orphan);
	tcase_add_test(c, harness_is_killed);
	tcase_add_loop_test(c, harness_is_interrupted, 0, (int)ARRAY_SIZE(signals));
	tcase_add_test(c, two_at_once);
	tcase_add_test(c, freed_while_running);
	tcase_add_test(c, stopped);
	tcase_add_test(c, old_logs);
	tcase_set_timeout(c, 30);
	suite_add_tcase(s, c);
	return lib_check_main(s);
}
