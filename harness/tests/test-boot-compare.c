// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ring 3: what the numbers are worth. Kernels that are worse by a known amount,
 * a host that is busy, and many runs of the same thing.
 */
#include <math.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "stats/rng.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"

#define MAPS_PER_IO 4

/* Run the iommus cell of the main job into DIR/name; more: further arguments. */
static void run_cell(const char *name, const char *const *more)
{
	_cleanup_free_ char *out = xasprintf("%s/%s", boot_cli.dir, name), *log = NULL;
	const char *args[24] = { "run", "scenarios/blk-bindings.ini", "-q", "-o", out, "--only",
				 "binding=iommus", "--only", "arch=arm64", "--only",
				 "topology=dom0less" };
	size_t n = 11;
	int status;

	while (more && *more)
		args[n++] = *more++;
	status = cli_run(&boot_cli, args, NULL, RUN_MS, NULL);
	log = cli_log(&boot_cli);
	ck_assert_msg(status == 0, "%s: exit status %d\n%s", name, status, log);
}

/* Compare two runs; the report as JSON, and the exit status. */
static json_t *compare(const char *a, const char *b, int *status)
{
	_cleanup_free_ char *pa = xasprintf("%s/%s", boot_cli.dir, a), *pb = xasprintf("%s/%s", boot_cli.dir, b);
	_cleanup_free_ char *file = xasprintf("%s/compare.json", boot_cli.dir), *log = NULL;
	const char *const args[] = { "compare", pa, pb, "--format", "json", "-o", file, NULL };
	json_t *json;

	unlink(file);
	*status = cli_run(&boot_cli, args, NULL, 60000, NULL);
	json = json_load_file(file, 0, NULL);
	log = cli_log(&boot_cli);
	ck_assert_msg(json != NULL, "compare left no report\n%s", log);
	return json;
}

/* The row of a metric in the only pair. */
static const json_t *row(const json_t *report, const char *metric)
{
	const json_t *rows = json_object_get(json_array_get(json_object_get(report, "pairs"), 0), "metrics");
	const json_t *r;
	size_t i;

	json_array_foreach(rows, i, r)
		if (!strcmp(boot_str(r, "name"), metric))
			return r;
	ck_abort_msg("the report has no metric %s", metric);
	return NULL;
}

static double side(const json_t *r, const char *key)
{
	return json_number_value(json_object_get(r, key));
}

START_TEST(extra_hypercall_per_map)
{
	static const char *const patched[] = {
		"--no-canary", "--test-patch", "guests/linux/test-patches/extra-hypercall-per-map.patch",
		NULL,
	};
	static const char *const base[] = { "--no-canary", NULL };
	_cleanup_json_ json_t *report = NULL;
	const json_t *r;
	int status;

	run_cell("base", base);
	run_cell("worse", patched);
	report = compare("base", "worse", &status);
	ck_assert_int_eq(status, 1);
	r = row(report, "hypercalls_per_io");
	ck_assert_str_eq(boot_str(r, "verdict"), "regressed");
	ck_assert_double_eq(side(r, "b") - side(r, "a"), MAPS_PER_IO);
	r = row(report, "hypercalls.xen_version_per_io");
	ck_assert_str_eq(boot_str(r, "verdict"), "regressed");
	ck_assert_double_eq(side(r, "a"), 0);
	ck_assert_double_eq(side(r, "b"), MAPS_PER_IO);
	/* the guest's hypercalls are not the backend's */
	ck_assert_str_eq(boot_str(row(report, "backend_hypercalls_per_io"), "verdict"), "equivalent");
}
END_TEST

START_TEST(extra_instructions_per_map)
{
	static const char *const patched[] = {
		"--no-canary", "--no-count", "--test-patch",
		"guests/linux/test-patches/extra-2000-insns-per-map.patch", NULL,
	};
	static const char *const base[] = { "--no-canary", "--no-count", NULL };
	_cleanup_json_ json_t *report = NULL;
	const json_t *r;
	double more;
	int status;

	run_cell("base", base);
	run_cell("worse", patched);
	report = compare("base", "worse", &status);
	ck_assert_int_eq(status, 1);
	r = row(report, "instructions_domu_per_io");
	ck_assert_str_eq(boot_str(r, "verdict"), "regressed");
	more = side(r, "b") - side(r, "a");
	/* 1,000 turns of two instructions, and a few around them */
	ck_assert_msg(more >= 2000 * MAPS_PER_IO && more < 2100 * MAPS_PER_IO,
		      "%.1f instructions more per operation", more);
	r = row(report, "blk.randread.lat_mean");
	ck_assert_str_eq(boot_str(r, "verdict"), "regressed");
	more = side(r, "b") - side(r, "a");
	/* as fio sees it: timer ticks fall elsewhere, and Xen's scheduler is between the two */
	ck_assert_msg(more >= 1900 * MAPS_PER_IO && more < 2500 * MAPS_PER_IO, "%.1f ns more", more);
	/* what they count did not change */
	ck_assert_str_eq(boot_str(row(report, "grant_maps_per_io"), "verdict"), "equivalent");
	ck_assert_str_eq(boot_str(row(report, "backend_hypercalls_per_io"), "verdict"), "equivalent");
}
END_TEST

