// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing a whole network device without Xen, as fuzz-virtq.c does a disk. Packets go
 * back to where they came from (store=loop), so that both directions are in each
 * program, and what the packets' headers say is as hostile as their rings.
 */
#define FUZZ_QUEUES 3u
#include "fuzz-front.h"

/* For who wants to know how far the programs get. */
static struct vnet_stats fuzz_sum;
static unsigned long fuzz_commands;	/* obeyed */

static void sum_up(const struct vnet *net)
{
#define X(name) fuzz_sum.name += net->pair[0].st.name;
	VNET_COUNTERS(X)
#undef X
#define X(name) fuzz_sum.drop_##name += net->pair[0].st.drop_##name;
	VNET_DROPS(X)
#undef X
	fuzz_commands += net->ctrl_ok;
}

/* A frame that some checks let pass: Ethernet, IPv4 or IPv6, UDP or TCP. */
static uint32_t put_frame(struct machine *m, uint8_t shape, uint8_t *frame, uint32_t max)
{
	uint32_t ip = shape & 1 ? 40 : 20, l4 = shape & 2 ? 20 : 8, len = next16(m) % max;
	uint8_t *p = frame + VNET_ETH_SIZE;

	memset(frame, 0, max);
	frame[0] = shape & 4;
	frame[12] = shape & 1 ? 0x86 : 0x08;
	frame[13] = shape & 1 ? 0xdd : 0x00;
	p[0] = shape & 1 ? 0x60 : 0x45;
	p[shape & 1 ? 6 : 9] = shape & 2 ? 6 : 17;
	p[ip + 12] = 5 << 4;
	if ((shape & 0x48) == 0x48) {
		frame[12] = VNET_MARK_TYPE >> 8;
		frame[13] = VNET_MARK_TYPE & 0xff;
		memcpy(p, VNET_MARK_MAGIC, sizeof(VNET_MARK_MAGIC) - 1);
	}
	if (shape & 0x80)	/* and a byte that is wrong */
		frame[next8(m) % (VNET_ETH_SIZE + ip + l4)] = next8(m);
	return shape & 0x20 ? VNET_ETH_SIZE + ip + l4 + len % 64 : shape & 2 ? len : len % 1600;
}

/* What fits a frame of that shape, and then not quite. */
static void put_header(struct machine *m, uint8_t frame, uint8_t *raw)
{
	uint8_t shape = next8(m);
	struct vnet_hdr h = {
		.flags = (shape & 3) != 0, .gso_type = shape & frame & 2 ? (frame & 1 ? 4 : 1) : 0,
		.gso_size = 1400, .csum_start = frame & 1 ? 54 : 34,
		.csum_offset = frame & 2 ? 16 : 6,
	};

	if (shape & 0xc)
		shape &= 3;

	if (shape & 0x10)
		h.csum_start = next16(m);
	if (shape & 0x20)
		h.gso_size = next16(m);
	if (shape & 0x40)
		h.hdr_len = next16(m);
	if (shape & 0x80)
		h.gso_type = next8(m);
	vnet_hdr_put(raw, &h);
}

static void make_available(struct machine *m, unsigned int q, uint16_t head)
{
	uint8_t *avail = m->mem + ring_offset(q, 1);
	uint16_t num = m->dev->queue[q].vq.num, idx;

	rings_to_memory(m);
	idx = get_le16(avail + 2);
	put_le16(avail + 4 + 2 * (idx & (num - 1u)), head);
	put_le16(avail + 2, (uint16_t)(idx + 1));
}

static void add_buffers(struct machine *m, unsigned int q)
{
	static const uint32_t sizes[] = { 12, 64, 300, 1536, 4096, 9000, 20, 1 };
	uint16_t num = m->dev->queue[q].vq.num, i;
	uint8_t shape = next8(m);
	uint32_t len = sizes[shape & 7];

	for (i = 0; i < num && i <= (shape >> 3 & 7); i++) {
		put_desc(m, ring_offset(q, 0), i,
			 address(m, DATA + (i * len + (shape >> 6) * 700u) % (8 * DMA_PAGE_SIZE)), len,
			 VIRTQ_DESC_F_WRITE, 0);
		make_available(m, q, i);
	}
}

