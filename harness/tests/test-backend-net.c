// SPDX-License-Identifier: GPL-2.0-or-later
/* Packets through registers and rings of a network device that sends them back. */
#include <string.h>

#include "tests/lib-check.h"
#include "tests/lib-netfront.h"

static struct front front;
static uint8_t frame[70000], got[70000];

static void start(uint64_t without)
{
	front_defaults(&front);
	front.is_net = true;
	front_open(&front);
	front_start(&front, 64, without);
}

static void set_up(void)
{
	start(0);
}

static void tear_down(void)
{
	front_close(&front);
}

static struct vnet_stats *st(void)
{
	return &front.net.pair[0].st;
}

static const struct {
	uint32_t payload, buffer, stride, piece;
	uint64_t without;
} shapes[] = {
	{ 10, 2048, 2048, 0, 0 }, { 1000, 2048, 2048, 0, 0 }, { 1472, 1526, 1536, 0, 0 },
	{ 1000, 200, 256, 0, 0 },		/* several buffers */
	{ 1000, 12, 16, 0, 0 },			/* as many as there can be: 88 of 12 bytes are too many */
	{ 1000, 2048, 2000, 1, 0 },		/* unaligned, and see pieces below */
	{ 1400, 1600, 3072, 100, 0 },		/* across pages */
	{ 700, 333, 4000, 37, 0 },
	{ 1000, 2048, 2048, 0, VIRTIO_NET_F_MRG_RXBUF },
	{ 1000, 2048, 2048, 64, VIRTIO_NET_F_MRG_RXBUF | VIRTIO_F_EVENT_IDX },
};

START_TEST(comes_back_whole)
{
	struct front *f = &front;
	uint32_t len = nf_udp4(frame, shapes[_i].payload), piece = shapes[_i].piece;
	uint32_t need = (len + VNET_HDR_SIZE + shapes[_i].buffer - 1) / shapes[_i].buffer;
	struct vnet_hdr h;

	start(shapes[_i].without);
	nf_buffers(f, 0, 60, shapes[_i].buffer, shapes[_i].stride);
	if (piece == 1)
		piece = 19;	/* 54 pieces */
	nf_send(f, 0, NULL, frame, len, piece);
	ck_assert_uint_eq(front_used_idx(f, NF_TX), 1);
	ck_assert_uint_eq(st()->tx_packets, 1);
	ck_assert_uint_eq(st()->tx_bytes, len);
	if (need > 60) {
		ck_assert_uint_eq(front_used_idx(f, NF_RX), 0);
		ck_assert_uint_eq(st()->drop_no_buffers, 1);
	} else {
		ck_assert_uint_eq(front_used_idx(f, NF_RX), need);
		ck_assert_uint_eq(nf_received(f, 0, 0, shapes[_i].stride, &h, got), len);
		ck_assert_uint_eq(h.num_buffers, need);
		vnet_turn(frame, len);
		ck_assert_mem_eq(got, frame, len);
		ck_assert_uint_eq(st()->rx_packets, 1);
		ck_assert_uint_eq(st()->rx_bytes, len);
		ck_assert_uint_eq(st()->rx_buffers, need);
		ck_assert_uint_gt(f->raised, 0);
	}
	tear_down();
}
END_TEST

/* Nothing of a buffer is mapped beyond what the packet needs. */
START_TEST(maps_what_it_fills)
{
	struct front *f = &front;
	uint32_t len = nf_udp4(frame, 58);	/* 100 bytes, 112 with the header */
	const struct vq_stats *rx = &f->dev->queue[NF_RX].st;

	/* 16 KiB buffers, of which one page is needed */
	nf_buffers(f, 0, 3, 16384, 16384);
	nf_send(f, 0, NULL, frame, len, 0);
	ck_assert_uint_eq(st()->rx_packets, 1);
	ck_assert_uint_eq(rx->maps, 1);
	ck_assert_uint_eq(rx->pages_mapped, 1);
	ck_assert_uint_eq(f->dev->queue[NF_TX].st.pages_mapped, 1);
	ck_assert_uint_eq(rx->descriptors, 1);	/* those looked at and put back do not count */
}
END_TEST

