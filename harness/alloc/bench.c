// SPDX-License-Identifier: GPL-2.0-or-later
#include "alloc/bench.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/spawn.h"
#include "stats/bootstrap.h"
#include "stats/describe.h"
#include "stats/infer.h"

#define TIMEOUT_MS 120000
#define TIME_MS 10	/* least length of a timed part */

/* Requests that are single-stepped: a step takes some 10 us, a rebuild thousands of steps. */
#define INSN_REQUESTS(pages) ((pages) == 1 ? 64 : 24)

struct bench_cell *bench_cell(const struct bench *b, size_t load, size_t variant)
{
	return &b->cells[load * b->nr_variants + variant];
}

const struct bench_cell *bench_find(const struct bench *b, const char *load, const char *variant)
{
	size_t i;

	for (i = 0; i < b->nr_loads * b->nr_variants; i++)
		if (!strcmp(b->cells[i].load->name, load) && !strcmp(b->cells[i].variant, variant))
			return &b->cells[i];
	return NULL;
}

/* Buckets as gb-alloc prints them, [ns, count], and the exact maximum. */
static int take_hdr(const json_t *json, const char *name, struct hdr *h)
{
	const json_t *o = json_object_get(json, name), *bucket;
	const json_t *max = json_object_get(o, "max");
	size_t i;

	if (!json_is_number(max))
		return -1;
	json_array_foreach(json_object_get(o, "buckets"), i, bucket) {
		const json_t *ns = json_array_get(bucket, 0), *n = json_array_get(bucket, 1);

		if (!json_is_number(ns) || !json_is_integer(n) || json_integer_value(n) < 0 ||
		    !(json_number_value(ns) >= 0 && json_number_value(ns) < 1e15))
			return -1;
		hdr_add_many(h, (uint64_t)llround(json_number_value(ns)),
			     (uint64_t)json_integer_value(n));
	}
	if (json_number_value(max) > (double)h->max && json_number_value(max) < 1e15)
		h->max = (uint64_t)llround(json_number_value(max));
	return 0;
}

int bench_take(struct bench_cell *cell, unsigned int round, const char *text, struct err *err)
{
	_cleanup_json_ json_t *json = json_loads(text, 0, NULL);
	json_int_t requests, failed, rebuilds, words_max, locks, refs_peak, mapped_peak;
	struct bench_counts counts;
	double ns;

	if (!json || json_unpack(json, "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:F}", "requests", &requests,
				 "failed", &failed, "rebuilds", &rebuilds, "words_max", &words_max,
				 "locks", &locks, "refs_peak", &refs_peak, "mapped_peak", &mapped_peak,
				 "ns", &ns) < 0 ||
	    requests <= 0 || failed < 0 || failed > requests || !(ns > 0 && ns < 1e12) ||
	    take_hdr(json, "irqs_off_ns", &cell->irqs_off) < 0 ||
	    take_hdr(json, "call_ns", &cell->call) < 0)
		return err_set(err, "gb-alloc printed something else than a measurement: %.120s", text);
	counts = (struct bench_counts){
		.requests = (uint64_t)requests, .failed = (uint64_t)failed,
		.rebuilds = (uint64_t)rebuilds, .words_max = (uint64_t)words_max,
		.locks = (uint64_t)locks, .refs_peak = (uint64_t)refs_peak,
		.mapped_peak = (uint64_t)mapped_peak,
	};
	if (round == 0)
		cell->counts = counts;
	else if (memcmp(&counts, &cell->counts, sizeof(counts)))
		cell->counts_differ = true;
	cell->ns[round] = ns;
	return 0;
}

#define ARGS_MAX 40

/* An argument vector that owns its strings. */
struct args {
	char *v[ARGS_MAX + 1];
	size_t nr;
};

static void args_add(struct args *a, const char *name, unsigned long long value)
{
	if (a->nr + 2 > ARGS_MAX)
		abort();
	a->v[a->nr++] = xstrdup(name);
	a->v[a->nr++] = xasprintf("%llu", value);
}

static void args_release(struct args *a)
{
	while (a->nr > 0)
		free(a->v[--a->nr]);
}

