// SPDX-License-Identifier: GPL-2.0-or-later
/* The console's bytes to lines of Xen, dom0 and domUs, whole and labelled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/record.h"
#include "tests/lib-check.h"
#include "vm/console.h"
#include "vm/label.h"

#define TOKEN "0123456789abcdef"
#define A40 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A125 A40 A40 A40 "aaaaa"
#define A126 A125 "a"
/* what comes before dom0 speaks */
#define UP "(XEN) *** Serial input to DOM0\r\n"
#define UP_LINE "xen (XEN) *** Serial input to DOM0\n"

static const struct {
	const char *name, *in, *out;
} rows[] = {
	{ "before Xen has a console",
	  " __  __\r\n(XEN) Xen version 4.17\r\n- UART -\r\n" UP "hi\r\n",
	  "xen  __  __\nxen (XEN) Xen version 4.17\nxen - UART -\n" UP_LINE "dom0 hi\n" },
	{ "Linux speaks, Xen's word was filtered",
	  "banner\r\nBooting Linux on physical CPU\r\nx\r\n",
	  "xen banner\ndom0 Booting Linux on physical CPU\ndom0 x\n" },
	{ "Linux with timestamps", "banner\r\n[    0.000000] x\r\n",
	  "xen banner\ndom0 [    0.000000] x\n" },
	{ "no timestamp", "[xen] x\r\n[12] y\r\n", "xen [xen] x\ndom0 [12] y\n" },
	{ "three speakers", UP "a\r\n(XEN) b\r\n(XEN) DOM1: c\r\nDOM1: d\r\n(d2) e\r\n",
	  UP_LINE "dom0 a\nxen (XEN) b\ndomu1 c\ndomu1 d\ndomu2 e\n" },
	{ "Xen's timestamps", UP "(XEN) [2024-01-01 00:00:01.123] DOM1: c\r\n(XEN) [    1.5] d\r\n",
	  UP_LINE "domu1 c\nxen (XEN) [    1.5] d\n" },
	{ "relayed through printk", UP "[   12.345678] DOM1: [    0.1] c\r\n",
	  UP_LINE "domu1 [    0.1] c\n" },
	{ "Xen inside dom0", UP "ab(XEN) x\r\ncd\r\ne\r\n",
	  UP_LINE "xen (XEN) x\ndom0 abcd\ndom0 e\n" },
	{ "many inside dom0", UP "ab(XEN) x\r\n(XEN) DOM1: y\r\ncd(d1) z\r\nef\r\n",
	  UP_LINE "xen (XEN) x\ndomu1 y\ndomu1 z\ndom0 abcdef\n" },
	{ "inside, before dom0's newline", UP "ab\r(XEN) x\r\n\r\ncd\r\n",
	  UP_LINE "xen (XEN) x\ndom0 ab\ndom0 cd\n" },
	{ "relayed line inside dom0's", UP "abDOM1: x\r\ncd\r\n", UP_LINE "domu1 x\ndom0 abcd\n" },
	{ "Xen inside a relayed line", UP "DOM1: ab(XEN) x\r\ncd\r\n",
	  UP_LINE "xen (XEN) x\ndomu1 abcd\n" },
	{ "marker in a domU's own line", UP "(XEN) DOM1: a (XEN) b DOM2: c\r\nd\r\n",
	  UP_LINE "domu1 a (XEN) b DOM2: c\ndom0 d\n" },
	{ "interrupted part that never goes on", UP "ab(XEN) x\r\n[    1.000000] cd\r\n",
	  UP_LINE "xen (XEN) x\ndom0 ab\ndom0 [    1.000000] cd\n" },
	{ "no marker after all", UP "(XEN)x (d) DOM: DOM123456: (d1)y DOMx: (XE\r\n",
	  UP_LINE "dom0 (XEN)x (d) DOM: DOM123456: (d1)y DOMx: (XE\n" },
	{ "125 is a line", UP "(XEN) DOM1: " A125 "\r\n(XEN) DOM1: b\r\n",
	  UP_LINE "domu1 " A125 "\ndomu1 b\n" },
	{ "126 goes on", UP "(XEN) DOM1: " A126 "\r\n(XEN) DOM1: b\r\n",
	  UP_LINE "domu1 " A126 "b\n" },
	{ "126 and its end", UP "(XEN) DOM1: " A126 "\r\n(XEN) DOM1: \r\n(XEN) DOM1: b\r\n",
	  UP_LINE "domu1 " A126 "\ndomu1 b\n" },
	{ "126 twice", UP "(XEN) DOM1: " A126 "\r\n(XEN) DOM1: " A126 "\r\n(XEN) DOM1: b\r\n",
	  UP_LINE "domu1 " A126 A126 "b\n" },
	{ "126, others between",
	  UP "(XEN) DOM1: " A126 "\r\nx\r\n(XEN) y\r\n(XEN) DOM2: z\r\n(XEN) DOM1: b\r\n",
	  UP_LINE "dom0 x\nxen (XEN) y\ndomu2 z\ndomu1 " A126 "b\n" },
	/* a domU's pl011 console writes \r\n, the \r counts as a character of its chunk */
	{ "125 and the domU's own CR", UP "(XEN) DOM1: " A125 "\r\r\n(XEN) DOM1: \r\n",
	  UP_LINE "domu1 " A125 "\ndomu1 \n" },
	{ "126, CR in the next chunk", UP "(XEN) DOM1: " A126 "\r\n(XEN) DOM1: \r\r\n",
	  UP_LINE "domu1 " A126 "\n" },
	{ "relayed 126", UP "DOM1: " A126 "\r\r\nDOM1: b\r\r\n", UP_LINE "domu1 " A126 "b\n" },
	{ "126 and no more", UP "(XEN) DOM1: " A126 "\r\n", UP_LINE "domu1 " A126 "!\n" },
	{ "no newline at the end", UP "ab(XEN) DOM1: c", UP_LINE "domu1 c!\ndom0 ab!\n" },
	{ "colours", UP "\033[1;31mred\033[0m \033c\033[6n\tx\r\n", UP_LINE "dom0 red \tx\n" },
	{ "control characters and bytes", UP "a\001b\177c\351\r\n", UP_LINE "dom0 abc\351\n" },
	{ "empty lines", UP "\r\n\n", UP_LINE "dom0 \ndom0 \n" },
};

