// SPDX-License-Identifier: GPL-2.0-or-later
/* The sentence at the end: what a person would say after reading the table. */
#include <math.h>
#include <string.h>

#include "lib/cleanup.h"
#include "report/compare.h"
#include "report/format.h"

struct tally {
	size_t total;
	size_t verdict[NR_VERDICTS];
	size_t buckets;		/* times that are apart by no more than fio can tell */
	const struct compare_row *worst[NR_VERDICTS];	/* the largest effect with this verdict */
};

static double size_of_effect(const struct compare_row *row)
{
	if (!isnan(row->effect.estimate))
		return fabs(row->effect.estimate);
	if (row->a > 0 && row->b > 0)
		return fabs(log(row->b) - log(row->a));
	return row->a == row->b ? 0 : INFINITY;
}

static void count(const struct compare *cmp, struct tally *tally, bool *per_io)
{
	size_t i, j;

	for (i = 0; i < cmp->nr_pairs; i++) {
		for (j = 0; j < cmp->pairs[i].nr_rows; j++) {
			const struct compare_row *row = &cmp->pairs[i].rows[j];
			struct tally *t = &tally[row->kind];
			const struct compare_row **worst = &t->worst[row->verdict];

			t->total++;
			t->verdict[row->verdict]++;
			t->buckets += row->note == compare_bucket;
			if (!*worst || size_of_effect(row) > size_of_effect(*worst))
				*worst = row;
			if (row->kind == KIND_COUNT && strstr(row->metric, "_per_io"))
				*per_io = true;
		}
	}
}

/* ", 2 regressed (most: grant_maps_per_io, +1 (+33 %))" */
static void add_group(const struct tally *t, enum verdict verdict, bool first, struct buf *out)
{
	static const char *const words[NR_VERDICTS] = {
		[VERDICT_IMPROVED] = "improved",
		[VERDICT_REGRESSED] = "regressed",
		[VERDICT_BELOW_THRESHOLD] = "below the threshold",
		[VERDICT_INCONCLUSIVE] = "inconclusive",
		[VERDICT_DIFFERENT] = "different",
	};
	const struct compare_row *row = t->worst[verdict];
	bool state = verdict != VERDICT_IMPROVED && verdict != VERDICT_REGRESSED;
	size_t n = t->verdict[verdict];

	if (!n)
		return;
	buf_addf(out, "%s%zu %s%s", first ? "" : ", ", n, state ? n == 1 ? "is " : "are " : "",
		 words[verdict]);
	if (verdict == VERDICT_INCONCLUSIVE)
		return;
	buf_addf(out, " (%s%s ", n > 1 ? "most: " : "", row->metric);
	if (row->kind == KIND_SEEDED || row->kind == KIND_NOISY)
		fmt_log_ratio(out, row->effect.estimate, row->effect.ci);
	else if (row->kind == KIND_TIME && row->a > 0 && row->b > 0)
		fmt_log_percent(out, log(row->b) - log(row->a), 1);
	else
		fmt_difference(out, row->a, row->b);
	buf_addstr(out, ")");
}

/* "14 of 14 counts are equal", or "of 14 counts 11 are equal, 2 regressed (...)" */
static void add_kind(const struct tally *t, enum compare_kind kind, const char *good_word,
		     size_t good, struct buf *out)
{
	static const char *const nouns[NR_KINDS][2] = {
		[KIND_COUNT] = { "count", "counts" },
		[KIND_TIME] = { "emulated time", "emulated times" },
		[KIND_SEEDED] = { "seeded number (emulated)", "seeded numbers (emulated)" },
		[KIND_NOISY] = { "noisy number", "noisy numbers" },
	};
	static const enum verdict order[] = { VERDICT_REGRESSED, VERDICT_IMPROVED,
					      VERDICT_DIFFERENT, VERDICT_BELOW_THRESHOLD,
					      VERDICT_INCONCLUSIVE };
	const char *what = nouns[kind][t->total != 1];
	bool first = true;
	size_t i;

	if (good == t->total) {
		buf_addf(out, "%zu of %zu %s %s %s", good, good, what, good == 1 ? "is" : "are",
			 good_word);
		return;
	}
	buf_addf(out, "of %zu %s ", t->total, what);
	if (good) {
		buf_addf(out, "%zu %s %s", good, good == 1 ? "is" : "are", good_word);
		first = false;
	}
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (order[i] == VERDICT_BELOW_THRESHOLD && kind == KIND_TIME)
			continue;	/* counted as good */
		add_group(t, order[i], first, out);
		first &= !t->verdict[order[i]];
	}
}