static void args_load(struct args *a, const struct bench *b, const char *command,
		      const struct bench_cell *cell)
{
	const struct bench_load *l = cell->load;

	*a = (struct args){ .nr = 0 };
	a->v[a->nr++] = xstrdup(b->program);
	a->v[a->nr++] = xstrdup(command);
	a->v[a->nr++] = xstrdup("--variant");
	a->v[a->nr++] = xstrdup(cell->variant);
	args_add(a, "--seed", b->seed);
	args_add(a, "--time-ms", TIME_MS);
	args_add(a, "--held", l->held_pct);
	args_add(a, "--held-late", l->held_late);
	args_add(a, "--own", l->own_pct);
	args_add(a, "--grown", l->grown);
	args_add(a, "--reserve", l->reserve);
	args_add(a, "--aperture", l->aperture);
	if (l->trace) {
		a->v[a->nr++] = xstrdup("--trace");
		a->v[a->nr++] = xstrdup(l->trace);
		return;
	}
	args_add(a, "--inflight", l->inflight);
	args_add(a, "--pages", l->pages);
	args_add(a, "--threads", l->threads ? l->threads : 1);
	args_add(a, "--requests", !strcmp(command, "insns") ? INSN_REQUESTS(l->pages) :
		 l->requests ? l->requests : 4096);
	a->v[a->nr++] = xstrdup("--order");
	a->v[a->nr++] = xstrdup(l->fifo ? "fifo" : "random");
}

/*
 * Run gb-alloc. 0: out is its line; 1: it says that the load cannot be run, out is
 * why; -1: it died.
 */
static int start(const struct args *args, struct buf *out, struct err *err)
{
	struct spawn_req req = SPAWN_REQ_INIT;
	struct err own = { 0 };
	const char *why;

	req.argv = (const char *const *)args->v;
	if (spawn_run(&req, TIMEOUT_MS, out, &own) == 0)
		return 0;
	/* its own status for that, and its own words behind the harness' */
	why = strstr(own.msg, "gb-alloc: ");
	if (strstr(own.msg, "exit status 3") && why) {
		buf_reset(out);
		buf_addstr(out, why + strlen("gb-alloc: "));
		return 1;
	}
	return err_subject(err, "%s", own.msg);
}

static int measure(const struct bench *b, struct bench_cell *cell, unsigned int round,
		   struct err *err)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct args args;
	int ret;

	if (cell->not_applicable)
		return 0;
	args_load(&args, b, "run", cell);
	ret = start(&args, &out, err);
	args_release(&args);
	if (ret > 0)
		cell->not_applicable = buf_detach(&out);
	else if (ret == 0)
		ret = bench_take(cell, round, out.data ? out.data : "", err);
	return ret < 0 ? err_prefix(err, "%s, %s", cell->load->name, cell->variant) : 0;
}

static int count_instructions(const struct bench *b, struct bench_cell *cell, struct err *err)
{
	_cleanup_json_ json_t *json = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct args args;
	int ret;

	cell->instructions = NAN;
	if (!cell->load->instructions || cell->not_applicable)
		return 0;
	args_load(&args, b, "insns", cell);
	ret = start(&args, &out, err);
	args_release(&args);
	if (ret > 0) {
		cell->no_instructions = buf_detach(&out);
		return 0;
	}
	if (ret == 0)
		json = json_loads(out.data ? out.data : "", 0, NULL);
	if (ret < 0 || !json_is_number(json_object_get(json, "instructions")))
		return ret < 0 ? -1 : err_set(err, "gb-alloc printed no count of instructions");
	cell->instructions = json_number_value(json_object_get(json, "instructions"));
	return 0;
}

static bool wanted(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (!strcmp(*names, name))
			return true;
	return !names;
}

int bench_read_trace(const char *path, struct trace *out, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct trace_error where;

	if (fs_read(path, &text, err) < 0) {
		err->code = GB_USAGE;
		return -1;
	}
	if (trace_parse(text.data ? text.data : "", text.size, out, &where) == 0)
		return 0;
	return where.line ? err_usage(err, "%s: line %zu: %s", path, where.line, where.what) :
	       err_usage(err, "%s: %s", path, where.what);
}

/* The file's name; of a run's traces, all of which are trace.txt, the cell's. */
static char *trace_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *p = slash;

	if (!slash || strcmp(slash + 1, "trace.txt"))
		return xstrdup(slash ? slash + 1 : path);
	while (p > path && p[-1] != '/')
		p--;
	return xstrndup(p, (size_t)(slash - p));
}

static int add_trace(struct bench *b, const char *path, struct err *err)
{
	_cleanup_free_ char *name = trace_name(path);
	struct trace trace;

	if (bench_read_trace(path, &trace, err) < 0)
		return -1;
	b->loads = xrealloc(b->loads, (b->nr_loads + 1) * sizeof(*b->loads));
	b->loads[b->nr_loads++] = (struct bench_load){
		.name = take_ptr(name),
		.what = xasprintf("trace: device %s, scenario %s, %zu maps, at most %u at once of "
				  "%llu pages", trace.device, trace.scenario, trace.nr_maps,
				  trace.nr_slots, (unsigned long long)trace.pages_peak),
		.trace = path, .trace_maps = trace.nr_maps,
	};
	trace_release(&trace);
	return 0;
}

