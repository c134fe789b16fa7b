// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/console.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/record.h"

#define DOMID_DIGITS 5	/* DOMID_FIRST_RESERVED is 0x7ff0 */

struct domu {
	unsigned int domid;
	bool used;
	struct buf line;	/* chunks that go on in the next one */
};

struct console {
	console_fn fn;
	void *arg;
	char token[RECORD_TOKEN_MAX + 1];
	bool early;		/* lines without a prefix are Xen's */
	bool in_inner;		/* inside a line that interrupts dom0's */
	size_t resumed_at;	/* where line was interrupted; 0: it was not */
	struct buf line;	/* dom0's line so far */
	struct buf inner;	/* the interrupting line, marker included */
	struct buf clean;	/* scratch */
	struct domu domus[CONSOLE_MAX_DOMUS];
};

const char *vm_domain_name(enum vm_domain domain)
{
	static const char *const names[] = { "", "xen", "dom0", "domu" };

	return names[domain];
}

struct console *console_new(const char *token, console_fn fn, void *arg)
{
	struct console *console = xcalloc(1, sizeof(*console));

	console->fn = fn;
	console->arg = arg;
	console->early = true;
	strncpy(console->token, token ? token : "", RECORD_TOKEN_MAX);
	return console;
}

void console_free(struct console *console)
{
	size_t i;

	if (!console)
		return;
	for (i = 0; i < CONSOLE_MAX_DOMUS; i++)
		buf_release(&console->domus[i].line);
	buf_release(&console->line);
	buf_release(&console->inner);
	buf_release(&console->clean);
	free(console);
}

/* Text as far as it goes: the length when all of it is there, -1 when cut, 0 when not. */
static int literal(const char *text, size_t len, const char *want)
{
	size_t n = strlen(want);

	if (memcmp(text, want, len < n ? len : n))
		return 0;
	return len < n ? -1 : (int)n;
}

static int numbered(const char *text, size_t len, const char *head, const char *tail,
		    unsigned int *domid)
{
	int n = literal(text, len, head), m;
	unsigned int value = 0;
	size_t i;

	if (n <= 0)
		return n;
	for (i = (size_t)n; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		if (i - (size_t)n == DOMID_DIGITS)
			return 0;
		value = value * 10 + (unsigned int)(text[i] - '0');
	}
	if (i == len)
		return -1;
	if (i == (size_t)n)
		return 0;
	m = literal(text + i, len - i, tail);
	if (m <= 0)
		return m;
	*domid = value;
	return (int)i + m;
}

int console_marker(const char *text, size_t len, unsigned int *domid)
{
	int xen, guest, relay;

	if (!len)
		return -1;
	if (text[0] != '(' && text[0] != 'D')
		return 0;
	xen = literal(text, len, "(XEN) ");
	guest = numbered(text, len, "(d", ") ", domid);
	relay = numbered(text, len, "DOM", ": ", domid);
	if (xen > 0 || guest > 0 || relay > 0)
		return xen > 0 ? xen : guest > 0 ? guest : relay;
	return xen < 0 || guest < 0 || relay < 0 ? -1 : 0;
}

/* Length of "[  12.345678] " (printk.time, console_timestamps), or 0. */
static size_t timestamp(const char *text, size_t len)
{
	size_t i = 1;

	if (len < 4 || text[0] != '[')
		return 0;
	while (i < len && i < 40 && ((text[i] >= '0' && text[i] <= '9') || strchr(" .:-", text[i])))
		i++;
	if (i < 3 || i + 1 >= len || text[i] != ']' || text[i + 1] != ' ')
		return 0;
	return i + 2;
}

static size_t without_cr(const char *text, size_t len)
{
	while (len && (text[len - 1] == '\r' || text[len - 1] == '\n'))
		len--;
	return len;
}

