// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3, the backend's mapping strategies: each reads back what was written, asks
 * Xen as often as it says it does, and as seldom as it is meant to.
 */
#include <string.h>

#include "lib/cleanup.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"

/* The cells of mappings.ini that --only leaves: all pass. A new reference to the result. */
static json_t *run_mappings(const char *const only[3])
{
	const char *const args[] = { "run", "scenarios/mappings.ini", "--only", "rw=randread", "--only",
				     only[0], "--only", only[1], "--only", only[2], "--only",
				     "arch=arm64", "--only", "topology=dom0less", "--only",
				     "binding=iommus", "--only", "allocator=upstream", NULL };
	json_t *result = boot_run(0, args, NULL);

	boot_check_canary(result);
	return result;
}

static const char *mapping_of(const json_t *cell)
{
	return boot_str(json_object_get(cell, "axes"), "mapping");
}

/*
 * What the backend counts where it calls the library, against what Xen counts: the
 * frontend makes no hypercall for grants while it works, so they are the same. But
 * one over many pages, broken off by an interrupt, is made and counted again.
 */
static void check_xen_agrees(const json_t *cell, bool small)
{
	double xen = boot_metric(cell, "hypercalls.grant_table_op_per_io");
	double own = boot_metric(cell, "backend_grant_hypercalls_per_io");

	ck_assert_msg(xen >= own && xen <= (small ? own : own * 1.02), "%s: %g instead of %g",
		      boot_str(cell, "id"), xen, own);
}

/* A random read alone: grant hypercalls, maps, copy operations. */
static const struct {
	const char *mapping, *bs;
	double grant_hypercalls, maps, copies;
} reads[] = {
	{ "map", "4k", 8, 4, 0 },	/* table, header, data, status; in and out */
	{ "map", "64k", 38, 19, 0 },	/* the data in 16 pieces */
	{ "batch", "4k", 6, 3, 0 },	/* table; header; data and status */
	{ "batch", "64k", 6, 3, 0 },
	{ "copy", "4k", 2, 0, 3 },	/* one call in, one out */
	{ "copy", "64k", 3, 0, 18 },	/* 17 operations out: two hypercalls */
	{ "adaptive", "4k", 2, 0, 3 },
	{ "adaptive", "64k", 3, 0, 18 },
};

START_TEST(one_request_at_a_time)
{
	static const char *const only[3] = { "bs=4k,64k", "iodepth=1",
					     "mapping=map,batch,copy,adaptive" };
	_cleanup_json_ json_t *result = run_mappings(only);
	const json_t *cell;
	size_t i;

	ck_assert_uint_eq(json_array_size(json_object_get(result, "cells")), ARRAY_SIZE(reads));
	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		ck_assert_str_eq(mapping_of(cell), reads[i].mapping);
		ck_assert_str_eq(boot_str(json_object_get(cell, "axes"), "bs"), reads[i].bs);
		boot_check_granted(cell, 100);
		check_xen_agrees(cell, !strcmp(reads[i].bs, "4k"));
		ck_assert_double_eq(boot_metric(cell, "backend_grant_hypercalls_per_io"),
				    reads[i].grant_hypercalls);
		ck_assert_double_eq(boot_metric(cell, "backend_maps_per_io"), reads[i].maps);
		ck_assert_double_eq(boot_metric(cell, "backend_copies_per_io"), reads[i].copies);
		ck_assert_double_eq(boot_metric(cell, "hypercalls.memory_op_per_io"), 0);
	}
}
END_TEST

/* Many at a time share their calls; large ones are copied page by page, or mapped. */
START_TEST(many_large_requests)
{
	static const char *const only[3] = { "bs=1m", "iodepth=32", "mapping=batch,copy,adaptive" };
	_cleanup_json_ json_t *result = run_mappings(only);
	const json_t *cell;
	size_t i;

	ck_assert_uint_eq(json_array_size(json_object_get(result, "cells")), 3);
	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		bool copy = !strcmp(mapping_of(cell), "copy");

		ck_assert_str_eq(boot_str(cell, "outcome"), "pass");
		ck_assert(json_is_true(json_object_get(json_object_get(cell, "checks"), "verify")));
		ck_assert_double_eq(boot_metric(cell, "backend_maps"),
				    boot_metric(cell, "backend_unmaps"));
		ck_assert(copy == !boot_metric(cell, "backend_maps"));
		ck_assert(!strcmp(mapping_of(cell), "batch") == !boot_metric(cell, "backend_copies"));
		/* fewer than a request alone takes: 4, or 6, or a 16th of its pages */
		ck_assert_double_lt(boot_metric(cell, "backend_grant_hypercalls_per_io"),
				    copy ? 18 : 4);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-mapping");
	TCase *tc = boot_case(suite, "boot-mapping");

	tcase_add_test(tc, one_request_at_a_time);
	tcase_add_test(tc, many_large_requests);
	return lib_check_main(suite);
}
