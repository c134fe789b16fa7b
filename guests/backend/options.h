/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The --device argument: "mmio=0x2000000,irq=33,type=blk,store=ram,size=64M,…".
 * The table in options.c is the list of keys, and prints itself for --help.
 */
#ifndef GB_BACKEND_OPTIONS_H
#define GB_BACKEND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "blk.h"
#include "net.h"
#include "store.h"

#define DEVICES_MAX	11	/* SPIs 33 to 43 (public/arch-arm.h, GUEST_VIRTIO_MMIO_SPI_*) */

enum mapping_kind {
	MAPPING_MAP,		/* grant.h has these: each descriptor on its own */
	MAPPING_BATCH,		/* two mappings for all that was popped */
	MAPPING_COPY,		/* nothing is mapped but rings */
	MAPPING_ADAPTIVE,	/* copy what is small, batch the rest */
	MAPPING_PERSISTENT,	/* the frontend's pool, for good */
	MAPPING_TEST_HOLD,	/* keeps grants mapped: a test of the frontend */
	MAPPING_TEST_WRITE,	/* tries to write to what is read-only: the same */
	MAPPING_FOREIGN,	/* xenforeignmemory_map() per descriptor; no grants */
	MAPPING_DEFAULT,	/* not given: map with grants, foreign without */
};

/* What adaptive copies at most: measured, docs/ALLOCATORS-NUMBERS.md. */
#define COPY_MAX_DEFAULT	(128u << 10)

struct device_options {
	uint64_t mmio;		/* guest-physical address of the registers */
	unsigned int irq;	/* SPI number as the GIC counts them (from 32) */
	bool irq_evtchn;	/* instead: the event channel that the frontend's doorbell names */
	bool irq_level;		/* the tree says level; libxl's say edge-rising */
	bool net;		/* a network device, else a disk */
	char store_name[8];
	enum vstore_kind store;
	uint64_t size_bytes;
	uint64_t span_bytes;	/* of the timed part, device.h */
	char path[256];
	enum mapping_kind mapping;
	uint32_t copy_max;	/* mapping=adaptive: bytes of a request */
	bool grants;
	bool direct_only;	/* no indirect descriptors */
	struct vblk_config blk;

	enum vnet_store net_store;
	struct vnet_config net_config;	/* mac all 0: the caller chooses */
	bool span_by_mark;
	char tap[IFNAMSIZ], bridge[IFNAMSIZ];	/* "": not given */
};

/* options-net.c: values of a network device's keys. 0 or -EINVAL. */
int options_parse_mac(const char *text, uint8_t mac[VNET_ETH_ALEN]);
int options_parse_offloads(const char *text, uint64_t *features);
int options_parse_ifname(const char *text, char name[IFNAMSIZ]);

/* Parse; error (err_size bytes) gets a sentence that names the key. 0 or -EINVAL. */
int device_options_parse(struct device_options *opt, const char *text, char *error,
			 size_t err_size);

/*
 * The doorbell of a device with irq=evtchn: two 32-bit registers behind the
 * device's. The frontend writes its port to the first; the second then reads 0, or
 * the errno value of what went wrong.
 */
#define DOORBELL_PORT	VMMIO_SIZE
#define DOORBELL_STATUS	(VMMIO_SIZE + 4u)
#define DOORBELL_END	(VMMIO_SIZE + 8u)

/* How many bytes of the frontend's address space the device answers for. */
static inline unsigned int device_options_span(const struct device_options *opt)
{
	return opt->irq_evtchn ? DOORBELL_END : VMMIO_SIZE;
}

/* What no two devices may share: addresses and interrupts. 0 or -EINVAL. */
int device_options_check(const struct device_options *opts, unsigned int nr, char *error,
			 size_t err_size);

/* Unsigned number: decimal or 0x…, with K, M, G if suffix. 0 or -EINVAL. */
int parse_number(const char *text, uint64_t min, uint64_t max, bool suffix, uint64_t *value);

void device_options_help(FILE *out);

#endif
