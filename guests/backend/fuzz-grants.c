// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz-grants.h"

#define fake_must(cond)                                                                  \
	do {                                                                             \
		if (!(cond)) {                                                           \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);       \
			abort();                                                         \
		}                                                                        \
	} while (0)

static struct fake_grants *to_fake(struct grant_dma *gd)
{
	return (struct fake_grants *)((char *)gd - offsetof(struct fake_grants, gd));
}

static bool fake_access(const struct fake_grants *fg, uint32_t gref, bool write, uint32_t *page)
{
	*page = gref - fg->first_gref;
	return gref >= fg->first_gref && *page < fg->nr_pages &&
	       (!fg->granted || fg->granted[*page]) && !(write && fg->readonly[*page]);
}

static void *fake_map(struct grant_dma *gd, struct vq_stats *st, const uint32_t *grefs,
		      uint32_t nr, bool writable)
{
	struct fake_grants *fg = to_fake(gd);
	int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	uint32_t i, run, page = 0;
	uint8_t *base;

	(void)st;
	fg->map_calls++;
	fake_must(nr > 0 && nr <= GRANT_PAGES_MAX && fg->nr_live < FAKE_LIVE_MAX);
	if (fg->on_access)
		fg->on_access(fg);
	for (i = 0; i < nr; i++) {
		if (!fake_access(fg, grefs[i], writable, &page)) {
			errno = EINVAL;
			return NULL;
		}
	}
	base = mmap(NULL, (size_t)nr * DMA_PAGE_SIZE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fake_must(base != MAP_FAILED);
	for (i = 0; i < nr; i += run) {
		for (run = 1; i + run < nr && grefs[i + run] == grefs[i] + run; run++)
			;
		fake_access(fg, grefs[i], writable, &page);
		fake_must(mmap(base + (size_t)i * DMA_PAGE_SIZE, (size_t)run * DMA_PAGE_SIZE, prot,
			       MAP_SHARED | MAP_FIXED, fg->fd,
			       (off_t)page * DMA_PAGE_SIZE) != MAP_FAILED);
	}
	fg->live[fg->nr_live].base = base;
	fg->live[fg->nr_live++].nr = nr;
	return base;
}

static int fake_unmap(struct grant_dma *gd, struct vq_stats *st, void *base, uint32_t nr)
{
	struct fake_grants *fg = to_fake(gd);
	unsigned int i;

	(void)st;
	fg->unmap_calls++;
	for (i = 0; i < fg->nr_live && fg->live[i].base != base; i++)
		;
	/* gntdev takes a mapping back as a whole only */
	fake_must(i < fg->nr_live && fg->live[i].nr == nr);
	fg->live[i] = fg->live[--fg->nr_live];
	fake_must(munmap(base, (size_t)nr * DMA_PAGE_SIZE) == 0);
	return 0;
}

static void fake_copy(struct grant_dma *gd, struct vq_stats *st, struct grant_copy *copies,
		      uint32_t nr, bool to_frontend)
{
	struct fake_grants *fg = to_fake(gd);
	uint32_t i, page = 0;

	(void)st;
	fg->copy_calls++;
	fg->in_calls += !to_frontend;
	fake_must(nr > 0 && nr <= GRANT_PAGES_MAX);
	if (fg->on_access)
		fg->on_access(fg);
	for (i = 0; i < nr; i++) {
		struct grant_copy *c = &copies[i];
		uint8_t *theirs;

		/* what GNTTABOP_copy and gntdev refuse, and what would cost a second operation */
		fake_must(c->len > 0 && c->offset + c->len <= DMA_PAGE_SIZE);
		fake_must(((uintptr_t)c->va & (DMA_PAGE_SIZE - 1)) + c->len <= DMA_PAGE_SIZE);
		c->err = -EIO;
		if (!fake_access(fg, c->gref, to_frontend, &page))
			continue;
		c->err = 0;
		theirs = fg->mem + (size_t)page * DMA_PAGE_SIZE + c->offset;
		if (to_frontend)
			memcpy(theirs, c->va, c->len);
		else
			memcpy(c->va, theirs, c->len);
	}
}

void fake_grants_open(struct fake_grants *fg, enum mapping_kind kind, uint32_t copy_max,
		      uint32_t first_gref, uint32_t nr_pages, const bool *granted,
		      const bool *readonly)
{
	static const struct grant_ops ops = { fake_map, fake_unmap, fake_copy };
	size_t size = (size_t)nr_pages * DMA_PAGE_SIZE;

	memset(fg, 0, sizeof(*fg));
	fg->first_gref = first_gref;
	fg->nr_pages = nr_pages;
	fg->granted = granted;
	fg->readonly = readonly;
	fg->fd = memfd_create("frontend", MFD_CLOEXEC);
	fake_must(fg->fd >= 0 && ftruncate(fg->fd, (off_t)size) == 0);
	fg->mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fg->fd, 0);
	fake_must(fg->mem != MAP_FAILED);
	fake_must(grant_dma_init(&fg->gd, kind, &ops, copy_max) == 0);
}

void fake_grants_close(struct fake_grants *fg)
{
	fake_must(!fg->nr_live && !fg->gd.bounced && !fg->gd.bounce_used);
	fake_must(!fg->gd.dma.maps_now && !fg->gd.dma.pages_now);
	grant_dma_release(&fg->gd);
	munmap(fg->mem, (size_t)fg->nr_pages * DMA_PAGE_SIZE);
	close(fg->fd);
}
