// SPDX-License-Identifier: GPL-2.0-or-later
#include "result/result.h"

#include <math.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"

static const struct {
	const char *name;
	enum gb_exit exit;
} outcomes[NR_OUTCOMES] = {
	[OUTCOME_PASS] = { "pass", GB_OK },
	[OUTCOME_FAIL] = { "fail", GB_SUBJECT },
	[OUTCOME_INVALID] = { "invalid", GB_SUBJECT },
	[OUTCOME_NOT_APPLICABLE] = { "not-applicable", GB_OK },
	[OUTCOME_GUEST_CRASH] = { "guest-crash", GB_SUBJECT },
	[OUTCOME_XEN_CRASH] = { "xen-crash", GB_SUBJECT },
	[OUTCOME_TIMEOUT] = { "timeout", GB_SUBJECT },
	[OUTCOME_INFRA_ERROR] = { "infra-error", GB_INFRA },
};

const char result_expected_fail[] = "expected-fail";
const char result_refused[] = "refused";
const char result_unexpected_pass[] = "unexpected-pass";

const char *result_expect(const char *word, const char *text, enum outcome outcome,
			  const char *reason)
{
	switch (outcome) {
	case OUTCOME_PASS:
		return result_unexpected_pass;
	case OUTCOME_FAIL:
	case OUTCOME_INVALID:
	case OUTCOME_GUEST_CRASH:
	case OUTCOME_XEN_CRASH:
		return strstr(reason, text) ? word : NULL;
	default:
		return NULL;
	}
}

const char *outcome_name(enum outcome outcome)
{
	return outcomes[outcome].name;
}

enum gb_exit outcome_exit(enum outcome outcome)
{
	return outcomes[outcome].exit;
}

const char *metric_class_name(enum metric_class class)
{
	static const char *const names[] = { "exact", "seeded", "noisy" };

	return names[class];
}

void metric_add(json_t *metrics, const char *name, const char *unit, enum metric_class class,
		const char *better, double value)
{
	json_t *number;

	if (!isfinite(value))
		return;
	/* counts stay integers, so that nobody reads 3 as 3.0000000001 */
	if (value == rint(value) && fabs(value) < 1e15)
		number = json_integer((json_int_t)value);
	else
		number = json_real(value);
	json_array_append_new(metrics, json_pack("{s:s,s:s,s:s,s:s,s:o}", "name", name, "unit", unit,
						 "class", metric_class_name(class), "better", better,
						 "value", number));
}

int result_write_json(const char *out, const char *name, const json_t *json, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", out, name);
	_cleanup_free_ char *text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	_cleanup_buf_ struct buf buf = BUF_INIT;

	if (!text)
		return err_set(err, "%s: value cannot be written as JSON", path);
	buf_addstr(&buf, text);
	buf_addstr(&buf, "\n");
	return fs_write_atomic(path, buf.data, buf.size, 0644, err);
}

int result_save_cell(const char *dir, const char *key, const json_t *cell, const json_t *host,
		     struct err *err)
{
	_cleanup_json_ json_t *whole = json_pack("{s:s,s:s,s:O,s:O}", "schema", CELL_SCHEMA, "key", key,
						 "cell", cell, "host", host);

	if (fs_mkdirs(dir, err) < 0)
		return -1;
	return result_write_json(dir, "cell.json", whole, err);
}

int result_load_cell(const char *dir, const char *key, json_t **cell, json_t **host,
		     struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/cell.json", dir);
	_cleanup_json_ json_t *whole = NULL;
	const char *schema, *old_key;
	json_error_t jerr;
	json_t *c, *h;

	if (!fs_exists(path))
		return 0;
	whole = json_load_file(path, JSON_REJECT_DUPLICATES, &jerr);
	if (!whole)
		return err_usage(err, "%s:%d: %s", path, jerr.line, jerr.text);
	if (json_unpack_ex(whole, &jerr, 0, "{s:s,s:s,s:o,s:o}", "schema", &schema, "key", &old_key,
			   "cell", &c, "host", &h) < 0)
		return err_usage(err, "%s: %s", path, jerr.text);
	if (strcmp(schema, CELL_SCHEMA) || strcmp(old_key, key))
		return 0;
	*cell = json_incref(c);
	*host = json_incref(h);
	return 1;
}

int result_write(const char *out, const char *scenario, const char *engine, const json_t *cells,
		 const json_t *canary, const json_t *budgets, const json_t *host, struct err *err)
{
	_cleanup_json_ json_t *whole = json_pack("{s:s,s:s,s:s,s:O,s:O,s:O,s:O}", "schema", RESULT_SCHEMA,
						 "scenario", scenario, "engine", engine, "cells", cells,
						 "canary", canary, "budgets", budgets, "host",
						 host);

	return result_write_json(out, "result.json", whole, err);
}
