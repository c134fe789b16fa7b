// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons: pairing, exact numbers, warnings, exit status, words. */
#include <math.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "tests/lib-compare.h"

START_TEST(same_work)
{
	cc_load_exact(&cc.a, "a",
		DEV(M("maps_per_io", "1", "less", 3) ","
			M("kicks", "1", "less", 300) ","
			M("iops", "1/s", "more", 5736.1)) ","
		IOM(M("maps_per_io", "1", "less", 3) ","
			M("kicks", "1", "less", 300) ","
			M("iops", "1/s", "more", 5740.2)));
	cc_compare(NULL);
	ck_assert_str_eq(cc.cmp.by, "binding");	/* the only axis that varies */
	ck_assert_str_eq(cc.cmp.name_a, "dev-domid");
	ck_assert_str_eq(cc.cmp.name_b, "iommus");
	cc_verdict("maps_per_io", VERDICT_EQUIVALENT);
	cc_verdict("iops", VERDICT_BELOW_THRESHOLD);
	ck_assert_int_eq(cc_row("iops")->kind, KIND_TIME);
	ck_assert_int_eq(cc_row("kicks")->kind, KIND_COUNT);
	ck_assert_int_eq(cc.cmp.status, GB_OK);
	ck_assert_uint_eq(cc.cmp.nr_tests, 0);
	ck_assert_str_eq(cc.cmp.sentence,
			 "On the exact engine iommus and dev-domid do the same work "
			 "per I/O: 2 of 2 counts are equal; 1 of 1 emulated time is within 1 %.");
}
END_TEST

/* Neighbouring buckets of fio's histogram are one value; a mean has no buckets. */
START_TEST(buckets)
{
	cc_load_exact(&cc.a, "a",
		DEV(M("blk.randread.lat_p50", "ns", "less", 177152) ","
			M("blk.randread.lat_p90", "ns", "less", 177152) ","
			M("blk.randread.lat_mean", "ns", "less", 177152)) ","
		IOM(M("blk.randread.lat_p50", "ns", "less", 179200) ","
			M("blk.randread.lat_p90", "ns", "less", 181248) ","
			M("blk.randread.lat_mean", "ns", "less", 179200)));
	cc_compare(NULL);
	cc_verdict("blk.randread.lat_p50", VERDICT_BELOW_THRESHOLD);
	ck_assert_ptr_eq(cc_row("blk.randread.lat_p50")->note, compare_bucket);
	cc_sentence("1 is within 1 % or a bucket of fio's histogram, 2 regressed");
	cc_verdict("blk.randread.lat_p90", VERDICT_REGRESSED);
	cc_verdict("blk.randread.lat_mean", VERDICT_REGRESSED);
}
END_TEST

