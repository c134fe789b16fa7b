/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inference on paired log-ratios: Student's t, equivalence, several tests at
 * once, and what a sample could have seen. The rank-based half is signedrank.h.
 *
 * Pure functions. Too few values for the question, or NaN in them: NaN out.
 */
#ifndef GRANTBENCH_STATS_INFER_H
#define GRANTBENCH_STATS_INFER_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/describe.h"

/*
 * One-sample t test of mean = mu (Student, The probable error of a mean,
 * Biometrika 6 (1908) 1). A sample without any spread is taken at its word:
 * p is 0 where its value is not mu, 1 where it is. n >= 2.
 */
struct t_test {
	double mean;
	double sd;
	double t;		/* inf when sd is 0 and the mean is not mu */
	double p_less;		/* one-sided, against: the mean is below mu */
	double p_greater;
	double p;
};

struct t_test t_test(const double *x, size_t n, double mu);
struct interval t_interval(const double *x, size_t n, double level);

/*
 * Two one-sided tests (Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15
 * (1987) 657): the p-value against "the centre is at or beyond -margin or
 * margin", by t or by signed ranks. Below alpha exactly when the interval at
 * level 1 - 2 alpha lies strictly inside, ties of ranks aside.
 */
double tost_t(const double *x, size_t n, double margin);
double tost_signedrank(const double *x, size_t n, double margin);
bool interval_inside(struct interval i, double margin);	/* strictly; NaN is outside */

/*
 * Holm's step-down adjustment (Holm, A simple sequentially rejective multiple
 * test procedure, Scandinavian J. of Statistics 6 (1979) 65): out[i] < alpha
 * rejects with the family's error below alpha. p that are NaN were never tests:
 * they stay NaN and do not count. out may be p.
 */
void holm_adjust(const double *p, size_t n, double *out);

/*
 * The smallest effect that a sample like this could have seen: the shift that
 * the two-sided test at alpha finds with the given power, from the observed
 * spread: (t(1 - alpha/2, n-1) + t(power, n-1)) sd / sqrt(n), the usual
 * approximation to the noncentral t (Lachin, Controlled Clinical Trials 2
 * (1981) 93). For the signed-rank test times sqrt(pi / 3), its efficiency
 * against t under normality, and infinite when no outcome of n pairs reaches
 * alpha. In the units of sd: for log-ratios, exp(effect) - 1 is the ratio.
 */
double smallest_effect_t(double sd, size_t n, double alpha, double power);
double smallest_effect_signedrank(double sd, size_t n, double alpha, double power);

/*
 * An equivalence margin from A/A pairs (both sides the same binary): how far
 * from no effect the apparatus alone may stand, the larger absolute end of the
 * Hodges-Lehmann interval of their log-ratios at level; never below floor.
 * Infinite when there are too few pairs for the level: no margin, no equivalence.
 */
double aa_margin(const double *log_ratios, size_t n, double level, double floor);

#endif
