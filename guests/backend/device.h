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
struct jw;

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

	/* The rest may be NULL. */

	/*
	 * Serve a kicked queue otherwise than request by request: true, and *more says
	 * whether to call again. False: the queue is served with handle().
	 */
	bool (*serve)(struct vdev *dev, unsigned int index, bool *more);
	/* After a reset: queues are disabled. */
	void (*reset)(struct vdev *dev);
	/* DRIVER_OK: features are final (mmio.driver_features). */
	void (*driver_ok)(struct vdev *dev);
	/* A mark was taken: remember own counters, too. */
	void (*mark)(struct vdev *dev);
	/* Own counters, into the device's object. */
	void (*write_stats)(const struct vdev *dev, struct jw *jw);
};

/*
 * A span: from the completion of the first request behind a mark to the one with
 * which span_bytes of data had been moved since the mark. Unlike marks, it leaves
 * out what the frontend does around its requests, and with one request in flight it
 * is made of whole rounds. A batch that takes a mark has no part in it. Where nobody
 * knows the bytes beforehand (span_by_mark), the next mark ends it.
 */
struct vdev_span {
	uint64_t mark;			/* nr_marks when it began */
	uint64_t lead_bytes;		/* of the request, or the batch, that began it */
	uint64_t requests, bytes;	/* behind that */
	uint64_t first, last;		/* clock_ticks(); first is 0 when none ever began */
};

enum vdev_span_state { VDEV_SPAN_OFF, VDEV_SPAN_ARMED, VDEV_SPAN_OPEN };

enum vdev_snapshot {
	VDEV_SNAPSHOT_BEFORE,
	VDEV_SNAPSHOT_FIRST,	/* right behind it: the difference is what a snapshot costs */
	VDEV_SNAPSHOT_LAST,
	VDEV_SNAPSHOTS
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
	unsigned int batch;		/* requests of one pop, if more than the strategy's; 0: that */
	unsigned int config_size;
	bool direct_only;		/* do not offer INDIRECT_DESC */
	uint64_t span_bytes;		/* 0: no spans */
	bool span_by_mark;		/* spans that end with the next mark */
	void *owner;			/* for the callbacks */
	/* Raise or lower the interrupt; charge what it costs to st. */
	void (*irq)(struct vdev *dev, struct vq_stats *st, bool level);
	/*
	 * Asked between batches: is there something more urgent, such as a CPU of
	 * the frontend that waits for a register? May be NULL.
	 */
	bool (*should_yield)(const struct vdev *dev);
	/*
	 * A span begins or ends: keep what else is to be known of the moment, and write
	 * all three moments into the span's object. May be NULL.
	 */
	void (*snapshot)(struct vdev *dev, enum vdev_snapshot which);
	void (*write_snapshots)(const struct vdev *dev, struct jw *jw);
	/* The device broke, dev->why says why. May be NULL. */
	void (*broken)(struct vdev *dev);

	struct vmmio mmio;
	struct vdev_queue *queue;	/* nr_queues */
	struct virtq_chain *chains;	/* one batch */
	struct iovec *iov;		/* chain_max, scratch for the class */
	struct vq_stats setup;		/* rings, configuration interrupts */
	struct vq_stats *irq_st;	/* whom an interrupt is charged to */
	uint64_t breaks;
	enum virtq_fault fault;		/* of the break that is being reported */
	uint64_t faults[VIRTQ_NR_FAULTS]; /* the breaks by what a ring did; [0]: by a request */
	char why[96];			/* the last reason, "" if never broken */
	struct vq_stats marks[VDEV_MARKS]; /* the I/O counters at the last marks, oldest first */
	uint64_t nr_marks;		/* ever taken */
	enum vdev_span_state span_state;
	struct vdev_span span;		/* the last that began */
	struct vdev_span whole;		/* the last that ended */
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

/*
 * For classes that serve queues by themselves. Take up to max requests into chains;
 * a bad ring breaks the device and is -EPROTO. Push with virtq_push() and show with
 * virtq_flush(); vdev_completed() then notifies, and counts nr requests with that many
 * bytes of data (bytes_in and bytes_out are the caller's to add). in_span: they are
 * part of what a span measures.
 */
int vdev_pop(struct vdev *dev, unsigned int index, struct virtq_chain *chains, unsigned int max);
void vdev_completed(struct vdev *dev, unsigned int index, unsigned int nr, uint64_t bytes,
		    bool in_span);

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
void vdev_write_stats(const struct vdev *dev, struct jw *jw);

#endif
