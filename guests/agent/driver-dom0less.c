// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver domain that Xen started beside its frontend. There is no xenstore: static event
 * channels say that its rights are given, that its backend is ready, and that the moments of a
 * span have come.
 */
#include "driver.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <xenctrl.h>

#include "backend/xen-static.h"
#include "doorbell.h"
#include "sys.h"

#define READY_MS 90000
#define BOOT_EVENT_MS 1000
#define POLL_MS 20

static int say(char *error, size_t err_size, const char *what, int err)
{
	snprintf(error, err_size, "the driver domain: %s: %s", what, strerror(err));
	return -1;
}

/* Xen has created both as unlabeled_t. */
static int relabel(xc_interface *xch, int domid, const char *label)
{
	char context[80];
	uint32_t sid;

	snprintf(context, sizeof(context), "%s", label);
	return xc_flask_context_to_sid(xch, context, (uint32_t)strlen(context), &sid) ||
	       xc_flask_relabel_domain(xch, domid, sid) ? -errno : 0;
}

int driver_adopt(struct driver *d, const struct conf *conf, xc_interface *xch, char *error,
		 size_t err_size)
{
	int ret;

	d->domid = conf->backend_domid;
	d->dom0less = true;
	if (driver_is_down(d, xch))
		return say(error, err_size, "Xen has not started it", ESRCH);
	if (!conf->driver_label[0])
		return 0;
	ret = relabel(xch, d->domid, conf->driver_label);
	if (ret)
		return say(error, err_size, conf->driver_label, -ret);
	ret = relabel(xch, conf->frontend_domid, conf->frontend_label);
	return ret ? say(error, err_size, conf->frontend_label, -ret) : 0;
}

/* The port that an event came for; -1: none in time. */
static int next_event(xenevtchn_handle *xce, int timeout_ms)
{
	struct pollfd pfd = { .fd = xenevtchn_fd(xce), .events = POLLIN };
	int port = poll(&pfd, 1, timeout_ms) == 1 ? xenevtchn_pending(xce) : -1;

	if (port >= 0)
		xenevtchn_unmask(xce, (evtchn_port_t)port);
	return port;
}

static int wait_ready(struct driver *d, int port, char *error, size_t err_size)
{
	int64_t until = sys_now_ms() + READY_MS;

	while (next_event(d->xce, POLL_MS) != port) {
		if (driver_is_down(d, d->marks.xch))
			return say(error, err_size, "it is down, and its backend was not ready", ESRCH);
		if (sys_now_ms() >= until)
			return say(error, err_size, "its backend is not ready", ETIMEDOUT);
	}
	return 0;
}

/* Take the channels, and what Xen left pending on them at boot: none of that is the backend's word. */
static int take_channels(struct driver *d, int first)
{
	int i, ret;

	for (i = 0; i < 1 + VDEV_SNAPSHOTS; i++) {
		ret = xen_static_bind(xenevtchn_fd(d->xce), (unsigned int)(first + i));
		if (ret)
			return ret;
		next_event(d->xce, BOOT_EVENT_MS);
	}
	for (i = 0; i < VDEV_SNAPSHOTS; i++)
		d->port[i] = first + 1 + i;
	return 0;
}

int driver_start_dom0less(struct driver *d, const struct conf *conf, char *error, size_t err_size)
{
	int go = conf->driver_evtchn, ret;

	xen_marks_open(&d->marks, (uint32_t)d->domid, (uint32_t)conf->frontend_domid);
	d->xce = xenevtchn_open(NULL, 0);
	if (!d->xce)
		return say(error, err_size, "/dev/xen/evtchn", errno);
	ret = take_channels(d, go);
	if (ret == 0)
		ret = xen_static_notify(xenevtchn_fd(d->xce), (unsigned int)go);
	if (ret < 0)
		return say(error, err_size, "its static event channels", -ret);
	return wait_ready(d, go, error, err_size);
}

int driver_tell_frontend(const struct conf *conf)
{
	int fd = doorbell_open(conf->ready_evtchn);

	return fd < 0 ? fd : doorbell_ring(fd, conf->ready_evtchn);
}
