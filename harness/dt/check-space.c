// SPDX-License-Identifier: GPL-2.0-or-later
/* Does anything overlap that must not: addresses and interrupts. */
#include "dt/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dt/host.h"
#include "lib/cleanup.h"

#define STEPS_MAX 32	/* from a node to its interrupt controller; parents may go in circles */

/* Regions are compared among siblings, modules among all of them. */
static int check_overlap(const struct check *c, const struct region *new)
{
	size_t i;

	for (i = 0; i < c->nr_regions; i++) {
		const struct region *old = &c->regions[i];
		char other[DT_CHECK_PATH];

		if (old->parent != new->parent && !(old->module && new->module))
			continue;
		if (new->base > old->last || old->base > new->last)
			continue;
		if (fdt_get_path(c->fdt, old->node, other, sizeof(other)) < 0)
			strcpy(other, "?");
		return dt_bad(c, new->node, "reg: 0x%" PRIx64 " to 0x%" PRIx64 " overlaps with %s",
			      new->base, new->last, other);
	}
	return 0;
}

static int add_region(struct check *c, const struct region *new)
{
	if (check_overlap(c, new) < 0)
		return -1;
	c->regions = xrealloc(c->regions, (c->nr_regions + 1) * sizeof(*new));
	c->regions[c->nr_regions++] = *new;
	return 0;
}

/* Of our own nodes; QEMU calls its PCIe node after something else than its reg. */
static int check_unit(const struct check *c, int node, uint64_t base)
{
	static const char *const kinds[] = { "virtio@", "module@" };
	const char *name = fdt_get_name(c->fdt, node, NULL);
	char want[40];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strncmp(name, kinds[i], strlen(kinds[i])))
			continue;
		snprintf(want, sizeof(want), "%s%" PRIx64, kinds[i], base);
		if (strcmp(name, want))
			return dt_bad(c, node, "reg begins at 0x%" PRIx64, base);
	}
	return 0;
}

static int check_range(struct check *c, int node, int parent, uint64_t base, uint64_t size)
{
	struct region new = { base, base + size - 1, parent, node, false };
	const struct dt_module m = { base, size };

	if (!size)
		return dt_bad(c, node, "reg: nothing at 0x%" PRIx64, base);
	if (new.last < base)
		return dt_bad(c, node, "reg goes around the end of the address space");
	new.module = fdt_node_check_compatible(c->fdt, node, "multiboot,module") == 0;
	if (new.module && c->has_memory && !dt_in_memory(c->fdt, &m))
		return dt_bad(c, node, "reg: 0x%" PRIx64 " to 0x%" PRIx64 " is not in memory", base,
			      new.last);
	return add_region(c, &new);
}

int dt_check_reg(struct check *c, int node)
{
	int parent = node ? fdt_parent_offset(c->fdt, node) : -1, len, ac, sc, i;
	const void *p = fdt_getprop(c->fdt, node, "reg", &len);

	if (!p || parent < 0)
		return 0;
	ac = fdt_address_cells(c->fdt, parent);
	sc = fdt_size_cells(c->fdt, parent);
	if (ac < 1 || sc < 0)
		return dt_bad(c, node, "reg: the parent's #address-cells or #size-cells is none");
	if (len % (4 * (ac + sc)))
		return dt_bad(c, node, "reg has %d bytes, not a multiple of %d", len,
			      4 * (ac + sc));
	if (ac > 2 || sc > 2)
		return 0;	/* a PCI function's */
	if (check_unit(c, node, dt_cells(p, 0, ac)) < 0)
		return -1;
	for (i = 0; i < len / 4; i += ac + sc)
		/* without a size the numbers, of CPUs for one, still differ */
		if (check_range(c, node, parent, dt_cells(p, i, ac),
				sc ? dt_cells(p, i + ac, sc) : 1) < 0)
			return -1;
	return 0;
}

/*
 * The controller whose interrupts a node names: the closest interrupt-parent, or
 * ancestor, with #interrupt-cells, as Linux' of_irq_find_parent() looks for it. Or -1.
 */
static int interrupt_parent(const struct check *c, int node)
{
	int steps;

	for (steps = 0; steps < STEPS_MAX; steps++) {
		const void *p = fdt_getprop(c->fdt, node, "interrupt-parent", NULL);

		node = p ? fdt_node_offset_by_phandle(c->fdt, dt_cell(p, 0)) :
			   fdt_parent_offset(c->fdt, node);
		if (node < 0)
			return -1;
		if (fdt_getprop(c->fdt, node, "#interrupt-cells", NULL))
			return node;
	}
	return -1;
}

static int add_line(struct check *c, int node, const struct line *new)
{
	size_t i;

	for (i = 0; i < c->nr_lines; i++)
		if (c->lines[i].parent == new->parent &&
		    !memcmp(c->lines[i].cell, new->cell, sizeof(new->cell)))
			return dt_bad(c, node, "interrupts: <%u %u> is used twice", new->cell[0],
				      new->cell[1]);
	c->lines = xrealloc(c->lines, (c->nr_lines + 1) * sizeof(*new));
	c->lines[c->nr_lines++] = *new;
	return 0;
}

int dt_check_interrupts(struct check *c, int node)
{
	int len, parent, i, j, n;
	const void *p = fdt_getprop(c->fdt, node, "interrupts", &len);

	if (!p)
		return 0;
	parent = interrupt_parent(c, node);
	if (parent < 0)
		return dt_bad(c, node, "interrupts: there is no interrupt parent");
	n = (int)dt_cell(fdt_getprop(c->fdt, parent, "#interrupt-cells", NULL), 0);
	if (n < 1 || n > 3)
		return dt_bad(c, node, "interrupts: the parent's #interrupt-cells is %d", n);
	if (len % (4 * n))
		return dt_bad(c, node, "interrupts has %d bytes, not a multiple of %d", len, 4 * n);
	for (i = 0; i < len / 4; i += n) {
		struct line new = { .parent = parent };

		/* with more than one cell, the last one is the trigger */
		for (j = 0; j < (n > 1 ? n - 1 : 1); j++)
			new.cell[j] = dt_cell(p, i + j);
		if (add_line(c, node, &new) < 0)
			return -1;
	}
	return 0;
}
