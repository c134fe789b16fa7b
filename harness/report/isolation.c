// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/isolation.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"

const struct isolation_check isolation_checks[] = {
	{ "map-never-granted", 1, "grants", "map a reference that was never granted", false, false, false, false },
	{ "map-freed", 1, "grants", "map a reference that was given back", false, false, false, false },
	{ "map-reserved", 1, "grants", "map a reserved reference", false, false, false, false },
	{ "map-granted-to-others", 1, "grants", "map a reference granted to another domain", false, false,
	  false, false },
	{ "map-out-of-range", 1, "grants", "map a reference beyond the table", false, false, false, false },
	{ "map-other-domain", 1, "grants", "map references of dom0's table", false, false, false, false },
	{ "copy-from", 1, "grants", "copy from a page that is not granted", false, false, false, false },
	{ "copy-to", 1, "grants", "copy to a page that is not granted", false, false, false, false },
	{ "in-flight-only", 2, "grants", "write to the pages before and after a request's", false, false,
	  true, true },
	{ "readable-not-writable", 3, "grants", "write to a page that the device only reads", false, false,
	  true, true },
	{ "map-readonly-writable", 3, "grants", "map a read-only grant writable", false, false, false, false },
	{ "stale-gref", 4, "grants", "write to a page of a completed request", false, false, true, true },
	{ "foreign-map", 5, "grants", "map memory by frame number", false, true, true, false },
	{ "held-page-reuse", 6, "keep", "write through a mapping kept behind completion", true, true,
	  true, false },
	{ "held-alive", 6, "keep", "the frontend lives while one is kept", false, false, false, false },
	{ "held-goes-on", 6, "keep", "its I/O goes on", true, true, false, false },
	{ "held-recovers", 6, "keep", "references are given back once it is released", true, true, false, false },
	{ "paused-alive", 7, "die", "the frontend lives while the driver domain is paused", true, true,
	  false, false },
	{ "paused-recovers", 7, "die", "its I/O goes on after a minute of pause", false, false, false, false },
	{ "killed-unmapped", 7, "die", "a killed backend's mappings are gone", false, false, false, false },
	{ "killed-alive", 7, "die", "the frontend lives without its backend", false, false, false, false },
	{ "destroyed-gone", 7, "die", "a destroyed driver domain leaves no zombie", true, true, false, false },
	{ "destroyed-unmapped", 7, "die", "nor mappings", false, false, false, false },
	{ "destroyed-alive", 7, "die", "the frontend lives without its driver domain", false, false, false, false },
	{ "ring-interrupts", 8, "ring", "interrupts by the thousand", false, false, false, false },
	{ "ring-length", 8, "ring", "a used length beyond the request", false, false, false, false },
	{ "ring-table", 8, "ring", "the descriptor table rewritten", false, false, false, false },
	{ "ring-ids", 8, "ring", "used entries of no request", false, false, false, false },
	{ "sub-page", 9, "grants", "read what lies beside a request in its pages", true, true, false, false },
	{ "cross-map", 10, "cross", "map what is granted to another driver domain", false, false, false, false },
	{ "cross-copy", 10, "cross", "copy from or to it", false, false, false, false },
	{ "front-breaks", 11, "front", "a hostile ring breaks its device", false, false, false, false },
	{ "front-balanced", 11, "front", "its backend unmaps what it mapped", false, false, false, false },
	{ "front-unmapped", 11, "front", "nothing of it stays mapped", false, false, false, false },
	{ "front-driver-alive", 11, "front", "the driver domain lives", false, false, false, false },
	{ "front-other-device", 11, "front", "the same backend's other device serves", false, false, false, false },
	{ "front-other-frontend", 11, "front", "another frontend's I/O is as it should be", false, false,
	  false, false },
	{ .name = NULL },
};

static const char *const verdict_names[] = { "holds", "fails", "expected-fail", "not-applicable" };

const char *isolation_verdict_name(enum isolation_verdict verdict)
{
	return verdict_names[verdict];
}

static const char *str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

