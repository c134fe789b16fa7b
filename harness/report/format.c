// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/format.h"

#include <math.h>
#include <string.h>

#include "lib/cleanup.h"

#define MOST_DIGITS 17

/* Put "," between the thousands of the whole part of a plain decimal number. */
static void add_grouped(struct buf *out, const char *text)
{
	size_t whole, i;

	if (*text == '-')
		buf_add(out, text++, 1);
	whole = strspn(text, "0123456789");
	for (i = 0; i < whole; i++) {
		if (i && (whole - i) % 3 == 0)
			buf_add(out, ",", 1);
		buf_add(out, text + i, 1);
	}
	buf_addstr(out, text + whole);
}

/* Position of the leading digit: 2 for 123, -3 for 0.0012. */
static int magnitude(double v)
{
	return v == 0 || !isfinite(v) ? 0 : (int)floor(log10(fabs(v)));
}

void fmt_number(struct buf *out, double v, int digits)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int decimals = digits - 1 - magnitude(v);

	if (isnan(v)) {
		buf_addstr(out, "-");
		return;
	}
	if (isinf(v) || fabs(v) >= 1e15 || (v != 0 && fabs(v) < 1e-9)) {
		buf_addf(out, "%.*g", digits, v);
		return;
	}
	buf_addf(&text, "%.*f", decimals > 0 ? decimals : 0, v);
	if (strchr(text.data, '.')) {	/* no zeros behind the last digit that says something */
		while (text.data[text.size - 1] == '0')
			text.data[--text.size] = '\0';
		if (text.data[text.size - 1] == '.')
			text.data[--text.size] = '\0';
	}
	add_grouped(out, strcmp(text.data, "-0") ? text.data : "0");
}

void fmt_two(struct buf *out_a, struct buf *out_b, double a, double b)
{
	int digits;

	for (digits = 5; ; digits++) {
		_cleanup_buf_ struct buf ta = BUF_INIT, tb = BUF_INIT;

		fmt_number(&ta, a, digits);
		fmt_number(&tb, b, digits);
		if (a == b || digits == MOST_DIGITS || strcmp(ta.data, tb.data)) {
			buf_addstr(out_a, ta.data);
			buf_addstr(out_b, tb.data);
			return;
		}
	}
}

/* A percentage with a fixed number of decimals, never "-0". */
static void add_percent(struct buf *out, double percent, int decimals, int is_signed)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	const char *p;

	if (fabs(percent) >= 1e6)	/* so far off that digits say nothing */
		buf_addf(&text, is_signed ? "%+.2g" : "%.2g", percent);
	else
		buf_addf(&text, is_signed ? "%+.*f" : "%.*f", decimals, percent);
	p = text.data;
	if (!p[strspn(p, "+-0.")])
		p += strspn(p, "+-");
	buf_addstr(out, p);
}

static int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

void fmt_log_percent(struct buf *out, double log_ratio, int is_signed)
{
	double percent = 100 * expm1(log_ratio);
	int decimals = clamp(1 - magnitude(percent), 0, 6);

	if (isnan(percent)) {
		buf_addstr(out, "-");
		return;
	}
	add_percent(out, percent, percent == 0 ? 0 : decimals, is_signed);
	buf_addstr(out, " %");
}

void fmt_limit(struct buf *out, double log_ratio)
{
	buf_addf(out, "%.4g %%", 100 * expm1(log_ratio));
}

void fmt_log_ratio(struct buf *out, double estimate, struct interval interval)
{
	double e = 100 * expm1(estimate), lo = 100 * expm1(interval.lo);
	double hi = 100 * expm1(interval.hi), half = (hi - lo) / 2;
	int decimals;

	if (isnan(e) || isnan(half)) {
		buf_addstr(out, "-");
		return;
	}
	if (isinf(interval.lo) || isinf(interval.hi) || half == 0) {
		fmt_log_percent(out, estimate, 1);
		buf_addstr(out, half == 0 ? "" : " [any]");
		return;
	}
	decimals = clamp(-magnitude(half), 0, 4);
	add_percent(out, e, decimals, 1);
	buf_addstr(out, " % [");
	add_percent(out, lo, decimals, 0);
	buf_addstr(out, ", ");
	add_percent(out, hi, decimals, 0);
	buf_addstr(out, "]");
}

void fmt_difference(struct buf *out, double a, double b)
{
	double d = b - a;

	if (isnan(d)) {
		buf_addstr(out, "-");
		return;
	}
	if (d == 0) {
		buf_addstr(out, "equal");
		return;
	}
	if (d > 0)
		buf_addstr(out, "+");
	fmt_number(out, d, 5);
	if (a > 0 && b > 0) {
		buf_addstr(out, " (");
		fmt_log_percent(out, log(b) - log(a), 1);
		buf_addstr(out, ")");
	}
}
