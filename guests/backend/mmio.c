// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "mmio.h"

void vmmio_init(struct vmmio *vm)
{
	vm->status = 0;
	vm->driver_features = 0;
	vm->device_features_sel = 0;
	vm->driver_features_sel = 0;
	vm->queue_sel = 0;
	vm->interrupt_status = 0;
	vm->pool_first = 0;
	vm->pool_status = 0;
	memset(vm->queue, 0, sizeof(vm->queue));
}

static void disable_queues(struct vmmio *vm)
{
	unsigned int i;

	for (i = 0; i < vm->nr_queues; i++) {
		if (!vm->queue[i].ready)
			continue;
		vm->queue[i].ready = false;
		vm->ops->queue_disable(vm->dev, i);
	}
}

void vmmio_reset(struct vmmio *vm)
{
	disable_queues(vm);
	if (vm->pool_count)
		vm->ops->set_pool(vm->dev, 0, 0);
	vm->pool_count = 0;
	if (vm->interrupt_status)
		vm->ops->irq(vm->dev, false);
	vmmio_init(vm);
	vm->resets++;
	vm->ops->reset(vm->dev);
}

static void interrupt(struct vmmio *vm, uint32_t cause)
{
	vm->interrupt_status |= cause;
	vm->ops->irq(vm->dev, true);
}

void vmmio_notify(struct vmmio *vm)
{
	interrupt(vm, VMMIO_INT_VRING);
}

void vmmio_needs_reset(struct vmmio *vm)
{
	if (vm->status & VIRTIO_STATUS_NEEDS_RESET)
		return;
	vm->status |= VIRTIO_STATUS_NEEDS_RESET;
	disable_queues(vm);
	if (vm->status & VIRTIO_STATUS_DRIVER_OK)
		interrupt(vm, VMMIO_INT_CONFIG);
}

/* The queue that QueueSel names, or NULL. */
static struct vmmio_queue *selected(struct vmmio *vm)
{
	return vm->queue_sel < vm->nr_queues ? &vm->queue[vm->queue_sel] : NULL;
}

static uint32_t read_register(struct vmmio *vm, unsigned int offset)
{
	const struct vmmio_queue *q = selected(vm);

	switch ((enum vmmio_reg)offset) {
	case VMMIO_MAGIC_VALUE:
		return VMMIO_MAGIC;
	case VMMIO_VERSION:
		return 2;
	case VMMIO_DEVICE_ID:
		return vm->device_id;
	case VMMIO_VENDOR_ID:
		return VMMIO_VENDOR;
	case VMMIO_DEVICE_FEATURES:
		if (vm->device_features_sel > 1)
			return 0;
		return (uint32_t)(vm->features >> (32 * vm->device_features_sel));
	case VMMIO_QUEUE_NUM_MAX:
		return q ? vm->queue_num_max : 0;
	case VMMIO_QUEUE_READY:
		return q ? q->ready : 0;
	case VMMIO_INTERRUPT_STATUS:
		return vm->interrupt_status;
	case VMMIO_STATUS:
		return vm->status;
	case VMMIO_SHM_LEN_LOW:		/* no shared memory regions: length -1 (4.2.2) */
	case VMMIO_SHM_LEN_HIGH:
	case VMMIO_SHM_BASE_LOW:
	case VMMIO_SHM_BASE_HIGH:
		return UINT32_MAX;
	case VMMIO_QUEUE_RESET:		/* VIRTIO_F_RING_RESET is not offered */
		return 0;
	case VMMIO_CONFIG_GENERATION:
		return vm->config_generation;
	default:
		vm->bad_accesses++;
		return 0;
	}
}

static uint32_t read_pool(const struct vmmio *vm, unsigned int offset)
{
	switch ((enum vmmio_pool_reg)offset) {
	case VMMIO_POOL_MAGIC:
		return VMMIO_POOL_MAGIC_VALUE;
	case VMMIO_POOL_MAX:
		return vm->pool_max;
	case VMMIO_POOL_FIRST:
		return vm->pool_first;
	case VMMIO_POOL_COUNT:
		return vm->pool_count;
	case VMMIO_POOL_STATUS:
		break;
	}
	return vm->pool_status;
}