static void digest(const char *name, struct buf *out)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", boot_cli.dir, name);
	const char *const args[] = { "digest", path, NULL };

	ck_assert_int_eq(cli_run(&boot_cli, args, NULL, 60000, out), 0);
	ck_assert_uint_eq(out->size, 65);
}

/* Exact numbers do not care how busy the host is: that is why cells run in parallel. */
START_TEST(same_digest_on_a_busy_host)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN), i;
	_cleanup_free_ pid_t *busy = xcalloc((size_t)n, sizeof(*busy));
	_cleanup_buf_ struct buf idle = BUF_INIT, loaded = BUF_INIT;

	run_cell("idle", NULL);
	for (i = 0; i < n; i++) {
		busy[i] = fork();
		if (busy[i] == 0) {
			volatile unsigned long turns = 0;

			alarm(600);	/* bounded, whatever becomes of the test */
			for (;;)
				turns = turns + 1;
		}
	}
	run_cell("loaded", NULL);
	for (i = 0; i < n; i++) {
		kill(busy[i], SIGKILL);
		waitpid(busy[i], NULL, 0);
	}
	digest("idle", &idle);
	digest("loaded", &loaded);
	ck_assert_str_eq(idle.data, loaded.data);
}
END_TEST

#define SIDE 20
#define SPLITS 25

/* The result with only the seeds of pick, numbered from 1, and nothing that gives the sides away. */
static void write_half(const json_t *whole, const int *pick, const char *name)
{
	_cleanup_json_ json_t *half = json_deep_copy(whole);
	_cleanup_free_ char *dir = xasprintf("%s/%s", boot_cli.dir, name);
	json_t *cell = json_array_get(json_object_get(half, "cells"), 0), *metric;
	_cleanup_free_ char *path = xasprintf("%s/result.json", dir), *text = NULL;
	size_t i, j;

	json_object_del(cell, "inputs_sha256");
	json_object_del(cell, "console_sha256");
	json_array_foreach(json_object_get(cell, "metrics"), i, metric) {
		const json_t *values = json_object_get(metric, "values");
		json_t *chosen = json_array();

		for (j = 0; j < SIDE; j++) {
			json_t *v = json_deep_copy(json_array_get(values, (size_t)pick[j]));

			json_object_set_new(v, "seed", json_integer((json_int_t)j + 1));
			json_array_append_new(chosen, v);
		}
		json_object_set_new(metric, "values", chosen);
	}
	ck_assert_int_eq(fs_mkdirs(dir, NULL), 0);
	text = json_dumps(half, 0);
	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0644, NULL), 0);
}

/*
 * The same machine under forty seeds, split at random into two sides of twenty
 * pairs, again and again: nothing may ever be called better or worse.
 */
START_TEST(aa_is_never_a_difference)
{
	static const char *const seeds[] = {
		"--engine", "seeded", "--seeds", "40", "--no-count", NULL,
	};
	_cleanup_free_ char *path = xasprintf("%s/many/result.json", boot_cli.dir);
	_cleanup_json_ json_t *whole = NULL;
	int order[2 * SIDE], split, i;
	struct rng rng;

	run_cell("many", seeds);
	whole = json_load_file(path, 0, NULL);
	ck_assert_ptr_nonnull(whole);
	rng_init(&rng, 1);
	for (i = 0; i < 2 * SIDE; i++)
		order[i] = i;
	for (split = 0; split < SPLITS; split++) {
		_cleanup_json_ json_t *report = NULL;
		const json_t *rows, *r;
		size_t j;
		int status;

		for (i = 2 * SIDE - 1; i > 0; i--) {
			int k = (int)rng_below(&rng, (uint64_t)i + 1), t = order[i];

			order[i] = order[k];
			order[k] = t;
		}
		write_half(whole, order, "half-a");
		write_half(whole, order + SIDE, "half-b");
		report = compare("half-a", "half-b", &status);
		ck_assert_msg(status == 0, "split %d: exit status %d: %s", split, status,
			      boot_str(report, "sentence"));
		rows = json_object_get(json_array_get(json_object_get(report, "pairs"), 0), "metrics");
		ck_assert_uint_gt(json_array_size(rows), 20);
		json_array_foreach(rows, j, r)
			ck_assert_msg(!strcmp(boot_str(r, "verdict"), "equivalent") ||
				      !strcmp(boot_str(r, "verdict"), "inconclusive"), "split %d: %s is %s",
				      split, boot_str(r, "name"), boot_str(r, "verdict"));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot-compare");
	TCase *tc = boot_case(suite, "compare");

	tcase_add_test(tc, same_digest_on_a_busy_host);
	tcase_add_test(tc, extra_hypercall_per_map);
	tcase_add_test(tc, extra_instructions_per_map);
	tcase_add_test(tc, aa_is_never_a_difference);
	return lib_check_main(suite);
}
