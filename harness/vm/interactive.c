// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine on a person's terminal.
 *
 * QEMU's console is its standard input and output here, over two pipes, and no
 * mux of QEMU's own is in between: Ctrl-a is ours first, then Xen's. To move the
 * input between domains we send what Xen itself listens for, Ctrl-a three times
 * (its conswitch), until Xen says that the right one has it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/spawn.h"
#include "vm/console.h"
#include "vm/label.h"
#include "vm/reports.h"
#include "vm/vm.h"

#define CTRL_A '\001'
#define HELD_MS 50		/* a prompt may look like the start of a marker */
#define SEND_MS 10		/* Xen keeps 128 characters for dom0: a paste must not overrun it */
#define SEND_BYTES 16
#define QUEUE_MAX 65536		/* input kept while nobody listens */
#define QUIET_MS 2000		/* input that was piped in waits for dom0's word, or this quiet */
#define SWITCH_MS 3000		/* for Xen to answer */
#define SWITCH_MAX 10		/* turns of the wheel */

struct session {
	struct loop *loop;
	struct loop_source *in, *out, *child, *held, *send, *quiet, *switching;
	struct proc proc;
	int to_qemu, from_qemu, log_fd;
	bool terminal;		/* standard input is one */
	struct termios saved;
	struct label label;
	struct console *console;
	struct reports reports;
	struct buf queue;	/* to the guest */
	bool released;		/* somebody listens */
	bool prefix;		/* Ctrl-a was typed */
	enum vm_domain target;	/* who shall get the input; NONE: as it is */
	unsigned int turns;
	unsigned int focus_changes;
	bool left;		/* by the user or a signal */
	int error;		/* of our standard output, positive */
};

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			struct pollfd pfd = { .fd = fd, .events = POLLOUT };

			poll(&pfd, 1, -1);
			continue;
		}
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static void leave(struct session *s)
{
	s->left = true;
	loop_stop(s->loop);
}

static void show(struct session *s, const char *data, size_t size)
{
	int ret = size ? write_all(STDOUT_FILENO, data, size) : 0;

	if (ret < 0) {
		s->error = -ret;
		leave(s);
	}
}

/* A line of our own; one of the machine's that it interrupts goes on behind a label. */
static void say(struct session *s, const char *text)
{
	bool midline = s->label.midline && !s->label.broken;
	_cleanup_free_ char *line = xasprintf("%s[grantbench] %s%s",
					      midline ? s->label.newline : "", text,
					      s->label.newline);

	s->label.broken |= midline;
	show(s, line, strlen(line));
}

static void enqueue(struct session *s, const char *data, size_t size)
{
	buf_add(&s->queue, data, size);
	if (s->released)
		loop_timer_set(s->send, 0);
	/* pause a pipe that sends faster than the guest takes it */
	if (s->queue.size > QUEUE_MAX && s->in)
		loop_fd_events(s->in, 0);
}

static void on_send(void *arg)
{
	struct session *s = arg;
	size_t size = s->queue.size < SEND_BYTES ? s->queue.size : SEND_BYTES;
	ssize_t n;

	if (!size || !s->released)
		return;
	n = write(s->to_qemu, s->queue.data, size);
	if (n > 0)
		buf_remove_front(&s->queue, (size_t)n);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		buf_reset(&s->queue);	/* QEMU is gone; its end will be reported */
		return;
	}
	if (s->queue.size <= QUEUE_MAX && s->in)
		loop_fd_events(s->in, POLLIN);
	if (s->queue.size)
		loop_timer_set(s->send, SEND_MS);
}

static void release_input(void *arg)
{
	struct session *s = arg;

	if (s->released)
		return;
	s->released = true;
	loop_timer_set(s->quiet, -1);
	loop_timer_set(s->send, 0);
}

static void turn_wheel(struct session *s)
{
	static const char keys[] = { CTRL_A, CTRL_A, CTRL_A };

	s->turns++;
	enqueue(s, keys, sizeof(keys));
	loop_timer_set(s->switching, SWITCH_MS);
}

static void switch_to(struct session *s, enum vm_domain target)
{
	if (!s->label.focus_changes) {
		say(s, "Xen does not take input yet");
		return;
	}
	if (s->label.focus == target) {
		say(s, target == VM_DOMAIN_DOMU ? "input goes to the domU already"
						: "input goes to dom0 already");
		return;
	}
	s->target = target;
	s->turns = 0;
	turn_wheel(s);
}

