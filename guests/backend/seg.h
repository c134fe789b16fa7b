/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte ranges of mapped segments, as devices need them: requests may be framed in any way. */
#ifndef GB_BACKEND_SEG_H
#define GB_BACKEND_SEG_H

#include <stdint.h>
#include <sys/uio.h>

#include "dma.h"

/*
 * The bytes [offset, offset + len) of nr segments as iovecs, of which there is room for nr.
 * The range is inside them. Returns how many.
 */
unsigned int seg_gather(struct iovec *iov, const struct dma_seg *segs, unsigned int nr,
			uint64_t offset, uint64_t len);

/* Copy such a range out: once, the frontend can change it. */
void seg_copy_out(void *to, const struct dma_seg *segs, unsigned int nr, uint64_t offset,
		  uint64_t len);

/* Note what each of nr segments got of done bytes that were written from their start on. */
void seg_set_written(struct dma_seg *segs, unsigned int nr, uint64_t done);

#endif
