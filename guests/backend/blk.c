// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "blk.h"
#include "mem.h"
#include "seg.h"

#define HEADER_SIZE	16u	/* struct virtio_blk_outhdr */
#define RANGE_SIZE	16u	/* struct virtio_blk_discard_write_zeroes */

/* Offsets in struct virtio_blk_config (5.2.4). */
enum {
	CONFIG_CAPACITY			= 0,
	CONFIG_SIZE_MAX			= 8,
	CONFIG_SEG_MAX			= 12,
	CONFIG_BLK_SIZE			= 20,
	CONFIG_PHYSICAL_BLOCK_EXP	= 24,
	CONFIG_MIN_IO_SIZE		= 26,
	CONFIG_OPT_IO_SIZE		= 28,
	CONFIG_NUM_QUEUES		= 34,
	CONFIG_MAX_DISCARD_SECTORS	= 36,
	CONFIG_MAX_DISCARD_SEG		= 40,
	CONFIG_DISCARD_ALIGNMENT	= 44,
	CONFIG_MAX_WRITE_ZEROES_SECTORS	= 48,
	CONFIG_MAX_WRITE_ZEROES_SEG	= 52,
	CONFIG_WRITE_ZEROES_MAY_UNMAP	= 56,
};

struct request {
	struct vblk *blk;
	struct vq_stats *st;
	struct virtq_chain *chain;
	uint32_t type;
	uint64_t sector;
	uint64_t out_len;	/* data bytes behind the header */
	uint64_t in_len;	/* data bytes before the status */
	uint64_t done;		/* data bytes that the frontend gets */
};

static struct vblk *to_blk(struct vdev *dev)
{
	return (struct vblk *)((char *)dev - offsetof(struct vblk, dev));
}

static unsigned int data_in(struct request *req, uint64_t len)
{
	return seg_gather(req->blk->dev.iov, req->chain->segs + req->chain->nr_out,
			  req->chain->nr_in, 0, len);
}

/* Whether len bytes at sector are inside the disk and whole blocks. */
static bool range_ok(const struct vblk *blk, uint64_t sector, uint64_t len)
{
	uint64_t sectors = blk->store->size / VBLK_SECTOR;
	uint32_t mask = blk->config.blk_size - 1;

	if (len & mask || (sector & (mask / VBLK_SECTOR)))
		return false;
	return sector <= sectors && len / VBLK_SECTOR <= sectors - sector;
}

static uint8_t do_in(struct request *req)
{
	struct vblk *blk = req->blk;
	unsigned int n;

	if (req->out_len || !range_ok(blk, req->sector, req->in_len))
		return VIRTIO_BLK_S_IOERR;
	n = data_in(req, req->in_len);
	if (vstore_read(blk->store, req->st, blk->dev.iov, n, req->sector * VBLK_SECTOR))
		return VIRTIO_BLK_S_IOERR;
	req->done = req->in_len;
	req->st->bytes_in += req->in_len;
	return VIRTIO_BLK_S_OK;
}

static uint8_t do_out(struct request *req)
{
	struct vblk *blk = req->blk;
	unsigned int n;

	if (blk->config.readonly || req->in_len || !range_ok(blk, req->sector, req->out_len))
		return VIRTIO_BLK_S_IOERR;
	n = seg_gather(blk->dev.iov, req->chain->segs, req->chain->nr_out, HEADER_SIZE, req->out_len);
	if (vstore_write(blk->store, req->st, blk->dev.iov, n, req->sector * VBLK_SECTOR))
		return VIRTIO_BLK_S_IOERR;
	req->st->bytes_out += req->out_len;
	return VIRTIO_BLK_S_OK;
}

static uint8_t do_flush(struct request *req)
{
	return vstore_flush(req->blk->store, req->st) ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
}

static uint8_t do_get_id(struct request *req)
{
	const char *serial = req->blk->config.serial;
	struct iovec *iov = req->blk->dev.iov;
	uint64_t max = req->blk->config.short_id ? strlen(serial) : VIRTIO_BLK_ID_BYTES;
	uint64_t len = req->in_len < max ? req->in_len : max;
	unsigned int i, n;

	if (!len)
		return VIRTIO_BLK_S_IOERR;
	n = data_in(req, len);
	for (i = 0; i < n; i++) {
		memcpy(iov[i].iov_base, serial, iov[i].iov_len);
		serial += iov[i].iov_len;
	}
	req->done = len;
	return VIRTIO_BLK_S_OK;
}

