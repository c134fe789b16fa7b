/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gb-hostile: the backend, turned against its frontend. It serves requests as
 * gb-backend does and tries, around each of them, what it should not be able to do.
 * What it says of its success decides nothing: dom0 and the frontend look for
 * themselves (guests/agent/judge.h).
 *
 * dom0 gives orders by xenstore, data/do = "SEQ VERB [ARGUMENT]", and reads the answer in
 * data/did = "SEQ TEXT".
 *
 *   assault N   try it around each of the next N requests; answers behind the last
 *   hold        keep the next request in flight, and obey until "go"; answers
 *               "REF:OFFSET:LENGTH:WRITABLE ..." of its segments
 *   map N       while held: map every grant reference of the frontend, of which there are N, read-only and
 *               writable, and keep what could be mapped
 *   map0 N      the same with dom0's references
 *   unmap       give them back
 *   copy N [S]  while held: copy from every reference, and to those not ours: bytes S, or STAMP
 *   peek        while held: what stands in the pages of the request beside it
 *   foreign     map all of the frontend's memory by frame number, stamp its secrets
 *   keep        serve the next read, but keep its data mapped behind completion, which
 *               waits for "go"
 *   scribble    write to what is kept
 *   drop        unmap it
 *   ring KIND   bogus used entries, lengths, interrupts, a rewritten table
 *   die         be gone, in the middle of a request
 */
#ifndef GB_HOSTILE_HOSTILE_H
#define GB_HOSTILE_HOSTILE_H

#include <stdbool.h>
#include <stdint.h>

#include <xenstore.h>

#include "xen-backend.h"

#define STAMP 0xee		/* what we write where we should not be able to */
#define OLD_MAX 64
#define SET_MAX 64
#define HELD_MAX 8192

struct set {
	uint64_t page[SET_MAX];	/* grefs, or frame numbers */
	unsigned int nr;
};

struct tally {
	unsigned long tried, got;
};

struct hostile {
	struct backend *be;
	struct device *dev;
	const struct dma_ops *real;	/* the strategy in whose place we are */
	struct dma_ops ops;
	struct xs_handle *xs;
	unsigned int seq;		/* of the last order */
	unsigned long left;		/* requests still to be attacked */
	struct tally near, readonly, stale;
	bool hold, go, keep, die;
	struct set rings, now, old;	/* pages of the rings, this request, former ones */
	bool fresh;			/* the next map begins another request */
	struct dma_seg *segs;		/* of the request that is held */
	unsigned int nr_segs;
	void *held[HELD_MAX];		/* one page each */
	unsigned int nr_held;
	struct dma_seg kept;		/* va NULL: nothing */
};

/* command.c */
void hostile_answer(struct hostile *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Look for an order and carry it out. */
void hostile_obey(struct hostile *h);

/* assault.c: the strategy that attacks around each request. */
void hostile_attach(struct hostile *h, struct device *dev);

/* sweep.c: orders over whole tables. */
void sweep_map(struct hostile *h, uint32_t domid, unsigned int nr_refs);
void sweep_unmap(struct hostile *h);
void sweep_copy(struct hostile *h, unsigned int nr_refs, uint8_t with);
void sweep_peek(struct hostile *h);
void sweep_foreign(struct hostile *h);

/* ring.c */
void ring_attack(struct hostile *h, const char *kind);

/* One page by gref; NULL when Xen refuses. */
void *gref_map(struct hostile *h, uint32_t domid, uint32_t ref, bool writable);
void gref_unmap(struct hostile *h, void *va);
/* True: Xen copied. 4096 bytes between buf and the page of the reference. */
bool gref_copy(struct hostile *h, uint32_t domid, uint32_t ref, void *buf, bool to);
/* One page by frame number; NULL when Xen refuses. */
void *frame_map(struct hostile *h, uint64_t gfn, bool writable);
void frame_unmap(struct hostile *h, void *va);

bool set_has(const struct set *s, uint64_t page);

#endif