START_TEST(exact_verdicts)
{
	static const struct compare_budget budgets[] = { { "maps", 1 }, { "kicks", 0 } };
	static const struct compare_budget typo[] = { { "mapz", 1 } }, time[] = { { "lat", 1 } };

	cc_load_exact(&cc.a, "a",
		DEV(M("maps", "1", "less", 3) "," M("kicks", "1", "less", 300) ","
			M("reqs", "1", "none", 7) "," M("lat", "ns", "less", 1000) ","
			M("iops", "1/s", "more", 1000) "," M("same", "ns", "less", 5)) ","
		IOM(M("maps", "1", "less", 4) "," M("kicks", "1", "less", 299) ","
			M("reqs", "1", "none", 8) "," M("lat", "ns", "less", 1011) ","
			M("iops", "1/s", "more", 1009) "," M("same", "ns", "less", 5)));
	cc_compare(NULL);
	cc_verdict("maps", VERDICT_REGRESSED);	/* one hypercall more is one too many */
	cc_verdict("kicks", VERDICT_IMPROVED);
	cc_verdict("reqs", VERDICT_DIFFERENT);
	cc_verdict("lat", VERDICT_REGRESSED);	/* 1.1 %, over the threshold */
	cc_verdict("iops", VERDICT_BELOW_THRESHOLD);	/* 0.9 % */
	cc_verdict("same", VERDICT_EQUIVALENT);
	ck_assert_int_eq(cc.cmp.status, GB_REGRESSION);
	cc_sentence("iommus and dev-domid do not do the same work: of 3 counts 1 regressed "
		 "(maps +1 (+33 %)), 1 improved (kicks -1 (-0.33 %)), "
		 "1 is different (reqs +1 (+14 %));");
	cc_sentence("of 3 emulated times 2 are within 1 %, 1 regressed (lat +1.1 %).");
	cc.opts.margin = log(1.05);	/* of paired samples: not for one pair's times */
	cc_compare(NULL);
	cc_verdict("lat", VERDICT_REGRESSED);
	cc.opts.threshold = log(1.02);
	cc_compare(NULL);
	cc_verdict("lat", VERDICT_BELOW_THRESHOLD);
	cc_verdict("maps", VERDICT_REGRESSED);	/* counts have budgets, not percentages */
	cc.opts.budgets = budgets;
	cc.opts.nr_budgets = 2;
	cc_compare(NULL);
	cc_verdict("maps", VERDICT_BELOW_THRESHOLD);
	ck_assert_int_eq(cc.cmp.status, GB_OK);
	cc.opts.budgets = typo;
	cc.opts.nr_budgets = 1;
	compare_release(&cc.cmp);
	cc_refuse(NULL, "budget for mapz: there is no such exact count");
	cc.opts.budgets = time;
	cc_refuse(NULL, "budget for lat");
}
END_TEST

START_TEST(worst_first)
{
	cc_load_exact(&cc.a, "a",
		DEV(M("x", "1", "less", 100) "," M("y", "1", "less", 2)) ","
		IOM(M("x", "1", "less", 101) "," M("y", "1", "less", 3)));
	cc_compare(NULL);
	cc_sentence("of 2 counts 2 regressed (most: y +1 (+50 %)).");
}
END_TEST

#define HASHED(id, binding, inputs, console, value) \
	CELL(id, "'arch':'arm64','binding':'" binding "'", \
	     ",'inputs_sha256':'" inputs "','console_sha256':'" console "'", \
	     M("maps", "1", "less", value) "," M("lat", "ns", "less", 5))

START_TEST(aa)
{
	cc_load_exact(&cc.a, "a",
		HASHED("dev", "dev-domid", SHA_A, SHA_A, 3) ","
		HASHED("iom", "iommus", SHA_B, SHA_A, 4));
	cc_compare(NULL);
	ck_assert(cc.cmp.pairs[0].aa);	/* the same console */
	cc_verdict("maps", VERDICT_INCONCLUSIVE);	/* never a regression */
	cc_verdict("lat", VERDICT_EQUIVALENT);
	ck_assert_str_eq(cc_row("maps")->note, "A/A, and yet it differs");
	ck_assert_int_eq(cc.cmp.status, GB_OK);
	cc_sentence("the same thing ran twice (A/A)");
	results_release(&cc.a);
	cc_load_exact(&cc.a, "a",
		HASHED("dev", "dev-domid", SHA_A, SHA_A, 3) ","
		HASHED("iom", "iommus", SHA_A, SHA_B, 4));
	cc_compare(NULL);
	ck_assert(cc.cmp.pairs[0].aa);	/* the same inputs */
	results_release(&cc.a);
	cc_load_exact(&cc.a, "a",
		HASHED("dev", "dev-domid", SHA_A, SHA_A, 3) ","
		HASHED("iom", "iommus", SHA_B, SHA_B, 4));
	cc_compare(NULL);
	ck_assert(!cc.cmp.pairs[0].aa);
	cc_verdict("maps", VERDICT_REGRESSED);
	/* nor is there a difference to find that would be a test */
	results_release(&cc.a);
	cc_load(&cc.a, "a", "seeded", "{'identical':true}",
		CELL("dev", "'binding':'x'", ",'inputs_sha256':'" SHA_A "'",
			V("m", "seeded", "less", "{'seed':1,'value':2},{'seed':2,'value':3}")) ","
		CELL("iom", "'binding':'y'", ",'inputs_sha256':'" SHA_A "'",
			V("m", "seeded", "less", "{'seed':1,'value':2},{'seed':2,'value':4}")));
	cc_compare(NULL);
	ck_assert_uint_eq(cc.cmp.nr_tests, 0);
	cc_verdict("m", VERDICT_INCONCLUSIVE);
}
END_TEST

