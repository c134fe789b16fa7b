// SPDX-License-Identifier: GPL-2.0-or-later
/* A tree as DTS text. */
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "dt/dt.h"
#include "dt/grow.h"
#include "dt/name.h"

#define DEPTH_MAX 32

/* No locale decides what a tree looks like. */
static bool is_printable(char c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* One or more strings, each printable, none empty, each with its NUL? */
static bool is_strings(const char *p, int len)
{
	int i;

	if (len < 2 || p[len - 1] != '\0')
		return false;
	for (i = 0; i < len; i++) {
		if (p[i] == '\0' ? i == 0 || p[i - 1] == '\0' : !is_printable(p[i]))
			return false;
	}
	return true;
}

static void print_string(struct buf *out, const char *s)
{
	buf_addstr(out, "\"");
	for (; *s; s++)
		buf_addf(out, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	buf_addstr(out, "\"");
}

static void print_strings(struct buf *out, const char *p, int len)
{
	int i;

	for (i = 0; i < len; i += (int)strlen(p + i) + 1) {
		buf_addstr(out, i ? ", " : "");
		print_string(out, p + i);
	}
}

static void print_cells(struct buf *out, const char *p, int len)
{
	int i;

	for (i = 0; i < len; i += 4)
		buf_addf(out, "%s0x%x", i ? " " : "<", fdt32_ld((const fdt32_t *)(p + i)));
	buf_addstr(out, ">");
}

static void print_bytes(struct buf *out, const char *p, int len)
{
	int i;

	for (i = 0; i < len; i++)
		buf_addf(out, "%s%02x", i ? " " : "[", (unsigned char)p[i]);
	buf_addstr(out, "]");
}

static void print_value(struct buf *out, const char *p, int len)
{
	if (!len)
		return;
	buf_addstr(out, " = ");
	if (is_strings(p, len))
		print_strings(out, p, len);
	else if (len % 4 == 0)
		print_cells(out, p, len);
	else
		print_bytes(out, p, len);
}

static void indent(struct buf *out, int depth)
{
	while (depth-- > 0)
		buf_addstr(out, "\t");
}

static int print_properties(const void *fdt, int node, int depth, struct buf *out)
{
	int prop;

	fdt_for_each_property_offset(prop, fdt, node) {
		const char *name, *value;
		int len;

		value = fdt_getprop_by_offset(fdt, prop, &name, &len);
		if (!value)
			return len;
		if (!dt_good_property(name))
			return -FDT_ERR_BADSTRUCTURE;
		indent(out, depth);
		buf_addstr(out, name);
		print_value(out, value, len);
		buf_addstr(out, ";\n");
	}
	return prop == -FDT_ERR_NOTFOUND ? 0 : prop;
}

static int print_node(const void *fdt, int node, int depth, struct buf *out)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	size_t before;
	int sub;

	if (!name || depth > DEPTH_MAX || !dt_good_node(name, depth))
		return -FDT_ERR_BADSTRUCTURE;
	indent(out, depth);
	buf_addf(out, "%s {\n", depth ? name : "/");
	before = out->size;
	TRY(print_properties(fdt, node, depth + 1, out));
	fdt_for_each_subnode(sub, fdt, node) {
		buf_addstr(out, out->size > before ? "\n" : "");
		TRY(print_node(fdt, sub, depth + 1, out));
	}
	if (sub != -FDT_ERR_NOTFOUND)
		return sub;
	indent(out, depth);
	buf_addstr(out, "};\n");
	return 0;
}

static int print_reserved(const void *fdt, struct buf *out)
{
	int i, n = fdt_num_mem_rsv(fdt);

	for (i = 0; i < n; i++) {
		uint64_t addr, size;

		TRY(fdt_get_mem_rsv(fdt, i, &addr, &size));
		buf_addf(out, "/memreserve/ 0x%" PRIx64 " 0x%" PRIx64 ";\n", addr, size);
	}
	buf_addstr(out, n > 0 ? "\n" : "");
	return n < 0 ? n : 0;
}

int dt_print(const void *dtb, size_t size, struct buf *out, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int ret = dt_sound(dtb, size);

	if (ret == 0) {
		buf_addstr(&text, "/dts-v1/;\n\n");
		ret = print_reserved(dtb, &text);
	}
	if (ret == 0)
		ret = print_node(dtb, 0, 0, &text);
	if (ret < 0)
		return err_set(err, "cannot print a device tree of %zu bytes: %s", size,
			       fdt_strerror(ret));
	buf_add(out, text.data, text.size);
	return 0;
}
