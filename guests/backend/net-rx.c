// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "mem.h"
#include "net.h"
#include "seg.h"

/* Packets of one turn, before others get theirs. */
#define BURST 64u

/* Where packets come from, as a cursor. */
struct source {
	const struct iovec *iov;
	size_t done;		/* of *iov */
};

static void copy_from(struct source *src, uint8_t *to, uint32_t len)
{
	while (len) {
		size_t part = src->iov->iov_len - src->done;

		if (part > len)
			part = len;
		memcpy(to, (const uint8_t *)src->iov->iov_base + src->done, part);
		to += part;
		len -= (uint32_t)part;
		src->done += part;
		if (src->done == src->iov->iov_len) {
			src->iov++;
			src->done = 0;
		}
	}
}

/* How many of nr chains hold need bytes; 0: all of them do not. */
static unsigned int chains_for(const struct virtq_chain *chains, unsigned int nr, uint64_t need)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		sum += chains[i].in_bytes;
		if (sum >= need)
			return i + 1;
	}
	return 0;
}

static int check_chains(struct vnet *net, unsigned int index, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		const struct virtq_chain *c = &net->rx_chains[i];

		if (!c->nr_out && c->in_bytes >= VNET_HDR_SIZE)
			continue;
		vdev_broken(&net->dev, "queue %u: buffer of %u + %u bytes", index,
			    (unsigned int)c->out_bytes, (unsigned int)c->in_bytes);
		return -EPROTO;
	}
	return 0;
}

/*
 * As many chains as need bytes take, and no more, in net->rx_chains: the number, or
 * -EAGAIN when the driver has not made that many available, -EMSGSIZE when it never
 * will, -EPROTO.
 */
static int take_chains(struct vnet *net, unsigned int pair, uint32_t need)
{
	struct virtq *vq = &net->dev.queue[2 * pair].vq;
	unsigned int guess = net->pair[pair].buffer_len;
	bool merge = net->features & VIRTIO_NET_F_MRG_RXBUF;
	unsigned int max = merge ? VIRTQ_BATCH_MAX : 1, want, used;
	int nr;

	want = guess && merge ? (need + guess - 1) / guess : 1;
	for (;;) {
		if (want > max)
			want = max;
		nr = vdev_pop(&net->dev, 2 * pair, net->rx_chains, want);
		if (nr < 0)
			return nr;
		if (check_chains(net, 2 * pair, (unsigned int)nr))
			return -EPROTO;
		used = chains_for(net->rx_chains, (unsigned int)nr, need);
		if (used)
			break;
		virtq_unpop(vq, net->rx_chains, (unsigned int)nr);
		if ((unsigned int)nr < want) {
			net->pair[pair].seen = (uint16_t)nr;
			return -EAGAIN;
		}
		if (want == max)
			return -EMSGSIZE;
		/* buffers are smaller than they were: twice as many, then */
		want *= 2;
	}
	virtq_unpop(vq, net->rx_chains + used, (unsigned int)nr - used);
	net->pair[pair].buffer_len = (uint32_t)net->rx_chains[used - 1].in_bytes;
	return (int)used;
}

/*
 * The segments that need bytes fill: they lie side by side, the last one cut so that
 * no page is mapped of which nothing is used.
 */
static unsigned int trim(struct dma_seg *segs, uint32_t need)
{
	unsigned int n;

	for (n = 0; need > segs[n].len; n++)
		need -= segs[n].len;
	segs[n].len = need;
	return n + 1;
}

static void fill(struct dma_seg *segs, unsigned int nr, const struct vnet_hdr *h, uint16_t chains,
		 const struct iovec *iov)
{
	struct vnet_hdr hdr = *h;
	uint8_t raw[VNET_HDR_SIZE];
	struct iovec head = { raw, sizeof(raw) };
	struct source from_head = { &head, 0 }, from_iov = { iov, 0 };
	uint32_t left = sizeof(raw);
	unsigned int i;

	hdr.num_buffers = chains;
	vnet_hdr_put(raw, &hdr);
	for (i = 0; i < nr; i++) {
		uint32_t part = segs[i].len < left ? segs[i].len : left;

		copy_from(&from_head, segs[i].va, part);
		left -= part;
		copy_from(&from_iov, (uint8_t *)segs[i].va + part, segs[i].len - part);
		segs[i].written = segs[i].len;
	}
}

/* Back to the driver, with what it got; 0 bytes: nothing, it will count an error. */
static void push(struct vnet *net, unsigned int pair, unsigned int nr, uint32_t bytes)
{
	struct virtq *vq = &net->dev.queue[2 * pair].vq;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		uint64_t room = net->rx_chains[i].in_bytes;
		uint32_t part = room < bytes ? (uint32_t)room : bytes;

		virtq_push(vq, net->rx_chains[i].head, part);
		bytes -= part;
	}
	virtq_flush(vq);
}