/* Header and frame in up to four pieces, direct or indirect. */
static void add_packet(struct machine *m, unsigned int q)
{
	uint32_t at = DATA + 9 * DMA_PAGE_SIZE, total, piece, table = ring_offset(q, 0), done;
	uint8_t shape = next8(m), frame = next8(m);
	unsigned int n = 0;

	if (m->dev->queue[q].vq.num < 8)
		return;
	put_header(m, frame, m->mem + at);
	total = VNET_HDR_SIZE + put_frame(m, frame, m->mem + at + VNET_HDR_SIZE, 4 * DMA_PAGE_SIZE);
	piece = shape & 3 ? total / (shape & 3) + 1 : total;
	if (shape & 4)
		table = TABLE;
	for (done = 0; done < total; done += piece, n++)
		put_desc(m, table, n, address(m, at + done), piece < total - done ? piece : total - done,
			 done + piece < total ? VIRTQ_DESC_F_NEXT : 0, (uint16_t)(n + 1));
	if (shape & 4)
		put_desc(m, ring_offset(q, 0), 0, address(m, table), VIRTQ_DESC_SIZE * n,
			 VIRTQ_DESC_F_INDIRECT, 0);
	make_available(m, q, 0);
	/* a driver would refill, and kick; most programs would never get round to it */
	if (shape & 0x18)
		add_buffers(m, 0);
	if (shape & 0x60)
		serve_queue(m, q);
}

static void add_command(struct machine *m, unsigned int q)
{
	static const struct {
		uint8_t len, data[16];
	} sane[] = {
		{ 3, { 0, 0, 0 } }, { 3, { 0, 1, 1 } }, { 8, { 1, 1, 2, 0, 0, 0, 0, 1 } },
		{ 16, { 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0 } },
	};
	uint32_t at = DATA, len = 2 + next8(m) % 40u, i;
	uint8_t which = next8(m);

	if (m->dev->queue[q].vq.num < 4)
		return;
	m->mem[at] = next8(m) % 6;
	m->mem[at + 1] = next8(m) % 3;
	for (i = 2; i < len; i++)
		m->mem[at + i] = next8(m) & 15;
	if (which & 4) {
		len = sane[which & 3].len;
		memcpy(m->mem + at, sane[which & 3].data, len);
		if (which & 8)
			m->mem[at + len - 1] = next8(m);
	}
	put_desc(m, ring_offset(q, 0), 0, address(m, at), len, VIRTQ_DESC_F_NEXT, 1);
	put_desc(m, ring_offset(q, 0), 1, address(m, at + 100), 1, VIRTQ_DESC_F_WRITE, 0);
	make_available(m, q, 0);
	serve_queue(m, q);
}

static void add_request(struct machine *m, unsigned int q)
{
	if (!m->dev->queue[q].vq.num)
		return;
	if (q == 0)
		add_buffers(m, q);
	else if (q == 1)
		add_packet(m, q);
	else
		add_command(m, q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *m = machine_new(data, size);
	struct vnet_config config = {
		.nr_pairs = 1, .queue_size = 64, .mtu = 1500, .mac = { 2, 0, 0, 0, 0, 1 },
		.offloads = VNET_OFFLOADS,
	};
	uint8_t flags = next8(m);

	set_strategy(m, flags);
	if (flags & 8)
		config.offloads &= ~VIRTIO_NET_F_MRG_RXBUF;
	if (flags & 16)
		config.offloads &= ~(VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 |
				     VIRTIO_NET_F_GUEST_TSO6);
	if (flags & 32)
		config.mtu = 9000;
	machine_attach(m, &m->net.dev);
	m->dev->span_by_mark = flags & 64;
	must(vnet_init(&m->net, &config, flags & 128 ? VNET_STORE_NULL : VNET_STORE_LOOP, m->use,
		       NULL) == 0);
	machine_run(m);
	sum_up(&m->net);
	vnet_release(&m->net);
	machine_free(m);
	return 0;
}
