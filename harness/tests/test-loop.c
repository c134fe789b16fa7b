// SPDX-License-Identifier: GPL-2.0-or-later
/* The event loop: order, removal from callbacks, children, signals. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/loop.h"
#include "lib/spawn.h"
#include "tests/lib-check.h"

struct state {
	struct loop *loop;
	struct loop_source *source, *other;
	struct buf said;
	int count, limit;
	int fd;
};

static struct state st;

static void setup(void)
{
	st = (struct state){ .loop = loop_new(), .said = BUF_INIT, .fd = -1 };
}

static void teardown(void)
{
	loop_free(st.loop);
	buf_release(&st.said);
}

static void say(void *arg)
{
	buf_addstr(&st.said, arg);
}

START_TEST(timers_in_order)
{
	int64_t start = monotonic_ns();

	loop_timer(st.loop, 60, 0, say, (void *)"c");
	loop_timer(st.loop, 0, 0, say, (void *)"a");
	loop_timer(st.loop, 30, 0, say, (void *)"b");
	loop_timer(st.loop, -1, 0, say, (void *)"never");
	/* returns when nothing is left that could happen */
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_str_eq(st.said.data, "abc");
	ck_assert_int_ge(monotonic_ns() - start, 60000000);
}
END_TEST

static void count_down(void *arg)
{
	(void)arg;
	if (++st.count == st.limit)
		loop_remove(&st.source);
}

START_TEST(period_until_removed)
{
	st.limit = 5;
	st.source = loop_timer(st.loop, 5, 5, count_down, NULL);
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_int_eq(st.count, 5);
	ck_assert_ptr_null(st.source);
	loop_remove(&st.source);
}
END_TEST

static void again(void *arg)
{
	(void)arg;
	if (++st.count < 3)
		loop_timer_set(st.source, 1);
}

START_TEST(timer_set_again)
{
	st.source = loop_timer(st.loop, -1, 0, again, NULL);
	loop_timer_set(st.source, 1);
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_int_eq(st.count, 3);
}
END_TEST

static void stop(void *arg)
{
	(void)arg;
	loop_stop(st.loop);
}

START_TEST(stop_and_run_on)
{
	loop_timer(st.loop, 1, 0, stop, NULL);
	loop_timer(st.loop, 40, 0, say, (void *)"later");
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_uint_eq(st.said.size, 0);
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_str_eq(st.said.data, "later");
}
END_TEST

static void remove_other(void *arg)
{
	struct loop_source **other = arg;

	st.count++;
	loop_remove(other);
}

/* Two are due in the same round; the first takes the second away. */
START_TEST(removed_before_its_turn)
{
	st.source = loop_timer(st.loop, 0, 0, remove_other, &st.other);
	st.other = loop_timer(st.loop, 0, 0, remove_other, &st.source);
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_int_eq(st.count, 1);
}
END_TEST

static void on_readable(int fd, short revents, void *arg)
{
	char block[16];
	ssize_t n = read(fd, block, sizeof(block));

	(void)arg;
	ck_assert(revents & (POLLIN | POLLHUP));
	if (n > 0)
		buf_add(&st.said, block, (size_t)n);
	else
		loop_remove(&st.source);
}

static void write_pipe(void *arg)
{
	ck_assert_int_eq(write(st.fd, arg, strlen(arg)), (ssize_t)strlen(arg));
	close(st.fd);
}

START_TEST(descriptor)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	st.fd = fds[1];
	st.source = loop_fd(st.loop, fds[0], POLLIN, on_readable, NULL);
	loop_timer(st.loop, 10, 0, write_pipe, (void *)"hello");
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_str_eq(st.said.data, "hello");
	ck_assert_ptr_null(st.source);
	close(fds[0]);
}
END_TEST

static void unpause(void *arg)
{
	(void)arg;
	ck_assert_uint_eq(st.said.size, 0);
	loop_fd_events(st.source, POLLIN);
}

START_TEST(paused_descriptor)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	close(fds[1]);
	st.source = loop_fd(st.loop, fds[0], POLLIN, on_readable, NULL);
	loop_fd_events(st.source, 0);
	/* data and a hang-up are there, and nobody is called */
	loop_timer(st.loop, 30, 0, unpause, NULL);
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_str_eq(st.said.data, "x");
	close(fds[0]);
}
END_TEST

