// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3: real boots with a network device. Content is verified with all combinations of
 * offloads, round trips are counted, and so are references.
 */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"

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

static json_t *run(const char *scenario, const char *const *more)
{
	return boot_run(0, (const char *const[]){ "run", scenario, NULL }, more);
}

/* a driver domain: test-boot-driver-domain */
static const struct { const char *only; size_t cells; } smoke[] = {
	{ "arch=arm64", 2 },
	{ "arch=x86_64", 1 },
};

START_TEST(round_trips)
{
	const char *const only[] = { "--only", smoke[_i].only, "--only", "topology=dom0less,xl", NULL };
	_cleanup_json_ json_t *result = run("scenarios/net-smoke.ini", only);
	const json_t *cell;
	size_t i, n = 0;

	boot_check_canary(result);
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

static double seconds(const json_t *iperf3, const char *sum)
{
	const json_t *end = json_object_get(iperf3, "end");

	return json_number_value(json_object_get(json_object_get(end, sum), "seconds"));
}

/*
 * Both ends of a stream have the same length of it: an iperf3 whose control connection waits
 * for acknowledgements adds 40 ms to one of 115, and a tick of a kernel's besides.
 */
START_TEST(stream)
{
	static const char *const only[] = { "--only", "arch=arm64", "--only", "topology=dom0less", "--only",
					    "binding=iommus", "--only", "net_test=tcp-up",
					    "--no-count", "--no-canary", NULL };
	_cleanup_json_ json_t *result = run("scenarios/net-bindings.ini", only), *iperf3 = NULL;
	const json_t *cells = json_object_get(result, "cells"), *cell = NULL;
	_cleanup_free_ char *text = NULL;
	size_t i;

	json_array_foreach(cells, i, cell)
		if (!strcmp(boot_str(cell, "outcome"), "pass"))
			break;
	ck_assert_uint_lt(i, json_array_size(cells));
	text = boot_cell_file(cell, "iperf3.json");
	iperf3 = json_loads(text, 0, NULL);
	ck_assert_msg(seconds(iperf3, "sum_sent") > 0.05, "%s", text);
	ck_assert_msg(seconds(iperf3, "sum_received") < seconds(iperf3, "sum_sent") + 0.005, "%s", text);
}
END_TEST

#define IOMMU_NET \
	"[scenario]\ncount = no\n[variant]\nallocator = iommu\ndevice = net\n[workload]\nkind = net\n" \
	"number_ios = 100\n"

/*
 * An unmap that does not end access: unbinding cleans up behind it, and it is seen all the
 * same, by what the table grants and the device does not have in use.
 */
START_TEST(access_not_ended)
{
	static const char *const more[] = { "--test-patch", "guests/linux/test-patches/no-end-access.patch",
					    NULL };
	_cleanup_free_ char *ini = xasprintf("%s/iommu-net.ini", boot_cli.dir);
	struct err err = { 0 };

	ck_assert_int_eq(fs_write_atomic(ini, IOMMU_NET, strlen(IOMMU_NET), 0644, &err), 0);
	boot_expect_failure(ini, more, "invalid", "did not end access");
}
END_TEST

/* Two domUs, two backends, dom0's bridge: what one sends the other gets, and says so. */
START_TEST(two_domus)
{
	static const char *const only[] = { "--only", "arch=arm64", "--only", "net_test=udp-rr",
					    "--only", "binding=iommus", NULL };
	_cleanup_json_ json_t *result = run("scenarios/net-domu.ini", only);
	const json_t *cell = json_array_get(json_object_get(result, "cells"), 0), *other;

	check_cell(cell);
	ck_assert_double_eq(boot_metric(cell, "packets_tx"), 300);
	ck_assert_double_eq(boot_metric(cell, "packets_rx"), 300);
	other = json_object_get(json_object_get(cell, "proof"), "peer");
	ck_assert_int_ge(json_integer_value(json_object_get(other, "packets_tx")), 300);
	ck_assert_int_ge(json_integer_value(json_object_get(other, "packets_rx")), 300);
	ck_assert_int_gt(json_integer_value(json_object_get(other, "ring_addresses_bit63")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(other, "ring_addresses_plain")), 0);
	ck_assert(json_is_true(json_object_get(json_object_get(cell, "checks"), "peer-backend-end")));
}
END_TEST

/* The backend is killed in mid-traffic: nothing stays granted, and bound again the device works. */
START_TEST(backend_killed)
{
	static const char *const only[] = { "--only", "binding=iommus", NULL };
	static const char *const names[] = { "disturbed", "traffic-ended", "recovered", "grefs-returned",
					     "access-ended", "backend-end" };
	_cleanup_json_ json_t *result = run("scenarios/net-restart.ini", only);
	const json_t *cell = json_array_get(json_object_get(result, "cells"), 0);
	const json_t *checks = json_object_get(cell, "checks");
	size_t i;

	ck_assert_str_eq(boot_str(cell, "outcome"), "pass");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		ck_assert_msg(json_is_true(json_object_get(checks, names[i])), "%s", names[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-net");
	TCase *tc = boot_case(suite, "boot-net");

	tcase_add_loop_test(tc, round_trips, 0, ARRAY_SIZE(smoke));
	tcase_add_test(tc, stream);
	tcase_add_test(tc, access_not_ended);
	tcase_add_test(tc, two_domus);
	tcase_add_test(tc, backend_killed);
	return lib_check_main(suite);
}
