// SPDX-License-Identifier: GPL-2.0-or-later
#include "trusted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/memory.h>

#define REFS_PER_FRAME (4096 / sizeof(grant_entry_v1_t))
/* As large as Xen's, harness/workload/texts.c: a line for each grant of a pool that is mapped. */
#define RING_MAX (1024 * 1024)

int trusted_open(struct trusted *t, xc_interface *xch, uint32_t domid)
{
	memset(t, 0, sizeof(*t));
	t->xch = xch;
	t->domid = domid;
	t->fmem = xenforeignmemory_open(NULL, 0);
	return t->fmem ? 0 : -errno;
}

int trusted_read_table(struct trusted *t)
{
	struct gnttab_query_size size = { .dom = (domid_t)t->domid };
	xenforeignmemory_resource_handle *res;
	unsigned int frames;
	void *va = NULL;

	if (xc_gnttab_query_size(t->xch, &size) || size.status != GNTST_okay)
		return -EIO;
	frames = size.nr_frames;
	if (frames > TRUSTED_REFS / REFS_PER_FRAME)
		frames = TRUSTED_REFS / REFS_PER_FRAME;
	res = xenforeignmemory_map_resource(t->fmem, (domid_t)t->domid, XENMEM_resource_grant_table,
					    XENMEM_resource_grant_table_id_shared, 0, frames, &va,
					    PROT_READ | PROT_WRITE, 0);
	if (!res)
		return -errno;
	t->nr_refs = frames * (unsigned int)REFS_PER_FRAME;
	memcpy(t->table, va, t->nr_refs * sizeof(t->table[0]));
	xenforeignmemory_unmap_resource(t->fmem, res);
	return 0;
}

/* The lines of gnttab_usage_print() that are about the domain. */
static void parse_pins(struct trusted *t, char *text, uint32_t domid)
{
	bool ours = false;
	char *line;

	t->nr_pins = 0;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		unsigned int d, version;
		struct pin p;
		char *at = strstr(line, "grant-table for remote d");

		if (at && sscanf(at, "grant-table for remote d%u (v%u)", &d, &version) == 2) {
			ours = d == domid;
			/* the key was asked for more than once: the last answer counts */
			if (ours)
				t->nr_pins = 0;
			continue;
		}
		at = strstr(line, "[0x");
		if (!ours || !at || t->nr_pins == TRUSTED_PINS ||
		    sscanf(at, "[0x%x] %u 0x%*x 0x%x", &p.ref, &p.domid, &p.pin) != 3)
			continue;
		t->pins[t->nr_pins++] = p;
	}
}

int trusted_read_pins(struct trusted *t, uint32_t domid)
{
	static char ring[RING_MAX + 1];
	unsigned int size = RING_MAX;

	/* what is in the ring already is none of ours */
	if (xc_readconsolering(t->xch, ring, &size, 0, 1, &t->console_index))
		return -errno;
	if (xc_send_debug_keys(t->xch, "g"))
		return -errno;
	size = RING_MAX;
	if (xc_readconsolering(t->xch, ring, &size, 0, 1, &t->console_index))
		return -errno;
	ring[size] = '\0';
	if (!strstr(ring, "grant-table for remote d"))
		return -ENODATA;
	parse_pins(t, ring, domid);
	return 0;
}

unsigned int trusted_pinned_by(const struct trusted *t, unsigned int domid)
{
	unsigned int i, n = 0;

	for (i = 0; i < t->nr_pins; i++)
		n += t->pins[i].domid == domid;
	return n;
}

bool trusted_grants(const struct trusted *t, uint32_t ref, unsigned int domid)
{
	return ref < t->nr_refs && (t->table[ref].flags & GTF_type_mask) == GTF_permit_access &&
	       t->table[ref].domid == domid;
}

const uint8_t *trusted_map(struct trusted *t, uint64_t gfn)
{
	xen_pfn_t frame = gfn;
	int err = 0;
	void *va = xenforeignmemory_map(t->fmem, t->domid, PROT_READ, 1, &frame, &err);

	if (va && err) {
		xenforeignmemory_unmap(t->fmem, va, 1);
		return NULL;
	}
	return va;
}

void trusted_unmap(struct trusted *t, const uint8_t *page)
{
	if (page)
		xenforeignmemory_unmap(t->fmem, (void *)page, 1);
}
