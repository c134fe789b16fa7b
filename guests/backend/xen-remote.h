/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The moments of a span, where we may not ask Xen what it counted: somebody who may
 * is told by an event channel, one per kind of moment, and answers on it when done.
 * We wait for the answer, so that the moment is one.
 */
#ifndef GB_BACKEND_XEN_REMOTE_H
#define GB_BACKEND_XEN_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

#include <xenevtchn.h>

#include "device.h"

struct xen_remote {
	xenevtchn_handle *xce;	/* its own: nothing else is pending there. NULL: not asked for */
	int port[VDEV_SNAPSHOTS];
	bool dead;		/* it did not answer once; we do not wait again */
};

/* Channels for domid to bind. 0 or -errno. */
int xen_remote_open(struct xen_remote *r, struct xentoollog_logger *log, uint32_t domid);
/* Static ones, first_port and the next: who is at the other end is the tree's choice. */
int xen_remote_open_static(struct xen_remote *r, struct xentoollog_logger *log,
			   unsigned int first_port);
void xen_remote_close(struct xen_remote *r);

void xen_remote_take(struct xen_remote *r, enum vdev_snapshot which);

#endif
