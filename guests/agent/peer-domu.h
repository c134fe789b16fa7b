/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second domU, at the other end of the network: dom0's bridge joins the two, and each has a
 * gb-backend of its own. It serves what the first one asks for until that has ended.
 */
#ifndef GB_AGENT_PEER_DOMU_H
#define GB_AGENT_PEER_DOMU_H

#include "conf.h"
#include "relay.h"
#include "server.h"

struct peer_domu {
	int domid;		/* 0: there is none */
	struct relay relay;
	struct server server;
};

/*
 * Create it, start its backend, let it run and wait until it serves. 0, or -1 with a sentence in
 * error.
 */
int peer_domu_start(struct peer_domu *s, const struct conf *conf, char *error, size_t err_size);
/* Read what it and its backend said. -1, with a sentence in error: the backend has ended. */
int peer_domu_poll(struct peer_domu *s, char *error, size_t err_size);
/* Its backend ends, in order, and then it does. */
bool peer_domu_end(struct peer_domu *s);

#endif
