/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two sides of results, what may be said of their difference, and in which
 * words. The rules are those of stats/verdict.h; here is how they are applied.
 *
 * Sides. One result: A is the axis' first value in the file, and each other
 * value a B. Two results: A is the first, B the second. Cells are paired when all
 * axes but the compared one are equal. What cannot be paired is listed with its
 * reason, never left out silently; what cannot exist once for each reason.
 * A value that cannot do without another axis' value brings it along: by mapping,
 * persistent the allocator (pool) and foreign the binding (none); by allocator, pool the
 * mapping (persistent).
 * By device, how a device is described and reached (binding, mapping, allocator, irq,
 * indirect) goes with it: A is the first of the cells that are alike otherwise, each other
 * one a B; combinations that do not exist are listed once for each reason.
 *
 * Rows. A total ("maps") whose count per operation ("maps_per_io") both sides have is
 * left out unless it has a budget: it says the same, or compares different workloads.
 *
 * Classes. A metric is of the noisier of its two sides' classes. An exact metric
 * that ran several times stays exact while its difference is the same in each
 * run, and else is judged like the engine's other numbers. A canary that differs
 * demotes everything to noisy.
 *   exact, counts  equal or not; a difference up to the metric's budget (none by
 *		  default) is below threshold
 *   exact, times   emulated time (units of time or of something per time): a
 *		  difference up to the threshold is below threshold, since one pair
 *		  cannot tell it from code layout
 *   seeded	  at least 10 pairs, else inconclusive
 *   noisy	  the margin comes from A/A runs where there are any, and the
 *		  threshold is never below the margin
 * Holm's adjustment runs over all seeded and noisy rows of the comparison.
 *
 * A/A. A pair whose cells have the same input hash, or the same console hash, is
 * the same thing twice: its rows are equivalent or inconclusive, nothing else.
 */
#ifndef GRANTBENCH_REPORT_COMPARE_H
#define GRANTBENCH_REPORT_COMPARE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "result/read.h"
#include "stats/verdict.h"

#define COMPARE_SCHEMA "grantbench.compare/1"
#define COMPARE_MIN_SEEDS 10

struct compare_budget {
	const char *metric;
	double limit;		/* in the metric's unit */
};

struct compare_opts {
	const char *by;			/* the axis; NULL: the only one that varies, or none */
	double alpha;
	double margin;			/* as log-ratio */
	double threshold;		/* as log-ratio */
	uint64_t seed;			/* of the bootstrap */
	const struct compare_budget *budgets;
	size_t nr_budgets;
	const struct results *aa;	/* another run of side A's cells, for margins; NULL: none */
};

/* alpha 5 %, margin and threshold 1 %, seed 1. */
extern const struct compare_opts compare_defaults;

enum compare_kind { KIND_COUNT, KIND_TIME, KIND_SEEDED, KIND_NOISY, NR_KINDS };

struct compare_row {
	const char *metric;
	const char *unit;
	enum better better;
	enum compare_kind kind;
	double a, b;		/* exact: the pair; seeded: geometric means; noisy: medians */
	double budget;		/* KIND_COUNT */
	struct effect effect;	/* seeded, noisy; n is 1 for exact ones */
	double *log_ratios;	/* seeded, noisy: effect.n of them, or NULL without a ratio */
	double p_holm;		/* NaN where nothing was tested */
	double margin, threshold;	/* seeded, noisy, times */
	enum verdict verdict;
	const char *note;	/* static; NULL: none */
};

struct compare_pair {
	const struct result_cell *a, *b;
	char *label;		/* axes that tell this pair from the others; "" for the only one */
	bool aa;
	struct compare_row *rows;
	size_t nr_rows;
};

struct compare_skip {
	char *what;		/* cell or metric */
	char *reason;
};

struct compare {
	const struct results *a, *b;	/* the same for one result */
	const struct compare_opts *opts;
	char *by;			/* NULL: results are compared as a whole */
	char *name_a, *name_b;
	struct compare_pair *pairs;
	size_t nr_pairs;
	struct compare_skip *skips;
	size_t nr_skips;
	char **warnings;
	size_t nr_warnings;
	size_t nr_tests;		/* Holm's family */
	char *sentence;
	enum gb_exit status;		/* the worst: regression, failed subject, failed harness */
};

/*
 * Compare. b is NULL for one result. -1 and GB_USAGE when the question makes no
 * sense (no such axis, several that vary, nothing that can be paired, a budget for
 * no count, A/A runs of other inputs). out keeps
 * pointers to a, b and opts; the caller releases it first.
 */
int compare_results(const struct results *a, const struct results *b,
		    const struct compare_opts *opts, struct compare *out, struct err *err);
void compare_release(struct compare *cmp);

/* The note of a count that was not the same in each run; a star in the table. */
extern const char compare_varies[];
/* The note of a percentile that is beyond the threshold, and not beyond what fio can tell. */
extern const char compare_bucket[];

const char *compare_kind_title(enum compare_kind kind);

/* Each appends the whole report; text fits 100 columns. */
void compare_text(const struct compare *cmp, struct buf *out);
void compare_markdown(const struct compare *cmp, struct buf *out);
json_t *compare_json(const struct compare *cmp);	/* a new reference */

/*
 * Between the files of the comparison: pairs, names, skips and warnings; the
 * closing sentence.
 */
int compare_pair_cells(struct compare *cmp, struct err *err);
void compare_warn_artifacts(struct compare *cmp);
void compare_warn(struct compare *cmp, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void compare_skip(struct compare *cmp, char *what, char *reason);	/* takes both */
char *compare_sentence(const struct compare *cmp);			/* caller frees */

/*
 * How many cells of each value of the axis (or side) came to what, as {"upstream":
 * {"pass": 1, "expected-fail": 1}, ...}; NULL where nothing but passing is expected of any.
 */
json_t *compare_outcomes(const struct compare *cmp);
bool compare_expects(const struct compare *cmp);
void compare_add_outcomes(const struct compare *cmp, const char *bullet, struct buf *out);

/* Do two cells have the same axes and values, leaving out one axis (NULL: none)? */
bool compare_same_axes(const struct result_cell *a, const struct result_cell *b, const char *but);

#endif
