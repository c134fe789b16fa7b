// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3: what allocators of grant references and their DMA ops promise, with
 * backends and kernels that break it. What upstream's own code does not keep is an
 * expected failure, by that name.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"

#define PATCHES "guests/linux/test-patches/"

/* of the scenarios' machines the fastest, and no cell that cannot be */
#define ARM64 "--only", "arch=arm64", "--only", "topology=dom0less", "--only", "mapping=map"

/* Run the cells that more chooses; all must pass. The result, a new reference. */
static json_t *run_all_pass(const char *scenario, const char *const *more)
{
	return boot_run(0, (const char *const[]){ "run", scenario, "--no-canary", NULL }, more);
}

static void check_is_true(const json_t *cell, const char *name)
{
	ck_assert_msg(json_is_true(json_object_get(json_object_get(cell, "checks"), name)), "%s: %s",
		      boot_str(cell, "id"), name);
}

static const char *allocator(const json_t *cell)
{
	return boot_str(json_object_get(cell, "axes"), "allocator");
}

/*
 * A backend keeps grants after completion: the variants put them in quarantine, and all
 * come back. Upstream sets the device out of use, and its pages stay granted: a known defect.
 */
START_TEST(held_grants)
{
	static const char *const more[] = { "--only", "mapping=test-hold", NULL };
	_cleanup_json_ json_t *result = run_all_pass("scenarios/safety.ini", more);
	const json_t *cell;
	unsigned int nr = 0;
	size_t i;

	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		_cleanup_free_ char *counters = NULL;
		const char *ever;

		if (!strcmp(allocator(cell), "pool")) {
			ck_assert_str_eq(boot_str(cell, "outcome"), "not-applicable");
			continue;
		}
		nr++;
		if (!strcmp(allocator(cell), "upstream")) {
			boot_check_expected(cell, "fail", "expected-fail", "disabled for further use");
			continue;
		}
		check_is_true(cell, "verify");
		check_is_true(cell, "grefs-returned");
		check_is_true(cell, "access-ended");
		counters = boot_cell_file(cell, "grant-dma-after.txt");
		ever = strstr(counters, "quarantined_ever ");
		ck_assert_msg(ever && strtol(strchr(ever, ' '), NULL, 10) > 100, "%s", counters);
	}
	ck_assert_uint_eq(nr, 5);
}
END_TEST

/* No disk then, but for upstream, which goes on without grants: a known defect. */
START_TEST(setup_fails)
{
	static const char *const more[] = { "--test-patch", PATCHES "setup-fails.patch", NULL };
	_cleanup_json_ json_t *result = run_all_pass("scenarios/setup-fails.ini", more);
	const json_t *cell;
	unsigned int nr = 0;
	size_t i;

	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		if (!strcmp(boot_str(cell, "outcome"), "not-applicable"))
			continue;
		if (strcmp(allocator(cell), "upstream"))
			boot_check_expected(cell, "fail", "refused", "no disk");
		else
			boot_check_expected(cell, "invalid", "expected-fail",
					    "retain platform DMA ops");
		nr++;
	}
	ck_assert_uint_eq(nr, 6);
}
END_TEST

/* Faults put in on purpose, and what must say so. */
static const struct {
	const char *patch, *only, *outcome, *want;
} faults[] = {
	{ PATCHES "readonly-writable.patch", "allocator=nextfit", "invalid", "read-only grants writable" },
	{ PATCHES "readonly-writable.patch", "allocator=iommu", "invalid", "read-only grants writable" },
	{ PATCHES "readonly-writable.patch", "allocator=iommu-iova", "invalid",
	  "read-only grants writable" },
	{ PATCHES "no-end-access.patch", "allocator=nextfit", "fail", "access-ended" },
	{ PATCHES "no-end-access.patch", "allocator=iommu", "invalid", "did not end access" },
	{ PATCHES "no-end-access.patch", "allocator=iommu-iova", "fail", "access-ended" },
	{ PATCHES "gref-twice.patch", "allocator=nextfit", "fail", "verify" },
	{ PATCHES "gref-twice.patch", "allocator=iommu-iova", "fail", "WARNING" },
	{ PATCHES "pool-padding.patch", "allocator=pool", "invalid", "bytes beside requests" },
	{ PATCHES "pool-no-copy-in.patch", "allocator=pool", "fail", "that the device did not write" },
};

START_TEST(faults_are_seen)
{
	const char *const more[] = {
		"--only", faults[_i].only, "--only",
		strcmp(faults[_i].only, "allocator=pool") ? "mapping=test-write" : "mapping=persistent",
		/* so small a pool is used again before the timed part */
		"--domu-args", "xen_grant_dma.pool_grants=400", "--test-patch", faults[_i].patch, NULL,
	};

	boot_expect_failure("scenarios/safety.ini", more, faults[_i].outcome, faults[_i].want);
}
END_TEST

/* A fifth of the table in use: runs of 32 pages are to be had, but not from upstream. */
START_TEST(pieces)
{
	static const char *const more[] = { "--only", "allocator=upstream,nextfit", ARM64, NULL };
	_cleanup_json_ json_t *result = run_all_pass("scenarios/fragmentation.ini", more);
	const json_t *cell;
	size_t i;

	ck_assert_uint_eq(json_array_size(json_object_get(result, "cells")), 2);
	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		bool upstream = !strcmp(allocator(cell), "upstream");
		double failed = boot_metric(cell, "frontend.map_failed.32_pages");

		ck_assert_msg(upstream ? failed > 0 : failed == 0, "%s: %.0f", boot_str(cell, "id"), failed);
		ck_assert_double_eq(boot_metric(cell, "frontend.map_failed.1_pages"), 0);
		check_is_true(cell, "grefs-returned");
	}
}
END_TEST

/* A page's map and unmap may cost 5 % more instructions than upstream's at most. */
START_TEST(single_pages_cost_no_more)
{
	static const char *const more[] = {
		"--only", "allocator=upstream,nextfit,magazine,iommu,iommu-iova", "--only", "iodepth=32",
		ARM64, NULL,
	};
	_cleanup_json_ json_t *result = run_all_pass("scenarios/frontend.ini", more);
	const json_t *cells = json_object_get(result, "cells"), *cell;
	double upstream = boot_metric(json_array_get(cells, 0), "frontend.map_unmap.1_pages");
	size_t i;

	ck_assert_str_eq(allocator(json_array_get(cells, 0)), "upstream");
	json_array_foreach(cells, i, cell) {
		double insns = boot_metric(cell, "frontend.map_unmap.1_pages");

		ck_assert_msg(insns > 0 && insns <= 1.05 * upstream, "%s: %.0f against %.0f",
			      boot_str(cell, "id"), insns, upstream);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-allocators");
	TCase *tc = boot_case(suite, "allocators");

	tcase_add_test(tc, held_grants);
	tcase_add_test(tc, pieces);
	tcase_add_test(tc, single_pages_cost_no_more);
	tcase_add_test(tc, setup_fails);
	tcase_add_loop_test(tc, faults_are_seen, 0, ARRAY_SIZE(faults));
	return lib_check_main(suite);
}
