// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/describe.h"

#include <math.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "stats/sort.h"

double stats_mean(const double *x, size_t n)
{
	double sum = 0;
	size_t i;

	if (!n)
		return NAN;
	for (i = 0; i < n; i++)
		sum += x[i];
	return sum / (double)n;
}

double stats_sd(const double *x, size_t n)
{
	double mean = stats_mean(x, n), sum = 0;
	size_t i;

	if (n < 2)
		return NAN;
	for (i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return sqrt(sum / (double)(n - 1));
}

double stats_geomean(const double *x, size_t n)
{
	double sum = 0;
	size_t i;

	if (!n)
		return NAN;
	for (i = 0; i < n; i++) {
		if (!(x[i] > 0))
			return NAN;
		sum += log(x[i]);
	}
	return exp(sum / (double)n);
}

double stats_quantile(const double *x, size_t n, double p)
{
	_cleanup_free_ double *sorted = NULL;
	double at, below;
	size_t i;

	if (!n || !(p >= 0 && p <= 1))
		return NAN;
	sorted = stats_sorted(x, n);
	if (!sorted)
		return NAN;
	at = (double)(n - 1) * p;
	below = floor(at);
	i = (size_t)below;
	if (i + 1 >= n || at == below)
		return sorted[i];
	return sorted[i] + (at - below) * (sorted[i + 1] - sorted[i]);
}

double stats_median(const double *x, size_t n)
{
	return stats_quantile(x, n, 0.5);
}

bool stats_log_ratios(const double *a, const double *b, size_t n, double *out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!(a[i] > 0 && b[i] > 0) || isinf(a[i]) || isinf(b[i]))
			return false;
		/* a difference of logarithms: exactly antisymmetric, unlike a quotient's */
		out[i] = a[i] == b[i] ? 0 : log(b[i]) - log(a[i]);
	}
	return true;
}

bool stats_abba_is_b(size_t run)
{
	return run % 4 == 1 || run % 4 == 2;
}

size_t stats_abba_pairs(const double *runs, size_t n, double *a, double *b)
{
	size_t i;

	for (i = 0; i < n / 2; i++) {
		bool first_is_b = stats_abba_is_b(2 * i);

		a[i] = runs[2 * i + first_is_b];
		b[i] = runs[2 * i + !first_is_b];
	}
	return n / 2;
}
