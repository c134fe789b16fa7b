// SPDX-License-Identifier: GPL-2.0-or-later
#include "result/schema.h"

#include <math.h>
#include <regex.h>
#include <stdbool.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"

/* Where we are; path grows and shrinks with the recursion. */
struct at {
	const json_t *root;	/* the whole schema: $ref */
	const char *name;
	struct buf path;
	unsigned int depth;
};

#define DEPTH_MAX 64

static int check(struct at *at, const json_t *schema, const json_t *doc, struct err *err);

static int wrong(const struct at *at, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int wrong(const struct at *at, struct err *err, const char *fmt, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addvf(&text, fmt, ap);
	va_end(ap);
	return err_usage(err, "%s: $%s: %s", at->name, at->path.data ? at->path.data : "",
			 text.data);
}

static int bad_schema(const struct at *at, struct err *err, const char *what)
{
	return err_set(err, "%s: $%s: the schema is wrong here: %s", at->name,
		       at->path.data ? at->path.data : "", what);
}

static bool has_type(const json_t *doc, const char *type)
{
	if (!strcmp(type, "integer"))
		return json_is_integer(doc) ||
		       (json_is_real(doc) && json_real_value(doc) == rint(json_real_value(doc)));
	return (!strcmp(type, "object") && json_is_object(doc)) ||
	       (!strcmp(type, "array") && json_is_array(doc)) ||
	       (!strcmp(type, "string") && json_is_string(doc)) ||
	       (!strcmp(type, "number") && json_is_number(doc)) ||
	       (!strcmp(type, "boolean") && json_is_boolean(doc)) ||
	       (!strcmp(type, "null") && json_is_null(doc));
}

static int check_type(struct at *at, const json_t *want, const json_t *doc, struct err *err)
{
	_cleanup_buf_ struct buf list = BUF_INIT;
	const json_t *t;
	size_t i;

	if (json_is_string(want))
		return has_type(doc, json_string_value(want)) ? 0 :
			wrong(at, err, "not of type %s", json_string_value(want));
	if (!json_is_array(want))
		return bad_schema(at, err, "type");
	json_array_foreach(want, i, t) {
		if (!json_is_string(t))
			return bad_schema(at, err, "type");
		if (has_type(doc, json_string_value(t)))
			return 0;
		buf_addf(&list, "%s%s", i ? " or " : "", json_string_value(t));
	}
	return wrong(at, err, "not of type %s", list.data ? list.data : "(none)");
}

/* json_equal(), but 1 and 1.0 are the same number, as JSON Schema has it. */
static bool same(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

static int check_enum(struct at *at, const json_t *list, const json_t *doc, struct err *err)
{
	_cleanup_free_ char *have =
		json_dumps(doc, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	_cleanup_free_ char *want = json_dumps(list, JSON_ENCODE_ANY);
	const json_t *one;
	size_t i;

	if (!json_is_array(list))
		return bad_schema(at, err, "enum");
	json_array_foreach(list, i, one)
		if (same(one, doc))
			return 0;
	return wrong(at, err, "%.80s is not one of %s", have ? have : "value",
		     want ? want : "enum");
}

static int check_const(struct at *at, const json_t *want, const json_t *doc, struct err *err)
{
	_cleanup_free_ char *have =
		json_dumps(doc, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	_cleanup_free_ char *text = json_dumps(want, JSON_ENCODE_ANY);

	return same(want, doc) ? 0 : wrong(at, err, "%.80s is not %s", have ? have : "value",
					   text ? text : "const");
}

static int check_required(struct at *at, const json_t *names, const json_t *doc, struct err *err)
{
	const json_t *n;
	size_t i;

	if (!json_is_array(names))
		return bad_schema(at, err, "required");
	if (!json_is_object(doc))
		return 0;
	json_array_foreach(names, i, n) {
		if (!json_is_string(n))
			return bad_schema(at, err, "required");
		if (!json_object_get(doc, json_string_value(n)))
			return wrong(at, err, "\"%s\" is missing", json_string_value(n));
	}
	return 0;
}

static int check_members(struct at *at, const json_t *schema, const json_t *doc, struct err *err)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *others = json_object_get(schema, "additionalProperties");
	const char *key;
	json_t *value;

	if (!json_is_object(doc))
		return 0;
	json_object_foreach((json_t *)doc, key, value) {
		const json_t *sub = json_object_get(properties, key);
		size_t len = at->path.size;
		int ret;

		if (!sub)
			sub = others;
		if (json_is_false(sub))
			return wrong(at, err, "\"%.80s\" is not known here", key);
		if (!sub)
			continue;
		buf_addf(&at->path, ".%s", key);
		ret = check(at, sub, value, err);
		at->path.size = len;
		at->path.data[len] = '\0';
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int check_items(struct at *at, const json_t *sub, const json_t *doc, struct err *err)
{
	const json_t *value;
	size_t i;

	json_array_foreach(doc, i, value) {
		size_t len = at->path.size;
		int ret;

		buf_addf(&at->path, "[%zu]", i);
		ret = check(at, sub, value, err);
		at->path.size = len;
		at->path.data[len] = '\0';
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int check_unique(struct at *at, const json_t *on, const json_t *doc, struct err *err)
{
	size_t i, j;

	if (!json_is_true(on))
		return 0;
	for (i = 0; i < json_array_size(doc); i++)
		for (j = 0; j < i; j++)
			if (same(json_array_get(doc, i), json_array_get(doc, j)))
				return wrong(at, err, "entries %zu and %zu are equal", j, i);
	return 0;
}

static int check_pattern(struct at *at, const json_t *pattern, const json_t *doc, struct err *err)
{
	regex_t re;
	bool fits;

	if (!json_is_string(pattern) ||
	    regcomp(&re, json_string_value(pattern), REG_EXTENDED | REG_NOSUB))
		return bad_schema(at, err, "pattern");
	/* a NUL inside would hide what is behind it */
	fits = !json_is_string(doc) ||
	       (strlen(json_string_value(doc)) == json_string_length(doc) &&
		!regexec(&re, json_string_value(doc), 0, NULL, 0));
	regfree(&re);
	return fits ? 0 : wrong(at, err, "\"%.80s\" does not match %s", json_string_value(doc),
				json_string_value(pattern));
}

static int check_limit(struct at *at, const char *key, const json_t *limit, const json_t *doc,
		       struct err *err)
{
	double want = json_number_value(limit);

	if (!json_is_number(limit))
		return bad_schema(at, err, key);
	if (!strcmp(key, "minimum") && json_is_number(doc) && json_number_value(doc) < want)
		return wrong(at, err, "less than %g", want);
	if (!strcmp(key, "maximum") && json_is_number(doc) && json_number_value(doc) > want)
		return wrong(at, err, "more than %g", want);
	if (!strcmp(key, "minItems") && json_is_array(doc) && (double)json_array_size(doc) < want)
		return wrong(at, err, "fewer than %g entries", want);
	if (!strcmp(key, "minProperties") && json_is_object(doc) &&
	    (double)json_object_size(doc) < want)
		return wrong(at, err, "fewer than %g members", want);
	if (!strcmp(key, "minLength") && json_is_string(doc) &&
	    (double)json_string_length(doc) < want)
		return wrong(at, err, "shorter than %g", want);
	return 0;
}

static int check_one_of(struct at *at, const json_t *list, const json_t *doc, struct err *err)
{
	const json_t *sub;
	unsigned int fits = 0;
	size_t i;

	if (!json_is_array(list))
		return bad_schema(at, err, "oneOf");
	json_array_foreach(list, i, sub) {
		struct err ignored = { 0 };
		int ret = check(at, sub, doc, &ignored);

		if (ret < 0 && err_exit(&ignored) != GB_USAGE) {
			*err = ignored;
			return -1;
		}
		fits += ret == 0;
	}
	return fits == 1 ? 0
			 : wrong(at, err, "fits %u of the %zu alternatives instead of one", fits,
				 json_array_size(list));
}

static int check_ref(struct at *at, const json_t *ref, const json_t *doc, struct err *err)
{
	static const char prefix[] = "#/$defs/";
	const char *name = json_string_value(ref);
	const json_t *target = NULL;

	if (name && !strncmp(name, prefix, strlen(prefix)))
		target = json_object_get(json_object_get(at->root, "$defs"), name + strlen(prefix));
	if (!target)
		return bad_schema(at, err, "$ref");
	return check(at, target, doc, err);
}

static int keyword(struct at *at, const char *key, const json_t *value, const json_t *schema,
		   const json_t *doc, struct err *err)
{
	static const char *const annotations[] = { "$schema", "$id", "$defs", "title",
						   "description" };
	static const char *const limits[] = { "minimum", "maximum", "minItems", "minProperties",
					      "minLength" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(annotations); i++)
		if (!strcmp(key, annotations[i]))
			return 0;
	for (i = 0; i < ARRAY_SIZE(limits); i++)
		if (!strcmp(key, limits[i]))
			return check_limit(at, key, value, doc, err);
	if (!strcmp(key, "type"))
		return check_type(at, value, doc, err);
	if (!strcmp(key, "enum"))
		return check_enum(at, value, doc, err);
	if (!strcmp(key, "const"))
		return check_const(at, value, doc, err);
	if (!strcmp(key, "required"))
		return check_required(at, value, doc, err);
	if (!strcmp(key, "properties"))
		return json_is_object(value) ? check_members(at, schema, doc, err) :
			bad_schema(at, err, key);
	if (!strcmp(key, "additionalProperties")) /* done with "properties", where there is one */
		return json_object_get(schema, "properties") ? 0 :
			check_members(at, schema, doc, err);
	if (!strcmp(key, "items"))
		return check_items(at, value, doc, err);
	if (!strcmp(key, "uniqueItems"))
		return check_unique(at, value, doc, err);
	if (!strcmp(key, "pattern"))
		return check_pattern(at, value, doc, err);
	if (!strcmp(key, "oneOf"))
		return check_one_of(at, value, doc, err);
	if (!strcmp(key, "$ref"))
		return check_ref(at, value, doc, err);
	return bad_schema(at, err, key);
}

static int check(struct at *at, const json_t *schema, const json_t *doc, struct err *err)
{
	const char *key;
	json_t *value;
	int ret = 0;

	if (json_is_boolean(schema))
		return json_is_true(schema) ? 0 : wrong(at, err, "nothing is allowed here");
	if (!json_is_object(schema))
		return bad_schema(at, err, "not an object");
	if (at->depth >= DEPTH_MAX)
		return bad_schema(at, err, "too deep");
	at->depth++;
	json_object_foreach((json_t *)schema, key, value) {
		ret = keyword(at, key, value, schema, doc, err);
		if (ret < 0)
			break;
	}
	at->depth--;
	return ret;
}

int schema_check(const json_t *schema, const json_t *doc, const char *name, struct err *err)
{
	struct at at = { schema, name, BUF_INIT, 0 };
	int ret = check(&at, schema, doc, err);

	buf_release(&at.path);
	return ret;
}
