// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/infer.h"

#include <math.h>
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "stats/dist.h"
#include "stats/signedrank.h"

struct t_test t_test(const double *x, size_t n, double mu)
{
	struct t_test out = { NAN, NAN, NAN, NAN, NAN, NAN };
	double off;

	if (n < 2)
		return out;
	out.mean = stats_mean(x, n);
	out.sd = stats_sd(x, n);
	if (isnan(out.sd))
		return out;
	off = out.mean - mu;
	out.t = off == 0 ? 0 : off / (out.sd / sqrt((double)n));
	out.p_less = dist_t_cdf(out.t, n - 1);
	out.p_greater = dist_t_cdf(-out.t, n - 1);
	out.p = fmin(1, 2 * fmin(out.p_less, out.p_greater));
	return out;
}

struct interval t_interval(const double *x, size_t n, double level)
{
	struct interval out = { NAN, NAN, NAN };
	double mean, half;

	if (n < 2 || !(level > 0 && level < 1))
		return out;
	mean = stats_mean(x, n);
	half = dist_t_quantile((1 + level) / 2, n - 1) * stats_sd(x, n) / sqrt((double)n);
	return (struct interval){ mean - half, mean + half, level };
}

double tost_t(const double *x, size_t n, double margin)
{
	struct t_test low = t_test(x, n, -margin), high = t_test(x, n, margin);

	if (isnan(low.p))
		return NAN;
	return fmax(low.p_greater, high.p_less);
}

double tost_signedrank(const double *x, size_t n, double margin)
{
	_cleanup_free_ double *shifted = xcalloc(n + 1, sizeof(*shifted));
	struct signedrank low, high;
	size_t i;

	for (i = 0; i < n; i++)
		shifted[i] = x[i] + margin;
	low = signedrank_test(shifted, n);
	for (i = 0; i < n; i++)
		shifted[i] = x[i] - margin;
	high = signedrank_test(shifted, n);
	if (isnan(low.p) || isnan(high.p))
		return NAN;
	return fmax(low.p_greater, high.p_less);
}

bool interval_inside(struct interval i, double margin)
{
	return i.lo > -margin && i.hi < margin;
}

struct ordered {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

void holm_adjust(const double *p, size_t n, double *out)
{
	_cleanup_free_ struct ordered *order = xcalloc(n + 1, sizeof(*order));
	double worst = 0;
	size_t i, m = 0;

	for (i = 0; i < n; i++) {
		if (!isnan(p[i]))
			order[m++] = (struct ordered){ p[i], i };
		out[i] = NAN;
	}
	qsort(order, m, sizeof(*order), by_p);
	for (i = 0; i < m; i++) {
		worst = fmax(worst, fmin(1, (double)(m - i) * order[i].p));
		out[order[i].at] = worst;
	}
}

double smallest_effect_t(double sd, size_t n, double alpha, double power)
{
	if (n < 2 || !(alpha > 0 && alpha < 1 && power > 0 && power < 1))
		return NAN;
	return (dist_t_quantile(1 - alpha / 2, n - 1) + dist_t_quantile(power, n - 1)) * sd /
	       sqrt((double)n);
}

double smallest_effect_signedrank(double sd, size_t n, double alpha, double power)
{
	double t = smallest_effect_t(sd, n, alpha, power);

	if (!isnan(t) && signedrank_smallest_p(n) > alpha)
		return INFINITY;
	return t * sqrt(M_PI / 3);
}

double aa_margin(const double *log_ratios, size_t n, double level, double floor)
{
	struct interval i = hodges_lehmann_interval(log_ratios, n, level);

	if (isnan(i.lo))
		return NAN;
	return fmax(floor, fmax(fabs(i.lo), fabs(i.hi)));
}
