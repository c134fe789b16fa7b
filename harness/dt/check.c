// SPDX-License-Identifier: GPL-2.0-or-later
/* Is a tree sound? */
#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "dt/dt.h"
#include "lib/cleanup.h"

#define PATH_BYTES 256

struct region {
	uint64_t base, size;
	int parent, node;
	bool module;
};

struct checker {
	const void *fdt;
	struct err *err;
	struct region *regions;
	size_t nr_regions;
	uint32_t *phandles;
	size_t nr_phandles;
	uint32_t *irqs;		/* type << 24 | number, of virtio nodes */
	size_t nr_irqs;
};

static const char *path(const struct checker *c, int node, char *out)
{
	if (fdt_get_path(c->fdt, node, out, PATH_BYTES) < 0)
		strcpy(out, "?");
	return out;
}

#define BAD(c, node, ...)                                                        \
	({                                                                       \
		char path_[PATH_BYTES];                                          \
		err_set((c)->err, __VA_ARGS__);                                  \
		err_prefix((c)->err, "node %s", path(c, node, path_));           \
	})

static uint32_t cell(const void *p, int i)
{
	return fdt32_ld((const fdt32_t *)p + i);
}

static int collect_phandles(struct checker *c)
{
	int node;

	for (node = fdt_next_node(c->fdt, -1, NULL); node >= 0;
	     node = fdt_next_node(c->fdt, node, NULL)) {
		uint32_t phandle = fdt_get_phandle(c->fdt, node);
		size_t i;

		if (!phandle)
			continue;
		for (i = 0; i < c->nr_phandles; i++)
			if (c->phandles[i] == phandle)
				return BAD(c, node, "phandle 0x%x is used twice", phandle);
		c->phandles = xrealloc(c->phandles, (c->nr_phandles + 1) * sizeof(*c->phandles));
		c->phandles[c->nr_phandles++] = phandle;
	}
	return 0;
}

static int target(struct checker *c, int node, const char *prop, uint32_t phandle)
{
	int to = fdt_node_offset_by_phandle(c->fdt, phandle);

	if (to < 0)
		BAD(c, node, "%s: there is no phandle 0x%x", prop, phandle);
	return to;
}

/* Properties whose value is a list of <phandle arguments…>; cells_name says how many. */
static const struct {
	const char *prop;
	const char *cells_name;	/* NULL: a phandle alone */
} references[] = {
	{ "interrupt-parent", NULL }, { "msi-parent", NULL },
	{ "iommus", "#iommu-cells" }, { "clocks", "#clock-cells" }, { "gpios", "#gpio-cells" },
};

static int check_references(struct checker *c, int node)
{
	size_t r;

	for (r = 0; r < ARRAY_SIZE(references); r++) {
		int len, i = 0;
		const void *p = fdt_getprop(c->fdt, node, references[r].prop, &len);

		if (!p)
			continue;
		if (len % 4 || !len)
			return BAD(c, node, "%s has %d bytes", references[r].prop, len);
		while (i < len / 4) {
			int to = target(c, node, references[r].prop, cell(p, i++));
			const void *cells;
			int cells_len;

			if (to < 0)
				return -1;
			if (!references[r].cells_name)
				continue;
			cells = fdt_getprop(c->fdt, to, references[r].cells_name, &cells_len);
			if (!cells || cells_len != 4)
				return BAD(c, node, "%s: the target has no %s", references[r].prop,
					   references[r].cells_name);
			/* cells come from the tree: do the comparison without wrapping */
			if (cell(cells, 0) > (uint32_t)(len / 4 - i))
				return BAD(c, node, "%s: %s is %u, but only %d cells follow",
					   references[r].prop, references[r].cells_name, cell(cells, 0),
					   len / 4 - i);
			i += (int)cell(cells, 0);
		}
	}
	return 0;
}

static int check_evtchn(struct checker *c, int node)
{
	int len;
	const void *p = fdt_getprop(c->fdt, node, "xen,evtchn", &len);

	if (!p)
		return 0;
	if (len != 8)
		return BAD(c, node, "xen,evtchn has %d bytes instead of 8", len);
	return target(c, node, "xen,evtchn", cell(p, 1)) < 0 ? -1 : 0;
}