START_TEST(aa_of_other_inputs)
{
	cc_load_exact(&cc.a, "a",
		HASHED("dev", "dev-domid", SHA_A, SHA_A, 3) ","
		HASHED("iom", "iommus", SHA_B, SHA_B, 4));
	cc_load_exact(&cc.aa, "aa",
		HASHED("dev", "dev-domid", SHA_B, SHA_A, 3));
	cc.opts.aa = &cc.aa;
	cc_refuse(NULL, "cell dev ran other inputs");
}
END_TEST

static const struct {
	const char *outcome;
	enum gb_exit status;
} outcomes[] = {
	{ "fail", GB_SUBJECT },
	{ "invalid", GB_SUBJECT },
	{ "guest-crash", GB_SUBJECT },
	{ "xen-crash", GB_SUBJECT },
	{ "timeout", GB_SUBJECT },
	{ "infra-error", GB_INFRA },
};

START_TEST(crashes)
{
	_cleanup_free_ char *cells = xasprintf(
		DEV(M("maps", "1", "less", 3)) ","
		CRASH("iom", "'arch':'arm64','binding':'iommus'", "%s"),
		outcomes[_i].outcome);

	cc_load_exact(&cc.a, "a",
			cells);
	cc_compare(NULL);
	ck_assert_uint_eq(cc.cmp.nr_pairs, 0);
	ck_assert_int_eq(cc.cmp.status, outcomes[_i].status);
	cc_skipped("iom", "why");
	cc_sentence("Nothing could be compared: iom: ");
}
END_TEST

START_TEST(crash_beside_regression)
{
	cc_load_exact(&cc.a, "a",
		DEV(M("maps", "1", "less", 3)) "," IOM(M("maps", "1", "less", 4)) ","
		CRASH("none", "'arch':'arm64','binding':'none'", "xen-crash"));
	cc_compare(NULL);
	cc_verdict("maps", VERDICT_REGRESSED);
	ck_assert_int_eq(cc.cmp.status, GB_SUBJECT);
	cc_skipped("none", "xen-crash: why");
	cc_sentence("; 1 entry was not compared.");
}
END_TEST

#define EXPECTED(id, binding, outcome, word, met) \
	"{'id':'" id "','axes':{'arch':'arm64','binding':'" binding "'},'outcome':'" outcome "'," \
	"'reason':'why','expected':{'word':'" word "','reason':'wh','met':" met "},'metrics':[]}"

