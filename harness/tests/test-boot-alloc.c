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

/* iova.c's allocator, the only model run that needs the source, against upstream's table. */
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
	static const char *const variants[] = { "upstream", "nextfit", "magazine", "iommu" };
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

START_TEST(the_command)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_json_ json_t *json = NULL;
	_cleanup_free_ char *file = NULL, *line = NULL;
	struct cli cli;

	cli_setup(&cli);
	file = xasprintf("%s/alloc.json", cli.dir);
	line = xasprintf("alloc --load 128x1 --rounds 6 --format json -q -o %s", file);
	{
		_cleanup_free_ char *copy = xstrdup(line);
		const char *args[16];
		char *word, *save = NULL;
		size_t n = 0;

		for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
			args[n++] = word;
		args[n] = NULL;
		ck_assert_msg(cli_run(&cli, args, NULL, 300000, &out) == 0, "%s", out.data);
	}
	json = json_load_file(file, 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(json, "schema")), "grantbench.alloc/1");
	ck_assert_uint_ge(json_array_size(json_object_get(json, "cells")), 4);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "defects")), 4);
	cli_teardown(&cli);
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
	tcase_add_loop_test(tc, counts_are_exact, 0, 4);
	tcase_add_test(tc, trace_replayed);
	tcase_add_test(tc, the_command);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
