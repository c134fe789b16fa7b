// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What needs the kernel's source: upstream's allocator, cut out of it, and gb-alloc
 * as it is measured with. No machine is booted.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "build/artifact.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/spawn.h"
#include "tests/lib-boot.h"
#include "tests/lib-check.h"
#include "tests/lib-cli.h"

static struct artifact program;

static void setup(void)
{
	struct build_opts opts = { .jobs = 2 };
	struct err err = { 0 };
	struct builder *b;
	static const char *const none[] = { NULL };

	opts.test_patches = none;
	b = builder_new(&opts, &err);
	ck_assert_msg(b != NULL, "%s", err.msg);
	ck_assert_msg(builder_get(b, "alloc-host", &program, &err) == 0, "%s", err.msg);
	builder_free(b);
}

static void teardown(void)
{
	artifact_release(&program);
}

/* Run gb-alloc with these arguments, split at blanks; its status. */
static int gb(const char *line, struct buf *out)
{
	_cleanup_free_ char *copy = xstrdup(line);
	const char *argv[32] = { program.path };
	struct spawn_req req = SPAWN_REQ_INIT;
	struct err err = { 0 };
	char *word, *save = NULL;
	size_t n = 1;

	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	req.argv = argv;
	buf_addstr(out, "");
	if (spawn_run(&req, 300000, out, &err) == 0)
		return 0;
	buf_addstr(out, err.msg);
	return 1;
}

START_TEST(sources_are_named)
{
	static const char *const files[] = {
		"drivers/xen/grant-table.c", "drivers/iommu/iova.c", "drivers/xen/gref-alloc.h",
		"drivers/xen/gref-nextfit.c", "drivers/xen/gref-magazine.c",
		"drivers/xen/grant-dma-domain.c", "drivers/xen/grant-dma.h",
	};
	_cleanup_free_ char *path = xasprintf("%s/sources.json", program.dir);
	_cleanup_json_ json_t *json = json_load_file(path, 0, NULL);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		const char *sha256 = json_string_value(json_object_get(json, files[i]));

		ck_assert_msg(sha256 && strlen(sha256) == 64, "%s", files[i]);
	}
}
END_TEST

/* Expected failures: upstream has each of them, and the day it has not, this says so. */
START_TEST(upstream_defects)
{
	static const struct {
		const char *name, *seen;
	} defects[] = {
		{ "stale-last-free", "gnttab_last_free is 511, the list ends with 8" },
		{ "late-growth", "512 references from 1025 on, in a table of 1536" },
		{ "none-asked", "none are asked for" },
		{ "odd-frames", "3 pages of the list, an array for 2" },
	};
	_cleanup_buf_ struct buf out = BUF_INIT;
	char *line, *save = NULL;
	size_t i = 0;

	ck_assert_int_eq(gb("defects", &out), 0);
	for (line = strtok_r(out.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save), i++) {
		_cleanup_json_ json_t *o = json_loads(line, 0, NULL);

		ck_assert_uint_lt(i, ARRAY_SIZE(defects));
		ck_assert_str_eq(json_string_value(json_object_get(o, "defect")), defects[i].name);
		ck_assert_msg(json_is_true(json_object_get(o, "reproduced")), "%s", line);
		ck_assert_msg(strstr(json_string_value(json_object_get(o, "seen")), defects[i].seen) != NULL,
			      "%s", line);
	}
	ck_assert_uint_eq(i, ARRAY_SIZE(defects));
}
END_TEST

/* Random sequences find the first of them by themselves. */
START_TEST(upstream_model_is_red)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	ck_assert_int_ne(gb("model --variant upstream --requests 20000 --seed 3 --frames 4", &out), 0);
	ck_assert_msg(strstr(out.data, "exit status 1") != NULL, "%s", out.data);
}
END_TEST

/*
 * iova.c's allocator, the only model run that needs the source, against upstream's table:
 * it takes one region, and so meets none of that table's defects.
 */
START_TEST(iommu_model)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	unsigned int seed;

	for (seed = 1; seed <= 5; seed++) {
		_cleanup_free_ char *line = xasprintf("model --variant iommu --requests 20000 --frames 4 "
						      "--max-refs 1024 --seed %u", seed);

		ck_assert_msg(gb(line, &out) == 0, "%s", out.data);
	}
}
END_TEST

