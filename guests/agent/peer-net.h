/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dom0's side of Xen's own PV network device: xen-netback is a driver of dom0's kernel, its
 * interface vifN.0 is in the bridge. The marks are those of gb-backend (guests/backend/net.h):
 * frames that the domU sends to everybody. They are heard on the bridge and answered through
 * the vif; in between the vif is asked for its statistics. Xen is asked for its counters when
 * the first packet behind a mark comes, and at the next mark.
 */
#ifndef GB_AGENT_PEER_NET_H
#define GB_AGENT_PEER_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/xen-mark.h"
#include "conf.h"

#define NET_PEER_MARKS 4	/* the last so many are kept */

/* What the domU sent is tx, as gb-backend has it. */
struct net_peer_stats {
	uint64_t tx_packets, rx_packets, tx_bytes, rx_bytes;
	uint64_t rx_drops;
};

struct net_peer {
	int fd;				/* hears marks on the bridge, -1: not this kind of peer */
	char vif[16];
	struct xen_marks marks;
	struct net_peer_stats st[NET_PEER_MARKS];
	unsigned int nr_marks;
	bool open;			/* a packet came behind the last mark */
	uint64_t open_ns;		/* when it did */
	uint64_t first_ns, last_ns;	/* from there to the next mark, of the last that got there */
	unsigned int span_mark;		/* marks that there had been */
};

/* The domU exists, paused. 0, or -1 with a sentence in error. */
int net_peer_open(struct net_peer *p, const struct conf *conf, int domid, char *error,
		  size_t err_size);
/* Answer a frame, if there is one. True: there was. */
bool net_peer_serve(struct net_peer *p);
/* The first packet behind a mark has come. */
void net_peer_first(struct net_peer *p);
/*
 * The members of backend.json that gb-backend's has of a network device: "nr_marks", "net"
 * with its "marks", and "span".
 */
void net_peer_write(const struct net_peer *p, struct jw *jw);
void net_peer_close(struct net_peer *p);

#endif