static void collect(const struct console_line *line, void *arg)
{
	struct buf *out = arg;

	ck_assert_uint_eq(strlen(line->text), line->len);
	buf_addstr(out, vm_domain_name(line->domain));
	if (line->domain == VM_DOMAIN_DOMU)
		buf_addf(out, "%u", line->domid);
	buf_addf(out, " %s%s\n", line->text, line->cut ? "!" : "");
}

static void feed(const char *in, size_t size, size_t step, struct buf *out)
{
	struct console *c = console_new(TOKEN, collect, out);
	size_t i;

	for (i = 0; i < size; i += step)
		console_feed(c, in + i, step < size - i ? step : size - i);
	console_finish(c);
	console_free(c);
}

START_TEST(lines)
{
	size_t step, size = strlen(rows[_i].in);

	for (step = 1; step <= size; step++) {
		_cleanup_buf_ struct buf out = BUF_INIT;

		feed(rows[_i].in, size, step, &out);
		ck_assert_msg(!strcmp(out.data, rows[_i].out),
			      "%s, %zu at a time:\n%s\nwanted:\n%s", rows[_i].name, step, out.data,
			      rows[_i].out);
	}
}
END_TEST

/* A record that quotes Xen is whole; one with Xen inside is put together; both by checksum. */
START_TEST(record_and_marker)
{
	_cleanup_buf_ struct buf in = BUF_INIT, out = BUF_INIT, want = BUF_INIT;
	char line[RECORD_MAX + 1];
	int len = record_format(line, sizeof(line), TOKEN, "dom0", 1, "error",
				"{\"what\":\"xl: (XEN) no memory, says (d1) and DOM1: too\"}");

	ck_assert_int_gt(len, 0);
	buf_addf(&in, UP "%s\r\n%.60s(XEN) hello\r\n%s\r\nnext\r\n", line, line, line + 60);
	buf_addf(&want, UP_LINE "dom0 %s\nxen (XEN) hello\ndom0 %s\ndom0 next\n", line, line);
	feed(in.data, in.size, 1, &out);
	ck_assert_str_eq(out.data, want.data);
}
END_TEST

static void records_seen(const struct console_line *line, void *arg)
{
	unsigned int *nr = arg;
	long at = record_find(line->text, line->len);

	if (at >= 0 && line->domain == VM_DOMAIN_DOM0)
		*nr += !record_check(line->text + at, line->len - (size_t)at, TOKEN);
}