/* Skip an ANSI sequence at text[i] (an ESC); the index behind it. */
static size_t skip_escape(const char *text, size_t len, size_t i)
{
	if (++i >= len)
		return i;
	if (text[i] != '[')
		return i + 1;
	for (i++; i < len; i++)
		if (text[i] >= 0x40 && text[i] <= 0x7e)
			return i + 1;
	return i;
}

static void emit(struct console *console, enum vm_domain domain, unsigned int domid,
		 const char *text, size_t len, bool cut)
{
	struct console_line line = { .domain = domain, .domid = domid, .cut = cut };
	struct buf *clean = &console->clean;
	size_t i = 0, from;

	buf_reset(clean);
	buf_reserve(clean, len);
	while (i < len) {
		for (from = i; i < len; i++) {
			unsigned char c = (unsigned char)text[i];

			if ((c < 0x20 && c != '\t') || c == 0x7f)
				break;
		}
		buf_add(clean, text + from, i - from);
		if (i < len)
			i = text[i] == '\033' ? skip_escape(text, len, i) : i + 1;
	}
	line.text = clean->data;
	line.len = clean->size;
	console->fn(&line, console->arg);
}

static struct domu *find_domu(struct console *console, unsigned int domid)
{
	size_t i;

	for (i = 0; i < CONSOLE_MAX_DOMUS; i++) {
		struct domu *domu = &console->domus[i];

		if (domu->used && domu->domid == domid)
			return domu;
		if (!domu->used) {
			domu->used = true;
			domu->domid = domid;
			return domu;
		}
	}
	return NULL;
}

/* A chunk of a domU's: the text behind its marker. */
static void domu_chunk(struct console *console, unsigned int domid, const char *text, size_t len,
		       bool cut)
{
	struct domu *domu = domid ? find_domu(console, domid) : NULL;

	len = without_cr(text, len);
	if (!domu) {
		emit(console, VM_DOMAIN_DOM0, 0, text, len, cut);
		return;
	}
	if (domu->line.size + len > CONSOLE_LINE_MAX) {
		emit(console, VM_DOMAIN_DOMU, domid, domu->line.data, domu->line.size, true);
		buf_reset(&domu->line);
	}
	buf_add(&domu->line, text, len);
	if (len == CONSOLE_DOM_CHUNK)
		return;
	emit(console, VM_DOMAIN_DOMU, domid, domu->line.data, domu->line.size, cut);
	buf_reset(&domu->line);
}

/* A line that starts with a marker of n bytes. */
static void marked_line(struct console *console, const char *text, size_t len, int n,
			unsigned int domid, bool cut)
{
	const char *rest = text + n;
	size_t left = len - (size_t)n, skip;
	int m;

	if (text[1] != 'X') {
		domu_chunk(console, domid, rest, left, cut);
		return;
	}
	skip = timestamp(rest, left);
	m = console_marker(rest + skip, left - skip, &domid);
	if (m > 0 && rest[skip] == 'D') {
		domu_chunk(console, domid, rest + skip + m, left - skip - (size_t)m, cut);
		return;
	}
	if (memmem(rest, left, "*** Serial input to", 19))
		console->early = false;
	emit(console, VM_DOMAIN_XEN, 0, text, without_cr(text, len), cut);
}

static bool linux_speaks(const char *text, size_t len)
{
	return timestamp(text, len) || memmem(text, len, "Booting Linux", 13) ||
	       memmem(text, len, "Linux version", 13) || record_find(text, len) >= 0;
}

static void outer_text(struct console *console, const char *text, size_t len, bool cut)
{
	unsigned int domid = 0;
	size_t skip = timestamp(text, len);
	int n = console_marker(text + skip, len - skip, &domid);

	/* relayed by dom0's agent, perhaps through printk */
	if (n > 0 && text[skip] == 'D') {
		domu_chunk(console, domid, text + skip + n, len - skip - (size_t)n, cut);
		return;
	}
	len = without_cr(text, len);
	if (console->early && linux_speaks(text, len))
		console->early = false;
	emit(console, console->early ? VM_DOMAIN_XEN : VM_DOMAIN_DOM0, 0, text, len, cut);
}