/* Whether an access is one to the pool's registers. */
static bool is_pool(const struct vmmio *vm, unsigned int offset, unsigned int size)
{
	return vm->pool_max && offset >= VMMIO_POOL && offset < VMMIO_POOL_END && size == 4 &&
	       offset % 4 == 0;
}

uint64_t vmmio_read(struct vmmio *vm, unsigned int offset, unsigned int size)
{
	vm->reads++;
	if (is_pool(vm, offset, size))
		return read_pool(vm, offset);
	if (offset >= VMMIO_CONFIG) {
		offset -= VMMIO_CONFIG;
		if ((size == 1 || size == 2 || size == 4 || size == 8) &&
		    offset < vm->config_size && size <= vm->config_size - offset)
			return vm->ops->config_read(vm->dev, offset, size);
	} else if (size == 4 && offset % 4 == 0) {
		return read_register(vm, offset);
	}
	vm->bad_accesses++;
	return 0;
}

static void write_driver_features(struct vmmio *vm, uint32_t value)
{
	unsigned int shift = 32 * vm->driver_features_sel;

	/* bits beyond 63 do not exist, so they may only be written as 0 */
	if (vm->driver_features_sel > 1) {
		if (value)
			vm->bad_accesses++;
		return;
	}
	if (vm->status & VIRTIO_STATUS_FEATURES_OK) {
		vm->bad_accesses++;
		return;
	}
	vm->driver_features &= ~(0xffffffffull << shift);
	vm->driver_features |= (uint64_t)value << shift;
}

/*
 * VERSION_1 is mandatory for version 2 of the registers, and a driver that does
 * not accept ACCESS_PLATFORM would give physical addresses where grants are
 * expected: refuse it here, where it can still find out (6.1).
 */
static bool features_acceptable(const struct vmmio *vm)
{
	uint64_t need = vm->features & (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM);

	/* a frontend that announced no pool has grants of its own, which nobody may keep mapped */
	if (vm->pool_max && !vm->pool_count)
		return false;
	return !(vm->driver_features & ~vm->features) &&
	       (vm->driver_features & need) == need;
}

static void write_status(struct vmmio *vm, uint32_t value)
{
	uint8_t new = (uint8_t)value, added = new & ~vm->status;

	if (value == 0) {
		vmmio_reset(vm);
		return;
	}
	/* The driver adds bits; NEEDS_RESET is ours alone, and only a reset clears any. */
	if ((vm->status & ~VIRTIO_STATUS_NEEDS_RESET) & ~new)
		vm->bad_accesses++;
	added &= ~VIRTIO_STATUS_NEEDS_RESET;

	if (added & VIRTIO_STATUS_FEATURES_OK) {
		if (features_acceptable(vm)) {
			vm->features_negotiated = vm->driver_features;
		} else {
			vm->features_refused++;
			added &= ~VIRTIO_STATUS_FEATURES_OK;
		}
	}
	if ((added & VIRTIO_STATUS_DRIVER_OK) &&
	    !((vm->status | added) & VIRTIO_STATUS_FEATURES_OK)) {
		vm->bad_accesses++;
		added &= ~VIRTIO_STATUS_DRIVER_OK;
	}
	vm->status |= added;
	if (added & VIRTIO_STATUS_DRIVER_OK) {
		vm->driver_ok_seen = true;
		if (vmmio_running(vm))
			vm->ops->driver_ok(vm->dev);
	}
}

static void write_queue_ready(struct vmmio *vm, struct vmmio_queue *q, uint32_t value)
{
	unsigned int index = vm->queue_sel;

	if (value == 0) {
		if (q->ready) {
			q->ready = false;
			vm->ops->queue_disable(vm->dev, index);
		}
		return;
	}
	if (value != 1 || q->ready || !(vm->status & VIRTIO_STATUS_FEATURES_OK) ||
	    (vm->status & VIRTIO_STATUS_NEEDS_RESET)) {
		vm->bad_accesses++;
		return;
	}
	if (vm->ops->queue_enable(vm->dev, index) == 0)
		q->ready = true;
}

