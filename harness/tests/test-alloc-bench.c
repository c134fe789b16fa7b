// SPDX-License-Identifier: GPL-2.0-or-later
/* The native benchmark around a gb-alloc that says what it is told, and its command line. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/bench.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "tests/lib-cli.h"

static volatile sig_atomic_t stop;

static int run(const char *mode, const char *const *loads, const char *const *traces,
	       struct bench *b, struct err *err)
{
	_cleanup_free_ char *dir = fs_program_dir();
	_cleanup_free_ char *program = xasprintf("%s/fake-gb-alloc", dir);
	struct bench_opts opts = { .program = program, .rounds = 12, .seed = 1, .loads = loads,
				   .traces = traces, .interrupted = &stop };

	setenv("FAKE_ALLOC", mode, 1);
	return bench_run(&opts, b, err);
}

static const char *const two[] = { "128x8", "128x32-held-late", NULL };

START_TEST(numbers)
{
	struct bench b;
	struct err err = { 0 };
	const struct bench_cell *c;

	ck_assert_msg(run("", two, NULL, &b, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(b.nr_variants, 2);
	c = bench_find(&b, "128x8", "nextfit");
	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(c->counts.requests, 1000);
	ck_assert_uint_eq(c->counts.words_max, 7);
	ck_assert(!c->counts_differ);
	/* 13 against 300, less the 3 of the load itself */
	ck_assert_double_eq_tol(c->median_ns, 10, 1);
	ck_assert_double_eq_tol(exp(-c->effect.estimate), 29.7, 2);
	ck_assert_int_eq(c->verdict, VERDICT_IMPROVED);
	ck_assert_uint_eq(c->irqs_off.nr, 36);
	ck_assert_uint_eq(c->irqs_off.max, 513);
	ck_assert_double_eq_tol(c->instructions, 205, 1e-9);
	ck_assert(isnan(bench_find(&b, "128x32-held-late", "nextfit")->instructions));
	bench_release(&b);
}
END_TEST

static const struct claim *find_claim(const struct bench *b, const char *what, struct claim *c)
{
	size_t i;

	for (i = 0; bench_claim(b, i, c); i++)
		if (strstr(c->what, what))
			return c;
	ck_abort_msg("no claim %s", what);
	return NULL;
}

START_TEST(claims)
{
	static const struct {
		const char *mode, *what;
		enum claim_state state;
	} cases[] = {
		{ "", "nextfit takes at most 1/20", CLAIM_MET },
		{ "slow", "nextfit takes at most 1/20", CLAIM_UNMET },
		{ "cannot", "nextfit takes at most 1/20", CLAIM_NOT_APPLICABLE },
		{ "", "magazine takes at most 1/40", CLAIM_NOT_APPLICABLE },
		{ "", "nextfit succeeds", CLAIM_MET },
		{ "", "work in proportion", CLAIM_MET },
		{ "cannot", "work in proportion", CLAIM_NOT_APPLICABLE },
		/* it was not among the loads */
		{ "", "single pages: nextfit", CLAIM_NOT_APPLICABLE },
	};
	struct bench b;
	struct err err = { 0 };
	struct claim c;

	ck_assert_msg(run(cases[_i].mode, two, NULL, &b, &err) == 0, "%s", err.msg);
	ck_assert_msg(find_claim(&b, cases[_i].what, &c)->state == cases[_i].state, "%s: %s", c.what,
		      c.found);
	ck_assert_uint_gt(strlen(c.found), 0);
	bench_release(&b);
}
END_TEST

START_TEST(all_formats)
{
	static const char *const words[] = { "128x8", "nextfit", "improved", "exact", "noisy", "95 %",
					     "met", "a crash", "abc123", "drivers/xen/x.c" };
	_cleanup_buf_ struct buf text = BUF_INIT, md = BUF_INIT;
	_cleanup_json_ json_t *json = NULL;
	struct bench b;
	struct err err = { 0 };
	size_t i;

	ck_assert_msg(run("cannot", two, NULL, &b, &err) == 0, "%s", err.msg);
	bench_release(&b);
	ck_assert_msg(run("", two, NULL, &b, &err) == 0, "%s", err.msg);
	b.program_sha256 = xstrdup("abc123");
	b.kernel = xstrdup("6.12");
	b.sources = json_pack("{s:s}", "drivers/xen/x.c", "def456");
	bench_text(&b, &text);
	bench_markdown(&b, &md);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		ck_assert_msg(strstr(text.data, words[i]) != NULL, "%s is not in\n%s", words[i],
			      text.data);
		ck_assert_msg(strstr(md.data, words[i]) != NULL, "%s is not in\n%s", words[i], md.data);
	}
	json = bench_json(&b);
	ck_assert_str_eq(json_string_value(json_object_get(json, "schema")), BENCH_SCHEMA);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "cells")), 4);
	bench_release(&b);
}
END_TEST