/* DISCARD and WRITE_ZEROES: all ranges are checked before the first is touched. */
static uint8_t do_ranges(struct request *req)
{
	struct vblk *blk = req->blk;
	bool discard = req->type == VIRTIO_BLK_T_DISCARD;
	uint8_t raw[VBLK_RANGES_MAX * RANGE_SIZE];
	unsigned int i, nr;
	int rc = 0;

	if (!blk->config.discard)
		return VIRTIO_BLK_S_UNSUPP;
	if (blk->config.readonly || req->in_len || !req->out_len || req->out_len % RANGE_SIZE ||
	    req->out_len > sizeof(raw))
		return VIRTIO_BLK_S_IOERR;
	seg_copy_out(raw, req->chain->segs, req->chain->nr_out, HEADER_SIZE, req->out_len);
	nr = (unsigned int)(req->out_len / RANGE_SIZE);

	for (i = 0; i < nr; i++) {
		const uint8_t *range = raw + i * RANGE_SIZE;
		uint32_t sectors = get_le32(range + 8);
		uint32_t flags = get_le32(range + 12);

		/* 5.2.6.2: unmap makes no sense for DISCARD, unknown bits never do */
		if (flags & ~(discard ? 0 : VIRTIO_BLK_UNMAP))
			return VIRTIO_BLK_S_UNSUPP;
		if (sectors > VBLK_RANGE_SECTORS_MAX ||
		    !range_ok(blk, get_le64(range), (uint64_t)sectors * VBLK_SECTOR))
			return VIRTIO_BLK_S_IOERR;
	}
	for (i = 0; i < nr && !rc; i++) {
		const uint8_t *range = raw + i * RANGE_SIZE;
		uint64_t offset = get_le64(range) * VBLK_SECTOR;
		uint64_t len = (uint64_t)get_le32(range + 8) * VBLK_SECTOR;

		if (discard)
			rc = vstore_discard(blk->store, req->st, offset, len);
		else
			rc = vstore_zero(blk->store, req->st, offset, len,
					 get_le32(range + 12) & VIRTIO_BLK_UNMAP);
	}
	return rc ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
}

static uint8_t execute(struct request *req)
{
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
		req->st->req_in++;
		return do_in(req);
	case VIRTIO_BLK_T_OUT:
		req->st->req_out++;
		return do_out(req);
	case VIRTIO_BLK_T_FLUSH:
		req->st->req_flush++;
		return do_flush(req);
	case VIRTIO_BLK_T_GET_ID:
		req->st->req_get_id++;
		vdev_mark(&req->blk->dev);
		return do_get_id(req);
	case VIRTIO_BLK_T_DISCARD:
		req->st->req_discard++;
		return do_ranges(req);
	case VIRTIO_BLK_T_WRITE_ZEROES:
		req->st->req_write_zeroes++;
		return do_ranges(req);
	default:
		req->st->req_other++;
		return VIRTIO_BLK_S_UNSUPP;
	}
}

/*
 * The status is the last device-writable byte: the tail of the last segment, for
 * strategies that copy back what was written and nothing else. Returns the used
 * length: 2.7.8.2 wants a prefix that was written, which ends before the status
 * unless the data in front of it was.
 */
static int64_t finish(struct request *req, uint8_t status)
{
	struct virtq_chain *chain = req->chain;
	struct dma_seg *last = &chain->segs[chain->nr_out + chain->nr_in - 1];

	seg_set_written(chain->segs + chain->nr_out, chain->nr_in, req->done);
	last->tail = 1;
	((uint8_t *)last->va)[last->len - 1] = status;
	if (status == VIRTIO_BLK_S_IOERR)
		req->st->errors++;
	else if (status == VIRTIO_BLK_S_UNSUPP)
		req->st->unsupported++;
	return (int64_t)(req->done == req->in_len ? req->done + 1 : req->done);
}

static int64_t handle(struct vdev *dev, struct vq_stats *st, struct virtq_chain *chain)
{
	struct request req = { .blk = to_blk(dev), .st = st, .chain = chain };
	uint8_t header[HEADER_SIZE];

	if (chain->out_bytes < HEADER_SIZE || chain->in_bytes < 1) {
		vdev_broken(dev, "request without room for header and status (%u + %u bytes)",
			    (unsigned int)chain->out_bytes, (unsigned int)chain->in_bytes);
		return -EPROTO;
	}
	seg_copy_out(header, chain->segs, chain->nr_out, 0, sizeof(header));
	req.type = get_le32(header);
	req.sector = get_le64(header + 8);
	req.out_len = chain->out_bytes - HEADER_SIZE;
	req.in_len = chain->in_bytes - 1;
	return finish(&req, execute(&req));
}

