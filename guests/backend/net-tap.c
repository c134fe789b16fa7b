// SPDX-License-Identifier: GPL-2.0-or-later
#include "net-tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net-hdr.h"

#define BRIDGE_ADD_IF	0x89a2	/* SIOCBRADDIF, linux/sockios.h */

const char *vnet_store_name(enum vnet_store store)
{
	static const char *const names[] = {
		[VNET_STORE_NULL] = "null", [VNET_STORE_LOOP] = "loop", [VNET_STORE_TAP] = "tap",
	};

	return names[store];
}

static int open_queue(const char *name, bool multi)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int size = VNET_HDR_SIZE, one = 1, err;

	if (fd < 0)
		return -errno;
	if (multi)
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
	memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	if (ioctl(fd, TUNSETIFF, &ifr) == 0 && ioctl(fd, TUNSETVNETHDRSZ, &size) == 0 &&
	    ioctl(fd, TUNSETVNETLE, &one) == 0)
		return fd;
	err = errno;
	close(fd);
	return -err;
}

static int configure(const char *name, const char *bridge, unsigned int mtu, const char **what)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = 0;
	struct ifreq ifr;

	*what = "socket";
	if (s < 0)
		return -errno;
	memset(&ifr, 0, sizeof(ifr));
	memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	ifr.ifr_mtu = (int)mtu;
	*what = "set the MTU";
	if (ioctl(s, SIOCSIFMTU, &ifr) < 0)
		ret = -errno;
	if (!ret && bridge && *bridge) {
		struct ifreq br;

		memset(&br, 0, sizeof(br));
		memcpy(br.ifr_name, bridge, strnlen(bridge, IFNAMSIZ - 1));
		br.ifr_ifindex = (int)if_nametoindex(name);
		*what = "put it into the bridge";
		if (ioctl(s, BRIDGE_ADD_IF, &br) < 0)
			ret = -errno;
	}
	if (!ret) {
		*what = "bring it up";
		if (ioctl(s, SIOCGIFFLAGS, &ifr) < 0)
			ret = -errno;
		ifr.ifr_flags |= IFF_UP;
		if (!ret && ioctl(s, SIOCSIFFLAGS, &ifr) < 0)
			ret = -errno;
	}
	close(s);
	return ret;
}

int vtap_open(struct vtap *tap, const char *name, const char *bridge, unsigned int nr,
	      unsigned int mtu, const char **what)
{
	struct vtap opened = VTAP_INIT;
	int ret = 0;

	*what = "/dev/net/tun";
	for (opened.nr = 0; opened.nr < nr && ret == 0; ) {
		int fd = open_queue(name, nr > 1);

		if (fd < 0) {
			ret = fd;
			break;
		}
		opened.attached[opened.nr] = true;
		opened.fd[opened.nr++] = fd;
	}
	if (ret == 0)
		ret = configure(name, bridge, mtu, what);
	if (ret < 0) {
		vtap_close(&opened);
		return ret;
	}
	*tap = opened;
	return 0;
}

void vtap_close(struct vtap *tap)
{
	unsigned int i;

	for (i = 0; i < VNET_PAIRS_MAX; i++) {
		if (tap->fd[i] >= 0)
			close(tap->fd[i]);
		tap->fd[i] = -1;
	}
	tap->nr = 0;
}

int vtap_set_offload(struct vtap *tap, uint64_t features)
{
	unsigned int offload = 0;

	if (!tap->nr)
		return 0;
	if (features & VIRTIO_NET_F_GUEST_CSUM) {
		offload = TUN_F_CSUM;
		if (features & VIRTIO_NET_F_GUEST_TSO4)
			offload |= TUN_F_TSO4;
		if (features & VIRTIO_NET_F_GUEST_TSO6)
			offload |= TUN_F_TSO6;
	}
	return ioctl(tap->fd[0], TUNSETOFFLOAD, (unsigned long)offload) < 0 ? -errno : 0;
}

int vtap_set_queues(struct vtap *tap, unsigned int nr)
{
	unsigned int i;

	if (tap->nr < 2)
		return 0;
	for (i = 0; i < tap->nr; i++) {
		bool attach = i < nr;
		struct ifreq ifr = {
			.ifr_flags = attach ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE,
		};

		if (attach == tap->attached[i])
			continue;
		if (ioctl(tap->fd[i], TUNSETQUEUE, &ifr) < 0)
			return -errno;
		tap->attached[i] = attach;
	}
	return 0;
}

int vtap_read(struct vtap *tap, struct vq_stats *st, unsigned int pair, void *buf, uint32_t size)
{
	ssize_t n;

	st->syscalls++;
	n = read(tap->fd[pair], buf, size);
	return n < 0 ? -errno : (int)n;
}

int vtap_write(struct vtap *tap, struct vq_stats *st, unsigned int pair, const struct iovec *iov,
	       unsigned int nr)
{
	ssize_t n;

	st->syscalls++;
	n = writev(tap->fd[pair], iov, (int)nr);
	return n < 0 ? -errno : 0;
}
