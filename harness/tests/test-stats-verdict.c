// SPDX-License-Identifier: GPL-2.0-or-later
/* Intervals, tests, families of tests, verdicts: worked examples, properties, simulations. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "lib/cleanup.h"
#include "stats/bootstrap.h"
#include "stats/dist.h"
#include "stats/infer.h"
#include "stats/rng.h"
#include "stats/signedrank.h"
#include "stats/verdict.h"
#include "tests/lib-check.h"

#define NEAR(x, want, tol) \
	ck_assert_msg(fabs((x) - (want)) <= (tol), "%s is %.12g, want %.12g +- %g", #x, \
		      (double)(x), (double)(want), (double)(tol))

/* Student's sleep data (Biometrika 6 (1908), table 1), as R's t.test(sleep, paired) has it. */
static const double hours[] = { 1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4 };

START_TEST(student)
{
	struct t_test t = t_test(hours, 10, 0);
	struct interval ci = t_interval(hours, 10, 0.95);

	NEAR(t.mean, 1.58, 1e-12);
	NEAR(t.t, 4.0621, 5e-5);
	NEAR(t.p, 0.002833, 5e-7);
	NEAR(t.p_greater, t.p / 2, 1e-15);
	NEAR(ci.lo, 0.7001142, 5e-8);
	NEAR(ci.hi, 2.4598858, 5e-8);
	/* the p-value of an end of the interval is 1 - level */
	NEAR(t_test(hours, 10, ci.lo).p, 0.05, 1e-10);
}
END_TEST

START_TEST(no_spread)
{
	static const double same[] = { 0.5, 0.5, 0.5 };

	ck_assert_double_eq(t_test(same, 3, 0.5).p, 1);
	ck_assert_double_eq(t_test(same, 3, 0).p, 0);
	ck_assert_double_eq(t_test(same, 3, 0).p_greater, 0);
	ck_assert_double_eq(t_interval(same, 3, 0.9).lo, 0.5);
	ck_assert_double_eq(tost_t(same, 3, 0.6), 0);
	ck_assert_double_eq(tost_t(same, 3, 0.4), 1);
	ck_assert(isnan(t_test(same, 1, 0).p) && isnan(t_interval(same, 1, 0.9).lo));
}
END_TEST

static double plug_in_variance(const double *x, size_t n)
{
	double sd = stats_sd(x, n);

	return sd * sd * (double)(n - 1) / (double)n;
}

/*
 * Efron & Tibshirani, chapter 14: the "A" values of the spatial test of 26
 * neurologically impaired children (table 14.1). Their variance with divisor n
 * is 171.5; a = 0.061, z0 = 0.146; table 14.2 gives for 90 %, from 2,000
 * replicates, percentile (100.8, 233.9) and BCa (115.8, 259.6).
 */
START_TEST(spatial)
{
	static const double x[] = { 48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6,
				    0,	33, 28, 34, 4,	32, 24, 47, 41, 24, 26, 30, 41 };
	struct interval p, b;

	NEAR(plug_in_variance(x, 26), 171.5, 0.05);
	NEAR(bootstrap_acceleration(x, 26, plug_in_variance), 0.061, 0.0006);
	p = bootstrap_interval(x, 26, plug_in_variance, BOOTSTRAP_PERCENTILE, 20000, 0.9, 1);
	b = bootstrap_interval(x, 26, plug_in_variance, BOOTSTRAP_BCA, 20000, 0.9, 1);
	/* the book's own replicates leave a few units of simulation error */
	NEAR(p.lo, 100.8, 3);
	NEAR(p.hi, 233.9, 4);
	NEAR(b.lo, 115.8, 3);
	NEAR(b.hi, 259.6, 5);
}
END_TEST

