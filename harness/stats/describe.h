/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptions of a sample, and the way from two sides to one sample.
 *
 * Pure functions of (x, n), x in any order and left alone. An empty sample, or
 * a value that the function is not defined for, gives NaN.
 */
#ifndef GRANTBENCH_STATS_DESCRIBE_H
#define GRANTBENCH_STATS_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>

/* A two-sided confidence interval. level: what it really covers, e.g. 0.95. */
struct interval {
	double lo;
	double hi;
	double level;
};

double stats_mean(const double *x, size_t n);

/* Sample standard deviation, divisor n - 1, two passes; NaN for n < 2. */
double stats_sd(const double *x, size_t n);

/* exp(mean(log x)); NaN unless every value is positive. */
double stats_geomean(const double *x, size_t n);

/* Middle value, or the mean of the two middle ones. */
double stats_median(const double *x, size_t n);

/*
 * Quantile, 0 <= p <= 1, linear between order statistics at (n - 1)p: type 7
 * of Hyndman & Fan, Sample quantiles in statistical packages, The American
 * Statistician 50 (1996) 361.
 */
double stats_quantile(const double *x, size_t n, double p);

/*
 * log(b[i] / a[i]) into out[i]: zero means no difference, and A against B is
 * the mirror image of B against A. False, out unusable, unless all values are
 * positive and finite.
 */
bool stats_log_ratios(const double *a, const double *b, size_t n, double *out);

/*
 * Interleaved runs in the order A B B A A B B A ...: a drift that is linear
 * over time hits both sides alike. stats_abba_is_b() says which side run i is;
 * stats_abba_pairs() takes n runs apart into n / 2 pairs (runs 0 and 1, 2 and
 * 3, ...) and returns their number. A last odd run is left out.
 */
bool stats_abba_is_b(size_t run);
size_t stats_abba_pairs(const double *runs, size_t n, double *a, double *b);

#endif