/* Xen said who has the input now. */
static void focus_changed(struct session *s)
{
	bool once_around = s->turns >= 2 && s->label.focus == VM_DOMAIN_DOM0;

	if (!s->terminal && s->label.focus_changes == 1)
		loop_timer_set(s->quiet, QUIET_MS);
	else if (s->terminal)
		release_input(s);
	if (s->target == VM_DOMAIN_NONE)
		return;
	loop_timer_set(s->switching, -1);
	if (s->label.focus == s->target) {
		s->target = VM_DOMAIN_NONE;
	} else if (once_around && s->target == VM_DOMAIN_DOMU) {
		s->target = VM_DOMAIN_NONE;
		say(s, "no domU listens on Xen's console (xl): use `xl console` in dom0's shell");
	} else if (s->turns < SWITCH_MAX) {
		turn_wheel(s);
	} else {
		s->target = VM_DOMAIN_NONE;
		say(s, "Xen does not give the input to that domain");
	}
}

static void on_no_switch(void *arg)
{
	struct session *s = arg;

	if (s->target == VM_DOMAIN_NONE)
		return;
	s->target = VM_DOMAIN_NONE;
	say(s, "Xen did not answer the switch");
}

static void help(struct session *s)
{
	say(s, "Ctrl-a x  leave, the machine is ended");
	say(s, "Ctrl-a d  input to dom0");
	say(s, "Ctrl-a u  input to the domU (dom0less)");
	say(s, "Ctrl-a a  send one Ctrl-a (Xen takes three as its switch)");
	say(s, "Ctrl-a h  this");
}

static void command(struct session *s, char c)
{
	static const char ctrl_a = CTRL_A;

	switch (c) {
	case 'x':
		leave(s);
		break;
	case 'd':
		switch_to(s, VM_DOMAIN_DOM0);
		break;
	case 'u':
		switch_to(s, VM_DOMAIN_DOMU);
		break;
	case 'a':
	case CTRL_A:
		enqueue(s, &ctrl_a, 1);
		break;
	default:
		help(s);
		break;
	}
}

static void on_input(int fd, short revents, void *arg)
{
	struct session *s = arg;
	char block[1024];
	ssize_t n = read(fd, block, sizeof(block)), i;

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* the end of input is not the end of the machine */
		loop_remove(&s->in);
		return;
	}
	for (i = 0; i < n && !s->left; i++) {
		if (s->prefix) {
			s->prefix = false;
			command(s, block[i]);
		} else if (block[i] == CTRL_A) {
			s->prefix = true;
		} else if (s->terminal && s->queue.size >= QUEUE_MAX) {
			continue;	/* typed at a machine that does not listen */
		} else {
			enqueue(s, block + i, 1);
		}
	}
}

static void on_line(const struct console_line *line, void *arg)
{
	struct session *s = arg;
	struct report report;

	reports_line(&s->reports, line->text, line->len, &report);
	if (report.kind == REPORT_PHASE && !strcmp(report.text, "dom0-up"))
		release_input(s);
}

static void on_held(void *arg)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct session *s = arg;

	label_flush(&s->label, &out);
	show(s, out.data, out.size);
}

static void show_output(struct session *s, const char *data, size_t size)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	write_all(s->log_fd, data, size);
	label_feed(&s->label, data, size, &out);
	show(s, out.data, out.size);
	console_feed(s->console, data, size);
	if (s->label.focus_changes != s->focus_changes) {
		s->focus_changes = s->label.focus_changes;
		focus_changed(s);
	} else if (!s->released && s->focus_changes) {
		loop_timer_set(s->quiet, QUIET_MS);
	}
	loop_timer_set(s->held, s->label.held.size ? HELD_MS : -1);
}

static void on_output(int fd, short revents, void *arg)
{
	struct session *s = arg;
	char block[4096];
	ssize_t n = read(fd, block, sizeof(block));

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		loop_remove(&s->out);
	else
		show_output(s, block, (size_t)n);
}

static void on_child(void *arg)
{
	struct session *s = arg;
	char block[4096];
	ssize_t n;

	/* what is left in the pipe; it does not block */
	while (s->out && (n = read(s->from_qemu, block, sizeof(block))) > 0)
		show_output(s, block, (size_t)n);
	on_held(s);
	/* what QEMU may have left in its group; not reaped yet, so the id is its own */
	kill(-s->proc.pid, SIGKILL);
	spawn_wait(&s->proc, -1);
	loop_stop(s->loop);
}

static void on_signal(void *arg)
{
	leave(arg);
}

