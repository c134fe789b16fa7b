/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host must have for building, and which Debian package brings it.
 * `grantbench build` refuses to start without them, `grantbench doctor` lists
 * them; both end in the same apt line.
 */
#ifndef GRANTBENCH_BUILD_HOSTTOOLS_H
#define GRANTBENCH_BUILD_HOSTTOOLS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/err.h"

enum hosttool_kind {
	HOSTTOOL_PROGRAM,	/* looked up in PATH */
	HOSTTOOL_FILE,		/* absolute path */
};

struct hosttool {
	enum hosttool_kind kind;
	const char *name;
	const char *package;
	const char *why;
	bool optional;		/* better with it, works without */
};

/* The table; *nr entries. */
const struct hosttool *hosttools(size_t *nr);

bool hosttool_present(const struct hosttool *tool);

/*
 * 0 when every tool that is not optional is there, otherwise -1 with an error
 * that names the missing ones and the apt line that brings them.
 */
int hosttools_check(struct err *err);

#endif
