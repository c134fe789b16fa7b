/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-mmio register file, version 2 (virtio 1.2, section 4.2.2), as a
 * state machine without Xen: accesses come in, callbacks go out.
 *
 * What the driver does against the rules never stops the process. Accesses that
 * mean nothing (unknown registers, wrong sizes, a queue's registers while it is
 * enabled) read as zero, are ignored and counted; a queue enabled with unusable
 * values breaks the device (vmmio_needs_reset()).
 */
#ifndef GB_BACKEND_MMIO_H
#define GB_BACKEND_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#define VMMIO_SIZE		0x200u		/* bytes, as libxl's virtio@ nodes say */
#define VMMIO_QUEUES_MAX	16u
#define VMMIO_CONFIG_MAX	(0x1c0u - 0x100u)	/* up to VMMIO_POOL */

#define VIRTIO_STATUS_ACKNOWLEDGE	0x01
#define VIRTIO_STATUS_DRIVER		0x02
#define VIRTIO_STATUS_DRIVER_OK		0x04
#define VIRTIO_STATUS_FEATURES_OK	0x08
#define VIRTIO_STATUS_NEEDS_RESET	0x40
#define VIRTIO_STATUS_FAILED		0x80

#define VIRTIO_F_INDIRECT_DESC		(1ull << 28)
#define VIRTIO_F_EVENT_IDX		(1ull << 29)
#define VIRTIO_F_VERSION_1		(1ull << 32)
#define VIRTIO_F_ACCESS_PLATFORM	(1ull << 33)

#define VMMIO_INT_VRING			1u
#define VMMIO_INT_CONFIG		2u

/* Registers, by offset; names as in the standard. */
enum vmmio_reg {
	VMMIO_MAGIC_VALUE		= 0x000,
	VMMIO_VERSION			= 0x004,
	VMMIO_DEVICE_ID			= 0x008,
	VMMIO_VENDOR_ID			= 0x00c,
	VMMIO_DEVICE_FEATURES		= 0x010,
	VMMIO_DEVICE_FEATURES_SEL	= 0x014,
	VMMIO_DRIVER_FEATURES		= 0x020,
	VMMIO_DRIVER_FEATURES_SEL	= 0x024,
	VMMIO_QUEUE_SEL			= 0x030,
	VMMIO_QUEUE_NUM_MAX		= 0x034,
	VMMIO_QUEUE_NUM			= 0x038,
	VMMIO_QUEUE_READY		= 0x044,
	VMMIO_QUEUE_NOTIFY		= 0x050,
	VMMIO_INTERRUPT_STATUS		= 0x060,
	VMMIO_INTERRUPT_ACK		= 0x064,
	VMMIO_STATUS			= 0x070,
	VMMIO_QUEUE_DESC_LOW		= 0x080,
	VMMIO_QUEUE_DESC_HIGH		= 0x084,
	VMMIO_QUEUE_DRIVER_LOW		= 0x090,
	VMMIO_QUEUE_DRIVER_HIGH		= 0x094,
	VMMIO_QUEUE_DEVICE_LOW		= 0x0a0,
	VMMIO_QUEUE_DEVICE_HIGH		= 0x0a4,
	VMMIO_SHM_SEL			= 0x0ac,
	VMMIO_SHM_LEN_LOW		= 0x0b0,
	VMMIO_SHM_LEN_HIGH		= 0x0b4,
	VMMIO_SHM_BASE_LOW		= 0x0b8,
	VMMIO_SHM_BASE_HIGH		= 0x0bc,
	VMMIO_QUEUE_RESET		= 0x0c0,
	VMMIO_CONFIG_GENERATION		= 0x0fc,
	VMMIO_CONFIG			= 0x100,
};

/*
 * Registers of our own, in the last bytes of the configuration space, where no
 * device has anything; 32 bits each. With them a frontend of ours has its bounce
 * pool mapped once (drivers/xen/grant-dma-pool.c). Devices whose mapping keeps no
 * pool do not have them.
 */
#define VMMIO_POOL		0x1c0u
#define VMMIO_POOL_END		0x1d4u
enum vmmio_pool_reg {
	VMMIO_POOL_MAGIC	= 0x1c0,	/* R: VMMIO_POOL_MAGIC_VALUE */
	VMMIO_POOL_MAX		= 0x1c4,	/* R: grants that we keep mapped at most */
	VMMIO_POOL_FIRST	= 0x1c8,	/* W: the first gref */
	VMMIO_POOL_COUNT	= 0x1cc,	/* W: map so many, 0: unmap; R: mapped now */
	VMMIO_POOL_STATUS	= 0x1d0,	/* R: of the last write to COUNT, 0 or errno */
};

