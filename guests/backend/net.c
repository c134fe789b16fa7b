// SPDX-License-Identifier: GPL-2.0-or-later
#include "net.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* Offsets in struct virtio_net_config (5.1.4). */
enum { CONFIG_MAC = 0, CONFIG_STATUS = 6, CONFIG_MAX_PAIRS = 8, CONFIG_MTU = 10 };
#define STATUS_LINK_UP 1

static struct vnet *to_net(struct vdev *dev)
{
	return (struct vnet *)((char *)dev - offsetof(struct vnet, dev));
}

static unsigned int nr_pairs(const struct vnet *net)
{
	return net->features & VIRTIO_NET_F_MQ ? net->config.nr_pairs : 1;
}

/* 5.1.2: the control queue is number 2N, and N is 1 unless MQ was negotiated. */
static unsigned int ctrl_index(const struct vnet *net)
{
	return 2 * nr_pairs(net);
}

static bool is_ctrl(const struct vnet *net, unsigned int index)
{
	return (net->features & VIRTIO_NET_F_CTRL_VQ) && index == ctrl_index(net);
}

static bool is_tx(const struct vnet *net, unsigned int index)
{
	return !is_ctrl(net, index) && index % 2 && index / 2 < nr_pairs(net);
}

static unsigned int queue_index(const struct vnet *net, const struct vq_stats *st)
{
	unsigned int i;

	for (i = 0; i < net->dev.nr_queues && &net->dev.queue[i].st != st; i++)
		;
	return i;
}

static int64_t handle(struct vdev *dev, struct vq_stats *st, struct virtq_chain *chain)
{
	struct vnet *net = to_net(dev);
	unsigned int index = queue_index(net, st);

	if (is_ctrl(net, index))
		return vnet_ctrl(net, st, chain);
	if (is_tx(net, index))
		return vnet_tx(net, index / 2, st, chain);
	/* rx goes another way, and there are no more queues without MQ */
	vdev_broken(dev, "queue %u: not in use", index);
	return -EPROTO;
}

static int64_t handle_unmapped(struct vdev *dev, struct vq_stats *st, struct virtq_chain *chain)
{
	struct vnet *net = to_net(dev);
	unsigned int index = queue_index(net, st);

	/* nobody waits for an answer about a packet */
	if (is_tx(net, index) && !chain->nr_in) {
		vnet_drop(&net->pair[index / 2], VNET_DROP_unmapped);
		return 0;
	}
	vdev_broken(dev, "queue %u: request that cannot be mapped", index);
	return -EPROTO;
}

static bool serve(struct vdev *dev, unsigned int index, bool *more)
{
	struct vnet *net = to_net(dev);

	if (is_ctrl(net, index) || index % 2 || index / 2 >= nr_pairs(net))
		return false;
	/* queues that the driver gave up keep their buffers */
	if (index / 2 < net->active)
		*more = vnet_rx_serve(net, index / 2);
	else
		dev->queue[index].kicked = false;
	return true;
}

static void reset(struct vdev *dev)
{
	struct vnet *net = to_net(dev);
	unsigned int i;

	net->features = 0;
	net->active = 0;
	memcpy(net->mac, net->config.mac, sizeof(net->mac));
	vnet_filter_reset(net);
	for (i = 0; i < net->config.nr_pairs; i++) {
		net->pair[i].packet_len = 0;
		net->pair[i].buffer_len = 0;
		net->pair[i].starved = false;
	}
}

static void driver_ok(struct vdev *dev)
{
	struct vnet *net = to_net(dev);
	uint64_t f = dev->mmio.driver_features;

	/* 5.1.3.1: these need those */
	if (!(f & VIRTIO_NET_F_CTRL_VQ))
		f &= ~(VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR);
	if (!(f & VIRTIO_NET_F_CSUM))
		f &= ~(VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6);
	if (!(f & VIRTIO_NET_F_GUEST_CSUM))
		f &= ~(VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6);
	net->features = f;
	net->active = 1;	/* 5.1.6.5.5: until the driver asks for more */
	if (net->store == VNET_STORE_TAP &&
	    (vtap_set_offload(net->tap, f) || vtap_set_queues(net->tap, 1)))
		vdev_broken(dev, "the tap refuses the features 0x%llx", (unsigned long long)f);
}

static uint64_t config_read(struct vdev *dev, unsigned int offset, unsigned int size)
{
	uint64_t value = 0;

	/* little-endian, in memory and in the register */
	memcpy(&value, to_net(dev)->space + offset, size);
	return le64toh(value);
}

