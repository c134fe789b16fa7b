// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/metrics.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"

static double number(const json_t *obj, const char *key, double def)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_number(v) ? json_number_value(v) : def;
}

static void add(json_t *metrics, enum metric_class class, const char *prefix, const char *name,
		const char *unit, const char *better, double value)
{
	_cleanup_free_ char *full = xasprintf("%s.%s", prefix, name);

	metric_add(metrics, full, unit, class, better, value);
}

/* A percentile, and the number of operations from which it says anything. */
static const struct {
	const char *key;
	const char *name;
	unsigned long min_ios;
} percentiles[] = {
	{ "50.000000", "lat_p50", 20 },
	{ "90.000000", "lat_p90", 100 },
	{ "99.000000", "lat_p99", 1000 },
	{ "99.900000", "lat_p999", 10000 },
};

/* One direction of the job. prefix: "blk.randread", or "blk.randrw.read". */
static void add_side(const json_t *side, const char *prefix, enum metric_class class,
		     json_t *metrics)
{
	const json_t *lat = json_object_get(side, "lat_ns");
	const json_t *table = json_object_get(lat, "percentile");
	unsigned long ios = (unsigned long)number(side, "total_ios", 0);
	size_t i;

	add(metrics, class, prefix, "lat_mean", "ns", "less", number(lat, "mean", 0));
	for (i = 0; i < ARRAY_SIZE(percentiles); i++) {
		const json_t *v = json_object_get(table, percentiles[i].key);

		if (ios >= percentiles[i].min_ios && json_is_number(v))
			add(metrics, class, prefix, percentiles[i].name, "ns", "less",
			    json_number_value(v));
	}
}

int metrics_fio(const json_t *fio, const char *rw, unsigned long want_ios,
		enum metric_class class, json_t *metrics, char **prefix, unsigned long *ios,
		struct err *err)
{
	static const char *const sides[] = { "read", "write" };
	const json_t *jobs = json_object_get(fio, "jobs");
	const json_t *job = json_array_get(jobs, 0);
	bool active[2], both;
	double done = 0;
	size_t i;

	if (!json_is_array(jobs) || json_array_size(jobs) != 1 || !json_is_object(job))
		return err_subject(err, "fio.json: no \"jobs\" array with one job");
	if (!json_is_integer(json_object_get(job, "error")))
		return err_subject(err, "fio.json: the job has no \"error\"");
	if (number(job, "error", 1) != 0)
		return err_subject(err, "fio ended with error %d (%s)", (int)number(job, "error", 1),
				   strerror((int)number(job, "error", 1)));
	for (i = 0; i < 2; i++) {
		double n = number(json_object_get(job, sides[i]), "total_ios", 0);

		active[i] = n > 0;
		done += n;
	}
	if (done != (double)want_ios)
		return err_subject(err, "fio did %.0f operations instead of %lu", done, want_ios);
	both = active[0] && active[1];
	for (i = 0; i < 2; i++) {
		_cleanup_free_ char *side = xasprintf("blk.%s%s%s", rw, both ? "." : "",
						      both ? sides[i] : "");

		if (active[i])
			add_side(json_object_get(job, sides[i]), side, class, metrics);
	}
	*prefix = xasprintf("blk.%s", rw);
	*ios = (unsigned long)done;
	return 0;
}

int metrics_parse_kv(const char *name, const char *text, size_t size, json_t **out,
		     struct err *err)
{
	_cleanup_json_ json_t *obj = json_object();
	const char *end = text + size;
	int nr;

	for (nr = 1; text < end; nr++) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((eol ? eol : end) - text);
		const char *space = memchr(text, ' ', len);
		_cleanup_free_ char *key = NULL, *value = NULL;
		json_t *v;
		char *rest;

		if (len && (!space || space == text))
			return err_subject(err, "%s:%d: not \"key value\"", name, nr);
		if (len) {
			key = xstrndup(text, (size_t)(space - text));
			value = xstrndup(space + 1, len - (size_t)(space + 1 - text));
			errno = 0;
			v = json_integer(strtoll(value, &rest, 10));
			if (!*value || *rest || errno) {
				json_decref(v);
				v = json_string(value);
			}
			if (!v)
				return err_subject(err, "%s:%d: not text", name, nr);
			if (json_object_get(obj, key)) {
				json_decref(v);
				return err_subject(err, "%s:%d: %s stands twice", name, nr, key);
			}
			json_object_set_new(obj, key, v);
		}
		text += len + 1;
	}
	*out = take_ptr(obj);
	return 0;
}

const struct counter_metric grant_counters[] = {
	{ "maps", "grant_maps", "less" },
	{ "unmaps", "grant_unmaps", "less" },
	{ "pages_granted", "pages_granted", "less" },
	{ "seq_allocs", "grant_seq_allocs", "less" },
	{ NULL, NULL, NULL },
};

const struct counter_metric table_counters[] = {
	{ "list_allocs", "grant_list_allocs", "less" },
	{ "alloc_rebuilds", "alloc_rebuilds", "less" },
	{ NULL, NULL, NULL },
};

const struct counter_metric backend_counters[] = {
	{ "requests", "backend_requests", "none" },
	{ "descriptors", "backend_descriptors", "less" },
	{ "maps", "backend_maps", "less" },
	{ "unmaps", "backend_unmaps", "less" },
	{ "pages_mapped", "backend_pages_mapped", "less" },
	{ "copies", "backend_copies", "less" },
	{ "bytes_copied", "backend_bytes_copied", "less" },
	{ "kicks", "kicks", "less" },
	{ "notifies", "notifies", "less" },
	{ "syscalls", "backend_syscalls", "less" },
	{ "hypercalls", "backend_hypercalls", "less" },
	{ "grant_hypercalls", "backend_grant_hypercalls", "less" },
	{ NULL, NULL, NULL },
};

static json_int_t min_int(json_int_t a, json_int_t b)
{
	return a < b ? a : b;
}

int metrics_counters(const struct counter_metric *table, const json_t *empty,
		     const json_t *before, const json_t *after, unsigned long ios,
		     json_t *metrics, struct err *err)
{
	const struct counter_metric *c;

	for (c = table; c->counter; c++) {
		const json_t *a = json_object_get(before, c->counter);
		const json_t *b = json_object_get(after, c->counter);
		const json_t *e = json_object_get(empty, c->counter);
		_cleanup_free_ char *per_io = xasprintf("%s_per_io", c->metric);
		json_int_t diff;

		if (!json_is_integer(a) || !json_is_integer(b) || (empty && !json_is_integer(e)))
			return err_subject(err, "counter \"%s\" is missing", c->counter);
		diff = json_integer_value(b) - json_integer_value(a);
		/* a refill of a ring between the marks is no cost of theirs: no more than there is */
		if (empty && diff >= 0 && json_integer_value(a) >= json_integer_value(e))
			diff -= min_int(diff, json_integer_value(a) - json_integer_value(e));
		else if (empty)
			diff = -1;
		if (diff < 0)
			return err_subject(err, "counter \"%s\" went backwards", c->counter);
		metric_add(metrics, c->metric, "1", METRIC_EXACT, c->better, (double)diff);
		if (ios)
			metric_add(metrics, per_io, "1", METRIC_EXACT, c->better,
				   (double)diff / (double)ios);
	}
	return 0;
}