/* The frontend gave fewer buffers than a packet needs: it is dropped, they stay. */
START_TEST(without_buffers)
{
	struct front *f = &front;
	uint32_t len = nf_udp4(frame, 1000);
	struct vnet_hdr h;

	nf_send(f, 0, NULL, frame, len, 0);
	ck_assert_uint_eq(st()->drop_no_buffers, 1);
	nf_buffers(f, 0, 3, 300, 512);
	nf_send(f, 0, NULL, frame, len, 0);
	ck_assert_uint_eq(st()->drop_no_buffers, 2);
	ck_assert_uint_eq(front_used_idx(f, NF_RX), 0);
	/* the three and one more are enough */
	front_put_desc(f, FRONT_DESC(NF_RX), 3, front_addr(f, NF_RX_AREA + 3 * 512), 300,
		       VIRTQ_DESC_F_WRITE, 0);
	front_avail(f, NF_RX, 3);
	nf_send(f, 0, NULL, frame, len, 0);
	ck_assert_uint_eq(st()->rx_packets, 1);
	ck_assert_uint_eq(nf_received(f, 0, 0, 512, &h, got), len);
	ck_assert_uint_eq(h.num_buffers, 4);
	ck_assert(!front_is_broken(f));
}
END_TEST

START_TEST(too_small_for_ever)
{
	struct front *f = &front;
	uint32_t len = nf_udp4(frame, 1000);

	tear_down();
	start(VIRTIO_NET_F_MRG_RXBUF);
	nf_buffers(f, 0, 8, 500, 512);
	nf_send(f, 0, NULL, frame, len, 0);
	ck_assert_uint_eq(st()->drop_small_buffers, 1);
	ck_assert_uint_eq(front_used_idx(f, NF_RX), 0);
	ck_assert(!front_is_broken(f));
}
END_TEST

/* What the driver left to be summed up is passed on as such, or summed up. */
START_TEST(checksum_offload)
{
	struct front *f = &front;
	uint32_t len = nf_udp4(frame, 333), sum, pseudo;
	struct vnet_hdr h = { .flags = VNET_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 6 }, r;
	bool fill = _i;

	tear_down();
	start(fill ? VIRTIO_NET_F_GUEST_CSUM : 0);
	pseudo = vnet_sum(17 + 8 + 333, frame + 26, 8, false);
	frame[40] = (uint8_t)(pseudo >> 8);
	frame[41] = (uint8_t)pseudo;
	nf_buffers(f, 0, 8, 2048, 2048);
	nf_send(f, 0, &h, frame, len, 101);
	ck_assert_uint_eq(nf_received(f, 0, 0, 2048, &r, got), len);
	ck_assert_uint_eq(r.flags, fill ? 0 : VNET_F_NEEDS_CSUM);
	ck_assert_uint_eq(r.csum_start, fill ? 0 : 34);
	if (fill) {
		sum = vnet_sum(17 + 8 + 333, got + 26, 8, false);
		ck_assert_uint_eq(vnet_sum(sum, got + 34, len - 34, false), 0xffff);
		ck_assert_uint_ne(got[40] << 8 | got[41], (int)pseudo);
	} else {
		ck_assert_uint_eq(got[40] << 8 | got[41], (int)pseudo);
	}
	ck_assert_uint_eq(st()->tx_csum, 1);
	ck_assert_uint_eq(st()->rx_csum, !fill);
}
END_TEST

/* A large packet is one packet, where the frontend takes those, and none where not. */
START_TEST(large_packet)
{
	struct front *f = &front;
	uint32_t len = nf_tcp4(frame, 30000);
	struct vnet_hdr h = { VNET_F_NEEDS_CSUM, VNET_GSO_TCPV4, 54, 1460, 34, 16, 0 }, r;
	bool refuse = _i;

	tear_down();
	start(refuse ? VIRTIO_NET_F_GUEST_TSO4 : 0);
	nf_buffers(f, 0, 50, 1536, 1536);
	nf_send(f, 0, &h, frame, len, 4000);
	ck_assert_uint_eq(st()->tx_gso, 1);
	ck_assert_uint_eq(st()->drop_gso_type, refuse);
	ck_assert_uint_eq(st()->rx_gso, !refuse);
	if (refuse)
		return;
	ck_assert_uint_eq(nf_received(f, 0, 0, 1536, &r, got), len);
	ck_assert_uint_eq(r.gso_size, 1460);
	ck_assert_uint_eq(r.num_buffers, 20);
	ck_assert_mem_eq(got + 14, frame + 14, len - 14);
}
END_TEST

