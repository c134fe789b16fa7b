// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/dist.h"

#include <math.h>

double dist_normal_cdf(double z)
{
	return erfc(-z / M_SQRT2) / 2;
}

double dist_t_cdf(double t, unsigned long df)
{
	double theta, c, c2, term, sum, within, n = (double)df;
	unsigned long k;

	if (isnan(t) || !df)
		return NAN;
	if (isinf(t))
		return t > 0 ? 1 : 0;
	theta = atan(fabs(t) / sqrt(n));
	c = sqrt(n / (n + t * t));	/* cos(theta), without its cancellation */
	c2 = c * c;
	if (df % 2) {
		/*
		 * A = 2/pi (theta + sin(theta) (c + 2/3 c^3 + ...
		 *		+ 2*4..(df-3) / (3*5..(df-2)) c^(df-2)))
		 */
		term = df > 1 ? c : 0;
		sum = term;
		for (k = 3; k + 2 <= df; k += 2) {
			term *= c2 * (double)(k - 1) / (double)k;
			sum += term;
		}
		within = M_2_PI * (theta + sin(theta) * sum);
	} else {
		/* A = sin(theta) (1 + 1/2 c^2 + 1*3/(2*4) c^4 + ... to c^(df-2)) */
		term = 1;
		sum = 1;
		for (k = 2; k + 2 <= df; k += 2) {
			term *= c2 * (double)(k - 1) / (double)k;
			sum += term;
		}
		within = sin(theta) * sum;
	}
	if (within > 1)
		within = 1;
	return t > 0 ? 0.5 + within / 2 : 0.5 - within / 2;
}

/* Bisection: the functions are monotone, and nothing here is in a hurry. */
static double invert(double p, unsigned long df)
{
	double lo = -1, hi = 1;
	int i;

	if (!(p >= 0 && p <= 1))
		return NAN;
	if (p == 0 || p == 1)
		return p == 0 ? -INFINITY : INFINITY;
	while ((df ? dist_t_cdf(hi, df) : dist_normal_cdf(hi)) < p && hi < 1e300)
		hi *= 2;
	while ((df ? dist_t_cdf(lo, df) : dist_normal_cdf(lo)) > p && lo > -1e300)
		lo *= 2;
	for (i = 0; i < 200; i++) {
		double mid = lo + (hi - lo) / 2;

		if (mid <= lo || mid >= hi)
			break;
		if ((df ? dist_t_cdf(mid, df) : dist_normal_cdf(mid)) < p)
			lo = mid;
		else
			hi = mid;
	}
	return lo + (hi - lo) / 2;
}

double dist_normal_quantile(double p)
{
	return invert(p, 0);
}

double dist_t_quantile(double p, unsigned long df)
{
	return df ? invert(p, df) : NAN;
}