static void mark(struct vdev *dev)
{
	struct vnet *net = to_net(dev);
	/* device.c has counted it already */
	size_t kept = dev->nr_marks <= VDEV_MARKS ? dev->nr_marks - 1 : VDEV_MARKS - 1;
	unsigned int i;

	if (dev->nr_marks > VDEV_MARKS)
		memmove(&net->marks[0], &net->marks[1], kept * sizeof(net->marks[0]));
	memset(&net->marks[kept], 0, sizeof(net->marks[kept]));
	for (i = 0; i < net->config.nr_pairs; i++) {
		const struct vnet_stats *st = &net->pair[i].st;

#define X(name) net->marks[kept].name += st->name;
		VNET_COUNTERS(X)
#undef X
#define X(name) net->marks[kept].drop_##name += st->drop_##name;
		VNET_DROPS(X)
#undef X
	}
}

static void put_stats(struct jw *jw, const struct vnet_stats *st)
{
	jw_open(jw, NULL, '{');
#define X(name) jw_u64(jw, #name, st->name);
	VNET_COUNTERS(X)
#undef X
	jw_open(jw, "drops", '{');
#define X(name) jw_u64(jw, #name, st->drop_##name);
	VNET_DROPS(X)
#undef X
	jw_close(jw, '}');
	jw_close(jw, '}');
}

static void write_stats(const struct vdev *dev, struct jw *jw)
{
	const struct vnet *net = (const struct vnet *)((const char *)dev - offsetof(struct vnet, dev));
	unsigned int i;

	jw_open(jw, "net", '{');
	jw_u64(jw, "ctrl_ok", net->ctrl_ok);
	jw_u64(jw, "ctrl_bad", net->ctrl_bad);
	jw_open(jw, "pairs", '[');
	for (i = 0; i < net->config.nr_pairs; i++)
		put_stats(jw, &net->pair[i].st);
	jw_close(jw, ']');
	jw_open(jw, "marks", '[');
	for (i = 0; i < VDEV_MARKS && i < dev->nr_marks; i++)
		put_stats(jw, &net->marks[i]);
	jw_close(jw, ']');
	jw_close(jw, '}');
}

static const struct vdev_class net_class = {
	.name		 = "net",
	.device_id	 = VIRTIO_ID_NET,
	.handle		 = handle,
	.handle_unmapped = handle_unmapped,
	.config_read	 = config_read,
	.serve		 = serve,
	.reset		 = reset,
	.driver_ok	 = driver_ok,
	.mark		 = mark,
	.write_stats	 = write_stats,
};

static void fill_config(struct vnet *net)
{
	uint8_t *s = net->space;

	memcpy(s + CONFIG_MAC, net->config.mac, VNET_ETH_ALEN);
	put_le16(s + CONFIG_STATUS, STATUS_LINK_UP);
	put_le16(s + CONFIG_MAX_PAIRS, (uint16_t)net->config.nr_pairs);
	put_le16(s + CONFIG_MTU, (uint16_t)net->config.mtu);
}

int vnet_init(struct vnet *net, const struct vnet_config *config, enum vnet_store store,
	      struct dma *dma, struct vtap *tap)
{
	struct vdev *dev = &net->dev;
	unsigned int i;
	int rc;

	if (!config->nr_pairs || config->nr_pairs > VNET_PAIRS_MAX || config->mtu < VNET_MTU_MIN ||
	    config->mtu > VNET_MTU_MAX || (config->offloads & ~VNET_OFFLOADS) ||
	    (config->mac[0] & 1))
		return -EINVAL;
	net->config = *config;
	net->store = store;
	net->tap = tap;
	fill_config(net);

	dev->class = &net_class;
	dev->dma = dma;
	dev->nr_queues = 2 * config->nr_pairs + 1;
	dev->queue_size = config->queue_size;
	dev->chain_max = VNET_CHAIN_MAX;
	dev->batch = VIRTQ_BATCH_MAX;
	dev->config_size = VNET_CONFIG_SIZE;
	dev->features = config->offloads | VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC |
			VIRTIO_NET_F_STATUS | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX |
			VIRTIO_NET_F_CTRL_MAC_ADDR | (config->nr_pairs > 1 ? VIRTIO_NET_F_MQ : 0);
	for (i = 0; i < config->nr_pairs; i++) {
		net->pair[i].packet = malloc(VNET_HDR_SIZE + VNET_PACKET_MAX);
		if (!net->pair[i].packet) {
			vnet_release(net);
			return -ENOMEM;
		}
	}
	reset(dev);
	rc = vdev_init(dev);
	if (rc)
		vnet_release(net);
	return rc;
}

void vnet_release(struct vnet *net)
{
	unsigned int i;

	vdev_release(&net->dev);
	for (i = 0; i < VNET_PAIRS_MAX; i++) {
		free(net->pair[i].packet);
		net->pair[i].packet = NULL;
	}
}

bool vnet_wants_packets(const struct vnet *net, unsigned int pair)
{
	return net->store == VNET_STORE_TAP && pair < net->active && !net->pair[pair].starved &&
	       vmmio_running(&net->dev.mmio) && net->dev.mmio.queue[2 * pair].ready;
}

void vnet_has_packets(struct vnet *net, unsigned int pair)
{
	net->dev.queue[2 * pair].kicked = true;
}
