/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Crash patterns: one table, always on. The texts are those of Xen 4.17 to 4.20
 * and Linux 6.1 to 6.12; splat.c names the file of each.
 *
 * Only the domain that can say a text is scanned for it: Xen's own "WARNING:"
 * about its command line is no splat, and Linux quoting Xen is none either. What
 * a guest reports (records) and what it echoes of its command line is left out.
 */
#ifndef GRANTBENCH_VM_SPLAT_H
#define GRANTBENCH_VM_SPLAT_H

#include <stdbool.h>
#include <stddef.h>

#include "vm/domain.h"

enum splat_class {
	SPLAT_INVALID,	/* the path under test is not live: nothing to wait for, no number */
	SPLAT_FAIL,	/* goes on running, but no longer passes */
	SPLAT_DEAD,	/* the device under test does nothing any more: nothing to wait for */
	SPLAT_HALT,	/* the machine goes down: wrong unless everybody is done */
	SPLAT_CRASH,
};

struct splat {
	enum splat_class class;
	enum vm_domain culprit;
	const char *what;	/* the table's text, for messages */
};

/* Scan one line of domain's (NUL-terminated, as vm/console.h hands it out). */
bool splat_scan(enum vm_domain domain, const char *text, size_t len, struct splat *splat);

#endif
