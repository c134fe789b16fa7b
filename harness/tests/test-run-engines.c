// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs of each engine over fake machines: what ends up in result.json and manifest.json. */
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "result/read.h"
#include "result/schema.h"
#include "tests/lib-check.h"
#include "tests/lib-run.h"

#define INI "[scenario]\ncount = no\nseeds = 3\npairs = 3\n[variant]\nbinding = dev-domid, iommus\n"
#define A "arm64-dom0less-dev-domid-upstream-map-blk-4k-job-qd1"
#define B "arm64-dom0less-iommus-upstream-map-blk-4k-job-qd1"

static struct fake_run run;

static void open_run(const char *ini)
{
	fake_run_setup(&run, ini);
}

static void set(enum setting setting, const char *value)
{
	struct err err = { 0 };

	ck_assert_msg(scenario_override(run.scenario, setting, "test", value, &err) == 0, "%s", err.msg);
}

static json_t *go(struct run_summary *summary)
{
	struct err err = { 0 };

	ck_assert_msg(fake_run(&run, summary, &err) == 0, "%s", err.msg);
	return fake_run_result(&run);
}

/* Both files are what their schemas and the reader say. */
static void check_files(void)
{
	static const char *const names[] = { "result", "manifest" };
	struct err err = { 0 };
	struct results r;
	size_t i;

	for (i = 0; i < 2; i++) {
		_cleanup_free_ char *spath = xasprintf("results/schema/%s.schema.json", names[i]);
		_cleanup_free_ char *path = xasprintf("%s/%s.json", run.out, names[i]);
		_cleanup_json_ json_t *schema = json_load_file(spath, 0, NULL);
		_cleanup_json_ json_t *json = json_load_file(path, 0, NULL);

		ck_assert_msg(schema != NULL, "%s (run from the top of the tree)", spath);
		ck_assert_msg(schema_check(schema, json, names[i], &err) == 0, "%s", err.msg);
	}
	ck_assert_msg(results_read(run.out, &r, &err) == 0, "%s", err.msg);
	results_release(&r);
}

static const char *str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

static const json_t *metric(const json_t *result, size_t cell, const char *name)
{
	const json_t *m, *c = json_array_get(json_object_get(result, "cells"), cell);
	size_t i;

	json_array_foreach(json_object_get(c, "metrics"), i, m)
		if (!strcmp(str(m, "name"), name))
			return m;
	ck_abort_msg("cell %zu has no %s", cell, name);
	return NULL;
}

START_TEST(exact)
{
	struct run_summary summary;
	_cleanup_json_ json_t *result = NULL;
	const json_t *m;

	open_run(INI);
	result = go(&summary);
	check_files();
	ck_assert_uint_eq(run.started, 3);
	ck_assert_str_eq(str(result, "engine"), "exact");
	m = metric(result, 0, "probe.first_request");
	ck_assert_str_eq(str(m, "class"), "exact");
	ck_assert_ptr_null(json_object_get(m, "values"));
	fake_run_teardown(&run);
}
END_TEST

START_TEST(seeded)
{
	struct run_summary summary;
	_cleanup_json_ json_t *result = NULL, *manifest = NULL;
	_cleanup_free_ char *path = NULL;
	const json_t *m, *v, *cells;

	open_run(INI);
	set(SET_ENGINE, "seeded");
	result = go(&summary);
	check_files();
	/* three seeds of two cells, and the canary */
	ck_assert_uint_eq(run.started, 7);
	m = metric(result, 1, "probe.first_request");
	ck_assert_str_eq(str(m, "class"), "seeded");
	v = json_object_get(m, "values");
	ck_assert_uint_eq(json_array_size(v), 3);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(v, 2), "seed")), 3);
	/* the fake's times grow by 10 us per seed; the value is the median */
	ck_assert_double_eq(json_number_value(json_object_get(m, "value")),
			    json_number_value(json_object_get(json_array_get(v, 1), "value")));
	ck_assert_double_eq(json_number_value(json_object_get(json_array_get(v, 2), "value")) -
			    json_number_value(json_object_get(json_array_get(v, 0), "value")), 20000);
	/* a count is a count under any seed */
	ck_assert_str_eq(str(metric(result, 1, "probe.deferrals"), "class"), "exact");
	path = xasprintf("%s/manifest.json", run.out);
	manifest = json_load_file(path, 0, NULL);
	cells = json_object_get(manifest, "cells");
	ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(cells, A), "seeds")), 3);
	ck_assert_ptr_nonnull(json_object_get(json_object_get(manifest, "commands"), B "/seed-2"));
	fake_run_teardown(&run);
}
END_TEST