#define VMMIO_POOL_MAGIC_VALUE	0x70746e67u	/* "gntp" */

#define VMMIO_MAGIC	0x74726976u	/* "virt" */
#define VMMIO_VENDOR	0x4e424758u	/* "XGBN" */

struct vmmio_queue {
	uint32_t num;		/* as written; checked when the queue is enabled */
	bool ready;
	uint64_t addr[3];	/* descriptor area, driver area, device area */
};

struct vmmio_ops {
	/*
	 * The driver set QueueReady; features are final. Non-zero refuses: the
	 * callee has called vmmio_needs_reset().
	 */
	int (*queue_enable)(void *dev, unsigned int queue);
	/* Nothing of the queue may be in use when this returns. */
	void (*queue_disable)(void *dev, unsigned int queue);
	/* After a reset; all queues have been disabled. */
	void (*reset)(void *dev);
	/* DRIVER_OK was set. */
	void (*driver_ok)(void *dev);
	/* QueueNotify, of a queue that exists. */
	void (*kick)(void *dev, unsigned int queue);
	/* The interrupt line: up for each cause, down when the last one is acknowledged. */
	void (*irq)(void *dev, bool level);
	/* Configuration space, size 1, 2, 4 or 8 bytes inside config_size. */
	uint64_t (*config_read)(void *dev, unsigned int offset, unsigned int size);
	void (*config_write)(void *dev, unsigned int offset, unsigned int size, uint64_t value);
	/*
	 * Map the frontend's pool instead of the one before, or none (count 0). Called
	 * while no queue is enabled. 0 or -errno. Called only if pool_max is set.
	 */
	int (*set_pool)(void *dev, uint32_t first_gref, uint32_t count);
};

struct vmmio {
	/* set by the owner before vmmio_init() */
	const struct vmmio_ops *ops;
	void *dev;
	uint32_t device_id;
	uint64_t features;		/* offered */
	unsigned int nr_queues;		/* <= VMMIO_QUEUES_MAX */
	uint32_t queue_num_max;
	unsigned int config_size;	/* <= VMMIO_CONFIG_MAX */
	uint32_t pool_max;		/* grants; 0: no pool, otherwise no features without one */

	/* state */
	uint8_t status;
	uint64_t driver_features;
	uint32_t device_features_sel;
	uint32_t driver_features_sel;
	uint32_t queue_sel;
	uint32_t interrupt_status;
	uint32_t config_generation;
	uint32_t pool_first;		/* as written */
	uint32_t pool_count;		/* mapped */
	uint32_t pool_status;
	struct vmmio_queue queue[VMMIO_QUEUES_MAX];

	/* what happened, never reset */
	uint64_t reads;
	uint64_t writes;
	uint64_t bad_accesses;
	uint64_t resets;
	uint64_t features_refused;	/* FEATURES_OK not accepted */
	uint64_t features_negotiated;	/* last set that was accepted */
	uint32_t pool_peak;
	bool driver_ok_seen;
};

/* All state to its value after power-on. Calls nothing. */
void vmmio_init(struct vmmio *vm);

/* offset < VMMIO_SIZE; size in bytes, any value. A read that makes no sense gives 0. */
uint64_t vmmio_read(struct vmmio *vm, unsigned int offset, unsigned int size);
void vmmio_write(struct vmmio *vm, unsigned int offset, unsigned int size, uint64_t value);

/* The same as the driver's writing 0 to Status, for the backend's own end. */
void vmmio_reset(struct vmmio *vm);

/* Used buffers: set the cause and raise the interrupt. */
void vmmio_notify(struct vmmio *vm);

/*
 * The device is broken: DEVICE_NEEDS_RESET, and a configuration interrupt when
 * the driver is up (2.1.2). Disables all queues.
 */
void vmmio_needs_reset(struct vmmio *vm);

static inline bool vmmio_running(const struct vmmio *vm)
{
	return (vm->status & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET)) ==
	       VIRTIO_STATUS_DRIVER_OK;
}

#endif
