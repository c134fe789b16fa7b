// SPDX-License-Identifier: GPL-2.0-or-later
#include "dma.h"

enum dma_check dma_check(bool grants, uint64_t addr, uint32_t len)
{
	uint64_t first, last;

	if (!grants) {
		if (addr & DMA_GRANT_BIT)
			return DMA_IS_A_GRANT;
		/* no overflow: addr is below 2^63 */
		if ((addr + len - 1) >> DMA_PHYS_BITS)
			return DMA_RANGE;
		return DMA_OK;
	}
	if (!(addr & DMA_GRANT_BIT))
		return DMA_NOT_A_GRANT;
	first = (addr & ~DMA_GRANT_BIT) >> DMA_PAGE_SHIFT;
	last = first + dma_nr_pages(addr, len) - 1;
	if (last > UINT32_MAX)
		return DMA_RANGE;
	return DMA_OK;
}

void dma_account_map(struct dma *dma, struct vq_stats *st, uint32_t nr_pages)
{
	st->maps++;
	st->pages_mapped += nr_pages;
	dma->maps_now++;
	dma->pages_now += nr_pages;
	stats_peak(&dma->pages_peak, dma->pages_now);
}

void dma_account_unmap(struct dma *dma, struct vq_stats *st, uint32_t nr_pages)
{
	st->unmaps++;
	st->pages_unmapped += nr_pages;
	dma->maps_now--;
	dma->pages_now -= nr_pages;
}
