/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the consoles said, kept: one file per domain, the last lines in memory,
 * and the surroundings of the first crash pattern.
 */
#ifndef GRANTBENCH_VM_LOGS_H
#define GRANTBENCH_VM_LOGS_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "vm/console.h"

#define LOGS_TAIL 12		/* lines kept */
#define LOGS_BEFORE 6		/* lines of context in front of a pattern */
#define LOGS_AFTER 60		/* and behind */
#define LOGS_LINE_MAX 300	/* bytes of a line in tail and context */

struct logs {
	const char *workdir;
	FILE *xen, *dom0;
	FILE *domu[CONSOLE_MAX_DOMUS];
	unsigned int domid[CONSOLE_MAX_DOMUS];
	int error;		/* first errno of a write, positive */
	char *tail[LOGS_TAIL];	/* "domu: text", a ring */
	size_t nr_lines;	/* ever */
	struct buf context;
	int after;		/* lines still to be added to context; 0: none is open */
};

/* Create xen.log and dom0.log and remove domU logs of a former run. workdir stays the caller's. */
int logs_open(struct logs *logs, const char *workdir, struct err *err);
void logs_close(struct logs *logs);

/* splat: a pattern matched this line; start a context (again). */
void logs_line(struct logs *logs, const struct console_line *line, bool splat);

/* Hand stdio's buffers to the kernel; errors go to logs->error. */
void logs_flush(struct logs *logs);

/* The last nr lines (at most LOGS_TAIL), one per line of text; caller frees. */
char *logs_tail(const struct logs *logs, size_t nr);

#endif
