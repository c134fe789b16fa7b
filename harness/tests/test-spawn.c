// SPDX-License-Identifier: GPL-2.0-or-later
/* Starting, waiting for and ending programs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/spawn.h"
#include "tests/lib-check.h"
#include "tests/lib-fake.h"

#define SH(script) ((const char *const[]){ "sh", "-c", script, NULL })

static struct spawn_req request(const char *const *argv)
{
	struct spawn_req req = SPAWN_REQ_INIT;

	req.argv = argv;
	return req;
}

START_TEST(output)
{
	struct spawn_req req = request(SH("printf 'a b'; echo no >&2"));
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err err = { 0 };

	ck_assert_msg(spawn_run(&req, 20000, &out, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(out.data, "a b");
	ck_assert_str_eq(err.msg, "");
}
END_TEST

/* More than a pipe holds, on both outputs at once. */
START_TEST(much_output)
{
	struct spawn_req req =
		request(SH("i=0; while [ $i -lt 3000 ]; do i=$((i+1)); "
			   "echo 0123456789012345678901234567890123456789; "
			   "echo 0123456789012345678901234567890123456789 >&2; done"));
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err err = { 0 };

	ck_assert_msg(spawn_run(&req, 20000, &out, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(out.size, 3000 * 41);
}
END_TEST

static const struct {
	const char *script, *message;
} failures[] = {
	{ "exit 7", "sh: exit status 7" },
	{ "echo first >&2; echo last words >&2; exit 1", "sh: exit status 1: first | last words" },
	{ "kill -9 $$", "sh: killed by signal 9 (Killed)" },
};

START_TEST(failure)
{
	const char *argv[] = { "sh", "-c", failures[_i].script, NULL };
	struct spawn_req req = request(argv);
	struct err err = { 0 };

	ck_assert_int_eq(spawn_run(&req, 20000, NULL, &err), -1);
	ck_assert_str_eq(err.msg, failures[_i].message);
}
END_TEST

START_TEST(no_program)
{
	const char *const missing[] = { "no-such-program-here", NULL };
	const char *const dir[] = { "/proc/self/status", NULL };
	struct spawn_req req = request(missing);
	struct proc proc = PROC_INIT;
	struct err err = { 0 };

	ck_assert_int_eq(spawn_start(&proc, &req, &err), -1);
	ck_assert_str_eq(err.msg,
			 "program \"no-such-program-here\" is not installed (not found in PATH)");
	req = request(dir);
	ck_assert_int_eq(spawn_start(&proc, &req, &err), -1);
	ck_assert_int_eq(proc.pid, 0);
	/* nothing to end, nothing to wait for */
	spawn_end(&proc, 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

/* exec itself fails: an error of start, not an exit status. */
START_TEST(no_exec)
{
	_cleanup_free_ char *dir = lib_check_tmpdir(), *file = xasprintf("%s/bad", dir);
	const char *argv[] = { file, NULL };
	struct spawn_req req = request(argv);
	struct proc proc = PROC_INIT;
	struct err err = { 0 };

	ck_assert_int_eq(fs_write_atomic(file, "\177ELF nonsense", 13, 0755, &err), 0);
	ck_assert_int_eq(spawn_start(&proc, &req, &err), -1);
	ck_assert_msg(strstr(err.msg, "cannot execute ") != NULL, "%s", err.msg);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	fs_remove_tree(dir, NULL);
}
END_TEST

START_TEST(environment_and_cwd)
{
	const char *const env[] = { "GB_TEST=new", "GB_OTHER=x=y", NULL };
	struct spawn_req req = request(SH("echo $GB_TEST $GB_OTHER $GB_KEPT; pwd"));
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err err = { 0 };

	setenv("GB_TEST", "old", 1);
	setenv("GB_KEPT", "kept", 1);
	req.env = env;
	req.cwd = "/";
	ck_assert_msg(spawn_run(&req, 20000, &out, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(out.data, "new x=y kept\n/\n");
	ck_assert_str_eq(getenv("GB_TEST"), "old");
}
END_TEST

/* Descriptors: none but the three, and the one that was asked for. */
START_TEST(descriptors)
{
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* high, where the shell opens none of its own */
	_cleanup_close_ int leak = fcntl(null, F_DUPFD_CLOEXEC, 300);
	_cleanup_close_ int keep = fcntl(null, F_DUPFD_CLOEXEC, 400);
	_cleanup_buf_ struct buf out = BUF_INIT, want = BUF_INIT;
	struct spawn_req req = request(SH("for f in /proc/$$/fd/*; do echo ${f##*/}; done"));
	struct err err = { 0 };

	ck_assert(leak >= 300 && keep >= 400);
	req.keep_fd = keep;
	ck_assert_msg(spawn_run(&req, 20000, &out, &err) == 0, "%s", err.msg);
	ck_assert_msg(!strncmp(out.data, "0\n1\n", 4) && strstr(out.data, "\n2\n"), "%s", out.data);
	buf_addf(&want, "\n%d\n", keep);
	ck_assert_msg(strstr(out.data, want.data) != NULL, "%s", out.data);
	buf_reset(&want);
	buf_addf(&want, "\n%d\n", leak);
	ck_assert_msg(strstr(out.data, want.data) == NULL, "%s", out.data);
}
END_TEST

START_TEST(stdin_comes_from_where_it_was_said)
{
	struct spawn_req req = request(SH("cat"));
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err err = { 0 };
	int fds[2];

	/* /dev/null, else cat would wait for ever */
	ck_assert_msg(spawn_run(&req, 20000, &out, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(out.size, 0);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(write(fds[1], "hello", 5), 5);
	close(fds[1]);
	req.stdin_fd = fds[0];
	ck_assert_msg(spawn_run(&req, 20000, &out, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(out.data, "hello");
	close(fds[0]);
}
END_TEST

START_TEST(deadline)
{
	struct spawn_req req = request(SH("trap '' TERM; sleep 60 & wait; sleep 60"));
	int64_t start = monotonic_ns();
	struct err err = { 0 };

	ck_assert_int_eq(spawn_run(&req, 100, NULL, &err), -1);
	ck_assert_str_eq(err.msg, "sh: no end within 100 ms, ended it");
	ck_assert_int_lt(monotonic_ns() - start, 10000000000);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* Ending takes the whole group, whatever it thinks of TERM. */
START_TEST(group)
{
	_cleanup_free_ char *dir = lib_check_tmpdir(), *file = xasprintf("%s/pid", dir);
	_cleanup_free_ char *script =
		xasprintf("trap '' TERM; sleep 60 & echo $! >%s.new; mv %s.new %s; wait; "
			  "sleep 60",
			  file, file, file);
	const char *argv[] = { "sh", "-c", script, NULL };
	struct spawn_req req = request(argv);
	struct proc proc = PROC_INIT;
	struct err err = { 0 };
	char status[64];
	pid_t child;

	ck_assert_msg(spawn_start(&proc, &req, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(getpgid(proc.pid), proc.pid);
	ck_assert_int_eq(spawn_wait(&proc, 0), 0);
	ck_assert_str_eq(spawn_status(&proc, status, sizeof(status)), "still running");
	child = fake_read_pid(file, 10000);
	ck_assert_int_gt(child, 0);
	spawn_end(&proc, 100);
	ck_assert(proc.reaped && !spawn_ok(&proc));
	ck_assert_int_ge(proc.end_ns, proc.start_ns);
	ck_assert_str_eq(spawn_status(&proc, status, sizeof(status)),
			 "killed by signal 9 (Killed)");
	ck_assert(fake_is_gone(child, 5000));
	/* again is nothing */
	spawn_end(&proc, 100);
	ck_assert_int_eq(spawn_wait(&proc, -1), 1);
	fs_remove_tree(dir, NULL);
}
END_TEST

/* Killed in the middle of a build: what the build started goes, too, and gives its lock back. */
START_TEST(guard)
{
	char c;
	int fds[2], alive[2], status, i;
	pid_t pid, pgid = 0;

	ck_assert_int_eq(pipe(fds), 0);
	/* a grandchild of the program holds the write end as long as it lives */
	ck_assert_int_eq(pipe2(alive, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct spawn_req req = request(SH("sh -c 'sleep 60; :' & sleep 60; :"));
		struct proc proc = PROC_INIT;
		struct err err = { 0 };

		req.guard = true;
		req.keep_fd = alive[1];
		if (spawn_start(&proc, &req, &err) < 0 ||
		    write(fds[1], &proc.pid, sizeof(proc.pid)) != sizeof(proc.pid))
			_exit(1);
		pause();
		_exit(0);
	}
	close(alive[1]);
	ck_assert_int_eq(read(fds[0], &pgid, sizeof(pgid)), sizeof(pgid));
	/* let the shell get as far as its children */
	usleep(100000);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(read(alive[0], &c, 1), 0);
	for (i = 0; i < 200 && kill(-pgid, 0) == 0; i++)
		usleep(10000);
	ck_assert_int_eq(kill(-pgid, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
	close(alive[0]);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* The guard ends as the program did. */
START_TEST(guarded_status)
{
	static const struct { const char *script; int status; } ends[] = {
		{ "exit 0", 0 }, { "exit 7", 7 << 8 }, { "kill -9 $$", SIGKILL },
		{ "kill -TERM $$", SIGTERM },
	};
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct spawn_req req = request(SH(ends[i].script));
		struct proc proc = PROC_INIT;
		struct err err = { 0 };

		req.guard = true;
		ck_assert_msg(spawn_start(&proc, &req, &err) == 0, "%s", err.msg);
		ck_assert_int_eq(spawn_wait(&proc, 20000), 1);
		ck_assert_int_eq(proc.status, ends[i].status);
	}
	/* a deadline ends program and guard */
	{
		struct spawn_req req = request(SH("sleep 60; :"));
		struct proc proc = PROC_INIT;
		struct err err = { 0 };

		req.guard = true;
		ck_assert_msg(spawn_start(&proc, &req, &err) == 0, "%s", err.msg);
		ck_assert_int_eq(spawn_wait(&proc, 50), 0);
		spawn_end(&proc, 5000);
		ck_assert(proc.reaped);
		ck_assert_int_eq(proc.status, SIGTERM);
	}
	/* a program that cannot be executed is reported as without a guard */
	{
		struct spawn_req req = request((const char *const[]){ "/dev/null", NULL });
		struct proc proc = PROC_INIT;
		struct err err = { 0 };

		req.guard = true;
		ck_assert_int_eq(spawn_start(&proc, &req, &err), -1);
		ck_assert_int_eq(proc.pid, 0);
	}
}
END_TEST

START_TEST(logged)
{
	_cleanup_free_ char *dir = lib_check_tmpdir(), *log = xasprintf("%s/log", dir);
	struct spawn_req good = request(SH("echo one; echo two >&2")),
			 bad = request(SH("echo three; exit 4"));
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct err err = { 0 };

	ck_assert_int_eq(spawn_run_logged(&good, 20000, log, &err), 0);
	ck_assert_int_eq(spawn_run_logged(&bad, 20000, log, &err), -1);
	ck_assert_msg(strstr(err.msg, "exit status 4") && strstr(err.msg, log) &&
			      strstr(err.msg, "two | three"),
		      "%s", err.msg);
	ck_assert_int_eq(fs_read(log, &text, &err), 0);
	ck_assert_str_eq(text.data, "one\ntwo\nthree\n");
	fs_remove_tree(dir, NULL);
}
END_TEST

START_TEST(argv_text)
{
	const char *const argv[] = { "qemu", "-append", "a b", "it's", "", "x,y=z", "$HOME", NULL };
	_cleanup_free_ char *text = spawn_argv_text(argv);

	ck_assert_str_eq(text, "qemu -append 'a b' 'it'\\''s' '' x,y=z '$HOME'");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("spawn");
	TCase *c = tcase_create("spawn");

	tcase_add_test(c, output);
	tcase_add_test(c, much_output);
	tcase_add_loop_test(c, failure, 0, (int)ARRAY_SIZE(failures));
	tcase_add_test(c, no_program);
	tcase_add_test(c, no_exec);
	tcase_add_test(c, environment_and_cwd);
	tcase_add_test(c, descriptors);
	tcase_add_test(c, stdin_comes_from_where_it_was_said);
	tcase_add_test(c, deadline);
	tcase_add_test(c, group);
	tcase_add_test(c, guard);
	tcase_add_test(c, guarded_status);
	tcase_add_test(c, logged);
	tcase_add_test(c, argv_text);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return lib_check_main(s);
}
