// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison as text, Markdown and JSON. */
#include <math.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "report/compare.h"
#include "report/format.h"
#include "report/table.h"

static const struct table_column columns[] = {
	{ "metric", false, 20 },
	{ "unit", false, 0 },
	{ "A", true, 15 },
	{ "B", true, 15 },
	{ "B against A", true, 14 },
	{ "verdict", false, 12 },
	{ "n", true, 0 },
	{ "sees", true, 0 },
};

#define SEES_MOST 9.99	/* above, the number says nothing but "not much" */

static bool is_exact(const struct compare_row *row)
{
	return row->kind == KIND_COUNT || row->kind == KIND_TIME;
}

static void add_row(struct table *table, const struct compare_row *row)
{
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT, change = BUF_INIT, verdict = BUF_INIT;
	_cleanup_buf_ struct buf n = BUF_INIT, sees = BUF_INIT;

	fmt_two(&a, &b, row->a, row->b);
	if (row->kind == KIND_COUNT || row->a == row->b || row->a <= 0 || row->b <= 0)
		fmt_difference(&change, row->a, row->b);
	else if (row->kind == KIND_TIME)
		fmt_log_percent(&change, log(row->b) - log(row->a), 1);
	if (!is_exact(row) && row->log_ratios && row->effect.n >= 2) {
		buf_reset(&change);
		fmt_log_ratio(&change, row->effect.estimate, row->effect.ci);
	}
	buf_addstr(&verdict, verdict_name(row->verdict));
	if (row->note == compare_varies)
		buf_addstr(&verdict, " *");
	else if (row->note)
		buf_addf(&verdict, " (%s)", row->note);
	buf_addf(&n, "%zu", row->effect.n);
	if (is_exact(row))
		buf_addstr(&sees, "any");
	else if (isinf(row->effect.smallest))
		buf_addstr(&sees, "none");
	else if (isnan(row->effect.smallest) || !row->log_ratios || row->effect.n < 2)
		buf_addstr(&sees, "-");
	else if (expm1(row->effect.smallest) > SEES_MOST)
		buf_addf(&sees, ">%.0f %%", 100 * SEES_MOST);
	else
		fmt_log_percent(&sees, row->effect.smallest, 0);
	table_row(table, (const char *const[]){ row->metric, row->unit, a.data, b.data,
						change.data ? change.data : "-", verdict.data,
						n.data, sees.data });
}

/* What the numbers of a kind are, and when they count. */
static void add_heading(const struct compare *cmp, const struct compare_pair *pair,
			enum compare_kind kind, struct table *table)
{
	_cleanup_buf_ struct buf text = BUF_INIT, limit = BUF_INIT, margin = BUF_INIT;

	fmt_limit(&limit, cmp->opts->threshold);
	fmt_limit(&margin, cmp->opts->margin);
	buf_addf(&text, "%s: ", compare_kind_title(kind));
	if (kind == KIND_COUNT)
		buf_addstr(&text,
			   "one pair, every difference counts unless there is a budget for it");
	else if (kind == KIND_TIME)
		buf_addf(&text, "one pair, QEMU icount (an instruction is 1 ns); counts from %s on",
			 limit.data);
	else
		buf_addf(&text, "%s; margin %s%s, counts from %s on",
			 kind == KIND_SEEDED ? "QEMU icount, paired by seed, mean log-ratio" :
			 "paired runs, Hodges-Lehmann ratio", margin.data,
			 cmp->opts->aa ? " or what A/A shows" : kind == KIND_NOISY ?
			 " (assumed: no A/A run)" : "", limit.data);
	table_span(table, text.data);
}

static struct table *pair_table(const struct compare *cmp, const struct compare_pair *pair)
{
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	size_t i;
	int kind;

	for (i = 0; i < cmp->nr_warnings; i++) {
		_cleanup_free_ char *text = xasprintf("WARNING: %s", cmp->warnings[i]);

		table_span(table, text);
	}
	if (pair->aa)
		table_span(table, "A/A: both cells have the same hash, the same thing ran twice");
	for (kind = 0; kind < NR_KINDS; kind++) {
		bool first = true;

		for (i = 0; i < pair->nr_rows; i++) {
			if ((int)pair->rows[i].kind != kind)
				continue;
			if (first)
				add_heading(cmp, pair, kind, table);
			first = false;
			add_row(table, &pair->rows[i]);
		}
	}
	return table;
}