/* "native" is what the topology makes of it; only driver domains are in these runs. */
static const char *xsm_of(const json_t *axes)
{
	return strcmp(str(axes, "xsm"), "native") ? str(axes, "xsm") : "flask";
}

static enum isolation_verdict judge(const struct isolation_check *check,
				    const struct isolation_column *c, const char *seen)
{
	bool none = !strcmp(c->binding, "none"), dummy = !strcmp(c->xsm, "dummy");

	if (!strcmp(seen, "not-applicable"))
		return ISOLATION_NOT_APPLICABLE;
	/* the control must fail, or the check shows nothing */
	if (none && check->control)
		return strcmp(seen, "fails") ? ISOLATION_FAILS : ISOLATION_EXPECTED_FAIL;
	if (!strcmp(seen, "holds"))
		return ISOLATION_HOLDS;
	if (strcmp(seen, "fails"))
		return ISOLATION_FAILS;		/* nobody could tell */
	if (check->pool && !strcmp(c->allocator, "pool"))
		return ISOLATION_EXPECTED_FAIL;
	return check->limit || (dummy && check->target) ? ISOLATION_EXPECTED_FAIL : ISOLATION_FAILS;
}

static size_t count_checks(void)
{
	size_t n = 0;

	while (isolation_checks[n].name)
		n++;
	return n;
}

static struct isolation_column *find_column(struct isolation_table *t, const json_t *axes)
{
	_cleanup_free_ char *name = xasprintf("%s %s %s", str(axes, "binding"), xsm_of(axes),
					      str(axes, "allocator"));
	struct isolation_column *c;
	size_t i;

	for (i = 0; i < t->nr_columns; i++)
		if (!strcmp(t->column[i].name, name))
			return &t->column[i];
	t->column = xrealloc(t->column, (t->nr_columns + 1) * sizeof(*t->column));
	c = &t->column[t->nr_columns++];
	*c = (struct isolation_column){ .name = take_ptr(name), .binding = str(axes, "binding"),
					.xsm = xsm_of(axes), .allocator = str(axes, "allocator"),
					.entry = xcalloc(t->nr_checks, sizeof(*c->entry)) };
	for (i = 0; i < t->nr_checks; i++)
		c->entry[i] = (struct isolation_entry){ ISOLATION_NOT_APPLICABLE, "not asked for" };
	return c;
}

static const json_t *find_seen(const json_t *list, const char *name)
{
	const json_t *seen;
	size_t i;

	json_array_foreach(list, i, seen)
		if (!strcmp(str(seen, "name"), name))
			return seen;
	return NULL;
}

static void take_cell(struct isolation_table *t, const json_t *cell)
{
	const json_t *axes = json_object_get(cell, "axes");
	const json_t *list = json_object_get(json_object_get(cell, "proof"), "isolation");
	bool ran = !strcmp(str(cell, "outcome"), "pass");
	struct isolation_column *c = find_column(t, axes);
	size_t i;

	for (i = 0; i < t->nr_checks; i++) {
		const struct isolation_check *check = &isolation_checks[i];
		const json_t *seen = find_seen(list, check->name);

		if (strcmp(check->attack, str(axes, "attack")))
			continue;
		if (!ran)	/* a machine that came to grief shows nothing good */
			c->entry[i] = (struct isolation_entry){ ISOLATION_FAILS, str(cell, "reason") };
		else if (seen)
			c->entry[i] = (struct isolation_entry){ judge(check, c, str(seen, "seen")),
								str(seen, "detail") };
		else if (!strcmp(c->binding, "none"))
			c->entry[i].detail = "without grants there are no references";
		else
			c->entry[i] = (struct isolation_entry){ ISOLATION_FAILS, "the judge is silent on it" };
	}
}

