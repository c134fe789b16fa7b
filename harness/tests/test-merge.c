// SPDX-License-Identifier: GPL-2.0-or-later
/* Samples: their order, what a seed stands for, the cell they make, budgets. */
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "tests/lib-quotes.h"
#include "workload/budget.h"
#include "workload/merge.h"

static char *dir;
static struct scenario *s;

static void setup(void)
{
	static const char text[] = "[scenario]\nseeds = 2\npairs = 3\n[variant]\nbinding = iommus\n"
				   "[budget]\nmaps <= 4\niops >= 100\nabsent <= 1\n";
	_cleanup_free_ char *path = NULL, *job = NULL;
	struct err err = { 0 };

	dir = lib_check_tmpdir();
	path = xasprintf("%s/s.ini", dir);
	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0644, NULL), 0);
	job = xasprintf("%s/blk-randread.fio", dir);
	ck_assert_int_eq(fs_write_atomic(job, "[x]\n", 4, 0644, NULL), 0);
	ck_assert_msg(scenario_load(path, &s, &err) == 0, "%s", err.msg);
}

static void teardown(void)
{
	scenario_free(s);
	fs_remove_tree(dir, NULL);
	free(dir);
}

static const struct {
	const char *engine, *count;
	bool canary;
	const char *order;
} orders[] = {
	{ "exact", "no", false, "0 1" },
	{ "exact", "no", true, "0 1 canary:0" },
	{ "exact", "yes", true, "0 1 canary:0 0/count 1/count" },
	{ "seeded", "no", true, "0/seed-1 1/seed-1 canary:0/seed-1 0/seed-2 1/seed-2" },
	/* ABBA, and no canary: real time is never the same twice */
	{ "noisy", "yes", true, "0/pair-1 1/pair-1 1/pair-2 0/pair-2 0/pair-3 1/pair-3 0/count 1/count" },
};

START_TEST(order)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_free_ struct sample_task *task = NULL;
	struct err err = { 0 };
	size_t i, n;

	ck_assert_int_eq(scenario_override(s, SET_ENGINE, "--engine", orders[_i].engine, &err), 0);
	ck_assert_int_eq(scenario_override(s, SET_COUNT, "--count", orders[_i].count, &err), 0);
	n = sample_order(s, 2, orders[_i].canary, &task);
	for (i = 0; i < n; i++) {
		_cleanup_free_ char *id = xasprintf("%zu", task[i].cell);
		_cleanup_free_ char *name = sample_name(id, &task[i].sample);

		buf_addf(&text, "%s%s%s", i ? " " : "", task[i].canary ? "canary:" : "", name);
	}
	ck_assert_str_eq(text.data, orders[_i].order);
}
END_TEST

START_TEST(nothing_to_run)
{
	_cleanup_free_ struct sample_task *task = NULL;

	ck_assert_uint_eq(sample_order(s, 0, true, &task), 0);
}
END_TEST

START_TEST(overrides)
{
	struct err err = { 0 };

	ck_assert_int_eq(scenario_override(s, SET_SEEDS, "--seeds", "0", &err), -1);
	ck_assert_int_eq(err.code, GB_USAGE);
	ck_assert_str_eq(err.msg, "--seeds 0: seeds: 0 is out of range (1 to 1000)");
	ck_assert_int_eq(scenario_override(s, SET_ENGINE, "--engine", "quick", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "--engine quick: "));
	ck_assert_int_eq(scenario_override(s, SET_SEEDS, "--seeds", "7", &err), 0);
	ck_assert_uint_eq(scenario_uint(s, SET_SEEDS), 7);
}
END_TEST

