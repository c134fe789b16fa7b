// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "mem.h"
#include "net.h"
#include "seg.h"

/* A packet on its way out. */
struct packet {
	struct vnet_hdr hdr;
	uint8_t raw[VNET_HDR_SIZE];
	uint8_t head[VNET_HEAD_MAX];	/* a copy: what was checked is what is sent */
	uint32_t len, head_len;
	struct iovec *iov;		/* header, head, the rest in the frontend's pages */
	unsigned int nr;
};

void vnet_drop(struct vnet_pair *pair, enum vnet_drop why)
{
	switch (why) {
	case VNET_PASS:
		break;
#define X(name)                              \
	case VNET_DROP_##name:               \
		pair->st.drop_##name++;      \
		break;
	VNET_DROPS(X)
#undef X
	}
}

#define MAGIC_SIZE (sizeof(VNET_MARK_MAGIC) - 1)

static bool is_ours(const struct packet *p, const char *magic)
{
	return p->head_len >= VNET_ETH_SIZE + MAGIC_SIZE && p->head[12] == VNET_MARK_TYPE >> 8 &&
	       p->head[13] == (VNET_MARK_TYPE & 0xff) &&
	       !memcmp(p->head + VNET_ETH_SIZE, magic, MAGIC_SIZE);
}

/* What the packet's driver left to be filled in, where the receiver cannot do that. */
static enum vnet_drop fill_csum(struct packet *p)
{
	uint32_t at = p->hdr.csum_start + (uint32_t)p->hdr.csum_offset, skip, i, sum = 0;
	bool odd = false;

	if (at + 2 > p->head_len)
		return VNET_DROP_csum;
	/* the field holds the pseudo header's sum, and is part of the sum */
	skip = p->hdr.csum_start;
	for (i = 1; i < p->nr; i++) {
		const uint8_t *base = p->iov[i].iov_base;
		uint32_t n = (uint32_t)p->iov[i].iov_len, from = skip < n ? skip : n;

		sum = vnet_sum(sum, base + from, n - from, odd);
		odd ^= (n - from) & 1;
		skip -= from;
	}
	vnet_sum_put(p->head + at, sum);
	/* UDP's 0 means "none": RFC 768 */
	if (p->hdr.csum_offset == 6 && !p->head[at] && !p->head[at + 1])
		p->head[at] = p->head[at + 1] = 0xff;
	p->hdr.flags = 0;
	p->hdr.csum_start = 0;
	p->hdr.csum_offset = 0;
	return VNET_PASS;
}

/* Back to the frontend. Nobody waits here: without buffers it is lost. */
static enum vnet_drop give_back(struct vnet *net, unsigned int pair, struct packet *p, bool in_span)
{
	uint64_t takes = p->hdr.gso_type == VNET_GSO_TCPV4 ? VIRTIO_NET_F_GUEST_TSO4 :
						     VIRTIO_NET_F_GUEST_TSO6;
	struct vdev_queue *rx = &net->dev.queue[2 * pair];
	enum vnet_drop why = VNET_PASS;
	unsigned int nr = 0;
	int ret;

	vnet_turn(p->head, p->len);
	if (p->hdr.gso_type != VNET_GSO_NONE && !(net->features & takes))
		return VNET_DROP_gso_type;
	if (p->hdr.flags && !(net->features & VIRTIO_NET_F_GUEST_CSUM))
		why = fill_csum(p);
	if (why != VNET_PASS)
		return why;
	if (!net->dev.mmio.queue[2 * pair].ready)
		return VNET_DROP_no_buffers;
	ret = vnet_rx_put(net, pair, &p->hdr, p->iov + 1, p->nr - 1, p->len, &nr);
	if (nr)
		vdev_completed(&net->dev, 2 * pair, nr, p->len, in_span);
	if (ret == -EAGAIN) {
		/* a kick would tell of new ones; nobody needs to know */
		virtq_disable_kick(&rx->vq);
		return VNET_DROP_no_buffers;
	}
	return VNET_PASS;	/* whatever else went wrong is counted there */
}

static enum vnet_drop send_on(struct vnet *net, unsigned int pair, struct vq_stats *st,
			      struct packet *p)
{
	switch (net->store) {
	case VNET_STORE_NULL:
		break;
	case VNET_STORE_LOOP:
		return give_back(net, pair, p, true);
	case VNET_STORE_TAP:
		vnet_hdr_put(p->raw, &p->hdr);
		/* what was under way when the driver gave up queues goes by the first */
		if (vtap_write(net->tap, st, pair < net->active ? pair : 0, p->iov, p->nr))
			return VNET_DROP_store;
		break;
	}
	return VNET_PASS;
}

int64_t vnet_tx(struct vnet *net, unsigned int pair, struct vq_stats *st,
		struct virtq_chain *chain)
{
	struct vnet_pair *vp = &net->pair[pair];
	struct packet p = { .iov = net->iov };
	enum vnet_drop why;
	uint8_t raw[VNET_HDR_SIZE];

	if (chain->nr_in || chain->out_bytes < VNET_HDR_SIZE) {
		vdev_broken(&net->dev, "queue %u: packet of %u + %u bytes", 2 * pair + 1,
			    (unsigned int)chain->out_bytes, (unsigned int)chain->in_bytes);
		return -EPROTO;
	}
	vp->st.tx_packets++;
	if (chain->out_bytes - VNET_HDR_SIZE > VNET_PACKET_MAX) {
		vnet_drop(vp, VNET_DROP_giant);
		return 0;
	}
	p.len = (uint32_t)chain->out_bytes - VNET_HDR_SIZE;
	p.head_len = p.len < VNET_HEAD_MAX ? p.len : VNET_HEAD_MAX;
	vp->st.tx_bytes += p.len;
	st->bytes_out += p.len;

	seg_copy_out(raw, chain->segs, chain->nr_out, 0, sizeof(raw));
	seg_copy_out(p.head, chain->segs, chain->nr_out, VNET_HDR_SIZE, p.head_len);
	vnet_hdr_get(&p.hdr, raw);
	why = vnet_check(&p.hdr, p.head, p.len, net->features, net->config.mtu);
	if (why != VNET_PASS) {
		vnet_drop(vp, why);
		return 0;
	}
	vp->st.tx_csum += p.hdr.flags != 0;
	vp->st.tx_gso += p.hdr.gso_type != VNET_GSO_NONE;
	p.iov[0] = (struct iovec){ p.raw, sizeof(p.raw) };
	p.iov[1] = (struct iovec){ p.head, p.head_len };
	p.nr = 2 + seg_gather(p.iov + 2, chain->segs, chain->nr_out, VNET_HDR_SIZE + p.head_len,
			      p.len - p.head_len);

	if (is_ours(&p, VNET_MARK_MAGIC)) {
		vp->st.marks++;
		vdev_mark(&net->dev);
		why = give_back(net, pair, &p, false);
	} else if (is_ours(&p, VNET_PING_MAGIC)) {
		why = give_back(net, pair, &p, true);
	} else {
		why = send_on(net, pair, st, &p);
	}
	vnet_drop(vp, why);
	return 0;
}
