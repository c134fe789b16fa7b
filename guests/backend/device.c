// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "clock.h"
#include "device.h"

void vdev_broken(struct vdev *dev, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(dev->why, sizeof(dev->why), fmt, ap);
	va_end(ap);
	dev->breaks++;
	dev->faults[dev->fault]++;
	dev->fault = VIRTQ_OK;
	vmmio_needs_reset(&dev->mmio);
	if (dev->broken)
		dev->broken(dev);
}

static void queue_fault(struct vdev *dev, unsigned int index)
{
	const struct virtq *vq = &dev->queue[index].vq;

	dev->fault = vq->fault;
	vdev_broken(dev, "queue %u: %s (0x%x)", index, virtq_fault_name(vq->fault),
		    vq->fault_value);
}

static int queue_enable(void *arg, unsigned int index)
{
	struct vdev *dev = arg;
	struct vdev_queue *q = &dev->queue[index];
	const struct vmmio_queue *regs = &dev->mmio.queue[index];
	uint64_t features = dev->mmio.driver_features;
	const size_t size[3] = {
		virtq_desc_bytes(regs->num), virtq_avail_bytes(regs->num),
		virtq_used_bytes(regs->num),
	};
	int i;

	/* addresses are charged to the queue, whose they are; the maps to the set-up */
	if (virtq_check(&q->vq, regs->num, dev->mmio.queue_num_max, dev->dma->grants,
			regs->addr)) {
		queue_fault(dev, index);
		return -EPROTO;
	}
	memset(q->rings, 0, sizeof(q->rings));
	for (i = 0; i < 3; i++) {
		q->rings[i].addr = regs->addr[i];
		q->rings[i].len = (uint32_t)size[i];
		q->rings[i].writable = i == 2;	/* we write the used ring only */
	}
	if (dev->dma->ops->map_ring(dev->dma, &dev->setup, q->rings, 3)) {
		dev->dma->ops->unmap_ring(dev->dma, &dev->setup, q->rings, 3);
		q->vq.fault = VIRTQ_FAULT_RING_MAP;
		q->vq.fault_value = (uint32_t)(regs->addr[0] >> DMA_PAGE_SHIFT);
		queue_fault(dev, index);
		return -EPROTO;
	}
	virtq_start(&q->vq, (uint16_t)regs->num, dev->dma->grants,
		    features & VIRTIO_F_EVENT_IDX, features & VIRTIO_F_INDIRECT_DESC,
		    q->rings[0].va, q->rings[1].va, q->rings[2].va);
	q->kicked = false;
	return 0;
}

static void queue_disable(void *arg, unsigned int index)
{
	struct vdev *dev = arg;
	struct vdev_queue *q = &dev->queue[index];

	virtq_stop(&q->vq);
	dev->dma->ops->unmap_ring(dev->dma, &dev->setup, q->rings, 3);
}

static void device_reset(void *arg)
{
	struct vdev *dev = arg;

	if (dev->class->reset)
		dev->class->reset(dev);
}

/* Requests may have been queued before DRIVER_OK; their kicks did not count. */
static void driver_ok(void *arg)
{
	struct vdev *dev = arg;
	unsigned int i;

	if (dev->class->driver_ok)
		dev->class->driver_ok(dev);
	for (i = 0; i < dev->nr_queues; i++)
		dev->queue[i].kicked = dev->mmio.queue[i].ready;
}

static void kick(void *arg, unsigned int index)
{
	struct vdev *dev = arg;

	dev->queue[index].st.kicks++;
	dev->queue[index].kicked = true;
}

static void irq(void *arg, bool level)
{
	struct vdev *dev = arg;

	dev->irq(dev, dev->irq_st, level);
}

static uint64_t config_read(void *arg, unsigned int offset, unsigned int size)
{
	struct vdev *dev = arg;

	return dev->class->config_read(dev, offset, size);
}

static void config_write(void *arg, unsigned int offset, unsigned int size, uint64_t value)
{
	(void)arg;	/* no class has a writable field of virtio 1 */
	(void)offset;
	(void)size;
	(void)value;
}

