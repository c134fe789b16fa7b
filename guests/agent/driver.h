/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dom0's side of a driver domain: created and started as any domU, asked over
 * xenstore, its console relayed. dom0 reads Xen's counters for its backend, which
 * may not: each moment of a span (guests/backend/device.h) is an event channel of
 * the backend's, on which it notifies and waits for our answer. One that Xen started itself
 * is driver-dom0less.c's.
 */
#ifndef GB_AGENT_DRIVER_H
#define GB_AGENT_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include <xenevtchn.h>

#include "backend/xen-mark.h"
#include "conf.h"
#include "relay.h"

struct driver {
	bool second;			/* the second one: it counts nothing */
	bool dom0less;			/* Xen started it: no xenstore, no relay */
	int domid;			/* 0: there is none, the backend is ours */
	struct relay relay;
	struct xs_handle *xs;
	struct xen_marks marks;
	xenevtchn_handle *xce;
	int port[VDEV_SNAPSHOTS];	/* ours, of the moments' channels */
};

/* Create it, paused. 0, or -1 with a sentence in error. */
int driver_create(struct driver *d, const struct conf *conf, char *error, size_t err_size);

/* The same with the second one. */
int driver_create_second(struct driver *d, const struct conf *conf, char *error, size_t err_size);

/* xsm=dummy: make the frontend the driver domain's target, with all that this allows. */
int driver_set_target(const struct driver *d, xc_interface *xch, int frontend_domid, char *error,
		      size_t err_size);

/*
 * Where Xen has started both, instead of creating and starting: labels, if there is a policy;
 * then let it go on, and wait until its backend is ready. 0, or -1 with a sentence in error.
 */
int driver_adopt(struct driver *d, const struct conf *conf, xc_interface *xch, char *error,
		 size_t err_size);
int driver_start_dom0less(struct driver *d, const struct conf *conf, char *error, size_t err_size);

/* Let the frontend go on, which Xen started. 0 or -errno. */
int driver_tell_frontend(const struct conf *conf);

/* Start it, and wait until its backend is ready. 0, or -1 with a sentence in error. */
int driver_start(struct driver *d, int frontend_domid, char *error, size_t err_size);

/* The domain is no longer there, or has powered off. */
bool driver_is_down(const struct driver *d, xc_interface *xch);

/* What to poll for; serve with driver_serve(). -1: nothing. */
int driver_fd(const struct driver *d);
void driver_serve(struct driver *d);

/*
 * The frontend is destroyed: its backend ends, and the domain powers off. Relays the
 * last words and sends marks.json. False, with a failed check: it did not.
 */
bool driver_end(struct driver *d, xc_interface *xch);

#endif
