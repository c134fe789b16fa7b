/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio block device (virtio 1.2, section 5.2) over a store.
 *
 * Requests may be framed in any way (2.7.4): header, data and status are found
 * by byte counts, not by descriptors. What is wrong with a request's content
 * (sector, length, flags) is an error status to the driver; what leaves no
 * place for a header or a status breaks the device.
 */
#ifndef GB_BACKEND_BLK_H
#define GB_BACKEND_BLK_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "store.h"

#define VIRTIO_ID_BLOCK		2

#define VIRTIO_BLK_F_SIZE_MAX		(1ull << 1)
#define VIRTIO_BLK_F_SEG_MAX		(1ull << 2)
#define VIRTIO_BLK_F_RO			(1ull << 5)
#define VIRTIO_BLK_F_BLK_SIZE		(1ull << 6)
#define VIRTIO_BLK_F_FLUSH		(1ull << 9)
#define VIRTIO_BLK_F_TOPOLOGY		(1ull << 10)
#define VIRTIO_BLK_F_MQ			(1ull << 12)
#define VIRTIO_BLK_F_DISCARD		(1ull << 13)
#define VIRTIO_BLK_F_WRITE_ZEROES	(1ull << 14)

#define VIRTIO_BLK_T_IN			0
#define VIRTIO_BLK_T_OUT		1
#define VIRTIO_BLK_T_FLUSH		4
#define VIRTIO_BLK_T_GET_ID		8
#define VIRTIO_BLK_T_DISCARD		11
#define VIRTIO_BLK_T_WRITE_ZEROES	13

#define VIRTIO_BLK_S_OK			0
#define VIRTIO_BLK_S_IOERR		1
#define VIRTIO_BLK_S_UNSUPP		2

#define VIRTIO_BLK_ID_BYTES		20
#define VIRTIO_BLK_UNMAP		1u	/* the flag of WRITE_ZEROES ranges */

#define VBLK_SECTOR			512u
#define VBLK_CONFIG_SIZE		60u	/* up to and with the WRITE_ZEROES fields */
#define VBLK_RANGE_SECTORS_MAX		(1u << 22)	/* 2 GiB per range */
#define VBLK_RANGES_MAX			16u	/* ranges of one DISCARD or WRITE_ZEROES */

struct vblk_config {
	bool readonly;
	unsigned int nr_queues;
	unsigned int queue_size;
	unsigned int seg_max;		/* data segments of one request */
	uint32_t size_max;		/* bytes of one segment; 0: not offered */
	uint32_t blk_size;		/* 512 to 4096, a power of two */
	bool discard;			/* offer DISCARD and WRITE_ZEROES */
	char serial[VIRTIO_BLK_ID_BYTES + 1];
	bool short_id;			/* a test: GET_ID writes the serial alone, no padding */
};

struct vblk {
	struct vdev dev;
	struct vblk_config config;
	struct vstore *store;
	uint8_t space[VBLK_CONFIG_SIZE];
};

/*
 * dma and store stay the caller's and outlive the device; so do the callbacks
 * of blk->dev (index, owner, irq, broken), which the caller has set. 0, -ENOMEM,
 * or -EINVAL when the configuration contradicts itself or the store.
 */
int vblk_init(struct vblk *blk, const struct vblk_config *config, struct dma *dma,
	      struct vstore *store);
void vblk_release(struct vblk *blk);

#endif
