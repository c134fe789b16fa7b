// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows: from two metrics to a verdict. */
#include "report/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "stats/infer.h"

/* log(1.01): 1 % */
#define ONE_PERCENT 0.00995033085316808

const char compare_varies[] = "varies between runs: not exact";
const char compare_bucket[] = "one bucket";

const struct compare_opts compare_defaults = {
	.alpha = 0.05,
	.margin = ONE_PERCENT,
	.threshold = ONE_PERCENT,
	.seed = 1,
};

const char *compare_kind_title(enum compare_kind kind)
{
	static const char *const titles[NR_KINDS] = {
		[KIND_COUNT] = "exact counts",
		[KIND_TIME] = "exact emulated time",
		[KIND_SEEDED] = "seeded",
		[KIND_NOISY] = "noisy",
	};

	return titles[kind];
}

/*
 * Is this a time or something per time? Emulated, in an exact number. Instructions
 * under icount are the same thing, a nanosecond each; so are counts that timers have
 * a part in (unit tick).
 */
static bool is_time_unit(const char *unit)
{
	static const char *const times[] = { "insn", "tick", "ns", "us", "ms", "s", "min", "h", "Hz" };
	size_t len = strlen(unit), i;

	for (i = 0; i < ARRAY_SIZE(times); i++)
		if (!strcmp(unit, times[i]))
			return true;
	return len > 2 && !strcmp(unit + len - 2, "/s");
}

static const struct metric *find_metric(const struct result_cell *cell, const char *name)
{
	size_t i;

	for (i = 0; i < cell->nr_metrics; i++)
		if (!strcmp(cell->metrics[i].name, name))
			return &cell->metrics[i];
	return NULL;
}

/*
 * Bring the runs of both sides together on seed or pair. Returns their number;
 * the caller frees both arrays. A metric that ran once is one run without a key.
 */
static size_t pair_values(const struct metric *a, const struct metric *b, double **va, double **vb,
			  size_t *nr_unpaired)
{
	size_t i = 0, j = 0, n = 0;

	*nr_unpaired = 0;
	*va = xcalloc(a->nr_values + 1, sizeof(**va));
	*vb = xcalloc(a->nr_values + 1, sizeof(**vb));
	if (!a->nr_values || !b->nr_values) {
		(*va)[0] = a->value;
		(*vb)[0] = b->value;
		*nr_unpaired = a->nr_values + b->nr_values;
		return 1;
	}
	while (i < a->nr_values && j < b->nr_values) {
		if (a->values[i].key == b->values[j].key) {
			(*va)[n] = a->values[i++].value;
			(*vb)[n++] = b->values[j++].value;
		} else if (a->values[i].key < b->values[j].key) {
			i++;
		} else {
			j++;
		}
	}
	*nr_unpaired = a->nr_values + b->nr_values - 2 * n;
	return n;
}

/* All runs differ by the same amount: what is exact stays exact over seeds. */
static bool same_difference(const double *a, const double *b, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (b[i] - a[i] != b[0] - a[0])
			return false;
	return true;
}

/* Log-ratios, where there are any: all positive, or nothing differs at all. The caller frees. */
static double *ratios_of(const double *a, const double *b, size_t n)
{
	double *x = xcalloc(n, sizeof(*x));
	size_t i;

	if (stats_log_ratios(a, b, n, x))
		return x;
	for (i = 0; i < n; i++) {
		if (a[i] != b[i]) {
			free(x);
			return NULL;
		}
		x[i] = 0;
	}
	return x;
}