/* Seeds differ in everything they perturb, and stay what they are: a paper's seed 3 is ours. */
START_TEST(seeds)
{
	struct sample sample = { SAMPLE_SEED, 1 };
	struct perturbation p = sample_perturbation(&sample), q;
	unsigned int n;

	/* splitmix64 of 1: 10451216379200822465, 13757245211066428519 */
	ck_assert_uint_eq(p.jitter, 822465);
	ck_assert_uint_eq(p.table_seed, 1601554129);
	for (n = 2; n <= 1000; n++) {
		sample.nr = n;
		q = sample_perturbation(&sample);
		ck_assert_uint_lt(q.jitter, 10000000);
		ck_assert_uint_ne(q.table_seed, 0);
		ck_assert(q.jitter != p.jitter || q.table_seed != p.table_seed);
		p = q;
	}
	sample = (struct sample){ SAMPLE_COUNT, 0 };
	q = sample_perturbation(&sample);
	ck_assert_uint_eq(q.jitter + q.table_seed, 0);
	ck_assert(sample_is_icount(ENGINE_NOISY, &sample));
	sample.kind = SAMPLE_PAIR;
	ck_assert(!sample_is_icount(ENGINE_NOISY, &sample));
}
END_TEST

#define METRIC(name, value) \
	"{'name':'" name "','unit':'1','class':'exact','better':'less','value':" #value "}"
#define PART(outcome, reason, check, metrics) \
	"{'id':'c','axes':{'binding':'x'},'outcome':'" outcome "','proof':{'p':" reason "}," \
	"'checks':{'verify':" check "},'metrics':[" metrics "],'inputs_sha256':'i','console_sha256':'k'}"

static json_t *load(const char *text)
{
	json_t *value = quotes_loads(text);

	ck_assert_msg(value != NULL, "%s", text);
	return value;
}

static const char *str(const json_t *obj, const char *key)
{
	const char *text = json_string_value(json_object_get(obj, key));

	return text ? text : "";
}

static const json_t *find(const json_t *cell, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(json_object_get(cell, "metrics"), i, m)
		if (!strcmp(str(m, "name"), name))
			return m;
	return NULL;
}

START_TEST(only_sample_stays)
{
	_cleanup_json_ json_t *a = load(PART("pass", "1", "true", METRIC("maps", 3))), *cell = NULL;
	struct merge_part part = { { SAMPLE_ONLY, 0 }, a };

	cell = merge_parts(&part, 1);
	ck_assert(json_equal(cell, a));
}
END_TEST

START_TEST(seeds_make_values)
{
	_cleanup_json_ json_t *a = load(PART("pass", "1", "true", METRIC("t", 10) "," METRIC("maps", 3)));
	_cleanup_json_ json_t *b = load(PART("pass", "2", "true", METRIC("t", 20) "," METRIC("maps", 3)));
	_cleanup_json_ json_t *c = load(PART("pass", "3", "true", METRIC("t", 13) "," METRIC("maps", 3)));
	_cleanup_json_ json_t *count = load(PART("pass", "4", "true", METRIC("hypercalls", 12)));
	_cleanup_json_ json_t *cell = NULL;
	struct merge_part parts[] = {
		{ { SAMPLE_SEED, 1 }, a }, { { SAMPLE_SEED, 2 }, b }, { { SAMPLE_SEED, 3 }, c },
		{ { SAMPLE_COUNT, 0 }, count },
	};
	const json_t *values, *first;

	cell = merge_parts(parts, 4);
	values = json_object_get(find(cell, "t"), "values");
	ck_assert_uint_eq(json_array_size(values), 3);
	first = json_array_get(values, 1);
	ck_assert_int_eq(json_integer_value(json_object_get(first, "seed")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(first, "value")), 20);
	ck_assert_int_eq(json_integer_value(json_object_get(find(cell, "t"), "value")), 13);
	/* the count build ran once */
	ck_assert_ptr_null(json_object_get(find(cell, "hypercalls"), "values"));
	ck_assert_int_eq(json_integer_value(json_object_get(find(cell, "hypercalls"), "value")), 12);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(cell, "proof"), "p")), 1);
	ck_assert_uint_eq(strlen(str(cell, "inputs_sha256")), 64);
	/* an even number: between the two in the middle */
	json_decref(cell);
	cell = merge_parts(parts, 2);
	ck_assert_double_eq(json_number_value(json_object_get(find(cell, "t"), "value")), 15);
}
END_TEST

