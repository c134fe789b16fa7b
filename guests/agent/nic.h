/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network interface under test as the domU sees it, found through sysfs by its
 * device-tree node's platform device, as a disk is (disk.h); xen-netfront's by its device on
 * the bus xen: "vif-0".
 */
#ifndef GB_AGENT_NIC_H
#define GB_AGENT_NIC_H

#include <stdbool.h>
#include <stdint.h>

/* As guests/backend/net.h has them. */
#define NIC_MARK_TYPE 0x88b5
#define NIC_MARK_MAGIC "grantbench mark"
#define NIC_PING_MAGIC "grantbench ping"
#define NIC_FRAME_SIZE 60	/* the smallest that Ethernet has */
#define NIC_ETH_SIZE 14

struct nic {
	char device[64];	/* "2000000.virtio" */
	char name[16];		/* "eth0" */
	uint64_t features;	/* negotiated */
};

/* Is it a device of Xen's PV network driver? */
bool nic_is_pv(const char *device);

/* Wait until the device has an interface, and fill *nic. -ETIMEDOUT when it does not come. */
int nic_wait(const char *device, int timeout_ms, struct nic *nic);

/*
 * Make the backend take a mark of its counters: one frame there, and the same one back
 * (guests/backend/net.h), which shows both directions to work. -ETIMEDOUT without an
 * answer.
 */
int nic_mark(const struct nic *nic);
/* The same, but no mark is taken. */
int nic_ping(const struct nic *nic);

#endif
