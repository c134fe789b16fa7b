/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packet headers as a virtio-net device sees them: what a driver may say about a
 * packet (virtio 1.2, section 5.1.6.2), checked against the packet itself. Pure.
 *
 * The packet's first bytes must be a private copy: they are looked at more than
 * once. Rules are the standard's MUSTs; a gso_size beyond what the MTU lets
 * through is refused as well, so that no segment is ever larger than a frame.
 */
#ifndef GB_BACKEND_NET_HDR_H
#define GB_BACKEND_NET_HDR_H

#include <stdbool.h>
#include <stdint.h>

#define VIRTIO_NET_F_CSUM		(1ull << 0)
#define VIRTIO_NET_F_GUEST_CSUM		(1ull << 1)
#define VIRTIO_NET_F_MTU		(1ull << 3)
#define VIRTIO_NET_F_MAC		(1ull << 5)
#define VIRTIO_NET_F_GUEST_TSO4		(1ull << 7)
#define VIRTIO_NET_F_GUEST_TSO6		(1ull << 8)
#define VIRTIO_NET_F_HOST_TSO4		(1ull << 11)
#define VIRTIO_NET_F_HOST_TSO6		(1ull << 12)
#define VIRTIO_NET_F_MRG_RXBUF		(1ull << 15)
#define VIRTIO_NET_F_STATUS		(1ull << 16)
#define VIRTIO_NET_F_CTRL_VQ		(1ull << 17)
#define VIRTIO_NET_F_CTRL_RX		(1ull << 18)
#define VIRTIO_NET_F_MQ			(1ull << 22)
#define VIRTIO_NET_F_CTRL_MAC_ADDR	(1ull << 23)

#define VNET_HDR_SIZE		12u	/* with VERSION_1 always the long one */
#define VNET_HDR_NUM_BUFFERS	10u	/* offset of the last field */
#define VNET_F_NEEDS_CSUM	1u
#define VNET_F_DATA_VALID	2u
#define VNET_GSO_NONE		0u
#define VNET_GSO_TCPV4		1u
#define VNET_GSO_TCPV6		4u

#define VNET_ETH_SIZE		14u
#define VNET_ETH_ALEN		6u
#define VNET_FRAME_EXTRA	18u	/* Ethernet header and one VLAN tag, beyond the MTU */
#define VNET_PACKET_MAX		(65535u + VNET_FRAME_EXTRA)
#define VNET_HEAD_MAX		256u	/* all headers of a GSO packet must be in there */
#define VNET_GSO_SIZE_MIN	48u	/* a packet of 64 KiB must not become 64 K frames */

struct vnet_hdr {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t num_buffers;
};

void vnet_hdr_get(struct vnet_hdr *h, const uint8_t raw[VNET_HDR_SIZE]);
void vnet_hdr_put(uint8_t raw[VNET_HDR_SIZE], const struct vnet_hdr *h);

/* Why a packet went no further, with the name in the statistics. */
#define VNET_DROPS(X)                                                              \
	X(runt)		/* shorter than an Ethernet header */                      \
	X(giant)	/* longer than MTU or GSO allow */                         \
	X(csum)		/* checksum fields outside the packet, or not negotiated */ \
	X(gso_type)	/* not negotiated, or none that exists */                  \
	X(gso_size)	/* 0, tiny, or segments would not fit the MTU */           \
	X(gso_packet)	/* headers are not of the type, or do not fit the fields */ \
	X(unmapped)	/* the frontend's pages could not be reached */            \
	X(no_buffers)	/* the frontend has given none; only where nobody can wait */ \
	X(small_buffers) /* a chain, or 64 of them, cannot hold it */               \
	X(filter)	/* not for the frontend's addresses */                     \
	X(store)	/* the tap refused it */

enum vnet_drop {
	VNET_PASS,
#define X(name) VNET_DROP_##name,
	VNET_DROPS(X)
#undef X
};

/*
 * A packet from the driver: len bytes, of which the first min(len, VNET_HEAD_MAX) are
 * in head. features: negotiated. On VNET_PASS *h is what can be said to others: flags
 * and fields that mean nothing are 0, hdr_len is our own count. Otherwise the reason.
 */
enum vnet_drop vnet_check(struct vnet_hdr *h, const uint8_t *head, uint32_t len,
			  uint64_t features, unsigned int mtu);

/*
 * Turn a packet round, as if the other end had echoed it: Ethernet addresses, and the
 * addresses and ports of UDP over IPv4 or IPv6. Sums stay what they were. head as above.
 */
void vnet_turn(uint8_t *head, uint32_t len);

/* The Internet checksum, to be continued: RFC 1071. odd: p begins at an odd place. */
uint32_t vnet_sum(uint32_t sum, const uint8_t *p, uint32_t len, bool odd);
/* Folded and complemented, in network byte order as two bytes. */
void vnet_sum_put(uint8_t out[2], uint32_t sum);

#endif
