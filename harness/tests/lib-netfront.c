// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <string.h>

#include "tests/lib-netfront.h"

static void ethernet(uint8_t *p, unsigned int type)
{
	static const uint8_t addr[] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1 };

	memcpy(p, addr, sizeof(addr));
	p[12] = (uint8_t)(type >> 8);
	p[13] = (uint8_t)type;
}

static void put_be16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void payload_at(uint8_t *p, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 11 + (i >> 8) + 5);
}

static uint32_t ipv4(uint8_t *frame, uint8_t proto, uint32_t l4, uint32_t payload)
{
	uint8_t *ip = frame + VNET_ETH_SIZE;

	memset(frame, 0, VNET_ETH_SIZE + 20 + l4);
	ethernet(frame, 0x0800);
	ip[0] = 0x45;
	put_be16(ip + 2, 20 + l4 + payload);
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, "\x0a\0\0\x01\x0a\0\0\x02", 8);
	vnet_sum_put(ip + 10, vnet_sum(0, ip, 20, false));
	payload_at(ip + 20 + l4, payload);
	return VNET_ETH_SIZE + 20 + l4 + payload;
}

uint32_t nf_udp4(uint8_t *frame, uint32_t payload)
{
	uint32_t len = ipv4(frame, 17, 8, payload);
	uint8_t *udp = frame + VNET_ETH_SIZE + 20;

	put_be16(udp, 1111);
	put_be16(udp + 2, 2222);
	put_be16(udp + 4, 8 + payload);
	return len;
}

uint32_t nf_tcp4(uint8_t *frame, uint32_t payload)
{
	uint32_t len = ipv4(frame, 6, 20, payload);

	frame[VNET_ETH_SIZE + 20 + 12] = 5 << 4;
	return len;
}

uint32_t nf_tcp6(uint8_t *frame, uint32_t payload)
{
	uint8_t *ip = frame + VNET_ETH_SIZE;

	memset(frame, 0, VNET_ETH_SIZE + 60);
	ethernet(frame, 0x86dd);
	ip[0] = 0x60;
	put_be16(ip + 4, 20 + payload);
	ip[6] = 6;
	ip[23] = 1;
	ip[39] = 2;
	ip[40 + 12] = 5 << 4;
	payload_at(ip + 60, payload);
	return VNET_ETH_SIZE + 60 + payload;
}

void nf_buffers(struct front *f, unsigned int pair, unsigned int nr, uint32_t len, uint32_t stride)
{
	unsigned int q = 2 * pair, i;

	for (i = 0; i < nr; i++) {
		front_put_desc(f, FRONT_DESC(q), i, front_addr(f, NF_RX_AREA + i * stride), len,
			       VIRTQ_DESC_F_WRITE, 0);
		front_avail(f, q, (uint16_t)i);
	}
	front_kick(f, q);
}

void nf_send(struct front *f, unsigned int pair, const struct vnet_hdr *h, const uint8_t *frame,
	     uint32_t len, uint32_t piece)
{
	static const struct vnet_hdr plain;
	unsigned int q = 2 * pair + 1, i = 0;
	uint32_t total = VNET_HDR_SIZE + len, at, part;

	vnet_hdr_put(f->mem + NF_TX_AREA, h ? h : &plain);
	memcpy(f->mem + NF_TX_AREA + VNET_HDR_SIZE, frame, len);
	for (at = 0; at < total; at += part, i++) {
		part = piece && piece < total - at ? piece : total - at;
		front_put_desc(f, FRONT_DESC(q), i, front_addr(f, NF_TX_AREA + at), part,
			       at + part < total ? VIRTQ_DESC_F_NEXT : 0, (uint16_t)(i + 1));
	}
	front_avail(f, q, 0);
	front_kick(f, q);
}

uint32_t nf_received(struct front *f, unsigned int pair, uint16_t first, uint32_t stride,
		     struct vnet_hdr *h, uint8_t *frame)
{
	uint32_t total = 0;
	unsigned int i, nr = 1;

	for (i = 0; i < nr; i++) {
		uint16_t at = (uint16_t)(first + i);
		const uint8_t *buf = f->mem + NF_RX_AREA + front_used_id(f, 2 * pair, at) * stride;
		uint32_t len = front_used_len(f, 2 * pair, at), skip = i ? 0 : VNET_HDR_SIZE;

		ck_assert_uint_ne((uint16_t)(front_used_idx(f, 2 * pair) - at), 0);
		if (!i) {
			ck_assert_uint_ge(len, VNET_HDR_SIZE);
			vnet_hdr_get(h, buf);
			nr = h->num_buffers;
			ck_assert_uint_ge(nr, 1);
		}
		memcpy(frame + total, buf + skip, len - skip);
		total += len - skip;
	}
	return total;
}

uint8_t nf_command(struct front *f, unsigned int q, const void *data, uint32_t len)
{
	memcpy(f->mem + FRONT_HEADER, data, len);
	f->mem[FRONT_STATUS] = 0xff;
	front_put_desc(f, FRONT_DESC(q), 0, front_addr(f, FRONT_HEADER), len, VIRTQ_DESC_F_NEXT, 1);
	front_put_desc(f, FRONT_DESC(q), 1, front_addr(f, FRONT_STATUS), 1, VIRTQ_DESC_F_WRITE, 0);
	front_avail(f, q, 0);
	front_kick(f, q);
	return f->mem[FRONT_STATUS];
}
