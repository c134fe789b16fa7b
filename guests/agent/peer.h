/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dom0's side of Xen's own PV devices. Of a network device peer-net.h says more; this is
 * about the block device, the peer that a virtio disk is held against. The backend is a driver of dom0's kernel (xen-blkback) over a RAM disk,
 * so nothing of ours sits in its path and counts. Instead:
 *
 * - The domU says over xenstore ("mark") that its timed part begins or has ended,
 *   and waits for the answer ("marked").
 * - The span of the timed part (guests/backend/README.md has the virtio backend's)
 *   is bounded by completed requests: a perf event on the kernel's tracepoint
 *   block_bio_complete wakes us behind the first one, another behind the n-th, and
 *   then Xen is asked for its counters.
 * - blkback's own statistics say how much was served between the two marks.
 */
#ifndef GB_AGENT_PEER_H
#define GB_AGENT_PEER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/xen-mark.h"
#include "conf.h"
#include "peer-net.h"

struct peer_stats {
	uint64_t rd_req, wr_req, f_req, rd_sect, wr_sect;
};

/* A perf event; base is its ring, which only says that there is something. */
struct peer_event {
	int fd;			/* -1: none */
	void *base;
};

struct peer {
	int domid;			/* of the frontend; 0: there is no peer */
	bool is_net;
	struct net_peer net;		/* if so; of the rest then only the states are used */
	unsigned long requests;		/* the span ends behind that many */
	struct xs_handle *xs;
	struct xen_marks marks;
	struct peer_event first, last;
	int64_t look_at;		/* when to look for a mark again, sys_now_ms() */
	int nr_marks;
	char mark[16];			/* the last that was answered */
	struct peer_stats before, after; /* around the last timed part */
	uint64_t first_ns, last_ns;	/* of its span; 0: did not get there */
	unsigned int state;		/* of the backend in the timed part: XenbusState */
	unsigned int state_front;
	unsigned int persistent, persistent_front;
};

/* Fill the RAM disk, as a virtio backend's memory is there from the start. 0 or -errno. */
int peer_prepare(const struct conf *conf);

/* The domU exists, paused. 0, or -1 with a sentence in error. */
int peer_open(struct peer *p, const struct conf *conf, int domid, char *error, size_t err_size);

#define PEER_FDS 2
/* What to poll for; then serve what came, or look for a mark. True: there was something. */
void peer_poll_fds(const struct peer *p, struct pollfd pfds[PEER_FDS]);
bool peer_serve(struct peer *p, const struct pollfd pfds[PEER_FDS]);

/* The span of the timed part has begun, and not ended. */
bool peer_is_timed(const struct peer *p);

/* Send backend.json: state, statistics, span. */
void peer_end(struct peer *p);

#endif
