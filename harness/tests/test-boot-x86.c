// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3, the x86-64 topology: PV dom0 and PVH domU, both bindings by overlay and
 * forced grants without a tree, all of them interrupted by event channel; version 2
 * of the grant table. And the same interrupt on arm64, in both topologies. A domU
 * that ends in mid-I/O, and a dom0 beside a virtio device that is none of Xen's.
 */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"

/* Run; all cells that can must pass with grants. Returns how many did. */
static size_t run_granted(const char *const *args, int ios)
{
	_cleanup_json_ json_t *result = boot_run(0, args, NULL);
	const json_t *cell;
	size_t i, n = 0;

	boot_check_canary(result);
	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		if (!strcmp(boot_str(cell, "outcome"), "not-applicable"))
			continue;
		boot_check_granted(cell, ios);
		n++;
	}
	return n;
}

START_TEST(bindings)
{
	static const char *const args[] = { "run", "scenarios/blk-x86.ini", NULL };

	ck_assert_uint_eq(run_granted(args, 100), 3);
}
END_TEST

/* Version 2 of the grant table: status frames are mapped, and all grants come back. */
START_TEST(grant_table_v2)
{
	static const char *const args[] = { "run", "scenarios/blk-gnttab.ini", "--no-count", "--only",
					    "gnttab=v2", NULL };

	ck_assert_uint_eq(run_granted(args, 300), 1);
}
END_TEST

/* The backend in a PVH dom0: a grant is mapped once there, not twice. */
START_TEST(pvh_dom0)
{
	static const char *const args[] = { "run", "scenarios/blk-dom0.ini", "--no-count", "--only",
					    "dom0=pvh", NULL };
	_cleanup_json_ json_t *result = NULL;
	const json_t *cell;

	ck_assert_uint_eq(run_granted(args, 300), 1);
	result = boot_load("result.json");
	cell = json_array_get(json_object_get(result, "cells"), 0);
	ck_assert(json_is_true(json_object_get(json_object_get(cell, "checks"), "dom0-kind")));
	ck_assert_double_eq(boot_metric(cell, "backend_grant_hypercalls_per_io"), 8);
}
END_TEST

/* The grant table as an IOMMU, and a pool that is mapped once, behind a PV dom0 and by overlay. */
START_TEST(allocators)
{
	static const char *const args[] = { "run", "scenarios/variants.ini", "--only", "arch=x86_64",
					    "--only", "binding=dev-domid", "--only",
					    "allocator=iommu,pool", NULL };

	ck_assert_uint_eq(run_granted(args, 100), 2);
}
END_TEST

START_TEST(event_channel_on_arm64)
{
	static const char *const args[] = { "run", "scenarios/blk-irq.ini", "--no-count", "--only",
					    "irq=evtchn", NULL };

	ck_assert_uint_eq(run_granted(args, 300), 2);
}
END_TEST

/* The domU crashes, or is destroyed, in mid-I/O: the backend ends in order, nothing mapped. */
START_TEST(disturbed)
{
	static const char *const args[] = { "run", "scenarios/blk-disturb.ini", "--no-canary", NULL };
	_cleanup_json_ json_t *result = boot_run(0, args, NULL);
	const json_t *cell;
	size_t i;

	ck_assert_uint_eq(json_array_size(json_object_get(result, "cells")), 4);
	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		const json_t *checks = json_object_get(cell, "checks");
		json_t *served = json_object_get(json_object_get(cell, "proof"), "requests_served");

		ck_assert_msg(json_is_true(json_object_get(checks, "disturbed")), "%s", boot_str(cell, "id"));
		ck_assert_msg(json_is_true(json_object_get(checks, "backend-end")), "%s", boot_str(cell, "id"));
		ck_assert_msg(json_is_true(json_object_get(checks, "domain-gone")), "%s", boot_str(cell, "id"));
		ck_assert_int_gt(json_integer_value(served), 0);
		ck_assert_int_lt(json_integer_value(served), 20000);
		ck_assert_uint_eq(json_array_size(json_object_get(cell, "metrics")), 0);
	}
}
END_TEST

#define HOST_VIRTIO                                                                    \
	"[scenario]\ncount = no\n[topology]\nhost_virtio = yes\n[variant]\narch = x86_64\n" \
	"topology = xl\n[workload]\nkind = none\n"

/*
 * The series "Fix Linux dom0 boot on a QEMU/KVM virtual machine" (2023): a PV dom0 must
 * not take the virtio devices of the machine it runs on for devices with grants. Fine
 * today; with the fix reverted its driver refuses the device.
 */
START_TEST(own_virtio_of_the_machine)
{
	static const char *const patch[2] = {
		NULL, "guests/linux/test-patches/revert-no-dom0-backend-in-dom0.patch",
	};
	_cleanup_free_ char *ini = xasprintf("%s/host-virtio.ini", boot_cli.dir), *said = NULL;
	const char *const args[] = { "run", ini, "--no-canary", patch[_i] ? "--test-patch" : NULL,
				     patch[_i], NULL };
	_cleanup_json_ json_t *result = NULL;
	struct err err = { 0 };
	const json_t *cell;

	ck_assert_int_eq(fs_write_atomic(ini, HOST_VIRTIO, strlen(HOST_VIRTIO), 0644, &err), 0);
	result = boot_run(_i ? 3 : 0, args, NULL);
	cell = json_array_get(json_object_get(result, "cells"), 0);
	said = boot_cell_file(cell, "dom0.log");
	ck_assert_int_eq(strstr(said, "Using dom0 as backend") != NULL, _i);
	if (!_i)
		return;
	ck_assert_str_eq(boot_str(cell, "outcome"), "fail");
	ck_assert_msg(strstr(boot_str(cell, "reason"), "check host-virtio"), "%s", boot_str(cell, "reason"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-x86");
	TCase *tc = boot_case(suite, "boot-x86");

	tcase_add_test(tc, event_channel_on_arm64);
	tcase_add_test(tc, bindings);
	tcase_add_test(tc, grant_table_v2);
	tcase_add_test(tc, pvh_dom0);
	tcase_add_test(tc, disturbed);
	tcase_add_loop_test(tc, own_virtio_of_the_machine, 0, 2);
	tc = boot_case(suite, "allocators");
	tcase_add_test(tc, allocators);
	return lib_check_main(suite);
}
