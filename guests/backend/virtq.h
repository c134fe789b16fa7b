/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device's side of a split virtqueue (virtio 1.2, section 2.7).
 *
 * Everything in the rings is hostile input. Descriptors are copied once, then
 * checked, and only the copies are used; whatever is wrong becomes a fault,
 * which breaks the queue's device and nothing else. No Xen here, no allocation
 * after virtq_init(), no logging: memory comes in as a view over bytes, and
 * indirect tables through the dma strategy that the caller names.
 *
 * Life: virtq_init() once, virtq_start() when the driver enables the queue,
 * virtq_stop() when it disables it or resets the device, virtq_release().
 */
#ifndef GB_BACKEND_VIRTQ_H
#define GB_BACKEND_VIRTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dma.h"
#include "stats.h"

#define VIRTQ_SIZE_MAX		1024	/* entries; ours, the standard allows 32768 */
#define VIRTQ_CHAIN_MAX		1026	/* buffers of one request: seg_max 1024 and two headers */
#define VIRTQ_BATCH_MAX		64	/* requests of one virtq_pop() */

/*
 * The most one request may cover. A default grant table has 32,768 entries, so
 * no honest frontend can have more than this granted at once.
 */
#define VIRTQ_BYTES_MAX		(128u << 20)

#define VIRTQ_DESC_SIZE		16u
#define VIRTQ_DESC_F_NEXT	1
#define VIRTQ_DESC_F_WRITE	2
#define VIRTQ_DESC_F_INDIRECT	4
#define VIRTQ_AVAIL_F_NO_INTERRUPT 1
#define VIRTQ_USED_F_NO_NOTIFY	1

/* What can be wrong with a ring, with the name that logs and tests use. */
#define VIRTQ_FAULTS(X)                                                            \
	X(SIZE, "size")				/* not a power of two, or too large */ \
	X(ALIGNMENT, "alignment")		/* desc 16, avail 2, used 4 bytes */ \
	X(RING_MAP, "ring-map")			/* a ring's memory cannot be reached */ \
	X(AVAIL_JUMP, "avail-jump")		/* more new entries than the ring has */ \
	X(HEAD, "head-range")                                                      \
	X(NEXT, "next-range")                                                      \
	X(LOOP, "chain-loop")			/* more descriptors than the table has */ \
	X(CHAIN, "chain-length")		/* more buffers than ever agreed */ \
	X(ZERO, "zero-length")                                                     \
	X(ORDER, "direction-order")		/* device-readable after device-writable */ \
	X(BYTES, "byte-sum")			/* more than VIRTQ_BYTES_MAX */    \
	X(NOT_A_GRANT, "address-not-a-grant")                                      \
	X(IS_A_GRANT, "address-is-a-grant")                                        \
	X(ADDRESS, "address-range")                                                \
	X(INDIRECT_OFF, "indirect-not-negotiated")                                 \
	X(INDIRECT_NEXT, "indirect-with-next")                                     \
	X(INDIRECT_NESTED, "indirect-nested")                                      \
	X(INDIRECT_LENGTH, "indirect-length")	/* 0, no multiple of 16, too long */ \
	X(INDIRECT_MAP, "indirect-map")		/* the table cannot be reached */

enum virtq_fault {
	VIRTQ_OK = 0,
#define X(id, name) VIRTQ_FAULT_##id,
	VIRTQ_FAULTS(X)
#undef X
};

/* How many, VIRTQ_OK included. */
#define X(id, name) + 1
enum { VIRTQ_NR_FAULTS = 1 VIRTQ_FAULTS(X) };
#undef X

const char *virtq_fault_name(enum virtq_fault fault);

/* One request: nr_out device-readable segments, then nr_in device-writable ones. */
struct virtq_chain {
	uint16_t head;
	unsigned int nr_out;
	unsigned int nr_in;
	uint64_t out_bytes;
	uint64_t in_bytes;
	struct dma_seg *segs;	/* in the queue's pool, valid until the next virtq_pop() */
};

