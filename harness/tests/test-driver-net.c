// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A network that a driver domain serves: which agent is told to make the bridge and to serve
 * there, what such a cell does not go with, and whose answers are the span's.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "tests/lib-machine.h"
#include "tests/lib-quotes.h"
#include "workload/evaluate-internal.h"

static const struct cell *load(const char *topology, const char *variant)
{
	_cleanup_free_ char *text = xasprintf("[topology]\n%s[variant]\ndevice = net\n%s[workload]\n"
					      "kind = net\nverify = yes\nnumber_ios = 300\n", topology, variant);

	return machine_cell(text);
}

static const struct {
	const char *topology, *variant;
	bool dom0, driver;	/* is told of the bridge */
} bridges[] = {
	{ "", "topology = dom0less\n", true, false },
	{ "", "topology = xl\n", true, false },
	{ "", "topology = driver-domain\n", false, true },
	{ "peer = loop\n", "topology = xl\n", false, false },
	{ "peer = loop\n", "topology = driver-domain\n", false, false },
};

START_TEST(bridge)
{
	const struct cell *cell = load(bridges[_i].topology, bridges[_i].variant);
	_cleanup_buf_ struct buf dom0 = BUF_INIT, driver = BUF_INIT;
	struct machine m = machine_of(cell);
	const char *told;

	ck_assert_msg(!cell->not_applicable, "%s", cell->not_applicable);
	text_dom0_conf(&m, &dom0);
	ck_assert_int_eq(strstr(dom0.data, "net_bridge=gbbr0\n") != NULL, bridges[_i].dom0);
	ck_assert_int_eq(strstr(dom0.data, "net_") != NULL, bridges[_i].dom0);
	text_driver_conf(&m, &driver);
	if (!machine_has_driver(&m))
		return;
	ck_assert_int_eq(strstr(driver.data, "net_bridge=gbbr0\n") != NULL, bridges[_i].driver);
	ck_assert_int_eq(strstr(driver.data, "net_") != NULL, bridges[_i].driver);
	/* dom0 has neither device nor tap */
	ck_assert_ptr_null(strstr(dom0.data, "type=net"));
	told = strstr(driver.data, "device=");
	ck_assert_ptr_nonnull(told);
	ck_assert_ptr_nonnull(strstr(told, bridges[_i].driver ? "store=tap,bridge=gbbr0" : "store=loop"));
}
END_TEST

/* The same addresses as those of dom0's stack: the domU is told no other ones. */
START_TEST(same_stack)
{
	static const char *const lines[] = {
		"net_mac=02:67:62:00:01:00\n", "net_address=192.0.2.1/24\n", "net_address6=fd00::1/64\n",
		"net_peer=192.0.2.2\n", "net_peer_mac=02:67:62:00:00:01\n", "net_test=udp-rr\n",
	};
	struct machine m = machine_of(load("", "topology = driver-domain\n"));
	_cleanup_buf_ struct buf driver = BUF_INIT, domu = BUF_INIT;
	size_t i;

	text_driver_conf(&m, &driver);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		ck_assert_msg(strstr(driver.data, lines[i]) != NULL, "no %s in %s", lines[i], driver.data);
	text_domu_conf(&m, REPORT_DOMU, &domu);
	ck_assert_ptr_nonnull(strstr(domu.data, "net_peer=192.0.2.1\n"));
	ck_assert_ptr_nonnull(strstr(domu.data, "net_peer_mac=02:67:62:00:01:00\n"));
	ck_assert_ptr_nonnull(strstr(domu.data, "backend_domid=1\n"));
}
END_TEST

static const struct { const char *topology, *variant, *reason; } refused[] = {
	{ "peer = domu\n", "", "a bridge of its own" },
	{ "second = frontend\n", "", "second: a frontend has one interface" },
	{ "second = driver\n", "", "second: a frontend has one interface" },
	{ "", "xsm = silo\n", "SILO" },
	{ "", "[workload]\ndisturb = backend\n", "not in a driver domain" },
};

