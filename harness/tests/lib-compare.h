/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of comparisons share: two sides written as JSON (with ' for "),
 * read back and compared, and assertions about what came out.
 */
#ifndef GRANTBENCH_TESTS_LIB_COMPARE_H
#define GRANTBENCH_TESTS_LIB_COMPARE_H

#include "report/compare.h"

/* The case at hand; the fixtures make and release it. */
extern struct compare_case {
	char *dir;			/* temporary */
	struct results a, b, aa;
	struct compare_opts opts;	/* the defaults, for the test to change */
	struct compare cmp;
} cc;

void cc_setup(void);
void cc_teardown(void);

/* Write dir/name/file. */
void cc_put(const char *name, const char *file, const char *text);

/* Write dir/name/result.json and read it. canary: JSON. */
void cc_load(struct results *r, const char *name, const char *engine, const char *canary,
	     const char *cells);
void cc_load_exact(struct results *r, const char *name, const char *cells);

/* Compare cc.a with b (NULL: within), or expect a refusal with these words. */
void cc_compare(const struct results *b);
void cc_refuse(const struct results *b, const char *want);

/* Of the first pair. */
const struct compare_row *cc_row(const char *metric);
void cc_verdict(const char *metric, enum verdict want);

void cc_sentence(const char *want);		/* the sentence has these words */
void cc_skipped(const char *what, const char *reason);
bool cc_warned(const char *text);
void cc_lines_fit(const struct buf *text);	/* 100 columns of ASCII */

#define CELL(id, axes, more, metrics) \
	"{'id':'" id "','axes':{" axes "},'outcome':'pass'" more ",'metrics':[" metrics "]}"
#define CRASH(id, axes, outcome) \
	"{'id':'" id "','axes':{" axes "},'outcome':'" outcome "','reason':'why','metrics':[]}"
#define DEV(metrics) CELL("dev", "'arch':'arm64','binding':'dev-domid'", "", metrics)
#define IOM(metrics) CELL("iom", "'arch':'arm64','binding':'iommus'", "", metrics)
#define M(name, unit, better, value) \
	"{'name':'" name "','unit':'" unit "','class':'exact','better':'" better "'," \
	"'value':" #value "}"
#define V(name, class, better, values) \
	"{'name':'" name "','unit':'1/s','class':'" class "','better':'" better "','value':1," \
	"'values':[" values "]}"
#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#endif
