// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers for people, and tables that fit. */
#include <math.h>
#include <string.h>

#include "lib/cleanup.h"
#include "report/format.h"
#include "report/table.h"
#include "tests/lib-check.h"

static const struct {
	double v;
	int digits;
	const char *want;
} numbers[] = {
	{ 0, 5, "0" },
	{ -0.0, 5, "0" },
	{ 3, 5, "3" },
	{ 999, 5, "999" },
	{ 1000, 5, "1,000" },
	{ -1234567, 3, "-1,234,567" },
	{ 123456789012, 5, "123,456,789,012" },
	{ 5736.14, 5, "5,736.1" },
	{ 12345678.6, 5, "12,345,679" },
	{ 99999.96, 5, "100,000" },
	{ 3.0033333, 5, "3.0033" },
	{ 0.00123456, 3, "0.00123" },
	{ 1.5, 5, "1.5" },
	{ 2.00001, 5, "2" },
	{ -0.4, 1, "-0.4" },
	{ 1e300, 3, "1e+300" },
	{ 1e-12, 3, "1e-12" },
	{ NAN, 5, "-" },
	{ INFINITY, 5, "inf" },
};

START_TEST(number)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	fmt_number(&out, numbers[_i].v, numbers[_i].digits);
	ck_assert_str_eq(out.data, numbers[_i].want);
}
END_TEST

START_TEST(two)
{
	static const struct {
		double a, b;
		const char *want_a, *want_b;
	} t[] = {
		{ 5736.14, 5736.14, "5,736.1", "5,736.1" },
		{ 5736.14, 5736.12, "5,736.14", "5,736.12" },
		{ 3, 4, "3", "4" },
		{ 3, 3.0000000001, "3", "3.0000000001" },
		{ 174337123, 174337124, "174,337,123", "174,337,124" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;

		fmt_two(&a, &b, t[i].a, t[i].b);
		ck_assert_str_eq(a.data, t[i].want_a);
		ck_assert_str_eq(b.data, t[i].want_b);
	}
}
END_TEST

/* estimate and ends in percent */
static const struct {
	double e, lo, hi;
	const char *want;
} ratios[] = {
	{ 3.1, 2.9, 3.3, "+3.1 % [2.9, 3.3]" },
	{ 3.1, 1.1, 5.1, "+3 % [1, 5]" },
	{ -1.25, -1.28, -1.22, "-1.25 % [-1.28, -1.22]" },
	{ 0.001, -0.2, 0.2, "0.0 % [-0.2, 0.2]" },
	{ -0.004, -0.3, 0.1, "0.0 % [-0.3, 0.1]" },
	{ 0.00071, 0.0007, 0.00072, "+0.0007 % [0.0007, 0.0007]" },
	{ 2, 2, 2, "+2.0 %" },
	{ 0, 0, 0, "0 %" },
	{ 120, 100, 140, "+120 % [100, 140]" },
};

START_TEST(ratio)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	double e = ratios[_i].e, lo = ratios[_i].lo, hi = ratios[_i].hi;

	fmt_log_ratio(&out, log1p(e / 100),
		      (struct interval){ log1p(lo / 100), log1p(hi / 100), 0.95 });
	ck_assert_str_eq(out.data, ratios[_i].want);
}
END_TEST

START_TEST(ratio_edges)
{
	_cleanup_buf_ struct buf any = BUF_INIT, none = BUF_INIT, plain = BUF_INIT;

	fmt_log_ratio(&any, log1p(0.02), (struct interval){ -INFINITY, INFINITY, 1 });
	ck_assert_str_eq(any.data, "+2.0 % [any]");
	fmt_log_ratio(&none, NAN, (struct interval){ NAN, NAN, NAN });
	ck_assert_str_eq(none.data, "-");
	fmt_log_percent(&plain, log1p(0.00312), 0);
	ck_assert_str_eq(plain.data, "0.31 %");
}
END_TEST

