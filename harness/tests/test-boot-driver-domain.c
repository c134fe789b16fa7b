// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3: a backend that is not dom0. One cell of the binding comparison, by xl and as Xen starts
 * both domUs itself, by label and by target relation; a network; then the isolation checks in
 * short: with grants they hold, and without, in the control, they are seen to fail. With two
 * driver domains, and with a hostile frontend beside one at work.
 */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"
#include "tests/lib-cli.h"

static void run(const char *const *args, struct buf *out)
{
	_cleanup_free_ char *log = NULL;
	int status = cli_run(&boot_cli, args, NULL, RUN_MS, out);

	log = cli_log(&boot_cli);
	ck_assert_msg(status == 0, "exit status %d\n%s", status, log);
}

static const struct {
	const char *arch, *topology, *xsm;
} machines[] = {
	{ "arch=arm64", "topology=driver-domain", "xsm=flask" },
	{ "arch=arm64", "topology=driver-dom0less", "xsm=flask" },
	{ "arch=arm64", "topology=driver-dom0less", "xsm=dummy" },
	/* a PV domain, beside a PVH frontend */
	{ "arch=x86_64", "topology=driver-domain", "xsm=flask" },
};

static bool has_metric(const json_t *cell, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(json_object_get(cell, "metrics"), i, m)
		if (!strcmp(boot_str(m, "name"), name))
			return true;
	return false;
}

START_TEST(serves)
{
	const char *const args[] = { "run", "blk-driver", "--no-canary", "--only", machines[_i].arch,
				     "--only", machines[_i].topology, "--only", "binding=iommus", "--only",
				     machines[_i].xsm, "--only", "second=none", NULL };
	_cleanup_json_ json_t *result = boot_run(0, args, NULL);
	const json_t *cell;

	cell = json_array_get(json_object_get(result, "cells"), 0);
	boot_check_granted(cell, 100);
	/* by the tree, as the frontend's driver consumed it */
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(cell, "proof"),
							    "backend_domid")), 1);
	ck_assert_double_gt(boot_metric(cell, "instructions_driver_per_io"),
			    boot_metric(cell, "instructions_dom0_per_io"));
	/* beside two domains that boot, when the disk comes says nothing of it */
	ck_assert_int_eq(has_metric(cell, "probe.device_probe"),
			 !strstr(machines[_i].topology, "dom0less"));
}
END_TEST

/* One frontend before two driver domains, of which it is the target. */
START_TEST(two_drivers)
{
	static const char *const args[] = { "run", "blk-driver", "--no-canary", "--only", "arch=arm64",
					    "--only", "topology=driver-domain", "--only", "binding=iommus",
					    "--only", "xsm=dummy", "--only", "second=driver", NULL };
	_cleanup_json_ json_t *result = boot_run(0, args, NULL);
	const json_t *cell = json_array_get(json_object_get(result, "cells"), 0), *second;

	boot_check_granted(cell, 100);
	second = json_object_get(json_object_get(cell, "proof"), "second");
	ck_assert_int_eq(json_integer_value(json_object_get(second, "backend_domid")), 2);
	ck_assert_int_gt(json_integer_value(json_object_get(second, "requests")), 0);
}
END_TEST

/* A driver domain has its own stack at the other end, and dom0 no part but to read Xen's counters. */
static const char *const creators[] = { "topology=driver-domain", "topology=driver-dom0less" };

START_TEST(serves_network)
{
	const char *const args[] = { "run", "net-smoke", "--no-canary", "--only", "arch=arm64", "--only",
				     creators[_i], NULL };
	static const char *const checks[] = { "verify", "down-up", "grefs-returned", "backend-end",
					      "driver-end" };
	_cleanup_json_ json_t *result = boot_run(0, args, NULL);
	const json_t *cell, *proof;
	size_t i;

	cell = json_array_get(json_object_get(result, "cells"), 0);
	proof = json_object_get(cell, "proof");
	ck_assert_str_eq(boot_str(cell, "outcome"), "pass");
	ck_assert_int_eq(json_integer_value(json_object_get(proof, "backend_domid")), 1);
	ck_assert_int_gt(json_integer_value(json_object_get(proof, "ring_addresses_bit63")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(proof, "ring_addresses_plain")), 0);
	for (i = 0; i < ARRAY_SIZE(checks); i++)
		ck_assert_msg(json_is_true(json_object_get(json_object_get(cell, "checks"), checks[i])), "%s",
			      checks[i]);
	ck_assert_double_eq(boot_metric(cell, "packets_tx"), 100);
	ck_assert_double_eq(boot_metric(cell, "packets_rx"), 100);
	ck_assert_double_eq(boot_metric(cell, "backend_requests_per_io"), 2);
	ck_assert_double_gt(boot_metric(cell, "instructions_driver_per_io"),
			    boot_metric(cell, "instructions_dom0_per_io"));
}
END_TEST

static const json_t *find(const json_t *table, const char *binding, const char *check)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(table, i, entry)
		if (!strcmp(boot_str(entry, "binding"), binding) &&
		    !strcmp(boot_str(entry, "check"), check))
			return entry;
	ck_abort_msg("no %s with %s", check, binding);
	return NULL;
}

START_TEST(isolates)
{
	/* the same check on both sides: green with grants, red without */
	static const char *const both[] = {
		"in-flight-only", "readable-not-writable", "stale-gref", "foreign-map",
	};
	static const char *const grants[] = {
		"map-never-granted", "map-freed", "map-reserved", "map-granted-to-others",
		"map-out-of-range", "map-other-domain", "map-readonly-writable", "copy-from", "copy-to",
		"killed-unmapped", "destroyed-unmapped", "killed-alive", "destroyed-alive",
		"cross-map", "cross-copy", "front-breaks", "front-balanced", "front-unmapped",
		"front-driver-alive", "front-other-device", "front-other-frontend",
	};
	_cleanup_free_ char *out = xasprintf("%s/out", boot_cli.dir);
	const char *const args[] = { "isolate", "isolate-short", "-q", "-o", out, NULL };
	const char *show[] = { "isolate", "--from", out, "--format", "json", NULL };
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_json_ json_t *table = NULL;
	size_t i;

	run(args, NULL);
	run(show, &text);
	table = json_loads(text.data, 0, NULL);
	ck_assert_msg(table != NULL, "%s", text.data);
	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ck_assert_str_eq(boot_str(find(table, "iommus", both[i]), "verdict"), "holds");
		ck_assert_str_eq(boot_str(find(table, "none", both[i]), "verdict"), "expected-fail");
	}
	for (i = 0; i < ARRAY_SIZE(grants); i++)
		ck_assert_msg(!strcmp(boot_str(find(table, "iommus", grants[i]), "verdict"), "holds"),
			      "%s: %s", grants[i], boot_str(find(table, "iommus", grants[i]), "detail"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-driver-domain");
	TCase *tc = boot_case(suite, "machines");

	tcase_add_loop_test(tc, serves, 0, (int)ARRAY_SIZE(machines));
	tcase_add_test(tc, two_drivers);
	tcase_add_loop_test(tc, serves_network, 0, (int)ARRAY_SIZE(creators));
	tcase_add_test(tc, isolates);
	return lib_check_main(suite);
}
