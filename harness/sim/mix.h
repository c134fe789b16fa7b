/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads for an allocator, and what they cost.
 *
 * One request is one allocation and, later, its free. A synthetic mix keeps a
 * number of requests in flight: each step completes one, the oldest (fifo) or any
 * (random), and starts another. A replayed trace is what a device did.
 *
 * A measurement is three passes over the same steps, so that none disturbs the
 * other: counts (of the first pass over the steps; exact), time (whole passes, no
 * clock inside), and spans (a clock around each call and each span with interrupts
 * off). Everything before them (table, ageing, filling) follows from the seed.
 */
#ifndef GRANTBENCH_SIM_MIX_H
#define GRANTBENCH_SIM_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alloc/hdr.h"
#include "alloc/trace.h"
#include "sim.h"

struct mix {
	const struct sim_variant *variant;
	unsigned int frames;		/* the table's limit */
	unsigned int max_refs;		/* what the variant may take of it */
	unsigned int inflight;		/* requests, per thread */
	unsigned int pages;
	bool random;			/* completion order */
	/*
	 * Share of the table, in percent, held by others as scattered single
	 * references; and references that the device itself holds for good, scattered
	 * among its own, in percent of max_refs.
	 */
	unsigned int held_pct, own_pct;
	bool held_late;			/* others come when the device has been at work */
	bool grown;			/* the table has grown to its limit before */
	unsigned int reserve;		/* sim_reserve() */
	unsigned int aperture;		/* sim_aperture() */
	unsigned int threads;
	unsigned int requests;		/* per thread and pass */
	unsigned int time_ms;		/* least length of the timed part */
	uint64_t seed;
	const struct trace *trace;	/* instead of inflight, pages, random; or NULL */
};

struct mix_result {
	/* exact with one thread */
	uint64_t requests;	/* of the counted pass */
	uint64_t failed;	/* of these, -ENOSPC */
	uint64_t rebuilds;	/* requests in which the whole free list was rebuilt */
	uint64_t words, words_max;	/* of bitmaps: looked at in all, most in one call */
	uint64_t locks;
	unsigned int refs_peak;	/* of the table, taken or kept by the device */
	unsigned int refs_mapped_peak;	/* of these, in requests */
	unsigned int held;	/* by others */
	/* depend on the host */
	double ns;		/* of CPU time per request */
	uint64_t timed;		/* requests that were timed */
	uint64_t contended;	/* locks found taken, in the timed part */
	struct hdr irqs_off;	/* ticks of each span with interrupts off */
	struct hdr call;	/* ticks of each alloc() and each free() */
	double ns_per_tick;
};

/* 0, or -errno with why: the load cannot be run. */
int mix_run(const struct mix *mix, struct mix_result *out, const char **why);

/*
 * Instructions per request, counted one by one in a child that is traced: exact
 * for this program. -EPERM and the like where the host does not let us.
 */
int mix_instructions(const struct mix *mix, double *per_request, const char **why);

/* Inside mix.c, for insn.c: set up, then run steps; stop is called around the counted part. */
int mix_bracketed(const struct mix *mix, void (*stop)(void), uint64_t *requests, const char **why);

#endif