START_TEST(counts_that_differ)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct bench b;
	struct err err = { 0 };

	ck_assert_msg(run("differ", two, NULL, &b, &err) == 0, "%s", err.msg);
	ck_assert(bench_find(&b, "128x8", "nextfit")->counts_differ);
	b.program_sha256 = xstrdup("");
	b.kernel = xstrdup("");
	b.sources = json_object();
	bench_text(&b, &text);
	/* then they are called what they are */
	ck_assert_ptr_null(strstr(text.data, "nextfit   exact"));
	bench_release(&b);
}
END_TEST

START_TEST(failures)
{
	static const struct {
		const char *mode, *load, *what;
		enum gb_exit code;
		bool stop;
	} cases[] = {
		{ "crash", "128x8", "128x8, null: ", GB_SUBJECT, false },
		{ "garbage", "128x8", "something else than a measurement", GB_INFRA, false },
		{ "", "128x9", "there is no load 128x9", GB_USAGE, false },
		{ "", "128x8", "interrupted after 0 of", GB_INFRA, true },
	};
	const char *const loads[] = { cases[_i].load, NULL };
	struct bench b = { .rounds = 77 };
	struct err err = { 0 };

	stop = cases[_i].stop;
	ck_assert_int_lt(run(cases[_i].mode, loads, NULL, &b, &err), 0);
	ck_assert_msg(strstr(err.msg, cases[_i].what) != NULL, "%s", err.msg);
	ck_assert_int_eq(err_exit(&err), cases[_i].code);
	ck_assert_uint_eq(b.rounds, 77);
}
END_TEST

START_TEST(traces)
{
	static const char good[] = "# grantbench-trace 1 device=d scenario=s\nm 1 4\nu 1\n";
	_cleanup_free_ char *dir = lib_check_tmpdir();
	_cleanup_free_ char *path = xasprintf("%s/one.trace", dir);
	const char *const list[] = { path, NULL };
	struct bench b;
	struct err err = { 0 };

	ck_assert_int_eq(fs_write_atomic(path, good, strlen(good), 0644, &err), 0);
	ck_assert_msg(run("", NULL, list, &b, &err) == 0, "%s", err.msg);
	/* alone, since nothing else was asked for */
	ck_assert_uint_eq(b.nr_loads, 1);
	ck_assert_str_eq(b.loads[0].name, "one.trace");
	ck_assert_msg(strstr(b.loads[0].what, "device d, scenario s, 1 maps") != NULL, "%s",
		      b.loads[0].what);
	bench_release(&b);
	fs_remove_tree(dir, NULL);
}
END_TEST

START_TEST(command_line)
{
	static const struct {
		const char *line;
		int status;
		const char *what;
	} cases[] = {
		{ "alloc --help", 0, "usage: grantbench alloc" },
		{ "alloc --list", 0, "128x8-grown" },
		{ "alloc more", 2, "no argument is expected" },
		{ "alloc --rounds 5", 2, "not a number from 6 to 200" },
		{ "alloc --rounds 12x", 2, "not a number" },
		{ "alloc --seed -1", 2, "not a number" },
		{ "alloc --format xml", 2, "not text, md or json" },
		{ "alloc --trace bad.trace", 2, "bad.trace: line 3: the id is not mapped" },
		{ "alloc --trace cut.trace", 2, "cut.trace: line 2: the last line has no end" },
		{ "alloc --trace none.trace", 2, "none.trace" },
	};
	static const char bad[] = "# grantbench-trace 1 device=d scenario=s\nm 1 4\nu 2\n";
	static const char cut[] = "# grantbench-trace 1 device=d scenario=s\nm 1 4";
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_free_ char *bad_path = NULL, *cut_path = NULL;
	struct cli cli;

	cli_setup(&cli);
	cli.in_dir = true;
	bad_path = xasprintf("%s/bad.trace", cli.dir);
	cut_path = xasprintf("%s/cut.trace", cli.dir);
	ck_assert_int_eq(fs_write_atomic(bad_path, bad, strlen(bad), 0644, NULL), 0);
	ck_assert_int_eq(fs_write_atomic(cut_path, cut, strlen(cut), 0644, NULL), 0);
	ck_assert_int_eq(cli_line(&cli, cases[_i].line, NULL, &out), cases[_i].status);
	ck_assert_msg(strstr(out.data, cases[_i].what) != NULL, "%s", out.data);
	cli_teardown(&cli);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("alloc-bench");
	TCase *tc = tcase_create("bench");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, numbers);
	tcase_add_loop_test(tc, claims, 0, 8);
	tcase_add_test(tc, all_formats);
	tcase_add_test(tc, counts_that_differ);
	tcase_add_loop_test(tc, failures, 0, 4);
	tcase_add_test(tc, traces);
	suite_add_tcase(s, tc);
	tc = tcase_create("command line");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, command_line, 0, 10);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