static int choose_loads(const struct bench_opts *opts, struct bench *b, struct err *err)
{
	const char *const *p;
	size_t i;

	b->loads = xcalloc(nr_bench_loads, sizeof(*b->loads));
	for (p = opts->loads; p && *p; p++) {
		for (i = 0; i < nr_bench_loads && strcmp(*p, bench_loads[i].name); i++)
			;
		if (i == nr_bench_loads)
			return err_usage(err, "there is no load %s (--list shows them)", *p);
	}
	/* traces alone, when only traces were asked for */
	for (i = 0; i < nr_bench_loads && (opts->loads || !opts->traces); i++)
		if (wanted(opts->loads, bench_loads[i].name))
			b->loads[b->nr_loads++] = bench_loads[i];
	for (p = opts->traces; p && *p; p++)
		if (add_trace(b, *p, err) < 0)
			return -1;
	return 0;
}

static int choose_variants(const struct bench_opts *opts, struct bench *b, struct err *err)
{
	static const char *const known[] = {
		BENCH_BASE, "nextfit", "magazine", "iommu", "iommu-iova",
	};
	const char *const argv[] = { b->program, "list", NULL };
	_cleanup_json_ json_t *list = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct spawn_req req = SPAWN_REQ_INIT;
	const char *const *p;
	const json_t *name;
	size_t i, j;

	req.argv = argv;
	if (spawn_run(&req, TIMEOUT_MS, &out, err) < 0)
		return -1;
	list = json_loads(out.data ? out.data : "", 0, NULL);
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		json_array_foreach(list, j, name) {
			if (strcmp(json_string_value(name), known[i]))
				continue;
			/* upstream is always there: all others are held against it */
			if (i == 0 || wanted(opts->variants, known[i]))
				b->variants[b->nr_variants++] = known[i];
		}
	}
	for (p = opts->variants; p && *p; p++) {
		for (i = 0; i < b->nr_variants && strcmp(*p, b->variants[i]); i++)
			;
		if (i == b->nr_variants)
			return err_usage(err, "there is no variant %s in user space", *p);
	}
	if (!b->nr_variants)
		return err_set(err, "%s has no variants", b->program);
	return 0;
}

static void describe_cell(struct bench_cell *cell, const struct bench *b)
{
	cell->median_ns = stats_median(cell->ns, b->rounds);
	cell->ns_ci = bootstrap_interval(cell->ns, b->rounds, stats_median, BOOTSTRAP_PERCENTILE,
					 BOOTSTRAP_REPLICATES, 1 - b->rules.alpha, b->seed);
}

void bench_judge(struct bench *b)
{
	size_t nr = b->nr_loads * b->nr_variants, i, j;
	_cleanup_free_ double *ratios = xcalloc(b->rounds, sizeof(*ratios));
	_cleanup_free_ double *p = xcalloc(nr, sizeof(*p));

	for (i = 0; i < b->nr_loads; i++) {
		const struct bench_cell *base = bench_cell(b, i, 0);

		for (j = 0; j < b->nr_variants; j++) {
			struct bench_cell *cell = bench_cell(b, i, j);

			p[i * b->nr_variants + j] = NAN;
			if (cell->not_applicable)
				continue;
			describe_cell(cell, b);
			if (j == 0 || base->not_applicable ||
			    !stats_log_ratios(base->ns, cell->ns, b->rounds, ratios))
				continue;
			cell->effect = effect_noisy(ratios, b->rounds, &b->rules,
						    b->nr_loads * (b->nr_variants - 1));
			p[i * b->nr_variants + j] = cell->effect.p;
		}
	}
	holm_adjust(p, nr, p);
	for (i = 0; i < nr; i++)
		b->cells[i].verdict = isnan(p[i]) ? VERDICT_INCONCLUSIVE :
				      verdict_effect(&b->cells[i].effect, p[i], BETTER_LESS, &b->rules);
}

