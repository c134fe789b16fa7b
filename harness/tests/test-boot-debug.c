// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3, what is not measured but looked into: a kernel that proves its locks, and perf in
 * the guests.
 */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"

/* Was it that kernel? Its validator says so when it starts. */
static void check_lockdep(const json_t *cell)
{
	_cleanup_free_ char *dom0 = boot_cell_file(cell, "dom0.log"), *domu = boot_cell_file(cell, "domu.log");

	ck_assert_ptr_nonnull(strstr(dom0, "Lock dependency validator"));
	ck_assert_ptr_nonnull(strstr(domu, "Lock dependency validator"));
}

/* Verified traffic with all offloads, and disks with each allocator that has locks. */
static const char *const proven[][16] = {
	{ "run", "net-smoke", "--only", "arch=arm64", "--only", "topology=dom0less" },
	{ "run", "allocators", "--only", "arch=arm64", "--only", "topology=dom0less", "--only",
	  "allocator=nextfit,magazine,iommu,iommu-iova", "--only", "bs=4k", "--only", "rw=randread",
	  "--only", "iodepth=32" },
};

START_TEST(lockdep)
{
	static const char *const more[] = { "--debug", "lockdep", "--no-count", "--no-canary", NULL };
	_cleanup_json_ json_t *result = boot_run(0, proven[_i], more);
	const json_t *cell;
	size_t i, passed = 0;

	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		if (!strcmp(boot_str(cell, "outcome"), "not-applicable"))
			continue;
		ck_assert_str_eq(boot_str(cell, "outcome"), "pass");
		check_lockdep(cell);
		passed++;
	}
	ck_assert_uint_ge(passed, 1);
}
END_TEST

/* What such a kernel finds ends the cell: a map that might sleep where nothing may. */
START_TEST(lockdep_is_heard)
{
	boot_expect_failure("blk-smoke",
			    (const char *const[]){ "--debug", "lockdep", "--test-patch",
						   "guests/linux/test-patches/sleep-in-map.patch",
						   "--only", "topology=dom0less", "--only", "binding=iommus", NULL },
			    "fail", "WARNING: suspicious RCU usage");
}
END_TEST

START_TEST(perf_record)
{
	_cleanup_free_ char *folded = NULL, *path = xasprintf("%s/perf.ini", boot_cli.dir);
	_cleanup_free_ char *job = xasprintf("%s/blk-randread.fio", boot_cli.dir);
	static const char text[] =
		"[scenario]\ncount = no\n[topology]\ndom0_mem_mib = 512\ndomu_mem_mib = 192\n"
		"[workload]\nnumber_ios = 1000\nperf = record\n";
	const char *const args[] = { "run", path, NULL };
	static const char *const domains[] = { "dom0", "domu" };
	_cleanup_json_ json_t *result = NULL;
	const json_t *cell, *one;
	struct err err = { 0 };
	size_t i;

	ck_assert_msg(fs_copy("scenarios/blk-randread.fio", job, &err) == 0, "%s", err.msg);
	ck_assert_msg(fs_write_atomic(path, text, strlen(text), 0644, &err) == 0, "%s", err.msg);
	result = boot_run(0, args, NULL);
	/* samples are a function of the instructions: two runs have the same */
	boot_check_canary(result);
	cell = json_array_get(json_object_get(result, "cells"), 0);
	ck_assert_str_eq(boot_str(cell, "outcome"), "pass");
	for (i = 0; i < ARRAY_SIZE(domains); i++) {
		one = json_object_get(json_object_get(cell, "perf"), domains[i]);
		/* 1000 reads of some 180 us, 999 samples per second */
		ck_assert_int_ge(json_integer_value(json_object_get(one, "samples")), 150);
		ck_assert_int_lt(json_integer_value(json_object_get(one, "samples")), 1000);
		ck_assert_uint_gt(json_array_size(json_object_get(one, "top")), 5);
	}
	/* dom0 maps and unmaps through gntdev; that is most of what it does */
	folded = boot_cell_file(cell, "perf-dom0.folded");
	ck_assert_ptr_nonnull(strstr(folded, "gntdev_"));
	ck_assert_ptr_nonnull(strstr(folded, "HYPERVISOR_grant_table_op"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-debug");
	TCase *tc = boot_case(suite, "boot-debug");

	tcase_add_loop_test(tc, lockdep, 0, ARRAY_SIZE(proven));
	tcase_add_test(tc, lockdep_is_heard);
	tcase_add_test(tc, perf_record);
	return lib_check_main(suite);
}