START_TEST(difference)
{
	static const struct {
		double a, b;
		const char *want;
	} t[] = {
		{ 3, 3, "equal" },
		{ 3, 4, "+1 (+33 %)" },
		{ 4, 3, "-1 (-25 %)" },
		{ 0, 3, "+3" },
		{ 3, 0, "-3" },
		{ 100000, 100001, "+1 (+0.0010 %)" },
		{ 1, 1e300, "+1e+300 (+1e+302 %)" },
		{ NAN, 1, "-" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT;

		fmt_difference(&out, t[i].a, t[i].b);
		ck_assert_str_eq(out.data, t[i].want);
	}
}
END_TEST

static const struct table_column columns[] = {
	{ "metric", false, 12 },
	{ "A", true, 0 },
	{ "verdict", false, 8 },
};

static struct table *sample(void)
{
	static const char *const rows[][3] = {
		{ "iops", "5,736.1", "equivalent" },
		{ "backend_descriptors_per_io", "3", "below threshold" },
		{ "gr\xc3\xb6\xc3\x9f" "e", "12", "" },
	};
	struct table *t = table_new(columns, 3);
	size_t i;

	table_span(t, "exact");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		table_row(t, rows[i]);
	return t;
}

START_TEST(text)
{
	static const char want[] =
		"metric                            A  verdict\n"
		"----------------------------------------------------\n"
		"exact\n"
		"iops                        5,736.1  equivalent\n"
		"backend_descriptors_per_io        3  below threshold\n"
		"gr\xc3\xb6\xc3\x9f" "e                            12\n";
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct table *t = sample();

	table_text(t, 100, &out);
	ck_assert_str_eq(out.data, want);
	table_free(t);
}
END_TEST

START_TEST(narrow)
{
	static const char want[] =
		"metric              A  verdict\n"
		"----------------------------------\n"
		"exact\n"
		"iops          5,736.1  equivalent\n"
		"backend_            3  below\n"
		"  descriptor             threshold\n"
		"  s_per_io\n"
		"gr\xc3\xb6\xc3\x9f" "e              12\n";
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct table *t = sample();

	table_text(t, 34, &out);
	ck_assert_str_eq(out.data, want);
	table_free(t);
}
END_TEST

/* Whatever the width, nothing is lost and lines fit down to the least widths. */
START_TEST(fits)
{
	size_t width;

	for (width = 20; width < 60; width++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		struct table *t = sample();
		size_t longest = 0, line = 0, i, letters = 0;

		table_text(t, width, &out);
		for (i = 0; i < out.size; i++) {
			line = out.data[i] == '\n'
				       ? 0
				       : line + (((unsigned char)out.data[i] & 0xc0) != 0x80);
			longest = line > longest ? line : longest;
			letters += strchr(" -\n", out.data[i]) == NULL;
		}
		ck_assert_uint_le(longest, width > 12 + 7 + 8 + 4 ? width : 12 + 7 + 8 + 4);
		ck_assert_uint_eq(letters, strlen("metricAverdictexactiops5,736.1equivalent"
						  "backend_descriptors_per_io3belowthreshold"
						  "gr\xc3\xb6\xc3\x9f" "e12"));
		table_free(t);
	}
}
END_TEST

START_TEST(wraps_text)
{
	_cleanup_buf_ struct buf out = BUF_INIT, hard = BUF_INIT, full = BUF_INIT;
	_cleanup_buf_ struct buf empty = BUF_INIT, prose = BUF_INIT;

	text_wrapped("the quick brown fox jumps", 10, 2, &out);
	ck_assert_str_eq(out.data, "the quick\n  brown\n  fox\n  jumps\n");
	text_wrapped("abcdefghij\xc3\xb6klm", 4, 0, &hard);
	ck_assert_str_eq(hard.data, "abcd\nefgh\nij\xc3\xb6k\nlm\n");
	text_wrapped("up 3.1 % [2.9, 3.3]", 10, 0, &prose);	/* no cut inside a number */
	ck_assert_str_eq(prose.data, "up 3.1 %\n[2.9, 3.3]\n");
	text_wrapped("a bcd efgh", 5, 0, &full);
	ck_assert_str_eq(full.data, "a bcd\nefgh\n");
	text_wrapped("", 10, 2, &empty);
	ck_assert_str_eq(empty.data, "\n");
}
END_TEST

START_TEST(markdown)
{
	static const char want[] = "| metric | A | verdict |\n"
				   "|:---|---:|:---|\n"
				   "| **exact** |  |  |\n"
				   "| iops | 5,736.1 | equivalent |\n"
				   "| backend\\_descriptors\\_per\\_io | 3 | below threshold |\n"
				   "| gr\xc3\xb6\xc3\x9f" "e | 12 |  |\n"
				   "| a\\|b | 1 | \\<b\\> |\n";
	static const char *const row[] = { "a|b", "1", "<b>" };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct table *t = sample();

	table_row(t, row);
	table_markdown(t, &out);
	ck_assert_str_eq(out.data, want);
	table_free(t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");
	TCase *tc = tcase_create("format"), *t = tcase_create("table");

	tcase_add_loop_test(tc, number, 0, ARRAY_SIZE(numbers));
	tcase_add_test(tc, two);
	tcase_add_loop_test(tc, ratio, 0, ARRAY_SIZE(ratios));
	tcase_add_test(tc, ratio_edges);
	tcase_add_test(tc, difference);
	suite_add_tcase(suite, tc);
	tcase_add_test(t, text);
	tcase_add_test(t, narrow);
	tcase_add_test(t, fits);
	tcase_add_test(t, wraps_text);
	tcase_add_test(t, markdown);
	suite_add_tcase(suite, t);
	return lib_check_main(suite);
}
