// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3, the frontend's bounce pool and the backend that keeps it mapped: what
 * they cost, what happens when the pool is full, and that neither goes with another.
 */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"

/* One cell, the domU with more arguments. A new reference to the result. */
static json_t *run_one(const char *scenario, const char *allocator, const char *mapping,
		       const char *bs, const char *domu_args, int want)
{
	_cleanup_free_ char *alloc = xasprintf("allocator=%s", allocator);
	_cleanup_free_ char *map = xasprintf("mapping=%s", mapping), *size = xasprintf("bs=%s", bs);
	const char *const args[] = { "run", scenario, "--no-canary", "--only", alloc, "--only", map, "--only",
				     size, "--only", "arch=arm64", "--only", "topology=dom0less", "--only",
				     "binding=iommus", "--domu-args", domu_args, NULL };
	json_t *result = boot_run(want, args, NULL);

	ck_assert_uint_eq(json_array_size(json_object_get(result, "cells")), 1);
	return result;
}

static const json_t *the_cell(const json_t *result)
{
	return json_array_get(json_object_get(result, "cells"), 0);
}

/* No grant, no hypercall for one, no page mapped: not one, and Xen says so too. */
START_TEST(costs_nothing)
{
	_cleanup_json_ json_t *result = run_one("scenarios/pairs.ini", "pool", "persistent", "4k",
						"xen_grant_dma.pool_grants=2048", 0);
	const json_t *cell = the_cell(result);

	boot_check_granted(cell, 100);
	ck_assert_double_eq(boot_metric(cell, "hypercalls.grant_table_op_per_io"), 0);
	ck_assert_double_eq(boot_metric(cell, "hypercalls.memory_op_per_io"), 0);
	ck_assert_double_eq(boot_metric(cell, "backend_grant_hypercalls"), 0);
	ck_assert_double_eq(boot_metric(cell, "pages_granted"), 0);
	ck_assert_double_eq(boot_metric(cell, "backend_maps"), 0);
	ck_assert_double_gt(boot_metric(cell, "grant_maps"), 0);
}
END_TEST

/* 32 requests of 64 KiB do not fit into 400 pages: some wait, none fails. */
START_TEST(full_pool)
{
	_cleanup_json_ json_t *result = run_one("scenarios/bursts.ini", "pool", "persistent", "64k",
						"xen_grant_dma.pool_grants=400", 0);
	const json_t *cell = the_cell(result);
	const json_t *checks = json_object_get(cell, "checks");
	_cleanup_free_ char *counters = boot_cell_file(cell, "grant-dma-after.txt");
	const char *enospc = strstr(counters, "fail_enospc ");

	/* those that wait may be merged: how many requests there were does not say anything */
	ck_assert_str_eq(boot_str(cell, "outcome"), "pass");
	ck_assert(json_is_true(json_object_get(checks, "verify")));
	ck_assert(json_is_true(json_object_get(checks, "grefs-returned")));
	ck_assert_msg(enospc && strncmp(enospc, "fail_enospc 0\n", 14), "%s", counters);
}
END_TEST

/* Each with the other's partner: refused by the one that would lose, without I/O. */
static const struct {
	const char *allocator, *mapping, *args, *said;
} wrong[] = {
	{ "upstream", "map", "xen_grant_dma.allocator=pool", "grant DMA: the backend offers no pool" },
	{ "pool", "persistent", "xen_grant_dma.allocator=upstream", "virtio: device refuses features" },
	{ "pool", "persistent", "xen_grant_dma.pool_grants=64", "grant DMA: no pool of 64 grants" },
};

START_TEST(wrong_partner)
{
	_cleanup_json_ json_t *result = run_one("scenarios/pairs.ini", wrong[_i].allocator,
						wrong[_i].mapping, "4k", wrong[_i].args, 3);
	const json_t *cell = the_cell(result);
	_cleanup_free_ char *log = boot_cell_file(cell, "domu.log");

	ck_assert_str_eq(boot_str(cell, "outcome"), "fail");
	ck_assert_msg(strstr(log, wrong[_i].said), "%s: the domU did not say \"%s\"",
		      boot_str(cell, "reason"), wrong[_i].said);
	ck_assert_ptr_null(strstr(log, "retain platform DMA ops"));
	ck_assert_uint_eq(json_array_size(json_object_get(cell, "metrics")), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-pool");
	TCase *tc = boot_case(suite, "boot-pool");

	tcase_add_test(tc, costs_nothing);
	tcase_add_test(tc, full_pool);
	tcase_add_loop_test(tc, wrong_partner, 0, (int)ARRAY_SIZE(wrong));
	return lib_check_main(suite);
}