START_TEST(bootstrap_repeats)
{
	double shifted[10], flat[] = { 2, 2, 2, 2 };
	struct interval a, b, c;
	size_t i;

	a = bootstrap_interval(hours, 10, stats_mean, BOOTSTRAP_BCA, 500, 0.95, 42);
	b = bootstrap_interval(hours, 10, stats_mean, BOOTSTRAP_BCA, 500, 0.95, 42);
	c = bootstrap_interval(hours, 10, stats_mean, BOOTSTRAP_BCA, 500, 0.95, 43);
	ck_assert(a.lo == b.lo && a.hi == b.hi);
	ck_assert(a.lo != c.lo || a.hi != c.hi);
	ck_assert(a.lo < 1.58 && 1.58 < a.hi && a.lo > 0.5 && a.hi < 3.2);
	for (i = 0; i < 10; i++)
		shifted[i] = hours[i] * -2;	/* exact, so that ties stay ties */
	b = bootstrap_interval(shifted, 10, stats_mean, BOOTSTRAP_BCA, 500, 0.95, 42);
	NEAR(b.hi, a.lo * -2, 1e-9);
	NEAR(b.lo, a.hi * -2, 1e-9);
	for (i = 0; i < 10; i++)
		shifted[i] = hours[i] + 8;
	a = bootstrap_interval(hours, 10, stats_mean, BOOTSTRAP_PERCENTILE, 500, 0.95, 42);
	b = bootstrap_interval(shifted, 10, stats_mean, BOOTSTRAP_PERCENTILE, 500, 0.95, 42);
	NEAR(b.lo, a.lo + 8, 1e-9);
	NEAR(b.hi, a.hi + 8, 1e-9);
	/* (14.15) for the mean: a sixth of the skewness over sqrt(n), here to the right */
	ck_assert_double_gt(bootstrap_acceleration(hours, 10, stats_mean), 0.03);
	b = bootstrap_interval(flat, 4, stats_mean, BOOTSTRAP_BCA, 100, 0.95, 1);
	ck_assert(b.lo == 2 && b.hi == 2);
	ck_assert(isnan(bootstrap_interval(hours, 1, stats_mean, BOOTSTRAP_BCA, 100, 0.95, 1).lo));
}
END_TEST

/* Holm (1979) by hand: sorted .005 .01 .03 .04 times 4 3 2 1, running maximum. */
START_TEST(holm_example)
{
	static const double p[] = { 0.01, 0.04, 0.03, 0.005, NAN };
	static const double want[] = { 0.03, 0.06, 0.06, 0.02 };
	double q[5];
	int i;

	holm_adjust(p, 5, q);
	for (i = 0; i < 4; i++)
		NEAR(q[i], want[i], 1e-15);
	ck_assert(isnan(q[4]));
}
END_TEST

START_TEST(holm_properties)
{
	struct rng rng;
	double p[20], q[20];
	int round;
	size_t i, j;

	rng_init(&rng, 3);
	for (round = 0; round < 50; round++) {
		for (i = 0; i < 20; i++)
			p[i] = pow(rng_uniform(&rng), 3);
		holm_adjust(p, 20, q);
		for (i = 0; i < 20; i++) {
			ck_assert(q[i] >= p[i] && q[i] <= 1);
			/* never worse than Bonferroni */
			ck_assert_double_le(q[i], fmin(1, 20 * p[i]) + 1e-15);
			for (j = 0; j < 20; j++)
				ck_assert(p[i] > p[j] || q[i] <= q[j]);
		}
		holm_adjust(p, 20, p);	/* in place */
		ck_assert_int_eq(memcmp(p, q, sizeof(p)), 0);
	}
}
END_TEST

START_TEST(tost_is_interval)
{
	struct rng rng;
	int round, by_t = 0, by_rank = 0;

	rng_init(&rng, 21);
	for (round = 0; round < 300; round++) {
		size_t n = 6 + (size_t)round % 15, i;
		double x[21], margin = 0.02 + rng_uniform(&rng);
		bool t, w;

		for (i = 0; i < n; i++)
			x[i] = 0.8 * rng_normal(&rng);
		t = tost_t(x, n, margin) < 0.05;
		w = tost_signedrank(x, n, margin) < 0.05;
		ck_assert_int_eq(t, interval_inside(t_interval(x, n, 0.9), margin));
		ck_assert_int_eq(w, interval_inside(hodges_lehmann_interval(x, n, 0.9), margin));
		by_t += t;
		by_rank += w;
	}
	ck_assert(by_t > 50 && by_t < 250 && by_rank > 50 && by_rank < 250);
	ck_assert(!interval_inside((struct interval){ NAN, NAN, NAN }, 1));
	ck_assert(!interval_inside((struct interval){ -1, 0, 0.9 }, 1));
}
END_TEST

