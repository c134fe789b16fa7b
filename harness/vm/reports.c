// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/reports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/record.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define TEXT_MAX 600	/* of an error or a check; a record holds no more anyhow */

struct blob_part {
	bool seen;
	uint16_t size;
	uint8_t data[RECORD_BLOB_CHUNK];
};

static const char *const source_names[REPORT_SOURCES] = { "dom0", "domu", "backend", "domu2", "backend2",
	"peer" };

static const char *const phase_names[] = {
	"xen-up", "dom0-up", "domain-created", "driver-up", "backend-ready", "domu-up", "disk-ready",
	"first-request", "workload-start", "workload-done", "domu-done", "dom0-done",
};

const char *report_source_name(enum report_source source)
{
	return source_names[source];
}

bool report_phase_known(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(phase_names); i++)
		if (!strcmp(name, phase_names[i]))
			return true;
	return false;
}

void reports_init(struct reports *reports, const char *token)
{
	int i;

	memset(reports, 0, sizeof(*reports));
	reports->records = json_array();
	for (i = 0; i < REPORT_SOURCES; i++) {
		reports_set_token(reports, (enum report_source)i, token);
		reports->seen[i] = xcalloc(REPORTS_SEQ_MAX, sizeof(uint32_t));
		reports->have[i] = xcalloc(REPORTS_SEQ_MAX / 8 + 1, 1);
	}
}

void reports_set_token(struct reports *reports, enum report_source source, const char *token)
{
	snprintf(reports->token[source], sizeof(reports->token[source]), "%s", token);
}

void reports_release(struct reports *reports)
{
	size_t i;

	for (i = 0; i < REPORT_SOURCES; i++) {
		free(reports->seen[i]);
		free(reports->have[i]);
	}
	for (i = 0; i < reports->nr_blobs; i++) {
		free(reports->blobs[i].data);
		free(reports->blobs[i].part);
	}
	free(reports->blobs);
	json_decref(reports->records);
	buf_release(&reports->text);
	memset(reports, 0, sizeof(*reports));
}

static void __attribute__((format(printf, 2, 3)))
reject(struct reports *reports, const char *fmt, ...)
{
	va_list ap;

	if (!reports->rejected++) {
		va_start(ap, fmt);
		vsnprintf(reports->problem, sizeof(reports->problem), fmt, ap);
		va_end(ap);
	}
}

/* Strings hold no control characters, so that they can stand in a message. */
static bool is_text(const json_t *value, size_t max)
{
	const char *s = json_string_value(value);

	if (!s || json_string_length(value) > max || strlen(s) != json_string_length(value))
		return false;
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t')
			return false;
	return true;
}

static bool has_only(const json_t *object, const char *const *keys, size_t nr)
{
	size_t i;

	if (!json_is_object(object) || json_object_size(object) != nr)
		return false;
	for (i = 0; i < nr; i++)
		if (!json_object_get(object, keys[i]))
			return false;
	return true;
}

#define HAS_ONLY(object, ...)                                                      \
	has_only(object, (const char *const[]){ __VA_ARGS__ },                     \
		 sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	return len && len <= REPORTS_NAME_MAX && *name != '.' &&
	       strspn(name, NAME_CHARS) == len;
}

static bool take_phase(struct reports *reports, json_t *data, struct report *report)
{
	const json_t *phase = json_object_get(data, "phase"), *t_ns = json_object_get(data, "t_ns");

	if (!HAS_ONLY(data, "phase", "t_ns") || !is_text(phase, REPORTS_NAME_MAX) ||
	    !json_is_integer(t_ns) || json_integer_value(t_ns) < 0) {
		reject(reports, "phase: not {\"phase\": name, \"t_ns\": number}");
		return false;
	}
	if (!report_phase_known(json_string_value(phase))) {
		reject(reports, "phase: unknown name \"%.40s\"", json_string_value(phase));
		return false;
	}
	report->kind = REPORT_PHASE;
	report->t_ns = json_integer_value(t_ns);
	buf_addstr(&reports->text, json_string_value(phase));
	return true;
}