/* The margin that a second run of side A's cell supports, at the level of the intervals. */
static double margin_of(const struct compare *cmp, const struct result_cell *cell,
			const struct metric *metric, bool *measured)
{
	const struct compare_opts *o = cmp->opts;
	_cleanup_free_ double *va = NULL, *vb = NULL, *x = NULL;
	double margin = NAN;
	size_t i, n, unpaired;

	*measured = false;
	for (i = 0; o->aa && i < o->aa->nr_cells; i++) {
		const struct result_cell *again = &o->aa->cells[i];
		const struct metric *m = find_metric(again, metric->name);

		if (!m || again->outcome != OUTCOME_PASS || !compare_same_axes(cell, again, NULL))
			continue;
		n = pair_values(metric, m, &va, &vb, &unpaired);
		x = n ? ratios_of(va, vb, n) : NULL;
		margin = x ? aa_margin(x, n, 1 - o->alpha, o->margin) : NAN;
		*measured = true;
		break;
	}
	if (!*measured)
		return o->margin;
	return isfinite(margin) ? margin : 0;	/* too few A/A pairs: nothing can be equivalent */
}

static enum metric_class class_of(const struct compare *cmp, const struct metric *a,
				  const struct metric *b)
{
	if (cmp->a->canary == CANARY_DIFFERS || cmp->b->canary == CANARY_DIFFERS)
		return METRIC_NOISY;
	return a->class > b->class ? a->class : b->class;
}

static double budget_of(const struct compare_opts *opts, const char *metric)
{
	size_t i;

	for (i = 0; i < opts->nr_budgets; i++)
		if (!strcmp(opts->budgets[i].metric, metric))
			return opts->budgets[i].limit;
	return 0;
}

/*
 * fio's percentiles are the ends of buckets, 64 to each power of two (FIO_IO_U_PLAT_BITS in
 * stat.h): between two neighbours, up to 1.6 % apart, it cannot tell.
 */
static double resolution(const char *metric)
{
	return !strncmp(metric, "blk.", 4) && strstr(metric, ".lat_p") ? log1p(1 / 64.) : 0;
}

static void fill_exact(struct compare *cmp, struct compare_row *row, double a, double b)
{
	double slack;

	row->a = a;
	row->b = b;
	row->effect.n = 1;
	if (row->kind == KIND_COUNT) {
		row->budget = budget_of(cmp->opts, row->metric);
		slack = row->budget;
	} else {
		slack = fabs(a) * expm1(row->threshold);
	}
	row->verdict = verdict_exact(a, b, row->better, slack);
}

static void fill_sampled(struct compare_row *row, const double *a, const double *b, size_t n)
{
	row->a = row->kind == KIND_SEEDED ? stats_geomean(a, n) : stats_median(a, n);
	row->b = row->kind == KIND_SEEDED ? stats_geomean(b, n) : stats_median(b, n);
	if (isnan(row->a) || isnan(row->b)) {	/* a zero has no geometric mean */
		row->a = stats_mean(a, n);
		row->b = stats_mean(b, n);
	}
	row->effect.n = n;
	row->verdict = VERDICT_INCONCLUSIVE;
	row->log_ratios = ratios_of(a, b, n);
	if (!row->log_ratios)
		row->note = "a value is zero or negative: no ratio";
	else if (n < 2)
		row->note = "one pair of runs";
}

static void fill_row(struct compare *cmp, struct compare_pair *pair, const struct metric *a,
		     const struct metric *b)
{
	enum metric_class class = class_of(cmp, a, b);
	_cleanup_free_ double *va = NULL, *vb = NULL;
	struct compare_row *row;
	size_t n, unpaired;
	bool measured;

	n = pair_values(a, b, &va, &vb, &unpaired);
	if (!n) {
		compare_skip(cmp, xasprintf("%s of %s", a->name, pair->b->id),
			     xstrdup("the sides have no seed in common"));
		return;
	}
	row = &pair->rows[pair->nr_rows++];
	*row = (struct compare_row){ .metric = a->name, .unit = a->unit, .better = a->better,
				     .p_holm = NAN };
	row->effect.estimate = NAN;
	row->margin = margin_of(cmp, pair->a, a, &measured);
	row->threshold = fmax(cmp->opts->threshold, row->margin);
	if (unpaired)
		row->note = "runs of one side only were left out";
	if (class == METRIC_EXACT && !same_difference(va, vb, n)) {
		class = cmp->a->engine > cmp->b->engine ? cmp->a->engine : cmp->b->engine;
		if (class == METRIC_EXACT)
			class = METRIC_NOISY;
		row->note = compare_varies;
	}
	if (class == METRIC_EXACT) {
		row->kind = is_time_unit(a->unit) ? KIND_TIME : KIND_COUNT;
		row->threshold = fmax(cmp->opts->threshold, resolution(a->name));
		fill_exact(cmp, row, va[0], vb[0]);
		if (row->verdict == VERDICT_BELOW_THRESHOLD && row->kind == KIND_TIME &&
		    fabs(vb[0] - va[0]) > fabs(va[0]) * expm1(cmp->opts->threshold))
			row->note = compare_bucket;
		return;
	}
	row->kind = class == METRIC_SEEDED ? KIND_SEEDED : KIND_NOISY;
	fill_sampled(row, va, vb, n);
	if (cmp->opts->aa && !measured && !row->note)
		row->note = "no A/A run of it: margin assumed";
}