int vnet_rx_put(struct vnet *net, unsigned int pair, const struct vnet_hdr *h,
		const struct iovec *src, unsigned int nr_src, uint32_t len, unsigned int *nr)
{
	struct vnet_pair *vp = &net->pair[pair];
	struct vq_stats *st = &net->dev.queue[2 * pair].st;
	const struct dma_ops *dma = net->dev.dma->ops;
	uint32_t need = VNET_HDR_SIZE + len;
	struct dma_seg *segs;
	unsigned int nr_segs, failed;
	int chains;

	(void)nr_src;
	*nr = 0;
	chains = take_chains(net, pair, need);
	if (chains == -EMSGSIZE)
		vnet_drop(vp, VNET_DROP_small_buffers);
	if (chains < 0)
		return chains;
	segs = net->rx_chains[0].segs;
	nr_segs = trim(segs, need);
	failed = dma->map(net->dev.dma, st, segs, nr_segs);
	if (!failed) {
		fill(segs, nr_segs, h, (uint16_t)chains, src);
		failed = dma_flush(net->dev.dma, st, segs, nr_segs);
	}
	dma->unmap(net->dev.dma, st, segs, nr_segs);
	*nr = (unsigned int)chains;
	push(net, pair, *nr, failed ? 0 : need);
	if (failed) {
		vnet_drop(vp, VNET_DROP_unmapped);
		return -EFAULT;
	}
	st->bytes_in += len;
	vp->st.rx_packets++;
	vp->st.rx_bytes += len;
	vp->st.rx_buffers += *nr;
	vp->st.rx_csum += h->flags & VNET_F_NEEDS_CSUM;
	vp->st.rx_gso += h->gso_type != VNET_GSO_NONE;
	return 0;
}

/* The next packet of the tap's that is for the frontend: 0, or -errno (-EAGAIN: none). */
static int fetch(struct vnet *net, unsigned int pair)
{
	struct vnet_pair *vp = &net->pair[pair];
	struct vq_stats *st = &net->dev.queue[2 * pair].st;
	int n;

	while (!vp->packet_len) {
		n = vtap_read(net->tap, st, pair, vp->packet, VNET_HDR_SIZE + VNET_PACKET_MAX);
		if (n < 0)
			return n;
		if ((unsigned int)n < VNET_HDR_SIZE + VNET_ETH_SIZE)
			vnet_drop(vp, VNET_DROP_runt);
		else if (!vnet_filter_pass(net, vp->packet + VNET_HDR_SIZE))
			vnet_drop(vp, VNET_DROP_filter);
		else
			vp->packet_len = (uint32_t)n;
	}
	return 0;
}

/* Give the packet at hand. 0, or -errno as vnet_rx_put(). */
static int deliver(struct vnet *net, unsigned int pair, unsigned int *nr)
{
	struct vnet_pair *vp = &net->pair[pair];
	uint32_t len = vp->packet_len - VNET_HDR_SIZE;
	struct iovec src = { vp->packet + VNET_HDR_SIZE, len };
	struct vnet_hdr h;
	int ret;

	vnet_hdr_get(&h, vp->packet);
	if (!(net->features & VIRTIO_NET_F_GUEST_CSUM))
		h.flags = 0;	/* our kernel has filled it in: vtap_set_offload() */
	ret = vnet_rx_put(net, pair, &h, &src, 1, len, nr);
	if (ret != -EAGAIN)
		vp->packet_len = 0;
	return ret;
}

bool vnet_rx_serve(struct vnet *net, unsigned int pair)
{
	struct vdev_queue *q = &net->dev.queue[2 * pair];
	unsigned int done = 0, chains = 0, nr;
	uint64_t bytes = q->st.bytes_in;
	bool more = false, yield;
	int ret = 0;

	q->kicked = false;
	net->pair[pair].starved = false;
	if (net->store != VNET_STORE_TAP) {
		/* buffers are taken when there is a packet, and nobody waits for them */
		virtq_disable_kick(&q->vq);
		return false;
	}
	while (!more && (ret = fetch(net, pair)) == 0) {
		ret = deliver(net, pair, &nr);
		chains += nr;
		if (ret == -EPROTO)
			return false;
		/* what came in meanwhile brings no kick; the rest does */
		if (ret == -EAGAIN && !virtq_enable_kick_beyond(&q->vq, net->pair[pair].seen)) {
			net->pair[pair].st.rx_waits++;
			net->pair[pair].starved = true;
			break;
		}
		virtq_disable_kick(&q->vq);
		yield = net->dev.should_yield && net->dev.should_yield(&net->dev);
		q->st.yields += yield;
		more = yield || ++done == BURST;
	}
	if (chains)
		vdev_completed(&net->dev, 2 * pair, chains, q->st.bytes_in - bytes, true);
	q->kicked |= more;
	return more;
}