struct virtq {
	/* configuration, from virtq_init() and virtq_start() */
	unsigned int chain_max;		/* buffers of one request */
	unsigned int batch_max;		/* requests of one pop */
	uint16_t num;			/* entries, a power of two; 0: stopped */
	bool grants;
	bool event_idx;			/* VIRTIO_F_EVENT_IDX negotiated */
	bool indirect;			/* VIRTIO_F_INDIRECT_DESC negotiated */

	/* the view: memory that the frontend shares, num entries each */
	const uint8_t *desc;
	const uint8_t *avail;
	uint8_t *used;

	/* free-running, as in the rings */
	uint16_t last_avail;		/* next avail entry to look at */
	uint16_t used_idx;		/* next used entry to fill */
	uint16_t notified_used;		/* used_idx at the last decision to notify or not */

	enum virtq_fault fault;		/* why the last call failed */
	uint32_t fault_value;		/* the offending number: an index, a flag word, a length */

	struct dma_seg *pool;		/* batch_max * chain_max segments */
	struct dma_seg *tables;		/* batch_max indirect tables */
	uint16_t *table_of;		/* table i belongs to chain table_of[i] */
	struct vq_stats *st;
};

/* Bytes of the three parts. */
static inline size_t virtq_desc_bytes(unsigned int num)
{
	return (size_t)num * VIRTQ_DESC_SIZE;
}

static inline size_t virtq_avail_bytes(unsigned int num)
{
	return 6 + 2 * (size_t)num;
}

static inline size_t virtq_used_bytes(unsigned int num)
{
	return 6 + 8 * (size_t)num;
}

/*
 * chain_max <= VIRTQ_CHAIN_MAX, batch_max <= VIRTQ_BATCH_MAX. st stays the
 * caller's and is counted into. 0 or -ENOMEM.
 */
int virtq_init(struct virtq *vq, unsigned int chain_max, unsigned int batch_max,
	       struct vq_stats *st);
void virtq_release(struct virtq *vq);

/*
 * Check what the driver wrote into the queue's registers, before anything is
 * mapped. -EPROTO with fault set.
 */
int virtq_check(struct virtq *vq, unsigned int num, unsigned int num_max, bool grants,
		const uint64_t addr[3]);

/* Take the views into use, at index 0. Features as negotiated. */
void virtq_start(struct virtq *vq, uint16_t num, bool grants, bool event_idx, bool indirect,
		 const void *desc, const void *avail, void *used);
void virtq_stop(struct virtq *vq);

/*
 * Take up to max (<= batch_max) requests. Returns how many, or -EPROTO with
 * fault set: the queue must then be stopped. Indirect tables of all of them are
 * mapped in one call, copied and unmapped again.
 */
int virtq_pop(struct virtq *vq, struct dma *dma, struct virtq_chain *chains, unsigned int max);

/*
 * Put back the last nr requests of the last virtq_pop(), of which nothing was used or
 * pushed: the next pop takes them again.
 */
void virtq_unpop(struct virtq *vq, const struct virtq_chain *chains, unsigned int nr);

/*
 * Put a request into the used ring, len bytes written from the start of its
 * device-writable part; virtq_flush() then shows the frontend all that were put.
 */
void virtq_push(struct virtq *vq, uint16_t head, uint32_t len);
void virtq_flush(struct virtq *vq);

/* After virtq_flush(): whether the frontend wants to be notified of it. */
bool virtq_should_notify(struct virtq *vq);

/*
 * Ask for kicks again after a queue ran empty. True when something came in
 * meanwhile: process on, no kick will come for it.
 */
bool virtq_enable_kick(struct virtq *vq);

/* The same for who saw nr requests and wants more: a kick comes with the next one. */
bool virtq_enable_kick_beyond(struct virtq *vq, uint16_t nr);

/* No kicks needed while we are looking anyhow. A hint. */
void virtq_disable_kick(struct virtq *vq);

#endif
