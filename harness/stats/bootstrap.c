// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/bootstrap.h"

#include <math.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "stats/dist.h"
#include "stats/rng.h"
#include "stats/sort.h"

double bootstrap_acceleration(const double *x, size_t n, stats_fn stat)
{
	_cleanup_free_ double *left = xcalloc(n + 1, sizeof(*left));
	_cleanup_free_ double *theta = xcalloc(n + 1, sizeof(*theta));
	double mean, cubes = 0, squares = 0;
	size_t i;

	if (n < 2)
		return NAN;
	for (i = 0; i < n; i++) {
		memcpy(left, x, i * sizeof(*x));
		memcpy(left + i, x + i + 1, (n - 1 - i) * sizeof(*x));
		theta[i] = stat(left, n - 1);
	}
	mean = stats_mean(theta, n);
	for (i = 0; i < n; i++) {
		double d = mean - theta[i];

		squares += d * d;
		cubes += d * d * d;
	}
	return squares == 0 ? 0 : cubes / (6 * pow(squares, 1.5));
}

/* Where the BCa end for the normal quantile z sits among the replicates (14.10). */
static double adjusted(double z0, double a, double z)
{
	return dist_normal_cdf(z0 + (z0 + z) / (1 - a * (z0 + z)));
}

struct interval bootstrap_interval(const double *x, size_t n, stats_fn stat,
				   enum bootstrap_kind kind, size_t replicates, double level,
				   uint64_t seed)
{
	struct interval out = { NAN, NAN, NAN };
	_cleanup_free_ double *sample = NULL, *theta = NULL;
	double p_lo = (1 - level) / 2, p_hi = (1 + level) / 2;
	struct rng rng;
	size_t i, j;

	if (n < 2 || !replicates || !(level > 0 && level < 1))
		return out;
	sample = xcalloc(n, sizeof(*sample));
	theta = xcalloc(replicates, sizeof(*theta));
	rng_init(&rng, seed);
	for (i = 0; i < replicates; i++) {
		for (j = 0; j < n; j++)
			sample[j] = x[rng_below(&rng, n)];
		theta[i] = stat(sample, n);
		if (isnan(theta[i]))
			return out;
	}
	stats_sort(theta, replicates);
	if (kind == BOOTSTRAP_BCA) {
		double estimate = stat(x, n), a = bootstrap_acceleration(x, n, stat), z0;
		double below = 0, least = 0.5 / (double)replicates;

		for (i = 0; i < replicates; i++)
			below += theta[i] < estimate ? 1 : theta[i] == estimate ? 0.5 : 0;
		below /= (double)replicates;
		/* all replicates on one side: as far out as this many of them can tell */
		z0 = dist_normal_quantile(fmin(fmax(below, least), 1 - least));
		p_lo = adjusted(z0, a, dist_normal_quantile(p_lo));
		p_hi = adjusted(z0, a, dist_normal_quantile(p_hi));
	}
	out.lo = stats_quantile(theta, replicates, p_lo);
	out.hi = stats_quantile(theta, replicates, p_hi);
	out.level = level;
	return out;
}
