// SPDX-License-Identifier: GPL-2.0-or-later
/* What `grantbench alloc` prints. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alloc/bench.h"
#include "lib/cleanup.h"
#include "report/format.h"
#include "report/table.h"

static bool is_exact(const struct bench_cell *cell)
{
	return (!cell->load->threads || cell->load->threads == 1) && !cell->counts_differ;
}

static char *number(double v, int digits)
{
	struct buf out = BUF_INIT;

	fmt_number(&out, v, digits);
	return buf_detach(&out);
}

/* "15.2 x less [14.9, 15.6]", from log-ratios. */
static char *versus(const struct bench_cell *cell)
{
	const struct effect *e = &cell->effect;
	bool less = e->estimate < 0;

	if (!strcmp(cell->variant, BENCH_BASE))
		return xstrdup("");
	if (isnan(e->estimate) || e->n == 0)
		return xstrdup("-");
	if (fabs(e->estimate) < log(1.5)) {
		struct buf out = BUF_INIT;

		fmt_log_ratio(&out, e->estimate, e->ci);
		return buf_detach(&out);
	}
	return less ? xasprintf("%.1f x less [%.1f, %.1f]", exp(-e->estimate), exp(-e->ci.hi),
				exp(-e->ci.lo)) :
	       xasprintf("%.1f x more [%.1f, %.1f]", exp(e->estimate), exp(e->ci.lo),
			 exp(e->ci.hi));
}

static void add_times(const struct bench *b, struct table *t)
{
	size_t i, j;

	for (i = 0; i < b->nr_loads; i++) {
		_cleanup_free_ char *head = xasprintf("%s: %s", b->loads[i].name, b->loads[i].what);

		table_span(t, head);
		for (j = 0; j < b->nr_variants; j++) {
			const struct bench_cell *c = bench_cell(b, i, j);
			_cleanup_free_ char *ns = NULL, *against = NULL, *off = NULL, *call = NULL;
			_cleanup_free_ char *lo = NULL, *hi = NULL, *median = NULL;

			if (c->not_applicable) {
				_cleanup_free_ char *why = xasprintf("%s: not applicable: %s", c->variant,
								     c->not_applicable);

				table_span(t, why);
				continue;
			}
			median = number(c->median_ns, 3);
			lo = number(c->ns_ci.lo, 3);
			hi = number(c->ns_ci.hi, 3);
			ns = xasprintf("%s [%s, %s]", median, lo, hi);
			against = versus(c);
			call = number((double)hdr_quantile(&c->call, 0.999), 3);
			off = xasprintf("%llu / %llu",
					(unsigned long long)hdr_quantile(&c->irqs_off, 0.999),
					(unsigned long long)c->irqs_off.max);
			table_row(t, (const char *const[]){
				c->variant, ns, against,
				strcmp(c->variant, BENCH_BASE) ? verdict_name(c->verdict) : "", call, off });
		}
	}
}

static char *share(uint64_t part, uint64_t all)
{
	return all ? xasprintf("%.4g %%", 100 * (double)part / (double)all) : xstrdup("-");
}

static void add_counts(const struct bench *b, struct table *t)
{
	size_t i, j;

	for (i = 0; i < b->nr_loads; i++) {
		table_span(t, b->loads[i].name);
		for (j = 0; j < b->nr_variants; j++) {
			const struct bench_cell *c = bench_cell(b, i, j);
			_cleanup_free_ char *failed = NULL, *rebuilt = NULL, *words = NULL, *peak = NULL;
			_cleanup_free_ char *mapped = NULL, *insns = NULL;

			if (c->not_applicable)
				continue;
			failed = share(c->counts.failed, c->counts.requests);
			rebuilt = share(c->counts.rebuilds, c->counts.requests);
			words = number((double)c->counts.words_max, 6);
			/* with threads, nobody sees both at once */
			peak = c->load->threads > 1 ? xstrdup("-") :
			       number((double)c->counts.refs_peak, 6);
			mapped = number((double)c->counts.mapped_peak, 6);
			insns = number(c->instructions, 5);
			table_row(t, (const char *const[]){ c->variant, is_exact(c) ? "exact" : "noisy",
							    failed, rebuilt, words, peak, mapped,
							    insns });
		}
	}
}

static void add_claims(const struct bench *b, struct table *t)
{
	struct claim c;
	size_t i;

	for (i = 0; bench_claim(b, i, &c); i++)
		table_row(t, (const char *const[]){ c.what, c.class, claim_state_name(c.state), c.found });
}

