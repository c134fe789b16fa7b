// SPDX-License-Identifier: GPL-2.0-or-later
/* Which cells are held against which, and what else the two sides differ in. */
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "report/compare.h"

void compare_warn(struct compare *cmp, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addvf(&text, fmt, ap);
	va_end(ap);
	cmp->warnings = xrealloc(cmp->warnings, (cmp->nr_warnings + 1) * sizeof(*cmp->warnings));
	cmp->warnings[cmp->nr_warnings++] = buf_detach(&text);
}

void compare_skip(struct compare *cmp, char *what, char *reason)
{
	size_t i;

	for (i = 0; i < cmp->nr_skips; i++) {	/* a cell may be wanted by several pairs */
		if (strcmp(cmp->skips[i].what, what) || strcmp(cmp->skips[i].reason, reason))
			continue;
		free(what);
		free(reason);
		return;
	}
	cmp->skips = xrealloc(cmp->skips, (cmp->nr_skips + 1) * sizeof(*cmp->skips));
	cmp->skips[cmp->nr_skips++] = (struct compare_skip){ what, reason };
}

static bool same_axes(const struct result_cell *a, const struct result_cell *b, const char *but,
		      const char *also)
{
	const char *axis;
	json_t *value;

	if (json_object_size(a->axes) != json_object_size(b->axes))
		return false;
	json_object_foreach((json_t *)a->axes, axis, value) {
		const char *other = result_cell_axis(b, axis);

		if (!other)
			return false;
		if ((!but || strcmp(axis, but)) && (!also || strcmp(axis, also)) &&
		    strcmp(json_string_value(value), other))
			return false;
	}
	return true;
}

bool compare_same_axes(const struct result_cell *a, const struct result_cell *b, const char *but)
{
	return same_axes(a, b, but, NULL);
}

/* Distinct values of an axis over a result's cells, in the file's order; a new reference. */
static json_t *axis_values(const struct results *r, const char *axis)
{
	json_t *values = json_array();
	size_t i, j;

	for (i = 0; i < r->nr_cells; i++) {
		const char *v = result_cell_axis(&r->cells[i], axis);

		for (j = 0; v && j < json_array_size(values); j++)
			if (!strcmp(json_string_value(json_array_get(values, j)), v))
				v = NULL;
		if (v)
			json_array_append_new(values, json_string(v));
	}
	return values;
}

/* The axes that take more than one value in one result (all: any axis), as a list in text. */
static size_t list_axes(const struct results *r, bool all, struct buf *list, const char **last)
{
	const char *axis;
	json_t *value;
	size_t nr = 0;

	if (!r->nr_cells)
		return 0;
	json_object_foreach((json_t *)r->cells[0].axes, axis, value) {
		_cleanup_json_ json_t *values = axis_values(r, axis);

		if (!all && json_array_size(values) < 2)
			continue;
		buf_addf(list, "%s%s", nr++ ? ", " : "", axis);
		*last = axis;
	}
	return nr;
}

/* Settle cmp->by. */
static int choose_axis(struct compare *cmp, struct err *err)
{
	_cleanup_buf_ struct buf list = BUF_INIT;
	_cleanup_json_ json_t *values = NULL;
	const char *axis = cmp->opts->by;
	size_t nr;

	if (!axis && cmp->a != cmp->b)
		return 0;
	if (axis) {
		values = axis_values(cmp->a, axis);
		if (!json_array_size(values)) {
			list_axes(cmp->a, true, &list, &axis);
			return err_usage(err, "--by %s: no cell of %s has this axis; there are: %s",
					 cmp->opts->by, cmp->a->path,
					 list.data ? list.data : "none");
		}
	} else {
		nr = list_axes(cmp->a, false, &list, &axis);
		if (nr == 0)
			return err_usage(err, "%s: the cells differ in no axis: nothing to compare",
					 cmp->a->path);
		if (nr > 1)
			return err_usage(err, "%s: several axes vary, choose one with --by: %s",
					 cmp->a->path, list.data);
		values = axis_values(cmp->a, axis);
	}
	if (cmp->a == cmp->b && json_array_size(values) < 2)
		return err_usage(err, "--by %s: all cells of %s have the same value, %s", axis,
				 cmp->a->path, json_string_value(json_array_get(values, 0)));
	cmp->by = xstrdup(axis);
	return 0;
}

/* A cell that passes all the same says that something has changed. */
static void warn_unexpected(struct compare *cmp, const struct results *r)
{
	size_t i;

	for (i = 0; i < r->nr_cells; i++)
		if (!strcmp(r->cells[i].word, result_unexpected_pass))
			compare_warn(cmp, "%s was expected to fail, and passed", r->cells[i].id);
}