static int set_pool(void *arg, uint32_t first_gref, uint32_t count)
{
	struct vdev *dev = arg;

	return dev->dma->ops->set_pool(dev->dma, &dev->setup, first_gref, count);
}

static const struct vmmio_ops mmio_ops = {
	.queue_enable	= queue_enable,
	.queue_disable	= queue_disable,
	.reset		= device_reset,
	.driver_ok	= driver_ok,
	.kick		= kick,
	.irq		= irq,
	.config_read	= config_read,
	.config_write	= config_write,
	.set_pool	= set_pool,
};

int vdev_init(struct vdev *dev)
{
	unsigned int i, batch = dev->dma->ops->batch;
	int rc = -ENOMEM;

	if (batch < dev->batch)
		batch = dev->batch;
	if (!dev->nr_queues || dev->nr_queues > VMMIO_QUEUES_MAX || !dev->queue_size ||
	    dev->queue_size > VIRTQ_SIZE_MAX || (dev->queue_size & (dev->queue_size - 1)) ||
	    !dev->chain_max || dev->chain_max > VIRTQ_CHAIN_MAX || !batch ||
	    batch > VIRTQ_BATCH_MAX || dev->config_size > VMMIO_CONFIG_MAX)
		return -EINVAL;

	dev->queue = calloc(dev->nr_queues, sizeof(*dev->queue));
	dev->chains = calloc(batch, sizeof(*dev->chains));
	dev->iov = calloc(dev->chain_max, sizeof(*dev->iov));
	if (!dev->queue || !dev->chains || !dev->iov)
		goto fail;
	for (i = 0; i < dev->nr_queues; i++) {
		rc = virtq_init(&dev->queue[i].vq, dev->chain_max, batch, &dev->queue[i].st);
		if (rc)
			goto fail;
	}
	memset(&dev->mmio, 0, sizeof(dev->mmio));
	dev->mmio.ops = &mmio_ops;
	dev->mmio.dev = dev;
	dev->mmio.device_id = dev->class->device_id;
	dev->mmio.features = dev->features | VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX |
			     (dev->direct_only ? 0 : VIRTIO_F_INDIRECT_DESC) |
			     (dev->dma->grants ? VIRTIO_F_ACCESS_PLATFORM : 0);
	dev->mmio.nr_queues = dev->nr_queues;
	dev->mmio.queue_num_max = dev->queue_size;
	dev->mmio.pool_max = dev->dma->ops->set_pool ? DMA_POOL_MAX : 0;
	dev->mmio.config_size = dev->config_size;
	vmmio_init(&dev->mmio);
	dev->irq_st = &dev->setup;
	return 0;

fail:
	for (i = 0; dev->queue && i < dev->nr_queues; i++)
		virtq_release(&dev->queue[i].vq);
	free(dev->queue);
	free(dev->chains);
	free(dev->iov);
	dev->queue = NULL;
	dev->chains = NULL;
	dev->iov = NULL;
	return rc;
}

void vdev_release(struct vdev *dev)
{
	unsigned int i;

	if (!dev->queue)
		return;
	vmmio_reset(&dev->mmio);
	for (i = 0; i < dev->nr_queues; i++)
		virtq_release(&dev->queue[i].vq);
	free(dev->queue);
	free(dev->chains);
	free(dev->iov);
	dev->queue = NULL;
	dev->chains = NULL;
	dev->iov = NULL;
}

uint64_t vdev_read(struct vdev *dev, unsigned int offset, unsigned int size)
{
	return vmmio_read(&dev->mmio, offset, size);
}

void vdev_write(struct vdev *dev, unsigned int offset, unsigned int size, uint64_t value)
{
	vmmio_write(&dev->mmio, offset, size, value);
}

static void notify(struct vdev *dev, struct vdev_queue *q)
{
	if (!virtq_should_notify(&q->vq)) {
		q->st.notifies_suppressed++;
		return;
	}
	q->st.notifies++;
	dev->irq_st = &q->st;
	vmmio_notify(&dev->mmio);
	dev->irq_st = &dev->setup;
}