int isolation_build(const json_t *result, struct isolation_table *table, struct err *err)
{
	struct isolation_table t = { .nr_checks = count_checks() };
	const json_t *cell;
	size_t i, k;

	json_array_foreach(json_object_get(result, "cells"), i, cell) {
		const char *attack = str(json_object_get(cell, "axes"), "attack");

		/* what cannot be has its reason in result.json, and no column */
		if (*attack && strcmp(attack, "none") && strcmp(str(cell, "outcome"), "not-applicable"))
			take_cell(&t, cell);
	}
	if (!t.nr_columns)
		return err_usage(err, "no cell of an isolation run in it (`grantbench run isolate`)");
	for (i = 0; i < t.nr_columns; i++) {
		for (k = 0; k < t.nr_checks; k++) {
			t.fails += t.column[i].entry[k].verdict == ISOLATION_FAILS;
			t.shown += t.column[i].entry[k].verdict != ISOLATION_NOT_APPLICABLE;
		}
	}
	*table = t;
	return 0;
}

void isolation_release(struct isolation_table *t)
{
	size_t i;

	for (i = 0; i < t->nr_columns; i++) {
		free(t->column[i].name);
		free(t->column[i].entry);
	}
	free(t->column);
	*t = (struct isolation_table){ NULL, 0, 0, 0, 0 };
}

static const char *cell_text(const struct isolation_column *c, size_t k)
{
	return verdict_names[c->entry[k].verdict];
}

static void print_rows(FILE *f, const struct isolation_table *t, bool md)
{
	const char *bar = md ? "| " : "", *sep = md ? " | " : "  ", *end = md ? " |\n" : "\n";
	size_t i, k;

	fprintf(f, "%s%2s%s%-22s", bar, md ? "#" : "", sep, "check");
	for (i = 0; i < t->nr_columns; i++)
		fprintf(f, "%s%-22s", sep, t->column[i].name);
	fputs(end, f);
	for (i = 0; md && i < t->nr_columns + 2; i++)
		fputs("|---", f);
	fputs(md ? "|\n" : "", f);
	for (k = 0; k < t->nr_checks; k++) {
		fprintf(f, "%s%2d%s%-22s", bar, isolation_checks[k].number, sep, isolation_checks[k].name);
		for (i = 0; i < t->nr_columns; i++)
			fprintf(f, "%s%-22s", sep, cell_text(&t->column[i], k));
		fputs(end, f);
	}
}

/* What was seen, where it is not simply so. */
static void print_details(FILE *f, const struct isolation_table *t, bool md)
{
	size_t i, k;

	for (k = 0; k < t->nr_checks; k++) {
		for (i = 0; i < t->nr_columns; i++) {
			const struct isolation_entry *e = &t->column[i].entry[k];

			if (e->verdict == ISOLATION_FAILS || e->verdict == ISOLATION_EXPECTED_FAIL)
				fprintf(f, "%s%s, %s: %s: %s\n", md ? "- " : "  ", isolation_checks[k].name,
					t->column[i].name, verdict_names[e->verdict], e->detail);
		}
	}
}

static void print_json(FILE *f, const struct isolation_table *t)
{
	_cleanup_json_ json_t *all = json_array();
	size_t i, k;

	for (i = 0; i < t->nr_columns; i++) {
		const struct isolation_column *c = &t->column[i];

		for (k = 0; k < t->nr_checks; k++)
			json_array_append_new(all, json_pack("{s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:s}",
				"check", isolation_checks[k].name, "number", isolation_checks[k].number,
				"what", isolation_checks[k].what, "binding", c->binding, "xsm", c->xsm,
				"allocator", c->allocator, "verdict", cell_text(c, k), "detail",
				c->entry[k].detail));
	}
	json_dumpf(all, f, JSON_INDENT(1));
	fputc('\n', f);
}

void isolation_print(FILE *f, const struct isolation_table *t, const char *format)
{
	bool md = !strcmp(format, "md");

	if (!strcmp(format, "json")) {
		print_json(f, t);
		return;
	}
	print_rows(f, t, md);
	fputc('\n', f);
	print_details(f, t, md);
	fprintf(f, "%s%u verdicts; %u not as they should be\n", md ? "\n" : "", t->shown, t->fails);
}