/* 4,000 samples: the standard error of a 95 % coverage is 0.34 %. */
START_TEST(coverage)
{
	enum { ROUNDS = 4000, N = 10 };
	struct rng rng;
	double x[N], p_low[3] = { 0 }, achieved = 0;
	int round, in_t = 0, in_hl = 0, in_boot = 0, boots = 0;

	rng_init(&rng, 2022);
	for (round = 0; round < ROUNDS; round++) {
		struct interval t, w, b;
		double p;
		int i;

		for (i = 0; i < N; i++)
			x[i] = 1 + 2 * rng_normal(&rng);
		t = t_interval(x, N, 0.95);
		w = hodges_lehmann_interval(x, N, 0.95);
		achieved = w.level;
		in_t += t.lo < 1 && 1 < t.hi;
		in_hl += w.lo < 1 && 1 < w.hi;
		if (round % 20 == 0) {
			b = bootstrap_interval(x, N, stats_mean, BOOTSTRAP_BCA, 500, 0.95,
					       (uint64_t)round);
			in_boot += b.lo < 1 && 1 < b.hi;
			boots++;
		}
		/* under the null, p is uniform */
		p = t_test(x, N, 1).p;
		p_low[0] += p < 0.01;
		p_low[1] += p < 0.1;
		p_low[2] += p < 0.5;
	}
	NEAR(in_t / (double)ROUNDS, 0.95, 0.011);
	ck_assert_double_ge(achieved, 0.95);
	NEAR(in_hl / (double)ROUNDS, achieved, 0.011);
	/* ten values: BCa covers less than it says, 0.90 or so; that is why it only seconds t */
	NEAR(in_boot / (double)boots, 0.91, 0.06);
	NEAR(p_low[0] / ROUNDS, 0.01, 0.005);
	NEAR(p_low[1] / ROUNDS, 0.1, 0.015);
	NEAR(p_low[2] / ROUNDS, 0.5, 0.025);
}
END_TEST

/* The smallest effect is found with the promised power. */
START_TEST(power)
{
	enum { ROUNDS = 3000, N = 12 };
	double t_effect = smallest_effect_t(1, N, 0.05, 0.8);
	double w_effect = smallest_effect_signedrank(1, N, 0.05, 0.8);
	int round, t_found = 0, w_found = 0;
	struct rng rng;
	double x[N], y[N];

	rng_init(&rng, 8);
	for (round = 0; round < ROUNDS; round++) {
		int i;

		for (i = 0; i < N; i++) {
			double z = rng_normal(&rng);

			x[i] = z + t_effect;
			y[i] = z + w_effect;
		}
		t_found += t_test(x, N, 0).p < 0.05;
		w_found += signedrank_test(y, N).p < 0.05;
	}
	NEAR(t_found / (double)ROUNDS, 0.8, 0.04);
	NEAR(w_found / (double)ROUNDS, 0.8, 0.04);
	ck_assert(isinf(smallest_effect_signedrank(1, 5, 0.05, 0.8)));
	ck_assert(isinf(smallest_effect_signedrank(1, 10, 0.05 / 30, 0.8)));
	ck_assert(!isinf(smallest_effect_signedrank(1, 10, 0.05 / 25, 0.8)));
	ck_assert_double_eq(smallest_effect_t(0, 10, 0.05, 0.8), 0);
	ck_assert(isnan(smallest_effect_t(1, 1, 0.05, 0.8)));
}
END_TEST

START_TEST(margin_from_aa)
{
	static const double aa[] = { 0.01, -0.02, 0.004, 0.015, -0.008,
				     0.003, -0.011, 0.02, 0.0, 0.006 };
	struct interval ci = hodges_lehmann_interval(aa, 10, 0.95);

	double mirrored[10];
	int i;

	for (i = 0; i < 10; i++)
		mirrored[i] = -aa[i];
	ck_assert_double_gt(ci.hi, -ci.lo);
	NEAR(aa_margin(aa, 10, 0.95, 0.001), ci.hi, 0);
	NEAR(aa_margin(mirrored, 10, 0.95, 0.001), ci.hi, 0);
	ck_assert_double_eq(aa_margin(aa, 10, 0.95, 0.5), 0.5);
	ck_assert(isinf(aa_margin(aa, 5, 0.95, 0.001)));
	ck_assert(isnan(aa_margin(aa, 0, 0.95, 0.001)));
}
END_TEST

static const struct verdict_rules rules = { 0.05, 0.01, 0.01, 2, 1 };

static struct effect fake(double estimate, double lo, double hi, double p_tost)
{
	return (struct effect){ 10, estimate, { lo - 0.001, hi + 0.001, 0.95 }, { lo, hi, 0.9 },
				0, p_tost, 0, 1 };
}

