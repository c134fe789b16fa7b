/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mapping strategies over grants, without Xen: what they ask of it is behind
 * struct grant_ops, which xen-dma.c makes of libxengnttab and tests of memory.
 *
 *   map       each descriptor on its own, as the virtio backends for Xen that
 *             exist do
 *   batch     one mapping for all device-readable segments of all requests
 *             popped and one for all device-writable ones: gntdev has one set of
 *             flags per mapping, and the frontend granted the first read-only
 *   copy      nothing is mapped: GNTTABOP_copy into a bounce buffer before a
 *             request is served and out of it behind, one call per direction for
 *             all requests popped
 *   adaptive  copy what is small, map the rest as batch does
 *   persistent  a pool of the frontend's is mapped once; requests are in it
 *
 * and test-hold and test-write, which do what no backend should: grant-test.c.
 *
 * Rings stay mapped with all of them: both sides write there.
 */
#ifndef GB_BACKEND_GRANT_H
#define GB_BACKEND_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "dma.h"
#include "options.h"
#include "virtq.h"

/*
 * Pages of one mapping, and of the bounce buffer: what a request of
 * VIRTQ_BYTES_MAX can touch in as many pieces as a chain has. A default grant
 * table has fewer entries, so no honest frontend has more in flight.
 */
#define GRANT_PAGES_MAX		(VIRTQ_BYTES_MAX / DMA_PAGE_SIZE + 2u * VIRTQ_CHAIN_MAX)

/* What stays of the bounce buffer when a batch is done; the rest is given back. */
#define GRANT_BOUNCE_KEEP	2048u	/* pages */

/* adaptive: a segment of this size is a header or a status; mapping it never pays. */
#define GRANT_TINY		64u	/* bytes */

struct grant_dma;

/* One operation of GNTTABOP_copy: neither end crosses a page. */
struct grant_copy {
	void *va;
	uint32_t gref;
	uint16_t offset;
	uint16_t len;
	int err;		/* the answer: 0 or -errno */
};

/* Each charges what it costs to st. */
struct grant_ops {
	/* nr grants side by side; NULL and errno when any of them cannot be mapped. */
	void *(*map)(struct grant_dma *gd, struct vq_stats *st, const uint32_t *grefs,
		     uint32_t nr, bool writable);
	/* Undo a whole map(). 0, or -1 for a bug of ours. */
	int (*unmap)(struct grant_dma *gd, struct vq_stats *st, void *base, uint32_t nr);
	/* Sets err of each, of all of them when the call as such failed. */
	void (*copy)(struct grant_dma *gd, struct vq_stats *st, struct grant_copy *copies,
		     uint32_t nr, bool to_frontend);
};

/* test-hold: mappings that outlive their requests. */
#define GRANT_HELD		16u

struct grant_held {
	void *base;
	uint32_t nr_pages;
};

struct grant_dma {
	struct dma dma;
	const struct grant_ops *grants;
	uint32_t copy_max;	/* adaptive: bytes of a request, without what is tiny */

	/* persistent: the frontend's pool */
	uint8_t *pool;
	uint32_t pool_first, pool_pages;

	uint32_t *grefs;	/* scratch, GRANT_PAGES_MAX */
	uint8_t *bounce;	/* GRANT_PAGES_MAX pages, touched as needed */
	struct grant_copy *copies; /* GRANT_PAGES_MAX, the same */
	uint32_t bounce_used;	/* pages */
	uint32_t bounced;	/* segments that live there */

	struct grant_held held[GRANT_HELD];
	unsigned int next_held;
};

/*
 * kind is one of the strategies above. copy_max is for adaptive. 0 or -ENOMEM.
 */
int grant_dma_init(struct grant_dma *gd, enum mapping_kind kind, const struct grant_ops *grants,
		   uint32_t copy_max);
void grant_dma_release(struct grant_dma *gd);

/* Inside: strategies share these. */

/* The segments whose bounced says otherwise are left alone; returns failures. */
unsigned int grant_map_batch(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			     unsigned int nr);
unsigned int grant_copy_in(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			   unsigned int nr);
unsigned int grant_map_each(struct dma *dma, struct vq_stats *st, struct dma_seg *segs,
			    unsigned int nr);
/* One segment, however it was reached. */
bool grant_map_one(struct grant_dma *gd, struct vq_stats *st, struct dma_seg *seg);
void grant_segment_failed(struct vq_stats *st, struct dma_seg *seg, int err);
void grant_unmap(struct dma *dma, struct vq_stats *st, struct dma_seg *segs, unsigned int nr);

extern const struct dma_ops grant_batch_ops, grant_copy_ops, grant_adaptive_ops,
	grant_persistent_ops, grant_hold_ops, grant_write_ops;

static inline struct grant_dma *to_grant(struct dma *dma)
{
	return (struct grant_dma *)((char *)dma - offsetof(struct grant_dma, dma));
}

#endif
