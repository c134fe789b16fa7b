// SPDX-License-Identifier: GPL-2.0-or-later
/* Guests' reports to metrics: numbers, refusals, and samples too small to speak. */
#include <math.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "workload/metrics.h"

#define LAT "\"lat_ns\":{\"mean\":5000.5,\"percentile\":{\"50.000000\":4000,\"90.000000\":6000," \
	    "\"99.000000\":9000,\"99.900000\":9900}}"
#define SIDE(n) "{\"total_ios\":" #n ",\"runtime\":1000,\"iops\":100.25,\"bw_bytes\":410624," LAT "}"
#define FIO(err, r, w) "{\"jobs\":[{\"error\":" #err ",\"read\":" SIDE(r) ",\"write\":" SIDE(w) "}]}"

static const json_t *find(const json_t *metrics, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(metrics, i, m)
		if (!strcmp(json_string_value(json_object_get(m, "name")), name))
			return m;
	return NULL;
}

static double value(const json_t *metrics, const char *name)
{
	const json_t *m = find(metrics, name);

	ck_assert_msg(m != NULL, "no metric %s", name);
	return json_number_value(json_object_get(m, "value"));
}

static int fio(const char *text, const char *rw, unsigned long want, json_t **metrics,
	       struct err *err)
{
	_cleanup_json_ json_t *json = json_loads(text, 0, NULL);
	_cleanup_free_ char *prefix = NULL, *all = xasprintf("blk.%s", rw);
	unsigned long ios = 0;
	int ret;

	ck_assert_ptr_nonnull(json);
	*metrics = json_array();
	ret = metrics_fio(json, rw, want, METRIC_EXACT, *metrics, &prefix, &ios, err);
	if (ret == 0) {
		ck_assert_uint_eq(ios, want);
		ck_assert_str_eq(prefix, all);
	}
	return ret;
}

START_TEST(one_side)
{
	_cleanup_json_ json_t *m = NULL;
	struct err err = { 0 };

	ck_assert_msg(fio(FIO(0, 300, 0), "randread", 300, &m, &err) == 0, "%s", err.msg);
	ck_assert_double_eq(value(m, "blk.randread.lat_p90"), 6000);
	/* 300 operations say nothing of p99 */
	ck_assert_ptr_null(find(m, "blk.randread.lat_p99"));
	ck_assert_str_eq(json_string_value(json_object_get(find(m, "blk.randread.lat_p90"), "better")),
			 "less");
	ck_assert_str_eq(json_string_value(json_object_get(find(m, "blk.randread.lat_p90"), "class")),
			 "exact");
}
END_TEST

/* fio counts milliseconds: its rates are not ours */
START_TEST(rates_are_not_fios)
{
	static const char text[] = "{\"jobs\":[{\"error\":0,\"read\":{\"total_ios\":300,\"runtime\":5400,"
		"\"iops\":5555.5,\"bw_bytes\":1," LAT "}}]}";
	_cleanup_json_ json_t *m = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(fio(text, "read", 300, &m, &err), 0);
	ck_assert_ptr_null(find(m, "blk.read.iops"));
	ck_assert_double_eq(value(m, "blk.read.lat_mean"), 5000.5);
}
END_TEST

START_TEST(two_sides_and_large_sample)
{
	_cleanup_json_ json_t *m = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(fio(FIO(0, 10000, 50), "randrw", 10050, &m, &err), 0);
	ck_assert_double_eq(value(m, "blk.randrw.read.lat_p999"), 9900);
	ck_assert_ptr_null(find(m, "blk.randrw.write.lat_p90"));
	ck_assert_double_eq(value(m, "blk.randrw.write.lat_p50"), 4000);
}
END_TEST

