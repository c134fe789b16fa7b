/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of dt_check(). Internal to dt/. */
#ifndef GRANTBENCH_DT_CHECK_H
#define GRANTBENCH_DT_CHECK_H

#include <libfdt.h>

#include "dt/dt.h"

#define DT_CHECK_PATH 256

struct region {
	uint64_t base, last;	/* both inclusive */
	int parent, node;	/* offsets */
	bool module;
};

struct line {			/* an interrupt */
	int parent;		/* the controller */
	uint32_t cell[3];	/* without the trigger, the rest 0 */
};

struct check {
	const void *fdt;	/* sound: dt_sound() */
	struct err *err;
	struct region *regions;
	size_t nr_regions;
	struct line *lines;
	size_t nr_lines;
	bool has_memory;	/* a host's tree; a guest's partial tree says nothing of memory */
};

/* "node PATH: " and the message. Returns -1. */
int dt_bad(const struct check *c, int node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static inline uint32_t dt_cell(const void *p, int i)
{
	return fdt32_ld((const fdt32_t *)p + i);
}

/*
 * One node each; 0, or -1 with err filled. References first: the others follow
 * phandles. check-refs.c, check-space.c.
 */
int dt_check_refs(const struct check *c, int node);
int dt_check_reg(struct check *c, int node);
int dt_check_interrupts(struct check *c, int node);

#endif
