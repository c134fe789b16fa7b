// SPDX-License-Identifier: GPL-2.0-or-later
/* Histogram, traces, and the cutting of functions out of C files. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "alloc/hdr.h"
#include "alloc/trace.h"
#include "build/cut.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "tests/lib-check.h"

START_TEST(hdr_buckets)
{
	size_t i;
	uint64_t v;

	/* they follow each other without a gap, and each value is in its own */
	for (i = 0; i + 1 < HDR_BUCKETS; i++) {
		ck_assert_uint_le(hdr_lower(i), hdr_upper(i));
		ck_assert_uint_eq(hdr_upper(i) + 1, hdr_lower(i + 1));
		ck_assert_uint_eq(hdr_bucket(hdr_lower(i)), i);
		ck_assert_uint_eq(hdr_bucket(hdr_upper(i)), i);
		/* relative width: 1/32 */
		ck_assert_uint_le(hdr_upper(i) - hdr_lower(i), hdr_lower(i) / 32);
	}
	for (v = 1; v < UINT64_MAX / 3; v = v * 3 + 1)
		ck_assert_uint_lt(hdr_bucket(v), HDR_BUCKETS);
	ck_assert_uint_eq(hdr_bucket(UINT64_MAX), HDR_BUCKETS - 1);
}
END_TEST

START_TEST(hdr_quantiles)
{
	static struct hdr h, sum;
	uint64_t v;

	ck_assert_uint_eq(hdr_quantile(&h, 0.5), 0);
	for (v = 1; v <= 1000; v++)
		hdr_add(&h, v);
	ck_assert_uint_eq(hdr_quantile(&h, 0.05), 50);
	ck_assert_uint_ge(hdr_quantile(&h, 0.5), 500);
	ck_assert_uint_le(hdr_quantile(&h, 0.5), 516);
	ck_assert_uint_eq(hdr_quantile(&h, 1), 1000);
	hdr_add_many(&h, 1u << 30, 1000000);
	ck_assert_uint_eq(h.nr, 1001000);
	ck_assert_uint_eq(hdr_quantile(&h, 0.999), 1u << 30);
	hdr_merge(&sum, &h);
	hdr_merge(&sum, &h);
	ck_assert_uint_eq(sum.nr, 2 * h.nr);
	ck_assert_uint_eq(sum.max, 1u << 30);
	hdr_add(&h, UINT64_MAX);
	ck_assert_uint_eq(hdr_quantile(&h, 1), UINT64_MAX);
}
END_TEST

#define HEAD "# grantbench-trace 1 device=2000000.virtio scenario=blk-randread\n"

START_TEST(trace_good)
{
	static const char text[] = HEAD "m 7 1\nm 18446744073709551615 8\nu 7\nm 3 2\nm 7 4\nu 3\n";
	struct trace_error where;
	struct trace t;

	ck_assert_int_eq(trace_parse(text, strlen(text), &t, &where), 0);
	ck_assert_str_eq(t.device, "2000000.virtio");
	ck_assert_str_eq(t.scenario, "blk-randread");
	ck_assert_uint_eq(t.nr_events, 6);
	ck_assert_uint_eq(t.nr_maps, 4);
	ck_assert_uint_eq(t.nr_slots, 3);
	ck_assert_uint_eq(t.pages_peak, 14);
	/* 3 takes the place that 7 left; 7 comes back in a third */
	ck_assert_uint_eq(t.events[3].slot, t.events[0].slot);
	ck_assert_uint_eq(t.events[2].pages, 0);
	ck_assert_uint_eq(t.events[4].pages, 4);
	ck_assert_uint_eq(t.events[4].slot, 2);
	trace_release(&t);
}
END_TEST

/* Ids by the thousand, so that their table grows and is swept. */
START_TEST(trace_long)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct trace_error where;
	struct trace t;
	unsigned int i;

	buf_addstr(&text, HEAD);
	for (i = 0; i < 20000; i++) {
		buf_addf(&text, "m %u 1\n", i);
		if (i >= 300)
			buf_addf(&text, "u %u\n", i - 300);
	}
	ck_assert_int_eq(trace_parse(text.data, text.size, &t, &where), 0);
	ck_assert_uint_eq(t.nr_maps, 20000);
	ck_assert_uint_eq(t.nr_slots, 301);
	ck_assert_uint_eq(t.pages_peak, 301);
	trace_release(&t);
}
END_TEST

