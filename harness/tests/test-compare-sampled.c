// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons of numbers with a spread: seeded and noisy, margins, Holm, the canary. */
#include <math.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "tests/lib-compare.h"

/* Ten seeds of a metric: base times factor, with a spread of about spread. */
static void add_values(struct buf *out, int nr, const char *key, double base, double factor,
		       double spread)
{
	static const double z[] = { 0.3, -1.1, 0.8, -0.2, 1.4, -0.9, 0.1, -0.5, 0.6, -0.4 };
	int i;

	for (i = 0; i < nr; i++)
		buf_addf(out, "%s{'%s':%d,'value':%.12g}", i ? "," : "", key, i + 3,
			 base * (1 + 0.01 * z[(i + 3) % 10]) * factor * exp(spread * z[i % 10]));
}

#define RUNS "{'name':'m','unit':'1/s','class':'%s','better':'%s','value':1,'values':[%s]}"

/* One metric of both sides, of a class, with nr runs. */
static void load_sampled(const char *class, const char *better, int nr, double factor,
			 double spread)
{
	_cleanup_buf_ struct buf va = BUF_INIT, vb = BUF_INIT;
	_cleanup_free_ char *cells = NULL;
	const char *key = strcmp(class, "noisy") ? "seed" : "pair";

	add_values(&va, nr, key, 5000, 1, 0);
	add_values(&vb, nr, key, 5000, factor, spread);
	cells = xasprintf(DEV(RUNS) "," IOM(RUNS),
			  class, better, va.data, class, better, vb.data);
	results_release(&cc.a);
	cc_load(&cc.a, "a",
			class, "{'identical':true}", cells);
}

static const struct {
	const char *class, *better;
	int nr;
	double factor, spread;
	enum verdict want;
} sampled[] = {
	{ "seeded", "more", 10, 1.031, 0.002, VERDICT_IMPROVED },
	{ "seeded", "less", 10, 1.031, 0.002, VERDICT_REGRESSED },
	{ "seeded", "none", 10, 1.031, 0.002, VERDICT_DIFFERENT },
	{ "seeded", "less", 10, 1.001, 0.002, VERDICT_EQUIVALENT },
	{ "seeded", "less", 10, 1, 0, VERDICT_EQUIVALENT },
	{ "seeded", "less", 10, 1.001, 0.05, VERDICT_INCONCLUSIVE },
	{ "seeded", "less", 9, 1.031, 0.002, VERDICT_INCONCLUSIVE },	/* too few seeds */
	{ "seeded", "less", 10, 1.0095, 0.003, VERDICT_BELOW_THRESHOLD },
	{ "noisy", "more", 10, 0.969, 0.002, VERDICT_REGRESSED },
	{ "noisy", "less", 10, 0.969, 0.002, VERDICT_IMPROVED },
	{ "noisy", "less", 10, 1.001, 0.002, VERDICT_EQUIVALENT },
	{ "noisy", "less", 10, 1.001, 0.05, VERDICT_INCONCLUSIVE },
	{ "noisy", "less", 5, 1.031, 0.002, VERDICT_INCONCLUSIVE },	/* 2/32 is not below 5 % */
	{ "noisy", "less", 6, 1.031, 0.002, VERDICT_REGRESSED },
};

START_TEST(sampled_verdicts)
{
	load_sampled(sampled[_i].class, sampled[_i].better, sampled[_i].nr, sampled[_i].factor,
		     sampled[_i].spread);
	cc_compare(NULL);
	cc_verdict("m", sampled[_i].want);
	ck_assert_uint_eq(cc_row("m")->effect.n, (size_t)sampled[_i].nr);
	ck_assert_uint_eq(cc.cmp.nr_tests, 1);
	ck_assert_double_eq_tol(cc_row("m")->effect.estimate, log(sampled[_i].factor), 0.005);
	ck_assert_int_eq(cc_row("m")->kind, sampled[_i].class[0] == 's' ? KIND_SEEDED : KIND_NOISY);
	ck_assert_int_eq(cc.cmp.status,
			 sampled[_i].want == VERDICT_REGRESSED ? GB_REGRESSION : GB_OK);
	if (sampled[_i].nr == 5)
		ck_assert(isinf(cc_row("m")->effect.smallest));
}
END_TEST

