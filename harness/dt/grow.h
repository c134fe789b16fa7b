/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees whose size nobody knows beforehand, and trees that come from outside. Internal to dt/. */
#ifndef GRANTBENCH_DT_GROW_H
#define GRANTBENCH_DT_GROW_H

#include <stddef.h>

#include "lib/buf.h"

/* No tree is larger than this: as much as Xen maps (MAX_FDT_SIZE). */
#define DT_SIZE_MAX (2 << 20)

/* Return a libfdt error to the caller. */
#define TRY(expr)                     \
	do {                          \
		int try_ = (expr);    \
		if (try_ < 0)         \
			return try_;  \
	} while (0)

/*
 * Call build on a zeroed buffer of size bytes, from the start again with twice
 * the size while it says -FDT_ERR_NOSPACE. The finished tree is appended to out,
 * as many bytes as its header says. 0 or libfdt's error.
 */
int dt_grow(int (*build)(void *fdt, int size, const void *arg), const void *arg, int size,
	    struct buf *out);

/*
 * Does dtb hold one whole tree that libfdt can walk without leaving it? 0 or
 * libfdt's error. Bytes behind the tree are allowed: QEMU pads to 1 MiB.
 */
int dt_sound(const void *dtb, size_t size);

#endif
