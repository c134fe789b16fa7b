// SPDX-License-Identifier: GPL-2.0-or-later
/* What the frontend's selftest says: cost and failures of a mapping by its pages. */
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "workload/metrics.h"

static int get(const json_t *kv, unsigned int pages, const char *key, json_int_t *value,
	       struct err *err)
{
	_cleanup_free_ char *name = xasprintf("%u_%s", pages, key);
	const json_t *v = json_object_get(kv, name);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return err_subject(err, "selftest.txt: no number %s", name);
	*value = json_integer_value(v);
	return 0;
}

static void add(json_t *metrics, const char *what, unsigned int pages, const char *unit,
		enum metric_class class, double value)
{
	_cleanup_free_ char *name = xasprintf("frontend.%s.%u_pages", what, pages);

	metric_add(metrics, name, unit, class, "less", value);
}

static int add_pages(const json_t *kv, unsigned int pages, bool icount, enum metric_class class,
		     json_t *metrics, struct err *err)
{
	json_int_t done, failed, total, longest, clock;
	const char *unit = icount ? "insn" : "ns";

	if (get(kv, pages, "done", &done, err) < 0 || get(kv, pages, "failed", &failed, err) < 0 ||
	    get(kv, pages, "total_ns", &total, err) < 0 ||
	    get(kv, pages, "max_ns", &longest, err) < 0 ||
	    get(kv, pages, "clock_ns", &clock, err) < 0)
		return -1;
	if (done) {
		add(metrics, "map_unmap", pages, unit, class, (double)(total - clock) / (double)done);
		add(metrics, "map_unmap_longest", pages, unit, class, (double)longest);
	}
	add(metrics, "map_failed", pages, "1", METRIC_EXACT, (double)failed);
	return 0;
}

int metrics_selftest(const json_t *kv, bool icount, enum metric_class class, json_t *metrics,
		     struct err *err)
{
	static const unsigned int pages[] = { 1, 2, 8, 32, 128, 256 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (add_pages(kv, pages[i], icount, class, metrics, err) < 0)
			return -1;
	return 0;
}
