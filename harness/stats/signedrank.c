// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/signedrank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "stats/dist.h"
#include "stats/sort.h"

struct ranked {
	double abs;
	int sign;
	unsigned long rank2;	/* twice the rank, so that means of ties are whole */
};

static int by_abs(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->abs, y = ((const struct ranked *)b)->abs;

	return (x > y) - (x < y);
}

/* Rank |x|, ties averaged. False when a value is NaN. */
static bool rank_all(const double *x, size_t n, struct ranked *r)
{
	size_t i, j, k;

	for (i = 0; i < n; i++) {
		if (isnan(x[i]))
			return false;
		r[i].abs = fabs(x[i]);
		r[i].sign = (x[i] > 0) - (x[i] < 0);
	}
	qsort(r, n, sizeof(*r), by_abs);
	for (i = 0; i < n; i = j) {
		for (j = i + 1; j < n && r[j].abs == r[i].abs; j++)
			;
		/* ranks i+1 .. j: their mean, doubled, is i + 1 + j */
		for (k = i; k < j; k++)
			r[k].rank2 = i + 1 + j;
	}
	return true;
}

/*
 * Number of sign assignments by (doubled) rank sum: count[s] for s = 0..total.
 * At most 2^50 in all: exact in a double. The caller frees.
 */
static double *sign_counts(const unsigned long *rank2, size_t n, unsigned long *total)
{
	double *count;
	size_t i;

	*total = 0;
	for (i = 0; i < n; i++)
		*total += rank2[i];
	count = xcalloc(*total + 1, sizeof(*count));
	count[0] = 1;
	for (i = 0; i < n; i++) {
		unsigned long s;

		for (s = *total; s >= rank2[i]; s--)
			count[s] += count[s - rank2[i]];
	}
	return count;
}

static void exact_p(const struct ranked *r, size_t n, unsigned long t2, struct signedrank *out)
{
	_cleanup_free_ unsigned long *rank2 = xcalloc(n, sizeof(*rank2));
	_cleanup_free_ double *count = NULL;
	unsigned long total, s;
	double below = 0, above = 0;
	size_t i, m = 0;

	for (i = 0; i < n; i++)
		if (r[i].sign)
			rank2[m++] = r[i].rank2;
	count = sign_counts(rank2, m, &total);
	for (s = 0; s <= total; s++) {
		if (s <= t2)
			below += count[s];
		if (s >= t2)
			above += count[s];
	}
	out->p_less = ldexp(below, -(int)m);
	out->p_greater = ldexp(above, -(int)m);
}

static void normal_p(const struct ranked *r, size_t n, double t_plus, struct signedrank *out)
{
	double mean = 0, var = 0, sd;
	size_t i;

	for (i = 0; i < n; i++) {
		double rank = (double)r[i].rank2 / 2;

		if (r[i].sign) {
			mean += rank / 2;
			var += rank * rank / 4;
		}
	}
	sd = sqrt(var);
	out->p_less = dist_normal_cdf((t_plus - mean + 0.5) / sd);
	out->p_greater = dist_normal_cdf(-(t_plus - mean - 0.5) / sd);
}

static struct signedrank test(const double *x, size_t n, bool exact)
{
	struct signedrank out = { NAN, 0, NAN, NAN, NAN, exact };
	_cleanup_free_ struct ranked *r = NULL;
	unsigned long t2 = 0;
	size_t i;

	if (!n)
		return out;
	r = xcalloc(n, sizeof(*r));
	if (!rank_all(x, n, r))
		return out;
	for (i = 0; i < n; i++) {
		if (r[i].sign > 0)
			t2 += r[i].rank2;
		out.nr_nonzero += r[i].sign != 0;
	}
	out.t_plus = (double)t2 / 2;
	if (!out.nr_nonzero)
		out.p_less = out.p_greater = 1;
	else if (exact)
		exact_p(r, n, t2, &out);
	else
		normal_p(r, n, out.t_plus, &out);
	out.p = fmin(1, 2 * fmin(out.p_less, out.p_greater));
	return out;
}

struct signedrank signedrank_test(const double *x, size_t n)
{
	return test(x, n, n <= SIGNEDRANK_EXACT_MAX);
}

struct signedrank signedrank_test_normal(const double *x, size_t n)
{
	return test(x, n, false);
}

/* All (x[i] + x[j]) / 2 with i <= j, sorted; NULL when out of range. The caller frees. */
static double *walsh_averages(const double *x, size_t n, size_t *nr)
{
	double *w;
	size_t i, j, k = 0;

	if (!n || n > SIGNEDRANK_MAX)
		return NULL;
	for (i = 0; i < n; i++)
		if (isnan(x[i]))
			return NULL;
	*nr = n * (n + 1) / 2;
	w = xcalloc(*nr, sizeof(*w));
	for (i = 0; i < n; i++)
		for (j = i; j < n; j++)
			w[k++] = i == j ? x[i] : (x[i] + x[j]) / 2;
	stats_sort(w, *nr);
	return w;
}

double hodges_lehmann(const double *x, size_t n)
{
	size_t nr;
	_cleanup_free_ double *w = walsh_averages(x, n, &nr);

	if (!w)
		return NAN;
	return nr % 2 ? w[nr / 2] : (w[nr / 2 - 1] + w[nr / 2]) / 2;
}

/*
 * Largest k with P(T+ <= k - 1) <= alpha / 2 under the null; *tail gets that
 * probability. k = 0: not even T+ = 0 is rare enough.
 */
static size_t critical_rank(size_t n, double alpha, double *tail)
{
	unsigned long rank2[SIGNEDRANK_EXACT_MAX];
	_cleanup_free_ double *count = NULL;
	unsigned long total;
	double sum = 0;
	size_t i;

	*tail = 0;
	if (n > SIGNEDRANK_EXACT_MAX) {
		double d = (double)n, k;

		k = floor(d * (d + 1) / 4 +
			  dist_normal_quantile(alpha / 2) * sqrt(d * (d + 1) * (2 * d + 1) / 24));
		*tail = alpha / 2;
		return k < 0 ? 0 : (size_t)k;
	}
	for (i = 0; i < n; i++)
		rank2[i] = i + 1;	/* no ties: nothing to double */
	count = sign_counts(rank2, n, &total);
	for (i = 0; i <= total; i++) {
		sum += ldexp(count[i], -(int)n);
		if (sum > alpha / 2 * (1 + 1e-12))	/* 1 - level is not exact */
			break;
		*tail = sum;
	}
	return i;
}

struct interval hodges_lehmann_interval(const double *x, size_t n, double level)
{
	struct interval out = { NAN, NAN, NAN };
	size_t nr, k;
	_cleanup_free_ double *w = walsh_averages(x, n, &nr);
	double tail;

	if (!w || !(level > 0 && level < 1))
		return out;
	k = critical_rank(n, 1 - level, &tail);
	if (k == 0)
		return (struct interval){ -INFINITY, INFINITY, 1 };
	out.lo = w[k - 1];
	out.hi = w[nr - k];
	out.level = 1 - 2 * tail;
	return out;
}

double signedrank_smallest_p(size_t n)
{
	return n ? fmin(1, ldexp(1, n > 1000 ? -999 : 1 - (int)n)) : 1;
}
