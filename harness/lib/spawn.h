/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one place that starts programs.
 *
 * argv vectors only, never a shell. Everything is allocated before fork(), so
 * the child calls async-signal-safe functions alone. Descriptors are CLOEXEC
 * but for the three that the request names; the child leads a process group of
 * its own, and the kernel kills it when the thread that started it dies
 * (PR_SET_PDEATHSIG). That is the child alone: make's children and theirs would
 * go on. A guarded child is started by a process in between, the leader of the
 * group, which outlives us for as long as it takes to kill all of it. A failed
 * exec is reported by spawn_start(), over a pipe, not as exit status 127.
 */
#ifndef GRANTBENCH_LIB_SPAWN_H
#define GRANTBENCH_LIB_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/err.h"

struct spawn_req {
	const char *const *argv;	/* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *env;		/* NULL-terminated "NAME=value" put over ours, or NULL */
	const char *cwd;		/* NULL: ours */
	int stdin_fd;			/* -1: /dev/null */
	int stdout_fd;			/* -1: /dev/null */
	int stderr_fd;			/* -1: /dev/null */
	int keep_fd;			/* one more descriptor the child inherits, -1: none */
	bool guard;			/* if we die, what the child started dies, too; see below */
};
#define SPAWN_REQ_INIT { NULL, NULL, NULL, -1, -1, -1, -1, false }

struct proc {
	pid_t pid;		/* also the group's id; 0 when there is none */
	bool reaped;
	int status;		/* as from waitpid(), when reaped */
	int64_t start_ns;	/* CLOCK_MONOTONIC */
	int64_t end_ns;
};
#define PROC_INIT { 0, false, 0, 0, 0 }

/* Start it. Fails when the program cannot be found or executed. */
int spawn_start(struct proc *proc, const struct spawn_req *req, struct err *err);

/* Wait for the end. timeout_ms < 0: for ever. 1: ended, 0: still running. */
int spawn_wait(struct proc *proc, int timeout_ms);

/* TERM to the group, wait grace_ms, KILL to the group, reap. Nothing to do when it ended. */
void spawn_end(struct proc *proc, int grace_ms);

/* "exit status 1", "killed by signal 9 (Killed)"; points into out. */
const char *spawn_status(const struct proc *proc, char *out, size_t size);
bool spawn_ok(const struct proc *proc);	/* reaped and exit status 0 */

/*
 * Run to the end and collect standard output (NULL: discard) up to 64 MiB.
 * Standard error's last lines come back in the error when the program fails.
 * timeout_ms < 0: no deadline. A program over its deadline is ended and an error.
 */
int spawn_run(const struct spawn_req *req, int timeout_ms, struct buf *out, struct err *err);

/*
 * Run to the end with both outputs appended to log_path (created). On failure
 * the error quotes the log's last lines and names the log.
 */
int spawn_run_logged(const struct spawn_req *req, int timeout_ms, const char *log_path,
		     struct err *err);

/* As execvp() would find it; caller frees; NULL if PATH has no such program. */
char *spawn_find_program(const char *name);

int64_t monotonic_ns(void);

/* One line for logs and manifests: arguments quoted where they need it; caller frees. */
char *spawn_argv_text(const char *const *argv);

#endif
