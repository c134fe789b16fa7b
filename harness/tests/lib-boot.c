// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-boot.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "result/schema.h"
#include "tests/lib-check.h"

struct cli boot_cli;

static void setup(void)
{
	cli_setup(&boot_cli);
}

static void teardown(void)
{
	cli_teardown(&boot_cli);
}

TCase *boot_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	/* a run has its own limit, RUN_MS; a test may build a kernel in front of it */
	tcase_set_timeout(tc, 0);
	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(suite, tc);
	return tc;
}

json_t *boot_run(int want, const char *const *args, const char *const *more)
{
	_cleanup_free_ char *out = xasprintf("%s/out", boot_cli.dir), *log = NULL;
	const char *all[48] = { NULL };
	size_t n = 0;
	int status;
	json_t *result;

	while (*args)
		all[n++] = *args++;
	while (more && *more)
		all[n++] = *more++;
	all[n++] = "-q";
	all[n++] = "-o";
	all[n++] = out;
	ck_assert_uint_lt(n, ARRAY_SIZE(all));
	status = cli_run(&boot_cli, all, NULL, RUN_MS, NULL);
	log = cli_log(&boot_cli);
	ck_assert_msg(status == want, "exit status %d instead of %d\n%s", status, want, log);
	result = boot_load("result.json");
	boot_check_schema("result", result);
	return result;
}

json_t *boot_load(const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/out/%s", boot_cli.dir, name);
	_cleanup_free_ char *log = cli_log(&boot_cli);
	json_error_t jerr;
	json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &jerr);

	ck_assert_msg(json != NULL, "%s: %s\n%s", path, jerr.text, log);
	return json;
}

char *boot_cell_file(const json_t *cell, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/out/cells/%s/%s", boot_cli.dir, boot_str(cell, "id"), name);
	struct buf text = BUF_INIT;
	struct err err = { 0 };

	ck_assert_msg(fs_read(path, &text, &err) == 0, "%s", err.msg);
	return buf_detach(&text);
}

void boot_check_canary(const json_t *result)
{
	const json_t *canary = json_object_get(result, "canary");

	ck_assert_msg(json_is_true(json_object_get(canary, "identical")), "the canary differs: %s",
		      boot_str(canary, "difference"));
}

const char *boot_str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

void boot_check_schema(const char *schema_name, const json_t *value)
{
	_cleanup_free_ char *path = xasprintf("results/schema/%s.schema.json", schema_name);
	_cleanup_json_ json_t *schema = json_load_file(path, 0, NULL);
	struct err err = { 0 };

	ck_assert_msg(schema != NULL, "cannot read %s (run from the top of the tree)", path);
	ck_assert_msg(schema_check(schema, value, schema_name, &err) == 0, "%s", err.msg);
}

double boot_metric(const json_t *cell, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(json_object_get(cell, "metrics"), i, m)
		if (!strcmp(boot_str(m, "name"), name))
			return json_number_value(json_object_get(m, "value"));
	ck_abort_msg("cell %s has no metric %s", boot_str(cell, "id"), name);
	return 0;
}

void boot_check_granted(const json_t *cell, int ios)
{
	const json_t *proof = json_object_get(cell, "proof");
	const json_t *checks = json_object_get(cell, "checks");
	const char *id = boot_str(cell, "id"), *want;
	unsigned long long features = strtoull(boot_str(proof, "features"), NULL, 16);

	ck_assert_msg(!strcmp(boot_str(cell, "outcome"), "pass"), "%s: %s: %s", id, boot_str(cell, "outcome"),
		      boot_str(cell, "reason"));
	ck_assert_msg(json_is_true(json_object_get(proof, "grant_dma")), "%s: grant_dma", id);
	ck_assert_msg(features >> 32 & 1, "%s: VERSION_1", id);
	ck_assert_msg(features >> 33 & 1, "%s: ACCESS_PLATFORM", id);
	want = boot_str(json_object_get(cell, "axes"), "binding");
	ck_assert_msg(!strcmp(boot_str(proof, "binding"), strcmp(want, "none-forced") ? want : "forced"),
		      "%s: consumed %s", id, boot_str(proof, "binding"));
	want = boot_str(json_object_get(cell, "axes"), "gnttab");
	ck_assert_int_eq(json_integer_value(json_object_get(proof, "gnttab_version")), atoi(want + 1));
	ck_assert_int_gt(json_integer_value(json_object_get(proof, "grefs_peak")), 0);
	ck_assert_int_gt(json_integer_value(json_object_get(proof, "ring_addresses_bit63")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(proof, "ring_addresses_plain")), 0);
	ck_assert_msg(json_is_true(json_object_get(checks, "verify")), "%s: verify", id);
	ck_assert_msg(json_is_true(json_object_get(checks, "grefs-returned")), "%s: grefs", id);
	ck_assert_msg(json_is_true(json_object_get(checks, "backend-end")), "%s: backend", id);
	/* every map is undone, and requests are the operations asked for */
	ck_assert_double_eq(boot_metric(cell, "grant_maps"), boot_metric(cell, "grant_unmaps"));
	ck_assert_double_eq(boot_metric(cell, "backend_maps"), boot_metric(cell, "backend_unmaps"));
	ck_assert_double_eq(boot_metric(cell, "backend_requests"), ios);
	/* other mappings have fewer than the frontend grants, test-boot-mapping.c */
	if (!strcmp(boot_str(json_object_get(cell, "axes"), "mapping"), "map"))
		ck_assert_double_eq(boot_metric(cell, "grant_maps"), boot_metric(cell, "backend_maps"));
}

void boot_check_expected(const json_t *cell, const char *outcome, const char *word,
			 const char *want)
{
	const json_t *expected = json_object_get(cell, "expected");
	const char *id = boot_str(cell, "id"), *reason = boot_str(cell, "reason");

	ck_assert_msg(!strcmp(boot_str(cell, "outcome"), outcome), "%s: %s: %s", id,
		      boot_str(cell, "outcome"), reason);
	ck_assert_msg(strstr(reason, want), "%s: reason \"%s\" lacks \"%s\"", id, reason, want);
	ck_assert_msg(!strcmp(boot_str(expected, "word"), word), "%s: %s", id,
		      boot_str(expected, "word"));
	ck_assert(json_is_true(json_object_get(expected, "met")));
}

void boot_expect_failure(const char *scenario, const char *const *more, const char *outcome,
			 const char *want)
{
	_cleanup_json_ json_t *result =
		boot_run(3, (const char *const[]){ "run", scenario, "--no-canary", NULL }, more);
	const json_t *cell;

	cell = json_array_get(json_object_get(result, "cells"), 0);
	ck_assert_msg(!strcmp(boot_str(cell, "outcome"), outcome), "%s: %s", boot_str(cell, "outcome"),
		      boot_str(cell, "reason"));
	ck_assert_msg(strstr(boot_str(cell, "reason"), want), "reason \"%s\" lacks \"%s\"",
		      boot_str(cell, "reason"), want);
	ck_assert_uint_eq(json_array_size(json_object_get(cell, "metrics")), 0);
}
