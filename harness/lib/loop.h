/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one event loop: descriptors, timers, children and signals on poll().
 *
 * Single-threaded. Callbacks run from loop_run(), one at a time, and may add
 * and remove any source, their own included. Time is CLOCK_MONOTONIC; nothing
 * here sleeps and nothing looks at the wall clock.
 *
 * A source belongs to its loop; loop_remove() gives it back and clears the
 * caller's pointer. loop_free() frees what is left. Descriptors stay the
 * caller's. Nothing logs.
 */
#ifndef GRANTBENCH_LIB_LOOP_H
#define GRANTBENCH_LIB_LOOP_H

#include <stdint.h>
#include <sys/types.h>

struct loop;
struct loop_source;

struct loop *loop_new(void);
void loop_free(struct loop *loop);	/* NULL is fine; signals get their old mask back */

/* revents is what poll() said; POLLHUP and POLLERR come whether asked for or not. */
typedef void (*loop_fd_fn)(int fd, short revents, void *arg);
struct loop_source *loop_fd(struct loop *loop, int fd, short events, loop_fd_fn fn, void *arg);

/* Change what is polled for; 0 pauses the source altogether, POLLHUP included. */
void loop_fd_events(struct loop_source *source, short events);

/*
 * Call fn after delay_ms, then every period_ms; 0: once, and then the source is
 * idle until loop_timer_set(). A late period is not made up for. A delay_ms
 * below 0 leaves the timer idle.
 */
typedef void (*loop_fn)(void *arg);
struct loop_source *loop_timer(struct loop *loop, int delay_ms, int period_ms, loop_fn fn,
			       void *arg);
void loop_timer_set(struct loop_source *source, int delay_ms);

/*
 * Call fn once when the child has ended. The child is not reaped: fn does that
 * (spawn_wait(proc, 0)). By pidfd, or by looking every 10 ms where there is none.
 */
struct loop_source *loop_child(struct loop *loop, pid_t pid, loop_fn fn, void *arg);

/*
 * Call fn when signo comes. The signal is blocked until loop_free(). One loop
 * at a time may have signals. NULL and errno when the kernel refuses.
 */
struct loop_source *loop_signal(struct loop *loop, int signo, loop_fn fn, void *arg);

void loop_remove(struct loop_source **source);

/*
 * Run until loop_stop(), or until only signals, idle timers and paused
 * descriptors are left (nothing could ever happen). 0 or -errno.
 */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