/* Others may speak at any byte of dom0's records, and none is lost by it. */
START_TEST(record_interrupted)
{
	static const char *const others[] = {
		"(XEN) d1 text\r\n", "(XEN) DOM1: \r\n", "(XEN) \r\n",
		"(XEN) DOM1: [    1.467329] reboot: Power down\r\r\n",
		"(XEN) DOM1: x\r\r\n(XEN) DOM1: [    1.467329] y\r\r\n",
		"(XEN) DOM1: " A126 "\r\n(XEN) DOM1: z\r\r\n",
		"(XEN) DOM1: {\"gb\":1,\"tok\":\"" TOKEN "\",\"src\":\"domu\"\r\r\n",
	};
	_cleanup_buf_ struct buf in = BUF_INIT;
	char line[RECORD_MAX + 1];
	size_t at, i;

	for (i = 1; i <= 3; i++) {
		ck_assert_int_gt(record_format(line, sizeof(line), TOKEN, "dom0", (unsigned int)i, "check",
					       "{\"name\":\"backend-end\",\"ok\":true,\"detail\":\"\"}"), 0);
		buf_addf(&in, "[    1.46991%zu] %s\r\n", i, line);
	}
	for (at = 0; at <= in.size; at++) {
		for (i = 0; i < ARRAY_SIZE(others); i++) {
			unsigned int nr = 0;
			struct console *c = console_new(TOKEN, records_seen, &nr);

			console_feed(c, UP, strlen(UP));
			console_feed(c, in.data, at);
			console_feed(c, others[i], strlen(others[i]));
			console_feed(c, in.data + at, in.size - at);
			console_finish(c);
			console_free(c);
			ck_assert_msg(nr == 3, "%u records with \"%s\" at byte %zu", nr, others[i], at);
		}
	}
}
END_TEST

START_TEST(nul_bytes)
{
	static const char in[] = UP "a\0b\0(XEN) x\r\n\0c\r\n";
	_cleanup_buf_ struct buf out = BUF_INIT;

	feed(in, sizeof(in) - 1, 3, &out);
	ck_assert_str_eq(out.data, UP_LINE "xen (XEN) x\ndom0 abc\n");
}
END_TEST

static void longest(const struct console_line *line, void *arg)
{
	size_t *max = arg;

	ck_assert_uint_le(line->len, CONSOLE_LINE_MAX);
	if (line->len > *max)
		*max = line->len;
}

START_TEST(endless_lines)
{
	static const char *const heads[] = { "", "(XEN) ", "(XEN) DOM1: ", "DOM1: ", "x(XEN) " };
	static char block[1000];
	size_t i, k, max;

	memset(block, 'x', sizeof(block));
	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		struct console *c = console_new(TOKEN, longest, &max);

		max = 0;
		console_feed(c, heads[i], strlen(heads[i]));
		for (k = 0; k < 100; k++)
			console_feed(c, block, sizeof(block));
		ck_assert_uint_ge(max, CONSOLE_LINE_MAX - 20);
		console_finish(c);
		console_free(c);
	}
	/* chunks of 126 for ever */
	struct console *c = console_new(TOKEN, longest, &max);

	max = 0;
	for (k = 0; k < 1000; k++)
		console_feed(c, "(XEN) DOM1: " A126 "\r\n", 12 + 126 + 2);
	ck_assert_uint_gt(max, CONSOLE_LINE_MAX / 2);
	console_free(c);
}
END_TEST

/* Any mixture of pieces: no line is too long, and no byte of text appears twice. */
START_TEST(mixture)
{
	static const char *const pieces[] = { "(XEN) ",
					      "DOM1: ",
					      "(d1) ",
					      "[    1.000000] ",
					      "\r\n",
					      "\n",
					      "{\"gb\":1,\"tok\":\"" TOKEN "\",",
					      "\033[",
					      "abc ",
					      A126,
					      "(XE",
					      "DOM" };
	uint32_t x = 88172645u;
	size_t max = 0;
	int i, k;

	for (i = 0; i < 300; i++) {
		struct console *c = console_new(TOKEN, longest, &max);

		for (k = 0; k < 60; k++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			console_feed(c, pieces[x % ARRAY_SIZE(pieces)],
				     strlen(pieces[x % ARRAY_SIZE(pieces)]));
		}
		console_finish(c);
		console_free(c);
	}
	ck_assert_uint_gt(max, 0);
}
END_TEST

START_TEST(too_many_domus)
{
	_cleanup_buf_ struct buf in = BUF_INIT, out = BUF_INIT;
	int i;

	buf_addstr(&in, UP);
	for (i = 1; i <= CONSOLE_MAX_DOMUS + 1; i++)
		buf_addf(&in, "(XEN) DOM%d: x\r\n", i);
	feed(in.data, in.size, 7, &out);
	ck_assert_ptr_nonnull(strstr(out.data, "domu8 x\ndom0 x\n"));
}
END_TEST

