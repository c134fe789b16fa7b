/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot one machine and say what happened.
 *
 * The caller builds QEMU's argv (loader prefix included, but no -serial); this
 * layer adds the console, supervises, and ends with one outcome, the domain to
 * blame and one sentence. Everything runs on a loop (lib/loop.h) without ever
 * blocking, so several machines share one: vm_start() each, and the done
 * callback tells when one has ended. vm_run() does one from start to end.
 *
 * Console. QEMU writes `-serial file:WORKDIR/console.log`, and the file is read
 * as it grows, every 20 ms. A file, because a write to it never waits: with a
 * pipe or a socket QEMU polls, or blocks, until the harness has read, and what
 * the guest sees (and under icount, when) would depend on the host's load. The
 * price is that nothing holds a guest back that prints without end; console_max
 * does. A timer, because inotify has nothing to add: it does not exist on every
 * file system and floods exactly when there is most to do.
 *
 * Files in the workdir, all overwritten:
 *   console.log   raw bytes, as QEMU wrote them
 *   xen.log, dom0.log, domu.log   whole lines of each (vm/console.h); the first
 *                 domU that speaks has domu.log, another one domu-<domid>.log
 *   qemu.log      QEMU's standard output and error
 *
 * QEMU leads a process group, is killed by the kernel when the harness dies
 * (lib/spawn.h), and is ended by TERM, a grace period and KILL to the group. It
 * forks nothing by itself with the options that we give it.
 *
 * Outcome, the first of these that holds:
 *   guest-crash, xen-crash   a crash pattern (vm/splat.h); output is drained
 *                 until it is quiet for drain_ms so that the trace is complete;
 *                 or dom0 reset the machine before everybody was done
 *   fail          a guest's "error" record (unless, while draining, another
 *                 domain is seen to have crashed), a machine powered off too
 *                 early, or more output than console_max
 *   timeout       a phase, the "done" records, or any output at all did not come
 *   infra-error   QEMU could not run or died, the disk is full, interrupted
 *   fail          finished, but with a warning pattern, a failed "check",
 *                 "done" with ok = false, or a guest that started over
 *   invalid       finished, but the path was not live (pattern), or records are
 *                 lost or break the contract: no number may be printed
 *   pass
 *
 * Durations of a spec are for an idle machine; all are multiplied by slowdown.
 */
#ifndef GRANTBENCH_VM_VM_H
#define GRANTBENCH_VM_VM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/loop.h"
#include "vm/domain.h"
#include "vm/reports.h"

enum vm_outcome {
	VM_PASS,
	VM_FAIL,
	VM_INVALID,
	VM_GUEST_CRASH,
	VM_XEN_CRASH,
	VM_TIMEOUT,
	VM_INFRA_ERROR,
};

const char *vm_outcome_name(enum vm_outcome outcome);	/* as in result.json */

/* A phase that must come, deadline_ms after the one before it in the list (or the start). */
struct vm_phase {
	const char *name;	/* docs/ARCHITECTURE.md */
	int deadline_ms;
};

struct vm_spec {
	const char *const *argv;	/* NULL-terminated; without any -serial */
	const char *workdir;		/* exists; see above */
	const char *token;
	const char *source_token[REPORT_SOURCES];	/* what a source has instead, or NULL */
	const struct vm_phase *phases;	/* in order; one that comes early is kept */
	size_t nr_phases;
	unsigned int done_from;		/* 1u << REPORT_DOM0 | ...: whose "done" ends the run */
	double slowdown;		/* vm_measure_slowdown(); below 1 counts as 1 */
	int done_ms;			/* from the last phase to the last "done" */
	int silence_ms;			/* longest time without a byte on the console; 0: any */
	int total_ms;			/* 0: the phases' deadlines are enough */
	int poweroff_ms;		/* how long the guests may take to go down when done */
	int drain_ms;			/* quiet time that ends draining after a crash */
	int term_ms;			/* from TERM to KILL */
	size_t console_max;		/* bytes */
	const char *expected;		/* a warning with these words is what is looked for, or NULL */
	/* May be NULL. host_ns: since the start. */
	void (*on_phase)(const char *phase, int64_t host_ns, void *arg);
	void *arg;
};

