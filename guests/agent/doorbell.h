/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A static event channel (backend/xen-static.h) as an agent uses it where there is no xenstore:
 * "go on". Its descriptor stays open for the life of the guest.
 */
#ifndef GB_AGENT_DOORBELL_H
#define GB_AGENT_DOORBELL_H

/* Take the channel with that local port. Its descriptor, or -errno. */
int doorbell_open(int port);

/* Wait for the first ring; there is no second one. 0, -ETIMEDOUT, -errno. */
int doorbell_wait(int fd, int port, int timeout_ms);

/* Ring at the other end. 0 or -errno. */
int doorbell_ring(int fd, int port);

#endif