static void add_defects(const struct bench *b, struct table *t)
{
	const json_t *d;
	size_t i;

	json_array_foreach(b->defects, i, d)
		table_row(t, (const char *const[]){
			json_string_value(json_object_get(d, "defect")),
			json_is_true(json_object_get(d, "reproduced")) ? "fails, as expected" :
			"does not fail", json_string_value(json_object_get(d, "how")),
			json_string_value(json_object_get(d, "seen")) });
}

static const struct table_column time_columns[] = {
	{ "variant", false, 0 }, { "ns per request", true, 0 }, { "against upstream", false, 0 },
	{ "", false, 0 }, { "call p99.9", true, 0 }, { "irqs off p99.9 / max", true, 0 },
};
static const struct table_column count_columns[] = {
	{ "variant", false, 0 }, { "class", false, 0 }, { "-ENOSPC", true, 0 }, { "rebuilt", true, 0 },
	{ "words, most", true, 0 }, { "refs, peak", true, 0 }, { "mapped, peak", true, 0 },
	{ "instructions", true, 0 },
};
static const struct table_column claim_columns[] = {
	{ "to reach", false, 24 }, { "class", false, 0 }, { "", false, 0 }, { "found", false, 24 },
};

static const struct table_column defect_columns[] = {
	{ "defect", false, 0 }, { "", false, 0 }, { "calls", false, 20 }, { "seen", false, 24 },
};

static const struct {
	const char *title;
	const struct table_column *columns;
	size_t nr_columns;
	void (*fill)(const struct bench *b, struct table *t);
} parts[] = {
	{ "Time, noisy: CPU time per request (an allocation and its free), less what the load itself "
	  "takes; median and 95 % interval of it; ratio of the same rounds with its interval",
	  time_columns, ARRAY_SIZE(time_columns), add_times },
	{ "Counts: shares of the requests; words of bitmaps that one call looked at; references taken "
	  "or kept by the device; instructions per request by single steps, exact for this program",
	  count_columns, ARRAY_SIZE(count_columns), add_counts },
	{ "Numbers to reach", claim_columns, ARRAY_SIZE(claim_columns), add_claims },
	{ "Known defects of upstream's table, expected to fail", defect_columns,
	  ARRAY_SIZE(defect_columns), add_defects },
};

static void footer(const struct bench *b, size_t width, struct buf *out)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	const char *file;
	json_t *sha256;

	buf_addf(&text, "%u rounds, variants interleaved, seed %llu, %.0f s. gb-alloc %s; kernel %s.",
		 b->rounds, (unsigned long long)b->seed, b->seconds, b->program_sha256, b->kernel);
	text_wrapped(text.data, width, 0, out);
	json_object_foreach(b->sources, file, sha256)
		buf_addf(out, "%s  %s\n", json_string_value(sha256), file);
}

static void render(const struct bench *b, bool markdown, struct buf *out)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		struct table *t = table_new(parts[i].columns, parts[i].nr_columns);

		parts[i].fill(b, t);
		if (markdown)
			buf_addf(out, "%s\n\n", parts[i].title);
		else
			text_wrapped(parts[i].title, TABLE_WIDTH, 0, out);
		if (markdown)
			table_markdown(t, out);
		else
			table_text(t, TABLE_WIDTH, out);
		table_free(t);
		buf_addstr(out, "\n");
	}
	if (markdown)
		buf_addstr(out, "```\n");
	footer(b, TABLE_WIDTH, out);
	if (markdown)
		buf_addstr(out, "```\n");
}

void bench_text(const struct bench *b, struct buf *out)
{
	render(b, false, out);
}

void bench_markdown(const struct bench *b, struct buf *out)
{
	render(b, true, out);
}

static json_t *real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *interval(struct interval i)
{
	return json_pack("[o,o]", real(i.lo), real(i.hi));
}

static void add_metric(json_t *metrics, const char *name, const char *unit, bool exact, json_t *value)
{
	json_array_append_new(metrics, json_pack("{s:s,s:s,s:s,s:s,s:o}", "name", name, "unit", unit,
						 "class", exact ? "exact" : "noisy", "better", "less",
						 "value", value));
}

