// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/table.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define GAP 2		/* blanks between columns */
#define HANGING 2	/* indent of a wrapped cell's further lines */
#define NAME_BREAKS " ._-/,"	/* a cell's text may be cut behind these */

struct row {
	char **cells;	/* NULL: a span */
	char *span;
};

struct table {
	const struct table_column *columns;
	size_t nr_columns;
	struct row *rows;
	size_t nr_rows;
};

struct table *table_new(const struct table_column *columns, size_t nr_columns)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->columns = columns;
	t->nr_columns = nr_columns;
	return t;
}

void table_free(struct table *table)
{
	size_t i, c;

	if (!table)
		return;
	for (i = 0; i < table->nr_rows; i++) {
		for (c = 0; table->rows[i].cells && c < table->nr_columns; c++)
			free(table->rows[i].cells[c]);
		free(table->rows[i].cells);
		free(table->rows[i].span);
	}
	free(table->rows);
	free(table);
}

static struct row *add_row(struct table *t)
{
	t->rows = xrealloc(t->rows, (t->nr_rows + 1) * sizeof(*t->rows));
	t->rows[t->nr_rows] = (struct row){ NULL, NULL };
	return &t->rows[t->nr_rows++];
}

void table_row(struct table *table, const char *const *cells)
{
	struct row *row = add_row(table);
	size_t c;

	row->cells = xcalloc(table->nr_columns, sizeof(*row->cells));
	for (c = 0; c < table->nr_columns; c++)
		row->cells[c] = xstrdup(cells[c]);
}

void table_span(struct table *table, const char *text)
{
	add_row(table)->span = xstrdup(text);
}

static bool starts_char(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* Characters in len bytes of UTF-8. */
static size_t width_of(const char *s, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += starts_char(s[i]);
	return n;
}

/* Bytes of s that go into a line of width characters, cut behind one of breaks; width > 0. */
static size_t line_bytes(const char *s, size_t width, const char *breaks)
{
	size_t i, chars = 0, cut = 0;

	for (i = 0; s[i]; i++) {
		if (starts_char(s[i]) && chars++ == width)
			break;
		if (strchr(breaks, s[i]))
			cut = i + 1;
	}
	if (!s[i])
		return i;
	if (s[i] == ' ')	/* the blank behind a full line falls into the cut */
		return i;
	return cut ? cut : i;
}

/* Take the next line off *rest. Returns its start; *len without trailing blanks. */
static const char *next_line(const char **rest, size_t width, const char *breaks, size_t *len)
{
	const char *line = *rest;
	size_t n = line_bytes(line, width ? width : 1, breaks);

	*rest = line + n;
	while (**rest == ' ')
		(*rest)++;
	while (n && line[n - 1] == ' ')
		n--;
	*len = n;
	return line;
}

static void pad(struct buf *out, size_t n)
{
	while (n--)
		buf_add(out, " ", 1);
}

static void trim_end(struct buf *out)
{
	while (out->size && out->data[out->size - 1] == ' ')
		out->data[--out->size] = '\0';
}

void text_wrapped(const char *text, size_t width, size_t indent, struct buf *out)
{
	const char *rest = text;
	bool first = true;
	size_t len;

	do {
		const char *line = next_line(&rest, first ? width : width - indent, " ", &len);

		if (!first)
			pad(out, indent);
		buf_add(out, line, len);
		buf_addstr(out, "\n");
		first = false;
	} while (*rest);
}

static void fit(const struct table *t, size_t total, size_t *width)
{
	size_t c, i, sum = GAP * (t->nr_columns - 1);

	for (c = 0; c < t->nr_columns; c++) {
		width[c] = width_of(t->columns[c].title, strlen(t->columns[c].title));
		for (i = 0; i < t->nr_rows; i++) {
			const char *cell = t->rows[i].cells ? t->rows[i].cells[c] : "";
			size_t w = width_of(cell, strlen(cell));

			if (w > width[c])
				width[c] = w;
		}
		sum += width[c];
	}
	for (; sum > total; sum--) {
		size_t widest = t->nr_columns;

		for (c = 0; c < t->nr_columns; c++)
			if (t->columns[c].least && width[c] > t->columns[c].least &&
			    (widest == t->nr_columns || width[c] > width[widest]))
				widest = c;
		if (widest == t->nr_columns)
			return;
		width[widest]--;
	}
}

/* One row, over as many lines as its longest cell takes. */
static void add_cells(const struct table *t, const size_t *width, const char *const *cells,
		      struct buf *out)
{
	_cleanup_free_ const char **rest = xcalloc(t->nr_columns, sizeof(*rest));
	bool more = true, first = true;
	size_t c;

	memcpy(rest, cells, t->nr_columns * sizeof(*rest));
	while (more) {
		more = false;
		for (c = 0; c < t->nr_columns; c++) {
			size_t indent = !first && *rest[c] && !t->columns[c].right ? HANGING : 0;
			size_t len, fill;
			const char *line;

			if (indent >= width[c])
				indent = 0;
			line = next_line(&rest[c], width[c] - indent, NAME_BREAKS, &len);
			fill = indent + width_of(line, len);
			fill = fill < width[c] ? width[c] - fill : 0;
			pad(out, (c ? GAP : 0) + indent + (t->columns[c].right ? fill : 0));
			buf_add(out, line, len);
			pad(out, t->columns[c].right ? 0 : fill);
			more |= *rest[c] != '\0';
		}
		trim_end(out);
		buf_addstr(out, "\n");
		first = false;
	}
}

void table_text(const struct table *table, size_t width, struct buf *out)
{
	_cleanup_free_ size_t *w = xcalloc(table->nr_columns, sizeof(*w));
	_cleanup_free_ const char **titles = xcalloc(table->nr_columns, sizeof(*titles));
	size_t c, i, total = GAP * (table->nr_columns - 1);

	fit(table, width, w);
	for (c = 0; c < table->nr_columns; c++) {
		titles[c] = table->columns[c].title;
		total += w[c];
	}
	add_cells(table, w, titles, out);
	for (i = 0; i < total; i++)
		buf_addstr(out, "-");
	buf_addstr(out, "\n");
	for (i = 0; i < table->nr_rows; i++) {
		if (table->rows[i].cells)
			add_cells(table, w, (const char *const *)table->rows[i].cells, out);
		else
			text_wrapped(table->rows[i].span, width, HANGING, out);
	}
}

static void add_markdown(const char *cell, struct buf *out)
{
	for (; *cell; cell++) {
		if (strchr("|\\`*_<>[]", *cell))
			buf_addstr(out, "\\");
		buf_add(out, cell, 1);
	}
}

void table_markdown(const struct table *table, struct buf *out)
{
	size_t c, i;

	for (c = 0; c < table->nr_columns; c++) {
		buf_addstr(out, c ? " | " : "| ");
		add_markdown(table->columns[c].title, out);
	}
	buf_addstr(out, " |\n");
	for (c = 0; c < table->nr_columns; c++)
		buf_addstr(out, table->columns[c].right ? "|---:" : "|:---");
	buf_addstr(out, "|\n");
	for (i = 0; i < table->nr_rows; i++) {
		const struct row *row = &table->rows[i];

		for (c = 0; c < table->nr_columns; c++) {
			buf_addstr(out, c ? " | " : "| ");
			if (row->cells) {
				add_markdown(row->cells[c], out);
			} else if (c == 0) {
				buf_addstr(out, "**");
				add_markdown(row->span, out);
				buf_addstr(out, "**");
			}
		}
		buf_addstr(out, " |\n");
	}
}