/* A p-value that would do alone does not when many metrics were looked at. */
START_TEST(holm_over_the_table)
{
	_cleanup_buf_ struct buf va = BUF_INIT, vb = BUF_INIT, a = BUF_INIT, b = BUF_INIT;
	_cleanup_free_ char *cells = NULL;
	int i;

	add_values(&va, 10, "seed", 5000, 1, 0);
	add_values(&vb, 10, "seed", 5000, 1.02, 0.026);
	for (i = 0; i < 9; i++) {
		buf_addf(&a, "%s{'name':'m%d','unit':'1/s','class':'seeded','better':'less',"
			 "'value':1,'values':[%s]}", i ? "," : "", i, va.data);
		buf_addf(&b, "%s{'name':'m%d','unit':'1/s','class':'seeded','better':'less',"
			 "'value':1,'values':[%s]}", i ? "," : "", i, i ? va.data : vb.data);
		if (i == 0) {
			cells = xasprintf(DEV("%s") "," IOM("%s"), a.data, b.data);
			results_release(&cc.a);
			cc_load(&cc.a, "one", "seeded", "{'identical':true}", cells);
			cc_compare(NULL);
			cc_verdict("m0", VERDICT_REGRESSED);
			ck_assert_double_eq(cc_row("m0")->p_holm, cc_row("m0")->effect.p);
			free(cells);
		}
	}
	cells = xasprintf(DEV("%s") "," IOM("%s"), a.data, b.data);
	compare_release(&cc.cmp);
	results_release(&cc.a);
	cc_load(&cc.a, "nine", "seeded", "{'identical':true}", cells);
	cc_compare(NULL);
	cc_verdict("m0", VERDICT_INCONCLUSIVE);
	ck_assert_uint_eq(cc.cmp.nr_tests, 9);
	ck_assert_double_eq_tol(cc_row("m0")->p_holm, 9 * cc_row("m0")->effect.p, 1e-12);
	cc_verdict("m1", VERDICT_EQUIVALENT);
}
END_TEST

#define TWO(a, b) "{'seed':1,'value':" #a "},{'seed':2,'value':" #b "}"