static uint64_t number(const void *p, int at, int cells)
{
	return cells == 2 ? (uint64_t)cell(p, at) << 32 | cell(p, at + 1) : cell(p, at);
}

static int check_overlap(struct checker *c, const struct region *new)
{
	size_t i;

	for (i = 0; i < c->nr_regions; i++) {
		const struct region *old = &c->regions[i];
		char other[PATH_BYTES];

		if (old->node == new->node || (old->parent != new->parent && !(old->module && new->module)))
			continue;
		if (new->base < old->base + old->size && old->base < new->base + new->size)
			return BAD(c, new->node, "0x%" PRIx64 " to 0x%" PRIx64 " overlaps with %s", new->base,
				   new->base + new->size, path(c, old->node, other));
	}
	return 0;
}

static int check_reg(struct checker *c, int node)
{
	int parent = fdt_parent_offset(c->fdt, node), len, ac, sc, i;
	const void *p = fdt_getprop(c->fdt, node, "reg", &len);
	bool module = fdt_node_check_compatible(c->fdt, node, "multiboot,module") == 0;

	if (!p || parent < 0)
		return 0;
	ac = fdt_address_cells(c->fdt, parent);
	sc = fdt_size_cells(c->fdt, parent);
	if (ac < 1 || ac > 2 || sc < 0 || sc > 2)
		return 0;	/* CPUs' and PCI's numbers are no memory */
	if (!len || len % (4 * (ac + sc)))
		return BAD(c, node, "reg has %d bytes, not a multiple of %d", len, 4 * (ac + sc));
	for (i = 0; sc && i < len / 4; i += ac + sc) {
		struct region r = { number(p, i, ac), number(p, i + ac, sc), parent, node, module };

		if (r.base + r.size < r.base)
			return BAD(c, node, "reg goes around the end of the address space");
		if (check_overlap(c, &r) < 0)
			return -1;
		c->regions = xrealloc(c->regions, (c->nr_regions + 1) * sizeof(r));
		c->regions[c->nr_regions++] = r;
	}
	return 0;
}

static bool is_virtio(const struct checker *c, int node)
{
	return fdt_node_check_compatible(c->fdt, node, "virtio,mmio") == 0 ||
	       fdt_node_check_compatible(c->fdt, node, DT_LATE_COMPATIBLE) == 0;
}

static int check_interrupt(struct checker *c, int node)
{
	uint32_t irq;
	size_t i;
	int len;
	const void *p = fdt_getprop(c->fdt, node, "interrupts", &len);

	if (!is_virtio(c, node))
		return 0;
	if (!p || len != 12)
		return BAD(c, node, "interrupts is not <type number flags>");
	irq = cell(p, 0) << 24 | (cell(p, 1) & 0xffffff);
	for (i = 0; i < c->nr_irqs; i++)
		if (c->irqs[i] == irq)
			return BAD(c, node, "interrupt %u is used twice", cell(p, 1));
	c->irqs = xrealloc(c->irqs, (c->nr_irqs + 1) * sizeof(*c->irqs));
	c->irqs[c->nr_irqs++] = irq;
	return 0;
}

int dt_check(const void *dtb, size_t size, struct err *err)
{
	struct checker c = { .fdt = dtb, .err = err };
	int node, ret;

	if (size < sizeof(struct fdt_header) || fdt_check_full(dtb, size) != 0)
		return err_set(err, "not a device tree, or a damaged one (%zu bytes)", size);
	ret = collect_phandles(&c);
	for (node = fdt_next_node(dtb, -1, NULL); node >= 0 && ret == 0;
	     node = fdt_next_node(dtb, node, NULL)) {
		if (check_references(&c, node) < 0 || check_evtchn(&c, node) < 0 ||
		    check_reg(&c, node) < 0 || check_interrupt(&c, node) < 0)
			ret = -1;
	}
	free(c.regions);
	free(c.phandles);
	free(c.irqs);
	return ret;
}
