// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/spawn.h"

#define CHILD_POLL_NS 10000000	/* without pidfd_open (valgrind 3.19, Linux < 5.3) */

enum kind { KIND_FD, KIND_TIMER, KIND_CHILD, KIND_SIGNAL };

struct loop_source {
	struct loop *loop;
	struct loop_source *next;
	enum kind kind;
	bool dead;		/* removed; freed when no callback is running */
	int fd;			/* KIND_FD; KIND_CHILD: the pidfd or -1 */
	short events;
	size_t polled;		/* index + 1 in this round's pollfd array, 0: not there */
	int64_t due_ns;		/* KIND_TIMER, KIND_CHILD without pidfd; < 0: idle */
	int period_ms;
	pid_t pid;
	int signo;
	loop_fd_fn fd_fn;
	loop_fn fn;
	void *arg;
};

struct loop {
	struct loop_source *first;
	struct pollfd *pfd;
	size_t nr_pfd;
	int signal_fd;
	sigset_t signals;	/* those that signal_fd reads */
	sigset_t old_mask;
	bool running, stopped;
};

struct loop *loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	loop->signal_fd = -1;
	sigemptyset(&loop->signals);
	return loop;
}

static void free_source(struct loop_source *source)
{
	if (source->kind == KIND_CHILD && source->fd >= 0)
		close(source->fd);
	free(source);
}

static void sweep(struct loop *loop)
{
	struct loop_source **link = &loop->first;

	while (*link) {
		struct loop_source *source = *link;

		if (source->dead) {
			*link = source->next;
			free_source(source);
		} else {
			link = &source->next;
		}
	}
}

void loop_free(struct loop *loop)
{
	struct loop_source *source;

	if (!loop)
		return;
	for (source = loop->first; source; source = source->next)
		source->dead = true;
	sweep(loop);
	if (loop->signal_fd >= 0) {
		close(loop->signal_fd);
		sigprocmask(SIG_SETMASK, &loop->old_mask, NULL);
	}
	free(loop->pfd);
	free(loop);
}

/* At the end of the list, so that sources are served in the order they were added. */
static struct loop_source *add(struct loop *loop, enum kind kind, void *arg)
{
	struct loop_source *source = xcalloc(1, sizeof(*source)), **link = &loop->first;

	source->loop = loop;
	source->kind = kind;
	source->fd = -1;
	source->due_ns = -1;
	source->arg = arg;
	while (*link)
		link = &(*link)->next;
	*link = source;
	return source;
}

struct loop_source *loop_fd(struct loop *loop, int fd, short events, loop_fd_fn fn, void *arg)
{
	struct loop_source *source = add(loop, KIND_FD, arg);

	source->fd = fd;
	source->events = events;
	source->fd_fn = fn;
	return source;
}

void loop_fd_events(struct loop_source *source, short events)
{
	source->events = events;
}

struct loop_source *loop_timer(struct loop *loop, int delay_ms, int period_ms, loop_fn fn,
			       void *arg)
{
	struct loop_source *source = add(loop, KIND_TIMER, arg);

	source->period_ms = period_ms;
	source->fn = fn;
	loop_timer_set(source, delay_ms);
	return source;
}

void loop_timer_set(struct loop_source *source, int delay_ms)
{
	source->due_ns = delay_ms < 0 ? -1 : monotonic_ns() + (int64_t)delay_ms * 1000000;
}

struct loop_source *loop_child(struct loop *loop, pid_t pid, loop_fn fn, void *arg)
{
	struct loop_source *source = add(loop, KIND_CHILD, arg);

	source->pid = pid;
	source->fn = fn;
	source->fd = (int)syscall(SYS_pidfd_open, pid, 0);
	source->events = POLLIN;
	if (source->fd < 0)
		source->due_ns = monotonic_ns();
	return source;
}

struct loop_source *loop_signal(struct loop *loop, int signo, loop_fn fn, void *arg)
{
	struct loop_source *source;
	sigset_t old, want = loop->signals;
	int fd;

