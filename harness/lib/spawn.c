// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"

extern char **environ;

#define OUTPUT_MAX (64u << 20)

int64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

char *spawn_find_program(const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? xstrdup(name) : NULL;
	for (path = path ? path : "/usr/bin:/bin"; *path; ) {
		size_t len = strcspn(path, ":");
		_cleanup_free_ char *full = len ? xasprintf("%.*s/%s", (int)len, path, name)
						: xstrdup(name);

		if (access(full, X_OK) == 0)
			return take_ptr(full);
		path += len + (path[len] == ':');
	}
	return NULL;
}

/* Our environment with extra's variables in place of ours; the vector is the caller's. */
static char **merge_env(const char *const *extra)
{
	size_t nr = 0, nr_extra = 0, i, j, k = 0;
	char **env;

	while (environ[nr])
		nr++;
	while (extra && extra[nr_extra])
		nr_extra++;
	env = xcalloc(nr + nr_extra + 1, sizeof(*env));
	for (i = 0; i < nr; i++) {
		for (j = 0; j < nr_extra; j++) {
			size_t len = strcspn(extra[j], "=") + 1;

			if (!strncmp(environ[i], extra[j], len))
				break;
		}
		if (j == nr_extra)
			env[k++] = environ[i];
	}
	for (j = 0; j < nr_extra; j++)
		env[k++] = (char *)extra[j];
	return env;
}

/* In the child: descriptor `from` becomes `to`, without CLOEXEC. */
static int child_dup(int from, int to)
{
	if (from == to)
		return fcntl(to, F_SETFD, 0);
	return dup2(from, to) < 0 ? -1 : 0;
}

/* The child has ended: so do we, in the same way. */
static void __attribute__((noreturn)) end_as(int status)
{
	sigset_t none;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	kill(getpid(), WTERMSIG(status));
	_exit(128 + WTERMSIG(status));
}

/*
 * Fork, and stay behind as the guard of the group: the kernel sends SIGHUP when the
 * parent dies, and then the group goes, ourselves included. Returns in the child that
 * is to execute the program, 0 or -1.
 */
static int guard_group(pid_t parent)
{
	sigset_t set, old;
	pid_t pid, self;
	int sig, status;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	self = getpid();
	if (prctl(PR_SET_PDEATHSIG, SIGHUP) < 0)
		return -1;
	if (getppid() != parent)
		_exit(127);
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			return -1;
		if (getppid() != self)
			_exit(127);
		return 0;
	}
	/* pipes and locks are the program's: nobody must wait for us to close them */
	if (syscall(SYS_close_range, 0, ~0u, 0) < 0)
		for (sig = 0; sig < 1024; sig++)
			close(sig);
	/* a TERM to the group is for the program; its end is ours */
	signal(SIGTERM, SIG_IGN);
	for (;;) {
		if (sigwait(&set, &sig) != 0)
			continue;
		if (sig == SIGHUP)
			kill(0, SIGKILL);
		if (waitpid(pid, &status, WNOHANG) == pid)
			end_as(status);
	}
}

