/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a person sees while cells run. On a terminal one live line per running
 * cell (phase, elapsed, estimate), plain lines for what is finished; elsewhere
 * plain lines only; nothing with quiet. Writes to stderr: stdout is for results.
 */
#ifndef GRANTBENCH_WORKLOAD_PROGRESS_H
#define GRANTBENCH_WORKLOAD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_SLOTS 16

struct progress {
	bool quiet, tty;
	size_t total, finished;
	int64_t longest_ns;		/* of the finished cells: the estimate */
	unsigned int drawn;		/* live lines on the screen */
	struct progress_slot {
		const char *name;	/* NULL: free */
		char phase[32];
		int64_t start_ns;
	} slot[PROGRESS_SLOTS];
};

void progress_init(struct progress *p, size_t total, bool quiet);
void progress_start(struct progress *p, unsigned int slot, const char *name);
void progress_phase(struct progress *p, unsigned int slot, const char *phase);
/* The cell has ended; text says how. */
void progress_end(struct progress *p, unsigned int slot, const char *text);
/* A line that stays. */
void progress_note(struct progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, with --quiet too. */
void progress_say(struct progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Redraw the live lines; call every second or so. */
void progress_tick(struct progress *p);
/* Remove the live lines. */
void progress_clear(struct progress *p);

#endif