static bool has_budget(const struct compare *cmp, const char *metric)
{
	size_t i;

	for (i = 0; i < cmp->opts->nr_budgets; i++)
		if (!strcmp(cmp->opts->budgets[i].metric, metric))
			return true;
	return false;
}

/*
 * A total whose count per operation both sides have as well would say the same once
 * more, and something else when the numbers of operations differ: it is left to
 * result.json, unless somebody set a budget for it.
 */
static bool is_said_per_io(const struct compare *cmp, const struct compare_pair *pair,
			   const struct metric *total)
{
	_cleanup_free_ char *per_io = xasprintf("%s_per_io", total->name);

	return !has_budget(cmp, total->name) && find_metric(pair->a, per_io) &&
	       find_metric(pair->b, per_io);
}

/* What one side alone has: one entry for all of it. */
struct lonely {
	struct buf names;
	size_t nr;
};

static void add_lonely(struct lonely *l, const char *name)
{
	buf_addf(&l->names, "%s%s", l->nr ? ", " : "", name);
	l->nr++;
}

static void skip_lonely(struct compare *cmp, struct lonely *l, const struct result_cell *other)
{
	const char *value = cmp->by ? result_cell_axis(other, cmp->by) : NULL;

	if (l->nr)
		compare_skip(cmp, xasprintf("%s%.*s", l->nr > 1 ? "metrics " : "", (int)l->names.size,
					    l->names.data),
			     value ? xasprintf("not with %s = %s", cmp->by, value) :
				     xasprintf("not in %s", other->id));
	buf_release(&l->names);
}

static void fill_pair(struct compare *cmp, struct compare_pair *pair)
{
	struct lonely only_a = { BUF_INIT, 0 }, only_b = { BUF_INIT, 0 };
	size_t i;

	pair->rows = xcalloc(pair->a->nr_metrics + 1, sizeof(*pair->rows));
	for (i = 0; i < pair->a->nr_metrics; i++) {
		const struct metric *a = &pair->a->metrics[i];
		const struct metric *b = find_metric(pair->b, a->name);

		if (is_said_per_io(cmp, pair, a))
			continue;
		if (!b)
			add_lonely(&only_a, a->name);
		else if (strcmp(a->unit, b->unit))
			compare_skip(cmp, xstrdup(a->name),
				     xasprintf("unit %s in A, %s in B", a->unit, b->unit));
		else if (a->better != b->better)
			compare_skip(cmp, xstrdup(a->name),
				     xasprintf("better is %s in A, %s in B", better_name(a->better),
					       better_name(b->better)));
		else
			fill_row(cmp, pair, a, b);
	}
	for (i = 0; i < pair->b->nr_metrics; i++)
		if (!find_metric(pair->a, pair->b->metrics[i].name))
			add_lonely(&only_b, pair->b->metrics[i].name);
	skip_lonely(cmp, &only_a, pair->b);
	skip_lonely(cmp, &only_b, pair->a);
}