/* The registers that configure a queue: they mean nothing while it is enabled. */
static void write_queue_register(struct vmmio *vm, unsigned int offset, uint32_t value)
{
	struct vmmio_queue *q = selected(vm);
	uint64_t *addr;

	if (!q || (q->ready && offset != VMMIO_QUEUE_READY)) {
		vm->bad_accesses++;
		return;
	}
	switch (offset) {
	case VMMIO_QUEUE_READY:
		write_queue_ready(vm, q, value);
		return;
	case VMMIO_QUEUE_NUM:
		q->num = value;
		return;
	default:
		break;
	}
	addr = &q->addr[(offset - VMMIO_QUEUE_DESC_LOW) / 0x10];
	if (offset & 4)
		*addr = (*addr & 0xffffffffull) | (uint64_t)value << 32;
	else
		*addr = (*addr & ~0xffffffffull) | value;
}

static void write_register(struct vmmio *vm, unsigned int offset, uint32_t value)
{
	switch ((enum vmmio_reg)offset) {
	case VMMIO_DEVICE_FEATURES_SEL:
		vm->device_features_sel = value;
		return;
	case VMMIO_DRIVER_FEATURES:
		write_driver_features(vm, value);
		return;
	case VMMIO_DRIVER_FEATURES_SEL:
		vm->driver_features_sel = value;
		return;
	case VMMIO_QUEUE_SEL:
		vm->queue_sel = value;
		return;
	case VMMIO_QUEUE_NUM:
	case VMMIO_QUEUE_READY:
	case VMMIO_QUEUE_DESC_LOW:
	case VMMIO_QUEUE_DESC_HIGH:
	case VMMIO_QUEUE_DRIVER_LOW:
	case VMMIO_QUEUE_DRIVER_HIGH:
	case VMMIO_QUEUE_DEVICE_LOW:
	case VMMIO_QUEUE_DEVICE_HIGH:
		write_queue_register(vm, offset, value);
		return;
	case VMMIO_QUEUE_NOTIFY:
		if (value < vm->nr_queues)
			vm->ops->kick(vm->dev, value);
		else
			vm->bad_accesses++;
		return;
	case VMMIO_INTERRUPT_ACK:
		if (vm->interrupt_status) {
			vm->interrupt_status &= ~value;
			if (!vm->interrupt_status)
				vm->ops->irq(vm->dev, false);
		}
		return;
	case VMMIO_STATUS:
		write_status(vm, value);
		return;
	case VMMIO_SHM_SEL:
		return;
	default:
		vm->bad_accesses++;
		return;
	}
}

static bool any_queue_ready(const struct vmmio *vm)
{
	unsigned int i;

	for (i = 0; i < vm->nr_queues; i++)
		if (vm->queue[i].ready)
			return true;
	return false;
}

/* The rings may lie in the pool: it stays as it is while a queue is enabled. */
static int set_pool(struct vmmio *vm, uint32_t count)
{
	int rc;

	if (any_queue_ready(vm) || (vm->pool_count && count))
		return -EBUSY;
	if (count > vm->pool_max || (count && vm->pool_first > UINT32_MAX - (count - 1)))
		return -EINVAL;
	rc = vm->ops->set_pool(vm->dev, vm->pool_first, count);
	vm->pool_count = rc ? 0 : count;
	if (vm->pool_count > vm->pool_peak)
		vm->pool_peak = vm->pool_count;
	return rc;
}

static void write_pool(struct vmmio *vm, unsigned int offset, uint32_t value)
{
	switch (offset) {
	case VMMIO_POOL_FIRST:
		vm->pool_first = value;
		return;
	case VMMIO_POOL_COUNT:
		vm->pool_status = (uint32_t)-set_pool(vm, value);
		return;
	default:
		vm->bad_accesses++;
		return;
	}
}

void vmmio_write(struct vmmio *vm, unsigned int offset, unsigned int size, uint64_t value)
{
	vm->writes++;
	if (is_pool(vm, offset, size)) {
		write_pool(vm, offset, (uint32_t)value);
		return;
	}
	if (offset >= VMMIO_CONFIG) {
		offset -= VMMIO_CONFIG;
		if ((size == 1 || size == 2 || size == 4 || size == 8) &&
		    offset < vm->config_size && size <= vm->config_size - offset) {
			vm->ops->config_write(vm->dev, offset, size, value);
			return;
		}
	} else if (size == 4 && offset % 4 == 0) {
		write_register(vm, offset, (uint32_t)value);
		return;
	}
	vm->bad_accesses++;
}
