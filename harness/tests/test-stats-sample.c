// SPDX-License-Identifier: GPL-2.0-or-later
/* Distributions against printed tables; descriptions and signed ranks against worked examples. */
#include <math.h>
#include <string.h>

#include "lib/cleanup.h"
#include "stats/describe.h"
#include "stats/dist.h"
#include "stats/rng.h"
#include "stats/signedrank.h"
#include "stats/sort.h"
#include "tests/lib-check.h"

#define NEAR(x, want, tol) \
	ck_assert_msg(fabs((x) - (want)) <= (tol), "%s is %.12g, want %.12g +- %g", #x, \
		      (double)(x), (double)(want), (double)(tol))

/*
 * Upper percentage points of Student's t, as every textbook prints them to
 * three decimals (e.g. Abramowitz & Stegun table 26.10), and of the normal.
 */
static const struct {
	unsigned long df;	/* 0: normal */
	double p;
	double t;
} points[] = {
	{ 1, 0.95, 6.314 },    { 1, 0.975, 12.706 },  { 1, 0.995, 63.657 }, { 2, 0.975, 4.303 },
	{ 2, 0.995, 9.925 },   { 3, 0.95, 2.353 },    { 3, 0.975, 3.182 },  { 4, 0.975, 2.776 },
	{ 5, 0.995, 4.032 },   { 9, 0.90, 1.383 },    { 9, 0.95, 1.833 },   { 9, 0.975, 2.262 },
	{ 9, 0.9995, 4.781 },  { 10, 0.975, 2.228 },  { 19, 0.975, 2.093 }, { 25, 0.995, 2.787 },
	{ 30, 0.975, 2.042 },  { 40, 0.95, 1.684 },   { 60, 0.975, 2.000 }, { 120, 0.975, 1.980 },
	{ 120, 0.995, 2.617 }, { 0, 0.975, 1.960 },   { 0, 0.95, 1.645 },   { 0, 0.995, 2.576 },
	{ 0, 0.90, 1.282 },    { 0, 0.9995, 3.291 },
};

static double quantile(double p, unsigned long df)
{
	return df ? dist_t_quantile(p, df) : dist_normal_quantile(p);
}

START_TEST(percentage_points)
{
	double t = quantile(points[_i].p, points[_i].df);

	NEAR(t, points[_i].t, 0.000501);
	NEAR(quantile(1 - points[_i].p, points[_i].df), -t, 1e-9);
	NEAR(points[_i].df ? dist_t_cdf(t, points[_i].df) : dist_normal_cdf(t),
	     points[_i].p, 1e-13);
}
END_TEST

START_TEST(t_closed_forms)
{
	double t;

	/* df 1 is Cauchy's, df 2 is 1/2 + t / (2 sqrt(2 + t^2)); large df tends to the normal */
	for (t = -40; t <= 40; t += 0.37) {
		NEAR(dist_t_cdf(t, 1), 0.5 + atan(t) / M_PI, 1e-14);
		NEAR(dist_t_cdf(t, 2), 0.5 + t / (2 * sqrt(2 + t * t)), 1e-14);
		NEAR(dist_t_cdf(t, 100001), dist_normal_cdf(t), 1e-5);
		NEAR(dist_t_cdf(t, 100000), dist_normal_cdf(t), 1e-5);
		NEAR(dist_t_cdf(t, 7) + dist_t_cdf(-t, 7), 1, 1e-14);
	}
	ck_assert_double_eq(dist_t_cdf(INFINITY, 5), 1);
	ck_assert_double_eq(dist_t_cdf(-INFINITY, 5), 0);
	ck_assert(isinf(dist_t_quantile(1, 4)) && isinf(dist_normal_quantile(0)));
	ck_assert(isnan(dist_t_quantile(0.5, 0)) && isnan(dist_normal_quantile(1.5)));
	ck_assert(isnan(dist_t_cdf(NAN, 3)));
}
END_TEST