/* Counts are exact: two processes say the same. */
START_TEST(counts_are_exact)
{
	static const char *const variants[] = {
		"upstream", "nextfit", "magazine", "iommu", "iommu-iova",
	};
	_cleanup_free_ char *line = xasprintf("run --variant %s --pages 8 --time-ms 1", variants[_i]);
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
	char *end;

	ck_assert_int_eq(gb(line, &a), 0);
	ck_assert_int_eq(gb(line, &b), 0);
	/* what depends on the host comes behind them */
	end = strstr(a.data, ",\"ns\":");
	ck_assert_ptr_nonnull(end);
	ck_assert_msg(!strncmp(a.data, b.data, (size_t)(end - a.data)), "%s%s", a.data, b.data);
	ck_assert_msg((strstr(a.data, "\"rebuilds\":0,") == NULL) == (_i == 0), "%s", a.data);
}
END_TEST

/* A field of what gb-alloc prints. */
static double field(const char *line, const char *name)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_json_ json_t *json = NULL;

	ck_assert_msg(gb(line, &out) == 0, "%s: %s", line, out.data);
	json = json_loads(out.data, 0, NULL);
	ck_assert_msg(json_is_number(json_object_get(json, name)), "%s", out.data);
	return json_number_value(json_object_get(json, name));
}

/* The hooks cost a little beside the allocator behind them, and two locks are a part of both. */
START_TEST(instructions_are_ordered)
{
	double locks = field("insns --variant locks --pages 8 --requests 24", "instructions");
	double nextfit = field("insns --variant nextfit --pages 8 --requests 24", "instructions");
	double hooks = field("insns --variant iommu-iova --pages 8 --requests 24", "instructions");

	ck_assert_double_gt(locks, 20);
	ck_assert_double_gt(nextfit, locks);
	ck_assert_double_gt(hooks, nextfit);
	ck_assert_double_lt(hooks, nextfit + 100);
}
END_TEST

/* The driver's default: 127 runs of 32 pages and no more, of which none is lost. */
START_TEST(small_aperture)
{
	double all = field("run --variant iommu --pages 32 --time-ms 0", "failed");
	double some = field("run --variant iommu --pages 32 --aperture 4095 --time-ms 0", "failed");

	ck_assert_double_eq(all, 0);
	ck_assert_double_gt(some, 0);
	ck_assert_double_eq(field("run --variant iommu --pages 32 --aperture 4095 --inflight 127 "
				  "--time-ms 0", "failed"), 0);
}
END_TEST

/*
 * Upstream's table under threads, and dma-iommu's allocator and its hooks, watched by
 * ThreadSanitizer, whose status is 66. Sequential references only: the list API's defects
 * are known.
 */
START_TEST(no_races)
{
	static const char *const variants[] = { "upstream", "iommu", "iommu-iova" };
	_cleanup_free_ char *path = xasprintf("%s/alloc-threads", program.dir);
	static const char *const seeds[] = { "1", "2", "3" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(seeds); i++) {
		const char *const argv[] = { path, variants[_i], i % 2 ? "4" : "2", "15000", seeds[i],
					     NULL };
		_cleanup_buf_ struct buf out = BUF_INIT;
		struct spawn_req req = SPAWN_REQ_INIT;
		struct err err = { 0 };

		req.argv = argv;
		ck_assert_msg(spawn_run(&req, 300000, &out, &err) == 0, "%s: %s", variants[_i], err.msg);
		ck_assert_msg(strstr(out.data, "allocations") != NULL, "%s", out.data);
	}
}
END_TEST

/* Known-bad: the same with locks that lock nothing. */
START_TEST(races_are_seen)
{
	_cleanup_free_ char *path = xasprintf("%s/alloc-threads-bad", program.dir);
	const char *const argv[] = { path, "upstream", "2", "15000", "1", NULL };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct spawn_req req = SPAWN_REQ_INIT;
	struct err err = { 0 };

	req.argv = argv;
	ck_assert_int_ne(spawn_run(&req, 300000, &out, &err), 0);
	ck_assert_msg(strstr(err.msg, "ThreadSanitizer") || strstr(err.msg, "exit status 66") ||
		      strstr(out.data ? out.data : "", "twice") || strstr(err.msg, "signal"), "%s",
		      err.msg);
}
END_TEST