static int64_t handle_unmapped(struct vdev *dev, struct vq_stats *st, struct virtq_chain *chain)
{
	struct request req = { .blk = to_blk(dev), .st = st, .chain = chain };
	struct dma_seg *last;

	if (chain->nr_in) {
		last = &chain->segs[chain->nr_out + chain->nr_in - 1];
		if (last->va) {
			/* nothing was written but the status; see finish() */
			req.in_len = chain->in_bytes - 1;
			return finish(&req, VIRTIO_BLK_S_IOERR);
		}
	}
	vdev_broken(dev, "request that cannot be mapped, nor its status");
	return -EPROTO;
}

static uint64_t config_read(struct vdev *dev, unsigned int offset, unsigned int size)
{
	const uint8_t *p = to_blk(dev)->space + offset;

	switch (size) {
	case 1:
		return *p;
	case 2:
		return get_le16(p);
	case 4:
		return get_le32(p);
	default:
		return get_le64(p);
	}
}

static const struct vdev_class blk_class = {
	.name		 = "blk",
	.device_id	 = VIRTIO_ID_BLOCK,
	.handle		 = handle,
	.handle_unmapped = handle_unmapped,
	.config_read	 = config_read,
};

static void fill_config(struct vblk *blk)
{
	const struct vblk_config *c = &blk->config;
	uint8_t *s = blk->space;

	memset(s, 0, sizeof(blk->space));
	put_le64(s + CONFIG_CAPACITY, blk->store->size / VBLK_SECTOR);
	put_le32(s + CONFIG_SIZE_MAX, c->size_max);
	put_le32(s + CONFIG_SEG_MAX, c->seg_max);
	put_le32(s + CONFIG_BLK_SIZE, c->blk_size);
	put_le16(s + CONFIG_MIN_IO_SIZE, 1);
	put_le16(s + CONFIG_NUM_QUEUES, (uint16_t)c->nr_queues);
	if (!c->discard)
		return;
	put_le32(s + CONFIG_MAX_DISCARD_SECTORS, VBLK_RANGE_SECTORS_MAX);
	put_le32(s + CONFIG_MAX_DISCARD_SEG, VBLK_RANGES_MAX);
	put_le32(s + CONFIG_DISCARD_ALIGNMENT, c->blk_size / VBLK_SECTOR);
	put_le32(s + CONFIG_MAX_WRITE_ZEROES_SECTORS, VBLK_RANGE_SECTORS_MAX);
	put_le32(s + CONFIG_MAX_WRITE_ZEROES_SEG, VBLK_RANGES_MAX);
	s[CONFIG_WRITE_ZEROES_MAY_UNMAP] = blk->store->kind == VSTORE_FILE;
}

int vblk_init(struct vblk *blk, const struct vblk_config *config, struct dma *dma,
	      struct vstore *store)
{
	struct vdev *dev = &blk->dev;

	if (config->blk_size < 512 || config->blk_size > 4096 ||
	    (config->blk_size & (config->blk_size - 1)) || store->size % config->blk_size ||
	    !config->seg_max || config->seg_max > VIRTQ_CHAIN_MAX - 2)
		return -EINVAL;

	blk->config = *config;
	blk->store = store;
	fill_config(blk);

	dev->class = &blk_class;
	dev->dma = dma;
	dev->nr_queues = config->nr_queues;
	dev->queue_size = config->queue_size;
	dev->chain_max = config->seg_max + 2;
	dev->config_size = VBLK_CONFIG_SIZE;
	dev->features = VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH |
			VIRTIO_BLK_F_TOPOLOGY;
	if (config->size_max)
		dev->features |= VIRTIO_BLK_F_SIZE_MAX;
	if (config->readonly)
		dev->features |= VIRTIO_BLK_F_RO;
	if (config->nr_queues > 1)
		dev->features |= VIRTIO_BLK_F_MQ;
	if (config->discard && !config->readonly)
		dev->features |= VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES;
	return vdev_init(dev);
}

void vblk_release(struct vblk *blk)
{
	vdev_release(&blk->dev);
}