START_TEST(descriptions)
{
	/* the squares about the mean, 5, add up to 32 */
	static const double x[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
	static const double g[] = { 1, 10, 100 };
	static const double q[] = { 40, 10, 30, 20 };
	static const double a[] = { 100, 200, 50 }, b[] = { 110, 200, 25 }, bad[] = { 1, 0, 1 };
	double r[3], s[3];

	NEAR(stats_mean(x, 8), 5, 0);
	NEAR(stats_sd(x, 8), sqrt(32.0 / 7), 1e-15);
	NEAR(stats_median(x, 8), 4.5, 0);
	NEAR(stats_median(x, 7), 4, 0);
	NEAR(stats_geomean(g, 3), 10, 1e-12);
	/* type 7: at 3p between the sorted 10 20 30 40 */
	NEAR(stats_quantile(q, 4, 0), 10, 0);
	NEAR(stats_quantile(q, 4, 0.25), 17.5, 1e-12);
	NEAR(stats_quantile(q, 4, 0.9), 37, 1e-12);
	NEAR(stats_quantile(q, 4, 1), 40, 0);
	ck_assert(isnan(stats_mean(x, 0)) && isnan(stats_sd(x, 1)) && isnan(stats_median(x, 0)));
	ck_assert(isnan(stats_geomean(bad, 3)) && isnan(stats_quantile(q, 4, 1.01)));

	ck_assert(stats_log_ratios(a, b, 3, r));
	NEAR(r[0], log(1.1), 1e-15);
	ck_assert_double_eq(r[1], 0);
	NEAR(r[2], -M_LN2, 1e-15);
	ck_assert(stats_log_ratios(b, a, 3, s));
	ck_assert_double_eq(r[0], -s[0]);
	ck_assert(!stats_log_ratios(bad, a, 3, r));
	ck_assert(!stats_log_ratios(a, bad, 3, r));
}
END_TEST

START_TEST(abba)
{
	/* a drift of one per run: each two pairs cancel it */
	static const double runs[] = { 0, 101, 102, 3, 4, 105, 106, 7, 8 };
	static const char want[] = "ABBAABBAA";
	double a[4], b[4];
	size_t i;

	for (i = 0; i < 9; i++)
		ck_assert_int_eq(stats_abba_is_b(i), want[i] == 'B');
	ck_assert_uint_eq(stats_abba_pairs(runs, 9, a, b), 4);
	for (i = 0; i < 4; i++)
		ck_assert_double_eq(b[i] - a[i], i % 2 ? 99 : 101);
}
END_TEST

/*
 * Hollander, Wolfe & Chicken, example 3.1: Hamilton depression scale factor IV
 * of nine patients before (X) and after (Y) a tranquillizer.
 */
static const double hamilton_x[] = { 1.83, .50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30 };
static const double hamilton_y[] = { .878, .647, .598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29 };

START_TEST(hamilton)
{
	double z[9], minus[9];
	struct signedrank w;
	struct interval ci;
	int i;

	for (i = 0; i < 9; i++) {
		z[i] = hamilton_y[i] - hamilton_x[i];
		minus[i] = -z[i];
	}
	w = signedrank_test(z, 9);
	ck_assert_double_eq(w.t_plus, 5);
	ck_assert(w.exact);
	/* 10 of 512 assignments have T+ <= 5: {} 1 2 3 4 5 12 13 14 23; the book says .020 */
	NEAR(w.p_less, 10.0 / 512, 1e-15);
	NEAR(w.p, 20.0 / 512, 1e-15);
	/* V = 40 of R's wilcox.test */
	ck_assert_double_eq(signedrank_test(minus, 9).t_plus, 40);
	NEAR(hodges_lehmann(z, 9), -0.46, 1e-12);
	/* 3.3: the 96.1 % interval is (-.786, -.010) */
	ci = hodges_lehmann_interval(z, 9, 0.96);
	NEAR(ci.lo, -0.786, 1e-9);
	NEAR(ci.hi, -0.010, 1e-9);
	NEAR(ci.level, 1 - 20.0 / 512, 1e-12);
}
END_TEST

/* Student's own sleep data (Biometrika 6 (1908), table 1): hours gained by drug 2 over drug 1. */
START_TEST(sleep_pratt)
{
	static const double x[] = { 1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4 };
	struct signedrank w = signedrank_test(x, 10);

	/* all nine that are not zero are positive: one assignment of 2^9 is as extreme */
	ck_assert_uint_eq(w.nr_nonzero, 9);
	NEAR(w.p_greater, 1.0 / 512, 1e-15);
	NEAR(w.p, 2.0 / 512, 1e-15);
	/* Pratt: the zero has rank 1 and is dropped after ranking, so 55 - 1 (R drops first: 45) */
	ck_assert_double_eq(w.t_plus, 54);
}
END_TEST

/* Brute force over all sign assignments of the mid-ranks, as the definition reads. */
static double brute_p_less(const double *x, size_t n)
{
	double rank[16], t = 0;
	unsigned long bits, hits = 0, all = 0;
	size_t i, j;

	for (i = 0; i < n; i++) {
		double below = 0, same = 0;

		for (j = 0; j < n; j++) {
			below += fabs(x[j]) < fabs(x[i]);
			same += fabs(x[j]) == fabs(x[i]);
		}
		rank[i] = below + (same + 1) / 2;
		if (x[i] > 0)
			t += rank[i];
	}
	for (bits = 0; bits < 1ul << n; bits++) {
		double s = 0;

		for (i = 0; i < n; i++) {
			if (!(bits >> i & 1))
				continue;
			if (x[i] == 0)
				break;
			s += rank[i];
		}
		if (i < n)
			continue;	/* a zero has no sign to choose */
		all++;
		hits += s <= t;
	}
	return (double)hits / (double)all;
}

START_TEST(exact_is_enumeration)
{
	struct rng rng;
	double x[12], y[12];
	int round;
	size_t i, n;

	rng_init(&rng, 11);
	for (round = 0; round < 40; round++) {
		n = 1 + round % 12;
		/* coarse values: many ties and zeros */
		for (i = 0; i < n; i++)
			x[i] = (double)rng_below(&rng, round % 2 ? 7 : 999) - (round % 2 ? 3 : 400);
		for (i = 0; i < n; i++)
			y[i] = -x[i];
		NEAR(signedrank_test(x, n).p_less, brute_p_less(x, n), 1e-13);
		NEAR(signedrank_test(x, n).p_greater, brute_p_less(y, n), 1e-13);
	}
}
END_TEST

START_TEST(normal_agrees_at_50)
{
	struct rng rng;
	double x[50], largest = 0;
	int round;
	size_t i;

	rng_init(&rng, 5);
	for (round = 0; round < 50; round++) {
		struct signedrank exact, normal;

		for (i = 0; i < 50; i++)
			x[i] = rng_normal(&rng) + 0.02 * (round % 20);
		exact = signedrank_test(x, 50);
		normal = signedrank_test_normal(x, 50);
		ck_assert(exact.exact && !normal.exact);
		ck_assert_double_eq(exact.t_plus, normal.t_plus);
		largest = fmax(largest, fabs(exact.p - normal.p));
	}
	ck_assert_msg(largest < 0.005, "exact and normal p differ by %g", largest);
	ck_assert_msg(largest > 0, "the normal approximation is not used");
}
END_TEST

/* Properties over random samples; n passes the switch-over to the approximation. */
START_TEST(properties)
{
	static const size_t sizes[] = { 5, 9, 10, 23, 50, 51, 80 };
	size_t n = sizes[_i], i;
	double x[80], y[80], shift = 3.25, scale = 0.5;
	struct interval cx, cy;
	struct signedrank wx, wy;
	struct rng rng;

	rng_init(&rng, 100 + (unsigned int)_i);
	for (i = 0; i < n; i++)
		x[i] = rng_normal(&rng) + 0.3;
	cx = hodges_lehmann_interval(x, n, 0.9);
	wx = signedrank_test(x, n);
	ck_assert(cx.level >= 0.9 - 1e-9 && cx.lo < cx.hi);
	ck_assert(cx.lo <= hodges_lehmann(x, n) && hodges_lehmann(x, n) <= cx.hi);
	/* T+ is the number of positive Walsh averages: half of them are around the estimate */
	ck_assert_int_eq(wx.exact, n <= SIGNEDRANK_EXACT_MAX);

	for (i = 0; i < n; i++)	/* shift and scale */
		y[i] = scale * x[i] + shift;
	cy = hodges_lehmann_interval(y, n, 0.9);
	NEAR(hodges_lehmann(y, n), scale * hodges_lehmann(x, n) + shift, 1e-12);
	NEAR(cy.lo, scale * cx.lo + shift, 1e-12);
	NEAR(cy.hi, scale * cx.hi + shift, 1e-12);
	NEAR(stats_median(y, n), scale * stats_median(x, n) + shift, 1e-12);
	NEAR(stats_sd(y, n), scale * stats_sd(x, n), 1e-12);

	for (i = 0; i < n; i++)	/* the other way round */
		y[i] = -x[i];
	wy = signedrank_test(y, n);
	cy = hodges_lehmann_interval(y, n, 0.9);
	NEAR(wx.t_plus + wy.t_plus, (double)(n * (n + 1)) / 2, 0);
	NEAR(wx.p, wy.p, 1e-12);
	NEAR(wx.p_less, wy.p_greater, 1e-12);
	NEAR(cy.lo, -cx.hi, 1e-12);
	NEAR(hodges_lehmann(y, n), -hodges_lehmann(x, n), 1e-12);

	for (i = 0; i < n; i++)	/* another order */
		y[i] = x[(i * 7 + 3) % n];
	if (n % 7) {
		ck_assert_double_eq(hodges_lehmann(y, n), hodges_lehmann(x, n));
		ck_assert_double_eq(signedrank_test(y, n).p, wx.p);
		ck_assert_double_eq(stats_quantile(y, n, 0.3), stats_quantile(x, n, 0.3));
	}
}
END_TEST

/* A centre is in the interval exactly when the test of the shifted sample does not reject it. */
START_TEST(interval_is_test)
{
	struct rng rng;
	int round, inside = 0;

	rng_init(&rng, 77);
	for (round = 0; round < 400; round++) {
		size_t n = (round % 40 < 30 ? 6 : 60) + (size_t)round % 20, i;
		double x[80], y[80], centre = (rng_uniform(&rng) - 0.5) * 2, p;
		struct interval ci;

		for (i = 0; i < n; i++)
			x[i] = rng_normal(&rng);
		for (i = 0; i < n; i++)
			y[i] = x[i] - centre;
		ci = hodges_lehmann_interval(x, n, 0.9);
		p = signedrank_test(y, n).p;
		/* two roundings of the normal approximation may differ by one rank */
		if (n > SIGNEDRANK_EXACT_MAX && fabs(p - 0.1) < 0.005)
			continue;
		ck_assert_msg((p > 0.1) == (centre > ci.lo && centre < ci.hi),
			      "n %zu, p %g, %g in [%g, %g]", n, p, centre, ci.lo, ci.hi);
		inside += p > 0.1;
	}
	ck_assert_int_gt(inside, 50);
	ck_assert_int_lt(inside, 350);
}
END_TEST

START_TEST(edges)
{
	static const double zeros[] = { 0, 0, 0, 0 }, nan_in[] = { 1, NAN, 2 }, one[] = { 4 };
	static const double five[] = { 1, 2, 3, 4, 5 };
	struct interval ci;

	ck_assert_double_eq(signedrank_test(zeros, 4).p, 1);
	ck_assert(isnan(signedrank_test(nan_in, 3).p) && isnan(signedrank_test(one, 0).p));
	ck_assert(isnan(hodges_lehmann(nan_in, 3)) && isnan(hodges_lehmann(one, 0)));
	ck_assert(isnan(stats_median(nan_in, 3)));
	ck_assert_double_eq(hodges_lehmann(one, 1), 4);
	/* five pairs cannot reach 5 % two-sided: 2/32 */
	ci = hodges_lehmann_interval(five, 5, 0.95);
	ck_assert(isinf(ci.lo) && isinf(ci.hi) && ci.lo < 0 && ci.level == 1);
	NEAR(signedrank_smallest_p(5), 2.0 / 32, 0);
	NEAR(signedrank_test(five, 5).p, 2.0 / 32, 0);
	ck_assert_double_eq(signedrank_smallest_p(0), 1);
	ck_assert_double_gt(signedrank_smallest_p(100000), 0);
}
END_TEST

START_TEST(generator)
{
	/* splitmix64's first outputs for seed 1234567; xoshiro256** from the state 1 2 3 4 */
	static const uint64_t split[] = { 6457827717110365317u, 3203168211198807973u,
					  9817491932198370423u, 4593380528125082431u };
	static const uint64_t xo[] = { 11520u, 0u, 1509978240u, 1215971899390074240u,
				       1216172134540287360u, 607988272756665600u };
	struct rng rng = { { 1, 2, 3, 4 } }, a, b;
	uint64_t seed = 1234567, i, seen[5] = { 0 };

	for (i = 0; i < ARRAY_SIZE(split); i++)
		ck_assert_uint_eq(rng_splitmix64(&seed), split[i]);
	for (i = 0; i < ARRAY_SIZE(xo); i++)
		ck_assert_uint_eq(rng_next(&rng), xo[i]);
	rng_init(&a, 9);
	rng_init(&b, 9);
	for (i = 0; i < 5000; i++) {
		uint64_t k = rng_below(&a, 5);
		double u;

		ck_assert_uint_lt(k, 5);
		ck_assert_uint_eq(k, rng_below(&b, 5));
		seen[k]++;
		u = rng_uniform(&rng);
		ck_assert(u >= 0 && u < 1);
	}
	for (i = 0; i < 5; i++)
		ck_assert(seen[i] > 850 && seen[i] < 1150);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stats-sample");
	TCase *tc = tcase_create("sample");

	tcase_add_loop_test(tc, percentage_points, 0, ARRAY_SIZE(points));
	tcase_add_test(tc, t_closed_forms);
	tcase_add_test(tc, descriptions);
	tcase_add_test(tc, abba);
	tcase_add_test(tc, hamilton);
	tcase_add_test(tc, sleep_pratt);
	tcase_add_test(tc, exact_is_enumeration);
	tcase_add_test(tc, normal_agrees_at_50);
	tcase_add_loop_test(tc, properties, 0, 7);
	tcase_add_test(tc, interval_is_test);
	tcase_add_test(tc, edges);
	tcase_add_test(tc, generator);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