static void add_lead(const struct compare *cmp, const struct tally *counts, bool per_io,
		     struct buf *out)
{
	const char *engine = metric_class_name(cmp->a->engine);
	bool same = counts->total && counts->verdict[VERDICT_EQUIVALENT] == counts->total;
	size_t i, aa = 0;

	for (i = 0; i < cmp->nr_pairs; i++)
		aa += cmp->pairs[i].aa;
	if (aa == cmp->nr_pairs)
		buf_addf(out, "On the %s engine the same thing ran twice (A/A), so that nothing follows for a change: ",
			 engine);
	else if (counts->total)
		buf_addf(out, same ? "On the %s engine %s and %s do the same work%s: " :
			 "On the %s engine %s and %s do not do the same work%s: ", engine,
			 cmp->name_b, cmp->name_a, per_io ? " per I/O" : "");
	else
		buf_addf(out, "On the %s engine, %s against %s: ", engine, cmp->name_b,
			 cmp->name_a);
}

char *compare_sentence(const struct compare *cmp)
{
	struct tally tally[NR_KINDS] = { 0 };
	_cleanup_buf_ struct buf limit = BUF_INIT, within = BUF_INIT;
	_cleanup_buf_ struct buf margin = BUF_INIT, equivalent = BUF_INIT;
	struct buf out = BUF_INIT;
	bool per_io = false, more = false;
	int kind;

	count(cmp, tally, &per_io);
	fmt_limit(&limit, cmp->opts->threshold);
	buf_addf(&within, "within %s%s", limit.data,
		 tally[KIND_TIME].buckets ? " or a bucket of fio's histogram" : "");
	fmt_limit(&margin, cmp->opts->margin);
	buf_addf(&equivalent, "equivalent%s%s", cmp->opts->aa ? "" : " within ",
		 cmp->opts->aa ? "" : margin.data);
	if (!cmp->nr_pairs) {
		buf_addf(&out, "Nothing could be compared: %s: %s.", cmp->skips[0].what,
			 cmp->skips[0].reason);
		return buf_detach(&out);
	}
	add_lead(cmp, &tally[KIND_COUNT], per_io, &out);
	for (kind = 0; kind < NR_KINDS; kind++) {
		const struct tally *t = &tally[kind];
		size_t equal = t->verdict[VERDICT_EQUIVALENT];

		if (!t->total)
			continue;
		buf_addstr(&out, more ? "; " : "");
		more = true;
		if (kind == KIND_TIME)
			add_kind(t, kind, within.data, equal + t->verdict[VERDICT_BELOW_THRESHOLD],
				 &out);
		else
			add_kind(t, kind, kind == KIND_COUNT ? "equal" : equivalent.data, equal,
				 &out);
	}
	if (!more)
		buf_addstr(&out, "no metric is on both sides");
	if (cmp->nr_pairs > 1)
		buf_addf(&out, "; all over %zu pairs of cells", cmp->nr_pairs);
	if (cmp->nr_skips)
		buf_addf(&out, "; %zu %s not compared", cmp->nr_skips,
			 cmp->nr_skips == 1 ? "entry was" : "entries were");
	buf_addstr(&out, ".");
	return buf_detach(&out);
}