#define VM_SPEC_INIT                                                                   \
	{                                                                              \
		.done_from = 1u << REPORT_DOM0 | 1u << REPORT_DOMU, .slowdown = 1,     \
		.done_ms = 10000, .silence_ms = 30000, .total_ms = 600000,             \
		.poweroff_ms = 10000, .drain_ms = 300, .term_ms = 2000,                \
		.console_max = 64u << 20,                                              \
	}

struct vm_phase_seen {
	char name[32];
	int64_t host_ns;	/* since the start: for the host object only */
	int64_t guest_ns;	/* the guest's CLOCK_MONOTONIC; -1 for xen-up */
};

struct vm_result {
	enum vm_outcome outcome;
	enum vm_domain culprit;		/* VM_DOMAIN_NONE: QEMU, the host, or nobody (pass) */
	char *reason;			/* one sentence; "" when passed */
	char *splat;			/* first pattern's line, a crash before others; or NULL */
	char *context;			/* what stood around it; without one, the last lines */
	struct vm_phase_seen *phases;	/* in order of arrival */
	size_t nr_phases;
	struct reports reports;		/* records, blobs, counts */
	bool interrupted;		/* vm_stop(), or a signal in vm_run() */
	bool powered_off;		/* went down by itself after everybody was done */
	bool exited;			/* qemu_status is an end that QEMU chose */
	int qemu_status;		/* as from waitpid() */
	size_t peak_rss_bytes;		/* of QEMU; 0 when it was too quick to look */
	int64_t elapsed_ns;
	char *command;			/* the argv as one line */
	char *console_path;		/* raw */
};

void vm_result_release(struct vm_result *result);

struct vm;

typedef void (*vm_done_fn)(struct vm *vm, void *arg);

/*
 * Start a machine on loop. spec is copied, what it points to must stay. done is
 * called once, from the loop, when the machine is gone and the result stands; it may
 * free the machine.
 * NULL when it cannot be started (no such program, workdir not writable).
 */
struct vm *vm_start(struct loop *loop, const struct vm_spec *spec, vm_done_fn done, void *arg,
		    struct err *err);

/* End it early; done is still called. The outcome is infra-error, interrupted is set. */
void vm_stop(struct vm *vm, const char *why);

/* The result, once done was called; belongs to vm. Move it out with vm_take_result(). */
const struct vm_result *vm_result(const struct vm *vm);
void vm_take_result(struct vm *vm, struct vm_result *result);

/* Kills a machine that still runs (blocks until it is reaped). NULL is fine. */
void vm_free(struct vm *vm);

/*
 * One machine from start to end on a loop of its own; SIGINT, SIGTERM and SIGHUP
 * end it. -1 when it could not be started; otherwise 0 and *result, the caller's.
 */
int vm_run(const struct vm_spec *spec, struct vm_result *result, struct err *err);

/*
 * How much slower than idle this host is about to be: a fixed piece of integer
 * work (at most 50 ms, the best of several goes) against what it takes on the
 * machine that deadlines were chosen on (REFERENCE_NS in slowdown.c), times how
 * many runnable threads there will be per CPU: nr_vms of ours, and the load
 * average of everything else. Between 1 and 20.
 */
double vm_measure_slowdown(unsigned int nr_vms);

/* The part of it that does not look at the host; for tests. */
double vm_slowdown(double cpu, unsigned int nr_vms, double load, unsigned int nr_cpus);

/*
 * The machine with its consoles on our terminal (grantbench boot): labels at
 * line starts, standard input passed through. phases and deadlines are ignored.
 * Ctrl-a x leaves, Ctrl-a h lists the others. Works without a terminal: input
 * is then sent when dom0 listens, and its end changes nothing. Writes
 * console.log as above. 0 when QEMU ended or was left; -1 when it could not be
 * started, or failed.
 */
int vm_interactive(const struct vm_spec *spec, struct err *err);

#endif
