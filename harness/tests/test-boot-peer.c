// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3, Xen's own PV disk as the peer of a virtio disk: connected, counted by
 * blkback, with and without persistent grants, and as seldom in Xen as it says.
 */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"

static struct cli cli;

static void setup(void)
{
	cli_setup(&cli);
}

static void teardown(void)
{
	cli_teardown(&cli);
}

/* A 4 KiB random read alone: hypercalls for grants, allocations from the free list. */
static const struct {
	const char *mapping;
	bool persistent;
	double grant_hypercalls, list_allocs;
} reads[] = {
	{ "map", false, 2, 1 },		/* one map, one unmap */
	/* granted and mapped before the span; but blkback unmaps nothing, with a hypercall */
	{ "persistent", true, 1, 0 },
};

START_TEST(blkfront)
{
	_cleanup_free_ char *out = xasprintf("%s/out", cli.dir), *log = NULL;
	const char *const args[] = { "run", "pv-peers", "-q", "-o", out, "--only", "arch=arm64",
				     "--only", "bs=4k", "--only", "device=blkfront", "--only",
				     "binding=none", "--only", "mapping=map,persistent", NULL };
	_cleanup_json_ json_t *result = NULL;
	const json_t *cell, *proof;
	int status = cli_run(&cli, args, NULL, RUN_MS, NULL);
	size_t i;

	log = cli_log(&cli);
	ck_assert_msg(status == 0, "exit status %d\n%s", status, log);
	result = boot_load(&cli, "result.json");
	boot_check_schema("result", result);
	ck_assert(json_is_true(json_object_get(json_object_get(result, "canary"), "identical")));
	ck_assert_uint_eq(json_array_size(json_object_get(result, "cells")), ARRAY_SIZE(reads));
	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		proof = json_object_get(cell, "proof");
		ck_assert_str_eq(boot_str(cell, "outcome"), "pass");
		ck_assert_str_eq(boot_str(json_object_get(cell, "axes"), "mapping"), reads[i].mapping);
		ck_assert_str_eq(boot_str(proof, "driver"), "vbd");
		ck_assert_int_eq(json_integer_value(json_object_get(proof, "backend_state")), 4);
		ck_assert(json_is_true(json_object_get(proof, "persistent_grants")) ==
			  reads[i].persistent);
		ck_assert_int_eq(json_integer_value(json_object_get(proof, "backend_bytes")), 300 * 4096);
		ck_assert(json_is_true(json_object_get(json_object_get(cell, "checks"),
						       "grefs-returned")));
		ck_assert_double_eq(boot_metric(cell, "backend_requests_per_io"), 1);
		ck_assert_double_eq(boot_metric(cell, "grant_list_allocs_per_io"), reads[i].list_allocs);
		ck_assert_double_eq(boot_metric(cell, "hypercalls.grant_table_op_per_io"),
				    reads[i].grant_hypercalls);
		ck_assert_double_eq(boot_metric(cell, "hypercalls.dm_op_per_io"), 0);
		ck_assert_double_gt(boot_metric(cell, "instructions_per_io"), 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-peer");
	TCase *tc = tcase_create("boot-peer");

	tcase_set_timeout(tc, 30 * 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, blkfront);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