/* Bad packets go, good ones behind them do not. */
START_TEST(bad_packet_is_dropped)
{
	struct front *f = &front;
	struct vnet_hdr bad = { VNET_F_NEEDS_CSUM, 0, 0, 0, 5000, 6, 0 };
	uint32_t len = nf_udp4(frame, 100);

	nf_buffers(f, 0, 8, 2048, 2048);
	nf_send(f, 0, &bad, frame, len, 0);
	nf_send(f, 0, NULL, frame, 13, 0);
	nf_send(f, 0, NULL, frame, 2000, 0);
	nf_send(f, 0, NULL, frame, 0, 0);
	ck_assert_uint_eq(st()->drop_csum, 1);
	ck_assert_uint_eq(st()->drop_runt, 2);
	ck_assert_uint_eq(st()->drop_giant, 1);
	ck_assert_uint_eq(st()->rx_packets, 0);
	ck_assert_uint_eq(front_used_idx(f, NF_TX), 4);
	nf_send(f, 0, NULL, frame, len, 0);
	ck_assert_uint_eq(st()->rx_packets, 1);
	ck_assert(!front_is_broken(f));
}
END_TEST

START_TEST(unmapped_packet_is_dropped)
{
	struct front *f = &front;
	uint32_t len = nf_udp4(frame, 100);

	nf_buffers(f, 0, 8, 2048, 2048);
	f->granted[NF_TX_AREA / DMA_PAGE_SIZE] = false;
	nf_send(f, 0, NULL, frame, len, 0);
	ck_assert_uint_eq(st()->drop_unmapped, 1);
	ck_assert_uint_eq(front_used_idx(f, NF_TX), 1);
	f->granted[NF_TX_AREA / DMA_PAGE_SIZE] = true;
	/* a buffer that cannot be written comes back empty */
	f->readonly[NF_RX_AREA / DMA_PAGE_SIZE] = true;
	nf_send(f, 0, NULL, frame, len, 0);
	ck_assert_uint_eq(st()->drop_unmapped, 2);
	ck_assert_uint_eq(front_used_idx(f, NF_RX), 1);
	ck_assert_uint_eq(front_used_len(f, NF_RX, 0), 0);
	f->readonly[NF_RX_AREA / DMA_PAGE_SIZE] = false;
	nf_send(f, 0, NULL, frame, len, 0);
	ck_assert_uint_eq(st()->rx_packets, 1);
	ck_assert(!front_is_broken(f));
}
END_TEST

/* What leaves no packet to drop breaks the device. */
START_TEST(bad_framing_breaks)
{
	struct front *f = &front;

	switch (_i) {
	case 0:		/* shorter than a header */
		front_put_desc(f, FRONT_DESC(NF_TX), 0, front_addr(f, NF_TX_AREA), 11, 0, 0);
		break;
	case 1:		/* a writable part in a packet to send */
		front_put_desc(f, FRONT_DESC(NF_TX), 0, front_addr(f, NF_TX_AREA), 100,
			       VIRTQ_DESC_F_NEXT, 1);
		front_put_desc(f, FRONT_DESC(NF_TX), 1, front_addr(f, NF_TX_AREA), 100,
			       VIRTQ_DESC_F_WRITE, 0);
		break;
	case 2:		/* a buffer to receive that is for reading */
		front_put_desc(f, FRONT_DESC(NF_RX), 0, front_addr(f, NF_RX_AREA), 2048, 0, 0);
		front_avail(f, NF_RX, 0);
		break;
	case 3:		/* or has no room for a header */
		front_put_desc(f, FRONT_DESC(NF_RX), 0, front_addr(f, NF_RX_AREA), 11,
			       VIRTQ_DESC_F_WRITE, 0);
		front_avail(f, NF_RX, 0);
		break;
	default:	/* or is none */
		front_avail(f, NF_RX, 999);
		break;
	}
	if (_i >= 2)
		nf_send(f, 0, NULL, frame, nf_udp4(frame, 100), 0);
	else
		front_avail(f, NF_TX, 0);
	front_kick(f, NF_TX);
	ck_assert(front_is_broken(f));
	ck_assert_uint_eq(f->broken, 1);
	ck_assert_uint_eq(f->dma.maps_now, 0);
	/* and works again after a reset */
	front_start(f, 64, 0);
	nf_buffers(f, 0, 8, 2048, 2048);
	nf_send(f, 0, NULL, frame, nf_udp4(frame, 100), 0);
	ck_assert_uint_eq(st()->rx_packets, 1);
}
END_TEST