static json_t *hdr_json(const struct hdr *h)
{
	json_t *buckets = json_array();
	size_t i;

	for (i = 0; i < HDR_BUCKETS; i++)
		if (h->count[i])
			json_array_append_new(buckets, json_pack("[I,I,I]", (json_int_t)hdr_lower(i),
								 (json_int_t)hdr_upper(i),
								 (json_int_t)h->count[i]));
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:o}", "nr", (json_int_t)h->nr, "max", (json_int_t)h->max,
			 "p50", (json_int_t)hdr_quantile(h, 0.5), "p99",
			 (json_int_t)hdr_quantile(h, 0.99), "p999",
			 (json_int_t)hdr_quantile(h, 0.999), "buckets", buckets);
}

static json_t *cell_json(const struct bench *b, const struct bench_cell *c)
{
	json_t *o = json_pack("{s:s,s:s}", "load", c->load->name, "variant", c->variant);
	json_t *metrics, *ns = json_array();
	bool exact = is_exact(c);
	unsigned int i;

	if (c->not_applicable) {
		json_object_set_new(o, "outcome", json_string("not-applicable"));
		json_object_set_new(o, "reason", json_string(c->not_applicable));
		json_decref(ns);
		return o;
	}
	metrics = json_array();
	add_metric(metrics, "requests", "1", exact, json_integer((json_int_t)c->counts.requests));
	add_metric(metrics, "enospc", "1", exact, json_integer((json_int_t)c->counts.failed));
	add_metric(metrics, "rebuilds", "1", exact, json_integer((json_int_t)c->counts.rebuilds));
	add_metric(metrics, "words_max", "1", exact, json_integer((json_int_t)c->counts.words_max));
	add_metric(metrics, "locks", "1", exact, json_integer((json_int_t)c->counts.locks));
	add_metric(metrics, "refs_peak", "1", exact, json_integer((json_int_t)c->counts.refs_peak));
	add_metric(metrics, "mapped_peak", "1", exact, json_integer((json_int_t)c->counts.mapped_peak));
	if (!isnan(c->instructions))
		add_metric(metrics, "instructions_per_request", "1", true, real(c->instructions));
	add_metric(metrics, "ns_per_request", "ns", false, real(c->median_ns));
	for (i = 0; i < b->rounds; i++)
		json_array_append_new(ns, real(c->ns[i]));
	json_object_set_new(o, "outcome", json_string("pass"));
	json_object_set_new(o, "metrics", metrics);
	json_object_set_new(o, "ns_interval", interval(c->ns_ci));
	json_object_set_new(o, "ns_by_round", ns);
	if (strcmp(c->variant, BENCH_BASE) && c->effect.n)
		json_object_set_new(o, "against_upstream", json_pack("{s:o,s:o,s:o,s:s}", "log_ratio",
			real(c->effect.estimate), "interval", interval(c->effect.ci), "p",
			real(c->effect.p), "verdict", verdict_name(c->verdict)));
	json_object_set_new(o, "irqs_off_ns", hdr_json(&c->irqs_off));
	json_object_set_new(o, "call_ns", hdr_json(&c->call));
	if (c->no_instructions)
		json_object_set_new(o, "no_instructions", json_string(c->no_instructions));
	return o;
}

json_t *bench_json(const struct bench *b)
{
	json_t *cells = json_array(), *claims = json_array(), *loads = json_array();
	struct claim c;
	size_t i;

	for (i = 0; i < b->nr_loads; i++)
		json_array_append_new(loads, json_pack("{s:s,s:s}", "name", b->loads[i].name, "what",
						       b->loads[i].what));
	for (i = 0; i < b->nr_loads * b->nr_variants; i++)
		json_array_append_new(cells, cell_json(b, &b->cells[i]));
	for (i = 0; bench_claim(b, i, &c); i++)
		json_array_append_new(claims, json_pack("{s:s,s:s,s:s,s:s}", "what", c.what, "class",
							c.class, "state", claim_state_name(c.state),
							"found", c.found));
	return json_pack("{s:s,s:I,s:I,s:{s:s,s:s,s:O},s:o,s:o,s:o,s:O,s:{s:f}}", "schema", BENCH_SCHEMA,
			 "rounds", (json_int_t)b->rounds, "seed", (json_int_t)b->seed, "program",
			 "sha256", b->program_sha256, "kernel", b->kernel, "sources", b->sources,
			 "loads", loads, "cells", cells, "claims", claims, "defects", b->defects,
			 "host", "seconds",
			 b->seconds);
}