static void __attribute__((noreturn)) child_main(const struct spawn_req *req, const char *file,
						 char **env, int null_fd, int report_fd, pid_t parent)
{
	int fds[3] = { req->stdin_fd, req->stdout_fd, req->stderr_fd };
	int err, i, sig;
	sigset_t none;

	setpgid(0, 0);
	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		goto fail;
	if (getppid() != parent)
		_exit(127);
	/* Lift descriptors that sit where another is to go. */
	for (i = 0; i < 3; i++) {
		if (fds[i] < 0)
			fds[i] = null_fd;
		if (fds[i] < 3 && fds[i] != i) {
			fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
			if (fds[i] < 0)
				goto fail;
		}
	}
	for (i = 0; i < 3; i++)
		if (child_dup(fds[i], i) < 0)
			goto fail;
	if (req->keep_fd >= 0 && fcntl(req->keep_fd, F_SETFD, 0) < 0)
		goto fail;
	if (req->cwd && chdir(req->cwd) < 0)
		goto fail;
	if (req->guard && guard_group(parent) < 0)
		goto fail;
	execve(file, (char *const *)req->argv, env);
fail:
	err = errno;
	if (write(report_fd, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

int spawn_start(struct proc *proc, const struct spawn_req *req, struct err *err)
{
	_cleanup_free_ char *file = spawn_find_program(req->argv[0]);
	_cleanup_free_ char **env = NULL;
	_cleanup_close_ int null_fd = -1, report_r = -1, report_w = -1;
	int fds[2], child_errno = 0;
	pid_t pid, parent = getpid();
	ssize_t n;

	if (!file)
		return err_set(err, "program \"%s\" is not installed (not found in PATH)", req->argv[0]);
	env = merge_env(req->env);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return err_errno(err, errno, "cannot open /dev/null");
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe for %s", file);
	report_r = fds[0];
	/* above the standard descriptors, which the child will fill */
	report_w = fcntl(fds[1], F_DUPFD_CLOEXEC, 3);
	close(fds[1]);
	if (report_w < 0)
		return err_errno(err, errno, "cannot make a pipe for %s", file);
	pid = fork();
	if (pid < 0)
		return err_errno(err, errno, "cannot start %s", file);
	if (pid == 0)
		child_main(req, file, env, null_fd, report_w, parent);
	setpgid(pid, pid);
	close(take_fd(report_w));
	do
		n = read(report_r, &child_errno, sizeof(child_errno));
	while (n < 0 && errno == EINTR);
	if (n != 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return err_errno(err, n == sizeof(child_errno) ? child_errno : EIO,
				 "cannot execute %s", file);
	}
	*proc = (struct proc){ .pid = pid, .start_ns = monotonic_ns() };
	return 0;
}

static bool reap(struct proc *proc, int flags)
{
	pid_t pid;

	if (proc->reaped || !proc->pid)
		return true;
	do
		pid = waitpid(proc->pid, &proc->status, flags);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	proc->reaped = true;
	proc->end_ns = monotonic_ns();
	return true;
}

int spawn_wait(struct proc *proc, int timeout_ms)
{
	_cleanup_close_ int pidfd = -1;
	int64_t deadline = monotonic_ns() + (int64_t)timeout_ms * 1000000;

	if (timeout_ms < 0)
		return reap(proc, 0);
	if (reap(proc, WNOHANG))
		return 1;
	pidfd = (int)syscall(SYS_pidfd_open, proc->pid, 0);
	for (;;) {
		int64_t left_ms = (deadline - monotonic_ns() + 999999) / 1000000;
		struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

		if (left_ms <= 0)
			return reap(proc, WNOHANG);
		/* valgrind has no pidfd_open: look every 10 ms instead */
		if (pidfd < 0 && left_ms > 10)
			left_ms = 10;
		poll(&pfd, 1, (int)left_ms);
		if (reap(proc, WNOHANG))
			return 1;
	}
}

void spawn_end(struct proc *proc, int grace_ms)
{
	if (!proc->pid || proc->reaped)
		return;
	kill(-proc->pid, SIGTERM);
	if (!spawn_wait(proc, grace_ms)) {
		kill(-proc->pid, SIGKILL);
		spawn_wait(proc, -1);
	}
	/* what it left behind in its group */
	kill(-proc->pid, SIGKILL);
}

const char *spawn_status(const struct proc *proc, char *out, size_t size)
{
	if (!proc->reaped)
		snprintf(out, size, "still running");
	else if (WIFSIGNALED(proc->status))
		snprintf(out, size, "killed by signal %d (%s)", WTERMSIG(proc->status),
			 strsignal(WTERMSIG(proc->status)));
	else
		snprintf(out, size, "exit status %d", WEXITSTATUS(proc->status));
	return out;
}

bool spawn_ok(const struct proc *proc)
{
	return proc->reaped && WIFEXITED(proc->status) && WEXITSTATUS(proc->status) == 0;
}

/* The last lines of a text, at most max bytes, as one line with " | " between. */
static void add_tail(struct buf *out, const char *text, size_t size, size_t max)
{
	size_t i;

	while (size && (text[size - 1] == '\n' || text[size - 1] == ' '))
		size--;
	if (size > max) {
		text += size - max;
		size = max;
	}
	for (i = 0; i < size; i++) {
		if (text[i] == '\n')
			buf_addstr(out, " | ");
		else
			buf_add(out, text + i, 1);
	}
}

/* Drain both pipes until they close or the deadline passes. false: deadline. */
static bool drain(int out_fd, struct buf *out, int err_fd, struct buf *errs, int timeout_ms)
{
	int64_t deadline = monotonic_ns() + (int64_t)timeout_ms * 1000000;
	struct pollfd pfd[2] = { { out_fd, POLLIN, 0 }, { err_fd, POLLIN, 0 } };
	struct buf *bufs[2] = { out, errs };
	char block[65536];

	while (pfd[0].fd >= 0 || pfd[1].fd >= 0) {
		int64_t left = timeout_ms < 0 ? -1 : (deadline - monotonic_ns() + 999999) / 1000000;
		int i;

		if (timeout_ms >= 0 && left <= 0)
			return false;
		if (poll(pfd, 2, (int)(left > INT_MAX ? INT_MAX : left)) < 0 && errno != EINTR)
			return true;
		for (i = 0; i < 2; i++) {
			ssize_t n;

			if (pfd[i].fd < 0 || !pfd[i].revents)
				continue;
			n = read(pfd[i].fd, block, sizeof(block));
			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0) {
				pfd[i].fd = -1;
				continue;
			}
			if (i == 1 && bufs[1]->size > 1u << 20)
				buf_remove_front(bufs[1], bufs[1]->size / 2);
			if (bufs[i] && bufs[i]->size < OUTPUT_MAX)
				buf_add(bufs[i], block, (size_t)n);
		}
	}
	return true;
}

int spawn_run(const struct spawn_req *req, int timeout_ms, struct buf *out, struct err *err)
{
	_cleanup_close_ int out_r = -1, out_w = -1, err_r = -1, err_w = -1;
	_cleanup_buf_ struct buf errs = BUF_INIT, msg = BUF_INIT;
	int64_t start = monotonic_ns();
	struct spawn_req piped = *req;
	struct proc proc = PROC_INIT;
	char status[64];
	int fds[2];
	bool done;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	out_r = fds[0];
	out_w = fds[1];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	err_r = fds[0];
	err_w = fds[1];
	piped.stdout_fd = out_w;
	piped.stderr_fd = err_w;
	if (spawn_start(&proc, &piped, err) < 0)
		return -1;
	close(take_fd(out_w));
	close(take_fd(err_w));
	done = drain(out_r, out, err_r, &errs, timeout_ms);
	if (done && timeout_ms >= 0) {
		int64_t left_ms = timeout_ms - (monotonic_ns() - start) / 1000000;

		done = spawn_wait(&proc, left_ms > 0 ? (int)left_ms : 0);
	} else if (done) {
		spawn_wait(&proc, -1);
	}
	if (!done) {
		spawn_end(&proc, 1000);
		return err_set(err, "%s: no end within %d ms, ended it", req->argv[0], timeout_ms);
	}
	if (spawn_ok(&proc))
		return 0;
	add_tail(&msg, errs.data ? errs.data : "", errs.size, 1200);
	return err_set(err, "%s: %s%s%s", req->argv[0], spawn_status(&proc, status, sizeof(status)),
		       msg.size ? ": " : "", msg.size ? msg.data : "");
}

int spawn_run_logged(const struct spawn_req *req, int timeout_ms, const char *log_path,
		     struct err *err)
{
	_cleanup_close_ int log = open(log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	_cleanup_buf_ struct buf msg = BUF_INIT;
	struct spawn_req logged = *req;
	struct proc proc = PROC_INIT;
	char tail[1400], status[64];
	off_t size;
	ssize_t n;

	if (log < 0)
		return err_errno(err, errno, "cannot write %s", log_path);
	logged.stdout_fd = log;
	logged.stderr_fd = log;
	if (spawn_start(&proc, &logged, err) < 0)
		return -1;
	if (!spawn_wait(&proc, timeout_ms)) {
		spawn_end(&proc, 1000);
		return err_set(err, "%s: no end within %d ms, ended it (log: %s)", req->argv[0],
			       timeout_ms, log_path);
	}
	if (spawn_ok(&proc))
		return 0;
	size = lseek(log, 0, SEEK_END);
	n = pread(log, tail, sizeof(tail), size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0);
	add_tail(&msg, tail, n > 0 ? (size_t)n : 0, 1200);
	return err_set(err, "%s: %s (log: %s): %s", req->argv[0],
		       spawn_status(&proc, status, sizeof(status)), log_path,
		       msg.size ? msg.data : "no output");
}

char *spawn_argv_text(const char *const *argv)
{
	struct buf buf = BUF_INIT;

	for (; *argv; argv++) {
		bool plain = **argv && !strpbrk(*argv, " \t\n\"'\\$`*?[](){}<>|&;#~");
		const char *p;

		if (buf.size)
			buf_addstr(&buf, " ");
		if (plain) {
			buf_addstr(&buf, *argv);
			continue;
		}
		buf_addstr(&buf, "'");
		for (p = *argv; *p; p++) {
			if (*p == '\'')
				buf_addstr(&buf, "'\\''");
			else
				buf_add(&buf, p, 1);
		}
		buf_addstr(&buf, "'");
	}
	return buf_detach(&buf);
}
