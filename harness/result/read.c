// SPDX-License-Identifier: GPL-2.0-or-later
#include "result/read.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"

/* A JSON object and where it stands, for messages. */
struct node {
	const char *file;
	char path[160];
	const json_t *json;
};

static int wrong(const struct node *at, const char *key, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static int wrong(const struct node *at, const char *key, struct err *err, const char *fmt, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addvf(&text, fmt, ap);
	va_end(ap);
	return err_usage(err, "%s: %s%s%s: %s", at->file, at->path, *key ? "." : "", key,
			 text.data);
}

static int entry(const struct node *parent, const char *key, size_t i, const json_t *json,
		 struct node *out, struct err *err)
{
	*out = (struct node){ parent->file, "", json };
	snprintf(out->path, sizeof(out->path), "%.100s.%.20s[%zu]", parent->path, key, i);
	return json_is_object(json) ? 0 : wrong(out, "", err, "not an object");
}

/* A name: printable ASCII without blanks, so that it can stand in any table. */
static bool is_word(const json_t *json)
{
	const char *s = json_string_value(json);
	size_t i, n = json_string_length(json);

	for (i = 0; s && i < n; i++)
		if (s[i] < '!' || s[i] > '~')
			return false;
	return s && n;
}

static int get_word(const struct node *at, const char *key, const char **out, struct err *err)
{
	const json_t *v = json_object_get(at->json, key);

	if (!v)
		return wrong(at, key, err, "is missing");
	if (!is_word(v))
		return wrong(at, key, err, "not a name (printable, without blanks)");
	*out = json_string_value(v);
	return 0;
}

/* One of n names; *out is its index. */
static int get_choice(const struct node *at, const char *key, const char *(*name)(int i), int n,
		      int *out, struct err *err)
{
	_cleanup_buf_ struct buf list = BUF_INIT;
	const char *word;
	int i;

	if (get_word(at, key, &word, err) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (!strcmp(name(i), word)) {
			*out = i;
			return 0;
		}
		buf_addf(&list, "%s%s", i ? ", " : "", name(i));
	}
	return wrong(at, key, err, "\"%.40s\" is none of %s", word, list.data);
}

static const char *class_name(int i)
{
	return metric_class_name((enum metric_class)i);
}

static const char *better_word(int i)
{
	return better_name((enum better)i);
}

static const char *outcome_word(int i)
{
	return outcome_name((enum outcome)i);
}

static int get_number(const struct node *at, const char *key, double *out, struct err *err)
{
	const json_t *v = json_object_get(at->json, key);

	if (!json_is_number(v))
		return wrong(at, key, err, v ? "not a number" : "is missing");
	*out = json_number_value(v);
	return 0;
}

static int get_array(const struct node *at, const char *key, const json_t **out, struct err *err)
{
	*out = json_object_get(at->json, key);
	if (!json_is_array(*out))
		return wrong(at, key, err, *out ? "not an array" : "is missing");
	return 0;
}

static bool is_sha256(const char *s)
{
	return s && strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

/* A SHA-256; absent or "" (it could not be taken) is NULL. */
static int get_hash(const struct node *at, const char *key, const char **out, struct err *err)
{
	const json_t *v = json_object_get(at->json, key);
	const char *s = json_string_value(v);

	if (!v || (s && !*s))
		return 0;
	if (!is_sha256(s))
		return wrong(at, key, err, "not a SHA-256 in lower-case hex");
	*out = s;
	return 0;
}

static int by_key(const void *a, const void *b)
{
	long long x = ((const struct metric_value *)a)->key;
	long long y = ((const struct metric_value *)b)->key;

	return (x > y) - (x < y);
}

static int read_values(const struct node *at, struct metric *m, struct err *err)
{
	const json_t *array, *json;
	size_t i;

	if (!json_object_get(at->json, "values"))
		return 0;
	if (get_array(at, "values", &array, err) < 0)
		return -1;
	if (!json_array_size(array))
		return wrong(at, "values", err, "empty");
	m->values = xcalloc(json_array_size(array), sizeof(*m->values));
	json_array_foreach(array, i, json) {
		struct metric_value *v = &m->values[m->nr_values++];
		const json_t *seed, *pair;
		struct node node;

		if (entry(at, "values", i, json, &node, err) < 0 ||
		    get_number(&node, "value", &v->value, err) < 0)
			return -1;
		seed = json_object_get(json, "seed");
		pair = json_object_get(json, "pair");
		if (!seed == !pair || !json_is_integer(seed ? seed : pair) ||
		    json_integer_value(seed ? seed : pair) < 0)
			return wrong(&node, "", err,
				     "needs either a \"seed\" or a \"pair\", a whole number");
		v->key = json_integer_value(seed ? seed : pair);
	}
	qsort(m->values, m->nr_values, sizeof(*m->values), by_key);
	for (i = 1; i < m->nr_values; i++)
		if (m->values[i].key == m->values[i - 1].key)
			return wrong(at, "values", err, "seed or pair %lld stands twice",
				     m->values[i].key);
	return 0;
}

static int read_metric(const struct node *at, struct metric *m, struct err *err)
{
	int class, better;

	if (get_word(at, "name", &m->name, err) < 0 || get_word(at, "unit", &m->unit, err) < 0 ||
	    get_choice(at, "class", class_name, METRIC_NOISY + 1, &class, err) < 0 ||
	    get_choice(at, "better", better_word, NR_BETTER, &better, err) < 0 ||
	    get_number(at, "value", &m->value, err) < 0)
		return -1;
	m->class = (enum metric_class)class;
	m->better = (enum better)better;
	return read_values(at, m, err);
}

static int read_metrics(const struct node *at, struct result_cell *cell, struct err *err)
{
	const json_t *array, *json;
	size_t i, j;

	if (!json_object_get(at->json, "metrics"))	/* a cell that did not run */
		return 0;
	if (get_array(at, "metrics", &array, err) < 0)
		return -1;
	cell->metrics = xcalloc(json_array_size(array) + 1, sizeof(*cell->metrics));
	json_array_foreach(array, i, json) {
		struct node node;

		cell->nr_metrics++;
		if (entry(at, "metrics", i, json, &node, err) < 0 ||
		    read_metric(&node, &cell->metrics[i], err) < 0)
			return -1;
		for (j = 0; j < i; j++)
			if (!strcmp(cell->metrics[i].name, cell->metrics[j].name))
				return wrong(&node, "name", err, "\"%s\" stands twice in this cell",
					     cell->metrics[i].name);
	}
	return 0;
}

static int read_axes(const struct node *at, struct result_cell *cell, struct err *err)
{
	const char *key;
	json_t *value;

	cell->axes = json_object_get(at->json, "axes");
	if (!json_is_object(cell->axes) || !json_object_size(cell->axes))
		return wrong(at, "axes", err, "not an object with members");
	json_object_foreach((json_t *)cell->axes, key, value) {
		_cleanup_json_ json_t *name = json_string(key);

		if (!is_word(name) || !is_word(value))
			return wrong(at, "axes", err,
				     "axis and value have to be names (printable, without blanks)");
	}
	return 0;
}

/* What a guest or a child said may hold anything: one line of it, printable. */
static const char *read_reason(json_t *cell)
{
	json_t *reason = json_object_get(cell, "reason");
	_cleanup_free_ char *s = NULL;
	char *p;

	if (!json_is_string(reason))
		return "";
	s = xstrdup(json_string_value(reason));
	for (p = s; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	json_string_set(reason, s);
	return json_string_value(reason);
}

static int read_expected(const struct node *at, struct result_cell *cell, struct err *err)
{
	const json_t *expected = json_object_get(at->json, "expected");
	const json_t *met = json_object_get(expected, "met");
	struct node node = *at;

	cell->word = outcome_name(cell->outcome);
	if (!expected)
		return 0;
	if (!json_is_object(expected) || !json_is_boolean(met) ||
	    !json_is_string(json_object_get(expected, "reason")))
		return wrong(at, "expected", err, "not {\"word\", \"reason\", \"met\"}");
	cell->as_expected = json_is_true(met);
	node.json = expected;
	return get_word(&node, "word", &cell->word, err);
}

static int read_cell(const struct node *at, struct result_cell *cell, struct err *err)
{
	int outcome;

	if (get_word(at, "id", &cell->id, err) < 0 || read_axes(at, cell, err) < 0 ||
	    get_choice(at, "outcome", outcome_word, NR_OUTCOMES, &outcome, err) < 0)
		return -1;
	cell->outcome = (enum outcome)outcome;
	cell->reason = read_reason((json_t *)at->json);
	if (read_expected(at, cell, err) < 0 ||
	    get_hash(at, "inputs_sha256", &cell->inputs_sha256, err) < 0 ||
	    get_hash(at, "console_sha256", &cell->console_sha256, err) < 0)
		return -1;
	return read_metrics(at, cell, err);
}

static int read_canary(const struct node *at, enum canary *out, struct err *err)
{
	const json_t *canary = json_object_get(at->json, "canary");
	const json_t *identical = json_object_get(canary, "identical");

	if (!json_is_object(canary))
		return wrong(at, "canary", err, canary ? "not an object" : "is missing");
	if (json_is_false(json_object_get(canary, "ran"))) {
		*out = CANARY_ABSENT;
		return 0;
	}
	if (!json_is_boolean(identical))
		return wrong(at, "canary", err, "\"identical\" is neither true nor false");
	*out = json_is_true(identical) ? CANARY_IDENTICAL : CANARY_DIFFERS;
	return 0;
}

static int read_result(struct results *r, struct err *err)
{
	struct node top = { r->path, "$", r->json };
	const json_t *cells, *json;
	int engine;
	size_t i, j;

	if (get_word(&top, "scenario", &r->scenario, err) < 0 ||
	    get_choice(&top, "engine", class_name, METRIC_NOISY + 1, &engine, err) < 0 ||
	    read_canary(&top, &r->canary, err) < 0 || get_array(&top, "cells", &cells, err) < 0)
		return -1;
	r->engine = (enum metric_class)engine;
	r->cells = xcalloc(json_array_size(cells) + 1, sizeof(*r->cells));
	json_array_foreach(cells, i, json) {
		struct node node;

		r->nr_cells++;
		if (entry(&top, "cells", i, json, &node, err) < 0 ||
		    read_cell(&node, &r->cells[i], err) < 0)
			return -1;
		for (j = 0; j < i; j++)
			if (!strcmp(r->cells[i].id, r->cells[j].id))
				return wrong(&node, "id", err, "\"%s\" stands twice",
					     r->cells[i].id);
	}
	return 0;
}

static int check_artifacts(const struct node *top, struct err *err)
{
	json_t *artifacts = json_object_get(top->json, "artifacts");
	const char *name;
	json_t *a;

	if (!json_is_object(artifacts))
		return wrong(top, "artifacts", err, "not an object");
	json_object_foreach(artifacts, name, a) {
		_cleanup_json_ json_t *word = json_string(name);

		if (!is_word(word) || !json_is_string(json_object_get(a, "version")) ||
		    !is_sha256(json_string_value(json_object_get(a, "sha256"))))
			return wrong(top, "artifacts", err,
				     "\"%.40s\" has no \"version\" and \"sha256\"", name);
	}
	return 0;
}

/* Find, read and parse a file, and check its schema version. */
static int load(const char *path, const char *schema, json_t **out, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_json_ json_t *json = NULL;
	const char *have;
	json_error_t jerr;

	if (fs_read(path, &text, err) < 0) {
		if (err)
			err->code = GB_USAGE;
		return -1;
	}
	json = json_loadb(text.data ? text.data : "", text.size, JSON_REJECT_DUPLICATES, &jerr);
	if (!json)
		return err_usage(err, "%s:%d: %s", path, jerr.line, jerr.text);
	have = json_string_value(json_object_get(json, "schema"));
	if (!have)
		return err_usage(err, "%s: $.schema: is missing: not a file of grantbench's", path);
	if (strcmp(have, schema))
		return err_usage(
			err,
			"%s: $.schema: \"%.60s\" is not the version that this program reads, %s; compare with the grantbench that wrote it, or run the scenario again",
			path, have, schema);
	*out = take_ptr(json);
	return 0;
}

static char *result_path(const char *out)
{
	return fs_is_dir(out) ? xasprintf("%s/result.json", out) : xstrdup(out);
}

int results_load_json(const char *out, json_t **json, struct err *err)
{
	_cleanup_free_ char *path = result_path(out);

	return load(path, RESULT_SCHEMA, json, err);
}

static int read_manifest(struct results *r, struct err *err)
{
	const char *slash = strrchr(r->path, '/');
	_cleanup_free_ char *path = xasprintf("%.*smanifest.json",
					      slash ? (int)(slash + 1 - r->path) : 0, r->path);
	struct node top = { path, "$", NULL };

	if (!fs_exists(path))
		return 0;
	if (load(path, MANIFEST_SCHEMA, &r->manifest, err) < 0)
		return -1;
	top.json = r->manifest;
	return check_artifacts(&top, err);
}

int results_read(const char *out, struct results *results, struct err *err)
{
	struct results r = { .path = result_path(out) };

	if (load(r.path, RESULT_SCHEMA, &r.json, err) < 0 || read_result(&r, err) < 0 ||
	    read_manifest(&r, err) < 0) {
		results_release(&r);
		return -1;
	}
	*results = r;
	return 0;
}

void results_release(struct results *results)
{
	size_t i, j;

	for (i = 0; i < results->nr_cells; i++) {
		for (j = 0; j < results->cells[i].nr_metrics; j++)
			free(results->cells[i].metrics[j].values);
		free(results->cells[i].metrics);
	}
	free(results->cells);
	free(results->path);
	json_decref(results->json);
	json_decref(results->manifest);
	*results = (struct results){ .path = NULL };
}

const char *result_cell_axis(const struct result_cell *cell, const char *axis)
{
	return json_string_value(json_object_get(cell->axes, axis));
}
