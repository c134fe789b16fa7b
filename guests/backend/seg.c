// SPDX-License-Identifier: GPL-2.0-or-later
#include "seg.h"

#include "mem.h"

unsigned int seg_gather(struct iovec *iov, const struct dma_seg *segs, unsigned int nr,
			uint64_t offset, uint64_t len)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr && len; i++) {
		uint64_t part = segs[i].len;

		if (offset >= part) {
			offset -= part;
			continue;
		}
		part -= offset;
		if (part > len)
			part = len;
		iov[n].iov_base = (uint8_t *)segs[i].va + offset;
		iov[n].iov_len = part;
		n++;
		len -= part;
		offset = 0;
	}
	return n;
}

void seg_copy_out(void *to, const struct dma_seg *segs, unsigned int nr, uint64_t offset,
		  uint64_t len)
{
	struct iovec part;
	uint8_t *p = to;
	unsigned int i;

	for (i = 0; i < nr && len; i++) {
		uint64_t n = segs[i].len;

		if (offset >= n) {
			offset -= n;
			continue;
		}
		n = n - offset < len ? n - offset : len;
		seg_gather(&part, &segs[i], 1, offset, n);
		shared_copy(p, part.iov_base, part.iov_len);
		p += n;
		len -= n;
		offset = 0;
	}
}

void seg_set_written(struct dma_seg *segs, unsigned int nr, uint64_t done)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		segs[i].written = done < segs[i].len ? (uint32_t)done : segs[i].len;
		done -= segs[i].written;
	}
}