START_TEST(noisy)
{
	struct run_summary summary;
	_cleanup_json_ json_t *result = NULL;

	open_run(INI);
	set(SET_ENGINE, "noisy");
	result = go(&summary);
	check_files();
	/* no canary: real time is never the same twice */
	ck_assert_uint_eq(run.started, 6);
	ck_assert(!summary.canary_ran);
	ck_assert(json_is_false(json_object_get(json_object_get(result, "canary"), "ran")));
	ck_assert_ptr_nonnull(json_object_get(json_array_get(json_object_get(
		metric(result, 0, "probe.first_request"), "values"), 0), "pair"));
	/* one machine at a time, whatever was asked for */
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(result, "host"), "jobs")), 1);
	fake_run_teardown(&run);
}
END_TEST

/* The second run of the same sample says something else: nothing is exact any more. */
START_TEST(canary_differs)
{
	static const struct fake_behaviour behaviour[] = {
		{ "canary", NULL, "xen something new\n" }, { NULL, NULL, NULL },
	};
	struct run_summary summary;
	_cleanup_json_ json_t *result = NULL;
	const json_t *canary;

	open_run(INI);
	run.behaviour = behaviour;
	result = go(&summary);
	check_files();
	ck_assert(summary.canary_ran && !summary.canary_identical);
	canary = json_object_get(result, "canary");
	ck_assert(json_is_false(json_object_get(canary, "identical")));
	ck_assert_msg(strstr(str(canary, "difference"), "something new") != NULL, "%s",
		      str(canary, "difference"));
	ck_assert_str_eq(str(metric(result, 0, "probe.first_request"), "class"), "noisy");
	ck_assert_str_eq(str(metric(result, 1, "probe.deferrals"), "class"), "noisy");
	fake_run_teardown(&run);
}
END_TEST

static const struct {
	const char *budget;
	unsigned int unmet;
} budgets[] = {
	{ "probe.deferrals <= 0", 0 },
	{ "probe.deferrals >= 1", 2 },
	{ "probe.first_request <= 1", 2 },
	{ "no_such_metric <= 1", 2 },
};

START_TEST(budget)
{
	_cleanup_free_ char *ini = xasprintf("%s[budget]\n%s\n", INI, budgets[_i].budget);
	struct run_summary summary;
	_cleanup_json_ json_t *result = NULL;

	open_run(ini);
	result = go(&summary);
	check_files();
	ck_assert_uint_eq(summary.unmet, budgets[_i].unmet);
	ck_assert_int_eq(summary.worst, budgets[_i].unmet ? GB_REGRESSION : GB_OK);
	ck_assert_uint_eq(json_array_size(json_object_get(result, "budgets")), 2);
	fake_run_teardown(&run);
}
END_TEST

/* What cannot run stands in the result with its reason. */
START_TEST(not_applicable)
{
	struct run_summary summary;
	_cleanup_json_ json_t *result = NULL;
	const json_t *cell;

	open_run("[scenario]\ncount = no\n[variant]\nbinding = iommus\nmapping = map, foreign\n");
	result = go(&summary);
	check_files();
	ck_assert_uint_eq(summary.not_applicable, 1);
	cell = json_array_get(json_object_get(result, "cells"), 1);
	ck_assert_str_eq(str(cell, "outcome"), "not-applicable");
	ck_assert_ptr_nonnull(strstr(str(cell, "reason"), "grant addresses"));
	fake_run_teardown(&run);
}
END_TEST

#define BROKEN "domu x: Grant still in use by backend domain 0, disabled for further use\n"

/* A known defect is called so; what fails in another way, or passes, is not hidden. */
static const struct {
	const char *expect;
	const struct fake_behaviour behaviour[2];
	const char *outcome, *word;
	enum gb_exit worst;
} expectations[] = {
	{ "fail = binding=iommus: disabled for further", { { B, NULL, BROKEN }, { NULL, NULL, NULL } },
	  "fail", "expected-fail", GB_OK },
	{ "refuse = binding=iommus: disabled for further", { { B, NULL, BROKEN }, { NULL, NULL, NULL } },
	  "fail", "refused", GB_OK },
	{ "fail = binding=iommus: disabled for further", { { NULL, NULL, NULL } },
	  "pass", "unexpected-pass", GB_REGRESSION },
	{ "fail = binding=iommus: another thing", { { B, NULL, BROKEN }, { NULL, NULL, NULL } },
	  "fail", "fail", GB_SUBJECT },
	/* of whom nothing is expected */
	{ "fail = binding=none: disabled", { { B, NULL, BROKEN }, { NULL, NULL, NULL } },
	  "fail", NULL, GB_SUBJECT },
	/* hanging with the right words on the lips is still hanging */
	{ "fail = binding=iommus: xen-up", { { B, "hang\n", NULL }, { NULL, NULL, NULL } },
	  "timeout", "timeout", GB_SUBJECT },
};

