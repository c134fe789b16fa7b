// SPDX-License-Identifier: GPL-2.0-or-later
#include "result/digest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "result/read.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void canonical_string(const char *s, struct buf *out)
{
	_cleanup_json_ json_t *json = json_string(s);
	_cleanup_free_ char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);

	buf_addstr(out, text);
}

static void canonical_number(const json_t *json, struct buf *out)
{
	double v = json_number_value(json);

	if (json_is_integer(json))
		buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
	else if (v == rint(v) && fabs(v) < 0x1p53)
		buf_addf(out, "%.0f", v == 0 ? 0.0 : v);	/* no -0 */
	else
		buf_addf(out, "%.17g", v);
}

static void canonical_object(const json_t *json, struct buf *out)
{
	_cleanup_free_ const char **keys = xcalloc(json_object_size(json) + 1, sizeof(*keys));
	const char *key;
	json_t *value;
	size_t n = 0, i;

	json_object_foreach((json_t *)json, key, value)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_name);
	buf_addstr(out, "{");
	for (i = 0; i < n; i++) {
		if (i)
			buf_addstr(out, ",");
		canonical_string(keys[i], out);
		buf_addstr(out, ":");
		json_canonical(json_object_get(json, keys[i]), out);
	}
	buf_addstr(out, "}");
}

void json_canonical(const json_t *json, struct buf *out)
{
	const json_t *value;
	size_t i;

	switch (json_typeof(json)) {
	case JSON_OBJECT:
		canonical_object(json, out);
		break;
	case JSON_ARRAY:
		buf_addstr(out, "[");
		json_array_foreach(json, i, value) {
			if (i)
				buf_addstr(out, ",");
			json_canonical(value, out);
		}
		buf_addstr(out, "]");
		break;
	case JSON_STRING:
		canonical_string(json_string_value(json), out);
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		canonical_number(json, out);
		break;
	case JSON_TRUE:
		buf_addstr(out, "true");
		break;
	case JSON_FALSE:
		buf_addstr(out, "false");
		break;
	case JSON_NULL:
		buf_addstr(out, "null");
		break;
	}
}

int result_digest(const char *out, char hex[FS_SHA256_HEX], struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_json_ json_t *json = NULL;

	if (results_load_json(out, &json, err) < 0)
		return -1;
	json_object_del(json, "host");
	json_canonical(json, &text);
	fs_sha256(text.data, text.size, hex);
	return 0;
}