static const struct {
	const char *name, *in, *out;
} labels[] = {
	{ "three speakers",
	  "boot\r\n" UP "hi\r\n(XEN) DOM1: c\r\n(XEN) DOM2: d\r\nDOM1: e\r\n(d1) f\r\n",
	  "[xen] boot\n[xen] (XEN) *** Serial input to DOM0\n[dom0] hi\n[domU] c\n"
	  "[domU2] d\n[domU] e\n"
	  "[domU] f\n" },
	{ "prompt", UP "/ # ", "[xen] (XEN) *** Serial input to DOM0\n[dom0] / # " },
	{ "prompt like a marker", UP "(", "[xen] (XEN) *** Serial input to DOM0\n[dom0] (" },
	{ "Xen inside dom0", UP "ab(XEN) x\r\ncd\r\ne\r\n",
	  "[xen] (XEN) *** Serial input to DOM0\n[dom0] ab\n[xen] (XEN) x\n[dom0] cd\n[dom0] e\n" },
	{ "broken before its newline", UP "ab(XEN) x\r\n\r\ne\r\n",
	  "[xen] (XEN) *** Serial input to DOM0\n[dom0] ab\n[xen] (XEN) x\n[dom0] e\n" },
	{ "domU in focus",
	  UP
	  "(XEN) *** Serial input to DOM1 (x)\r\n(XEN) / # ls\r\n(XEN) *** Serial input to Xen\r\n"
	  "(XEN) y\r\n",
	  "[xen] (XEN) *** Serial input to DOM0\n[xen] (XEN) *** Serial input to DOM1 (x)\n"
	  "[domU] / # ls\n"
	  "[xen] (XEN) *** Serial input to Xen\n[xen] (XEN) y\n" },
	{ "relayed through the kernel log",
	  UP "[    1.265616] DOM1: a\r\n[    1.266107] b\r\n[    1.2] DOM1: c\r\nx[    1.266107] d\r\n[",
	  "[xen] (XEN) *** Serial input to DOM0\n[domU] a\n[dom0] [    1.266107] b\n"
	  "[dom0] [    1.2] \n[domU] c\n[dom0] x[    1.266107] d\n[dom0] [" },
	{ "empty lines", UP "\r\n(XEN) \r\nx\r\n",
	  "[xen] (XEN) *** Serial input to DOM0\n[dom0] \n[xen] (XEN) \n[dom0] x\n" },
};

START_TEST(labelled)
{
	size_t step, i, size = strlen(labels[_i].in);

	for (step = 1; step <= size; step++) {
		_cleanup_buf_ struct buf out = BUF_INIT;
		struct label label;

		label_init(&label, false);
		for (i = 0; i < size; i += step)
			label_feed(&label, labels[_i].in + i, step < size - i ? step : size - i,
				   &out);
		label_flush(&label, &out);
		ck_assert_msg(!strcmp(out.data, labels[_i].out),
			      "%s, %zu at a time:\n%s\nwanted:\n%s", labels[_i].name, step,
			      out.data, labels[_i].out);
		label_release(&label);
	}
}
END_TEST

START_TEST(focus)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct label label;

	label_init(&label, true);
	ck_assert_int_eq(label.focus, VM_DOMAIN_NONE);
	label_feed(&label, UP, strlen(UP), &out);
	ck_assert_int_eq(label.focus, VM_DOMAIN_DOM0);
	label_feed(&label, "(XEN) *** Serial input to DOM1\r\n", 32, &out);
	ck_assert_int_eq(label.focus, VM_DOMAIN_DOMU);
	label_feed(&label, "(XEN) *** Serial input to Xen\r\n", 31, &out);
	ck_assert_int_eq(label.focus, VM_DOMAIN_XEN);
	ck_assert_uint_eq(label.focus_changes, 3);
	ck_assert_ptr_nonnull(strstr(out.data, "\r\n"));
	label_release(&label);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vm-console");
	TCase *c = tcase_create("console"), *l = tcase_create("label");

	tcase_add_loop_test(c, lines, 0, (int)ARRAY_SIZE(rows));
	tcase_add_test(c, record_and_marker);
	tcase_add_test(c, record_interrupted);
	tcase_add_test(c, nul_bytes);
	tcase_add_test(c, endless_lines);
	tcase_add_test(c, mixture);
	tcase_add_test(c, too_many_domus);
	tcase_set_timeout(c, 30);
	suite_add_tcase(s, c);
	tcase_add_loop_test(l, labelled, 0, (int)ARRAY_SIZE(labels));
	tcase_add_test(l, focus);
	suite_add_tcase(s, l);
	return lib_check_main(s);
}
