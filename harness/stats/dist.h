/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two distributions that the statistics here need.
 *
 * Student's t is only ever wanted for whole degrees of freedom (n - 1), where
 * its distribution function is a finite sum; the normal one is libm's erfc().
 * That is some forty lines, which a library (GSL: GPL-3, 10 MB installed) would
 * replace by two calls; the tests hold them against printed tables.
 *
 * Pure functions, no state. NaN in, or an argument out of range: NaN out.
 */
#ifndef GRANTBENCH_STATS_DIST_H
#define GRANTBENCH_STATS_DIST_H

/* P(Z <= z) for a standard normal Z. */
double dist_normal_cdf(double z);

/* z with P(Z <= z) = p, 0 < p < 1; -inf and inf at 0 and 1. */
double dist_normal_quantile(double p);

/*
 * P(T <= t) for Student's t with df >= 1 degrees of freedom: Abramowitz &
 * Stegun, Handbook of Mathematical Functions, 26.7.3 (odd) and 26.7.4 (even).
 * Absolute error below 1e-14, so tails under that are noise. O(df).
 */
double dist_t_cdf(double t, unsigned long df);

/* t with P(T <= t) = p, 0 < p < 1; -inf and inf at 0 and 1. */
double dist_t_quantile(double p, unsigned long df);

#endif
