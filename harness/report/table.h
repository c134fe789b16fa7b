/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of texts: aligned for a terminal or a mail, or as Markdown.
 *
 * Text output fits the width: columns that may wrap give way, the widest first,
 * down to their least width; what does not fit goes on in the next line, cut
 * behind one of " ._-/," where it can, a span only at a blank. Widths count UTF-8 characters. Only when
 * columns that may not wrap are too wide together do lines get longer.
 */
#ifndef GRANTBENCH_REPORT_TABLE_H
#define GRANTBENCH_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

#define TABLE_WIDTH 100

struct table_column {
	const char *title;
	bool right;		/* numbers: aligned to the right */
	size_t least;		/* may wrap, down to this width; 0: must not */
};

struct table;

/* columns must outlive the table. */
struct table *table_new(const struct table_column *columns, size_t nr_columns);
void table_free(struct table *table);

/* One row, a text per column, copied. */
void table_row(struct table *table, const char *const *cells);

/* A text across all columns: a heading, a warning. Copied. */
void table_span(struct table *table, const char *text);

void table_text(const struct table *table, size_t width, struct buf *out);
void table_markdown(const struct table *table, struct buf *out);

/* Text wrapped at width, its following lines indented; for what stands below a table. */
void text_wrapped(const char *text, size_t width, size_t indent, struct buf *out);

#endif