/* Paused for good, it keeps no loop running. */
START_TEST(paused_alone)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	st.source = loop_fd(st.loop, fds[0], POLLIN, on_readable, NULL);
	loop_fd_events(st.source, 0);
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_uint_eq(st.said.size, 0);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

static void on_child(void *arg)
{
	struct proc *proc = arg;

	st.count++;
	ck_assert_int_eq(spawn_wait(proc, 0), 1);
}

START_TEST(child)
{
	const char *const argv[] = { "sleep", "0.05", NULL };
	struct spawn_req req = SPAWN_REQ_INIT;
	struct proc proc = PROC_INIT;
	struct err err = { 0 };

	req.argv = argv;
	ck_assert_msg(spawn_start(&proc, &req, &err) == 0, "%s", err.msg);
	loop_child(st.loop, proc.pid, on_child, &proc);
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_int_eq(st.count, 1);
	ck_assert(spawn_ok(&proc));
}
END_TEST

/* One that ended before it was added. */
START_TEST(child_already_gone)
{
	const char *const argv[] = { "true", NULL };
	struct spawn_req req = SPAWN_REQ_INIT;
	struct proc proc = PROC_INIT;
	siginfo_t info;
	struct err err = { 0 };

	req.argv = argv;
	ck_assert_msg(spawn_start(&proc, &req, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(waitid(P_PID, (id_t)proc.pid, &info, WEXITED | WNOWAIT), 0);
	loop_child(st.loop, proc.pid, on_child, &proc);
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_int_eq(st.count, 1);
}
END_TEST

static void raise_it(void *arg)
{
	raise(*(int *)arg);
}

START_TEST(signals)
{
	sigset_t before, now;
	int signo = SIGTERM;

	sigprocmask(SIG_SETMASK, NULL, &before);
	ck_assert_ptr_nonnull(loop_signal(st.loop, SIGTERM, stop, NULL));
	ck_assert_ptr_nonnull(loop_signal(st.loop, SIGINT, say, (void *)"int"));
	loop_timer(st.loop, 5, 0, raise_it, &signo);
	loop_timer(st.loop, 10000, 0, say, (void *)"late");
	ck_assert_int_eq(loop_run(st.loop), 0);
	ck_assert_uint_eq(st.said.size, 0);
	/* signals alone keep no loop running */
	teardown();
	setup();
	sigprocmask(SIG_SETMASK, NULL, &now);
	ck_assert_int_eq(sigismember(&now, SIGTERM), sigismember(&before, SIGTERM));
	ck_assert_int_eq(sigismember(&now, SIGINT), 0);
	ck_assert_ptr_nonnull(loop_signal(st.loop, SIGINT, say, (void *)"int"));
	ck_assert_int_eq(loop_run(st.loop), 0);
}
END_TEST

/* A blocked signal of ours is not handed to children. */
START_TEST(children_get_their_signals)
{
	const char *const argv[] = { "sleep", "30", NULL };
	struct spawn_req req = SPAWN_REQ_INIT;
	struct proc proc = PROC_INIT;
	struct err err = { 0 };

	ck_assert_ptr_nonnull(loop_signal(st.loop, SIGTERM, stop, NULL));
	req.argv = argv;
	ck_assert_msg(spawn_start(&proc, &req, &err) == 0, "%s", err.msg);
	kill(proc.pid, SIGTERM);
	ck_assert_int_eq(spawn_wait(&proc, 10000), 1);
	ck_assert(WIFSIGNALED(proc.status) && WTERMSIG(proc.status) == SIGTERM);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("loop");
	TCase *c = tcase_create("loop");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, timers_in_order);
	tcase_add_test(c, period_until_removed);
	tcase_add_test(c, timer_set_again);
	tcase_add_test(c, stop_and_run_on);
	tcase_add_test(c, removed_before_its_turn);
	tcase_add_test(c, descriptor);
	tcase_add_test(c, paused_descriptor);
	tcase_add_test(c, paused_alone);
	tcase_add_test(c, child);
	tcase_add_test(c, child_already_gone);
	tcase_add_test(c, signals);
	tcase_add_test(c, children_get_their_signals);
	tcase_set_timeout(c, 30);
	suite_add_tcase(s, c);
	return lib_check_main(s);
}