static void snapshot(struct vdev *dev, enum vdev_snapshot which)
{
	if (dev->snapshot)
		dev->snapshot(dev, which);
}

static void span_end(struct vdev *dev)
{
	snapshot(dev, VDEV_SNAPSHOT_LAST);
	dev->span_state = VDEV_SPAN_OFF;
	dev->whole = dev->span;
}

/*
 * Requests were completed, the frontend was told, and none of them took a mark. The
 * first ones behind a mark begin the span, so that it is made of whole rounds: from
 * an answer to an answer.
 */
static void span_add(struct vdev *dev, unsigned int nr, uint64_t bytes)
{
	struct vdev_span *span = &dev->span;

	if (dev->span_state == VDEV_SPAN_ARMED) {
		/* twice, so that what looking costs can be taken out */
		snapshot(dev, VDEV_SNAPSHOT_BEFORE);
		snapshot(dev, VDEV_SNAPSHOT_FIRST);
		*span = (struct vdev_span){ .mark = dev->nr_marks, .lead_bytes = bytes,
					    .first = clock_ticks() };
		dev->span_state = VDEV_SPAN_OPEN;
	} else {
		span->requests += nr;
		span->bytes += bytes;
		span->last = clock_ticks();
	}
	if (!dev->span_by_mark && span->lead_bytes + span->bytes >= dev->span_bytes)
		span_end(dev);
}

static uint64_t data_bytes(const struct vq_stats *st)
{
	return st->bytes_in + st->bytes_out;
}

/*
 * What was served goes to the frontend. A request that it cannot have is an I/O
 * error, like one whose pages cannot be mapped, as long as its status gets there.
 * unmapped[i]: request i is one of those already. 0, or -EPROTO with the device broken.
 */
static int flush_batch(struct vdev *dev, struct vdev_queue *q, unsigned int nr, unsigned int nr_segs,
		       const bool *unmapped, int64_t *len)
{
	struct virtq_chain *chains = dev->chains;
	unsigned int i, j;

	if (!dma_flush(dev->dma, &q->st, chains[0].segs, nr_segs))
		return 0;
	for (i = 0; i < nr; i++) {
		struct virtq_chain *c = &chains[i];
		unsigned int bad = 0, last = c->nr_out + c->nr_in - 1;

		for (j = c->nr_out; j <= last; j++)
			bad += unmapped[i] ? j == last && !c->segs[j].va : !c->segs[j].va;
		if (!bad)
			continue;
		len[i] = dev->class->handle_unmapped(dev, &q->st, c);
		if (len[i] < 0)
			return -EPROTO;
		/* va of those that failed before is NULL: they are left alone */
		if (dma_flush(dev->dma, &q->st, c->segs + c->nr_out, c->nr_in)) {
			vdev_broken(dev, "request whose status cannot be written");
			return -EPROTO;
		}
	}
	return 0;
}

/*
 * One batch: all segments of all its requests in one call to the strategy.
 * Returns how many requests, or -EPROTO when the device broke.
 */