/* A known defect is no failure of the comparison, and the reader sees how often it was met. */
START_TEST(expected)
{
	_cleanup_buf_ struct buf text = BUF_INIT, md = BUF_INIT;
	_cleanup_json_ json_t *json = NULL;
	const json_t *iommus;

	cc_load_exact(&cc.a, "a",
		DEV(M("maps", "1", "less", 3)) ","
		EXPECTED("iom", "iommus", "fail", "expected-fail", "true") ","
		EXPECTED("none", "none", "pass", "unexpected-pass", "false") ","
		EXPECTED("dummy", "iommus-dummy", "invalid", "refused", "true"));
	cc_compare(NULL);
	ck_assert_int_eq(cc.cmp.status, GB_OK);
	cc_skipped("iom", "expected-fail: why");
	cc_skipped("dummy", "refused: why");
	ck_assert(cc_warned("none was expected to fail, and passed"));
	compare_text(&cc.cmp, &text);
	compare_markdown(&cc.cmp, &md);
	json = compare_json(&cc.cmp);
	cc_lines_fit(&text);
	ck_assert_ptr_nonnull(strstr(text.data, "\n  iommus: 1 expected-fail\n"));
	ck_assert_ptr_nonnull(strstr(text.data, "\n  none: 1 unexpected-pass\n"));
	ck_assert_ptr_nonnull(strstr(md.data, "\n- iommus-dummy: 1 refused\n"));
	iommus = json_object_get(json_object_get(json, "outcomes"), "iommus");
	ck_assert_int_eq(json_integer_value(json_object_get(iommus, "expected-fail")), 1);
}
END_TEST

#define C3(id, binding, bs, value) \
	CELL(id, "'arch':'arm64','binding':'" binding "','bs':'" bs "'", "", \
	     M("maps", "1", "less", value))

START_TEST(pairs_within)
{
	cc_load_exact(&cc.a, "a",
		C3("a4", "x", "4k", 1) "," C3("a64", "x", "64k", 2) ","
		C3("b64", "y", "64k", 2) "," C3("b4", "y", "4k", 1) ","
		C3("c4", "z", "4k", 1) "," C3("c1m", "z", "1m", 1));
	cc_refuse(NULL, "several axes vary, choose one with --by: binding, bs");
	cc.opts.by = "binding";
	cc_compare(NULL);
	ck_assert_uint_eq(cc.cmp.nr_pairs, 3);
	ck_assert_str_eq(cc.cmp.pairs[0].a->id, "a4");
	ck_assert_str_eq(cc.cmp.pairs[0].b->id, "b4");
	ck_assert_str_eq(cc.cmp.pairs[0].label, "binding=y bs=4k");
	ck_assert_str_eq(cc.cmp.pairs[1].b->id, "c4");
	ck_assert_str_eq(cc.cmp.pairs[2].a->id, "a64");
	ck_assert_str_eq(cc.cmp.pairs[2].b->id, "b64");
	ck_assert_str_eq(cc.cmp.name_b, "y, z");
	ck_assert_uint_eq(cc.cmp.nr_skips, 2);
	cc_skipped("a64", "no cell with binding=z is like it otherwise");
	cc_skipped("c1m", "no cell with binding=x is like it otherwise");
	cc_sentence("; all over 3 pairs of cells; 2 entries were not compared.");
	cc.opts.by = "bindng";
	compare_release(&cc.cmp);
	cc_refuse(NULL, "--by bindng: no cell of ");
	cc_refuse(NULL, "has this axis; there are: arch, binding, bs");
}
END_TEST

START_TEST(nothing_varies)
{
	cc_load_exact(&cc.a, "a",
		DEV(M("maps", "1", "less", 3)));
	cc_refuse(NULL, "the cells differ in no axis");
	cc.opts.by = "arch";
	cc_refuse(NULL, "have the same value, arm64");
}
END_TEST

START_TEST(nothing_pairs)
{
	cc_load_exact(&cc.a, "a",
		C3("a", "x", "4k", 1) "," C3("b", "y", "64k", 2));
	cc.opts.by = "bs";
	cc_refuse(NULL, "no two cells can be compared: "
		  "a: no cell with bs=64k is like it otherwise");
}
END_TEST

START_TEST(pairs_across)
{
	cc_load_exact(&cc.a, "a",
		C3("a4", "x", "4k", 1) "," C3("a64", "x", "64k", 1));
	cc_load_exact(&cc.b, "b",
		C3("n64", "x", "64k", 2) "," C3("n1m", "x", "1m", 2));
	cc_compare(&cc.b);
	ck_assert_ptr_null(cc.cmp.by);
	ck_assert_uint_eq(cc.cmp.nr_pairs, 1);
	ck_assert_str_eq(cc.cmp.pairs[0].a->id, "a64");
	ck_assert_str_eq(cc.cmp.pairs[0].b->id, "n64");
	cc_verdict("maps", VERDICT_REGRESSED);
	cc_skipped("A: a4", "no cell of B has the same axes");
	cc_skipped("B: n1m", "no cell of A has the same axes");
	cc_sentence("B and A do not do the same work");
}
END_TEST

