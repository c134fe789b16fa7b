// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/perf.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "workload/evaluate-internal.h"

#define LINES_MAX 100000
#define IDLE "[idle]"	/* guests/agent/perf.h */

static const char *const counters[] = { "hz", "samples", "idle", "lost" };

/* Of perf stat's: what there is per operation. */
static const struct {
	const char *event, *metric, *unit;
} stats[] = {
	{ "cpu-clock", "cpu_clock", "ns" },
	{ "context-switches", "context_switches", "1" },
	{ "cpu-migrations", "cpu_migrations", "1" },
	{ "page-faults", "page_faults", "1" },
};

static bool is_symbol(const char *s)
{
	size_t i;

	for (i = 0; s[i]; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return i > 0;
}

int perf_self(const char *name, const char *text, size_t size, json_t *self, struct err *err)
{
	const char *p = text, *end = text + size;
	unsigned int line;

	for (line = 1; p < end; line++) {
		const char *eol = memchr(p, '\n', (size_t)(end - p)), *space = eol, *leaf;
		_cleanup_free_ char *symbol = NULL;
		unsigned long n;
		char *rest;

		while (space && space > p && *space != ' ')
			space--;
		if (!eol || space == p || line > LINES_MAX)
			return err_subject(err, "%s:%u: no folded stack", name, line);
		n = strtoul(space + 1, &rest, 10);
		if (rest != eol || rest == space + 1 || !n || n > 1000000000)
			return err_subject(err, "%s:%u: no count behind the stack", name, line);
		for (leaf = space; leaf > p && leaf[-1] != ';'; leaf--)
			;
		symbol = xstrndup(leaf, (size_t)(space - leaf));
		if (!is_symbol(symbol))
			return err_subject(err, "%s:%u: no name of a function", name, line);
		json_object_set_new(self, symbol, json_integer(eval_int(self, symbol) + (json_int_t)n));
		p = eol + 1;
	}
	return 0;
}

static json_t *record_of(const struct vm_result *r, const char *src, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("perf-%s.folded", src);
	_cleanup_free_ char *counts = xasprintf("perf-%s.txt", src);
	_cleanup_json_ json_t *kv = eval_blob_kv(r, counts, err), *self = json_object();
	const struct blob *b = reports_blob(&r->reports, name);
	json_t *one;
	size_t i;

	if (!kv)
		return NULL;
	if (!b) {
		err_subject(err, "the guests sent no complete %s", name);
		return NULL;
	}
	if (perf_self(name, b->data, b->size, self, err) < 0)
		return NULL;
	one = json_pack("{s:s}", "event", "cpu-clock");
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		json_object_set_new(one, counters[i], json_integer(eval_int(kv, counters[i])));
	json_object_set(one, "self", self);
	return one;
}

static int stat_of(const struct machine *m, const struct vm_result *r, const char *src,
		   enum metric_class class, json_t *metrics, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("perf-%s.txt", src);
	_cleanup_json_ json_t *kv = eval_blob_kv(r, name, err);
	double ios = (double)scenario_uint(m->scenario, SET_NUMBER_IOS);
	size_t i;

	if (!kv)
		return -1;
	for (i = 0; i < ARRAY_SIZE(stats); i++) {
		_cleanup_free_ char *metric = xasprintf("perf.%s.%s", src, stats[i].metric);

		if (!json_object_get(kv, stats[i].event))
			return err_subject(err, "%s: no %s", name, stats[i].event);
		metric_add(metrics, metric, stats[i].unit, class, "less",
			   (double)eval_int(kv, stats[i].event) / ios);
	}
	return 0;
}

int perf_evaluate(const struct machine *m, const struct vm_result *r, enum metric_class class,
		  json_t *metrics, json_t **out, struct err *err)
{
	const char *const src[] = { "domu", machine_has_driver(m) ? "backend" : "dom0" };
	bool record = !strcmp(m->scenario->setting[SET_PERF], "record");
	_cleanup_json_ json_t *all = json_object();
	size_t i;

	*out = NULL;
	if (!machine_has_perf(m))
		return 0;
	for (i = 0; i < ARRAY_SIZE(src); i++) {
		json_t *one = record ? record_of(r, src[i], err) : NULL;

		if (record ? !one : stat_of(m, r, src[i], class, metrics, err) < 0)
			return -1;
		if (one)
			json_object_set_new(all, src[i], one);
	}
	if (record)
		*out = take_ptr(all);
	return 0;
}

struct top {
	const char *symbol;
	json_int_t samples;
};

static int by_samples(const void *a, const void *b)
{
	const struct top *x = a, *y = b;

	if (x->samples != y->samples)
		return x->samples < y->samples ? 1 : -1;
	return strcmp(x->symbol, y->symbol);
}

static json_t *top_list(json_t *self, json_int_t busy)
{
	_cleanup_free_ struct top *v = xcalloc(json_object_size(self) + 1, sizeof(*v));
	json_t *list = json_array();
	const char *symbol;
	json_t *n_json;
	size_t n = 0, i;

	json_object_foreach(self, symbol, n_json)
		if (strcmp(symbol, IDLE))
			v[n++] = (struct top){ symbol, json_integer_value(n_json) };
	qsort(v, n, sizeof(*v), by_samples);
	for (i = 0; i < n && i < PERF_TOP; i++)
		json_array_append_new(list, json_pack("{s:s,s:I,s:f}", "symbol", v[i].symbol, "samples",
						      v[i].samples, "share",
						      busy > 0 ? (double)v[i].samples / (double)busy : 0));
	return list;
}

static void add_counts(json_t *to, const json_t *from, const char *skip)
{
	const json_t *value;
	const char *key;

	json_object_foreach((json_t *)from, key, value)
		if (json_is_integer(value) && strcmp(key, skip))
			json_object_set_new(to, key, json_integer(eval_int(to, key) +
								  json_integer_value(value)));
}

json_t *perf_merge(const struct merge_part *parts, size_t n)
{
	json_t *all = NULL, *one;
	const json_t *from;
	const char *src;
	size_t i;

	for (i = 0; i < n; i++) {
		json_object_foreach(json_object_get(parts[i].cell, "perf"), src, from) {
			if (!all)
				all = json_object();
			one = json_object_get(all, src);
			if (!one) {
				one = json_pack("{s:O,s:O,s:{}}", "event", json_object_get(from, "event"),
						"hz", json_object_get(from, "hz"), "self");
				json_object_set_new(all, src, one);
			}
			add_counts(one, from, "hz");
			add_counts(json_object_get(one, "self"), json_object_get(from, "self"), "");
		}
	}
	json_object_foreach(all, src, one) {
		json_int_t busy = eval_int(one, "samples") - eval_int(one, "idle");

		json_object_set_new(one, "top", top_list(json_object_get(one, "self"), busy));
		json_object_del(one, "self");
	}
	return all;
}