START_TEST(expected)
{
	_cleanup_free_ char *ini = xasprintf(INI "[expect]\n%s\n", expectations[_i].expect);
	const char *word = expectations[_i].word;
	struct run_summary summary;
	_cleanup_json_ json_t *result = NULL;
	const json_t *cell, *expect;
	bool met;

	open_run(ini);
	run.opts.canary = false;
	run.behaviour = expectations[_i].behaviour;
	if (!strcmp(expectations[_i].outcome, "timeout"))
		run.phase_ms = 300;
	result = go(&summary);
	check_files();
	cell = json_array_get(json_object_get(result, "cells"), 1);
	ck_assert_str_eq(str(cell, "id"), B);
	ck_assert_str_eq(str(cell, "outcome"), expectations[_i].outcome);
	expect = json_object_get(cell, "expected");
	ck_assert_int_eq(word != NULL, expect != NULL);
	ck_assert_str_eq(str(expect, "word"), word ? word : "");
	met = word && (!strcmp(word, "expected-fail") || !strcmp(word, "refused"));
	ck_assert_int_eq(json_is_true(json_object_get(expect, "met")), met);
	ck_assert_uint_eq(summary.expected_fail, word && !strcmp(word, "expected-fail"));
	ck_assert_uint_eq(summary.refused, word && !strcmp(word, "refused"));
	ck_assert_uint_eq(summary.unexpected_pass, word && !strcmp(word, "unexpected-pass"));
	if (word)
		ck_assert_int_eq(summary.worst, expectations[_i].worst);
	fake_run_teardown(&run);
}
END_TEST

/* The table grants more than the driver has in use: an unmap forgot to end access. */
START_TEST(still_granting)
{
	struct run_summary summary;
	_cleanup_json_ json_t *result = NULL;
	const json_t *cell;

	open_run(INI);
	run.opts.canary = false;
	run.granting = 4;
	result = go(&summary);
	ck_assert_uint_eq(summary.failed, 2);
	cell = json_array_get(json_object_get(result, "cells"), 0);
	ck_assert_str_eq(str(cell, "outcome"), "invalid");
	ck_assert_ptr_nonnull(strstr(str(cell, "reason"), "did not end access"));
	fake_run_teardown(&run);
}
END_TEST

/* What a guest sends is kept, but not over our own files. */
START_TEST(guest_files)
{
	static const struct fake_behaviour behaviour[] = {
		{ A, NULL,
		  "record domu domu 9 blob {\"name\":\"cell.json\",\"part\":0,\"parts\":1,\"b64\":\"eA==\"}\n"
		  "record domu domu 8 blob {\"name\":\"xen.log\",\"part\":0,\"parts\":1,\"b64\":\"eA==\"}\n"
		  "record domu domu 7 blob {\"name\":\"more.txt\",\"part\":0,\"parts\":1,\"b64\":\"eA==\"}\n"
		  "record domu domu 6 blob {\"name\":\"half.txt\",\"part\":0,\"parts\":2,\"b64\":\"eA==\"}\n"
		  "record domu domu 5 check {\"name\":\"x\",\"ok\":true,\"detail\":\"\"}\n" },
		{ NULL, NULL, NULL },
	};
	_cleanup_free_ char *more = NULL, *half = NULL, *log = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct run_summary summary;
	_cleanup_json_ json_t *result = NULL;

	open_run(INI);
	run.opts.canary = false;
	run.behaviour = behaviour;
	result = go(&summary);
	more = xasprintf("%s/cells/" A "/more.txt", run.out);
	half = xasprintf("%s/cells/" A "/half.txt", run.out);
	log = xasprintf("%s/cells/" A "/xen.log", run.out);
	ck_assert(fs_exists(more) && !fs_exists(half));
	ck_assert_int_eq(fs_read(log, &text, NULL), 0);
	ck_assert_uint_gt(text.size, 20);
	/* and the sample can be taken again */
	run.opts.resume = true;
	json_decref(result);
	result = go(&summary);
	ck_assert_uint_eq(run.started, 0);
	fake_run_teardown(&run);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("run-engines");
	TCase *tc = tcase_create("engines");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, exact);
	tcase_add_test(tc, seeded);
	tcase_add_test(tc, noisy);
	tcase_add_test(tc, canary_differs);
	tcase_add_loop_test(tc, budget, 0, ARRAY_SIZE(budgets));
	tcase_add_test(tc, not_applicable);
	tcase_add_loop_test(tc, expected, 0, ARRAY_SIZE(expectations));
	tcase_add_test(tc, still_granting);
	tcase_add_test(tc, guest_files);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