/* Lines above the tables: what is compared, and whether determinism was shown. */
static void add_head(const struct compare *cmp, const char *bullet, struct buf *out)
{
	static const char *const canaries[] = {
		[CANARY_ABSENT] = "not run",
		[CANARY_IDENTICAL] = "the baseline ran twice, identical",
		[CANARY_DIFFERS] = "the baseline ran twice and DIFFERED",
	};

	buf_addf(out, "%s, %s engine%s%s\n", cmp->a->scenario, metric_class_name(cmp->a->engine),
		 cmp->by ? ", by " : "", cmp->by ? cmp->by : "");
	if (*bullet != ' ')
		buf_addstr(out, "\n");
	buf_addf(out, "%sA: %s%s%s\n", bullet, cmp->by ? cmp->name_a : "", cmp->by ? " in " : "",
		 cmp->a->path);
	buf_addf(out, "%sB: %s%s%s\n", bullet, cmp->by ? cmp->name_b : "", cmp->by ? " in " : "",
		 cmp->b->path);
	buf_addf(out, "%scanary: %s\n", bullet,
		 canaries[cmp->b->canary > cmp->a->canary ? cmp->b->canary : cmp->a->canary]);
	compare_add_outcomes(cmp, bullet, out);
	buf_addstr(out, "\n");
}

static bool any_varies(const struct compare *cmp)
{
	size_t i, j;

	for (i = 0; i < cmp->nr_pairs; i++)
		for (j = 0; j < cmp->pairs[i].nr_rows; j++)
			if (cmp->pairs[i].rows[j].note == compare_varies)
				return true;
	return false;
}

static void add_legend(const struct compare *cmp, struct buf *legend)
{
	buf_addf(legend, "n: pairs. sees: the smallest difference found with %.0f %% power.",
		 100 * VERDICT_POWER);
	if (cmp->nr_tests)
		buf_addf(legend, " Intervals at %.4g %%; differences are real at %.4g %% after Holm over %zu test%s; equivalence by TOST.",
			 100 * (1 - cmp->opts->alpha), 100 * cmp->opts->alpha, cmp->nr_tests,
			 cmp->nr_tests == 1 ? "" : "s");
	if (any_varies(cmp))
		buf_addstr(legend, " *: a count that varies between runs, judged like the engine's other numbers.");
}

void compare_text(const struct compare *cmp, struct buf *out)
{
	_cleanup_buf_ struct buf legend = BUF_INIT;
	size_t i;

	add_head(cmp, "  ", out);
	for (i = 0; i < cmp->nr_pairs; i++) {
		struct table *table = pair_table(cmp, &cmp->pairs[i]);

		if (*cmp->pairs[i].label)
			buf_addf(out, "%s\n", cmp->pairs[i].label);
		table_text(table, TABLE_WIDTH, out);
		buf_addstr(out, "\n");
		table_free(table);
	}
	for (i = 0; i < cmp->nr_skips; i++) {
		_cleanup_free_ char *line = xasprintf("  %s: %s", cmp->skips[i].what,
						      cmp->skips[i].reason);

		if (i == 0)
			buf_addstr(out, "Not compared:\n");
		text_wrapped(line, TABLE_WIDTH, 4, out);
	}
	if (cmp->nr_skips)
		buf_addstr(out, "\n");
	if (cmp->nr_pairs) {
		add_legend(cmp, &legend);
		text_wrapped(legend.data, TABLE_WIDTH, 0, out);
		buf_addstr(out, "\n");
	}
	text_wrapped(cmp->sentence, TABLE_WIDTH, 0, out);
}

void compare_markdown(const struct compare *cmp, struct buf *out)
{
	_cleanup_buf_ struct buf legend = BUF_INIT;
	size_t i;

	buf_addstr(out, "## ");
	add_head(cmp, "- ", out);
	for (i = 0; i < cmp->nr_pairs; i++) {
		struct table *table = pair_table(cmp, &cmp->pairs[i]);

		if (*cmp->pairs[i].label)
			buf_addf(out, "### %s\n\n", cmp->pairs[i].label);
		table_markdown(table, out);
		buf_addstr(out, "\n");
		table_free(table);
	}
	for (i = 0; i < cmp->nr_skips; i++)
		buf_addf(out, "%s- `%s`: %s\n", i ? "" : "Not compared:\n\n", cmp->skips[i].what,
			 cmp->skips[i].reason);
	if (cmp->nr_skips)
		buf_addstr(out, "\n");
	if (cmp->nr_pairs) {
		add_legend(cmp, &legend);
		buf_addf(out, "%s\n\n", legend.data);
	}
	buf_addf(out, "**%s**\n", cmp->sentence);
}

