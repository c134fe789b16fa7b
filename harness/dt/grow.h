/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building a tree into a buffer whose size nobody knows beforehand. Internal to dt/. */
#ifndef GRANTBENCH_DT_GROW_H
#define GRANTBENCH_DT_GROW_H

#include "lib/buf.h"

/* Return a libfdt error to the caller. */
#define TRY(expr)                     \
	do {                          \
		int try_ = (expr);    \
		if (try_ < 0)         \
			return try_;  \
	} while (0)

/*
 * Call build on a zeroed buffer of size bytes, from the start again with twice
 * the size while it says -FDT_ERR_NOSPACE. The finished tree, packed to its
 * total size, is appended to out. 0 or libfdt's error.
 */
int dt_grow(int (*build)(void *fdt, int size, const void *arg), const void *arg, int size,
	    struct buf *out);

#endif