START_TEST(other_axes)
{
	cc_load_exact(&cc.a, "a",
		C3("x4", "x", "4k", 1));
	cc_load_exact(&cc.b, "b",
		CELL("y4", "'arch':'arm64','binding':'x','bs':'4k','rw':'read'", "",
			M("maps", "1", "less", 1)));
	cc_refuse(&cc.b, "no cell of B has the same axes");
}
END_TEST

START_TEST(pairs_across_by)
{
	cc_load_exact(&cc.a, "a",
		C3("x4", "x", "4k", 1));
	cc_load_exact(&cc.b, "b",
		C3("y4", "y", "4k", 1) "," C3("y64", "y", "64k", 1));
	cc.opts.by = "binding";
	cc_compare(&cc.b);
	ck_assert_uint_eq(cc.cmp.nr_pairs, 1);
	ck_assert_str_eq(cc.cmp.pairs[0].b->id, "y4");
	ck_assert_str_eq(cc.cmp.name_a, "x");
	ck_assert_str_eq(cc.cmp.name_b, "y");
	results_release(&cc.b);
	cc_load_exact(&cc.b, "b",
		C3("y4", "y", "4k", 1) "," C3("z4", "z", "4k", 1));
	compare_release(&cc.cmp);
	cc_refuse(&cc.b, "more than one cell of B has such axes");
}
END_TEST

START_TEST(metrics_that_do_not_fit)
{
	cc_load_exact(&cc.a, "a",
		DEV(M("only_a", "1", "less", 3) "," M("also_a", "1", "less", 3) "," M("unit", "ns", "less", 3) ","
			M("better", "1", "less", 3) "," M("ok", "1", "less", 3)) ","
		IOM(M("only_b", "1", "less", 3) "," M("unit", "us", "less", 3) ","
			M("better", "1", "more", 3) "," M("ok", "1", "less", 3)));
	cc_compare(NULL);
	ck_assert_uint_eq(cc.cmp.pairs[0].nr_rows, 1);
	ck_assert_uint_eq(cc.cmp.nr_skips, 4);
	/* one entry for all that one side alone has */
	cc_skipped("metrics only_a, also_a", "not with binding = iommus");
	cc_skipped("only_b", "not with binding = dev-domid");
	cc_skipped("unit", "unit ns in A, us in B");
	cc_skipped("better", "better is less in A, more in B");
}
END_TEST

#define ARTIFACT(name, version, sha) "'" name "':{'version':'" version "','sha256':'" sha "'}"
#define MANIFEST(artifacts, cells) \
	"{'schema':'grantbench.manifest/1','artifacts':{" artifacts "},'commands':{}," \
	"'cells':{" cells "}}"