/* What the guest says of a device: "device", and booleans, integers and texts. */
static bool take_device(struct reports *reports, const char *type, const json_t *data)
{
	const json_t *value;
	const char *key;
	void *it;

	if (!is_text(json_object_get(data, "device"), REPORTS_NAME_MAX)) {
		reject(reports, "%s: no \"device\"", type);
		return false;
	}
	for (it = json_object_iter((json_t *)data); it;
	     it = json_object_iter_next((json_t *)data, it)) {
		key = json_object_iter_key(it);
		value = json_object_iter_value(it);
		if (!name_ok(key) || (!json_is_boolean(value) && !json_is_integer(value) &&
				      !is_text(value, TEXT_MAX))) {
			reject(reports, "%s: \"%.40s\" is no boolean, integer or text", type,
			       key);
			return false;
		}
	}
	return true;
}

static bool take_proof(struct reports *reports, json_t *data, struct report *report)
{
	if (!take_device(reports, "proof", data))
		return false;
	report->kind = REPORT_PROOF;
	return true;
}

static bool take_probe(struct reports *reports, json_t *data, struct report *report)
{
	if (!take_device(reports, "probe", data))
		return false;
	report->kind = REPORT_PROBE;
	return true;
}

static bool take_check(struct reports *reports, json_t *data, struct report *report)
{
	const json_t *name = json_object_get(data, "name"), *ok = json_object_get(data, "ok"),
		     *detail = json_object_get(data, "detail");

	if (!HAS_ONLY(data, "name", "ok", "detail") || !is_text(name, REPORTS_NAME_MAX) ||
	    !json_is_boolean(ok) || !is_text(detail, TEXT_MAX)) {
		reject(reports, "check: not {\"name\": text, \"ok\": boolean, \"detail\": text}");
		return false;
	}
	report->kind = REPORT_CHECK;
	report->ok = json_is_true(ok);
	buf_addf(&reports->text, "%s: %s", json_string_value(name), json_string_value(detail));
	return true;
}

static bool take_error(struct reports *reports, json_t *data, struct report *report)
{
	const json_t *what = json_object_get(data, "what");

	if (!HAS_ONLY(data, "what") || !is_text(what, TEXT_MAX)) {
		reject(reports, "error: not {\"what\": text}");
		return false;
	}
	report->kind = REPORT_ERROR;
	buf_addstr(&reports->text, json_string_value(what));
	return true;
}

static bool take_done(struct reports *reports, json_t *data, struct report *report)
{
	const json_t *ok = json_object_get(data, "ok");

	if (!HAS_ONLY(data, "ok") || !json_is_boolean(ok)) {
		reject(reports, "done: not {\"ok\": boolean}");
		return false;
	}
	report->kind = REPORT_DONE;
	report->ok = json_is_true(ok);
	reports->sources[report->source].done = true;
	reports->sources[report->source].done_ok = report->ok;
	return true;
}

static struct blob *find_blob(struct reports *reports, enum report_source source,
			      const char *name, unsigned int parts)
{
	struct blob *blob;
	size_t i;

	for (i = 0; i < reports->nr_blobs; i++)
		if (reports->blobs[i].source == source && !strcmp(reports->blobs[i].name, name))
			return &reports->blobs[i];
	if (reports->nr_blobs == REPORTS_BLOBS)
		return NULL;
	reports->blobs = xrealloc(reports->blobs, (reports->nr_blobs + 1) * sizeof(*blob));
	blob = &reports->blobs[reports->nr_blobs++];
	*blob = (struct blob){ .source = source, .parts = parts };
	snprintf(blob->name, sizeof(blob->name), "%s", name);
	blob->part = xcalloc(parts, sizeof(*blob->part));
	return blob;
}