static bool usable(struct compare *cmp, const struct result_cell *a, const struct result_cell *b)
{
	const struct result_cell *cells[] = { a, b };
	bool ok = true;
	size_t i;

	for (i = 0; i < 2; i++) {
		enum gb_exit status = outcome_exit(cells[i]->outcome);

		if (cells[i]->outcome == OUTCOME_PASS)
			continue;
		ok = false;
		compare_skip(cmp, xstrdup(cells[i]->id),
			     xasprintf("%s%s%s", cells[i]->word,
				       *cells[i]->reason ? ": " : "", cells[i]->reason));
		if (status > cmp->status && !cells[i]->as_expected)
			cmp->status = status;
	}
	return ok;
}

static bool same_hash(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static void add_pair(struct compare *cmp, const struct result_cell *a, const struct result_cell *b)
{
	struct compare_pair *pair;

	if (!usable(cmp, a, b))
		return;
	cmp->pairs = xrealloc(cmp->pairs, (cmp->nr_pairs + 1) * sizeof(*cmp->pairs));
	pair = &cmp->pairs[cmp->nr_pairs++];
	*pair = (struct compare_pair){ .a = a, .b = b };
	pair->aa = same_hash(a->inputs_sha256, b->inputs_sha256) ||
		   same_hash(a->console_sha256, b->console_sha256);
}

/*
 * What a value cannot do without: by this axis, the other one goes with that value. A
 * strategy that keeps grants mapped needs a frontend with a pool, and so on.
 */
static const struct {
	const char *by, *value, *other;
} comes_with[] = {
	{ "mapping", "persistent", "allocator" },
	{ "mapping", "foreign", "binding" },
	{ "allocator", "pool", "mapping" },
};

static const char *also_different(const struct compare *cmp, const char *value)
{
	size_t i;

	for (i = 0; value && i < ARRAY_SIZE(comes_with); i++)
		if (!strcmp(cmp->by, comes_with[i].by) && !strcmp(value, comes_with[i].value))
			return comes_with[i].other;
	return NULL;
}

static bool is_impossible(const struct result_cell *cell)
{
	return cell->outcome == OUTCOME_NOT_APPLICABLE;
}

/* The cell of r that goes with cell, with this value of the axis (NULL: any); *nr: how many do. */
static const struct result_cell *partner(const struct compare *cmp, const struct results *r,
					 const struct result_cell *cell, const char *value,
					 size_t *nr)
{
	const char *also = also_different(cmp, value);
	const struct result_cell *found = NULL;
	size_t i;

	*nr = 0;
	for (i = 0; i < r->nr_cells; i++) {
		const struct result_cell *c = &r->cells[i];

		if (!same_axes(cell, c, cmp->by, also) || (also && is_impossible(c)))
			continue;
		if (value && strcmp(result_cell_axis(c, cmp->by), value))
			continue;
		found = c;
		(*nr)++;
	}
	return found;
}

/*
 * By device: how a device is described and reached goes with it. What stands first in the
 * file is A, and every other way to the same disk a B, whatever these axes say.
 */
static const char *const with_device[] = { "device", "binding", "mapping", "indirect", "allocator", "irq" };

static bool is_by_device(const struct compare *cmp)
{
	return cmp->by && !strcmp(cmp->by, with_device[0]);
}

static bool same_but_device(const struct result_cell *a, const struct result_cell *b)
{
	const char *axis;
	json_t *value;
	size_t i;

	if (json_object_size(a->axes) != json_object_size(b->axes))
		return false;
	json_object_foreach((json_t *)a->axes, axis, value) {
		const char *other = result_cell_axis(b, axis);

		for (i = 0; i < ARRAY_SIZE(with_device); i++)
			if (!strcmp(axis, with_device[i]))
				break;
		if (!other || (i == ARRAY_SIZE(with_device) && strcmp(json_string_value(value), other)))
			return false;
	}
	return true;
}

/* Combinations that do not exist, once for each reason. */
static void skip_not_applicable(struct compare *cmp)
{
	const struct results *r = cmp->a;
	size_t i, j, nr;

	for (i = 0; i < r->nr_cells; i++) {
		if (r->cells[i].outcome != OUTCOME_NOT_APPLICABLE)
			continue;
		for (j = nr = 0; j < r->nr_cells; j++)
			nr += r->cells[j].outcome == OUTCOME_NOT_APPLICABLE &&
			      !strcmp(r->cells[j].reason, r->cells[i].reason);
		compare_skip(cmp, xasprintf("%zu cell%s", nr, nr == 1 ? "" : "s"),
			     xasprintf("%s: %s", outcome_name(OUTCOME_NOT_APPLICABLE), r->cells[i].reason));
	}
}

/* Is there a cell with the base value that cell is held against? */
static bool has_base(const struct compare *cmp, const struct result_cell *cell, const char *base)
{
	const char *also = also_different(cmp, result_cell_axis(cell, cmp->by));
	size_t i;

	for (i = 0; i < cmp->a->nr_cells; i++) {
		const struct result_cell *c = &cmp->a->cells[i];

		if (!is_impossible(c) && same_axes(cell, c, cmp->by, also) &&
		    !strcmp(result_cell_axis(c, cmp->by), base))
			return true;
	}
	return false;
}

/* The cells that could run; one that never could is listed by its reason, not by its pairs. */
static void pair_within(struct compare *cmp)
{
	_cleanup_json_ json_t *values = axis_values(cmp->a, cmp->by);
	const char *base = json_string_value(json_array_get(values, 0));
	const json_t *value;
	size_t i, v, nr;

	skip_not_applicable(cmp);
	for (i = 0; i < cmp->a->nr_cells; i++) {
		const struct result_cell *cell = &cmp->a->cells[i];
		const char *own = result_cell_axis(cell, cmp->by);

		if (is_impossible(cell))
			continue;
		if (!own || strcmp(own, base)) {
			if (!own)
				compare_skip(cmp, xstrdup(cell->id),
					     xasprintf("has no axis %s", cmp->by));
			else if (!has_base(cmp, cell, base))
				compare_skip(cmp, xstrdup(cell->id),
					     xasprintf("no cell with %s=%s is like it otherwise",
						       cmp->by, base));
			continue;
		}
		json_array_foreach(values, v, value) {
			const char *other = json_string_value(value);
			const struct result_cell *b;

			if (v == 0)
				continue;
			b = partner(cmp, cmp->a, cell, other, &nr);
			if (nr == 1 && is_impossible(b))
				continue;
			if (nr == 1)
				add_pair(cmp, cell, b);
			else
				compare_skip(cmp, xstrdup(cell->id),
					     xasprintf("%s cell with %s=%s is like it otherwise",
						       nr ? "more than one" : "no", cmp->by,
						       other));
		}
	}
}

static void pair_devices(struct compare *cmp)
{
	const struct results *r = cmp->a;
	size_t i, j;

	skip_not_applicable(cmp);
	for (i = 0; i < r->nr_cells; i++) {
		const struct result_cell *b = &r->cells[i], *a = NULL;

		if (b->outcome == OUTCOME_NOT_APPLICABLE)
			continue;
		for (j = 0; j < r->nr_cells && !a; j++)
			if (r->cells[j].outcome != OUTCOME_NOT_APPLICABLE && same_but_device(&r->cells[j], b))
				a = &r->cells[j];
		if (a != b)
			add_pair(cmp, a, b);
	}
}

static void pair_across(struct compare *cmp)
{
	size_t i, nr;

	for (i = 0; i < cmp->a->nr_cells; i++) {
		const struct result_cell *a = &cmp->a->cells[i], *b;

		b = partner(cmp, cmp->b, a, NULL, &nr);
		if (nr == 1)
			add_pair(cmp, a, b);
		else
			compare_skip(cmp, xasprintf("A: %s", a->id),
				     xasprintf("%s cell of B has %s axes",
					       nr ? "more than one" : "no",
					       cmp->by ? "such" : "the same"));
	}
	for (i = 0; i < cmp->b->nr_cells; i++)
		if (!partner(cmp, cmp->a, &cmp->b->cells[i], NULL, &nr))
			compare_skip(cmp, xasprintf("B: %s", cmp->b->cells[i].id),
				     xasprintf("no cell of A has %s axes",
					       cmp->by ? "such" : "the same"));
}

/* What is the same in all pairs need not be said for each. */
static void label_pairs(struct compare *cmp)
{
	size_t i, j;

	for (i = 0; i < cmp->nr_pairs; i++) {
		struct compare_pair *p = &cmp->pairs[i];
		struct buf label = BUF_INIT;
		const char *axis;
		json_t *value;

		buf_addstr(&label, "");
		json_object_foreach((json_t *)p->b->axes, axis, value) {
			for (j = 0; j < cmp->nr_pairs; j++) {
				const char *v = result_cell_axis(cmp->pairs[j].b, axis);

				if (!v || strcmp(v, json_string_value(value)))
					break;
			}
			if (j < cmp->nr_pairs)
				buf_addf(&label, "%s%s=%s", label.size ? " " : "", axis,
					 json_string_value(value));
		}
		p->label = buf_detach(&label);
	}
}

/* The sides' names: values of the axis, or A and B. */
static void name_sides(struct compare *cmp)
{
	struct buf others = BUF_INIT;
	const json_t *value;
	size_t v;

	if (cmp->a == cmp->b && is_by_device(cmp) && cmp->nr_pairs) {
		const struct result_cell *a = cmp->pairs[0].a;

		cmp->name_a = xasprintf("%s (%s, %s)", result_cell_axis(a, "device"),
					result_cell_axis(a, "binding"), result_cell_axis(a, "mapping"));
		cmp->name_b = xstrdup("the other ways to the device");
		return;
	}
	if (cmp->by) {
		_cleanup_json_ json_t *a = axis_values(cmp->a, cmp->by);
		_cleanup_json_ json_t *b = axis_values(cmp->b, cmp->by);

		json_array_foreach(b, v, value)
			if (cmp->a != cmp->b || v > 0)
				buf_addf(&others, "%s%s", others.size ? ", " : "",
					 json_string_value(value));
		cmp->name_a = xstrdup(json_string_value(json_array_get(a, 0)));
		cmp->name_b = buf_detach(&others);
		if (strcmp(cmp->name_a, cmp->name_b))
			return;
		free(cmp->name_a);
		free(cmp->name_b);
	}
	cmp->name_a = xstrdup("A");
	cmp->name_b = xstrdup("B");
}

int compare_pair_cells(struct compare *cmp, struct err *err)
{
	if (choose_axis(cmp, err) < 0)
		return -1;
	if (cmp->a == cmp->b && is_by_device(cmp))
		pair_devices(cmp);
	else if (cmp->a == cmp->b)
		pair_within(cmp);
	else
		pair_across(cmp);
	name_sides(cmp);
	label_pairs(cmp);
	warn_unexpected(cmp, cmp->a);
	if (cmp->a != cmp->b)
		warn_unexpected(cmp, cmp->b);
	if (!cmp->nr_pairs && cmp->status == GB_OK && !compare_expects(cmp))
		return err_usage(err, "%s: no two cells can be compared%s%s%s%s", cmp->a->path,
				 cmp->nr_skips ? ": " : "", cmp->nr_skips ? cmp->skips[0].what : "",
				 cmp->nr_skips ? ": " : "",
				 cmp->nr_skips ? cmp->skips[0].reason : "");
	return 0;
}

/* Artifacts that the cells of one side used: name to {version, sha256}. */
static json_t *side_artifacts(const struct compare *cmp, bool b)
{
	const json_t *manifest = (b ? cmp->b : cmp->a)->manifest;
	const json_t *all = json_object_get(manifest, "artifacts");
	json_t *used = json_object();
	size_t i, j;

	for (i = 0; i < cmp->nr_pairs; i++) {
		const struct result_cell *cell = b ? cmp->pairs[i].b : cmp->pairs[i].a;
		const json_t *own = json_object_get(json_object_get(manifest, "cells"), cell->id);
		const json_t *names = json_object_get(own, "artifacts");
		const json_t *name;

		if (!json_is_array(names)) {
			json_object_update(used, (json_t *)all);
			continue;
		}
		json_array_foreach(names, j, name) {
			const char *key = json_is_string(name) ? json_string_value(name) : "";
			json_t *artifact = json_object_get(all, key);

			if (artifact)
				json_object_set(used, key, artifact);
		}
	}
	return used;
}

static void describe(struct buf *out, const json_t *artifact)
{
	const char *sha = json_string_value(json_object_get(artifact, "sha256"));

	if (!artifact)
		buf_addstr(out, "none");
	else
		buf_addf(out, "%s (%.12s)", json_string_value(json_object_get(artifact, "version")),
			 sha);
}

static void warn_artifact(struct compare *cmp, const char *name, const json_t *a, const json_t *b)
{
	_cleanup_buf_ struct buf ta = BUF_INIT, tb = BUF_INIT;

	if (a && b && !strcmp(json_string_value(json_object_get(a, "sha256")),
			      json_string_value(json_object_get(b, "sha256"))))
		return;
	describe(&ta, a);
	describe(&tb, b);
	compare_warn(cmp, "the sides differ in %s: A %s, B %s", name, ta.data, tb.data);
}

void compare_warn_artifacts(struct compare *cmp)
{
	_cleanup_json_ json_t *a = NULL, *b = NULL;
	const char *name;
	json_t *artifact;

	if (!cmp->a->manifest || !cmp->b->manifest) {
		const struct results *r = cmp->a->manifest ? cmp->b : cmp->a;

		compare_warn(
			cmp,
			"no manifest.json beside %s: whether both sides ran the same QEMU, kernel and Xen is not known",
			r->path);
		return;
	}
	a = side_artifacts(cmp, false);
	b = side_artifacts(cmp, true);
	json_object_foreach(a, name, artifact)
		warn_artifact(cmp, name, artifact, json_object_get(b, name));
	json_object_foreach(b, name, artifact)
		if (!json_object_get(a, name))
			warn_artifact(cmp, name, NULL, artifact);
}