START_TEST(not_applicable)
{
	_cleanup_free_ char *variant = xasprintf("topology = driver-domain\n%s", refused[_i].variant);
	const struct cell *cell = load(refused[_i].topology, variant);

	ck_assert_msg(cell->not_applicable && strstr(cell->not_applicable, refused[_i].reason), "%s",
		      cell->not_applicable);
}
END_TEST

START_TEST(applicable)
{
	static const char *const variants[] = { "arch = arm64\n", "arch = x86_64\n", "xsm = dummy\n",
						"mapping = copy\n" };
	_cleanup_free_ char *variant = xasprintf("topology = driver-domain\n%s", variants[_i]);
	const struct cell *cell = load("", variant);

	ck_assert_msg(!cell->not_applicable, "%s", cell->not_applicable);
}
END_TEST

#define NET "{'size':1024,'count':300,'done':300,'bad':0,'lost':0,'lat_ns':{'min':1,'mean':2,'p50':2,'p90':2," \
	    "'p99':2,'p999':2,'max':3}}"
#define MARK(tx, rx) "{'tx_packets':" #tx ",'rx_packets':" #rx ",'tx_gso':0,'rx_gso':0,'rx_buffers':" #rx \
		     ",'rx_waits':0}"
#define BACKEND "{'devices':[{'nr_marks':3,'marks':[{},{},{}],'net':{'marks':[" MARK(1, 1) "," MARK(2, 2) "," \
		MARK(303, 303) "]},'span':{'mark':2,'done':true,'requests':600,'bytes':600,'lead_bytes':0," \
		"'first_ns':1,'last_ns':1000}}]}"
#define MOMENT(n) "{'now_ns':1,'idle_ns':0,'own_ns':0,'frontend_ns':0,'dom0_ns':0,'perfc':{" \
		  "'trap: 64-bit hvc':" #n ",'hypercalls':[" #n "]}}"
#define MARKS "{'xen':[" MOMENT(0) "," MOMENT(0) "," MOMENT(3600) "]}"

static struct blob blob(const char *name, enum report_source source, const char *quoted)
{
	struct blob b = { .source = source, .complete = true };
	json_t *json = quotes_loads(quoted);

	ck_assert_ptr_nonnull(json);
	strcpy(b.name, name);
	b.data = json_dumps(json, 0);
	b.size = strlen(b.data);
	json_decref(json);
	return b;
}

/* The driver domain's backend may not ask Xen: what dom0 was answered is the span's. */
START_TEST(marks_of_dom0)
{
	struct machine m = machine_of(load("", "topology = driver-domain\n"));
	struct blob blobs[] = { blob("net.json", REPORT_DOMU, NET), blob("backend.json", REPORT_BACKEND, BACKEND),
				blob("marks.json", REPORT_DOM0, MARKS) };
	struct vm_result r = { .reports = { .blobs = blobs, .nr_blobs = ARRAY_SIZE(blobs) } };
	_cleanup_json_ json_t *metrics = json_array(), *none = json_array();
	const json_t *metric;
	struct err err = { 0 };
	double traps = -1;
	size_t i;

	m.count = true;
	ck_assert_msg(eval_net(&m, &r, METRIC_EXACT, metrics, &err) == 0, "%s", err.msg);
	json_array_foreach(metrics, i, metric)
		if (!strcmp(json_string_value(json_object_get(metric, "name")), "traps_per_io"))
			traps = json_number_value(json_object_get(metric, "value"));
	ck_assert_double_eq(traps, 12);
	r.reports.nr_blobs--;
	ck_assert_int_eq(eval_net(&m, &r, METRIC_EXACT, none, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "no complete marks.json"));
	for (i = 0; i < ARRAY_SIZE(blobs); i++)
		free(blobs[i].data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("driver-net");
	TCase *tc = tcase_create("driver-net");

	tcase_add_checked_fixture(tc, machine_setup, machine_teardown);
	tcase_add_loop_test(tc, bridge, 0, (int)ARRAY_SIZE(bridges));
	tcase_add_test(tc, same_stack);
	tcase_add_loop_test(tc, not_applicable, 0, (int)ARRAY_SIZE(refused));
	tcase_add_loop_test(tc, applicable, 0, 4);
	tcase_add_test(tc, marks_of_dom0);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