	sigaddset(&want, signo);
	fd = signalfd(loop->signal_fd, &want, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return NULL;
	sigprocmask(SIG_BLOCK, &want, &old);
	if (loop->signal_fd < 0)
		loop->old_mask = old;
	loop->signal_fd = fd;
	loop->signals = want;
	source = add(loop, KIND_SIGNAL, arg);
	source->signo = signo;
	source->fn = fn;
	return source;
}

void loop_remove(struct loop_source **source)
{
	struct loop *loop;

	if (!*source)
		return;
	loop = (*source)->loop;
	(*source)->dead = true;
	*source = NULL;
	if (!loop->running)
		sweep(loop);
}

static bool wants_fd(const struct loop_source *source)
{
	return (source->kind == KIND_FD && source->events) ||
	       (source->kind == KIND_CHILD && source->fd >= 0);
}

/* Fill pfd[] from the sources; false when nothing but a signal could ever wake us. */
static bool prepare(struct loop *loop, int64_t *due_ns)
{
	struct loop_source *source;
	bool alive = false;
	size_t nr = 1;

	for (source = loop->first; source; source = source->next)
		nr++;
	if (nr > loop->nr_pfd) {
		loop->pfd = xrealloc(loop->pfd, nr * sizeof(*loop->pfd));
		loop->nr_pfd = nr;
	}
	/* slot 0 is the signals'; poll() skips a negative descriptor */
	loop->pfd[0] = (struct pollfd){ .fd = loop->signal_fd, .events = POLLIN };
	*due_ns = -1;
	nr = 1;
	for (source = loop->first; source; source = source->next) {
		source->polled = 0;
		if (wants_fd(source)) {
			loop->pfd[nr] =
				(struct pollfd){ .fd = source->fd, .events = source->events };
			source->polled = ++nr;
			alive = true;
		}
		if (source->due_ns >= 0) {
			if (*due_ns < 0 || source->due_ns < *due_ns)
				*due_ns = source->due_ns;
			alive = true;
		}
	}
	return alive;
}

static int wait_ms(int64_t due_ns)
{
	int64_t left;

	if (due_ns < 0)
		return -1;
	left = (due_ns - monotonic_ns() + 999999) / 1000000;
	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static void serve_signals(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		struct loop_source *source;

		for (source = loop->first; source; source = source->next)
			if (!source->dead && source->kind == KIND_SIGNAL &&
			    source->signo == (int)info.ssi_signo)
				source->fn(source->arg);
	}
}

static void serve_timer(struct loop_source *source, int64_t now)
{
	if (source->period_ms > 0) {
		source->due_ns += (int64_t)source->period_ms * 1000000;
		if (source->due_ns <= now)
			source->due_ns = now + (int64_t)source->period_ms * 1000000;
	} else {
		source->due_ns = -1;
	}
	source->fn(source->arg);
}

static bool child_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	/* ECHILD: somebody reaped it already, it ended all the same */
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == pid;
}

static void serve_child(struct loop_source *source, int64_t now)
{
	if (!child_ended(source->pid)) {
		if (source->fd < 0)
			source->due_ns = now + CHILD_POLL_NS;
		return;
	}
	source->due_ns = -1;
	if (source->fd >= 0)
		close(take_fd(source->fd));
	source->fn(source->arg);
}

/* Serve what poll() found. A source added by a callback waits for the next round. */
static void serve(struct loop *loop)
{
	int64_t now = monotonic_ns();
	struct loop_source *source;

	if (loop->pfd[0].revents)
		serve_signals(loop);
	for (source = loop->first; source && !loop->stopped; source = source->next) {
		short revents = source->polled ? loop->pfd[source->polled - 1].revents : 0;

		source->polled = 0;
		if (source->dead)
			continue;
		if (source->kind == KIND_FD && revents && source->events)
			source->fd_fn(source->fd, revents, source->arg);
		else if (source->kind == KIND_TIMER && source->due_ns >= 0 && source->due_ns <= now)
			serve_timer(source, now);
		else if (source->kind == KIND_CHILD &&
			 (revents || (source->due_ns >= 0 && source->due_ns <= now)))
			serve_child(source, now);
	}
}

int loop_run(struct loop *loop)
{
	int64_t due_ns;
	int ret = 0;

	loop->running = true;
	loop->stopped = false;
	while (!loop->stopped && prepare(loop, &due_ns)) {
		size_t i, nr = 1;
		struct loop_source *source;

		for (source = loop->first; source; source = source->next)
			if (source->polled > nr)
				nr = source->polled;
		if (poll(loop->pfd, nr, wait_ms(due_ns)) < 0) {
			if (errno != EINTR) {
				ret = -errno;
				break;
			}
			for (i = 0; i < nr; i++)
				loop->pfd[i].revents = 0;
		}
		serve(loop);
		sweep(loop);
	}
	loop->running = false;
	sweep(loop);
	return ret;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}
