/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The consoles for a person: the same stream as vm/console.h, but passed on
 * character by character, with "[xen] ", "[dom0] " or "[domU] " at the start of
 * lines. The first domU that speaks is [domU], another one [domU<domid>].
 *
 * When a line of Xen's starts inside dom0's, the latter is broken and goes on
 * behind a label of its own. While a domU has the input focus Xen prints its
 * characters as lines of Xen's own (vpl011.c); those are labelled [domU], except
 * for Xen's "*** ..." messages. Pure: no files, no clock.
 */
#ifndef GRANTBENCH_VM_LABEL_H
#define GRANTBENCH_VM_LABEL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "vm/domain.h"

struct label {
	const char *newline;		/* "\r\n" on a raw terminal, "\n" elsewhere */
	enum vm_domain focus;		/* who gets input, by Xen's words; NONE: not said yet */
	unsigned int focus_changes;	/* how often Xen said so */
	bool midline;			/* a line of dom0's has begun */
	bool broken;			/* ... and something else was shown since */
	/* private */
	bool early, inner, deciding, cr;
	enum vm_domain inner_domain;
	unsigned int inner_domid, first_domid;
	struct buf held;		/* may become a marker */
	struct buf line;		/* Xen's line so far, to find its focus messages */
};

void label_init(struct label *label, bool terminal);
void label_release(struct label *label);

/* Append to out what can be shown of size more bytes. */
void label_feed(struct label *label, const char *data, size_t size, struct buf *out);

/* Nothing more came for a while: show what was held back as it might be a marker. */
void label_flush(struct label *label, struct buf *out);

#endif
