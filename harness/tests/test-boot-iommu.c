// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3, the grant table as an IOMMU: allocators iommu and iommu-iova behind both
 * bindings. What was written is read back, unbinding twice gives every reference
 * back, a request's data is one mapping, and too few references only cost
 * time.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"

/* The scenario's cells with these allocators that more leaves, all of which pass. */
static json_t *run_cells(const char *scenario, const char *const *more)
{
	const char *const args[] = { "run", scenario, "--only", "allocator=iommu,iommu-iova", "--only",
				     "topology=dom0less", NULL };

	return boot_run(0, args, more);
}

static const char *axis(const json_t *cell, const char *name)
{
	return boot_str(json_object_get(cell, "axes"), name);
}

/* The cells that ran, each through check(); how many that were. */
static unsigned int check_cells(const json_t *result, void (*check)(const json_t *cell))
{
	const json_t *cell;
	unsigned int nr = 0;
	size_t i;

	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		if (!strcmp(boot_str(cell, "outcome"), "not-applicable"))
			continue;
		ck_assert_str_eq(boot_str(json_object_get(cell, "proof"), "allocator"),
				 axis(cell, "allocator"));
		check(cell);
		nr++;
	}
	return nr;
}

/*
 * What is asked of the backend for 100 reads: 1 MiB is two requests if the buffer is
 * in more pieces than a request may have, which is up to the page allocator.
 */
static int requests(const json_t *cell)
{
	double nr = boot_metric(cell, "backend_requests");

	ck_assert_msg(nr == 100 || (nr > 100 && nr <= 200 && !strcmp(axis(cell, "bs"), "1m")),
		      "%s: %g requests", boot_str(cell, "id"), nr);
	return (int)nr;
}

/* Table, header, data, status: a mapping each, however many pages the data has. */
static void check_merged(const json_t *cell)
{
	int nr = requests(cell), data = strcmp(axis(cell, "bs"), "1m") ? 1 : 256;

	boot_check_granted(cell, nr);
	ck_assert_double_eq(boot_metric(cell, "grant_maps"), 4 * nr);
	ck_assert_double_eq(boot_metric(cell, "pages_granted"), 100 * data + 3 * nr);
	ck_assert_double_eq(boot_metric(cell, "alloc_rebuilds_per_io"), 0);
}

START_TEST(both_bindings)
{
	static const char *const more[] = { "--only", "mapping=map", NULL };
	_cleanup_json_ json_t *result = run_cells("scenarios/iommu.ini", more);

	boot_check_canary(result);
	ck_assert_uint_eq(check_cells(result, check_merged), 8);
}
END_TEST

/* Each piece of the buffer is an entry of the list, and a mapping of its own. */
static void check_not_merged(const json_t *cell)
{
	boot_check_granted(cell, requests(cell));
	ck_assert_double_gt(boot_metric(cell, "grant_maps_per_io"), 40);
}

START_TEST(it_is_the_merging)
{
	static const char *const more[] = {
		"--no-canary", "--only", "binding=iommus", "--only", "bs=1m", "--only",
		"mapping=map", "--domu-args", "virtio_blk.merge_dma=0", NULL,
	};
	_cleanup_json_ json_t *result = run_cells("scenarios/iommu.ini", more);

	ck_assert_uint_eq(check_cells(result, check_not_merged), 2);
}
END_TEST

/* A counter of the driver's, as it was after the timed part. */
static long counter(const json_t *cell, const char *name)
{
	_cleanup_free_ char *text = boot_cell_file(cell, "grant-dma-after.txt");
	_cleanup_free_ char *key = xasprintf("\n%s ", name);
	char *at = strstr(text, key);

	ck_assert_msg(at != NULL, "no %s in %s", name, text);
	return strtol(at + strlen(key), NULL, 10);
}

/* No request was refused for good, and no reference was taken beyond what was allowed. */
static void check_scarce(const json_t *cell)
{
	const char *id = boot_str(cell, "id");

	ck_assert_msg(!strcmp(boot_str(cell, "outcome"), "pass"), "%s: %s: %s", id,
		      boot_str(cell, "outcome"), boot_str(cell, "reason"));
	ck_assert(json_is_true(json_object_get(json_object_get(cell, "checks"), "grefs-returned")));
	ck_assert_double_eq(boot_metric(cell, "grant_maps"), boot_metric(cell, "grant_unmaps"));
	ck_assert_int_le(counter(cell, "grefs_peak"), 400);
	ck_assert_int_le(counter(cell, "grefs_reserved"), 400);
}

START_TEST(few_references)
{
	static const char *const more[] = {
		"--no-canary", "--only", "binding=iommus", "--only", "bs=1m", "--only",
		"mapping=map", "--domu-args", "xen_grant_dma.max_grefs=400", NULL,
	};
	_cleanup_json_ json_t *result = run_cells("scenarios/iommu.ini", more);

	ck_assert_uint_eq(check_cells(result, check_scarce), 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-iommu");
	TCase *tc = boot_case(suite, "boot-iommu");

	tcase_add_test(tc, both_bindings);
	tcase_add_test(tc, it_is_the_merging);
	tcase_add_test(tc, few_references);
	return lib_check_main(suite);
}