static const struct {
	const char *text;
	size_t line;
	const char *what;
} bad_traces[] = {
	{ "", 1, "not a trace" },
	{ "m 1 1\n", 1, "not a trace" },
	{ "# grantbench-trace 2 device=a scenario=b\nm 1 1\n", 1, "not a trace" },
	{ "# grantbench-trace 1 scenario=b device=a\nm 1 1\n", 1, "device=" },
	{ "# grantbench-trace 1 device= scenario=b\nm 1 1\n", 1, "device=" },
	{ "# grantbench-trace 1 device=a\033[m scenario=b\nm 1 1\n", 1, "device=" },
	{ "# grantbench-trace 1 device=a\nm 1 1\n", 1, "scenario=" },
	{ "# grantbench-trace 1 device=a scenario=b c\nm 1 1\n", 1, "behind the scenario" },
	{ HEAD, 0, "no map" },
	{ HEAD "\n", 2, "neither" },
	{ HEAD "m 1 1\nx 1\n", 3, "neither" },
	{ HEAD "m  1 1\n", 2, "no id" },
	{ HEAD "m -1 1\n", 2, "no id" },
	{ HEAD "m 18446744073709551616 1\n", 2, "no id" },
	{ HEAD "m 01 1\n", 2, "no id" },
	{ HEAD "m 1\n", 2, "no number of pages" },
	{ HEAD "m 1 0\n", 2, "no number of pages" },
	{ HEAD "m 1 32769\n", 2, "no number of pages" },
	{ HEAD "m 1 1 \n", 2, "something behind" },
	{ HEAD "m 1 1\r\n", 2, "something behind" },
	{ HEAD "m 1 1\nm 1 2\n", 3, "mapped already" },
	{ HEAD "m 1 1\nu 2\n", 3, "not mapped" },
	{ HEAD "m 1 1\nu 1\nu 1\n", 4, "not mapped" },
	{ HEAD "u 1\n", 2, "not mapped" },
	{ HEAD "m 1 1\nu 1", 3, "cut" },
};

START_TEST(trace_bad)
{
	struct trace_error where = { 99, NULL };
	struct trace t = { .nr_maps = 4711 };

	ck_assert_int_eq(trace_parse(bad_traces[_i].text, strlen(bad_traces[_i].text), &t, &where),
			 -EINVAL);
	ck_assert_uint_eq(where.line, bad_traces[_i].line);
	ck_assert_msg(strstr(where.what, bad_traces[_i].what) != NULL, "%s", where.what);
	ck_assert_uint_eq(t.nr_maps, 4711);
}
END_TEST

static const char source[] =
	"/* int fake(void) { } in a comment */\n"
	"#include <x.h>\n"
	"#define ONE 1\n"
	"#define TWO(a) \\\n\t((a) + \\\n\t ONE)\n"
	"static int count = ONE;\n"
	"static DEFINE_SPINLOCK(the_lock);\n"
	"static int later(unsigned int n);\n"
	"struct s { int (*fn)(int); };\n"
	"static struct s ops = { .fn = wanted };\n"
	"char text[] = \"int wanted(void) { }\", c = '{';\n"
	"/* its comment is not part of it */\n"
	"static int wanted(int x)\n{\n\tif (x == '}')\n\t\treturn later(x); // }\n"
	"#ifdef A /* { */\n\tx = TWO(x);\n#endif\n\treturn \"}\"[x];\n}\n"
	"EXPORT_SYMBOL_GPL(wanted);\n"
	"static inline struct s *\nlater(unsigned int n)\n{\n\treturn wanted(n);\n}\n";

START_TEST(cut_good)
{
	static const char *const names[] = {
		"fn:wanted", "def:TWO", "var:count", "var:the_lock", "fn:later", NULL,
	};
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err err = { 0 };

	ck_assert_msg(cut_source(source, "x.c", names, &out, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(out.data,
		"#line 4 \"x.c\"\n#define TWO(a) \\\n\t((a) + \\\n\t ONE)\n\n"
		"#line 7 \"x.c\"\nstatic int count = ONE;\n\n"
		"#line 8 \"x.c\"\nstatic DEFINE_SPINLOCK(the_lock);\n\n"
		"#line 14 \"x.c\"\nstatic int wanted(int x)\n{\n\tif (x == '}')\n\t\treturn later(x); // }\n"
		"#ifdef A /* { */\n\tx = TWO(x);\n#endif\n\treturn \"}\"[x];\n}\n\n"
		"#line 24 \"x.c\"\nstatic inline struct s *\nlater(unsigned int n)\n{\n"
		"\treturn wanted(n);\n}\n\n");
}
END_TEST

static const struct {
	const char *text, *name, *what;
} bad_cuts[] = {
	{ source, "fn:fake", "no fn:fake" },
	{ source, "fn:count", "no fn:count" },
	{ source, "var:wanted", "no var:wanted" },
	{ source, "def:THREE", "no def:THREE" },
	{ source, "wanted", "no wanted" },
	{ "int a(void)\n{\n}\nint a(void)\n{\n}\n", "fn:a", "again" },
	{ "int a(void)\n{\n", "fn:a", "no end" },
	{ "", "fn:a", "no fn:a" },
};

START_TEST(cut_bad)
{
	const char *const names[] = { bad_cuts[_i].name, NULL };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err err = { 0 };

	buf_addstr(&out, "before");
	ck_assert_int_lt(cut_source(bad_cuts[_i].text, "x.c", names, &out, &err), 0);
	ck_assert_msg(strstr(err.msg, bad_cuts[_i].what) != NULL, "%s", err.msg);
	ck_assert_str_eq(out.data, "before");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("alloc-parts");
	TCase *tc = tcase_create("hdr");

	tcase_add_test(tc, hdr_buckets);
	tcase_add_test(tc, hdr_quantiles);
	suite_add_tcase(s, tc);
	tc = tcase_create("trace");
	tcase_add_test(tc, trace_good);
	tcase_add_test(tc, trace_long);
	tcase_add_loop_test(tc, trace_bad, 0, (int)ARRAY_SIZE(bad_traces));
	suite_add_tcase(s, tc);
	tc = tcase_create("cut");
	tcase_add_test(tc, cut_good);
	tcase_add_loop_test(tc, cut_bad, 0, (int)ARRAY_SIZE(bad_cuts));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
