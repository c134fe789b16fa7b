// SPDX-License-Identifier: GPL-2.0-or-later
#include "dt/grow.h"

#include <libfdt.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/cleanup.h"

int dt_grow(int (*build)(void *fdt, int size, const void *arg), const void *arg, int size,
	    struct buf *out)
{
	for (; size <= 2 * DT_SIZE_MAX; size *= 2) {
		_cleanup_free_ void *fdt = xcalloc(1, (size_t)size);
		int ret = build(fdt, size, arg);

		if (ret == -FDT_ERR_NOSPACE)
			continue;
		if (ret < 0)
			return ret;
		if (fdt_totalsize(fdt) > DT_SIZE_MAX)
			break;
		buf_add(out, fdt, fdt_totalsize(fdt));
		return 0;
	}
	return -FDT_ERR_NOSPACE;
}

int dt_sound(const void *dtb, size_t size)
{
	if (size < sizeof(struct fdt_header))
		return -FDT_ERR_TRUNCATED;
	if ((uintptr_t)dtb % 8)
		return -FDT_ERR_ALIGNMENT;
	if (fdt_magic(dtb) == FDT_MAGIC && fdt_totalsize(dtb) > DT_SIZE_MAX)
		return -FDT_ERR_BADSTRUCTURE;
	return fdt_check_full(dtb, size);
}
