/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frontend for tests of the backend's devices: memory with grants, a driver
 * that sets up queues and makes requests, well or badly, and an interrupt line.
 * The device under test is the real one; only struct dma is made of this.
 */
#ifndef GRANTBENCH_TESTS_LIB_BACKEND_H
#define GRANTBENCH_TESTS_LIB_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/blk.h"
#include "backend/fuzz-grants.h"
#include "backend/mem.h"
#include "backend/net.h"

#define FRONT_PAGES	96u
#define FRONT_GREF	100u	/* gref, and frame number, of the first page */
#define FRONT_QUEUES	5u

/* Where things are in memory, in bytes. Queue q's rings: FRONT_RINGS + q * FRONT_QUEUE_STRIDE. */
#define FRONT_QUEUE_STRIDE	(4 * DMA_PAGE_SIZE)
#define FRONT_DESC(q)		((q) * FRONT_QUEUE_STRIDE)
#define FRONT_AVAIL(q)		((q) * FRONT_QUEUE_STRIDE + DMA_PAGE_SIZE)
#define FRONT_USED(q)		((q) * FRONT_QUEUE_STRIDE + 2 * DMA_PAGE_SIZE)
#define FRONT_TABLE		(20 * DMA_PAGE_SIZE)	/* indirect tables */
#define FRONT_HEADER		(22 * DMA_PAGE_SIZE)
#define FRONT_STATUS		(23 * DMA_PAGE_SIZE)
#define FRONT_DATA		(24 * DMA_PAGE_SIZE)

struct front {
	/* set before front_open() */
	struct vblk_config config;
	enum vstore_kind store_kind;
	uint64_t store_size;
	bool is_net;			/* of the following two, instead of a disk */
	struct vnet_config net_config;
	enum vnet_store net_store;
	bool grants;
	unsigned int batch;
	/* A strategy of grant.h over this, instead of a mapping of everything; or NULL. */
	struct fake_grants *fake;
	enum mapping_kind mapping;
	uint32_t copy_max;
	uint32_t pool_grants;	/* MAPPING_PERSISTENT: from FRONT_GREF on; 0: none is announced */
	/* Called in each map of request memory, before it answers; may be NULL. */
	void (*on_map)(struct front *f);

	uint8_t *mem;
	bool granted[FRONT_PAGES];
	bool readonly[FRONT_PAGES];
	struct dma dma;
	struct dma_ops ops;
	struct vstore store;
	struct vblk blk;
	struct vnet net;
	struct vtap tap;		/* never opened here */
	struct vdev *dev;		/* of the one under test */
	uint16_t num;			/* entries of each queue */
	uint16_t avail_idx[FRONT_QUEUES];
	unsigned int map_calls;		/* of request memory */
	unsigned int raised;		/* interrupts */
	bool line;
	unsigned int broken;		/* callbacks */
};

/* Defaults: blk, ram store of 1 MiB; or net, loop, one pair, all offloads. Grants, batch 1. */
void front_defaults(struct front *f);
/* Device and memory; everything granted read-write. */
void front_open(struct front *f);
/* Checks that nothing is left mapped. */
void front_close(struct front *f);

uint32_t front_read(struct front *f, unsigned int reg);
void front_write(struct front *f, unsigned int reg, uint32_t value);

/* Status up to FEATURES_OK with the offered features less without. */
void front_negotiate(struct front *f, uint64_t without);
void front_queue_registers(struct front *f, unsigned int q, uint16_t num);
/* Everything up to DRIVER_OK; queues of num entries. */
void front_start(struct front *f, uint16_t num, uint64_t without);

/* Address of a byte of memory as the driver writes it. */
uint64_t front_addr(const struct front *f, uint32_t offset);

void front_put_desc(struct front *f, uint32_t table, unsigned int i, uint64_t addr, uint32_t len,
		    uint16_t flags, uint16_t next);
/* Make a chain available. */
void front_avail(struct front *f, unsigned int q, uint16_t head);
/* QueueNotify, then let the device work until it has nothing to do. */
void front_kick(struct front *f, unsigned int q);

uint16_t front_used_idx(const struct front *f, unsigned int q);
uint32_t front_used_id(const struct front *f, unsigned int q, uint16_t i);
uint32_t front_used_len(const struct front *f, unsigned int q, uint16_t i);

/* Why the last broken device broke: the queue's fault. */
enum virtq_fault front_fault(const struct front *f, unsigned int q);
bool front_is_broken(const struct front *f);

/*
 * One request on queue 0: header, nr_data segments of seg_len bytes from
 * FRONT_DATA on (device-writable for reads), a status byte; indirect or not.
 * Kicks; returns the status, or 0xff if the device wrote none.
 */
uint8_t front_request(struct front *f, uint32_t type, uint64_t sector, unsigned int nr_data,
		      uint32_t seg_len, bool data_in, bool indirect);

#endif