static int process_batch(struct vdev *dev, unsigned int index)
{
	struct vdev_queue *q = &dev->queue[index];
	struct virtq_chain *chains = dev->chains;
	const struct dma_ops *dma = dev->dma->ops;
	int64_t len[VIRTQ_BATCH_MAX];
	struct dma_seg *segs;
	unsigned int i, nr_segs = 0, failed;
	uint64_t bytes = data_bytes(&q->st), marks = dev->nr_marks;
	bool broken = false, unmapped[VIRTQ_BATCH_MAX];
	int nr;

	nr = virtq_pop(&q->vq, dev->dma, chains, dma->batch);
	if (nr < 0)
		queue_fault(dev, index);
	if (nr <= 0)
		return nr;

	segs = chains[0].segs;
	for (i = 0; i < (unsigned int)nr; i++)
		nr_segs += chains[i].nr_out + chains[i].nr_in;
	failed = dma->map(dev->dma, &q->st, segs, nr_segs);

	for (i = 0; i < (unsigned int)nr && !broken; i++) {
		struct virtq_chain *c = &chains[i];
		unsigned int j, bad = 0;

		for (j = 0; failed && j < c->nr_out + c->nr_in; j++)
			bad += c->segs[j].va == NULL;
		unmapped[i] = bad;
		len[i] = bad ? dev->class->handle_unmapped(dev, &q->st, c) :
			       dev->class->handle(dev, &q->st, c);
		broken = len[i] < 0;
	}
	if (!broken)
		broken = flush_batch(dev, q, (unsigned int)nr, nr_segs, unmapped, len) < 0;
	dma->unmap(dev->dma, &q->st, segs, nr_segs);
	if (broken)
		return -EPROTO;
	if (!q->vq.num)		/* stopped under us: there is no ring to answer in */
		return 0;

	for (i = 0; i < (unsigned int)nr; i++)
		virtq_push(&q->vq, chains[i].head, (uint32_t)len[i]);
	virtq_flush(&q->vq);
	q->st.requests += (unsigned int)nr;
	notify(dev, q);
	if (dev->span_state != VDEV_SPAN_OFF && marks == dev->nr_marks)
		span_add(dev, (unsigned int)nr, data_bytes(&q->st) - bytes);
	return nr;
}

/* True: the queue has more than its share. */
static bool process_queue(struct vdev *dev, unsigned int index)
{
	struct vdev_queue *q = &dev->queue[index];
	unsigned int done = 0;
	bool yield;
	int nr;

	q->kicked = false;
	virtq_disable_kick(&q->vq);
	do {
		while ((nr = process_batch(dev, index)) > 0) {
			done += (unsigned int)nr;
			yield = dev->should_yield && dev->should_yield(dev);
			q->st.yields += yield;
			if (yield || done >= q->vq.num) {
				q->kicked = true;
				return true;
			}
		}
		if (nr < 0)
			return false;
	} while (virtq_enable_kick(&q->vq));
	return false;
}

static bool serve(struct vdev *dev, unsigned int index)
{
	bool more = false;

	if (dev->class->serve && dev->class->serve(dev, index, &more))
		return more;
	return process_queue(dev, index);
}

int vdev_pop(struct vdev *dev, unsigned int index, struct virtq_chain *chains, unsigned int max)
{
	int nr = virtq_pop(&dev->queue[index].vq, dev->dma, chains, max);

	if (nr < 0)
		queue_fault(dev, index);
	return nr;
}

void vdev_completed(struct vdev *dev, unsigned int index, unsigned int nr, uint64_t bytes,
		    bool in_span)
{
	struct vdev_queue *q = &dev->queue[index];

	q->st.requests += nr;
	notify(dev, q);
	if (in_span && dev->span_state != VDEV_SPAN_OFF)
		span_add(dev, nr, bytes);
}

bool vdev_process(struct vdev *dev)
{
	bool more = false;
	unsigned int i;

	for (i = 0; i < dev->nr_queues; i++)
		if (dev->queue[i].kicked && dev->mmio.queue[i].ready &&
		    vmmio_running(&dev->mmio))
			more |= serve(dev, i);
	return more;
}

void vdev_io_stats(const struct vdev *dev, struct vq_stats *sum)
{
	unsigned int i;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < dev->nr_queues; i++)
		vq_stats_add(sum, &dev->queue[i].st);
}

void vdev_mark(struct vdev *dev)
{
	size_t kept = dev->nr_marks < VDEV_MARKS ? dev->nr_marks : VDEV_MARKS - 1;

	if (dev->nr_marks >= VDEV_MARKS)
		memmove(&dev->marks[0], &dev->marks[1], kept * sizeof(dev->marks[0]));
	vdev_io_stats(dev, &dev->marks[kept]);
	dev->nr_marks++;
	dev->dma->marked = true;
	if (dev->class->mark)
		dev->class->mark(dev);
	if (dev->span_by_mark && dev->span_state == VDEV_SPAN_OPEN)
		span_end(dev);
	dev->span_state = dev->span_bytes || dev->span_by_mark ? VDEV_SPAN_ARMED : VDEV_SPAN_OFF;
}

