// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-boot.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "result/schema.h"
#include "tests/lib-check.h"

json_t *boot_load(const struct cli *cli, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/out/%s", cli->dir, name);
	_cleanup_free_ char *log = cli_log(cli);
	json_error_t jerr;
	json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &jerr);

	ck_assert_msg(json != NULL, "%s: %s\n%s", path, jerr.text, log);
	return json;
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

void boot_expect_failure(const struct cli *cli, const char *scenario, const char *const *more,
			 const char *outcome, const char *want)
{
	_cleanup_free_ char *out = xasprintf("%s/out", cli->dir);
	const char *args[32] = { "run", scenario, "-q", "--no-canary", "-o", out };
	_cleanup_json_ json_t *result = NULL;
	_cleanup_free_ char *log = NULL;
	const json_t *cell;
	size_t n = 6;
	int status;

	while (*more)
		args[n++] = *more++;
	args[n] = NULL;
	status = cli_run(cli, args, NULL, RUN_MS, NULL);
	log = cli_log(cli);
	ck_assert_msg(status == 3, "exit status %d instead of 3\n%s", status, log);
	result = boot_load(cli, "result.json");
	cell = json_array_get(json_object_get(result, "cells"), 0);
	ck_assert_msg(!strcmp(boot_str(cell, "outcome"), outcome), "%s: %s", boot_str(cell, "outcome"),
		      boot_str(cell, "reason"));
	ck_assert_msg(strstr(boot_str(cell, "reason"), want), "reason \"%s\" lacks \"%s\"",
		      boot_str(cell, "reason"), want);
	ck_assert_uint_eq(json_array_size(json_object_get(cell, "metrics")), 0);
}
