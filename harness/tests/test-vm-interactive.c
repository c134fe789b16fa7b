// SPDX-License-Identifier: GPL-2.0-or-later
/* The consoles for a person: over a pseudo-terminal, and with input from a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/spawn.h"
#include "tests/lib-check.h"
#include "tests/lib-fake.h"
#include "vm/vm.h"

#define UP "boot\nrecord dom0 dom0 1 phase {\"phase\":\"dom0-up\",\"t_ns\":1}\n"
#define CTRL_A "\001"

static char *dir, *qemu;

struct session {
	pid_t pid;
	int to, from;		/* the same descriptor for a terminal */
	struct buf out;
};

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

/* In the child: in and out are its standard input and output. */
static void __attribute__((noreturn)) child(const char *script, int in, int out)
{
	const char *argv[] = { qemu, "-script", script, NULL };
	struct vm_spec spec = VM_SPEC_INIT;
	struct err err = { 0 };

	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	/* what the parent holds of the pipes must not be held here as well */
	close_range(3, ~0u, 0);
	spec.argv = argv;
	spec.workdir = dir;
	spec.token = FAKE_TOKEN;
	if (vm_interactive(&spec, &err) == 0)
		_exit(0);
	dprintf(STDERR_FILENO, "%s\n", err.msg);
	_exit(1);
}