static const struct {
	const char *text;
	const char *want;
} bad_fio[] = {
	{ FIO(5, 300, 0), "fio ended with error 5" },
	{ FIO(0, 299, 0), "fio did 299 operations instead of 300" },
	{ FIO(0, 301, 0), "fio did 301 operations instead of 300" },
	{ FIO(0, 0, 0), "fio did 0 operations" },
	{ "{}", "no \"jobs\" array" },
	{ "{\"jobs\":[]}", "no \"jobs\" array" },
	{ "{\"jobs\":[{},{}]}", "no \"jobs\" array" },
	{ "{\"jobs\":[{\"read\":{}}]}", "no \"error\"" },
};

START_TEST(refuses_fio)
{
	_cleanup_json_ json_t *m = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(fio(bad_fio[_i].text, "read", 300, &m, &err), -1);
	ck_assert_int_eq(err.code, GB_SUBJECT);
	ck_assert_uint_eq(json_array_size(m), 0);
	ck_assert_msg(strstr(err.msg, bad_fio[_i].want), "\"%s\" lacks \"%s\"", err.msg,
		      bad_fio[_i].want);
}
END_TEST

START_TEST(key_values)
{
	static const char text[] = "binding iommus\nmaps 12\nmin -3\n\nname two words\n";
	_cleanup_json_ json_t *kv = NULL;
	struct err err = { 0 };
	json_t *none = NULL;

	ck_assert_int_eq(metrics_parse_kv("stats", text, strlen(text), &kv, &err), 0);
	ck_assert_str_eq(json_string_value(json_object_get(kv, "binding")), "iommus");
	ck_assert_int_eq(json_integer_value(json_object_get(kv, "maps")), 12);
	ck_assert_int_eq(json_integer_value(json_object_get(kv, "min")), -3);
	ck_assert_str_eq(json_string_value(json_object_get(kv, "name")), "two words");
	ck_assert_int_eq(metrics_parse_kv("stats", "maps 1\nmaps 2\n", 14, &none, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "stats:2: maps stands twice"));
	ck_assert_int_eq(metrics_parse_kv("stats", "alone\n", 6, &none, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "stats:1: not \"key value\""));
	ck_assert_ptr_null(none);
}
END_TEST

START_TEST(counters)
{
	static const struct counter_metric table[] = {
		{ "maps", "grant_maps", "less" },
		{ NULL, NULL, NULL },
	};
	_cleanup_json_ json_t *a = json_pack("{s:i}", "maps", 10);
	_cleanup_json_ json_t *b = json_pack("{s:i}", "maps", 910);
	_cleanup_json_ json_t *none = json_object();
	_cleanup_json_ json_t *m = json_array();
	struct err err = { 0 };

	ck_assert_int_eq(metrics_counters(table, NULL, a, b, 300, m, &err), 0);
	ck_assert_double_eq(value(m, "grant_maps"), 900);
	ck_assert_double_eq(value(m, "grant_maps_per_io"), 3);
	ck_assert(json_is_integer(json_object_get(find(m, "grant_maps_per_io"), "value")));
	ck_assert_int_eq(metrics_counters(table, NULL, b, a, 300, m, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "went backwards"));
	ck_assert_int_eq(metrics_counters(table, NULL, a, none, 300, m, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "\"maps\" is missing"));
}
END_TEST

START_TEST(no_number_no_metric)
{
	_cleanup_json_ json_t *m = json_array();

	metric_add(m, "x", "1", METRIC_EXACT, "less", NAN);
	metric_add(m, "x", "1", METRIC_EXACT, "less", INFINITY);
	ck_assert_uint_eq(json_array_size(m), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tc = tcase_create("metrics");

	tcase_add_test(tc, one_side);
	tcase_add_test(tc, rates_are_not_fios);
	tcase_add_test(tc, two_sides_and_large_sample);
	tcase_add_loop_test(tc, refuses_fio, 0, sizeof(bad_fio) / sizeof(bad_fio[0]));
	tcase_add_test(tc, key_values);
	tcase_add_test(tc, counters);
	tcase_add_test(tc, no_number_no_metric);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
