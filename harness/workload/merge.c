// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/merge.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "result/result.h"
#include "workload/perf.h"

static const char *text(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

/* How bad; the order of enum outcome is that of the documents, not of severity. */
static int severity(const char *outcome)
{
	static const char *const order[] = {
		"pass", "invalid", "fail", "timeout", "guest-crash", "xen-crash", "infra-error",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (!strcmp(order[i], outcome))
			return (int)i;
	return (int)ARRAY_SIZE(order);
}

static const struct merge_part *worst_part(const struct merge_part *parts, size_t n)
{
	const struct merge_part *worst = &parts[0];
	size_t i;

	for (i = 1; i < n; i++)
		if (severity(text(parts[i].cell, "outcome")) > severity(text(worst->cell, "outcome")))
			worst = &parts[i];
	return worst;
}

/* One hash for several; empty when one is missing. */
static json_t *merge_hash(const struct merge_part *parts, size_t n, const char *key)
{
	_cleanup_buf_ struct buf all = BUF_INIT;
	char hex[FS_SHA256_HEX];
	size_t i;

	for (i = 0; i < n; i++) {
		if (!*text(parts[i].cell, key))
			return json_string("");
		buf_addf(&all, "%s\n", text(parts[i].cell, key));
	}
	fs_sha256(all.data, all.size, hex);
	return json_string(hex);
}

static json_t *merge_checks(const struct merge_part *parts, size_t n)
{
	json_t *checks = json_object();
	const json_t *ok;
	const char *name;
	size_t i;

	for (i = 0; i < n; i++)
		json_object_foreach(json_object_get(parts[i].cell, "checks"), name, ok) {
			const json_t *old = json_object_get(checks, name);

			json_object_set_new(checks, name, json_boolean((!old || json_is_true(old)) &&
								       json_is_true(ok)));
		}
	return checks;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static json_t *number(double v)
{
	return v == (double)(json_int_t)v ? json_integer((json_int_t)v) : json_real(v);
}

static json_t *median(const json_t *values)
{
	size_t n = json_array_size(values), i;
	_cleanup_free_ double *v = xcalloc(n, sizeof(*v));

	for (i = 0; i < n; i++)
		v[i] = json_number_value(json_object_get(json_array_get(values, i), "value"));
	qsort(v, n, sizeof(*v), by_value);
	return number(n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2);
}

static json_t *find(json_t *metrics, const char *name)
{
	json_t *m;
	size_t i;

	json_array_foreach(metrics, i, m)
		if (!strcmp(text(m, "name"), name))
			return m;
	return NULL;
}

/* Put one sample's metric into the cell's list. */
static void add_metric(json_t *metrics, const json_t *metric, const struct sample *sample)
{
	const char *key = sample->kind == SAMPLE_SEED ? "seed" :
			  sample->kind == SAMPLE_PAIR ? "pair" : NULL;
	json_t *m = find(metrics, text(metric, "name"));

	if (!m) {
		m = json_deep_copy(metric);
		json_array_append_new(metrics, m);
		if (key)
			json_object_set_new(m, "values", json_array());
	}
	if (key)
		json_array_append_new(json_object_get(m, "values"),
				      json_pack("{s:i,s:O}", key, (int)sample->nr, "value",
						json_object_get(metric, "value")));
}

static json_t *merge_metrics(const struct merge_part *parts, size_t n)
{
	json_t *metrics = json_array(), *m;
	size_t i, j;

	for (i = 0; i < n; i++) {
		const json_t *one;

		json_array_foreach(json_object_get(parts[i].cell, "metrics"), j, one)
			add_metric(metrics, one, &parts[i].sample);
	}
	json_array_foreach(metrics, i, m)
		if (json_object_get(m, "values"))
			json_object_set_new(m, "value", median(json_object_get(m, "values")));
	return metrics;
}

json_t *merge_parts(const struct merge_part *parts, size_t n)
{
	const struct merge_part *worst = worst_part(parts, n);
	_cleanup_free_ char *label = sample_label(&worst->sample);
	json_t *cell = json_deep_copy(parts[0].cell);
	bool pass = !strcmp(text(worst->cell, "outcome"), "pass");

	json_object_del(cell, "perf");
	if (pass) {
		json_t *perf = perf_merge(parts, n);

		if (perf)
			json_object_set_new(cell, "perf", perf);
	}
	if (n == 1 && parts[0].sample.kind == SAMPLE_ONLY)
		return cell;
	json_object_set_new(cell, "outcome", json_string(text(worst->cell, "outcome")));
	json_object_del(cell, "reason");
	json_object_del(cell, "culprit");
	if (*text(worst->cell, "reason"))
		json_object_set_new(cell, "reason",
				    json_sprintf("%s%s%s", label, *label ? ": " : "",
						 text(worst->cell, "reason")));
	if (*text(worst->cell, "culprit"))
		json_object_set_new(cell, "culprit", json_string(text(worst->cell, "culprit")));
	json_object_set_new(cell, "checks", merge_checks(parts, n));
	json_object_set_new(cell, "metrics", pass ? merge_metrics(parts, n) : json_array());
	json_object_set_new(cell, "inputs_sha256", merge_hash(parts, n, "inputs_sha256"));
	json_object_set_new(cell, "console_sha256", merge_hash(parts, n, "console_sha256"));
	return cell;
}
