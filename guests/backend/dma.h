/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the backend reaches the frontend's memory: the interface between devices,
 * which know requests, and mapping strategies, which know Xen.
 *
 * A device hands over the segments of one or of several popped requests in one
 * call, so that a strategy may map each on its own ("map"), all with one ioctl
 * ("batch"), copy instead of mapping ("copy"), or find them already mapped
 * ("persistent"). It uses the addresses it got, says what it wrote, and gives
 * the same segments back before it moves the used index: the frontend may end a
 * grant the moment it sees a request completed.
 *
 * The strategies over grants are in grant.h; tests and the fuzzer bring their own, too.
 */
#ifndef GB_BACKEND_DMA_H
#define GB_BACKEND_DMA_H

#include <stdbool.h>
#include <stdint.h>

#include "stats.h"

/* A grant as DMA address: bit 63 | gref << 12 | offset (drivers/xen/grant-dma-ops.c). */
#define DMA_GRANT_BIT	(1ull << 63)
#define DMA_PAGE_SHIFT	12
#define DMA_PAGE_SIZE	(1u << DMA_PAGE_SHIFT)

/* Grants of a frontend's bounce pool that a strategy keeps mapped: 32 MiB. */
#define DMA_POOL_MAX	8192u

/* Guest-physical addresses: 48 bits are more than any machine here has. */
#define DMA_PHYS_BITS	48

struct dma_seg {
	uint64_t addr;		/* as in the descriptor; checked with dma_check() */
	uint32_t len;		/* bytes, not 0 */
	uint32_t written;	/* bytes from the start that the device wrote, before flush */
	uint32_t tail;		/* bytes at the end that it wrote, too */
	uint16_t request;	/* which of the requests of one call it belongs to */
	bool writable;		/* device-writable. Otherwise the frontend granted it read-only */

	/* the strategy's answer */
	int err;		/* 0 or -errno */
	void *va;		/* len bytes, contiguous; NULL on error */

	/* the strategy's own */
	void *base;
	uint32_t nr_pages;
	bool bounced;		/* a copy, not the frontend's memory */
};

struct dma;

struct dma_ops {
	const char *name;

	/*
	 * Requests that a device should hand over at once. 1: one after the
	 * other, which keeps the fewest pages mapped.
	 */
	unsigned int batch;

	/*
	 * Make nr segments reachable. Returns how many could not be (0: all is
	 * well); those have err set and va NULL, and the others are usable.
	 */
	unsigned int (*map)(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			    unsigned int nr);

	/*
	 * Requests were served: bring what was written to the frontend. Returns how
	 * many segments could not be; those have err set and va NULL. NULL: they were
	 * written in place.
	 */
	unsigned int (*flush)(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			      unsigned int nr);

	/* Undo map. Never fails; va is NULL afterwards. */
	void (*unmap)(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
		      unsigned int nr);

	/*
	 * The frontend's pool: map nr grants writable, for good; nr 0: unmap it. No
	 * request and no ring is mapped. 0 or -errno. NULL: the strategy keeps none.
	 */
	int (*set_pool)(struct dma *dma, struct vq_stats *st, uint32_t first_gref, uint32_t nr);

	/*
	 * The same for the parts of a ring: these stay mapped until the queue is
	 * disabled, and both sides write there at any time, so copies will not do.
	 */
	unsigned int (*map_ring)(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
				 unsigned int nr);
	void (*unmap_ring)(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			   unsigned int nr);
};

/* Embedded in each strategy's own structure. */
struct dma {
	const struct dma_ops *ops;
	bool grants;		/* addresses are grants; otherwise guest-physical */
	bool marked;		/* a workload is timed from now on: no looking around */
	uint64_t maps_now;	/* map operations not yet undone, for all devices that share it */
	uint64_t pages_now;
	uint64_t pages_peak;
};

enum dma_check {
	DMA_OK = 0,
	DMA_NOT_A_GRANT,	/* bit 63 clear where grants are used */
	DMA_IS_A_GRANT,		/* bit 63 set where they are not */
	DMA_RANGE,		/* the gref or frame does not fit, or the sum overflows */
};

/* Whether addr, len (not 0) is an address of the agreed kind. */
enum dma_check dma_check(bool grants, uint64_t addr, uint32_t len);

/* Pages that addr, len touch. */
static inline uint32_t dma_nr_pages(uint64_t addr, uint32_t len)
{
	return (uint32_t)(((addr & (DMA_PAGE_SIZE - 1)) + len + DMA_PAGE_SIZE - 1) >>
			  DMA_PAGE_SHIFT);
}

/* First gref of a checked grant address. */
static inline uint32_t dma_gref(uint64_t addr)
{
	return (uint32_t)((addr & ~DMA_GRANT_BIT) >> DMA_PAGE_SHIFT);
}

/* The strategy's flush, if it needs one. */
static inline unsigned int dma_flush(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
				     unsigned int nr)
{
	return dma->ops->flush ? dma->ops->flush(dma, st, segs, nr) : 0;
}

/* Bookkeeping for strategies: a map operation over nr_pages was made, or undone. */
void dma_account_map(struct dma *dma, struct vq_stats *st, uint32_t nr_pages);
void dma_account_unmap(struct dma *dma, struct vq_stats *st, uint32_t nr_pages);

#endif
