// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "net-proto.h"

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Smallest of the sorted values that q per thousand are not above. */
static uint64_t quantile(const uint64_t *ns, uint64_t n, uint64_t q)
{
	uint64_t rank = (n * q + 999) / 1000;

	return ns[rank ? rank - 1 : 0];
}

/* Buckets an eighth of a power of two wide: [first value, how many], those with any. */
static void histogram(FILE *out, const uint64_t *ns, uint64_t n)
{
	uint64_t i = 0;
	const char *comma = "";

	fprintf(out, "\"histogram\":[");
	while (i < n) {
		unsigned int shift = 0;
		uint64_t low, high, count = 0;

		while (ns[i] >> shift > 15)
			shift++;
		low = ns[i] >> shift << shift;
		high = low + (1ull << shift);
		for (; i < n && ns[i] < high; i++)
			count++;
		fprintf(out, "%s[%" PRIu64 ",%" PRIu64 "]", comma, low, count);
		comma = ",";
	}
	fprintf(out, "]");
}

char *net_rr_json(const struct net_test *t, struct net_result *r, const char *error)
{
	uint64_t sum = 0, i;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "{\"proto\":\"%s\",\"loop\":\"%s\",\"size\":%" PRIu64 ",\"count\":%" PRIu64
	       ",\"in_flight\":%u,\"interval_ns\":%" PRIu64 ",\"done\":%" PRIu64 ",\"bad\":%" PRIu64
	       ",\"lost\":%" PRIu64 ",\"total_ns\":%" PRIu64,
	       t->tcp ? "tcp" : "udp", t->interval_ns ? "open" : "closed", t->size, t->count,
	       t->interval_ns ? 0 : t->in_flight, t->interval_ns, r->done, r->bad, r->lost, r->total_ns);
	if (!*error && r->done) {
		qsort(r->ns, r->done, sizeof(*r->ns), by_value);
		for (i = 0; i < r->done; i++)
			sum += r->ns[i];
		fprintf(out, ",\"lat_ns\":{\"min\":%" PRIu64 ",\"mean\":%.1f,\"p50\":%" PRIu64 ",\"p90\":%" PRIu64
		       ",\"p99\":%" PRIu64 ",\"p999\":%" PRIu64 ",\"max\":%" PRIu64 "},",
		       r->ns[0], (double)sum / (double)r->done, quantile(r->ns, r->done, 500),
		       quantile(r->ns, r->done, 900), quantile(r->ns, r->done, 990),
		       quantile(r->ns, r->done, 999), r->ns[r->done - 1]);
		histogram(out, r->ns, r->done);
	}
	fprintf(out, ",\"error\":\"%s\"}", error);
	return fclose(out) == 0 ? text : NULL;
}