START_TEST(artifacts)
{
	static const char cells[] = DEV(M("maps", "1", "less", 3)) ","
				    IOM(M("maps", "1", "less", 3));

	/* one run: every cell used the same, unless the manifest says otherwise */
	cc_put("a", "manifest.json", MANIFEST(ARTIFACT("qemu", "10.0", SHA_A) ","
					   ARTIFACT("linux-arm64", "6.12", SHA_A) ","
					   ARTIFACT("linux-other", "6.1", SHA_B), ""));
	cc_load_exact(&cc.a, "a",
			cells);
	cc_compare(NULL);
	ck_assert_uint_eq(cc.cmp.nr_warnings, 0);
	results_release(&cc.a);
	cc_put("a", "manifest.json", MANIFEST(ARTIFACT("qemu", "10.0", SHA_A) ","
					   ARTIFACT("linux-arm64", "6.12", SHA_A) ","
					   ARTIFACT("linux-other", "6.1", SHA_B),
					   "'dev':{'artifacts':['qemu','linux-arm64']},"
					   "'iom':{'artifacts':['qemu','linux-other']}"));
	cc_load_exact(&cc.a, "a",
			cells);
	cc_compare(NULL);
	ck_assert_uint_eq(cc.cmp.nr_warnings, 2);
	ck_assert(cc_warned("the sides differ in linux-arm64: A 6.12 (aaaaaaaaaaaa), B none"));
	ck_assert(cc_warned("the sides differ in linux-other: A none, B 6.1 (bbbbbbbbbbbb)"));
	/* two runs: by hash, not by version */
	cc_put("b", "manifest.json", MANIFEST(ARTIFACT("qemu", "10.0", SHA_B) ","
					   ARTIFACT("linux-arm64", "6.12", SHA_A), ""));
	cc_load(&cc.b, "b", "seeded", "{'identical':true}",
			cells);
	cc_compare(&cc.b);
	ck_assert(cc_warned("the sides differ in qemu: "
			    "A 10.0 (aaaaaaaaaaaa), B 10.0 (bbbbbbbbbbbb)"));
	ck_assert(!cc_warned("linux-arm64"));
	ck_assert(cc_warned("the sides differ in the engine: A exact, B seeded"));
	results_release(&cc.b);
	cc_load_exact(&cc.b, "c",
			cells);
	cc_compare(&cc.b);
	ck_assert(cc_warned("no manifest.json beside "));
}
END_TEST

START_TEST(prints)
{
	static const char want[] =
		"metric       unit        A        B  B against A  verdict          n  sees\n"
		"--------------------------------------------------------------------------\n"
		"WARNING: no manifest.json beside ";
	static const char want_rows[] =
		"exact counts: one pair, every difference counts unless there is a budget for it\n"
		"maps_per_io  1           3        4   +1 (+33 %)  regressed        1   any\n"
		"exact emulated time: one pair, QEMU icount (an instruction is 1 ns); "
		"counts from 1 % on\n"
		"iops         1/s   5,736.1  5,740.2     +0.071 %  below threshold  1   any\n"
		"lat          ns    174,337  174,337        equal  equivalent       1   any\n";
	_cleanup_buf_ struct buf text = BUF_INIT, md = BUF_INIT;
	_cleanup_json_ json_t *json = NULL;
	const json_t *metric;

	cc_load_exact(&cc.a, "a",
		DEV(M("iops", "1/s", "more", 5736.1) ","
			M("maps_per_io", "1", "less", 3) ","
			M("lat", "ns", "less", 174337)) ","
		IOM(M("maps_per_io", "1", "less", 4) ","
			M("iops", "1/s", "more", 5740.2) ","
			M("lat", "ns", "less", 174337)));
	cc_compare(NULL);
	compare_text(&cc.cmp, &text);
	cc_lines_fit(&text);
	ck_assert_msg(strstr(text.data, want) != NULL, "%s", text.data);
	ck_assert_msg(strstr(text.data, want_rows) != NULL, "%s", text.data);
	ck_assert(!strncmp(text.data, "s, exact engine, by binding\n  A: dev-domid in ", 46));
	ck_assert_ptr_nonnull(strstr(text.data, "canary: the baseline ran twice, identical\n"));

	compare_markdown(&cc.cmp, &md);
	ck_assert_ptr_nonnull(strstr(md.data, "| maps\\_per\\_io | 1 | 3 | 4 | +1 (+33 %) | "
				     "regressed | 1 | any |\n"));
	ck_assert_ptr_nonnull(strstr(md.data, "| **WARNING: no manifest.json"));
	ck_assert_ptr_nonnull(strstr(md.data, cc.cmp.sentence));

	json = compare_json(&cc.cmp);
	ck_assert_str_eq(json_string_value(json_object_get(json, "schema")), COMPARE_SCHEMA);
	ck_assert_int_eq(json_integer_value(json_object_get(json, "status")), GB_REGRESSION);
	metric = json_array_get(json_object_get(json_array_get(json_object_get(json, "pairs"), 0),
						"metrics"), 1);
	ck_assert_str_eq(json_string_value(json_object_get(metric, "name")), "maps_per_io");
	ck_assert_str_eq(json_string_value(json_object_get(metric, "verdict")), "regressed");
	ck_assert_int_eq(json_integer_value(json_object_get(metric, "difference")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "warnings")), 1);
}
END_TEST

