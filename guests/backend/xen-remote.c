// SPDX-License-Identifier: GPL-2.0-or-later
#include "xen-remote.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "xen-static.h"

#define ANSWER_MS 10000

int xen_remote_open(struct xen_remote *r, struct xentoollog_logger *log, uint32_t domid)
{
	unsigned int i;

	r->xce = xenevtchn_open(log, 0);
	if (!r->xce)
		return -errno;
	for (i = 0; i < VDEV_SNAPSHOTS; i++) {
		r->port[i] = xenevtchn_bind_unbound_port(r->xce, domid);
		if (r->port[i] < 0)
			return -errno;
	}
	return 0;
}

int xen_remote_open_static(struct xen_remote *r, struct xentoollog_logger *log,
			   unsigned int first_port)
{
	unsigned int i;
	int rc;

	r->xce = xenevtchn_open(log, 0);
	if (!r->xce)
		return -errno;
	for (i = 0; i < VDEV_SNAPSHOTS; i++) {
		rc = xen_static_bind(xenevtchn_fd(r->xce), first_port + i);
		if (rc)
			return rc;
		r->port[i] = (int)(first_port + i);
	}
	return 0;
}

void xen_remote_close(struct xen_remote *r)
{
	/* its ports go with it */
	if (r->xce)
		xenevtchn_close(r->xce);
	r->xce = NULL;
}

/* Binding leaves a channel pending: an event that is not the answer is dropped. */
static void drop_old(struct xen_remote *r)
{
	struct pollfd pfd = { .fd = xenevtchn_fd(r->xce), .events = POLLIN };
	int port;

	while (poll(&pfd, 1, 0) == 1 && (port = xenevtchn_pending(r->xce)) >= 0)
		xenevtchn_unmask(r->xce, (evtchn_port_t)port);
}

void xen_remote_take(struct xen_remote *r, enum vdev_snapshot which)
{
	struct pollfd pfd = { .fd = xenevtchn_fd(r->xce), .events = POLLIN };
	int port = -1;

	if (r->dead)
		return;
	drop_old(r);
	if (xenevtchn_notify(r->xce, (evtchn_port_t)r->port[which]) == 0 &&
	    poll(&pfd, 1, ANSWER_MS) == 1)
		port = xenevtchn_pending(r->xce);
	if (port >= 0)
		xenevtchn_unmask(r->xce, (evtchn_port_t)port);
	r->dead = port != r->port[which];
	if (r->dead)
		fprintf(stderr, "gb-backend: nobody takes Xen's counters: event channel %d gave %d\n",
			r->port[which], port);
}
