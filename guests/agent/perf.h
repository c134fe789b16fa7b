/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf in a guest: it is started well before the timed part with its events disabled,
 * watches all CPUs of this guest while they are enabled, and is asked for what it saw when
 * nothing is timed any more.
 *
 * `record` samples the software clock, with the kernel's part of the stack. The stacks are
 * folded here: a thousand lines, in place of megabytes over an emulated console.
 */
#ifndef GB_AGENT_PERF_H
#define GB_AGENT_PERF_H

#include <stdbool.h>

#include "sys.h"

#define PERF_IDLE "[idle]"

struct perf {
	struct child child;	/* pid 0: none */
	int control;		/* words to perf, -1: none */
	int answer;		/* and what it says to them */
	bool record;
	int spans;		/* how often it was enabled */
	bool enabled;
};
#define PERF_INIT { .child = { .out = -1 }, .control = -1, .answer = -1 }

/* kind: "stat", "record", or "": nothing is started. 0, or -1 with an error record. */
int perf_start(struct perf *p, const char *kind);

/* The timed part begins or ends. The first one counts: what comes later is not timed. */
void perf_enable(struct perf *p, bool on);

/*
 * End it and send perf-SRC.txt (counters as "name value" lines) and, of `record`,
 * perf-SRC.folded: "comm;outermost;...;innermost count" lines, as flame graphs want them;
 * a CPU that waits has PERF_IDLE innermost.
 * False with an error record when there is nothing to send.
 */
bool perf_send(struct perf *p, const char *src);

/*
 * One sample of `perf script -F comm,pid,ip,sym`, of lines as it prints them: into stack,
 * outermost first. NULL in line ends it. Exposed for tests.
 */
struct perf_stack {
	char text[4096];	/* the folded stack, once whole */
	char comm[64];
	char frame[64][128];	/* innermost first; what is deeper is cut off */
	unsigned int nr;
	bool in_sample;
};

/* True: a sample is whole, in s->text. */
bool perf_fold_line(struct perf_stack *s, const char *line);

/* Is the whole stack that of the idle loop, waiting? The innermost function says so. */
bool perf_is_idle(const struct perf_stack *s);

#endif