static void finish_blob(struct blob *blob)
{
	struct buf data = BUF_INIT;
	unsigned int i;

	for (i = 0; i < blob->parts; i++)
		buf_add(&data, blob->part[i].data, blob->part[i].size);
	blob->size = data.size;
	blob->data = buf_detach(&data);
	free(take_ptr(blob->part));
	blob->complete = true;
}

static bool take_blob(struct reports *reports, json_t *data, struct report *report)
{
	const json_t *name = json_object_get(data, "name"), *part = json_object_get(data, "part"),
		     *parts = json_object_get(data, "parts"), *b64 = json_object_get(data, "b64");
	const size_t b64_max = (RECORD_BLOB_CHUNK + 2) / 3 * 4;
	uint8_t raw[RECORD_MAX];
	struct blob *blob;
	json_int_t i, nr;
	long size;

	if (!HAS_ONLY(data, "name", "part", "parts", "b64") || !json_is_string(name) ||
	    !json_is_integer(part) || !json_is_integer(parts) || !json_is_string(b64)) {
		reject(reports, "blob: not {\"name\", \"part\", \"parts\", \"b64\"}");
		return false;
	}
	if (!name_ok(json_string_value(name))) {
		reject(reports, "blob: \"%.40s\" is no safe file name", json_string_value(name));
		return false;
	}
	i = json_integer_value(part);
	nr = json_integer_value(parts);
	if (nr < 1 || nr > REPORTS_BLOB_PARTS || i < 0 || i >= nr) {
		reject(reports, "blob %s: part %lld of %lld", json_string_value(name), (long long)i,
		       (long long)nr);
		return false;
	}
	size = json_string_length(b64) > b64_max ? -EINVAL :
	       record_b64_decode(raw, json_string_value(b64), json_string_length(b64));
	if (size < 0 || size > RECORD_BLOB_CHUNK) {
		reject(reports, "blob %s: part %lld is no base64 of at most %d bytes",
		       json_string_value(name), (long long)i, RECORD_BLOB_CHUNK);
		return false;
	}
	if (reports->blob_bytes + (size_t)size > REPORTS_BLOB_TOTAL) {
		reject(reports, "blob %s: more than %u bytes in all", json_string_value(name),
		       REPORTS_BLOB_TOTAL);
		return false;
	}
	blob = find_blob(reports, report->source, json_string_value(name), (unsigned int)nr);
	if (!blob || blob->parts != (unsigned int)nr || blob->complete || blob->part[i].seen) {
		reject(reports, "blob %s: %s", json_string_value(name),
		       !blob ? "too many blobs" :
		       blob->parts != (unsigned int)nr ? "its parts disagree on their number" :
							 "a part comes twice");
		return false;
	}
	blob->part[i].seen = true;
	blob->part[i].size = (uint16_t)size;
	memcpy(blob->part[i].data, raw, (size_t)size);
	reports->blob_bytes += (size_t)size;
	if (++blob->parts_seen == blob->parts)
		finish_blob(blob);
	report->kind = REPORT_BLOB;
	return true;
}

static const struct {
	const char *name;
	bool (*take)(struct reports *reports, json_t *data, struct report *report);
} types[] = {
	{ "phase", take_phase }, { "blob", take_blob }, { "proof", take_proof },
	{ "probe", take_probe },
	{ "check", take_check }, { "error", take_error }, { "done", take_done },
};

/* true: seen before (or in conflict), nothing more to do with it. */
static bool seen_before(struct reports *reports, enum report_source source, unsigned int seq,
			uint32_t crc)
{
	struct source_stats *stats = &reports->sources[source];
	uint8_t *have = &reports->have[source][(seq - 1) / 8], bit = (uint8_t)(1u << (seq - 1) % 8);

	if (*have & bit) {
		if (reports->seen[source][seq - 1] == crc)
			stats->repeated++;
		else
			stats->conflicts++;
		return true;
	}
	*have |= bit;
	reports->seen[source][seq - 1] = crc;
	stats->records++;
	if (seq > stats->max_seq)
		stats->max_seq = seq;
	stats->lost = stats->max_seq - stats->records;
	return false;
}