/* dom0's line is complete, or too long to wait for its end. */
static void end_line(struct console *console, bool cut)
{
	struct buf *line = &console->line;
	size_t at = console->resumed_at;

	/* a kernel's timestamp behind an interruption: the first part never went on */
	if (at && timestamp(line->data + at, line->size - at)) {
		outer_text(console, line->data, at, false);
		outer_text(console, line->data + at, line->size - at, cut);
	} else {
		outer_text(console, line->data ? line->data : "", line->size, cut);
	}
	console->resumed_at = 0;
	buf_reset(line);
}

/* Is line + inner one whole record after all, which only talks about Xen? */
static bool is_record(struct console *console)
{
	struct buf *line = &console->line;
	size_t old = line->size;
	long at = record_find(line->data ? line->data : "", old);

	if (at < 0)
		return false;
	buf_add(line, console->inner.data, console->inner.size);
	if (record_check(line->data + at, without_cr(line->data, line->size) - (size_t)at,
			 console->token) == 0)
		return true;
	line->size = old;
	line->data[old] = '\0';
	return false;
}

static void end_inner(struct console *console, bool cut)
{
	struct buf *inner = &console->inner;
	unsigned int domid = 0;
	int n;

	console->in_inner = false;
	if (!cut && is_record(console)) {
		console->resumed_at = 0;
		end_line(console, false);
		buf_reset(inner);
		return;
	}
	n = console_marker(inner->data, inner->size, &domid);
	marked_line(console, inner->data, inner->size, n, domid, cut);
	console->resumed_at = console->line.size;
	buf_reset(inner);
}

/* A marker that ends with the blank just added to the line? Its start, or -1. */
static long ending_marker(const struct buf *line)
{
	size_t from = line->size > 10 ? line->size - 10 : 0, i;

	/* the longest is "DOM32751: " */
	for (i = from; i < line->size; i++) {
		unsigned int domid;
		int n = console_marker(line->data + i, line->size - i, &domid);

		if (n <= 0 || i + (size_t)n != line->size)
			continue;
		/* at the line's own start a relayed line is dealt with at its end */
		if (line->data[i] == 'D' && (i == 0 || timestamp(line->data, i) == i))
			return -1;
		return (long)i;
	}
	return -1;
}

static void outer_byte(struct console *console, char c)
{
	struct buf *line = &console->line;
	long at;

	buf_add(line, &c, 1);
	if (c == '\n') {
		end_line(console, false);
		return;
	}
	if (c == ' ') {
		at = ending_marker(line);
		if (at >= 0) {
			buf_add(&console->inner, line->data + at, line->size - (size_t)at);
			line->size = (size_t)at;
			line->data[at] = '\0';
			console->in_inner = true;
			return;
		}
	}
	if (line->size >= CONSOLE_LINE_MAX)
		end_line(console, true);
}

void console_feed(struct console *console, const void *data, size_t size)
{
	const char *p = data, *end = p + size;

	for (; p < end; p++) {
		if (!console->in_inner) {
			outer_byte(console, *p);
			continue;
		}
		buf_add(&console->inner, p, 1);
		if (*p == '\n' || console->inner.size >= CONSOLE_LINE_MAX)
			end_inner(console, *p != '\n');
	}
}

void console_finish(struct console *console)
{
	size_t i;

	if (console->in_inner)
		end_inner(console, true);
	if (console->line.size)
		end_line(console, true);
	for (i = 0; i < CONSOLE_MAX_DOMUS; i++) {
		struct domu *domu = &console->domus[i];

		if (domu->line.size)
			emit(console, VM_DOMAIN_DOMU, domu->domid, domu->line.data, domu->line.size,
			     true);
		buf_reset(&domu->line);
	}
}