START_TEST(pairs_are_keyed_as_pairs)
{
	_cleanup_json_ json_t *a = load(PART("pass", "1", "true", METRIC("t", 10))), *cell = NULL;
	struct merge_part part = { { SAMPLE_PAIR, 4 }, a };
	const json_t *v;

	cell = merge_parts(&part, 1);
	v = json_array_get(json_object_get(find(cell, "t"), "values"), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(v, "pair")), 4);
	ck_assert_ptr_null(json_object_get(v, "seed"));
}
END_TEST

START_TEST(the_worst_sample_counts)
{
	_cleanup_json_ json_t *a = load(PART("pass", "1", "true", METRIC("t", 10)));
	_cleanup_json_ json_t *b = load(PART("fail", "2", "false", ""));
	_cleanup_json_ json_t *c = load(PART("guest-crash", "3", "true", ""));
	_cleanup_json_ json_t *cell = NULL;
	struct merge_part parts[] = {
		{ { SAMPLE_SEED, 1 }, a }, { { SAMPLE_SEED, 2 }, b }, { { SAMPLE_COUNT, 0 }, c },
	};

	json_object_set_new(b, "reason", json_string("verify"));
	json_object_set_new(c, "reason", json_string("an oops"));
	json_object_set_new(c, "culprit", json_string("domu"));
	json_object_set_new(c, "console_sha256", json_string(""));
	cell = merge_parts(parts, 3);
	ck_assert_str_eq(str(cell, "outcome"), "guest-crash");
	ck_assert_str_eq(str(cell, "reason"), "count build: an oops");
	ck_assert_str_eq(str(cell, "culprit"), "domu");
	ck_assert_uint_eq(json_array_size(json_object_get(cell, "metrics")), 0);
	ck_assert(json_is_false(json_object_get(json_object_get(cell, "checks"), "verify")));
	/* half a hash would make different runs look alike */
	ck_assert_str_eq(str(cell, "console_sha256"), "");
	json_decref(cell);
	cell = merge_parts(parts, 2);
	ck_assert_str_eq(str(cell, "reason"), "seed 2: verify");
}
END_TEST

START_TEST(budgets)
{
	_cleanup_json_ json_t *cells = json_array(), *rows = NULL;
	unsigned int unmet = 0;
	_cleanup_free_ char *text = NULL, *gone = NULL;

	json_array_append_new(cells, load(PART("pass", "1", "true", METRIC("maps", 4) "," METRIC("iops", 99))));
	json_array_append_new(cells, load(PART("fail", "1", "true", METRIC("maps", 9))));
	rows = budget_check(s, cells, &unmet);
	/* three limits, one cell that passed */
	ck_assert_uint_eq(json_array_size(rows), 3);
	ck_assert_uint_eq(unmet, 2);
	ck_assert(json_is_true(json_object_get(json_array_get(rows, 0), "met")));
	ck_assert(json_is_false(json_object_get(json_array_get(rows, 1), "met")));
	text = budget_text(s, json_array_get(rows, 1));
	ck_assert_msg(strstr(text, "c: iops is 99, budget: at least 100") && strstr(text, "s.ini:8)"), "%s",
		      text);
	/* a limit that nothing is held to protects nothing */
	gone = budget_text(s, json_array_get(rows, 2));
	ck_assert_msg(strstr(gone, "absent was not measured, budget: at most 1"), "%s", gone);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("merge");
	TCase *tc = tcase_create("merge");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, order, 0, ARRAY_SIZE(orders));
	tcase_add_test(tc, nothing_to_run);
	tcase_add_test(tc, overrides);
	tcase_add_test(tc, seeds);
	tcase_add_test(tc, only_sample_stays);
	tcase_add_test(tc, seeds_make_values);
	tcase_add_test(tc, pairs_are_keyed_as_pairs);
	tcase_add_test(tc, the_worst_sample_counts);
	tcase_add_test(tc, budgets);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
