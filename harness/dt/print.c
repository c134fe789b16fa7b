// SPDX-License-Identifier: GPL-2.0-or-later
/* A tree as DTS text. */
#include <ctype.h>
#include <libfdt.h>
#include <string.h>

#include "dt/dt.h"

#define DEPTH_MAX 32

/* Printable strings, each ended by a NUL, none of them empty: what dtc would print as text. */
static bool is_strings(const char *p, int len)
{
	int i;

	if (len < 2 || p[len - 1] != '\0' || p[0] == '\0')
		return false;
	for (i = 0; i < len - 1; i++) {
		if (p[i] == '\0' && p[i + 1] == '\0')
			return false;
		if (p[i] != '\0' && (!isprint((unsigned char)p[i]) || p[i] == '"' || p[i] == '\\'))
			return false;
	}
	return true;
}

static void print_value(struct buf *out, const char *p, int len)
{
	const char *sep = " = ";
	int i;

	if (len == 0)
		return;
	if (is_strings(p, len)) {
		for (i = 0; i < len; i += (int)strlen(p + i) + 1) {
			buf_addf(out, "%s\"%s\"", sep, p + i);
			sep = ", ";
		}
	} else if (len % 4 == 0) {
		buf_addstr(out, " = <");
		for (i = 0; i < len; i += 4)
			buf_addf(out, "%s0x%x", i ? " " : "", fdt32_ld((const fdt32_t *)(p + i)));
		buf_addstr(out, ">");
	} else {
		buf_addstr(out, " = [");
		for (i = 0; i < len; i++)
			buf_addf(out, "%s%02x", i ? " " : "", (unsigned char)p[i]);
		buf_addstr(out, "]");
	}
}

static void indent(struct buf *out, int depth)
{
	while (depth-- > 0)
		buf_addstr(out, "\t");
}

static int print_node(const void *fdt, int node, int depth, struct buf *out)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	bool any = false;
	int prop, sub;

	if (!name || depth > DEPTH_MAX)
		return -FDT_ERR_BADSTRUCTURE;
	indent(out, depth);
	buf_addf(out, "%s {\n", depth ? name : "/");
	fdt_for_each_property_offset(prop, fdt, node) {
		const char *key;
		int len;
		const char *value = fdt_getprop_by_offset(fdt, prop, &key, &len);

		if (!value)
			return len;
		indent(out, depth + 1);
		buf_addstr(out, key);
		print_value(out, value, len);
		buf_addstr(out, ";\n");
		any = true;
	}
	if (prop != -FDT_ERR_NOTFOUND)
		return prop;
	fdt_for_each_subnode(sub, fdt, node) {
		int ret;

		if (any)
			buf_addstr(out, "\n");
		any = true;
		ret = print_node(fdt, sub, depth + 1, out);
		if (ret < 0)
			return ret;
	}
	if (sub != -FDT_ERR_NOTFOUND)
		return sub;
	indent(out, depth);
	buf_addstr(out, "};\n");
	return 0;
}

int dt_print(const void *dtb, size_t size, struct buf *out, struct err *err)
{
	size_t start = out->size;
	int ret;

	if (size < sizeof(struct fdt_header) || fdt_check_full(dtb, size) != 0)
		return err_set(err, "not a device tree, or a damaged one (%zu bytes)", size);
	buf_addstr(out, "/dts-v1/;\n\n");
	ret = print_node(dtb, 0, 0, out);
	if (ret < 0) {
		out->size = start;
		return err_set(err, "device tree: %s", fdt_strerror(ret));
	}
	return 0;
}
