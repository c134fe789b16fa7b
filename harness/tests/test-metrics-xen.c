// SPDX-License-Identifier: GPL-2.0-or-later
/* From the backend's span to rates, instructions and Xen's counters. */
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "tests/lib-quotes.h"
#include "workload/metrics.h"

/* Looking costs 100 ns of dom0, 10 sysctls and a trap; 299 rounds of 1000 ns follow, 100 of them idle. */
#define XEN \
	"'xen':[" \
	"{'now_ns':1000,'idle_ns':500,'own_ns':300,'frontend_ns':200," \
	 "'perfc':{'hypercalls':[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,7,0,0,0,0,0,0,0,0,0,0,0,0,0,0,10]," \
	 "'trap: 64-bit hvc':5,'trap: wfi':1,'evtchn: sent by a domain':3,'evtchn: sent by Xen':1}}," \
	"{'now_ns':1100,'idle_ns':500,'own_ns':400,'frontend_ns':200," \
	 "'perfc':{'hypercalls':[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,7,0,0,0,0,0,0,0,0,0,0,0,0,0,0,20]," \
	 "'trap: 64-bit hvc':6,'trap: wfi':1,'evtchn: sent by a domain':3,'evtchn: sent by Xen':1}}," \
	"{'now_ns':300200,'idle_ns':30400,'own_ns':179900,'frontend_ns':89900," \
	 "'perfc':{'hypercalls':[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,2399,0,0,0,0,0,0,0,0,299,0,0,0,0,0,30]," \
	 "'trap: 64-bit hvc':2698,'trap: wfi':300,'evtchn: sent by a domain':900," \
	 "'evtchn: sent by Xen':300,'csched2: x':99}}]"
#define SPAN(done, mark) \
	"'span':{'mark':" #mark ",'done':" done ",'requests':299,'bytes':1224704,'lead_bytes':4096," \
	"'first_ns':1000000,'last_ns':53500000," XEN "}"
#define DEVICE "{'nr_marks':3," SPAN("true", 2) "}"

static json_t *load(const char *text)
{
	json_t *value = quotes_loads(text);

	ck_assert_msg(value != NULL, "%s", text);
	return value;
}

static double value(const json_t *metrics, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(metrics, i, m)
		if (!strcmp(json_string_value(json_object_get(m, "name")), name))
			return json_number_value(json_object_get(m, "value"));
	ck_abort_msg("no metric %s", name);
	return 0;
}

START_TEST(whole_rounds)
{
	_cleanup_json_ json_t *device = load(DEVICE), *m = json_array();
	const json_t *span;
	struct err err = { 0 };
	double ops = 0;

	ck_assert_msg(metrics_span(device, 300, &span, &ops, &err) == 0, "%s", err.msg);
	/* the first answer began it */
	ck_assert_double_eq(ops, 299);
	ck_assert_int_eq(metrics_rates(span, "blk.read", ops, METRIC_SEEDED, m, &err), 0);
	ck_assert_double_eq_tol(value(m, "blk.read.iops"), 299e9 / 52.5e6, 1e-6);
	ck_assert_double_eq_tol(value(m, "blk.read.bw"), 1224704e9 / 52.5e6, 1e-3);
	ck_assert(metrics_have_xen(span));
	metrics_instructions(span, ops, METRIC_EXACT, m);
	/* 299,100 ns less 29,900 of idleness, less 100 for looking */
	ck_assert_double_eq_tol(value(m, "instructions_per_io"), 269100.0 / 299, 1e-9);
	ck_assert_double_eq_tol(value(m, "instructions_dom0_per_io"), 179400.0 / 299, 1e-9);
	ck_assert_double_eq_tol(value(m, "instructions_domu_per_io"), 89700.0 / 299, 1e-9);
	ck_assert_msg(metrics_perfc(span, ops, false, m, &err) == 0, "%s", err.msg);
	ck_assert_double_eq(value(m, "hypercalls.grant_table_op_per_io"), 8);
	/* sched_op, which has no name here; sysctls are the backend's own questions */
	ck_assert_double_eq(value(m, "hypercalls.other_per_io"), 1);
	ck_assert_double_eq(value(m, "hypercalls_per_io"), 9);
	ck_assert_double_eq(value(m, "hypercalls.dm_op_per_io"), 0);
	ck_assert_double_eq(value(m, "traps.64-bit-hvc_per_io"), 9);
	ck_assert_double_eq(value(m, "traps.wfi_per_io"), 1);
	/* an idle CPU's looks for work are in no sum */
	ck_assert_double_eq(value(m, "traps_per_io"), 9);
	ck_assert_double_eq(value(m, "evtchn_sends_per_io"), 3);
	ck_assert_double_eq(value(m, "evtchn_sends_xen_per_io"), 1);
}
END_TEST

/* A driver domain's time is its own, and dom0's stands beside it. */
START_TEST(driver_domain)
{
	_cleanup_json_ json_t *device = load(DEVICE), *m = json_array();
	const json_t *span = json_object_get(device, "span"), *xen = json_object_get(span, "xen");
	const json_t *metric;
	size_t i;

	for (i = 0; i < 3; i++)
		json_object_set_new(json_array_get(xen, i), "dom0_ns",
				    json_integer((json_int_t)(i == 2 ? 10 + 299 : i * 5)));
	metrics_instructions(span, 299, METRIC_EXACT, m);
	ck_assert_double_eq_tol(value(m, "instructions_driver_per_io"), 179400.0 / 299, 1e-9);
	/* 304 between FIRST and LAST, less 5 for looking */
	ck_assert_double_eq_tol(value(m, "instructions_dom0_per_io"), 1, 1e-9);
	json_array_foreach(m, i, metric)
		ck_assert_str_eq(json_string_value(json_object_get(metric, "better")),
				 !strcmp(json_string_value(json_object_get(metric, "name")),
					 "instructions_dom0_per_io") ? "none" : "less");
}
END_TEST

