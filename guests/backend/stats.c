// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>

#include "stats.h"

void vq_stats_add(struct vq_stats *sum, const struct vq_stats *st)
{
#define X(name) sum->name += st->name;
	VQ_COUNTERS(X)
#undef X
#define X(name) stats_peak(&sum->name, st->name);
	VQ_PEAKS(X)
#undef X
}

static void put_string(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void put_key(struct jw *jw, const char *key)
{
	if (jw->comma)
		fputc(',', jw->out);
	jw->comma = true;
	if (key) {
		put_string(jw->out, key);
		fputc(':', jw->out);
	}
}

void jw_open(struct jw *jw, const char *key, char bracket)
{
	put_key(jw, key);
	fputc(bracket, jw->out);
	jw->comma = false;
}

void jw_close(struct jw *jw, char bracket)
{
	fputc(bracket, jw->out);
	jw->comma = true;
}

void jw_u64(struct jw *jw, const char *key, uint64_t value)
{
	put_key(jw, key);
	fprintf(jw->out, "%" PRIu64, value);
}

void jw_hex(struct jw *jw, const char *key, uint64_t value)
{
	put_key(jw, key);
	fprintf(jw->out, "\"0x%" PRIx64 "\"", value);
}

void jw_bool(struct jw *jw, const char *key, bool value)
{
	put_key(jw, key);
	fputs(value ? "true" : "false", jw->out);
}

void jw_str(struct jw *jw, const char *key, const char *value)
{
	put_key(jw, key);
	if (value)
		put_string(jw->out, value);
	else
		fputs("null", jw->out);
}

void jw_vq_stats(struct jw *jw, const struct vq_stats *st)
{
#define X(name) jw_u64(jw, #name, st->name);
	VQ_COUNTERS(X)
	VQ_PEAKS(X)
#undef X
}

void jw_loop_stats(struct jw *jw, const struct loop_stats *st)
{
#define X(name) jw_u64(jw, #name, st->name);
	LOOP_COUNTERS(X)
#undef X
}
