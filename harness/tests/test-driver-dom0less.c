// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver domain that Xen starts beside its frontend: what each of the three is told, above all
 * which ports the channels between them have. harness/workload/texts.h has the numbers.
 */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "tests/lib-check.h"
#include "tests/lib-machine.h"

static struct machine machine(const char *variant)
{
	_cleanup_free_ char *text = xasprintf("[variant]\n%s[workload]\nkind = none\n", variant);
	const struct cell *cell = machine_cell(text);

	ck_assert_msg(!cell->not_applicable, "%s", cell->not_applicable);
	return machine_of(cell);
}

static const struct {
	const char *variant;
	const char *dom0[6], *driver[3], *domu[3];	/* lines, NULL behind the last */
	const char *never;		/* in none of them */
} told[] = {
	{ "topology = driver-dom0less\n",
	  { "driver_evtchn=10\n", "ready_evtchn=14\n", "frontend_domid=2\n", "set_target=0\n",
	    "driver_label=system_u:system_r:driver_t\n", "frontend_label=system_u:system_r:frontend_t\n" },
	  { "driver_evtchn=11\n", "frontend_domid=2\n", "ask_marks=1\n" },
	  { "late_probe=1\n", "ready_evtchn=11\n" }, "_config=" },
	{ "topology = driver-dom0less\nxsm = dummy\n",
	  { "driver_evtchn=10\n", "ready_evtchn=14\n", "set_target=1\n" },
	  { "driver_evtchn=11\n" }, { "late_probe=1\n", "ready_evtchn=11\n" }, "_label=" },
	/* the control may have its memory mapped, here as by xl */
	{ "topology = driver-dom0less\nbinding = none\nmapping = foreign\n",
	  { "frontend_label=system_u:system_r:frontend_open_t\n" }, { "driver_evtchn=11\n" },
	  { "grants=0\n" }, "_config=" },
	{ "topology = driver-domain\n",
	  { "driver_config=/grantbench/driver.cfg\n", "xl_config=/grantbench/domu.cfg\n" },
	  { "ask_marks=1\n" }, { "grants=1\n" }, "_evtchn=" },
	{ "topology = dom0less\n", { "ready_evtchn=10\n", "frontend_domid=2\n" }, { NULL },
	  { "late_probe=1\n", "ready_evtchn=11\n" }, "driver_evtchn=" },
};

static void check(const struct buf *conf, const char *const *lines, size_t max, const char *never)
{
	size_t i;

	for (i = 0; i < max && lines[i]; i++)
		ck_assert_msg(strstr(conf->data, lines[i]) != NULL, "no %s in %s", lines[i], conf->data);
	ck_assert_msg(!strstr(conf->data, never), "%s in %s", never, conf->data);
}

START_TEST(told_to_each)
{
	_cleanup_buf_ struct buf dom0 = BUF_INIT, driver = BUF_INIT, domu = BUF_INIT;
	struct machine m = machine(told[_i].variant);

	text_dom0_conf(&m, &dom0);
	check(&dom0, told[_i].dom0, ARRAY_SIZE(told[_i].dom0), told[_i].never);
	text_domu_conf(&m, REPORT_DOMU, &domu);
	check(&domu, told[_i].domu, ARRAY_SIZE(told[_i].domu), told[_i].never);
	if (!machine_has_driver(&m))
		return;
	text_driver_conf(&m, &driver);
	check(&driver, told[_i].driver, ARRAY_SIZE(told[_i].driver), told[_i].never);
	/* dom0 serves nothing */
	ck_assert_ptr_null(strstr(dom0.data, "\ndevice="));
	ck_assert_ptr_nonnull(strstr(driver.data, "\ndevice="));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("driver-dom0less");
	TCase *tc = tcase_create("texts");

	tcase_add_checked_fixture(tc, machine_setup, machine_teardown);
	tcase_add_loop_test(tc, told_to_each, 0, (int)ARRAY_SIZE(told));
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
