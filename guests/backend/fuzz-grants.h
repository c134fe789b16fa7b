/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grants without Xen, for tests and the fuzzer: a frontend's memory whose pages
 * really appear at other addresses when they are mapped, read-only ones so that a
 * write is a fault, and nowhere else.
 */
#ifndef GB_BACKEND_FUZZ_GRANTS_H
#define GB_BACKEND_FUZZ_GRANTS_H

#include "grant.h"

#define FAKE_LIVE_MAX 256u	/* mappings at once */

struct fake_grants {
	struct grant_dma gd;
	int fd;
	uint8_t *mem;		/* the frontend's own view */
	uint32_t first_gref;	/* of its first page */
	uint32_t nr_pages;
	const bool *granted;	/* NULL: all are */
	const bool *readonly;
	void (*on_access)(struct fake_grants *fg);	/* the frontend runs, too; may be NULL */

	/* what was asked */
	unsigned int map_calls, unmap_calls, copy_calls, in_calls;
	struct { void *base; uint32_t nr; } live[FAKE_LIVE_MAX];
	unsigned int nr_live;
};

/* readonly, and granted if it is not NULL, have an entry per page and stay the caller's. */
void fake_grants_open(struct fake_grants *fg, enum mapping_kind kind, uint32_t copy_max,
		      uint32_t first_gref, uint32_t nr_pages, const bool *granted,
		      const bool *readonly);
/* Nothing may be left mapped, nor in the bounce buffer. */
void fake_grants_close(struct fake_grants *fg);

#endif
