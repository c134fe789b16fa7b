/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native benchmark of the grant allocators: gb-alloc, once per load, variant
 * and round, and what the rounds say together.
 *
 * Variants are interleaved: in even rounds a load's variants run in their order,
 * in odd ones backwards, so that a drift that is linear over time hits all alike
 * (A B B A). The
 * time that a load itself takes is measured with an allocator that does nothing, in
 * each round, and deducted. A variant's effect is the log-ratio of its ns per request to
 * upstream's in the same round, judged by ranks (stats/signedrank.h).
 */
#ifndef GRANTBENCH_ALLOC_BENCH_H
#define GRANTBENCH_ALLOC_BENCH_H

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alloc/hdr.h"
#include "alloc/trace.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "stats/verdict.h"

#define BENCH_SCHEMA "grantbench.alloc/1"
#define BENCH_BASE "upstream"
#define BENCH_ROUNDS 12
#define BENCH_VARIANTS_MAX 8

/* A load. Zero means: none of it. */
struct bench_load {
	const char *name;
	const char *what;	/* for people */
	unsigned int inflight, pages;
	bool fifo;
	unsigned int held_pct;	/* of the table, by others, scattered */
	bool held_late;		/* they came when the device had been at work */
	unsigned int own_pct;	/* of the device's own references, for good, scattered */
	bool grown;		/* the table is at its limit of frames */
	unsigned int reserve;	/* xen_grant_dma.reserve */
	unsigned int aperture;	/* xen_grant_dma.iommu_grefs; 0: all that a variant may take */
	unsigned int threads;	/* 0: 1 */
	unsigned int requests;	/* in the counted pass; 0: 4096 */
	bool instructions;	/* count them */
	const char *trace;	/* path: replay that */
	uint64_t trace_maps;	/* requests in it */
};

extern const struct bench_load bench_loads[];
extern const size_t nr_bench_loads;

/* Counts of one measurement. Exact when the load has one thread. */
struct bench_counts {
	uint64_t requests, failed, rebuilds, words_max, locks;
	uint64_t refs_peak, mapped_peak;
};

/* One variant under one load. */
struct bench_cell {
	const struct bench_load *load;
	const char *variant;
	char *not_applicable;		/* why it has no numbers, or NULL */
	struct bench_counts counts;
	bool counts_differ;		/* between rounds, though they should be exact */
	double *ns;			/* by round, net of what the load itself takes */
	struct hdr irqs_off, call;	/* ns, all rounds together */
	double instructions;		/* per request; NaN: not counted */
	char *no_instructions;		/* why not, or NULL */
	/* against upstream, under the same load */
	struct effect effect;		/* of ns; log-ratios */
	enum verdict verdict;
	double median_ns;
	struct interval ns_ci;		/* bootstrap, of the median */
};

struct bench {
	struct bench_load *loads;	/* the chosen ones, traces behind them */
	size_t nr_loads;
	const char *variants[BENCH_VARIANTS_MAX];
	size_t nr_variants;
	struct bench_cell *cells;	/* by load, then by variant */
	struct bench_cell *idle;	/* by load: the allocator that does nothing */
	unsigned int rounds;
	uint64_t seed;
	struct verdict_rules rules;
	/* where the numbers come from */
	char *program, *program_sha256, *kernel;
	json_t *sources;		/* file: SHA-256 */
	json_t *defects;		/* upstream's, reproduced: what gb-alloc printed */
	double seconds;
};

struct bench_opts {
	const char *program;		/* gb-alloc */
	unsigned int rounds;
	uint64_t seed;
	/* NULL-terminated; NULL: all. Errors name what is not there. */
	const char *const *loads;
	const char *const *variants;
	const char *const *traces;
	/* Looked at between two processes: set, the benchmark ends with an error. */
	volatile sig_atomic_t *interrupted;
	void (*progress)(const char *load, size_t done, size_t all, void *arg);
	void *progress_arg;
};

/* Errors: GB_USAGE for names and traces, GB_SUBJECT when gb-alloc died, else GB_INFRA. */
int bench_run(const struct bench_opts *opts, struct bench *out, struct err *err);
void bench_release(struct bench *bench);

struct bench_cell *bench_cell(const struct bench *b, size_t load, size_t variant);
/* By names; NULL when it is not there. */
const struct bench_cell *bench_find(const struct bench *b, const char *load, const char *variant);

/* Read a trace. Errors are GB_USAGE and name file and line. Release it. */
int bench_read_trace(const char *path, struct trace *out, struct err *err);

/* Judge: fill what is "against upstream". Pure; part of bench_run(). */
void bench_judge(struct bench *b);

/* One line of gb-alloc into cell; round 0 brings the counts, later ones are compared. */
int bench_take(struct bench_cell *cell, unsigned int round, const char *text, struct err *err);

/* A number to reach, and whether it is. */
enum claim_state { CLAIM_MET, CLAIM_UNMET, CLAIM_OPEN, CLAIM_NOT_APPLICABLE };
struct claim {
	const char *what;
	const char *class;	/* of the number that it rests on */
	enum claim_state state;
	char found[160];	/* what was measured, or why there is nothing */
};
const char *claim_state_name(enum claim_state state);
/* The i-th claim; false behind the last. Pure. */
bool bench_claim(const struct bench *b, size_t i, struct claim *out);

void bench_text(const struct bench *b, struct buf *out);
void bench_markdown(const struct bench *b, struct buf *out);
json_t *bench_json(const struct bench *b);	/* results/schema/alloc.schema.json */

#endif
