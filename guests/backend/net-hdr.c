// SPDX-License-Identifier: GPL-2.0-or-later
#include "net-hdr.h"

#include <string.h>

#include "mem.h"

#define ETH_P_IP	0x0800u
#define ETH_P_IPV6	0x86ddu
#define ETH_P_8021Q	0x8100u
#define PROTO_TCP	6u
#define PROTO_UDP	17u
#define TCP_CSUM_OFFSET	16u

/* Where the headers are; offsets from the start of the frame. */
struct layout {
	uint32_t ip;
	uint32_t l4;
	uint8_t version;	/* 4, 6; 0: neither */
	uint8_t proto;
	bool fragment;
};

void vnet_hdr_get(struct vnet_hdr *h, const uint8_t raw[VNET_HDR_SIZE])
{
	h->flags = raw[0];
	h->gso_type = raw[1];
	h->hdr_len = get_le16(raw + 2);
	h->gso_size = get_le16(raw + 4);
	h->csum_start = get_le16(raw + 6);
	h->csum_offset = get_le16(raw + 8);
	h->num_buffers = get_le16(raw + VNET_HDR_NUM_BUFFERS);
}

void vnet_hdr_put(uint8_t raw[VNET_HDR_SIZE], const struct vnet_hdr *h)
{
	raw[0] = h->flags;
	raw[1] = h->gso_type;
	put_le16(raw + 2, h->hdr_len);
	put_le16(raw + 4, h->gso_size);
	put_le16(raw + 6, h->csum_start);
	put_le16(raw + 8, h->csum_offset);
	put_le16(raw + VNET_HDR_NUM_BUFFERS, h->num_buffers);
}

static unsigned int be16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* Extension headers that may stand between IPv6 and TCP: RFC 8200, section 4.1. */
static bool is_extension(uint8_t next)
{
	return next == 0 || next == 43 || next == 60;
}

static bool find_ipv6(struct layout *l, const uint8_t *head, uint32_t size)
{
	uint8_t next = head[l->ip + 6];
	uint32_t at = l->ip + 40;

	while (is_extension(next)) {
		if (at + 8 > size)
			return false;
		next = head[at];
		at += 8 + 8u * head[at + 1];
	}
	l->proto = next;
	l->fragment = next == 44;
	l->l4 = at;
	return at <= size;
}

/* False: the headers are cut short. */
static bool find_headers(struct layout *l, const uint8_t *head, uint32_t size)
{
	unsigned int type;
	uint32_t at = 12;

	memset(l, 0, sizeof(*l));
	if (size < VNET_ETH_SIZE)
		return false;
	type = be16(head + at);
	if (type == ETH_P_8021Q) {
		at += 4;
		if (size < at + 2)
			return false;
		type = be16(head + at);
	}
	l->ip = at + 2;
	if (type == ETH_P_IP) {
		if (size < l->ip + 20 || head[l->ip] >> 4 != 4 || (head[l->ip] & 15) < 5)
			return false;
		l->version = 4;
		l->l4 = l->ip + 4u * (head[l->ip] & 15);
		l->proto = head[l->ip + 9];
		l->fragment = be16(head + l->ip + 6) & 0x3fff;
		return l->l4 <= size;
	}
	if (type == ETH_P_IPV6) {
		if (size < l->ip + 40 || head[l->ip] >> 4 != 6)
			return false;
		l->version = 6;
		return find_ipv6(l, head, size);
	}
	return true;
}