static void start_pipe(struct session *s, const char *script)
{
	int in[2], out[2];

	*s = (struct session){ .out = BUF_INIT };
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	s->pid = fork();
	ck_assert_int_ge(s->pid, 0);
	if (s->pid == 0)
		child(script, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	s->to = in[1];
	s->from = out[0];
}

static int start_tty(struct session *s, const char *script)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

	*s = (struct session){ .out = BUF_INIT };
	ck_assert_int_ge(master, 0);
	ck_assert(grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(slave, 0);
	s->pid = fork();
	ck_assert_int_ge(s->pid, 0);
	if (s->pid == 0)
		child(script, slave, slave);
	s->to = s->from = master;
	return slave;
}

/* Read until text has come. */
static void await(struct session *s, const char *text)
{
	int64_t deadline = monotonic_ns() + 15000000000;
	char block[512];

	while (!s->out.size || !strstr(s->out.data, text)) {
		struct pollfd pfd = { .fd = s->from, .events = POLLIN };
		ssize_t n;

		ck_assert_msg(monotonic_ns() < deadline, "no \"%s\" in:\n%s", text,
			      s->out.data ? s->out.data : "");
		if (poll(&pfd, 1, 100) <= 0)
			continue;
		n = read(s->from, block, sizeof(block));
		ck_assert_msg(n > 0, "end of output, no \"%s\" in:\n%s", text,
			      s->out.data ? s->out.data : "");
		buf_add(&s->out, block, (size_t)n);
	}
}

static void type(struct session *s, const char *text)
{
	ck_assert_int_eq(write(s->to, text, strlen(text)), (ssize_t)strlen(text));
}

static int finish(struct session *s)
{
	int status;

	ck_assert_int_eq(waitpid(s->pid, &status, 0), s->pid);
	/* a terminal's master stays: without it there is no slave to look at */
	if (s->to != s->from) {
		cleanup_close(&s->to);
		cleanup_close(&s->from);
	}
	buf_release(&s->out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

START_TEST(labels_and_leave)
{
	struct termios before, during, after;
	struct session s;
	int slave;
	pid_t fake;
	_cleanup_free_ char *script =
		xasprintf("pid %s/qemu\n" UP "domu hello\nrelay there\nshell\nhang\n", dir);
	_cleanup_free_ char *pid_file = xasprintf("%s/qemu", dir);

	slave = start_tty(&s, script);
	ck_assert_int_eq(tcgetattr(slave, &before), 0);
	await(&s, "[domU] there\r\n");
	ck_assert_msg(strstr(s.out.data, "[xen] (XEN) Xen version 4.17.5") != NULL, "%s",
		      s.out.data);
	ck_assert_msg(strstr(s.out.data, "\n[dom0] [    0.000000] Booting Linux") != NULL, "%s",
		      s.out.data);
	ck_assert_msg(strstr(s.out.data, "\n[domU] hello\r\n") != NULL, "%s", s.out.data);
	tcgetattr(slave, &during);
	ck_assert(!(during.c_lflag & (ICANON | ECHO | ISIG)));
	type(&s, "ls\r");
	await(&s, "[dom0] got: ls");
	/* Ctrl-c is the guest's */
	type(&s, "\003\r");
	await(&s, "got: \003");
	type(&s, CTRL_A "h");
	await(&s, "Ctrl-a x  leave");
	type(&s, CTRL_A "ab\r");
	await(&s, "got: ^Ab");
	fake = fake_read_pid(pid_file, 1000);
	type(&s, CTRL_A "x");
	ck_assert_int_eq(finish(&s), 0);
	ck_assert(fake_is_gone(fake, 0));
	ck_assert_int_eq(tcgetattr(slave, &after), 0);
	ck_assert_int_eq(after.c_lflag, before.c_lflag);
	ck_assert_int_eq(after.c_iflag, before.c_iflag);
	ck_assert_int_eq(after.c_oflag, before.c_oflag);
	close(slave);
	close(s.to);
}
END_TEST

START_TEST(switch_focus)
{
	struct session s;
	int slave = start_tty(&s, UP "domu hello\nshell\n");

	await(&s, "[domU] hello\r\n");
	type(&s, CTRL_A "u");
	await(&s, "*** Serial input to DOM1");
	type(&s, "uname\r");
	await(&s, "[domU] got: uname");
	type(&s, CTRL_A "u");
	await(&s, "input goes to the domU already");
	buf_reset(&s.out);
	type(&s, CTRL_A "d");
	/* over Xen to dom0 */
	await(&s, "*** Serial input to Xen");
	await(&s, "*** Serial input to DOM0");
	type(&s, "id\r");
	await(&s, "[dom0] got: id");
	type(&s, "poweroff\r");
	ck_assert_int_eq(finish(&s), 0);
	close(slave);
	close(s.to);
}
END_TEST

/* SIGTERM: the terminal comes back, the machine goes. */
START_TEST(terminated)
{
	_cleanup_free_ char *script = xasprintf("noterm\npid %s/qemu\n" UP "hang\n", dir);
	_cleanup_free_ char *pid_file = xasprintf("%s/qemu", dir);
	struct termios before, after;
	struct session s;
	int slave = start_tty(&s, script);
	pid_t fake;

	ck_assert_int_eq(tcgetattr(slave, &before), 0);
	await(&s, "Booting Linux");
	fake = fake_read_pid(pid_file, 1000);
	kill(s.pid, SIGTERM);
	ck_assert_int_eq(finish(&s), 0);
	ck_assert(fake_is_gone(fake, 0));
	ck_assert_int_eq(tcgetattr(slave, &after), 0);
	ck_assert_int_eq(after.c_lflag, before.c_lflag);
	close(slave);
	close(s.to);
}
END_TEST

/*
 * Input is there before anybody listens, ends, and is sent all the same: when
 * dom0 says that it is up, not when it is quiet, which it never is here. What
 * QEMU leaves in its group goes with it.
 */
START_TEST(piped)
{
	_cleanup_free_ char *pid_file = xasprintf("%s/linger", dir);
	_cleanup_free_ char *script = xasprintf("chatter %s/chatter\nlinger %s\nsleep 200\n" UP
						"shell\nhang\n", dir, pid_file);
	_cleanup_buf_ struct buf in = BUF_INIT;
	struct session s;
	int i;

	start_pipe(&s, script);
	for (i = 0; i < 30; i++)
		buf_addf(&in, "echo number %d\n", i);
	buf_addstr(&in, "poweroff\n");
	type(&s, in.data);
	close(s.to);
	s.to = -1;
	await(&s, "[dom0] got: echo number 0\n");
	await(&s, "[dom0] got: echo number 29\n");
	ck_assert_ptr_null(strchr(s.out.data, '\r'));
	ck_assert_int_eq(finish(&s), 0);
	ck_assert(fake_is_gone(fake_read_pid(pid_file, 0), 5000));
}
END_TEST

/* No word from dom0 at all: quiet will do. */
START_TEST(piped_when_quiet)
{
	struct session s;

	start_pipe(&s, "boot\nshell\nhang\n");
	type(&s, "hello\npoweroff\n");
	await(&s, "[dom0] got: hello\n");
	ck_assert_int_eq(finish(&s), 0);
}
END_TEST

/* A prompt that looks like the start of another's line is shown all the same. */
START_TEST(odd_prompt)
{
	struct session s;

	start_pipe(&s, UP "raw (\nhang\n");
	await(&s, "[dom0] (");
	type(&s, CTRL_A "x");
	ck_assert_int_eq(finish(&s), 0);
}
END_TEST

/* The end of input is not the end of the machine. */
START_TEST(no_input)
{
	struct session s;

	start_pipe(&s, UP "sleep 200\ndom0 still here\nexit 0\n");
	close(s.to);
	s.to = -1;
	await(&s, "[dom0] still here\n");
	ck_assert_int_eq(finish(&s), 0);
}
END_TEST

START_TEST(fails)
{
	struct session s;

	start_pipe(&s, UP "exit 3\n");
	await(&s, "Booting Linux");
	ck_assert_int_eq(finish(&s), 1);
}
END_TEST

START_TEST(raw_log)
{
	_cleanup_free_ char *path = xasprintf("%s/console.log", dir);
	_cleanup_buf_ struct buf log = BUF_INIT;
	struct err err = { 0 };
	struct session s;

	start_pipe(&s, UP "domu x\nexit 0\n");
	await(&s, "[domU] x\n");
	ck_assert_int_eq(finish(&s), 0);
	ck_assert_int_eq(fs_read(path, &log, &err), 0);
	ck_assert_ptr_nonnull(strstr(log.data, "(XEN) DOM1: x\r\n"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vm-interactive");
	TCase *c = tcase_create("interactive");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, labels_and_leave);
	tcase_add_test(c, switch_focus);
	tcase_add_test(c, terminated);
	tcase_add_test(c, piped);
	tcase_add_test(c, piped_when_quiet);
	tcase_add_test(c, odd_prompt);
	tcase_add_test(c, no_input);
	tcase_add_test(c, fails);
	tcase_add_test(c, raw_log);
	tcase_set_timeout(c, 40);
	suite_add_tcase(s, c);
	return lib_check_main(s);
}
