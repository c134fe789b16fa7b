/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an init program needs of the kernel. Nothing here reports; -errno tells. */
#ifndef GB_AGENT_SYS_H
#define GB_AGENT_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Mount proc, sysfs, devtmpfs, devpts, debugfs; xenfs if asked for and there. The root is memory already. */
int sys_mount_all(bool xenfs);

/* Whole file, NUL-terminated, at most 1 MiB; caller frees *data. size may be NULL. */
int sys_read_file(const char *path, char **data, size_t *size);
int sys_write_file(const char *path, const char *text);

int64_t sys_now_ms(void);	/* CLOCK_MONOTONIC */
void sys_sleep_ms(int ms);

struct child {
	pid_t pid;		/* 0: none */
	int out;		/* read end of its standard output, -1: not asked for */
	bool ended;
	int status;		/* as from waitpid() */
};

/*
 * Start a program. want_out: its output comes through child->out, non-blocking,
 * else it goes to the console. Standard error goes to the console, or with
 * err_too to the same pipe.
 */
int sys_spawn(struct child *child, const char *const *argv, bool want_out, bool err_too);

/* Read what there is of its output, up to size bytes: how many, 0 or -1 when none. */
ssize_t sys_drain(struct child *child, char *to, size_t size);

/* True when it has ended (reaps it). */
bool sys_child_ended(struct child *child);
/* Wait for the end, at most timeout_ms; false: still there. */
bool sys_child_wait(struct child *child, int timeout_ms);
/* "exit status 1", "signal 9". */
const char *sys_child_text(const struct child *child, char *out, size_t size);

/*
 * Run to the end, output collected into out (cut at size - 1 bytes; rest is
 * read and dropped). Exit status, or -errno, -ETIMEDOUT (then it was killed).
 */
int sys_run(const char *const *argv, char *out, size_t size, int timeout_ms);

/*
 * Tell the kernel that its random numbers are good enough: xl waits for that, 8 s
 * in a machine without devices that make noise. The seed is fixed, so that two
 * runs get the same numbers; nothing here is secret.
 */
int sys_seed_random(void);

/* Flush disks and switch the machine off; does not return. */
void sys_poweroff(void) __attribute__((noreturn));

/* A shell on the console until it exits; for people. */
void sys_shell(const char *tty);

#endif