typedef void (*row_fn)(struct compare *cmp, struct compare_pair *pair, struct compare_row *row,
		       void *arg);

static void each_row(struct compare *cmp, row_fn fn, void *arg)
{
	size_t i, j;

	for (i = 0; i < cmp->nr_pairs; i++)
		for (j = 0; j < cmp->pairs[i].nr_rows; j++)
			fn(cmp, &cmp->pairs[i], &cmp->pairs[i].rows[j], arg);
}

/* Rows that are tests of a difference: not A/A, where there is none to find. */
static bool is_test(const struct compare_pair *pair, const struct compare_row *row)
{
	return !pair->aa && row->log_ratios && row->effect.n >= 2;
}

static void count_test(struct compare *cmp, struct compare_pair *pair, struct compare_row *row,
		       void *arg)
{
	cmp->nr_tests += is_test(pair, row);
}

static struct verdict_rules rules_of(const struct compare *cmp, const struct compare_row *row)
{
	return (struct verdict_rules){ cmp->opts->alpha, row->margin, row->threshold,
				       row->kind == KIND_SEEDED ? COMPARE_MIN_SEEDS : 2,
				       cmp->opts->seed };
}

static void find_effect(struct compare *cmp, struct compare_pair *pair, struct compare_row *row,
			void *arg)
{
	struct verdict_rules rules = rules_of(cmp, row);

	if (!row->log_ratios || row->effect.n < 2)
		return;
	row->effect = (row->kind == KIND_SEEDED ? effect_seeded : effect_noisy)(
		row->log_ratios, row->effect.n, &rules, cmp->nr_tests);
	if (row->kind == KIND_SEEDED && row->effect.n < COMPARE_MIN_SEEDS && !row->note)
		row->note = "fewer than 10 seeds";
}

struct family {
	double *p;
	size_t nr;
};

static void collect_p(struct compare *cmp, struct compare_pair *pair, struct compare_row *row,
		      void *arg)
{
	struct family *family = arg;

	family->p[family->nr++] = is_test(pair, row) ? row->effect.p : NAN;
}

static void judge(struct compare *cmp, struct compare_pair *pair, struct compare_row *row,
		  void *arg)
{
	struct family *family = arg;
	struct verdict_rules rules = rules_of(cmp, row);

	row->p_holm = family->p[family->nr++];
	if (row->log_ratios && row->effect.n >= 2)
		row->verdict = verdict_effect(&row->effect, row->p_holm, row->better, &rules);
	if (pair->aa && row->verdict != VERDICT_EQUIVALENT) {
		if (row->kind == KIND_COUNT || row->kind == KIND_TIME)
			row->note = "A/A, and yet it differs";
		row->verdict = VERDICT_INCONCLUSIVE;
	}
	if (row->verdict == VERDICT_REGRESSED && cmp->status < GB_REGRESSION)
		cmp->status = GB_REGRESSION;
}

static void judge_all(struct compare *cmp)
{
	struct family family = { NULL, 0 };
	size_t i, rows = 0;

	each_row(cmp, count_test, NULL);
	each_row(cmp, find_effect, NULL);
	for (i = 0; i < cmp->nr_pairs; i++)
		rows += cmp->pairs[i].nr_rows;
	family.p = xcalloc(rows + 1, sizeof(*family.p));
	each_row(cmp, collect_p, &family);
	holm_adjust(family.p, family.nr, family.p);
	family.nr = 0;
	each_row(cmp, judge, &family);
	free(family.p);
}