static int run_rounds(const struct bench_opts *opts, struct bench *b, struct err *err)
{
	size_t all = b->nr_loads * b->nr_variants * (b->rounds + 1), done = 0, i, k;
	unsigned int round;

	for (round = 0; round <= b->rounds; round++) {
		for (i = 0; i < b->nr_loads; i++) {
			if (round < b->rounds && measure(b, &b->idle[i], round, err) < 0)
				return -1;
			for (k = 0; k < b->nr_variants; k++) {
				/* the last round counts instructions */
				struct bench_cell *cell = bench_cell(b, i, round % 2 ?
								     b->nr_variants - 1 - k : k);

				if (opts->interrupted && *opts->interrupted)
					return err_set(err, "interrupted after %zu of %zu measurements", done,
						       all);
				if (opts->progress)
					opts->progress(b->loads[i].name, done, all, opts->progress_arg);
				if ((round < b->rounds ? measure(b, cell, round, err) :
				     count_instructions(b, cell, err)) < 0)
					return -1;
				done++;
			}
		}
	}
	return 0;
}

static void make_cell(struct bench_cell *cell, const struct bench *b, size_t load,
		      const char *variant)
{
	cell->load = &b->loads[load];
	cell->variant = variant;
	cell->ns = xcalloc(b->rounds, sizeof(*cell->ns));
	cell->instructions = NAN;
}

static void make_cells(struct bench *b)
{
	size_t i, j;

	b->cells = xcalloc(b->nr_loads * b->nr_variants, sizeof(*b->cells));
	b->idle = xcalloc(b->nr_loads, sizeof(*b->idle));
	for (i = 0; i < b->nr_loads; i++) {
		make_cell(&b->idle[i], b, i, "null");
		for (j = 0; j < b->nr_variants; j++)
			make_cell(bench_cell(b, i, j), b, i, b->variants[j]);
	}
}

/* What the load itself takes; a hundredth of a ns is left of what takes no longer. */
static void deduct_idle(struct bench *b)
{
	unsigned int round;
	size_t i, j;

	for (i = 0; i < b->nr_loads; i++) {
		for (j = 0; j < b->nr_variants; j++) {
			double *ns = bench_cell(b, i, j)->ns;

			for (round = 0; round < b->rounds; round++)
				ns[round] = fmax(ns[round] - b->idle[i].ns[round], 0.01);
		}
	}
}

/* One object a line. */
static int take_defects(struct bench *b, struct err *err)
{
	const char *const argv[] = { b->program, "defects", NULL };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct spawn_req req = SPAWN_REQ_INIT;
	char *line, *save = NULL;

	req.argv = argv;
	if (spawn_run(&req, TIMEOUT_MS, &out, err) < 0)
		return -1;
	b->defects = json_array();
	for (line = strtok_r(out.data ? out.data : (char *)"", "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		json_t *o = json_loads(line, 0, NULL);

		if (!json_is_string(json_object_get(o, "defect")) ||
		    !json_is_string(json_object_get(o, "how")) ||
		    !json_is_string(json_object_get(o, "seen")) ||
		    !json_is_boolean(json_object_get(o, "reproduced"))) {
			json_decref(o);
			return err_set(err, "gb-alloc printed something else than a defect: %.80s", line);
		}
		json_array_append_new(b->defects, o);
	}
	return 0;
}

int bench_run(const struct bench_opts *opts, struct bench *out, struct err *err)
{
	struct bench b = {
		.rounds = opts->rounds, .seed = opts->seed, .program = xstrdup(opts->program),
		.rules = { .alpha = 0.05, .margin = log1p(0.05), .threshold = log1p(0.05),
			   .min_pairs = 6, .seed = opts->seed },
	};
	int64_t start_ns = monotonic_ns();

	if (choose_loads(opts, &b, err) < 0 || choose_variants(opts, &b, err) < 0) {
		bench_release(&b);
		return -1;
	}
	make_cells(&b);
	if (run_rounds(opts, &b, err) < 0 || take_defects(&b, err) < 0) {
		bench_release(&b);
		return -1;
	}
	deduct_idle(&b);
	bench_judge(&b);
	b.seconds = (double)(monotonic_ns() - start_ns) / 1e9;
	*out = b;
	return 0;
}

void bench_release(struct bench *b)
{
	size_t i;

	for (i = 0; b->cells && i < b->nr_loads * b->nr_variants; i++) {
		free(b->cells[i].ns);
		free(b->cells[i].not_applicable);
		free(b->cells[i].no_instructions);
	}
	for (i = 0; b->idle && i < b->nr_loads; i++)
		free(b->idle[i].ns);
	for (i = 0; i < b->nr_loads; i++) {
		if (b->loads[i].trace) {
			free((char *)b->loads[i].name);
			free((char *)b->loads[i].what);
		}
	}
	free(b->cells);
	free(b->idle);
	free(b->loads);
	free(b->program);
	free(b->program_sha256);
	free(b->kernel);
	json_decref(b->sources);
	json_decref(b->defects);
	*b = (struct bench){ .rounds = 0 };
}
