// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of isolation checks: what is expected of whom. */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "report/isolation.h"
#include "tests/lib-check.h"

static json_t *parse(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	json_t *json;
	char *p;

	for (p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	json = json_loads(copy, 0, NULL);
	ck_assert_msg(json != NULL, "not JSON: %s", copy);
	return json;
}

static size_t row(const char *check)
{
	size_t i;

	for (i = 0; isolation_checks[i].name; i++)
		if (!strcmp(isolation_checks[i].name, check))
			return i;
	ck_abort_msg("no check %s", check);
	return 0;
}

static const struct {
	const char *binding, *xsm, *attack, *check, *seen, *want, *allocator;	/* allocator: NULL is upstream */
} rows[] = {
	{ "iommus", "flask", "grants", "map-freed", "holds", "holds", NULL },
	{ "iommus", "flask", "grants", "map-freed", "fails", "fails", NULL },
	{ "iommus", "flask", "grants", "map-freed", "not-applicable", "not-applicable", NULL },
	/* nobody could tell: that is no pass */
	{ "iommus", "flask", "grants", "map-freed", "unknown", "fails", NULL },
	{ "iommus", "flask", "grants", "map-freed", "gone", "fails", NULL },
	{ "dev-domid", "native", "grants", "foreign-map", "fails", "fails", NULL },
	{ "dev-domid", "dummy", "grants", "foreign-map", "fails", "expected-fail", NULL },
	{ "dev-domid", "dummy", "grants", "map-freed", "fails", "fails", NULL },
	{ "iommus", "flask", "grants", "sub-page", "fails", "expected-fail", NULL },
	{ "iommus", "flask", "grants", "sub-page", "holds", "holds", NULL },
	{ "iommus", "flask", "keep", "held-page-reuse", "fails", "expected-fail", NULL },
	{ "iommus", "flask", "keep", "held-alive", "fails", "fails", NULL },
	/* a pool stays granted, and is no memory of anybody's but itself */
	{ "iommus", "flask", "grants", "stale-gref", "fails", "expected-fail", "pool" },
	{ "iommus", "flask", "grants", "map-freed", "fails", "fails", "pool" },
	{ "iommus", "flask", "cross", "cross-map", "holds", "holds", NULL },
	{ "iommus", "flask", "cross", "cross-copy", "fails", "fails", NULL },
	{ "iommus", "flask", "front", "front-breaks", "fails", "fails", NULL },
	{ "iommus", "flask", "front", "front-unmapped", "unknown", "fails", NULL },
	{ "iommus", "flask", "front", "front-other-frontend", "holds", "holds", NULL },
	/* the control: what it does not see cannot be seen */
	{ "none", "flask", "grants", "in-flight-only", "fails", "expected-fail", NULL },
	{ "none", "flask", "grants", "in-flight-only", "holds", "fails", NULL },
	{ "none", "flask", "grants", "in-flight-only", "unknown", "fails", NULL },
	{ "none", "flask", "grants", "map-freed", "not-applicable", "not-applicable", NULL },
	{ "none", "flask", "ring", "ring-ids", "fails", "fails", NULL },
	{ "none", "flask", "ring", "ring-ids", "holds", "holds", NULL },
};

static json_t *result_of(int i, const char *outcome)
{
	_cleanup_free_ char *text = xasprintf(
		"{'cells':[{'id':'x','outcome':'%s','reason':'it fell over','axes':{'binding':'%s',"
		"'xsm':'%s','allocator':'%s','attack':'%s'},'proof':{'isolation':[{'name':'%s',"
		"'seen':'%s','detail':'d'}]}}]}", outcome, rows[i].binding, rows[i].xsm,
		rows[i].allocator ? rows[i].allocator : "upstream", rows[i].attack,
		rows[i].check, rows[i].seen);

	return parse(text);
}

START_TEST(verdicts)
{
	_cleanup_json_ json_t *result = result_of(_i, "pass");
	struct isolation_table t;
	struct err err = { 0 };

	ck_assert_msg(isolation_build(result, &t, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(t.nr_columns, 1);
	ck_assert_str_eq(isolation_verdict_name(t.column[0].entry[row(rows[_i].check)].verdict),
			 rows[_i].want);
	isolation_release(&t);
}
END_TEST

/* What the judge does not mention fails, but for references where there are none. */
START_TEST(silence)
{
	_cleanup_json_ json_t *result = result_of(0, "pass");
	struct isolation_table t;
	struct err err = { 0 };

	ck_assert_int_eq(isolation_build(result, &t, &err), 0);
	ck_assert_int_eq(t.column[0].entry[row("stale-gref")].verdict, ISOLATION_FAILS);
	/* another attack was not asked for */
	ck_assert_int_eq(t.column[0].entry[row("ring-ids")].verdict, ISOLATION_NOT_APPLICABLE);
	ck_assert_uint_gt(t.fails, 0);
	isolation_release(&t);
}
END_TEST

/* A machine that crashed shows nothing good, whatever it had said before. */
START_TEST(crashed)
{
	_cleanup_json_ json_t *result = result_of(0, "guest-crash");
	struct isolation_table t;
	struct err err = { 0 };

	ck_assert_int_eq(isolation_build(result, &t, &err), 0);
	ck_assert_int_eq(t.column[0].entry[row("map-freed")].verdict, ISOLATION_FAILS);
	ck_assert_str_eq(t.column[0].entry[row("map-freed")].detail, "it fell over");
	isolation_release(&t);
}
END_TEST

START_TEST(nothing_to_show)
{
	_cleanup_json_ json_t *result = parse("{'cells':[{'id':'x','outcome':'pass','axes':"
					      "{'binding':'iommus','attack':'none'}}]}");
	struct isolation_table t;
	struct err err = { 0 };

	ck_assert_int_eq(isolation_build(result, &t, &err), -1);
	ck_assert_int_eq(err.code, GB_USAGE);
}
END_TEST

static char *print(const char *format)
{
	_cleanup_json_ json_t *result = result_of(7, "pass");
	struct isolation_table t;
	struct err err = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	ck_assert_int_eq(isolation_build(result, &t, &err), 0);
	isolation_print(f, &t, format);
	fclose(f);
	isolation_release(&t);
	return text;
}

START_TEST(formats)
{
	_cleanup_free_ char *text = print("text"), *md = print("md"), *json = print("json");
	_cleanup_json_ json_t *parsed = json_loads(json, 0, NULL);

	ck_assert_ptr_nonnull(strstr(text, "dev-domid dummy upstream"));
	ck_assert_ptr_nonnull(strstr(text, "not as they should be"));
	ck_assert_ptr_nonnull(strstr(md, "|  1 | map-freed"));
	ck_assert_ptr_nonnull(strstr(md, "|---|---|---|"));
	ck_assert(json_is_array(parsed));
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(parsed, row("map-freed")),
							   "verdict")), "fails");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("isolation");
	TCase *tc = tcase_create("table");

	tcase_add_loop_test(tc, verdicts, 0, (int)ARRAY_SIZE(rows));
	tcase_add_test(tc, silence);
	tcase_add_test(tc, crashed);
	tcase_add_test(tc, nothing_to_show);
	tcase_add_test(tc, formats);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