static const struct {
	const char *data;
	uint32_t len;
	uint8_t want;
} commands[] = {
	{ "\0\0\1", 3, 0 }, { "\0\1\1", 3, 0 }, { "\0\0", 2, 1 }, { "\0\0\1\1", 4, 1 }, { "\0\2\1", 3, 1 },
	{ "\1\1\2\0\0\0\0\7", 8, 0 }, { "\1\1\3\0\0\0\0\7", 8, 1 }, { "\1\1\2\0\0\0\0", 7, 1 },
	{ "\1\0\1\0\0\0\2\0\0\0\0\3\1\0\0\0\3\0\0\0\0\3", 22, 0 },
	{ "\1\0\2\0\0\0\2\0\0\0\0\3\1\0\0\0\3\0\0\0\0\3", 22, 1 },
	{ "\1\0\377\377\377\377\2\0\0\0\0\3\1\0\0\0\3\0\0\0\0\3", 22, 1 },
	{ "\1\0\0\0\0\0\0\0\0\0", 10, 0 }, { "\1\0\0\0\0\0\0\0\0", 9, 1 }, { "\1\0\0\0\0\0", 6, 1 },
	{ "\4\0\1\0", 4, 1 },	/* MQ is not offered with one pair */
	{ "\5\0\1\0", 4, 1 }, { "\1", 1, 1 },
};

START_TEST(control_commands)
{
	struct front *f = &front;

	ck_assert_uint_eq(nf_command(f, NF_CTRL, commands[_i].data, commands[_i].len),
			  commands[_i].want);
	ck_assert_uint_eq(f->net.ctrl_ok, !commands[_i].want);
	ck_assert_uint_eq(f->net.ctrl_bad, commands[_i].want);
	ck_assert_uint_eq(front_used_len(f, NF_CTRL, 0), 1);
	ck_assert(!front_is_broken(f));
}
END_TEST

START_TEST(filter)
{
	struct front *f = &front;
	static const uint8_t own[] = { 2, 0, 0, 0, 0, 1 }, other[] = { 2, 0, 0, 0, 0, 3 },
			     group[] = { 3, 0, 0, 0, 0, 3 }, all[] = { 255, 255, 255, 255, 255, 255 };

	/* until the driver says otherwise, everything */
	ck_assert(vnet_filter_pass(&f->net, other) && vnet_filter_pass(&f->net, group));
	ck_assert_uint_eq(nf_command(f, NF_CTRL, "\0\0\0", 3), 0);
	ck_assert(!vnet_filter_pass(&f->net, other) && !vnet_filter_pass(&f->net, group));
	ck_assert(vnet_filter_pass(&f->net, own) && vnet_filter_pass(&f->net, all));
	ck_assert_uint_eq(nf_command(f, NF_CTRL, "\0\1\1", 3), 0);
	ck_assert(!vnet_filter_pass(&f->net, other) && vnet_filter_pass(&f->net, group));
	ck_assert_uint_eq(nf_command(f, NF_CTRL, "\0\1\0", 3), 0);
	ck_assert_uint_eq(nf_command(f, NF_CTRL, "\1\0\1\0\0\0\2\0\0\0\0\3\0\0\0\0", 16), 0);
	ck_assert(vnet_filter_pass(&f->net, other) && !vnet_filter_pass(&f->net, group));
	/* a table that is refused changes nothing */
	ck_assert_uint_eq(nf_command(f, NF_CTRL, "\1\0\0\0\0\0\7\0\0\0\3\0\0\0\0\3", 16), 1);
	ck_assert(vnet_filter_pass(&f->net, other) && !vnet_filter_pass(&f->net, group));
	ck_assert_uint_eq(nf_command(f, NF_CTRL, "\1\1\2\0\0\0\0\7", 8), 0);
	ck_assert(!vnet_filter_pass(&f->net, own));
	/* a reset forgets it all */
	front_start(f, 64, 0);
	ck_assert(vnet_filter_pass(&f->net, group));
}
END_TEST