/* p is adjusted; margin and threshold are 1 %. */
static const struct {
	const char *what;
	double estimate, lo, hi, p_tost, p;
	enum better better;
	enum verdict want;
} judged[] = {
	{ "clear and large", 0.03, 0.028, 0.032, 1, 1e-6, BETTER_MORE, VERDICT_IMPROVED },
	{ "the same, less is better", 0.03, 0.028, 0.032, 1, 1e-6, BETTER_LESS, VERDICT_REGRESSED },
	{ "down, less is better", -0.03, -0.032, -0.028, 1, 1e-6, BETTER_LESS, VERDICT_IMPROVED },
	{ "down, more is better", -0.03, -0.032, -0.028, 1, 1e-6, BETTER_MORE, VERDICT_REGRESSED },
	{ "neither is better", 0.03, 0.028, 0.032, 1, 1e-6, BETTER_NONE, VERDICT_DIFFERENT },
	{ "not significant is not equivalent", 0.001, -0.02, 0.022, 0.3, 0.8, BETTER_MORE,
	  VERDICT_INCONCLUSIVE },
	{ "large, not significant after Holm", 0.03, 0.001, 0.06, 0.9, 0.06, BETTER_LESS,
	  VERDICT_INCONCLUSIVE },
	{ "inside the margin", 0.001, -0.004, 0.006, 0.001, 0.8, BETTER_LESS, VERDICT_EQUIVALENT },
	{ "real, but inside the margin", -0.004, -0.005, -0.003, 0.001, 1e-6, BETTER_MORE,
	  VERDICT_EQUIVALENT },
	{ "real, small, reaching over the margin", 0.008, 0.004, 0.012, 0.2, 0.01, BETTER_LESS,
	  VERDICT_BELOW_THRESHOLD },
	{ "TOST and interval disagree", 0.001, -0.004, 0.012, 0.01, 0.8, BETTER_LESS,
	  VERDICT_INCONCLUSIVE },
	{ "no p-value", 0.05, 0.04, 0.06, 1, NAN, BETTER_LESS, VERDICT_INCONCLUSIVE },
};

START_TEST(verdicts)
{
	struct effect e = fake(judged[_i].estimate, judged[_i].lo, judged[_i].hi,
			       judged[_i].p_tost);
	enum verdict v = verdict_effect(&e, judged[_i].p, judged[_i].better, &rules);

	ck_assert_msg(v == judged[_i].want, "%s: %s, want %s", judged[_i].what, verdict_name(v),
		      verdict_name(judged[_i].want));
}
END_TEST

START_TEST(verdict_limits)
{
	struct verdict_rules r = rules;
	struct effect e = fake(0.03, 0.028, 0.032, 1), narrow = fake(0, -0.001, 0.001, 0.001);

	r.min_pairs = 11;
	ck_assert_int_eq(verdict_effect(&e, 0, BETTER_LESS, &r), VERDICT_INCONCLUSIVE);
	ck_assert_int_eq(verdict_effect(&narrow, 1, BETTER_LESS, &r), VERDICT_INCONCLUSIVE);
	r = rules;
	r.margin = 0;
	ck_assert_int_eq(verdict_effect(&narrow, 1, BETTER_LESS, &r), VERDICT_INCONCLUSIVE);
	e.agrees = 0;
	ck_assert_int_eq(verdict_effect(&e, 0, BETTER_LESS, &rules), VERDICT_INCONCLUSIVE);
}
END_TEST

