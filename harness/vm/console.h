/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One serial console, three kinds of speaker: bytes in, whole lines out, each
 * with the domain that said it. Pure: no files, no clock.
 *
 * What is on the wire (Xen's drivers/char/console.c and arch/arm/vpl011.c,
 * 4.17 to 4.20; Linux's drivers/tty/hvc/):
 *
 *  - Xen's own lines start with "(XEN) " and are written under the console
 *    lock, so nothing gets into the middle of one. What Xen prints before it
 *    has a console (banner, early UART messages) has no prefix: until Xen says
 *    "*** Serial input to", or a Linux kernel starts talking, lines without one
 *    are Xen's as well.
 *  - dom0 has no prefix. hvc hands its output to Xen 16 bytes at a time, so a
 *    line of Xen's may start anywhere inside a line of dom0's; the rest of
 *    dom0's line follows behind it. Such lines are put together again. A record
 *    (lib/record.h) whose text holds "(XEN) " is told apart by its checksum.
 *  - A domU on Xen's own vpl011 appears as "(XEN) DOM1: text"; from Xen 4.21 on,
 *    and for console hypercalls, as "(d1) text". The agent in dom0 relays an xl
 *    domU's lines as "DOM1: text", which may start inside a line of dom0's too.
 *  - vpl011 prints a line of its own when it has collected CONSOLE_DOM_CHUNK
 *    characters without a newline; the agent splits there too. A chunk of
 *    exactly that size therefore goes on in the domain's next one (an empty one
 *    when the line ended there): joining them is lossless.
 *  - While a domU has the input focus (only when a person switched it), Xen
 *    prints its characters as lines of Xen's. They count as Xen's here.
 *
 * Text handed out has no newline, no carriage return, no control character but
 * tab (ANSI sequences removed, NUL dropped), is NUL-terminated, and is at most
 * CONSOLE_LINE_MAX long; a longer line comes in pieces marked cut. Bytes above
 * 0x7f are passed on as they are.
 */
#ifndef GRANTBENCH_VM_CONSOLE_H
#define GRANTBENCH_VM_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "vm/domain.h"

#define CONSOLE_LINE_MAX 8192
#define CONSOLE_DOM_CHUNK 126	/* SBSA_UART_OUT_BUF_SIZE - 2 */
#define CONSOLE_MAX_DOMUS 8	/* lines of further ones are taken as dom0's */

struct console_line {
	enum vm_domain domain;
	unsigned int domid;	/* of a domU; 0 otherwise */
	const char *text;
	size_t len;
	bool cut;		/* longer than CONSOLE_LINE_MAX, or without an end */
};

typedef void (*console_fn)(const struct console_line *line, void *arg);

struct console;

/* token: the run's, to recognise records by their checksum; copied. */
struct console *console_new(const char *token, console_fn fn, void *arg);
void console_free(struct console *console);

void console_feed(struct console *console, const void *data, size_t size);

/* Hand out what has no newline yet. The machine is gone; nothing may follow. */
void console_finish(struct console *console);

/*
 * Length of the marker that starts another speaker's line at text ("(XEN) ",
 * "(d1) ", "DOM1: "), 0 if there is none, -1 if there may be one once more
 * bytes are there. *domid is set for the latter two. Shared with the
 * interactive console, which labels text before its line is complete.
 */
int console_marker(const char *text, size_t len, unsigned int *domid);

#endif
