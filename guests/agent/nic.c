// SPDX-License-Identifier: GPL-2.0-or-later
#include "nic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "disk.h"
#include "sys.h"

#define MAGIC_SIZE (sizeof(NIC_MARK_MAGIC) - 1)
#define MARK_WAIT_MS 2000
#define VIF_DRIVER "/sys/bus/xen/drivers/vif"

bool nic_is_pv(const char *device)
{
	return !strncmp(device, "vif-", 4);
}

/* It is there when the front driver is bound and has met its backend. */
static int look_pv(const char *device, struct nic *nic)
{
	char path[160];

	snprintf(path, sizeof(path), VIF_DRIVER "/%s/net", device);
	if (!disk_first_entry(path, "", nic->name, sizeof(nic->name)))
		return -EAGAIN;
	nic->features = 0;
	if (device != nic->device)
		snprintf(nic->device, sizeof(nic->device), "%s", device);
	return 0;
}

static int look(const char *device, struct nic *nic)
{
	char dir[160], path[224], virtio[32];
	int ret;

	if (nic_is_pv(device))
		return look_pv(device, nic);
	snprintf(dir, sizeof(dir), "/sys/bus/platform/devices/%s", device);
	if (!disk_first_entry(dir, "virtio", virtio, sizeof(virtio)))
		return -EAGAIN;
	snprintf(path, sizeof(path), "%s/%s/net", dir, virtio);
	if (!disk_first_entry(path, "", nic->name, sizeof(nic->name)))
		return -EAGAIN;
	snprintf(path, sizeof(path), "%s/%s/features", dir, virtio);
	ret = disk_read_features(path, &nic->features);
	/* device may be this very field */
	if (ret == 0 && device != nic->device)
		snprintf(nic->device, sizeof(nic->device), "%s", device);
	return ret;
}

int nic_wait(const char *device, int timeout_ms, struct nic *nic)
{
	int64_t until = sys_now_ms() + timeout_ms;
	int ret;

	while ((ret = look(device, nic)) == -EAGAIN) {
		if (sys_now_ms() >= until)
			return -ETIMEDOUT;
		sys_sleep_ms(1);
	}
	return ret;
}

static int there_and_back(const struct nic *nic, const char *magic)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(NIC_MARK_TYPE), .sll_halen = 6,
		.sll_ifindex = (int)if_nametoindex(nic->name),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(NIC_MARK_TYPE)), ret = 0;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	unsigned char frame[NIC_FRAME_SIZE] = { 0 };

	if (fd < 0)
		return -errno;
	/* from nobody to everybody: the answer is the other way round, and only we look at it */
	memset(frame, 0xff, 6);
	frame[6] = 0x02;
	frame[12] = NIC_MARK_TYPE >> 8;
	frame[13] = NIC_MARK_TYPE & 0xff;
	memcpy(frame + NIC_ETH_SIZE, magic, MAGIC_SIZE);
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		ret = -errno;
	else if (poll(&pfd, 1, MARK_WAIT_MS) <= 0)
		ret = -ETIMEDOUT;
	else if (recv(fd, frame, sizeof(frame), 0) != sizeof(frame) || frame[0] != 0x02 ||
		 memcmp(frame + NIC_ETH_SIZE, magic, MAGIC_SIZE))
		ret = -EIO;
	close(fd);
	return ret;
}

int nic_mark(const struct nic *nic)
{
	return there_and_back(nic, NIC_MARK_MAGIC);
}

int nic_ping(const struct nic *nic)
{
	return there_and_back(nic, NIC_PING_MAGIC);
}