static const char *unit(const json_t *metrics, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(metrics, i, m)
		if (!strcmp(json_string_value(json_object_get(m, "name")), name))
			return json_string_value(json_object_get(m, "unit"));
	return "(none)";
}

/* An array of counters with two of them set, at a moment of the span. */
static void set_array(json_t *span, size_t which, const char *name, size_t nr, size_t a, int na,
		      size_t b, int nb)
{
	json_t *at = json_array_get(json_object_get(span, "xen"), which), *list = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(list, json_integer(i == a ? na : i == b ? nb : 0));
	json_object_set_new(json_object_get(at, "perfc"), name, list);
}

/*
 * x86: dom0 is PV, the domU PVH. Timers make hypercalls, exits and exceptions: what they
 * have a part in is as exact as time is.
 */
START_TEST(x86)
{
	_cleanup_json_ json_t *device = load(DEVICE), *m = json_array();
	json_t *span = json_object_get(device, "span");
	struct err err = { 0 };
	size_t i;

	for (i = 0; i < 2; i++) {
		/* looking takes two intercepts of a kind without a name, and a page fault */
		set_array(span, i, "vmexits", 144, 143, 5, 113, 2 + 2 * (int)i);
		set_array(span, i, "exceptions", 32, 14, 1 + (int)i, 13, 4);
	}
	set_array(span, 2, "vmexits", 144, 143, 5 + 3 * 299, 113, 6 + 299);
	set_array(span, 2, "exceptions", 32, 14, 3, 13, 4 + 2 * 299);
	ck_assert_msg(metrics_perfc(span, 299, true, m, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(unit(m, "hypercalls.grant_table_op_per_io"), "1");
	ck_assert_str_eq(unit(m, "hypercalls.event_channel_op_per_io"), "1");
	ck_assert_str_eq(unit(m, "hypercalls.vcpu_op_per_io"), "tick");
	ck_assert_str_eq(unit(m, "hypercalls.other_per_io"), "tick");
	ck_assert_str_eq(unit(m, "hypercalls_per_io"), "tick");
	/* sched_op has a name on x86 */
	ck_assert_double_eq(value(m, "hypercalls.sched_op_per_io"), 1);
	ck_assert_double_eq(value(m, "hypercalls.iret_per_io"), 0);
	ck_assert_double_eq(value(m, "hypercalls.other_per_io"), 0);
	ck_assert_double_eq(value(m, "exits_per_io"), 4);
	ck_assert_double_eq(value(m, "exits.npf_per_io"), 3);
	ck_assert_str_eq(unit(m, "exits.npf_per_io"), "1");
	ck_assert_double_eq(value(m, "exits.other_per_io"), 1);
	ck_assert_str_eq(unit(m, "exits.vmmcall_per_io"), "tick");
	ck_assert_double_eq(value(m, "exceptions_per_io"), 2);
	ck_assert_double_eq(value(m, "exceptions.general-protection_per_io"), 2);
	ck_assert_double_eq(value(m, "exceptions.page-fault_per_io"), 0);
	ck_assert_str_eq(unit(m, "traps_per_io"), "(none)");
}
END_TEST

static const struct {
	const char *device, *want;
} bad[] = {
	{ "{}", "moved 0 bytes, fewer than the workload has" },
	{ "{'nr_marks':3," SPAN("false", 2) "}", "moved 1228800 bytes, fewer" },
	/* one of an earlier pass, and one that nothing came behind */
	{ "{'nr_marks':3," SPAN("true", 1) "}", "not of the last timed part" },
	{ "{'nr_marks':3," SPAN("true", 3) "}", "not of the last timed part" },
};

START_TEST(refused)
{
	_cleanup_json_ json_t *device = load(bad[_i].device);
	const json_t *span;
	struct err err = { 0 };
	double ops;

	ck_assert_int_eq(metrics_span(device, 300, &span, &ops, &err), -1);
	ck_assert_int_eq(err.code, GB_SUBJECT);
	ck_assert_msg(strstr(err.msg, bad[_i].want) != NULL, "\"%s\" lacks \"%s\"", err.msg,
		      bad[_i].want);
}
END_TEST

START_TEST(no_counters)
{
	_cleanup_json_ json_t *device = load(DEVICE), *m = json_array();
	json_t *span = json_object_get(device, "span");
	struct err err = { 0 };

	json_object_del(json_array_get(json_object_get(span, "xen"), 1), "perfc");
	ck_assert_int_eq(metrics_perfc(span, 299, false, m, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "this is its count build"));
	json_object_del(span, "xen");
	ck_assert(!metrics_have_xen(span));
	json_object_set_new(span, "last_ns", json_integer(5));
	ck_assert_int_eq(metrics_rates(span, "x", 299, METRIC_EXACT, m, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "no length"));
	ck_assert_uint_eq(json_array_size(m), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics-xen");
	TCase *tc = tcase_create("xen");

	tcase_add_test(tc, whole_rounds);
	tcase_add_loop_test(tc, refused, 0, ARRAY_SIZE(bad));
	tcase_add_test(tc, driver_domain);
	tcase_add_test(tc, x86);
	tcase_add_test(tc, no_counters);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
