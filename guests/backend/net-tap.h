/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a network device's packets go.
 *
 *   null  nowhere; nothing ever comes in
 *   loop  back to the frontend, turned round (net-hdr.h, vnet_turn())
 *   tap   a TAP device of this domain's kernel, with virtio-net headers, in a bridge or not
 *
 * A tap has one file descriptor per queue pair, all non-blocking. Functions return 0 or
 * -errno. System calls are counted into st.
 */
#ifndef GB_BACKEND_NET_TAP_H
#define GB_BACKEND_NET_TAP_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "stats.h"

#define VNET_PAIRS_MAX	4u

enum vnet_store {
	VNET_STORE_NULL,
	VNET_STORE_LOOP,
	VNET_STORE_TAP,
};

const char *vnet_store_name(enum vnet_store store);

struct vtap {
	int fd[VNET_PAIRS_MAX];		/* -1: not open */
	bool attached[VNET_PAIRS_MAX];
	unsigned int nr;
};
#define VTAP_INIT { { -1, -1, -1, -1 }, { false }, 0 }

/*
 * Make the device name, of nr queues, with that MTU, in the bridge (NULL or "": none), and up.
 * On failure nothing is open, and *what names the step.
 */
int vtap_open(struct vtap *tap, const char *name, const char *bridge, unsigned int nr,
	      unsigned int mtu, const char **what);
void vtap_close(struct vtap *tap);

/* What the frontend takes: checksums to be filled in, large packets (VIRTIO_NET_F_GUEST_*). */
int vtap_set_offload(struct vtap *tap, uint64_t features);

/* Only the first nr queues take part from now on. */
int vtap_set_queues(struct vtap *tap, unsigned int nr);

/* A packet with its header (VNET_HDR_SIZE bytes), whole; -EAGAIN: none is there. Bytes, or -errno. */
int vtap_read(struct vtap *tap, struct vq_stats *st, unsigned int pair, void *buf, uint32_t size);
int vtap_write(struct vtap *tap, struct vq_stats *st, unsigned int pair, const struct iovec *iov,
	       unsigned int nr);

#endif