START_TEST(verdicts_exact)
{
	static const struct {
		double a, b, budget;
		enum better better;
		enum verdict want;
	} t[] = {
		{ 3, 3, 0, BETTER_LESS, VERDICT_EQUIVALENT },
		{ 3, 4, 0, BETTER_LESS, VERDICT_REGRESSED },
		{ 4, 3, 0, BETTER_LESS, VERDICT_IMPROVED },
		{ 3, 4, 0, BETTER_MORE, VERDICT_IMPROVED },
		{ 4, 3, 0, BETTER_MORE, VERDICT_REGRESSED },
		{ 3, 4, 1, BETTER_LESS, VERDICT_BELOW_THRESHOLD },
		{ 3, 5, 1, BETTER_LESS, VERDICT_REGRESSED },
		{ 4, 3, 1, BETTER_LESS, VERDICT_BELOW_THRESHOLD },
		{ 3, 4, 0, BETTER_NONE, VERDICT_DIFFERENT },
		{ 0, 0, 0, BETTER_NONE, VERDICT_EQUIVALENT },
		{ NAN, 0, 0, BETTER_LESS, VERDICT_INCONCLUSIVE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		ck_assert_msg(verdict_exact(t[i].a, t[i].b, t[i].better, t[i].budget) == t[i].want,
			      "case %zu", i);
	ck_assert_int_eq(better_parse("more"), BETTER_MORE);
	ck_assert_int_eq(better_parse("faster"), -EINVAL);
	ck_assert_str_eq(better_name(BETTER_LESS), "less");
}
END_TEST

/* A/A pairs: never improved, regressed or below threshold more often than alpha allows. */
START_TEST(aa_families)
{
	enum { ROUNDS = 150, N = 10, ROWS = 8 };
	int round, wrong = 0, wrong_noisy = 0, equivalent = 0;
	struct rng rng;

	rng_init(&rng, 1234);
	for (round = 0; round < ROUNDS; round++) {
		struct effect e[ROWS], w[ROWS];
		double p[ROWS], q[ROWS], x[N];
		bool bad = false, bad_noisy = false;
		int row, i;

		for (row = 0; row < ROWS; row++) {
			for (i = 0; i < N; i++)
				x[i] = 0.012 * rng_normal(&rng);
			e[row] = effect_seeded(x, N, &rules, ROWS);
			w[row] = effect_noisy(x, N, &rules, ROWS);
			p[row] = e[row].p;
			q[row] = w[row].p;
		}
		holm_adjust(p, ROWS, p);
		holm_adjust(q, ROWS, q);
		for (row = 0; row < ROWS; row++) {
			enum verdict v = verdict_effect(&e[row], p[row], BETTER_LESS, &rules);
			enum verdict n = verdict_effect(&w[row], q[row], BETTER_LESS, &rules);

			bad |= v != VERDICT_EQUIVALENT && v != VERDICT_INCONCLUSIVE;
			bad_noisy |= n != VERDICT_EQUIVALENT && n != VERDICT_INCONCLUSIVE;
			equivalent += v == VERDICT_EQUIVALENT;
		}
		wrong += bad;
		wrong_noisy += bad_noisy;
	}
	ck_assert_int_le(wrong, ROUNDS / 20 + 5);
	ck_assert_int_le(wrong_noisy, ROUNDS / 20 + 5);
	ck_assert_int_gt(equivalent, ROUNDS);
}
END_TEST

/* B 3.1 % better than A with a spread of 0.2 %: seen, with the right size, by both methods. */
START_TEST(real_effect)
{
	double x[10], y[10];
	struct rng rng;
	struct effect e, n, small;
	int i;

	rng_init(&rng, 4);
	for (i = 0; i < 10; i++) {
		double z = 0.002 * rng_normal(&rng);

		x[i] = log(1.031) + z;
		y[i] = log(1.004) + z;
	}
	e = effect_seeded(x, 10, &rules, 14);
	n = effect_noisy(x, 10, &rules, 14);
	small = effect_seeded(y, 10, &rules, 14);
	NEAR(exp(e.estimate), 1.031, 0.002);
	NEAR(exp(n.estimate), 1.031, 0.002);
	ck_assert(e.ci.lo < log(1.031) && log(1.031) < e.ci.hi);
	ck_assert(e.smallest > 0 && e.smallest < 0.006);
	ck_assert(n.smallest > e.smallest);
	NEAR(e.smallest, smallest_effect_t(stats_sd(x, 10), 10, 0.05 / 14, 0.8), 1e-15);
	NEAR(n.smallest, smallest_effect_signedrank(stats_sd(x, 10), 10, 0.05 / 14, 0.8), 1e-15);
	ck_assert_int_eq(verdict_effect(&e, e.p * 14, BETTER_MORE, &rules), VERDICT_IMPROVED);
	ck_assert_int_eq(verdict_effect(&e, e.p * 14, BETTER_LESS, &rules), VERDICT_REGRESSED);
	ck_assert_int_eq(verdict_effect(&n, n.p * 14, BETTER_MORE, &rules), VERDICT_IMPROVED);
	ck_assert_int_eq(verdict_effect(&small, small.p * 14, BETTER_MORE, &rules),
			 VERDICT_EQUIVALENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stats-verdict");
	TCase *tc = tcase_create("infer"), *sim = tcase_create("simulation");
	TCase *v = tcase_create("verdict");

	tcase_add_test(tc, student);
	tcase_add_test(tc, no_spread);
	tcase_add_test(tc, spatial);
	tcase_add_test(tc, bootstrap_repeats);
	tcase_add_test(tc, holm_example);
	tcase_add_test(tc, holm_properties);
	tcase_add_test(tc, tost_is_interval);
	tcase_add_test(tc, margin_from_aa);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(sim, 60);
	tcase_add_test(sim, coverage);
	tcase_add_test(sim, power);
	tcase_add_test(sim, aa_families);
	suite_add_tcase(suite, sim);
	tcase_add_loop_test(v, verdicts, 0, ARRAY_SIZE(judged));
	tcase_add_test(v, verdict_limits);
	tcase_add_test(v, verdicts_exact);
	tcase_add_test(v, real_effect);
	suite_add_tcase(suite, v);
	return lib_check_main(suite);
}