#define WAY(id, binding, allocator, mapping, value) \
	CELL(id, "'binding':'" binding "','allocator':'" allocator "','mapping':'" mapping "'", "", \
	     M("maps", "1", "less", value))
#define NO_WAY(id, binding, allocator, mapping) \
	CRASH(id, "'binding':'" binding "','allocator':'" allocator "','mapping':'" mapping "'", \
	      "not-applicable")

/* A strategy is held against map although it goes with an allocator or binding of its own. */
START_TEST(what_comes_with_it)
{
	cc_load_exact(&cc.a, "a",
		WAY("map", "iommus", "upstream", "map", 8) ","
		NO_WAY("no1", "iommus", "upstream", "persistent") ","
		NO_WAY("no2", "iommus", "upstream", "foreign") ","
		NO_WAY("no3", "iommus", "pool", "map") ","
		WAY("pool", "iommus", "pool", "persistent", 0) ","
		NO_WAY("no4", "none", "upstream", "map") ","
		WAY("foreign", "none", "upstream", "foreign", 1));
	cc.opts.by = "mapping";
	cc_compare(NULL);
	ck_assert_uint_eq(cc.cmp.nr_pairs, 2);
	ck_assert_str_eq(cc.cmp.pairs[0].a->id, "map");
	ck_assert_str_eq(cc.cmp.pairs[0].b->id, "pool");
	ck_assert_str_eq(cc.cmp.pairs[1].a->id, "map");
	ck_assert_str_eq(cc.cmp.pairs[1].b->id, "foreign");
	ck_assert_uint_eq(cc.cmp.nr_skips, 1);	/* once for their reason */
	cc_skipped("4 cells", "not-applicable: why");
	ck_assert_int_eq(cc.cmp.status, GB_OK);
	cc.opts.by = "allocator";
	cc_compare(NULL);
	ck_assert_uint_eq(cc.cmp.nr_pairs, 1);
	ck_assert_str_eq(cc.cmp.pairs[0].b->id, "pool");
	cc_skipped("foreign", "no cell with allocator=pool is like it otherwise");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compare");
	TCase *tc = tcase_create("compare");

	tcase_add_checked_fixture(tc, cc_setup, cc_teardown);
	tcase_add_test(tc, same_work);
	tcase_add_test(tc, buckets);
	tcase_add_test(tc, exact_verdicts);
	tcase_add_test(tc, aa);
	tcase_add_test(tc, aa_of_other_inputs);
	tcase_add_loop_test(tc, crashes, 0, ARRAY_SIZE(outcomes));
	tcase_add_test(tc, crash_beside_regression);
	tcase_add_test(tc, expected);
	tcase_add_test(tc, pairs_within);
	tcase_add_test(tc, nothing_varies);
	tcase_add_test(tc, nothing_pairs);
	tcase_add_test(tc, pairs_across);
	tcase_add_test(tc, other_axes);
	tcase_add_test(tc, pairs_across_by);
	tcase_add_test(tc, worst_first);
	tcase_add_test(tc, what_comes_with_it);
	tcase_add_test(tc, metrics_that_do_not_fit);
	tcase_add_test(tc, artifacts);
	tcase_add_test(tc, prints);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