static void warn_runs(struct compare *cmp)
{
	const struct results *sides[] = { cmp->a, cmp->b };
	size_t i;

	for (i = 0; i < (cmp->a == cmp->b ? 1 : 2); i++) {
		if (sides[i]->canary == CANARY_DIFFERS)
			compare_warn(
				cmp,
				"%s: the canary differs, the run was not deterministic: every number counts as noisy",
				sides[i]->path);
		else if (sides[i]->canary == CANARY_ABSENT && sides[i]->engine != METRIC_NOISY)
			compare_warn(
				cmp,
				"%s: no canary was run, so that determinism was assumed, not shown",
				sides[i]->path);
	}
	if (cmp->a->engine != cmp->b->engine)
		compare_warn(cmp, "the sides differ in the engine: A %s, B %s",
			     metric_class_name(cmp->a->engine), metric_class_name(cmp->b->engine));
	if (strcmp(cmp->a->scenario, cmp->b->scenario))
		compare_warn(cmp, "the sides differ in the scenario: A %s, B %s", cmp->a->scenario,
			     cmp->b->scenario);
	compare_warn_artifacts(cmp);
}

static bool is_count_named(const struct compare_row *row, const char *metric)
{
	return row->kind == KIND_COUNT && !strcmp(row->metric, metric);
}

/* A budget that no row has is a typing error, and would let a regression pass. */
static int check_budgets(const struct compare *cmp, struct err *err)
{
	size_t i, j, k;

	for (k = 0; k < cmp->opts->nr_budgets; k++) {
		bool used = !cmp->nr_pairs;

		for (i = 0; i < cmp->nr_pairs; i++)
			for (j = 0; j < cmp->pairs[i].nr_rows; j++)
				used |= is_count_named(&cmp->pairs[i].rows[j],
						       cmp->opts->budgets[k].metric);
		if (!used)
			return err_usage(err, "budget for %s: there is no such exact count",
					 cmp->opts->budgets[k].metric);
	}
	return 0;
}

/* The A/A run has to be one. */
static int check_aa(const struct compare *cmp, struct err *err)
{
	const struct results *aa = cmp->opts->aa;
	size_t i, j;

	for (i = 0; i < cmp->nr_pairs; i++) {
		const struct result_cell *cell = cmp->pairs[i].a;

		for (j = 0; aa && j < aa->nr_cells; j++) {
			const struct result_cell *again = &aa->cells[j];

			if (cell->inputs_sha256 && again->inputs_sha256 &&
			    compare_same_axes(cell, again, NULL) &&
			    strcmp(cell->inputs_sha256, again->inputs_sha256))
				return err_usage(err,
						 "%s: cell %s ran other inputs than in %s: not A/A",
						 aa->path, again->id, cmp->a->path);
		}
	}
	return 0;
}

int compare_results(const struct results *a, const struct results *b,
		    const struct compare_opts *opts, struct compare *out, struct err *err)
{
	struct compare cmp = { .a = a, .b = b ? b : a, .opts = opts };
	size_t i;

	if (compare_pair_cells(&cmp, err) < 0 || check_aa(&cmp, err) < 0) {
		compare_release(&cmp);
		return -1;
	}
	warn_runs(&cmp);
	for (i = 0; i < cmp.nr_pairs; i++)
		fill_pair(&cmp, &cmp.pairs[i]);
	if (check_budgets(&cmp, err) < 0) {
		compare_release(&cmp);
		return -1;
	}
	judge_all(&cmp);
	cmp.sentence = compare_sentence(&cmp);
	*out = cmp;
	return 0;
}

void compare_release(struct compare *cmp)
{
	size_t i, j;

	for (i = 0; i < cmp->nr_pairs; i++) {
		for (j = 0; j < cmp->pairs[i].nr_rows; j++)
			free(cmp->pairs[i].rows[j].log_ratios);
		free(cmp->pairs[i].rows);
		free(cmp->pairs[i].label);
	}
	for (i = 0; i < cmp->nr_skips; i++) {
		free(cmp->skips[i].what);
		free(cmp->skips[i].reason);
	}
	for (i = 0; i < cmp->nr_warnings; i++)
		free(cmp->warnings[i]);
	free(cmp->pairs);
	free(cmp->skips);
	free(cmp->warnings);
	free(cmp->by);
	free(cmp->name_a);
	free(cmp->name_b);
	free(cmp->sentence);
	*cmp = (struct compare){ .a = NULL };
}
