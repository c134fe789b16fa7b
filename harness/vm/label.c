// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/label.h"

#include <string.h>

#include "vm/console.h"

#define FOCUS_TEXT "*** Serial input to "
#define STAMP_MAX 24

void label_init(struct label *label, bool terminal)
{
	memset(label, 0, sizeof(*label));
	label->newline = terminal ? "\r\n" : "\n";
	label->early = true;
}

void label_release(struct label *label)
{
	buf_release(&label->held);
	buf_release(&label->line);
}

static void put_label(struct label *label, enum vm_domain domain, unsigned int domid,
		      struct buf *out)
{
	if (domain == VM_DOMAIN_XEN) {
		buf_addstr(out, "[xen] ");
	} else if (domain == VM_DOMAIN_DOM0) {
		buf_addstr(out, "[dom0] ");
	} else {
		if (!label->first_domid)
			label->first_domid = domid;
		if (domid == label->first_domid)
			buf_addstr(out, "[domU] ");
		else
			buf_addf(out, "[domU%u] ", domid);
	}
}

/* A carriage return counts only when more of the line follows: Xen writes \r\n, hvc \r\r\n. */
static void put_char(struct label *label, char c, struct buf *out)
{
	if (c == '\r') {
		label->cr = label->newline[0] == '\r';
		return;
	}
	if (c == '\n')
		buf_addstr(out, label->newline);
	else if (label->cr)
		buf_addf(out, "\r%c", c);
	else
		buf_add(out, &c, 1);
	label->cr = false;
}

/* A character of the line without a marker. */
static void outer_char(struct label *label, char c, struct buf *out)
{
	if (c == '\r' && (!label->midline || label->broken))
		return;
	/* the end of a line that was broken: its newline is there already */
	if (c == '\n' && label->broken) {
		label->broken = label->midline = false;
		return;
	}
	if (!label->midline || label->broken)
		put_label(label, label->early ? VM_DOMAIN_XEN : VM_DOMAIN_DOM0, 0, out);
	label->broken = false;
	label->midline = c != '\n';
	put_char(label, c, out);
}

static void start_inner(struct label *label, enum vm_domain domain, unsigned int domid,
			struct buf *out)
{
	label->inner = true;
	label->deciding = false;
	label->inner_domain = domain;
	label->inner_domid = domid;
	if (label->midline && !label->broken) {
		buf_addstr(out, label->newline);
		label->broken = true;
	}
	put_label(label, domain, domid, out);
	if (domain == VM_DOMAIN_XEN)
		buf_addstr(out, "(XEN) ");
}

static void see_focus(struct label *label)
{
	const char *text = label->line.data ? label->line.data : "";

	if (strncmp(text, FOCUS_TEXT, strlen(FOCUS_TEXT)))
		return;
	text += strlen(FOCUS_TEXT);
	label->early = false;
	label->focus_changes++;
	if (strncmp(text, "DOM", 3))
		label->focus = VM_DOMAIN_XEN;
	else
		label->focus = text[3] == '0' ? VM_DOMAIN_DOM0 : VM_DOMAIN_DOMU;
}

static void inner_char(struct label *label, char c, struct buf *out)
{
	put_char(label, c, out);
	if (c != '\n') {
		if (label->line.size < 64)
			buf_add(&label->line, &c, 1);
		return;
	}
	see_focus(label);
	buf_reset(&label->line);
	label->inner = false;
}

/* Behind "(XEN) ": a domU's line, one of a domU in focus, or Xen's own? false: not known yet. */
static bool decide(struct label *label, bool force, struct buf *out)
{
	struct buf *held = &label->held;
	struct buf rest = BUF_INIT;
	unsigned int domid = 1;
	int n = console_marker(held->data ? held->data : "", held->size, &domid);
	bool stars = held->size && !strncmp(held->data, "*** ", held->size < 4 ? held->size : 4);
	size_t i;

	if (n < 0 && !force)
		return false;
	if (n > 0 && held->data[0] == 'D') {
		start_inner(label, VM_DOMAIN_DOMU, domid, out);
	} else {
		n = 0;
		if (label->focus == VM_DOMAIN_DOMU && stars && held->size < 4 && !force)
			return false;
		if (label->focus == VM_DOMAIN_DOMU && !stars)
			start_inner(label, VM_DOMAIN_DOMU,
				    label->first_domid ? label->first_domid : 1, out);
		else
			start_inner(label, VM_DOMAIN_XEN, 0, out);
	}
	buf_add(&rest, held->data ? held->data + n : "", held->size - (size_t)n);
	buf_reset(held);
	for (i = 0; i < rest.size; i++)
		inner_char(label, rest.data[i], out);
	buf_release(&rest);
	return true;
}

/*
 * Length of printk's time stamp at text ("[    1.265616] "), 0 if there is none, -1 if it
 * may be one yet. xl's relay writes a domU's lines through dom0's kernel log.
 */
static int stamp_length(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (i == 0 ? text[i] != '[' : text[i] == ']' ? i < 8 || text[i - 7] != '.' :
		    text[i] != ' ' && text[i] != '.' && (text[i] < '0' || text[i] > '9'))
			return 0;
		if (text[i] == ']')
			return i + 1 == len ? -1 : text[i + 1] == ' ' ? (int)i + 2 : 0;
		if (i > STAMP_MAX)
			return 0;
	}
	return -1;
}

/* Drop a stamp that only carries somebody else's line. False: more bytes are needed. */
static bool settle_stamp(struct label *label)
{
	struct buf *held = &label->held;
	unsigned int domid;
	int stamp, marker;

	if ((label->midline && !label->broken) || held->data[0] != '[')
		return true;
	stamp = stamp_length(held->data, held->size);
	if (stamp <= 0)
		return stamp == 0;
	marker = console_marker(held->data + stamp, held->size - (size_t)stamp, &domid);
	if (marker > 0 && held->data[stamp] == 'D')
		buf_remove_front(held, (size_t)stamp);
	return marker >= 0;
}

/* See what the held text is, as far as it can be told. */
static void settle(struct label *label, struct buf *out)
{
	struct buf *held = &label->held;

	while (held->size && !label->inner) {
		unsigned int domid = 0;
		int n;

		if (!settle_stamp(label))
			return;
		n = console_marker(held->data, held->size, &domid);
		if (n < 0)
			return;
		if (n == 0) {
			char c = held->data[0];

			buf_remove_front(held, 1);
			outer_char(label, c, out);
			continue;
		}
		if (held->data[1] == 'X') {
			label->inner = label->deciding = true;
			buf_remove_front(held, (size_t)n);
			return;
		}
		buf_remove_front(held, (size_t)n);
		start_inner(label, domid ? VM_DOMAIN_DOMU : VM_DOMAIN_DOM0, domid, out);
	}
}

void label_feed(struct label *label, const char *data, size_t size, struct buf *out)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (label->inner && !label->deciding) {
			inner_char(label, data[i], out);
			continue;
		}
		buf_add(&label->held, data + i, 1);
		if (label->deciding)
			decide(label, data[i] == '\n', out);
		else
			settle(label, out);
	}
}

void label_flush(struct label *label, struct buf *out)
{
	size_t i;

	if (label->deciding) {
		if (label->held.size)
			decide(label, true, out);
		return;
	}
	for (i = 0; i < label->held.size; i++)
		outer_char(label, label->held.data[i], out);
	buf_reset(&label->held);
}
