/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network driver on top of lib-backend.h: buffers, packets, commands. */
#ifndef GRANTBENCH_TESTS_LIB_NETFRONT_H
#define GRANTBENCH_TESTS_LIB_NETFRONT_H

#include "tests/lib-backend.h"

#define NF_RX		0u
#define NF_TX		1u
#define NF_CTRL		2u
#define NF_RX_AREA	FRONT_DATA			/* buffers */
#define NF_TX_AREA	(80 * DMA_PAGE_SIZE)		/* one packet, header first */

/* An Ethernet + IPv4 + UDP or TCP frame of payload bytes; returns its length. */
uint32_t nf_udp4(uint8_t *frame, uint32_t payload);
uint32_t nf_tcp4(uint8_t *frame, uint32_t payload);
uint32_t nf_tcp6(uint8_t *frame, uint32_t payload);

/* Make nr device-writable buffers available on pair's rx queue, at NF_RX_AREA + i * stride; and kick. */
void nf_buffers(struct front *f, unsigned int pair, unsigned int nr, uint32_t len, uint32_t stride);

/* Send a frame in pieces of at most piece bytes (0: one piece), header in front; and kick. */
void nf_send(struct front *f, unsigned int pair, const struct vnet_hdr *h, const uint8_t *frame,
	     uint32_t len, uint32_t piece);

/* Put what was received last (all buffers of one packet, ending with used entry last) together. */
uint32_t nf_received(struct front *f, unsigned int pair, uint16_t first, uint32_t stride,
		     struct vnet_hdr *h, uint8_t *frame);

/* A command; the answer (0 good, 1 bad, 0xff none). q: the control queue's number. */
uint8_t nf_command(struct front *f, unsigned int q, const void *data, uint32_t len);

#endif
