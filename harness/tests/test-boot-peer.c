// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3, Xen's own PV devices as the peers of virtio's. The disk: connected, counted by
 * blkback, with and without persistent grants, and as seldom in Xen as it says.
 */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"

#define NETFRONT \
	"[variant]\ntopology = xl\nbinding = none\ndevice = netfront\n[workload]\nkind = net\n" \
	"number_ios = 100\nverify = yes\n"

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
	static const char *const args[] = { "run", "pv-peers", "--only", "arch=arm64", "--only", "bs=4k",
					    "--only", "device=blkfront", "--only", "binding=none", "--only",
					    "mapping=map,persistent", NULL };
	_cleanup_json_ json_t *result = boot_run(0, args, NULL);
	const json_t *cell, *proof;
	size_t i;

	boot_check_canary(result);
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

/*
 * xen-netfront and xen-netback: content verified, connected, and no packet more or fewer than
 * round trips have.
 */
START_TEST(netfront)
{
	_cleanup_free_ char *ini = xasprintf("%s/netfront.ini", boot_cli.dir);
	const char *const args[] = { "run", ini, NULL };
	_cleanup_json_ json_t *result = NULL;
	struct err err = { 0 };
	const json_t *cell, *proof;

	ck_assert_int_eq(fs_write_atomic(ini, NETFRONT, strlen(NETFRONT), 0644, &err), 0);
	result = boot_run(0, args, NULL);
	boot_check_canary(result);
	cell = json_array_get(json_object_get(result, "cells"), 0);
	proof = json_object_get(cell, "proof");
	ck_assert_str_eq(boot_str(cell, "outcome"), "pass");
	ck_assert_str_eq(boot_str(proof, "driver"), "vif");
	ck_assert_int_eq(json_integer_value(json_object_get(proof, "backend_state")), 4);
	ck_assert(json_is_true(json_object_get(json_object_get(cell, "checks"), "verify")));
	ck_assert(json_is_true(json_object_get(json_object_get(cell, "checks"), "grefs-returned")));
	ck_assert_double_eq(boot_metric(cell, "packets_tx"), 100);
	ck_assert_double_eq(boot_metric(cell, "packets_rx"), 100);
	ck_assert_double_gt(boot_metric(cell, "net.udp-rr.rate"), 0);
	ck_assert_double_gt(boot_metric(cell, "hypercalls.grant_table_op_per_io"), 0);
	ck_assert_double_lt(boot_metric(cell, "hypercalls.dm_op_per_io"), 0.1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-peer");
	TCase *tc = boot_case(suite, "boot-peer");

	tcase_add_test(tc, blkfront);
	tcase_add_test(tc, netfront);
	return lib_check_main(suite);
}