/* The last that was whole; without any, the one that never got there. */
static void write_span(const struct vdev *dev, struct jw *jw)
{
	const struct vdev_span *span = dev->whole.first ? &dev->whole : &dev->span;
	bool done = span == &dev->whole;

	jw_open(jw, "span", '{');
	jw_u64(jw, "mark", span->mark);
	jw_bool(jw, "done", done);
	jw_u64(jw, "requests", span->requests);
	jw_u64(jw, "bytes", span->bytes);
	jw_u64(jw, "lead_bytes", span->lead_bytes);
	jw_u64(jw, "first_ns", clock_ticks_to_ns(span->first));
	jw_u64(jw, "last_ns", clock_ticks_to_ns(span->last));
	if (done && dev->write_snapshots)
		dev->write_snapshots(dev, jw);
	jw_close(jw, '}');
}

static void write_faults(const struct vdev *dev, struct jw *jw)
{
	unsigned int i;

	jw_open(jw, "faults", '{');
	for (i = 0; i < VIRTQ_NR_FAULTS; i++)
		if (dev->faults[i])
			jw_u64(jw, i ? virtq_fault_name((enum virtq_fault)i) : "request", dev->faults[i]);
	jw_close(jw, '}');
}

void vdev_write_stats(const struct vdev *dev, struct jw *jw)
{
	const struct vmmio *vm = &dev->mmio;
	struct vq_stats io;
	unsigned int i;

	jw_u64(jw, "index", dev->index);
	jw_str(jw, "type", dev->class->name);
	jw_str(jw, "mapping", dev->dma->ops->name);
	jw_bool(jw, "grants", dev->dma->grants);
	jw_hex(jw, "features_offered", vm->features);
	jw_hex(jw, "features_negotiated", vm->features_negotiated);
	jw_u64(jw, "features_refused", vm->features_refused);
	jw_bool(jw, "driver_ok", vm->driver_ok_seen);
	jw_u64(jw, "status", vm->status);
	jw_u64(jw, "resets", vm->resets);
	jw_u64(jw, "breaks", dev->breaks);
	jw_str(jw, "why", dev->why[0] ? dev->why : NULL);
	write_faults(dev, jw);
	jw_u64(jw, "mmio_reads", vm->reads);
	jw_u64(jw, "mmio_writes", vm->writes);
	jw_u64(jw, "mmio_bad", vm->bad_accesses);
	jw_u64(jw, "maps_now", dev->dma->maps_now);
	jw_u64(jw, "pages_now", dev->dma->pages_now);
	jw_u64(jw, "pages_peak", dev->dma->pages_peak);
	jw_u64(jw, "pool_grants", vm->pool_peak);

	vdev_io_stats(dev, &io);
	jw_open(jw, "setup", '{');
	jw_vq_stats(jw, &dev->setup);
	jw_close(jw, '}');
	jw_open(jw, "io", '{');
	jw_vq_stats(jw, &io);
	jw_close(jw, '}');
	jw_open(jw, "queues", '[');
	for (i = 0; i < dev->nr_queues; i++) {
		jw_open(jw, NULL, '{');
		jw_vq_stats(jw, &dev->queue[i].st);
		jw_close(jw, '}');
	}
	jw_close(jw, ']');
	jw_u64(jw, "nr_marks", dev->nr_marks);
	jw_open(jw, "marks", '[');
	for (i = 0; i < VDEV_MARKS && i < dev->nr_marks; i++) {
		jw_open(jw, NULL, '{');
		jw_vq_stats(jw, &dev->marks[i]);
		jw_close(jw, '}');
	}
	jw_close(jw, ']');
	if (dev->class->write_stats)
		dev->class->write_stats(dev, jw);
	if (dev->span.first)
		write_span(dev, jw);
}
