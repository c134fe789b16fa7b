// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3: real boots with a network device. Content is verified with all combinations of
 * offloads, round trips are counted, and so are references.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"
#include "tests/lib-cli.h"

static struct cli cli;

static void setup(void)
{
	cli_setup(&cli);
}

static void teardown(void)
{
	cli_teardown(&cli);
}

/* What every cell that passed must have. */
static void check_cell(const json_t *cell)
{
	const json_t *proof = json_object_get(cell, "proof"), *checks = json_object_get(cell, "checks");
	const char *id = boot_str(cell, "id");

	ck_assert_msg(!strcmp(boot_str(cell, "outcome"), "pass"), "%s: %s: %s", id, boot_str(cell, "outcome"),
		      boot_str(cell, "reason"));
	ck_assert_msg(json_is_true(json_object_get(proof, "grant_dma")), "%s: grant_dma", id);
	ck_assert_msg(json_is_true(json_object_get(proof, "link")), "%s: link", id);
	ck_assert_msg(!strcmp(boot_str(proof, "binding"), boot_str(json_object_get(cell, "axes"), "binding")),
		      "%s: consumed %s", id, boot_str(proof, "binding"));
	ck_assert_int_gt(json_integer_value(json_object_get(proof, "packets_tx")), 0);
	ck_assert_int_gt(json_integer_value(json_object_get(proof, "packets_rx")), 0);
	ck_assert_int_gt(json_integer_value(json_object_get(proof, "ring_addresses_bit63")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(proof, "ring_addresses_plain")), 0);
	ck_assert_msg(json_is_true(json_object_get(checks, "verify")), "%s: verify", id);
	ck_assert_msg(json_is_true(json_object_get(checks, "down-up")), "%s: down-up", id);
	ck_assert_msg(json_is_true(json_object_get(checks, "grefs-returned")), "%s: grefs", id);
	ck_assert_msg(json_is_true(json_object_get(checks, "backend-end")), "%s: backend", id);
	ck_assert_double_eq(boot_metric(cell, "backend_maps"), boot_metric(cell, "backend_unmaps"));
}

static json_t *run(const char *scenario, const char *only)
{
	_cleanup_free_ char *out = xasprintf("%s/out", cli.dir);
	const char *args[] = { "run", scenario, "-q", "-o", out, "--only", only,
			       NULL };
	_cleanup_free_ char *log = NULL;
	int status = cli_run(&cli, args, NULL, RUN_MS, NULL);
	json_t *result;

	log = cli_log(&cli);
	ck_assert_msg(status == 0, "exit status %d\n%s", status, log);
	result = boot_load(&cli, "result.json");
	boot_check_schema("result", result);
	return result;
}

static const struct { const char *only; size_t cells; } smoke[] = {
	{ "arch=arm64", 2 },
	{ "arch=x86_64", 1 },
};

START_TEST(round_trips)
{
	_cleanup_json_ json_t *result = run("scenarios/net-smoke.ini", smoke[_i].only);
	const json_t *cell;
	size_t i, n = 0;

	ck_assert_msg(json_is_true(json_object_get(json_object_get(result, "canary"), "identical")),
		      "the canary differs: %s", boot_str(json_object_get(result, "canary"), "difference"));
	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		if (!strcmp(boot_str(cell, "outcome"), "not-applicable"))
			continue;
		check_cell(cell);
		ck_assert_double_eq(boot_metric(cell, "packets_tx"), 100);
		ck_assert_double_eq(boot_metric(cell, "packets_rx"), 100);
		ck_assert_double_eq(boot_metric(cell, "backend_requests_per_io"), 2);
		ck_assert(boot_metric(cell, "net.udp-rr.lat_p50") > 0);
		n++;
	}
	ck_assert_uint_eq(n, smoke[_i].cells);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("boot-net");
	TCase *tc = tcase_create("boot-net");

	tcase_set_timeout(tc, 30 * 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, round_trips, 0, ARRAY_SIZE(smoke));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
