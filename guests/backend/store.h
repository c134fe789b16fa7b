/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a disk's sectors live.
 *
 *   ram   anonymous memory of the backend, touched at start: no page fault later
 *   null  no data: reads leave the frontend's buffers as they are, though the
 *         request reports their length, and writes go nowhere. It measures the
 *         path without the copy and is no disk: a verify pass must fail on it
 *   file  a file, with preadv() and pwritev() through the page cache, straight
 *         to and from the frontend's mapped pages (never O_DIRECT, which would
 *         pin them and make the unmap asynchronous)
 *
 * Offsets and lengths are bytes, inside the store: the caller checked them.
 * Functions return 0 or -errno. System calls are counted into st.
 */
#ifndef GB_BACKEND_STORE_H
#define GB_BACKEND_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "stats.h"

enum vstore_kind {
	VSTORE_RAM,
	VSTORE_NULL,
	VSTORE_FILE,
};

struct vstore {
	enum vstore_kind kind;
	uint64_t size;		/* bytes, a multiple of 512 */
	uint8_t *ram;
	int fd;
};
#define VSTORE_INIT { VSTORE_NULL, 0, NULL, -1 }

const char *vstore_kind_name(enum vstore_kind kind);

/*
 * size_bytes 0: the file's own. A file is made, or made longer, to size_bytes
 * unless readonly; one that stays shorter is -EFBIG. On failure nothing is open.
 */
int vstore_open(struct vstore *store, enum vstore_kind kind, const char *path,
		uint64_t size_bytes, bool readonly);
void vstore_close(struct vstore *store);

/* iov may be changed. The sum of its lengths is what is transferred, all or an error. */
int vstore_read(struct vstore *store, struct vq_stats *st, struct iovec *iov, unsigned int nr,
		uint64_t offset);
int vstore_write(struct vstore *store, struct vq_stats *st, struct iovec *iov, unsigned int nr,
		 uint64_t offset);

/* Zeroes, readable afterwards as such; unmap: the space may be given back as well. */
int vstore_zero(struct vstore *store, struct vq_stats *st, uint64_t offset, uint64_t len,
		bool unmap);
/* The content is no longer needed; what reads give afterwards is unspecified. */
int vstore_discard(struct vstore *store, struct vq_stats *st, uint64_t offset, uint64_t len);
int vstore_flush(struct vstore *store, struct vq_stats *st);

#endif