static int start(struct session *s, const struct vm_spec *spec, struct err *err)
{
	_cleanup_close_ int in_r = -1, out_w = -1, qemu_log = -1;
	_cleanup_free_ const char **argv = NULL;
	_cleanup_free_ char *log = xasprintf("%s/console.log", spec->workdir);
	_cleanup_free_ char *words = xasprintf("%s/qemu.log", spec->workdir);
	struct spawn_req req = SPAWN_REQ_INIT;
	int fds[2];
	size_t nr = 0;

	s->log_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (s->log_fd < 0)
		return err_errno(err, errno, "cannot write %s", log);
	qemu_log = open(words, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	if (qemu_log < 0)
		return err_errno(err, errno, "cannot write %s", words);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	in_r = fds[0];
	s->to_qemu = fds[1];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	s->from_qemu = fds[0];
	out_w = fds[1];
	if (fcntl(s->to_qemu, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(s->from_qemu, F_SETFL, O_NONBLOCK) < 0)
		return err_errno(err, errno, "cannot set up the console");
	while (spec->argv[nr])
		nr++;
	argv = xcalloc(nr + 5, sizeof(*argv));
	memcpy(argv, spec->argv, nr * sizeof(*argv));
	argv[nr++] = "-chardev";
	argv[nr++] = "stdio,id=grantbench,mux=off,signal=off";
	argv[nr++] = "-serial";
	argv[nr++] = "chardev:grantbench";
	req.argv = argv;
	req.cwd = spec->workdir;
	req.stdin_fd = in_r;
	req.stdout_fd = out_w;
	req.stderr_fd = qemu_log;
	return spawn_start(&s->proc, &req, err);
}

static int add_sources(struct session *s, struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!loop_signal(s->loop, signals[i], on_signal, s))
			return err_errno(err, errno, "cannot take signals");
	s->held = loop_timer(s->loop, -1, 0, on_held, s);
	s->send = loop_timer(s->loop, -1, 0, on_send, s);
	s->quiet = loop_timer(s->loop, -1, 0, release_input, s);
	s->switching = loop_timer(s->loop, -1, 0, on_no_switch, s);
	return 0;
}

static void raw_terminal(struct session *s)
{
	struct termios raw;

	s->terminal = tcgetattr(STDIN_FILENO, &s->saved) == 0;
	if (!s->terminal)
		return;
	raw = s->saved;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void finish(struct session *s)
{
	if (s->terminal)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &s->saved);
	spawn_end(&s->proc, 2000);
	label_release(&s->label);
	console_free(s->console);
	reports_release(&s->reports);
	buf_release(&s->queue);
	cleanup_close(&s->to_qemu);
	cleanup_close(&s->from_qemu);
	cleanup_close(&s->log_fd);
	loop_free(s->loop);
}

int vm_interactive(const struct vm_spec *spec, struct err *err)
{
	struct session s = { .loop = loop_new(), .proc = PROC_INIT, .to_qemu = -1, .from_qemu = -1,
			     .log_fd = -1 };
	void (*old_pipe)(int) = signal(SIGPIPE, SIG_IGN);
	int ret = -1, loop_err;
	char status[64];

	reports_init(&s.reports, spec->token);
	s.console = console_new(spec->token, on_line, &s);
	/* signals first: one that comes while QEMU starts must end it too */
	if (add_sources(&s, err) < 0 || start(&s, spec, err) < 0)
		goto out;
	raw_terminal(&s);
	label_init(&s.label, s.terminal && isatty(STDOUT_FILENO));
	s.in = loop_fd(s.loop, STDIN_FILENO, POLLIN, on_input, &s);
	s.out = loop_fd(s.loop, s.from_qemu, POLLIN, on_output, &s);
	s.child = loop_child(s.loop, s.proc.pid, on_child, &s);
	if (s.terminal)
		say(&s, "Ctrl-a x leaves, Ctrl-a h helps");
	loop_err = loop_run(s.loop);
	if (loop_err < 0)
		err_errno(err, -loop_err, "event loop");
	else if (s.error)
		err_errno(err, s.error, "cannot write to standard output");
	else if (!s.left && !spawn_ok(&s.proc))
		err_set(err, "QEMU ended: %s (its words are in %s/qemu.log)",
			spawn_status(&s.proc, status, sizeof(status)), spec->workdir);
	else
		ret = 0;
out:
	finish(&s);
	signal(SIGPIPE, old_pipe);
	return ret;
}
