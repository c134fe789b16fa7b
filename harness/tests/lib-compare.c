// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-compare.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "tests/lib-check.h"
#include "tests/lib-quotes.h"

struct compare_case cc;

void cc_setup(void)
{
	cc.dir = lib_check_tmpdir();
	cc.opts = compare_defaults;
}

void cc_teardown(void)
{
	compare_release(&cc.cmp);
	results_release(&cc.a);
	results_release(&cc.b);
	results_release(&cc.aa);
	fs_remove_tree(cc.dir, NULL);
	free(cc.dir);
}

void cc_put(const char *name, const char *file, const char *text)
{
	_cleanup_free_ char *sub = xasprintf("%s/%s", cc.dir, name);
	_cleanup_free_ char *path = xasprintf("%s/%s", sub, file);
	_cleanup_free_ char *json = quotes(text);
	struct err err = { 0 };

	ck_assert_msg(fs_mkdirs(sub, &err) == 0 &&
		      fs_write_atomic(path, json, strlen(json), 0644, &err) == 0, "%s", err.msg);
}

void cc_load(struct results *r, const char *name, const char *engine, const char *canary,
	     const char *cells)
{
	_cleanup_free_ char *sub = xasprintf("%s/%s", cc.dir, name);
	_cleanup_free_ char *text = xasprintf("{'schema':'grantbench.result/1','scenario':'s',"
					      "'engine':'%s','canary':%s,'host':{},'cells':[%s]}",
					      engine, canary, cells);
	struct err err = { 0 };

	cc_put(name, "result.json", text);
	ck_assert_msg(results_read(sub, r, &err) == 0, "%s", err.msg);
}

void cc_load_exact(struct results *r, const char *name, const char *cells)
{
	cc_load(r, name, "exact", "{'identical':true}", cells);
}

void cc_compare(const struct results *b)
{
	struct err err = { 0 };

	compare_release(&cc.cmp);
	ck_assert_msg(compare_results(&cc.a, b, &cc.opts, &cc.cmp, &err) == 0, "%s", err.msg);
}

void cc_refuse(const struct results *b, const char *want)
{
	struct err err = { 0 };

	ck_assert_int_eq(compare_results(&cc.a, b, &cc.opts, &cc.cmp, &err), -1);
	ck_assert_int_eq(err.code, GB_USAGE);
	ck_assert_msg(strstr(err.msg, want) != NULL, "\"%s\" lacks \"%s\"", err.msg, want);
	ck_assert_ptr_null(cc.cmp.pairs);
}

const struct compare_row *cc_row(const char *metric)
{
	size_t i;

	ck_assert_uint_ge(cc.cmp.nr_pairs, 1);
	for (i = 0; i < cc.cmp.pairs[0].nr_rows; i++)
		if (!strcmp(cc.cmp.pairs[0].rows[i].metric, metric))
			return &cc.cmp.pairs[0].rows[i];
	ck_abort_msg("no row %s", metric);
}

void cc_verdict(const char *metric, enum verdict want)
{
	ck_assert_msg(cc_row(metric)->verdict == want, "%s: %s, want %s", metric,
		      verdict_name(cc_row(metric)->verdict), verdict_name(want));
}

void cc_sentence(const char *want)
{
	ck_assert_msg(strstr(cc.cmp.sentence, want) != NULL, "\"%s\" lacks \"%s\"", cc.cmp.sentence,
		      want);
}

void cc_skipped(const char *what, const char *reason)
{
	size_t i;

	for (i = 0; i < cc.cmp.nr_skips; i++)
		if (!strcmp(cc.cmp.skips[i].what, what) && strstr(cc.cmp.skips[i].reason, reason))
			return;
	ck_abort_msg("%s is not left out with \"%s\"", what, reason);
}

bool cc_warned(const char *text)
{
	size_t i;

	for (i = 0; i < cc.cmp.nr_warnings; i++)
		if (strstr(cc.cmp.warnings[i], text))
			return true;
	return false;
}

void cc_lines_fit(const struct buf *text)
{
	size_t i, line = 0;

	for (i = 0; i < text->size; i++) {
		line = text->data[i] == '\n' ? 0 : line + 1;
		ck_assert_msg(line <= 100, "line over 100 columns: %s", text->data);
		ck_assert_msg((unsigned char)text->data[i] < 0x80, "not ASCII");
	}
}
