/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static event channels: Xen makes them at boot, by the host's tree ("xen,evtchn-v1"), and
 * Linux lets a process take one by its port. Xen leaves an event pending on the side whose
 * node it meets second (bind_interdomain in xen/common/event_channel.c), which is dom0's.
 *
 * The ioctls are Linux' <xen/evtchn.h>, since 6.6; not in the headers that Xen's libraries bring.
 * fd: of /dev/xen/evtchn, as from xenevtchn_fd(). 0 or -errno.
 */
#ifndef GB_BACKEND_XEN_STATIC_H
#define GB_BACKEND_XEN_STATIC_H

#include <errno.h>
#include <sys/ioctl.h>

struct xen_static_port {
	unsigned int port;
};
#define XEN_STATIC_NOTIFY	_IOC(_IOC_NONE, 'E', 4, sizeof(struct xen_static_port))
#define XEN_STATIC_BIND		_IOC(_IOC_NONE, 'E', 7, sizeof(struct xen_static_port))

static inline int xen_static_bind(int fd, unsigned int port)
{
	struct xen_static_port arg = { .port = port };

	return ioctl(fd, XEN_STATIC_BIND, &arg) < 0 ? -errno : 0;
}

static inline int xen_static_notify(int fd, unsigned int port)
{
	struct xen_static_port arg = { .port = port };

	return ioctl(fd, XEN_STATIC_NOTIFY, &arg) < 0 ? -errno : 0;
}

#endif