/* 4 pages stay mapped at its end, and are there when it begins again. */
START_TEST(trace_replayed)
{
	static const char text[] = "# grantbench-trace 1 device=d scenario=s\n"
				   "m 1 4\nm 2 8\nu 2\nm 3 1\nu 3\nm 2 2\nu 2\n";
	_cleanup_free_ char *dir = lib_check_tmpdir();
	_cleanup_free_ char *path = xasprintf("%s/t.trace", dir);
	_cleanup_free_ char *line = xasprintf("run --variant upstream --time-ms 0 --trace %s", path);
	_cleanup_buf_ struct buf out = BUF_INIT;

	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0644, NULL), 0);
	ck_assert_msg(gb(line, &out) == 0, "%s", out.data);
	ck_assert_msg(strstr(out.data, "\"requests\":4,\"failed\":0") != NULL, "%s", out.data);
	ck_assert_msg(strstr(out.data, "\"mapped_peak\":12,") != NULL, "%s", out.data);
	fs_remove_tree(dir, NULL);
}
END_TEST

/* The CLI with these arguments, split at blanks; all must be well. */
static void command(const char *line)
{
	_cleanup_free_ char *copy = xstrdup(line);
	_cleanup_buf_ struct buf out = BUF_INIT;
	const char *args[32];
	char *word, *save = NULL;
	size_t n = 0;

	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		args[n++] = word;
	args[n] = NULL;
	ck_assert_msg(cli_run(&boot_cli, args, NULL, RUN_MS, &out) == 0, "%s: %s", line,
		      cli_log(&boot_cli));
}

/* Recorded in a guest under fio, replayed here on all variants: every map that the driver counted. */
START_TEST(trace_of_a_guest)
{
	_cleanup_json_ json_t *json = NULL, *run = NULL;
	_cleanup_free_ char *file = NULL, *line = NULL;
	const json_t *cell;
	double maps;
	size_t i;

	file = xasprintf("%s/alloc.json", boot_cli.dir);
	line = xasprintf("run scenarios/traces.ini -q --no-canary --only bs=4k -o %s/out", boot_cli.dir);
	command(line);
	run = boot_load("result.json");
	maps = boot_metric(json_array_get(json_object_get(run, "cells"), 0), "grant_maps");
	ck_assert_double_ge(maps, 4 * 500);
	free(line);
	line = xasprintf("alloc --trace %s/out --rounds 6 --format json -q -o %s", boot_cli.dir, file);
	command(line);
	json = json_load_file(file, 0, NULL);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "cells")), 5);
	json_array_foreach(json_object_get(json, "cells"), i, cell) {
		double requests = boot_metric(cell, "requests");

		/* the marks around the timed part are in the trace, and not in the count */
		ck_assert_msg(requests >= maps && requests <= maps + 5 * 4, "%g of %g", requests, maps);
		ck_assert_double_eq(boot_metric(cell, "enospc"), 0);
		ck_assert_ptr_nonnull(strstr(boot_str(cell, "load"), "blk-4k-randrw-qd32"));
	}
}
END_TEST

START_TEST(the_command)
{
	_cleanup_json_ json_t *json = NULL;
	_cleanup_free_ char *file = NULL, *line = NULL;

	file = xasprintf("%s/alloc.json", boot_cli.dir);
	line = xasprintf("alloc --load 128x1 --rounds 6 --format json -q -o %s", file);
	command(line);
	json = json_load_file(file, 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(json, "schema")), "grantbench.alloc/1");
	ck_assert_uint_ge(json_array_size(json_object_get(json, "cells")), 4);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "defects")), 4);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("boot-alloc");
	TCase *tc = tcase_create("alloc-host");

	tcase_set_timeout(tc, 1800);
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sources_are_named);
	tcase_add_test(tc, upstream_defects);
	tcase_add_test(tc, upstream_model_is_red);
	tcase_add_test(tc, iommu_model);
	tcase_add_loop_test(tc, counts_are_exact, 0, 5);
	tcase_add_test(tc, instructions_are_ordered);
	tcase_add_test(tc, small_aperture);
	tcase_add_loop_test(tc, no_races, 0, 3);
	tcase_add_test(tc, races_are_seen);
	tcase_add_test(tc, trace_replayed);
	suite_add_tcase(s, tc);
	tc = boot_case(s, "command");
	tcase_add_test(tc, trace_of_a_guest);
	tcase_add_test(tc, the_command);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
