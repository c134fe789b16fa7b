// SPDX-License-Identifier: GPL-2.0-or-later
#include "doorbell.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "backend/xen-static.h"

int doorbell_open(int port)
{
	int fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = xen_static_bind(fd, (unsigned int)port);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

int doorbell_wait(int fd, int port, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	unsigned int got;

	if (poll(&pfd, 1, timeout_ms) <= 0)
		return -ETIMEDOUT;
	return read(fd, &got, sizeof(got)) == sizeof(got) && got == (unsigned int)port ? 0 : -EIO;
}

int doorbell_ring(int fd, int port)
{
	return xen_static_notify(fd, (unsigned int)port);
}
