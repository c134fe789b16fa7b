// SPDX-License-Identifier: GPL-2.0-or-later
/* Does every phandle lead somewhere, with as many cells as the target wants? */
#include "dt/check.h"

#include <string.h>

#include "lib/cleanup.h"

#define CELLS_MAX 8	/* no binding has more in one specifier */

/* Lists of <phandle specifier…>; cells says where the specifier's length stands, NULL: 0. */
static const struct {
	const char *prop, *cells;
} references[] = {
	{ "interrupt-parent", NULL },
	{ "msi-parent", NULL },
	{ "iommus", "#iommu-cells" },
	{ "clocks", "#clock-cells" },
	{ "gpios", "#gpio-cells" },
	{ "cpu", NULL },
	{ "next-level-cache", NULL },
	{ "memory-region", NULL },
	{ "interrupts-extended", "#interrupt-cells" },
};

static int target(const struct check *c, int node, const char *prop, uint32_t phandle)
{
	int to = fdt_node_offset_by_phandle(c->fdt, phandle);

	if (to < 0)
		return dt_bad(c, node, "%s: there is no phandle 0x%x", prop, phandle);
	return to;
}

/* Value of a one-cell property that must be there and small, or -1. */
static int cells_of(const struct check *c, int node, const char *prop, int to, const char *name)
{
	int len;
	const void *p = fdt_getprop(c->fdt, to, name, &len);

	if (!p || len != 4)
		return dt_bad(c, node, "%s: the target has no %s", prop, name);
	if (dt_cell(p, 0) > CELLS_MAX)
		return dt_bad(c, node, "%s: the target's %s is %u", prop, name, dt_cell(p, 0));
	return (int)dt_cell(p, 0);
}

static int check_list(const struct check *c, int node, const char *prop, const char *cells)
{
	int len, i = 0;
	const void *p = fdt_getprop(c->fdt, node, prop, &len);

	if (!p)
		return 0;
	if (len % 4 || !len)
		return dt_bad(c, node, "%s has %d bytes, which make no cells", prop, len);
	while (i < len / 4) {
		int to = target(c, node, prop, dt_cell(p, i++));
		int n = to >= 0 && cells ? cells_of(c, node, prop, to, cells) : 0;

		if (to < 0 || n < 0)
			return -1;
		if (n > len / 4 - i)
			return dt_bad(c, node, "%s: %s is %d, but only %d cells follow", prop,
				      cells, n, len / 4 - i);
		i += n;
	}
	return 0;
}

/* <rid-base phandle msi-base length>…, as in msi-map and iommu-map with one cell */
static int check_rid_map(const struct check *c, int node, const char *prop)
{
	int len, i;
	const void *p = fdt_getprop(c->fdt, node, prop, &len);

	if (!p)
		return 0;
	if (len % 16 || !len)
		return dt_bad(c, node, "%s has %d bytes, not a multiple of 16", prop, len);
	for (i = 0; i < len / 4; i += 4)
		if (target(c, node, prop, dt_cell(p, i + 1)) < 0)
			return -1;
	return 0;
}

/* <unit-address interrupt phandle parent-unit-address parent-interrupt>… */
static int check_interrupt_map(const struct check *c, int node)
{
	static const char prop[] = "interrupt-map";
	int len, i = 0, child;
	const void *p = fdt_getprop(c->fdt, node, prop, &len);

	if (!p)
		return 0;
	child = cells_of(c, node, prop, node, "#interrupt-cells");
	if (child < 0)
		return -1;
	child += fdt_address_cells(c->fdt, node);
	while (i < len / 4) {
		int to, own, addr = 0;

		if (child >= len / 4 - i)
			return dt_bad(c, node, "%s ends within an entry", prop);
		to = target(c, node, prop, dt_cell(p, i + child));
		if (to < 0)
			return -1;
		own = cells_of(c, node, prop, to, "#interrupt-cells");
		if (own < 0)
			return -1;
		/* here the default is 0, unlike that of reg */
		if (fdt_getprop(c->fdt, to, "#address-cells", NULL))
			addr = fdt_address_cells(c->fdt, to);
		i += child + 1 + (addr > 0 ? addr : 0) + own;
		if (i > len / 4)
			return dt_bad(c, node, "%s ends within an entry", prop);
	}
	return 0;
}

/* Xen panics over a channel whose sides do not name each other. */
static int check_evtchn(const struct check *c, int node)
{
	const void *p = fdt_getprop(c->fdt, node, "xen,evtchn", NULL), *back;
	int to, len;

	if (!p)
		return 0;
	to = target(c, node, "xen,evtchn", dt_cell(p, 1));
	if (to < 0)
		return -1;
	back = fdt_getprop(c->fdt, to, "xen,evtchn", &len);
	if (!back || to == node || dt_cell(back, 1) != fdt_get_phandle(c->fdt, node))
		return dt_bad(c, node, "xen,evtchn: the other side does not lead back here");
	return 0;
}

int dt_check_refs(const struct check *c, int node)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(references); i++)
		if (check_list(c, node, references[i].prop, references[i].cells) < 0)
			return -1;
	if (check_rid_map(c, node, "msi-map") < 0 || check_rid_map(c, node, "iommu-map") < 0 ||
	    check_interrupt_map(c, node) < 0)
		return -1;
	return check_evtchn(c, node);
}
