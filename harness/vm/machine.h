/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of a running machine: what vm.c (QEMU, console, clock) and judge.c
 * (what it all means) share. Nobody else includes this.
 */
#ifndef GRANTBENCH_VM_MACHINE_H
#define GRANTBENCH_VM_MACHINE_H

#include "lib/spawn.h"
#include "vm/console.h"
#include "vm/logs.h"
#include "vm/splat.h"
#include "vm/vm.h"

enum machine_state {
	RUNNING,	/* until something fatal, or everybody is done */
	DRAINING,	/* after a crash, until it is quiet */
	FINISHING,	/* everybody is done: wait for the power-off */
	ENDING,		/* TERM was sent */
	ENDED,
};

struct vm {
	struct vm_spec spec;
	struct loop *loop;
	struct loop_source *tick, *child;
	vm_done_fn done;
	void *done_arg;

	enum machine_state state;
	struct proc proc;
	int console_fd;
	off_t console_size;	/* read so far */
	struct console *console;
	struct logs logs;
	unsigned int ticks;

	size_t next_phase;	/* index into spec.phases: the one awaited */
	int64_t phase_ns;	/* since when it is awaited */
	int64_t output_ns;	/* last byte on the console */
	int64_t state_ns;	/* when state began */
	bool killed;		/* KILL was sent */

	bool fatal;		/* result.outcome stands */
	bool told;		/* ... because a guest said so */
	bool soft;		/* a finding that matters if nothing fatal comes */
	enum vm_outcome soft_outcome;
	enum vm_domain soft_culprit, splat_domain;
	char *soft_reason;
	enum splat_class splat_class;	/* of result.splat */
	bool reason_goes_on;	/* Xen says why on the line behind "Panic on CPU" */
	enum vm_domain last_speaker;
	struct vm_result result;
};

/* vm.c */
int64_t machine_scaled_ns(const struct vm *vm, int ms);	/* a duration of the spec, for this host */
void machine_enter(struct vm *vm, enum machine_state state);
void machine_end(struct vm *vm);	/* TERM to the group; KILL follows from the clock */

/*
 * judge.c. The first fatal finding is the outcome; the machine is drained, or
 * ended at once, as it needs.
 */
void judge_fatal(struct vm *vm, enum vm_outcome outcome, enum vm_domain culprit, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));
void judge_line(const struct console_line *line, void *vm);	/* a console_fn */
void judge_deadlines(struct vm *vm, int64_t now_ns);
bool judge_all_done(const struct vm *vm);

/* QEMU is gone and reaped, every line was seen: settle the outcome. */
void judge_end(struct vm *vm);

#endif
