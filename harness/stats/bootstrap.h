/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bootstrap intervals for any statistic of a sample, resampled with
 * replacement from a seed: the same (x, n, seed) gives the same bits.
 *
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993):
 * percentile interval 13.3; BCa 14.3, with the bias correction z0 of (14.14),
 * where replicates equal to the estimate count half, and the acceleration of
 * (14.15) from the jackknife. Ends are type 7 quantiles of the replicates.
 */
#ifndef GRANTBENCH_STATS_BOOTSTRAP_H
#define GRANTBENCH_STATS_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "stats/describe.h"

typedef double (*stats_fn)(const double *x, size_t n);

enum bootstrap_kind { BOOTSTRAP_PERCENTILE, BOOTSTRAP_BCA };

#define BOOTSTRAP_REPLICATES 2000

/*
 * Interval at level. NaN ends when n < 2, level is not in (0, 1), or the
 * statistic of a resample is NaN.
 */
struct interval bootstrap_interval(const double *x, size_t n, stats_fn stat,
				   enum bootstrap_kind kind, size_t replicates, double level,
				   uint64_t seed);

/* The jackknife acceleration alone; 0 when the jackknife values are all equal. */
double bootstrap_acceleration(const double *x, size_t n, stats_fn stat);

#endif