START_TEST(command_without_answer)
{
	struct front *f = &front;

	front_put_desc(f, FRONT_DESC(NF_CTRL), 0, front_addr(f, FRONT_HEADER), 3, 0, 0);
	front_avail(f, NF_CTRL, 0);
	front_kick(f, NF_CTRL);
	ck_assert(front_is_broken(f));
}
END_TEST

/* Queue pairs: the control queue moves, pairs are used once the driver asked for them. */
START_TEST(queue_pairs)
{
	struct front *f = &front;
	uint32_t len = nf_udp4(frame, 100);
	bool mq = !_i;

	tear_down();
	front_defaults(f);
	f->is_net = true;
	f->net_config.nr_pairs = 2;
	front_open(f);
	ck_assert_uint_eq(vdev_read(f->dev, VMMIO_CONFIG + 8, 2), 2);
	front_start(f, 64, mq ? 0 : VIRTIO_NET_F_MQ);
	ck_assert_uint_eq(f->net.active, 1);
	if (!mq) {
		ck_assert_uint_eq(nf_command(f, 2, "\4\0\2\0", 4), 1);
		/* queue 3 is nobody's */
		nf_send(f, 1, NULL, frame, len, 0);
		ck_assert(front_is_broken(f));
		return;
	}
	ck_assert_uint_eq(nf_command(f, 4, "\4\0\3\0", 4), 1);
	ck_assert_uint_eq(nf_command(f, 4, "\4\0\0\0", 4), 1);
	ck_assert_uint_eq(nf_command(f, 4, "\4\0\2\0", 4), 0);
	ck_assert_uint_eq(f->net.active, 2);
	nf_buffers(f, 1, 8, 2048, 2048);
	nf_send(f, 1, NULL, frame, len, 0);
	ck_assert_uint_eq(f->net.pair[1].st.rx_packets, 1);
	ck_assert_uint_eq(front_used_idx(f, 2), 1);
	ck_assert_uint_eq(front_used_idx(f, 0), 0);
	/* given up again: what is still under way does no harm */
	ck_assert_uint_eq(nf_command(f, 4, "\4\0\1\0", 4), 0);
	front_kick(f, 2);
	nf_send(f, 1, NULL, frame, len, 0);
	ck_assert(!front_is_broken(f));
}
END_TEST

START_TEST(configuration)
{
	struct front *f = &front;

	ck_assert_uint_eq(front_read(f, VMMIO_DEVICE_ID), 1);
	ck_assert_uint_eq(vdev_read(f->dev, VMMIO_CONFIG, 1), 2);
	ck_assert_uint_eq(vdev_read(f->dev, VMMIO_CONFIG + 5, 1), 1);
	ck_assert_uint_eq(vdev_read(f->dev, VMMIO_CONFIG + 6, 2), 1);	/* link up */
	ck_assert_uint_eq(vdev_read(f->dev, VMMIO_CONFIG + 10, 2), 1500);
	ck_assert_uint_eq(vdev_read(f->dev, VMMIO_CONFIG + 12, 2), 0);
	ck_assert_uint_eq(f->dev->mmio.bad_accesses, 1);
}
END_TEST