static int find_source(const json_t *src)
{
	int i;

	for (i = 0; i < REPORT_SOURCES; i++)
		if (json_is_string(src) && !strcmp(json_string_value(src), source_names[i]))
			return i;
	return -1;
}

static void keep(struct reports *reports, json_t *root)
{
	json_t *copy = json_object();

	json_object_set(copy, "src", json_object_get(root, "src"));
	json_object_set(copy, "seq", json_object_get(root, "seq"));
	json_object_set(copy, "type", json_object_get(root, "type"));
	json_object_set(copy, "data", json_object_get(root, "data"));
	json_array_append_new(reports->records, copy);
}

/* A whole record; line starts at its "{". token: what it came with. */
static void take(struct reports *reports, const char *line, size_t len, const char *token,
		 struct report *report)
{
	_cleanup_json_ json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *seq = json_object_get(root, "seq"), *type = json_object_get(root, "type"),
	       *data = json_object_get(root, "data");
	int source = find_source(json_object_get(root, "src"));
	size_t i;

	if (!HAS_ONLY(root, "gb", "tok", "src", "seq", "type", "data", "crc")) {
		reject(reports, "not JSON with the keys of a record");
		return;
	}
	if (source < 0 || !json_is_string(type) || !json_is_object(data) || !json_is_integer(seq) ||
	    json_integer_value(seq) < 1 || json_integer_value(seq) > REPORTS_SEQ_MAX) {
		reject(reports, "src, seq, type or data out of range");
		return;
	}
	if (strcmp(reports->token[source], token)) {
		reject(reports, "somebody else speaks as %s", source_names[source]);
		return;
	}
	report->source = (enum report_source)source;
	if (seen_before(reports, report->source, (unsigned int)json_integer_value(seq),
			record_crc32(0, line, len)))
		return;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(json_string_value(type), types[i].name))
			continue;
		if (types[i].take(reports, data, report) && report->kind != REPORT_BLOB)
			keep(reports, root);
		report->text = reports->text.data ? reports->text.data : "";
		return;
	}
	reject(reports, "unknown type \"%.40s\"", json_string_value(type));
}

void reports_line(struct reports *reports, const char *text, size_t len, struct report *report)
{
	long at = record_find(text, len);
	int i, ret = -ENOMSG;

	*report = (struct report){ .kind = REPORT_NONE, .text = "", .t_ns = -1 };
	buf_reset(&reports->text);
	if (at < 0)
		return;
	text += at;
	len -= (size_t)at;
	report->kind = REPORT_DROPPED;
	for (i = 0; i < REPORT_SOURCES && ret == -ENOMSG; i++)
		ret = record_check(text, len, reports->token[i]);
	switch (ret) {
	case 0:
		take(reports, text, len, reports->token[i - 1], report);
		break;
	case -EBADMSG:
		reports->torn++;
		break;
	case -EMSGSIZE:
		reports->oversized++;
		break;
	default:
		reports->foreign++;
		break;
	}
}

unsigned int reports_first_lost(const struct reports *reports, enum report_source source)
{
	unsigned int seq = 1;

	while (seq <= reports->sources[source].max_seq &&
	       reports->have[source][(seq - 1) / 8] & 1u << (seq - 1) % 8)
		seq++;
	return seq;
}

const struct blob *reports_blob_of(const struct reports *reports, enum report_source source,
				   const char *name)
{
	size_t i;

	for (i = 0; i < reports->nr_blobs; i++)
		if (reports->blobs[i].complete && reports->blobs[i].source == source &&
		    !strcmp(reports->blobs[i].name, name))
			return &reports->blobs[i];
	return NULL;
}

const struct blob *reports_blob(const struct reports *reports, const char *name)
{
	const struct blob *blob = NULL;
	int i;

	for (i = 0; i < REPORT_SOURCES && !blob; i++)
		blob = reports_blob_of(reports, (enum report_source)i, name);
	return blob;
}
