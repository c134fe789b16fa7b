// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3: real boots. Runs build/grantbench as a person would and looks at what
 * it leaves: both topologies with both bindings, then faults put in on purpose,
 * which must be seen for the right reason.
 *
 * Needs the artifacts (built here if the cache is cold) and several minutes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"
#include "tests/lib-cli.h"

/* The harness itself is to take less than 2 % of the run's CPU time and 64 MiB. */
static void check_harness(const json_t *result)
{
	const json_t *h = json_object_get(json_object_get(result, "host"), "harness");
	double own = json_number_value(json_object_get(h, "cpu_seconds"));
	double machines = json_number_value(json_object_get(h, "children_cpu_seconds"));

	ck_assert_msg(own > 0 && own < 0.02 * (own + machines), "%.3f s of %.3f s", own, own + machines);
	ck_assert_int_gt(json_integer_value(json_object_get(h, "peak_rss_bytes")), 0);
	ck_assert_int_lt(json_integer_value(json_object_get(h, "peak_rss_bytes")), 64 << 20);
}

START_TEST(both_topologies_and_bindings)
{
	static const char *const args[] = { "run", "scenarios/blk-smoke.ini", NULL };
	_cleanup_json_ json_t *result = boot_run(0, args, NULL), *manifest = boot_load("manifest.json");
	const json_t *cell;
	size_t i;

	boot_check_schema("manifest", manifest);
	boot_check_canary(result);
	check_harness(result);
	ck_assert_uint_eq(json_array_size(json_object_get(result, "cells")), 4);
	json_array_foreach(json_object_get(result, "cells"), i, cell)
		boot_check_granted(cell, 100);
}
END_TEST

/* One cell of blk-smoke that must not pass; the reason must hold want. */
static void expect_failure(const char *const *more, const char *outcome, const char *want)
{
	boot_expect_failure("scenarios/blk-smoke.ini", more, outcome, want);
}

/* e433715b1165 reverted: buffers that cross a page lose their last grant. */
START_TEST(page_offset_ignored_is_seen)
{
	static const char *const more[] = {
		"--only", "topology=dom0less", "--only", "binding=iommus", "--test-patch",
		"guests/linux/test-patches/revert-e433715b1165.patch", NULL,
	};

	expect_failure(more, "fail", "verify");
}
END_TEST

/* Ctrl-C in the middle: the line that is printed, pasted into a shell, finishes the run. */
START_TEST(interrupted_and_resumed)
{
	static const char said[] = "not finished; go on with: ";
	_cleanup_free_ char *bin = xstrndup(boot_cli.program, (size_t)(strrchr(boot_cli.program, '/') - boot_cli.program));
	_cleanup_free_ char *first = NULL, *second = NULL, *log = NULL, *end = NULL;
	_cleanup_json_ json_t *result = NULL;
	char *line;
	int status;

	first = xasprintf("timeout -s INT 2 %s run scenarios/blk-smoke.ini --only topology=dom0less "
			  "-o %s/out -j 1 >%s/log 2>&1", boot_cli.program, boot_cli.dir, boot_cli.dir);
	/* timeout's own status is 124, whatever the program's was */
	status = system(first);
	log = cli_log(&boot_cli);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 124, "status %d\n%s", status, log);
	line = strstr(log, said);
	ck_assert_msg(line != NULL, "no line that goes on:\n%s", log);
	line += strlen(said);
	line[strcspn(line, "\n")] = 0;
	second = xasprintf("PATH=%s:$PATH; %s >%s/log 2>&1", bin, line, boot_cli.dir);
	status = system(second);
	end = cli_log(&boot_cli);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %d\n%s", second,
		      status, end);
	result = boot_load("result.json");
	boot_check_schema("result", result);
	/* the options went along: two cells, not four */
	ck_assert_uint_eq(json_array_size(json_object_get(result, "cells")), 2);
	boot_check_canary(result);
}
END_TEST

/* The thread's timeout: the kernel waits it out, says so, and goes on without the IOMMU. */
START_TEST(deferred_probe_timeout_is_waited_out)
{
	static const char *const args[] = { "run", "scenarios/probe-time.ini", "--no-canary", "--only",
					    "binding=iommus,iommus-nostub", "--only", "mapping=map", NULL };
	_cleanup_json_ json_t *result = boot_run(0, args, NULL);
	const json_t *cell;
	size_t i;

	ck_assert_uint_eq(json_array_size(json_object_get(result, "cells")), 4);
	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		const json_t *axes = json_object_get(cell, "axes");
		bool stub = !strcmp(boot_str(axes, "binding"), "iommus");
		bool patient = !strcmp(boot_str(axes, "deferred_probe_timeout"), "default");
		const char *gave_up = boot_str(json_object_get(cell, "proof"), "gave_up");
		double first = boot_metric(cell, "probe.first_request");

		ck_assert_msg(!strcmp(boot_str(cell, "outcome"), "pass"), "%s: %s", boot_str(cell, "id"),
			      boot_str(cell, "reason"));
		ck_assert_msg(stub == !*gave_up, "%s: gave up \"%s\"", boot_str(cell, "id"), gave_up);
		ck_assert_msg(stub == (boot_metric(cell, "probe.deferrals") == 0), "%s", boot_str(cell, "id"));
		/* Linux' default is 10 s from the end of the initcalls */
		ck_assert_msg(!stub && patient ? first > 10e9 && first < 11e9 : first < 1e9,
			      "%s: first request after %.0f ns", boot_str(cell, "id"), first);
	}
}
END_TEST

/* Without the stub driver the device waits for an IOMMU that never comes. */
START_TEST(missing_stub_is_a_deferred_probe)
{
	static const char *const more[] = {
		"--only", "topology=xl", "--only", "binding=iommus", "--domu-args",
		"initcall_blacklist=grant_dma_iommu_init deferred_probe_timeout=1000", NULL,
	};

	expect_failure(more, "fail", "deferred probe");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot");
	TCase *tc = boot_case(suite, "boot");

	tcase_add_test(tc, both_topologies_and_bindings);
	tcase_add_test(tc, missing_stub_is_a_deferred_probe);
	tcase_add_test(tc, deferred_probe_timeout_is_waited_out);
	tcase_add_test(tc, interrupted_and_resumed);
	tcase_add_test(tc, page_offset_ignored_is_seen);
	return lib_check_main(suite);
}
