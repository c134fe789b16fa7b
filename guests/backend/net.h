/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio network device (virtio 1.2, section 5.1) over a tap, or over nothing.
 *
 *	queue 2i	packets to the frontend (rx): net-rx.c takes as many buffers as a
 *			packet needs when there is a packet, and maps no more of them
 *	queue 2i + 1	packets from it (tx): net-tx.c
 *	the last one	control: net-ctrl.c. "Last" is queue 2 unless MQ was negotiated
 *
 * What is wrong with a packet drops that packet and is counted by reason. A ring, or
 * a request framed so that nothing can be told to the driver, breaks the device.
 *
 * A frame of Ethernet type VNET_MARK_TYPE (IEEE 802's "local experimental 1") that begins
 * with VNET_MARK_MAGIC is not sent on: it is a mark (device.h), and comes back turned
 * round once it was taken. With VNET_PING_MAGIC it comes back, and is no mark.
 */
#ifndef GB_BACKEND_NET_H
#define GB_BACKEND_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "net-hdr.h"
#include "net-tap.h"

#define VIRTIO_ID_NET		1

#define VNET_MARK_TYPE		0x88b5u
#define VNET_MARK_MAGIC		"grantbench mark"
#define VNET_PING_MAGIC		"grantbench ping"	/* as long */

#define VNET_CHAIN_MAX		66u	/* Linux: 17 fragments, header and linear part */
#define VNET_CONFIG_SIZE	12u	/* up to and with mtu */
#define VNET_MTU_MIN		68u
#define VNET_MTU_MAX		65535u
#define VNET_FILTER_MAX		64u	/* addresses of each kind */

/* What offloads= may take away; the rest is always offered. */
#define VNET_OFFLOADS \
	(VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HOST_TSO4 | \
	 VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 | \
	 VIRTIO_NET_F_MRG_RXBUF)

#define VNET_COUNTERS(X)                                                           \
	X(tx_packets)	/* from the frontend, sent on or dropped */                \
	X(tx_bytes)	/* Ethernet frames, without the virtio header */           \
	X(tx_csum)	/* with a checksum still to be filled in */                \
	X(tx_gso)                                                                  \
	X(rx_packets)	/* given to the frontend */                                \
	X(rx_bytes)                                                                \
	X(rx_csum)                                                                 \
	X(rx_gso)                                                                  \
	X(rx_buffers)	/* chains that these took */                               \
	X(rx_waits)	/* times that a packet had to wait for buffers */          \
	X(marks)

struct vnet_stats {
#define X(name) uint64_t name;
	VNET_COUNTERS(X)
#undef X
#define X(name) uint64_t drop_##name;
	VNET_DROPS(X)
#undef X
};

struct vnet_config {
	unsigned int nr_pairs;
	unsigned int queue_size;
	unsigned int mtu;
	uint8_t mac[VNET_ETH_ALEN];
	uint64_t offloads;	/* of VNET_OFFLOADS */
};

struct vnet_filter {
	bool promisc, allmulti;
	unsigned int nr[2];	/* unicast, multicast; more than VNET_FILTER_MAX: all of them */
	uint8_t addr[2][VNET_FILTER_MAX][VNET_ETH_ALEN];
};

struct vnet_pair {
	struct vnet_stats st;
	uint8_t *packet;	/* from the tap, header first; it waits here for buffers */
	uint32_t packet_len;	/* 0: none */
	uint32_t buffer_len;	/* of the last chain, to guess how many are needed */
	uint16_t seen;		/* chains that were there, and were not enough */
	bool starved;		/* no buffers: look again at a kick */
};

struct vnet {
	struct vdev dev;
	struct vnet_config config;
	enum vnet_store store;
	struct vtap *tap;	/* of VNET_STORE_TAP */

	uint64_t features;	/* in effect: negotiated, and consistent */
	unsigned int active;	/* pairs in use */
	uint8_t mac[VNET_ETH_ALEN];
	struct vnet_filter filter;
	struct vnet_pair pair[VNET_PAIRS_MAX];
	struct vnet_stats marks[VDEV_MARKS];
	struct virtq_chain rx_chains[VIRTQ_BATCH_MAX];
	struct iovec iov[VNET_CHAIN_MAX + 2];	/* a packet to send: header, head, the rest */
	uint64_t ctrl_ok, ctrl_bad;
	uint8_t space[VNET_CONFIG_SIZE];
};

/*
 * dma and tap stay the caller's and outlive the device; so do the callbacks of net->dev
 * (index, owner, irq, broken), which the caller has set. 0, -ENOMEM or -EINVAL.
 */
int vnet_init(struct vnet *net, const struct vnet_config *config, enum vnet_store store,
	      struct dma *dma, struct vtap *tap);
void vnet_release(struct vnet *net);

/* Whether pair i could take a packet from its tap: wait for one there. */
bool vnet_wants_packets(const struct vnet *net, unsigned int pair);
/* There is one: vdev_process() fetches it. */
void vnet_has_packets(struct vnet *net, unsigned int pair);

/* Between the files of the device. */

/* net-tx.c: a packet of the frontend's; see struct vdev_class. */
int64_t vnet_tx(struct vnet *net, unsigned int pair, struct vq_stats *st,
		struct virtq_chain *chain);
/* Count a dropped packet. */
void vnet_drop(struct vnet_pair *pair, enum vnet_drop why);

/*
 * net-rx.c: give the frontend a packet: header h and the bytes of iov (len in all). The frontend
 * is shown it, but not yet notified: *nr gets the chains
 * taken. 0; -EAGAIN: no buffers; -EMSGSIZE, -EFAULT: dropped and counted;
 * -EPROTO: broken.
 */
int vnet_rx_put(struct vnet *net, unsigned int pair, const struct vnet_hdr *h,
		const struct iovec *src, unsigned int nr_src, uint32_t len, unsigned int *nr);
/* Serve queue 2 * pair from the tap: as struct vdev_class. */
bool vnet_rx_serve(struct vnet *net, unsigned int pair);

/* net-ctrl.c: a command; see struct vdev_class. */
int64_t vnet_ctrl(struct vnet *net, struct vq_stats *st, struct virtq_chain *chain);
void vnet_filter_reset(struct vnet *net);
/* Whether a frame (at least VNET_ETH_SIZE bytes) is for the frontend. */
bool vnet_filter_pass(const struct vnet *net, const uint8_t *frame);

#endif
