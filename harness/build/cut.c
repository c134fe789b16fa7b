// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/cut.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "lib/cleanup.h"

/* A piece of the file's top level: text from start to end. */
struct piece {
	enum { PIECE_DEFINE, PIECE_STATEMENT, PIECE_FUNCTION } kind;
	const char *start, *end;
	const char *head_end;	/* of a function: its opening brace */
	unsigned int line;
};

struct scan {
	const char *p;
	unsigned int line;
};

static bool is_ident(int c)
{
	return isalnum(c) || c == '_';
}

static void step(struct scan *s)
{
	if (*s->p == '\n')
		s->line++;
	s->p++;
}

/* Over a comment, a string or a character constant that starts at s->p; false: none does. */
static bool skip_opaque(struct scan *s)
{
	if (s->p[0] == '/' && s->p[1] == '*') {
		step(s);
		step(s);
		while (*s->p && !(s->p[0] == '*' && s->p[1] == '/'))
			step(s);
		if (*s->p) {
			step(s);
			step(s);
		}
		return true;
	}
	if (s->p[0] == '/' && s->p[1] == '/') {
		while (*s->p && *s->p != '\n')
			step(s);
		return true;
	}
	if (*s->p == '"' || *s->p == '\'') {
		char quote = *s->p;

		step(s);
		while (*s->p && *s->p != quote) {
			if (*s->p == '\\' && s->p[1])
				step(s);
			step(s);
		}
		if (*s->p)
			step(s);
		return true;
	}
	return false;
}

static void skip_directive(struct scan *s)
{
	while (*s->p && *s->p != '\n') {
		if (s->p[0] == '\\' && s->p[1] == '\n')
			step(s);
		if (!skip_opaque(s))
			step(s);
	}
}

/* To the bracket that closes the one at s->p, and over it. */
static int skip_brackets(struct scan *s)
{
	int depth = 0;

	while (*s->p) {
		bool line_start = s->p[-1] == '\n';

		if (line_start && *s->p == '#') {
			skip_directive(s);
			continue;
		}
		if (skip_opaque(s))
			continue;
		if (strchr("({[", *s->p))
			depth++;
		if (strchr(")}]", *s->p) && --depth == 0) {
			step(s);
			return 0;
		}
		step(s);
	}
	return -1;
}

/* Blank, or a comment: no part of what follows. */
static bool skip_between(struct scan *s)
{
	if (isspace((unsigned char)*s->p)) {
		step(s);
		return true;
	}
	return s->p[0] == '/' && skip_opaque(s);
}

/* 1: *piece is the next one, 0: the end, -1: brackets do not match. */
static int next_piece(struct scan *s, struct piece *piece)
{
	const char *last = NULL;	/* last character outside brackets that is not blank */

	while (skip_between(s))
		;
	if (!*s->p)
		return 0;
	*piece = (struct piece){ .start = s->p, .line = s->line };
	if (*s->p == '#') {
		skip_directive(s);
		piece->kind = PIECE_DEFINE;
		piece->end = s->p;
		return 1;
	}
	while (*s->p) {
		if (skip_between(s) || skip_opaque(s))
			continue;
		if (*s->p == ';') {
			step(s);
			piece->kind = PIECE_STATEMENT;
			piece->end = s->p;
			return 1;
		}
		if (*s->p == '{' && last && *last == ')') {
			piece->kind = PIECE_FUNCTION;
			piece->head_end = s->p;
			if (skip_brackets(s) < 0)
				return -1;
			piece->end = s->p;
			return 1;
		}
		if (strchr("({[", *s->p)) {
			if (skip_brackets(s) < 0)
				return -1;
			last = s->p - 1;
			continue;
		}
		last = s->p;
		step(s);
	}
	return -1;
}

/* The first place in [from, to) where name stands as a word of its own. */
static const char *find_word(const char *from, const char *to, const char *name)
{
	size_t len = strlen(name);

	for (; from + len <= to; from++) {
		if (!memcmp(from, name, len) && !is_ident((unsigned char)from[-1]) &&
		    !is_ident((unsigned char)from[len]))
			return from;
	}
	return NULL;
}

static bool is_define(const struct piece *piece, const char *name)
{
	const char *p = piece->start + 1;

	while (*p == ' ' || *p == '\t')
		p++;
	if (strncmp(p, "define", 6) || !isblank((unsigned char)p[6]))
		return false;
	for (p += 6; isblank((unsigned char)*p); p++)
		;
	return !strncmp(p, name, strlen(name)) && !is_ident((unsigned char)p[strlen(name)]);
}

/* A function's name stands before the parenthesis of its parameters: the first outside. */
static bool is_function(const struct piece *piece, const char *name)
{
	const char *paren = memchr(piece->start, '(', (size_t)(piece->head_end - piece->start));
	const char *at = find_word(piece->start, piece->head_end, name);

	return paren && at && at + strlen(name) == paren;
}

/* Declared, not called or used: the name comes before any "=", and no "(" follows it. */
static bool is_variable(const struct piece *piece, const char *name)
{
	const char *eq = memchr(piece->start, '=', (size_t)(piece->end - piece->start));
	const char *at = find_word(piece->start, eq ? eq : piece->end, name);

	return at && at[strlen(name)] != '(' && strncmp(piece->start, "extern ", 7) &&
	       strncmp(piece->start, "EXPORT_SYMBOL", 13) && strncmp(piece->start, "module_param", 12);
}

static bool matches(const struct piece *piece, const char *want)
{
	if (!strncmp(want, "def:", 4))
		return piece->kind == PIECE_DEFINE && is_define(piece, want + 4);
	if (!strncmp(want, "fn:", 3))
		return piece->kind == PIECE_FUNCTION && is_function(piece, want + 3);
	return piece->kind == PIECE_STATEMENT && !strncmp(want, "var:", 4) &&
	       is_variable(piece, want + 4);
}

static void take(const struct piece *piece, const char *label, struct buf *out)
{
	buf_addf(out, "#line %u \"%s\"\n", piece->line, label);
	buf_add(out, piece->start, (size_t)(piece->end - piece->start));
	buf_addstr(out, "\n\n");
}

int cut_source(const char *text, const char *label, const char *const *wanted, struct buf *out,
	       struct err *err)
{
	_cleanup_buf_ struct buf copy = BUF_INIT;
	_cleanup_buf_ struct buf cut = BUF_INIT;
	_cleanup_free_ unsigned int *seen = NULL;
	struct scan s;
	struct piece piece;
	size_t nr = 0, i;
	int ret;

	while (wanted[nr])
		nr++;
	seen = xcalloc(nr + 1, sizeof(*seen));
	/* a character before the first, for those who look back */
	buf_addf(&copy, "\n%s", text);
	s = (struct scan){ copy.data + 1, 1 };
	while ((ret = next_piece(&s, &piece)) > 0) {
		bool taken = false;

		for (i = 0; i < nr; i++) {
			if (!matches(&piece, wanted[i]))
				continue;
			if (seen[i])
				return err_set(err, "%s: line %u: %s is there again, after line %u", label,
					       piece.line, wanted[i], seen[i]);
			seen[i] = piece.line;
			if (!taken)
				take(&piece, label, &cut);
			taken = true;
		}
	}
	if (ret < 0)
		return err_set(err, "%s: line %u: what starts here has no end", label, piece.line);
	for (i = 0; i < nr; i++) {
		if (!seen[i])
			return err_set(err, "%s: there is no %s in it", label, wanted[i]);
	}
	buf_add(out, cut.data, cut.size);
	return 0;
}
