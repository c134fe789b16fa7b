/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio device: register file, queues, a dma strategy, and a class (blk)
 * that knows what its requests mean. Pure: Xen is behind struct dma and the two
 * callbacks.
 *
 * The order of things at a kick: the register write only notes it; the caller
 * completes the frontend's I/O request, so that its CPU runs on, and then calls
 * vdev_process(). Requests are served in the loop's thread and never stay in
 * flight across calls, therefore a reset or a disabled queue finds nothing
 * mapped but the rings, and these are unmapped before the register write is
 * answered: the frontend may end its grants as soon as it runs again.
 */
#ifndef GB_BACKEND_DEVICE_H
#define GB_BACKEND_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "dma.h"
#include "mmio.h"
#include "stats.h"
#include "virtq.h"

struct vdev;

#define VDEV_MARKS 4

struct vdev_class {
	const char *name;
	uint32_t device_id;

	/*
	 * Serve one request whose segments are all reachable. Returns bytes
	 * written from the start of the device-writable part (>= 0), or -EPROTO
	 * with vdev_broken() called.
	 */
	int64_t (*handle)(struct vdev *dev, struct vq_stats *st, struct virtq_chain *chain);

	/*
	 * Some segments could not be mapped (err set). Tell the frontend if the
	 * place for it is reachable; otherwise -EPROTO as above.
	 */
	int64_t (*handle_unmapped)(struct vdev *dev, struct vq_stats *st,
				   struct virtq_chain *chain);

	uint64_t (*config_read)(struct vdev *dev, unsigned int offset, unsigned int size);
};

struct vdev_queue {
	struct virtq vq;
	struct vq_stats st;
	struct dma_seg rings[3];	/* mapped while the queue is enabled */
	bool kicked;			/* something may be there to process */
};

struct vdev {
	/* set by the owner before vdev_init() */
	const struct vdev_class *class;
	unsigned int index;
	struct dma *dma;
	uint64_t features;		/* the class' own; transport features are added */
	unsigned int nr_queues;
	unsigned int queue_size;
	unsigned int chain_max;
	unsigned int config_size;
	void *owner;			/* for the callbacks */
	/* Raise or lower the interrupt; charge what it costs to st. */
	void (*irq)(struct vdev *dev, struct vq_stats *st, bool level);
	/*
	 * Asked between batches: is there something more urgent, such as a CPU of
	 * the frontend that waits for a register? May be NULL.
	 */
	bool (*should_yield)(const struct vdev *dev);
	/* The device broke, dev->why says why. May be NULL. */
	void (*broken)(struct vdev *dev);

	struct vmmio mmio;
	struct vdev_queue *queue;	/* nr_queues */
	struct virtq_chain *chains;	/* one batch */
	struct iovec *iov;		/* chain_max, scratch for the class */
	struct vq_stats setup;		/* rings, configuration interrupts */
	struct vq_stats *irq_st;	/* whom an interrupt is charged to */
	uint64_t breaks;
	char why[96];			/* the last reason, "" if never broken */
	struct vq_stats marks[VDEV_MARKS]; /* the I/O counters at the last marks, oldest first */
	uint64_t nr_marks;		/* ever taken */
};

/* Queues and scratch memory. 0 or -ENOMEM, -EINVAL. */
int vdev_init(struct vdev *dev);

/* Resets the device (unmaps everything) and frees. */
void vdev_release(struct vdev *dev);

/* The frontend's accesses; offset < VMMIO_SIZE. */
uint64_t vdev_read(struct vdev *dev, unsigned int offset, unsigned int size);
void vdev_write(struct vdev *dev, unsigned int offset, unsigned int size, uint64_t value);

/*
 * Serve what was kicked: at most one ring's worth of requests per queue, less when
 * should_yield() says so, lest a busy device starve the others and the registers.
 * True: there is more, call again.
 */
bool vdev_process(struct vdev *dev);

/* Break the device for a reason that names what the frontend did. */
void vdev_broken(struct vdev *dev, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Remember the I/O counters as they are now. The frontend can ask for it (blk: a
 * GET_ID request), so that what happens between two marks can be told apart from
 * the rest of a run.
 */
void vdev_mark(struct vdev *dev);

/* Sum of the queues' I/O counters. */
void vdev_io_stats(const struct vdev *dev, struct vq_stats *sum);

/* This device's statistics as an object in the open array or object. */
struct jw;
void vdev_write_stats(const struct vdev *dev, struct jw *jw);

#endif
