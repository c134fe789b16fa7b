// SPDX-License-Identifier: GPL-2.0-or-later
#include "alloc/trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

#define MAGIC "# grantbench-trace 1 "

/* Ids in use, open addressing; slot + 1, 0: never used, TOMB: was used. */
#define TOMB UINT32_MAX
struct ids {
	uint64_t *id;
	uint32_t *slot;
	size_t size;	/* a power of two */
	size_t used;	/* tombs included */
	size_t live;
};

struct parser {
	const char *p, *end;
	size_t line;
	struct ids ids;
	uint32_t *pages;	/* by slot */
	uint32_t *free_slots;
	uint32_t nr_free;
	uint64_t pages_now;
	size_t alloc_events, alloc_slots;
	struct trace t;
};

static size_t hash(uint64_t id)
{
	id ^= id >> 33;
	id *= 0xff51afd7ed558ccdull;
	return (size_t)(id ^ id >> 33);
}

/* The entry of id, or of the place where it would go. */
static size_t ids_find(const struct ids *ids, uint64_t id)
{
	size_t i = hash(id) & (ids->size - 1), tomb = SIZE_MAX;

	for (; ids->slot[i]; i = (i + 1) & (ids->size - 1)) {
		if (ids->slot[i] == TOMB)
			tomb = tomb == SIZE_MAX ? i : tomb;
		else if (ids->id[i] == id)
			return i;
	}
	return tomb == SIZE_MAX ? i : tomb;
}

static void ids_grow(struct ids *ids)
{
	struct ids old = *ids;
	size_t i, at;

	if (2 * (ids->used + 1) < ids->size)
		return;
	ids->size = 64;
	while (ids->size < 4 * (old.live + 1))
		ids->size *= 2;
	ids->id = xcalloc(ids->size, sizeof(*ids->id));
	ids->slot = xcalloc(ids->size, sizeof(*ids->slot));
	ids->used = old.live;
	for (i = 0; i < old.size; i++) {
		if (!old.slot[i] || old.slot[i] == TOMB)
			continue;
		at = ids_find(ids, old.id[i]);
		ids->id[at] = old.id[i];
		ids->slot[at] = old.slot[i];
	}
	free(old.id);
	free(old.slot);
}

static const char *map(struct parser *s, uint64_t id, uint64_t pages)
{
	uint32_t slot;
	size_t at;

	ids_grow(&s->ids);
	at = ids_find(&s->ids, id);
	if (s->ids.slot[at] && s->ids.slot[at] != TOMB)
		return "the id is mapped already";
	if (s->nr_free) {
		slot = s->free_slots[--s->nr_free];
	} else {
		slot = s->t.nr_slots++;
		if (s->t.nr_slots > s->alloc_slots) {
			s->alloc_slots = s->alloc_slots ? 2 * s->alloc_slots : 64;
			s->pages = xrealloc(s->pages, s->alloc_slots * sizeof(*s->pages));
			s->free_slots = xrealloc(s->free_slots, s->alloc_slots * sizeof(*s->free_slots));
		}
	}
	if (!s->ids.slot[at])
		s->ids.used++;
	s->ids.id[at] = id;
	s->ids.slot[at] = slot + 1;
	s->ids.live++;
	s->pages[slot] = (uint32_t)pages;
	s->pages_now += pages;
	if (s->pages_now > s->t.pages_peak)
		s->t.pages_peak = s->pages_now;
	s->t.events[s->t.nr_events++] = (struct trace_event){ slot, (uint32_t)pages };
	s->t.nr_maps++;
	return NULL;
}

static const char *unmap(struct parser *s, uint64_t id)
{
	size_t at = s->ids.size ? ids_find(&s->ids, id) : 0;
	uint32_t slot;

	if (!s->ids.size || !s->ids.slot[at] || s->ids.slot[at] == TOMB)
		return "the id is not mapped";
	slot = s->ids.slot[at] - 1;
	s->ids.slot[at] = TOMB;
	s->ids.live--;
	s->free_slots[s->nr_free++] = slot;
	s->pages_now -= s->pages[slot];
	s->t.events[s->t.nr_events++] = (struct trace_event){ slot, 0 };
	return NULL;
}

/* Digits, no sign, no leading zero, at most max. */
static bool number(struct parser *s, uint64_t max, uint64_t *out)
{
	const char *start = s->p;
	uint64_t v = 0;

	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
		uint64_t d = (uint64_t)(*s->p - '0');

		if (v > (max - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return s->p > start && !(*start == '0' && s->p - start > 1);
}

static bool literal(struct parser *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static const char *event(struct parser *s)
{
	uint64_t id, pages = 0;
	char kind = *s->p++;

	if (kind != 'm' && kind != 'u')
		return "neither \"m ID PAGES\" nor \"u ID\"";
	if (!literal(s, ' ') || !number(s, UINT64_MAX, &id))
		return "no id behind the letter";
	if (kind == 'm' && (!literal(s, ' ') || !number(s, TRACE_PAGES_MAX, &pages) || !pages))
		return "no number of pages from 1 to 32768 behind the id";
	if (!literal(s, '\n'))
		return s->p == s->end ? "the last line has no end: the file was cut" :
		       "something behind the last field";
	if (s->t.nr_events == TRACE_EVENTS_MAX)
		return "more events than 16 million";
	if (s->t.nr_events == s->alloc_events) {
		s->alloc_events = s->alloc_events ? 2 * s->alloc_events : 1024;
		s->t.events = xrealloc(s->t.events, s->alloc_events * sizeof(*s->t.events));
	}
	return kind == 'm' ? map(s, id, pages) : unmap(s, id);
}

/* "key=value" up to a blank or the line's end. */
static bool keyed(struct parser *s, const char *key, char *out, size_t size)
{
	size_t len = strlen(key), n = 0;

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, key, len))
		return false;
	for (s->p += len; s->p < s->end && *s->p != ' ' && *s->p != '\n'; s->p++) {
		/* goes to terminals and reports */
		if (n + 1 == size || *s->p < '!' || *s->p > '~')
			return false;
		out[n++] = *s->p;
	}
	out[n] = '\0';
	return n > 0;
}

static const char *header(struct parser *s)
{
	size_t len = strlen(MAGIC);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, MAGIC, len))
		return "not a trace: it does not begin with \"" MAGIC "device=\"";
	s->p += len;
	if (!keyed(s, "device=", s->t.device, sizeof(s->t.device)))
		return "no device= of up to 63 printable characters";
	if (!literal(s, ' ') || !keyed(s, "scenario=", s->t.scenario, sizeof(s->t.scenario)))
		return "no scenario= of up to 63 printable characters behind the device";
	return literal(s, '\n') ? NULL : "something behind the scenario";
}

int trace_parse(const char *text, size_t size, struct trace *out, struct trace_error *where)
{
	struct parser s = { .p = text, .end = text + size, .line = 1 };
	const char *what = header(&s);

	while (!what && s.p < s.end) {
		s.line++;
		what = event(&s);
	}
	if (!what && !s.t.nr_maps) {
		what = "no map in it";
		s.line = 0;
	}
	free(s.ids.id);
	free(s.ids.slot);
	free(s.pages);
	free(s.free_slots);
	if (what) {
		free(s.t.events);
		*where = (struct trace_error){ s.line, what };
		return -EINVAL;
	}
	*out = s.t;
	return 0;
}

void trace_release(struct trace *trace)
{
	free(trace->events);
	*trace = (struct trace){ .events = NULL };
}
