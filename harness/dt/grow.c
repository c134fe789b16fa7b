// SPDX-License-Identifier: GPL-2.0-or-later
#include "dt/grow.h"

#include <libfdt.h>
#include <stdlib.h>

#include "lib/cleanup.h"

#define SIZE_MAX_BYTES (16 << 20)

int dt_grow(int (*build)(void *fdt, int size, const void *arg), const void *arg, int size,
	    struct buf *out)
{
	for (; size <= SIZE_MAX_BYTES; size *= 2) {
		_cleanup_free_ void *fdt = xcalloc(1, (size_t)size);
		int ret = build(fdt, size, arg);

		if (ret == -FDT_ERR_NOSPACE)
			continue;
		if (ret < 0)
			return ret;
		buf_add(out, fdt, fdt_totalsize(fdt));
		return 0;
	}
	return -FDT_ERR_NOSPACE;
}
