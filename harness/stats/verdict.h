/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From numbers to words: what may be said of one metric of two sides, by the
 * class of the number. "No significant difference" is never "no regression":
 * what could not be told is inconclusive, and only a proof of equivalence
 * within a margin is called equivalent.
 *
 * A paired sample is judged in this order:
 *   equivalent       the interval at level 1 - 2 alpha lies inside the margin (TOST)
 *   improved,        the test rejects "no difference" at alpha, after Holm over
 *   regressed        the table, and the estimate reaches the threshold
 *   below threshold  as above, but the estimate is smaller than the threshold
 *   inconclusive     everything else, too few pairs included
 * Hence a difference inside the margin is never called a regression, and a
 * regression never equivalent.
 *
 * Effects are log-ratios log(B/A): 0.01 is close to 1 %, and symmetric.
 */
#ifndef GRANTBENCH_STATS_VERDICT_H
#define GRANTBENCH_STATS_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "stats/describe.h"

enum verdict {
	VERDICT_IMPROVED,
	VERDICT_REGRESSED,
	VERDICT_EQUIVALENT,
	VERDICT_BELOW_THRESHOLD,
	VERDICT_INCONCLUSIVE,
	VERDICT_DIFFERENT,	/* of a metric that has no better side */
	NR_VERDICTS
};

enum better { BETTER_NONE, BETTER_LESS, BETTER_MORE, NR_BETTER };

const char *verdict_name(enum verdict verdict);		/* "below threshold" */
const char *better_name(enum better better);		/* "less" */
int better_parse(const char *name);			/* enum better, or -EINVAL */

struct verdict_rules {
	double alpha;		/* error of the whole table, and of each equivalence */
	double margin;		/* of equivalence, as log-ratio; 0: none can be shown */
	double threshold;	/* smallest difference that matters, as log-ratio */
	size_t min_pairs;	/* fewer: inconclusive */
	uint64_t seed;		/* of the bootstrap */
};

/*
 * What a sample of paired log-ratios says. The difference is real only if the
 * p-value, adjusted over the table, is below alpha, and agrees is set.
 */
struct effect {
	size_t n;
	double estimate;	/* log-ratio */
	struct interval ci;	/* at level 1 - alpha */
	struct interval ci_tost;	/* at level 1 - 2 alpha */
	double p;		/* two-sided, against no difference, not adjusted */
	double p_tost;		/* against a difference of margin or more */
	double smallest;	/* smallest effect seen with 80 % power, as log-ratio */
	int agrees;		/* a second method does not contradict p */
};

#define VERDICT_POWER 0.8

/*
 * Seeded numbers: mean, t interval and t test (infer.h); agrees when the BCa
 * bootstrap interval of the mean leaves out zero as well. Noisy numbers:
 * Hodges-Lehmann estimate and interval, signed-rank test (signedrank.h); agrees
 * is always set. family: tests in the table, for the first step of Holm; the
 * smallest effect is what that step, the strictest, lets through. n < 2: all NaN.
 */
struct effect effect_seeded(const double *log_ratios, size_t n,
			    const struct verdict_rules *rules, size_t family);
struct effect effect_noisy(const double *log_ratios, size_t n,
			   const struct verdict_rules *rules, size_t family);

/* p_adjusted: effect->p after holm_adjust() over the table. */
enum verdict verdict_effect(const struct effect *effect, double p_adjusted, enum better better,
			    const struct verdict_rules *rules);

/*
 * Exact numbers, one pair: equal is equivalent; a difference within the budget
 * is below threshold; beyond, improved or regressed.
 */
enum verdict verdict_exact(double a, double b, enum better better, double budget);

#endif