START_TEST(seeds_in_common)
{
	cc_load(&cc.a, "a", "seeded", "{'identical':true}",
		DEV(V("m", "seeded", "less", "{'seed':1,'value':1},{'seed':2,'value':2},"
			"{'seed':4,'value':4}")
			"," V("x", "seeded", "less", "{'seed':1,'value':1}")
			"," V("z", "seeded", "less", TWO(0, 5))
			"," V("zz", "seeded", "less", TWO(0, 0))) ","
		IOM(V("m", "seeded", "less", "{'seed':4,'value':8},{'seed':3,'value':9},"
			"{'seed':2,'value':4}")
			"," V("x", "seeded", "less", "{'seed':7,'value':1}")
			"," V("z", "seeded", "less", TWO(3, 5))
			"," V("zz", "seeded", "less", TWO(0, 0))));
	cc_compare(NULL);
	ck_assert_uint_eq(cc_row("m")->effect.n, 2);
	ck_assert_double_eq_tol(cc_row("m")->effect.estimate, log(2), 1e-12);	/* 2:4 and 4:8 */
	ck_assert_str_eq(cc_row("m")->note, "runs of one side only were left out");
	cc_skipped("x of iom", "no seed in common");
	/* no ratio with zero: not hidden, not guessed */
	cc_verdict("z", VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(cc_row("z")->note, "a value is zero or negative: no ratio");
	/* but nothing is as equal as zeros */
	ck_assert_ptr_nonnull(cc_row("zz")->log_ratios);
	ck_assert_uint_eq(cc.cmp.nr_tests, 2);
}
END_TEST

/* Exact counts of several seeds: exact while the difference is the same in each. */
START_TEST(exact_over_seeds)
{
	cc_load(&cc.a, "a", "seeded", "{'identical':true}",
		DEV(V("steady", "exact", "less", TWO(5, 7))
			"," V("moves", "exact", "less", TWO(5, 7))) ","
		IOM(V("steady", "exact", "less", TWO(6, 8))
			"," V("moves", "exact", "less", TWO(6, 7))));
	cc_compare(NULL);
	ck_assert_int_eq(cc_row("steady")->kind, KIND_TIME);	/* 1/s */
	cc_verdict("steady", VERDICT_REGRESSED);
	ck_assert_int_eq(cc_row("moves")->kind, KIND_SEEDED);
	cc_verdict("moves", VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(cc_row("moves")->note, "varies between runs: not exact");
}
END_TEST

START_TEST(canary)
{
	static const char cells[] = DEV(M("maps", "1", "less", 3)) ","
				    IOM(M("maps", "1", "less", 4));

	cc_load(&cc.a, "a", "exact", "{'identical':false}",
			cells);
	cc_compare(NULL);
	ck_assert_int_eq(cc_row("maps")->kind, KIND_NOISY);
	cc_verdict("maps", VERDICT_INCONCLUSIVE);
	ck_assert(cc_warned("not deterministic"));
	results_release(&cc.a);
	cc_load(&cc.a, "a", "exact", "{'ran':false}",
			cells);
	cc_compare(NULL);
	cc_verdict("maps", VERDICT_REGRESSED);
	ck_assert(cc_warned("assumed, not shown"));
	results_release(&cc.a);
	cc_load_exact(&cc.a, "a",
			cells);
	cc_compare(NULL);
	ck_assert(!cc_warned("determin"));
}
END_TEST

/* A second run of side A gives the margin: what the apparatus does by itself. */
START_TEST(margin_from_aa)
{
	_cleanup_buf_ struct buf v = BUF_INIT;
	_cleanup_free_ char *cells = NULL;

	load_sampled("noisy", "less", 10, 1.031, 0.002);
	add_values(&v, 10, "pair", 5000, 1.02, 0.03);	/* A/A differs by up to 5 % */
	cells = xasprintf(DEV("{'name':'m','unit':'1/s','class':'noisy','better':'less','value':1,"
			      "'values':[%s]}"), v.data);
	cc_load(&cc.aa, "aa", "noisy", "{'ran':false}",
			cells);
	cc.opts.aa = &cc.aa;
	cc_compare(NULL);
	ck_assert_double_gt(cc_row("m")->margin, 0.03);
	ck_assert_double_eq(cc_row("m")->threshold, cc_row("m")->margin);
	cc_verdict("m", VERDICT_EQUIVALENT);	/* 3.1 % is what A/A shows as well */
	cc.opts.aa = NULL;
	cc_compare(NULL);
	cc_verdict("m", VERDICT_REGRESSED);
}
END_TEST

START_TEST(prints_sampled)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_json_ json_t *json = NULL;
	const json_t *metric;

	load_sampled("seeded", "more", 10, 1.031, 0.002);
	cc_compare(NULL);
	compare_text(&cc.cmp, &text);
	cc_lines_fit(&text);
	ck_assert_msg(strstr(text.data, "+3.1 % [3.0, 3.2]  improved  10  0.16 %") != NULL, "%s",
		      text.data);
	cc_sentence("On the seeded engine, iommus against dev-domid: of 1 seeded number "
		 "(emulated) 1 improved (m +3.1 % [3.0, 3.2]).");
	json = compare_json(&cc.cmp);
	metric = json_array_get(json_object_get(json_array_get(json_object_get(json, "pairs"), 0),
						"metrics"), 0);
	ck_assert_double_eq_tol(json_real_value(json_object_get(metric, "ratio")), 1.031, 0.002);
	ck_assert_double_eq_tol(json_real_value(json_object_get(metric, "margin")), 0.01, 1e-9);
	ck_assert(json_is_null(json_object_get(metric, "p_holm")) == 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compare-sampled");
	TCase *tc = tcase_create("compare");

	tcase_add_checked_fixture(tc, cc_setup, cc_teardown);
	tcase_add_loop_test(tc, sampled_verdicts, 0, ARRAY_SIZE(sampled));
	tcase_add_test(tc, seeds_in_common);
	tcase_add_test(tc, exact_over_seeds);
	tcase_add_test(tc, canary);
	tcase_add_test(tc, margin_from_aa);
	tcase_add_test(tc, holm_over_the_table);
	tcase_add_test(tc, prints_sampled);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
