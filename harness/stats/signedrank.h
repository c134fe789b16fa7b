/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The signed-rank family: one sample of paired differences (log-ratios), only
 * assumed symmetric about its centre. What noisy numbers are judged with,
 * because one run that hit a busy host must not decide.
 *
 * Source: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3.1
 * (test), 3.2 (estimate), 3.3 (interval); Wilcoxon 1945, Hodges & Lehmann 1963.
 *
 * Zeros follow Pratt (Remarks on zeros and ties in the Wilcoxon signed rank
 * procedures, JASA 54 (1959) 655): they are ranked with the others, then their
 * ranks are dropped. Ties get the mean of their ranks. Up to
 * SIGNEDRANK_EXACT_MAX values the distribution is exact (a count over all sign
 * assignments of the ranks at hand, by dynamic programming, ties and zeros
 * included); above, the normal approximation with the variance of those ranks
 * and a continuity correction of one half.
 *
 * Pure functions. NaN in the sample, or none: NaN out.
 */
#ifndef GRANTBENCH_STATS_SIGNEDRANK_H
#define GRANTBENCH_STATS_SIGNEDRANK_H

#include <stddef.h>

#include "stats/describe.h"

#define SIGNEDRANK_EXACT_MAX 50

/* Largest sample for estimate and interval: they hold n(n+1)/2 averages. */
#define SIGNEDRANK_MAX 2048

struct signedrank {
	double t_plus;		/* sum of the ranks of the positive values (T+, R's V) */
	size_t nr_nonzero;
	double p_less;		/* one-sided, against: the centre is below zero */
	double p_greater;	/* one-sided, against: the centre is above zero */
	double p;		/* two-sided: twice the smaller one, at most 1 */
	int exact;		/* whether the p-values are exact */
};

struct signedrank signedrank_test(const double *x, size_t n);

/* As signedrank_test(), but with the normal approximation whatever n is. */
struct signedrank signedrank_test_normal(const double *x, size_t n);

/* Hodges-Lehmann estimate: the median of all (x[i] + x[j]) / 2, i <= j. */
double hodges_lehmann(const double *x, size_t n);

/*
 * Interval for the centre, from order statistics of those averages, covering at
 * least level; .level is what it really covers. The points of the interval are
 * those that signedrank_test() of the shifted sample does not reject (ties
 * aside, where it is wider). When n is too small for the level, it is all reals.
 */
struct interval hodges_lehmann_interval(const double *x, size_t n, double level);

/* Smallest two-sided p-value that n pairs can ever give: 2^(1-n). */
double signedrank_smallest_p(size_t n);

#endif
