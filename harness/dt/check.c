// SPDX-License-Identifier: GPL-2.0-or-later
/* Is a tree sound? Names and properties here; the rest in check-refs.c and check-space.c. */
#include "dt/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "dt/grow.h"
#include "dt/name.h"
#include "lib/cleanup.h"

#define DEPTH_MAX 15	/* Xen passes over what is deeper (DEVICE_TREE_MAX_DEPTH) */

#define STRINGS (-1)	/* one or more, each with its NUL */
#define WORDS (-2)	/* whole cells, at least one */

/* Properties that we write, or that Xen and Linux read without looking at the length. */
static const struct {
	const char *name;
	int len;
} properties[] = {
	{ "#address-cells", 4 },	{ "#size-cells", 4 },
	{ "#interrupt-cells", 4 },	{ "#iommu-cells", 4 },
	{ "#clock-cells", 4 },		{ "#gpio-cells", 4 },
	{ "#msi-cells", 4 },		{ "phandle", 4 },
	{ "interrupt-parent", 4 },	{ "interrupt-controller", 0 },
	{ "dma-coherent", 0 },		{ "xen,dev-domid", 4 },
	{ "xen,evtchn", 8 },		{ "vpl011", 0 },
	{ "cpus", 4 },			{ "memory", 8 },
	{ "nr_spis", 4 },		{ "compatible", STRINGS },
	{ "device_type", STRINGS },	{ "status", STRINGS },
	{ "bootargs", STRINGS },	{ "xen,enhanced", STRINGS },
	{ "xen,xen-bootargs", STRINGS }, { "xen,dom0-bootargs", STRINGS },
	{ "reg", WORDS },		{ "interrupts", WORDS },
	{ "iommus", WORDS },
};

int dt_bad(const struct check *c, int node, const char *fmt, ...)
{
	char path[DT_CHECK_PATH], text[512];
	va_list ap;

	if (fdt_get_path(c->fdt, node, path, sizeof(path)) < 0)
		strcpy(path, "?");
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(c->err, "node %s: %s", path, text);
}

static bool is_strings(const char *p, int len)
{
	int i;

	for (i = 0; i < len; i++)
		if (p[i] == '\0' && (i == 0 || p[i - 1] == '\0'))
			return len == 1;	/* a lone string may be empty, in a list none is */
	return len > 0 && p[len - 1] == '\0';
}

static int check_value(const struct check *c, int node, const char *name, const char *p, int len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(properties); i++) {
		int want = properties[i].len;

		if (strcmp(properties[i].name, name))
			continue;
		if (want >= 0 && len != want)
			return dt_bad(c, node, "%s has %d bytes instead of %d", name, len, want);
		if (want == STRINGS && !is_strings(p, len))
			return dt_bad(c, node, "%s is not text", name);
		if (want == WORDS && (len % 4 || !len))
			return dt_bad(c, node, "%s has %d bytes, which make no cells", name, len);
	}
	return 0;
}

static int check_properties(const struct check *c, int node)
{
	int prop, other;

	fdt_for_each_property_offset(prop, c->fdt, node) {
		const char *name, *other_name;
		int len;
		const char *p = fdt_getprop_by_offset(c->fdt, prop, &name, &len);

		if (!p)
			return dt_bad(c, node, "a property cannot be read: %s", fdt_strerror(len));
		if (!dt_good_property(name))
			return dt_bad(c, node, "\"%s\" is not a property's name", name);
		fdt_for_each_property_offset(other, c->fdt, node) {
			if (other >= prop)
				break;
			if (fdt_getprop_by_offset(c->fdt, other, &other_name, NULL) &&
			    !strcmp(name, other_name))
				return dt_bad(c, node, "%s is there twice", name);
		}
		if (check_value(c, node, name, p, len) < 0)
			return -1;
	}
	return 0;
}

static int check_name(const struct check *c, int node, int depth)
{
	const char *name = fdt_get_name(c->fdt, node, NULL);
	int other;

	if (!name || !dt_good_node(name, depth))
		return dt_bad(c, node, "\"%s\" is not a node's name", name ? name : "");
	if (depth > DEPTH_MAX)
		return dt_bad(c, node, "deeper than %d levels", DEPTH_MAX);
	if (depth == 0)
		return 0;
	fdt_for_each_subnode(other, c->fdt, fdt_parent_offset(c->fdt, node)) {
		const char *other_name = fdt_get_name(c->fdt, other, NULL);

		if (other >= node)
			break;
		if (other_name && !strcmp(name, other_name))
			return dt_bad(c, node, "its parent has two of this name");
	}
	return 0;
}

/* fdt_node_offset_by_phandle() finds the first node that has it. */
static int check_phandle(const struct check *c, int node)
{
	uint32_t phandle = fdt_get_phandle(c->fdt, node);

	if (!fdt_getprop(c->fdt, node, "phandle", NULL))
		return 0;
	if (!phandle || phandle == ~0u)
		return dt_bad(c, node, "phandle 0x%x is none", phandle);
	if (fdt_node_offset_by_phandle(c->fdt, phandle) != node)
		return dt_bad(c, node, "phandle 0x%x is used twice", phandle);
	return 0;
}

static int check_aliases(const struct check *c)
{
	int node = fdt_path_offset(c->fdt, "/aliases"), prop;

	if (node < 0)
		return 0;
	fdt_for_each_property_offset(prop, c->fdt, node) {
		const char *name;
		int len;
		const char *path = fdt_getprop_by_offset(c->fdt, prop, &name, &len);

		if (!path || !is_strings(path, len) || path[0] != '/' ||
		    fdt_path_offset(c->fdt, path) < 0)
			return dt_bad(c, node, "%s leads to no node", name);
	}
	return 0;
}

static bool has_memory(const void *fdt)
{
	return fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory",
					     sizeof("memory")) >= 0;
}

/* Below an overlay's /__local_fixups__ properties are offsets, whatever their names say. */
static bool in_fixups(const struct check *c, int node)
{
	int fixups = fdt_path_offset(c->fdt, "/__local_fixups__");

	for (; fixups >= 0 && node > fixups; node = fdt_parent_offset(c->fdt, node))
		;
	return fixups >= 0 && node == fixups;
}

/* Each step for all nodes before the next: later ones rely on earlier ones. */
static int check_all(struct check *c)
{
	int node, depth = 0;

	for (node = 0; node >= 0 && depth >= 0; node = fdt_next_node(c->fdt, node, &depth))
		if (check_name(c, node, depth) < 0 || check_properties(c, node) < 0)
			return -1;
	for (node = 0; node >= 0; node = fdt_next_node(c->fdt, node, NULL))
		if (check_phandle(c, node) < 0)
			return -1;
	for (node = 0; node >= 0; node = fdt_next_node(c->fdt, node, NULL))
		if (!in_fixups(c, node) && dt_check_refs(c, node) < 0)
			return -1;
	for (node = 0; node >= 0; node = fdt_next_node(c->fdt, node, NULL))
		if (!in_fixups(c, node) &&
		    (dt_check_reg(c, node) < 0 || dt_check_interrupts(c, node) < 0))
			return -1;
	return check_aliases(c);
}

int dt_check(const void *dtb, size_t size, struct err *err)
{
	struct check c = { .fdt = dtb, .err = err };
	int ret = dt_sound(dtb, size);

	if (ret < 0)
		return err_set(err, "a device tree of %zu bytes: %s", size, fdt_strerror(ret));
	c.has_memory = has_memory(dtb);
	ret = check_all(&c);
	free(c.regions);
	free(c.lines);
	return ret;
}