static enum vnet_drop check_gso(struct vnet_hdr *h, const uint8_t *head, uint32_t len,
				uint64_t features, unsigned int mtu)
{
	uint32_t size = len < VNET_HEAD_MAX ? len : VNET_HEAD_MAX, end;
	bool v4 = h->gso_type == VNET_GSO_TCPV4;
	struct layout l;

	if (!v4 && h->gso_type != VNET_GSO_TCPV6)
		return VNET_DROP_gso_type;
	if (!(features & (v4 ? VIRTIO_NET_F_HOST_TSO4 : VIRTIO_NET_F_HOST_TSO6)))
		return VNET_DROP_gso_type;
	if (!(h->flags & VNET_F_NEEDS_CSUM))
		return VNET_DROP_csum;
	if (!find_headers(&l, head, size) || l.version != (v4 ? 4 : 6) || l.proto != PROTO_TCP ||
	    l.fragment || l.l4 + 20 > size)
		return VNET_DROP_gso_packet;
	end = l.l4 + 4u * (head[l.l4 + 12] >> 4);
	if (end < l.l4 + 20 || end >= len || end > size)
		return VNET_DROP_gso_packet;
	if (h->csum_start != l.l4 || h->csum_offset != TCP_CSUM_OFFSET || h->hdr_len > len)
		return VNET_DROP_gso_packet;
	if (h->gso_size < VNET_GSO_SIZE_MIN || end - l.ip + h->gso_size > mtu)
		return VNET_DROP_gso_size;
	h->hdr_len = (uint16_t)end;
	return VNET_PASS;
}

enum vnet_drop vnet_check(struct vnet_hdr *h, const uint8_t *head, uint32_t len,
			  uint64_t features, unsigned int mtu)
{
	bool gso = h->gso_type != VNET_GSO_NONE;

	if (len < VNET_ETH_SIZE)
		return VNET_DROP_runt;
	if (len > (gso ? VNET_PACKET_MAX : mtu + VNET_FRAME_EXTRA))
		return VNET_DROP_giant;

	h->flags &= VNET_F_NEEDS_CSUM;	/* bits that are not known are to be ignored */
	h->num_buffers = 0;
	if (h->flags) {
		if (!(features & VIRTIO_NET_F_CSUM) || h->csum_start < VNET_ETH_SIZE ||
		    (uint32_t)h->csum_start + h->csum_offset + 2 > len)
			return VNET_DROP_csum;
	} else {
		h->csum_start = 0;
		h->csum_offset = 0;
	}
	if (gso)
		return check_gso(h, head, len, features, mtu);
	h->gso_size = 0;
	h->hdr_len = 0;
	return VNET_PASS;
}

static void swap(uint8_t *a, uint8_t *b, unsigned int len)
{
	uint8_t tmp[16];

	memcpy(tmp, a, len);
	memcpy(a, b, len);
	memcpy(b, tmp, len);
}

void vnet_turn(uint8_t *head, uint32_t len)
{
	uint32_t size = len < VNET_HEAD_MAX ? len : VNET_HEAD_MAX;
	struct layout l;
	bool later;

	if (size < VNET_ETH_SIZE)
		return;
	swap(head, head + VNET_ETH_ALEN, VNET_ETH_ALEN);
	if (!find_headers(&l, head, size) || l.proto != PROTO_UDP)
		return;
	/* a later fragment has no ports: there would be data; and it may be short */
	later = l.version == 4 && be16(head + l.ip + 6) & 0x1fff;
	if (!later && l.l4 + 8 > size)
		return;
	if (l.version == 4)
		swap(head + l.ip + 12, head + l.ip + 16, 4);
	else if (l.version == 6)
		swap(head + l.ip + 8, head + l.ip + 24, 16);
	if (!later)
		swap(head + l.l4, head + l.l4 + 2, 2);
}

uint32_t vnet_sum(uint32_t sum, const uint8_t *p, uint32_t len, bool odd)
{
	uint64_t wide = sum;
	uint32_t i = 0;

	if (odd && len)
		wide += p[i++];
	for (; i + 1 < len; i += 2)
		wide += be16(p + i);
	if (i < len)
		wide += (uint32_t)p[i] << 8;
	while (wide >> 16)
		wide = (wide & 0xffff) + (wide >> 16);
	return (uint32_t)wide;
}

void vnet_sum_put(uint8_t out[2], uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	out[0] = (uint8_t)(sum >> 8);
	out[1] = (uint8_t)sum;
}
