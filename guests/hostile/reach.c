// SPDX-License-Identifier: GPL-2.0-or-later
/* Single pages of another domain's, by all ways that there are. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hostile.h"

void *gref_map(struct hostile *h, uint32_t domid, uint32_t ref, bool writable)
{
	return xengnttab_map_grant_ref(h->be->xgt, domid, ref,
				       writable ? PROT_READ | PROT_WRITE : PROT_READ);
}

void gref_unmap(struct hostile *h, void *va)
{
	xengnttab_unmap(h->be->xgt, va, 1);
}

bool gref_copy(struct hostile *h, uint32_t domid, uint32_t ref, void *buf, bool to)
{
	xengnttab_grant_copy_segment_t seg = { .len = DMA_PAGE_SIZE, .status = -1 };

	if (to) {
		seg.source.virt = buf;
		seg.dest.foreign.ref = ref;
		seg.dest.foreign.domid = (uint16_t)domid;
		seg.flags = GNTCOPY_dest_gref;
	} else {
		seg.source.foreign.ref = ref;
		seg.source.foreign.domid = (uint16_t)domid;
		seg.dest.virt = buf;
		seg.flags = GNTCOPY_source_gref;
	}
	return xengnttab_grant_copy(h->be->xgt, 1, &seg) == 0 && seg.status == GNTST_okay;
}

void *frame_map(struct hostile *h, uint64_t gfn, bool writable)
{
	xen_pfn_t frame = gfn;
	int err = 0;
	void *va = xenforeignmemory_map(h->be->fmem, h->be->domid,
					writable ? PROT_READ | PROT_WRITE : PROT_READ, 1, &frame,
					&err);

	/* with an error array the call succeeds even when the page failed */
	if (va && err) {
		frame_unmap(h, va);
		return NULL;
	}
	return va;
}

void frame_unmap(struct hostile *h, void *va)
{
	xenforeignmemory_unmap(h->be->fmem, va, 1);
}

bool set_has(const struct set *s, uint64_t page)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (s->page[i] == page)
			return true;
	return false;
}