/* A mark is taken, comes back, is no part of the span, and the next one ends it. */
START_TEST(marks)
{
	struct front *f = &front;
	uint32_t len = nf_udp4(frame, 200);
	struct vnet_hdr h;
	unsigned int i;

	f->dev->span_by_mark = true;
	nf_buffers(f, 0, 20, 1536, 1536);
	memset(got, 0, 60);
	memcpy(got + 6, "\2\0\0\0\0\1\x88\xb5" VNET_MARK_MAGIC, 8 + sizeof(VNET_MARK_MAGIC));
	nf_send(f, 0, NULL, got, 60, 0);
	ck_assert_uint_eq(f->dev->nr_marks, 1);
	ck_assert_uint_eq(f->dev->span.first, 0);
	ck_assert_uint_eq(st()->rx_packets, 1);
	for (i = 0; i < 3; i++)
		nf_send(f, 0, NULL, frame, len, 0);
	ck_assert_uint_eq(f->dev->whole.first, 0);
	ck_assert_int_eq(f->dev->span_state, VDEV_SPAN_OPEN);
	nf_send(f, 0, NULL, got, 60, 0);
	ck_assert_uint_eq(f->dev->nr_marks, 2);
	ck_assert_uint_eq(f->dev->whole.mark, 1);
	/* three each way, the first of which began it */
	ck_assert_uint_eq(f->dev->whole.requests, 5);
	ck_assert_uint_eq(f->dev->whole.lead_bytes + f->dev->whole.bytes, 6 * len);
	ck_assert_uint_eq(f->net.marks[1].tx_packets - f->net.marks[0].tx_packets, 4);
	ck_assert_uint_eq(nf_received(f, 0, 4, 1536, &h, frame), 60);
	ck_assert_mem_eq(frame, "\2\0\0\0\0\1", 6);
	/* almost a mark: an ordinary packet */
	memcpy(got + 14, VNET_PING_MAGIC, 15);
	nf_send(f, 0, NULL, got, 60, 0);
	ck_assert_uint_eq(f->dev->nr_marks, 2);
	ck_assert_uint_eq(st()->rx_packets, 6);
	got[14] ^= 1;
	nf_send(f, 0, NULL, got, 60, 0);
	ck_assert_uint_eq(f->dev->nr_marks, 2);
}
END_TEST

/* store=null: everything goes, nothing comes. */
START_TEST(null_store)
{
	struct front *f = &front;

	tear_down();
	front_defaults(f);
	f->is_net = true;
	f->net_store = VNET_STORE_NULL;
	front_open(f);
	front_start(f, 64, 0);
	nf_buffers(f, 0, 8, 2048, 2048);
	nf_send(f, 0, NULL, frame, nf_udp4(frame, 100), 0);
	ck_assert_uint_eq(st()->tx_packets, 1);
	ck_assert_uint_eq(front_used_idx(f, NF_TX), 1);
	ck_assert_uint_eq(front_used_idx(f, NF_RX), 0);
}
END_TEST

/* Asking for a kick beyond what was seen: virtio 1.2, 2.7.10. */
START_TEST(kick_beyond)
{
	struct front *f = &front;
	struct virtq *vq = &f->dev->queue[NF_RX].vq;

	nf_buffers(f, 0, 3, 300, 512);
	ck_assert(virtq_enable_kick(vq));
	ck_assert(!virtq_enable_kick_beyond(vq, 3));
	ck_assert_uint_eq(get_le16(f->mem + FRONT_USED(NF_RX) + 4 + 8 * 64), 3);
	ck_assert(virtq_enable_kick_beyond(vq, 2));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-net");
	TCase *alone = tcase_create("shapes"), *tc = tcase_create("net");

	tcase_add_loop_test(alone, comes_back_whole, 0, (int)(sizeof(shapes) / sizeof(shapes[0])));
	suite_add_tcase(s, alone);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, maps_what_it_fills);
	tcase_add_test(tc, without_buffers);
	tcase_add_test(tc, too_small_for_ever);
	tcase_add_loop_test(tc, checksum_offload, 0, 2);
	tcase_add_loop_test(tc, large_packet, 0, 2);
	tcase_add_test(tc, bad_packet_is_dropped);
	tcase_add_test(tc, unmapped_packet_is_dropped);
	tcase_add_loop_test(tc, bad_framing_breaks, 0, 5);
	tcase_add_loop_test(tc, control_commands, 0, (int)(sizeof(commands) / sizeof(commands[0])));
	tcase_add_test(tc, filter);
	tcase_add_test(tc, command_without_answer);
	tcase_add_loop_test(tc, queue_pairs, 0, 2);
	tcase_add_test(tc, configuration);
	tcase_add_test(tc, marks);
	tcase_add_test(tc, null_store);
	tcase_add_test(tc, kick_beyond);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
