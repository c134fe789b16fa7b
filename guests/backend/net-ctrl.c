// SPDX-License-Identifier: GPL-2.0-or-later
/* The control queue (5.1.6.5), and the filter that it sets. */
#include <errno.h>
#include <string.h>

#include "mem.h"
#include "net.h"
#include "seg.h"

enum { CLASS_RX = 0, CLASS_MAC = 1, CLASS_MQ = 4 };
enum { RX_PROMISC = 0, RX_ALLMULTI = 1 };
enum { MAC_TABLE_SET = 0, MAC_ADDR_SET = 1 };
enum { MQ_VQ_PAIRS_SET = 0 };
enum { ACK_OK = 0, ACK_ERR = 1 };

#define COMMAND_SIZE	2u	/* class, command */

/* A reader over a command's data. */
struct data {
	const struct virtq_chain *chain;
	uint64_t at;
};

static bool get(struct data *d, void *to, uint64_t len)
{
	if (len > d->chain->out_bytes - d->at)
		return false;
	seg_copy_out(to, d->chain->segs, d->chain->nr_out, d->at, len);
	d->at += len;
	return true;
}

static bool at_end(const struct data *d)
{
	return d->at == d->chain->out_bytes;
}

void vnet_filter_reset(struct vnet *net)
{
	memset(&net->filter, 0, sizeof(net->filter));
	/* until the driver says what it wants, everything */
	net->filter.promisc = true;
}

bool vnet_filter_pass(const struct vnet *net, const uint8_t *frame)
{
	static const uint8_t broadcast[VNET_ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const struct vnet_filter *f = &net->filter;
	unsigned int multi = frame[0] & 1, i;

	if (!(net->features & VIRTIO_NET_F_CTRL_RX) || f->promisc || (multi && f->allmulti) ||
	    !memcmp(frame, broadcast, VNET_ETH_ALEN) || !memcmp(frame, net->mac, VNET_ETH_ALEN) ||
	    f->nr[multi] > VNET_FILTER_MAX)
		return true;
	for (i = 0; i < f->nr[multi]; i++)
		if (!memcmp(frame, f->addr[multi][i], VNET_ETH_ALEN))
			return true;
	return false;
}

static bool set_flag(struct data *d, bool *flag)
{
	uint8_t on;

	if (!get(d, &on, 1) || !at_end(d))
		return false;
	*flag = on;
	return true;
}

/* Two tables, each a 32-bit number and so many addresses. Both or none. */
static bool set_table(struct vnet *net, struct data *d)
{
	struct vnet_filter new = net->filter;
	unsigned int kind;
	uint8_t raw[4];
	uint32_t nr;

	for (kind = 0; kind < 2; kind++) {
		if (!get(d, raw, sizeof(raw)))
			return false;
		nr = get_le32(raw);
		if (nr > (d->chain->out_bytes - d->at) / VNET_ETH_ALEN)
			return false;
		new.nr[kind] = nr;
		if (nr > VNET_FILTER_MAX)
			d->at += (uint64_t)nr * VNET_ETH_ALEN;
		else
			get(d, new.addr[kind], (uint64_t)nr * VNET_ETH_ALEN);
	}
	if (!at_end(d))
		return false;
	net->filter = new;
	return true;
}

static bool set_mac(struct vnet *net, struct data *d)
{
	uint8_t mac[VNET_ETH_ALEN];

	if (!get(d, mac, sizeof(mac)) || !at_end(d) || (mac[0] & 1))
		return false;
	memcpy(net->mac, mac, sizeof(mac));
	return true;
}

static bool set_pairs(struct vnet *net, struct data *d)
{
	uint8_t raw[2];
	unsigned int nr;

	if (!get(d, raw, sizeof(raw)) || !at_end(d))
		return false;
	nr = get_le16(raw);
	if (!nr || nr > net->config.nr_pairs ||
	    (net->store == VNET_STORE_TAP && vtap_set_queues(net->tap, nr)))
		return false;
	net->active = nr;
	return true;
}

static bool execute(struct vnet *net, struct data *d)
{
	uint8_t command[COMMAND_SIZE];

	if (!get(d, command, sizeof(command)))
		return false;
	switch (command[0]) {
	case CLASS_RX:
		if (!(net->features & VIRTIO_NET_F_CTRL_RX))
			return false;
		if (command[1] == RX_PROMISC)
			return set_flag(d, &net->filter.promisc);
		return command[1] == RX_ALLMULTI && set_flag(d, &net->filter.allmulti);
	case CLASS_MAC:
		if (command[1] == MAC_TABLE_SET)
			return net->features & VIRTIO_NET_F_CTRL_RX && set_table(net, d);
		return command[1] == MAC_ADDR_SET &&
		       net->features & VIRTIO_NET_F_CTRL_MAC_ADDR && set_mac(net, d);
	case CLASS_MQ:
		return command[1] == MQ_VQ_PAIRS_SET && net->features & VIRTIO_NET_F_MQ &&
		       set_pairs(net, d);
	default:
		return false;
	}
}

int64_t vnet_ctrl(struct vnet *net, struct vq_stats *st, struct virtq_chain *chain)
{
	struct data d = { chain, 0 };
	bool ok;

	if (!chain->in_bytes) {
		vdev_broken(&net->dev, "control command without room for an answer");
		return -EPROTO;
	}
	ok = execute(net, &d);
	net->ctrl_ok += ok;
	net->ctrl_bad += !ok;
	st->bytes_out += chain->out_bytes;
	*(uint8_t *)chain->segs[chain->nr_out].va = ok ? ACK_OK : ACK_ERR;
	seg_set_written(chain->segs + chain->nr_out, chain->nr_in, 1);
	return 1;
}