/* JSON has no NaN and no infinity: null. Counts stay integers. */
static void set_number(json_t *obj, const char *key, double v)
{
	if (v == rint(v) && fabs(v) < 0x1p53)
		json_object_set_new(obj, key, json_integer((json_int_t)v));
	else
		json_object_set_new(obj, key, isfinite(v) ? json_real(v) : json_null());
}

static const char *class_of_kind(enum compare_kind kind)
{
	return metric_class_name(kind == KIND_SEEDED ? METRIC_SEEDED : kind == KIND_NOISY ?
				 METRIC_NOISY : METRIC_EXACT);
}

static json_t *row_json(const struct compare_row *row)
{
	const struct effect *e = &row->effect;
	json_t *out = json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:I}", "name", row->metric, "unit",
				row->unit, "class", class_of_kind(row->kind), "time",
				row->kind == KIND_TIME, "better", better_name(row->better),
				"verdict", verdict_name(row->verdict), "n", (json_int_t)e->n);

	set_number(out, "a", row->a);
	set_number(out, "b", row->b);
	if (is_exact(row)) {
		set_number(out, "difference", row->b - row->a);
		if (row->kind == KIND_COUNT)
			set_number(out, "budget", row->budget);
		else
			set_number(out, "threshold", expm1(row->threshold));
	} else if (row->log_ratios && e->n >= 2) {
		set_number(out, "ratio", exp(e->estimate));
		set_number(out, "ratio_lo", exp(e->ci.lo));
		set_number(out, "ratio_hi", exp(e->ci.hi));
		set_number(out, "level", e->ci.level);
		set_number(out, "p", e->p);
		set_number(out, "p_holm", row->p_holm);
		set_number(out, "p_tost", e->p_tost);
		set_number(out, "margin", expm1(row->margin));
		set_number(out, "threshold", expm1(row->threshold));
		set_number(out, "smallest_effect", expm1(e->smallest));
	}
	if (row->note)
		json_object_set_new(out, "note", json_string(row->note));
	return out;
}

json_t *compare_json(const struct compare *cmp)
{
	json_t *pairs = json_array(), *skips = json_array(), *warnings = json_array();
	json_t *out, *outcomes = compare_outcomes(cmp);
	size_t i, j;

	for (i = 0; i < cmp->nr_pairs; i++) {
		const struct compare_pair *p = &cmp->pairs[i];
		json_t *rows = json_array();

		for (j = 0; j < p->nr_rows; j++)
			json_array_append_new(rows, row_json(&p->rows[j]));
		json_array_append_new(pairs, json_pack("{s:s,s:s,s:s,s:b,s:o}", "a", p->a->id, "b",
						       p->b->id, "label", p->label, "aa", p->aa,
						       "metrics", rows));
	}
	for (i = 0; i < cmp->nr_skips; i++)
		json_array_append_new(skips, json_pack("{s:s,s:s}", "what", cmp->skips[i].what,
						       "reason", cmp->skips[i].reason));
	for (i = 0; i < cmp->nr_warnings; i++)
		json_array_append_new(warnings, json_string(cmp->warnings[i]));
	out = json_pack("{s:s,s:s,s:s,s:s,s:s,s:f,s:I,s:o,s:o,s:o,s:s,s:i}", "schema",
			COMPARE_SCHEMA, "scenario", cmp->a->scenario, "engine",
			metric_class_name(cmp->a->engine), "a", cmp->name_a, "b", cmp->name_b,
			"alpha", cmp->opts->alpha, "tests", (json_int_t)cmp->nr_tests, "warnings",
			warnings, "pairs", pairs, "not_compared", skips, "sentence", cmp->sentence,
			"status", (int)cmp->status);
	if (cmp->by)
		json_object_set_new(out, "by", json_string(cmp->by));
	if (outcomes)
		json_object_set_new(out, "outcomes", outcomes);
	return out;
}
