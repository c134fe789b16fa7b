// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of a run: what its samples say together, on disk. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "version.h"
#include "workload/budget.h"
#include "workload/evaluate.h"
#include "workload/merge.h"
#include "workload/run-internal.h"

/* The first line in which two consoles differ; caller frees. */
static char *first_difference(const char *a_path, const char *b_path)
{
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
	size_t i, start = 0, line = 1;

	if (fs_read(a_path, &a, NULL) < 0 || fs_read(b_path, &b, NULL) < 0)
		return xstrdup("a console cannot be read");
	for (i = 0; i < a.size && i < b.size && a.data[i] == b.data[i]; i++) {
		if (a.data[i] != '\n')
			continue;
		line++;
		start = i + 1;
	}
	return xasprintf("line %zu: \"%.*s\" and \"%.*s\"", line,
			 (int)strcspn(a.data + start, "\r\n"), a.data + start,
			 (int)strcspn(b.data + start, "\r\n"), b.data + start);
}

static void demote(json_t *cell)
{
	json_t *m;
	size_t i;

	json_array_foreach(json_object_get(cell, "metrics"), i, m)
		json_object_set_new(m, "class", json_string("noisy"));
}

static const char *str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

static json_t *judge_canary(struct run *run, struct run_summary *summary)
{
	const struct task *canary = NULL, *first = run->task;
	_cleanup_free_ char *a = NULL, *b = NULL, *difference = NULL;
	size_t i;

	for (i = 0; i < run->nr_tasks; i++)
		if (run->task[i].canary)
			canary = &run->task[i];
	if (!canary || !canary->finished || !first->finished)
		return json_pack("{s:b}", "ran", 0);
	summary->canary_ran = true;
	summary->canary_identical = *str(first->result, "console_sha256") &&
				    !strcmp(str(first->result, "console_sha256"),
					    str(canary->result, "console_sha256"));
	if (summary->canary_identical)
		return json_pack("{s:b,s:b,s:s}", "ran", 1, "identical", 1, "cell", first->cell->id);
	a = xasprintf("%s/console.log", first->dir);
	b = xasprintf("%s/console.log", canary->dir);
	difference = first_difference(a, b);
	progress_note(&run->progress, "canary: two runs of %s differ, so every number is demoted to "
		      "noisy: %s", first->name, difference);
	return json_pack("{s:b,s:b,s:s,s:s}", "ran", 1, "identical", 0, "cell", first->cell->id,
			 "difference", difference);
}

/*
 * The cell of its finished samples, a new reference; NULL when one is missing that
 * should be there: half a cell is no result.
 */
static json_t *merge_cell(const struct run *run, const struct cell *cell)
{
	_cleanup_free_ struct merge_part *part = xcalloc(run->nr_tasks, sizeof(*part));
	size_t i, n = 0;

	for (i = 0; i < run->nr_tasks; i++) {
		const struct task *t = &run->task[i];

		if (t->cell != cell || t->canary)
			continue;
		if (!t->finished || !t->result)
			return NULL;
		part[n++] = (struct merge_part){ t->sample, t->result };
	}
	return n ? merge_parts(part, n) : NULL;
}

static enum outcome outcome_of(const json_t *cell)
{
	int i = 0;

	while (i < NR_OUTCOMES && strcmp(outcome_name((enum outcome)i), str(cell, "outcome")))
		i++;
	return (enum outcome)i;
}

/*
 * Say in the cell what was expected of it and what it is called for that. true: it is
 * counted.
 */
static bool take_expectation(struct run *run, const struct cell *cell, json_t *json,
			     struct run_summary *summary)
{
	const struct expectation *x = scenario_expects(run->scenario, cell);
	const char *word;

	if (!x)
		return false;
	word = result_expect(x->word, x->which.reason, outcome_of(json), str(json, "reason"));
	json_object_set_new(json, "expected",
			    json_pack("{s:s,s:s,s:b}", "word", word ? word : str(json, "outcome"),
				      "reason", x->which.reason, "met", word == x->word));
	if (word == result_unexpected_pass) {
		/* also with --quiet: it is why the exit status is not 0 */
		progress_say(&run->progress, "%s: %s: it was expected to fail, with \"%s\"",
			     cell->id, word, x->which.reason);
		summary->unexpected_pass++;
		if (summary->worst < GB_REGRESSION)
			summary->worst = GB_REGRESSION;
	} else if (word == result_refused) {
		summary->refused++;
	} else if (word) {
		summary->expected_fail++;
	} else {
		progress_say(&run->progress, "%s: not the failure that was expected, \"%s\"",
			     cell->id, x->which.reason);
	}
	return word != NULL;
}

static void count_outcome(const json_t *cell, struct run_summary *summary)
{
	const char *outcome = str(cell, "outcome");
	bool pass = !strcmp(outcome, "pass");

	summary->pass += pass;
	summary->failed += !pass;
	if (!pass && summary->worst < GB_SUBJECT)
		summary->worst = GB_SUBJECT;
	if (!strcmp(outcome, outcome_name(OUTCOME_INFRA_ERROR)))
		summary->worst = GB_INFRA;
}

/* Each reason once, with how many cells it keeps from running. */
static void note_not_applicable(struct run *run)
{
	size_t i, j, n;

	for (i = 0; i < run->cells.nr; i++) {
		const char *reason = run->cells.cell[i].not_applicable;

		for (j = 0, n = 0; reason && j < run->cells.nr; j++) {
			const char *other = run->cells.cell[j].not_applicable;

			if (!other || strcmp(other, reason))
				continue;
			if (j < i)
				break;
			n++;
		}
		if (n)
			progress_note(&run->progress, "not applicable, %zu cell%s: %s", n,
				      n == 1 ? "" : "s", reason);
	}
}

static json_t *cells_json(struct run *run, struct run_summary *summary)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < run->cells.nr; i++) {
		const struct cell *cell = &run->cells.cell[i];
		json_t *json;

		if (cell->not_applicable) {
			json_array_append_new(all, evaluate_not_applicable(cell));
			summary->not_applicable++;
			continue;
		}
		json = merge_cell(run, cell);
		if (!json)
			continue;
		if (summary->canary_ran && !summary->canary_identical)
			demote(json);
		if (!take_expectation(run, cell, json, summary))
			count_outcome(json, summary);
		json_array_append_new(all, json);
	}
	return all;
}

static json_t *budgets_json(struct run *run, const json_t *cells, struct run_summary *summary)
{
	json_t *rows = budget_check(run->scenario, cells, &summary->unmet);
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		_cleanup_free_ char *text = NULL;

		if (json_is_true(json_object_get(row, "met")))
			continue;
		text = budget_text(run->scenario, row);
		/* also with --quiet: it is why the exit status is not 0 */
		progress_say(&run->progress, "budget not met: %s", text);
	}
	if (summary->unmet && summary->worst == GB_OK)
		summary->worst = GB_REGRESSION;
	return rows;
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* What this program itself took, and what its machines did. */
static json_t *harness_json(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return json_pack("{s:f,s:f,s:I}", "cpu_seconds",
			 seconds(&self.ru_utime) + seconds(&self.ru_stime), "children_cpu_seconds",
			 seconds(&children.ru_utime) + seconds(&children.ru_stime), "peak_rss_bytes",
			 (json_int_t)self.ru_maxrss * 1024);
}

static json_t *host_json(const struct run *run)
{
	json_t *samples = json_object();
	struct utsname uts;
	size_t i;

	for (i = 0; i < run->nr_tasks; i++)
		if (run->task[i].finished && run->task[i].host) {
			json_t *host = json_copy(run->task[i].host);

			json_object_del(host, "command");	/* the manifest has it */
			json_object_set_new(samples, run->task[i].name, host);
		}
	uname(&uts);
	return json_pack("{s:s,s:s,s:i,s:f,s:i,s:o,s:o}", "machine", uts.machine, "kernel", uts.release,
			 "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN), "slowdown", run->slowdown, "jobs",
			 (int)run->jobs, "samples", samples, "harness",
			 harness_json());
}

/* Which seeds each cell ran with. */
static json_t *seeds_json(const struct run *run)
{
	json_t *cells = json_object();
	size_t i;

	for (i = 0; i < run->nr_tasks; i++) {
		const struct task *t = &run->task[i];
		json_t *cell;

		if (t->sample.kind != SAMPLE_SEED || t->canary || !t->finished)
			continue;
		cell = json_object_get(cells, t->cell->id);
		if (!cell) {
			cell = json_pack("{s:[]}", "seeds");
			json_object_set_new(cells, t->cell->id, cell);
		}
		json_array_append_new(json_object_get(cell, "seeds"), json_integer(t->sample.nr));
	}
	return cells;
}

static json_t *commands_json(const struct run *run)
{
	json_t *commands = json_object();
	size_t i;

	for (i = 0; i < run->nr_tasks; i++) {
		const struct task *t = &run->task[i];

		if (*str(t->host, "command"))
			json_object_set(commands, t->name, json_object_get(t->host, "command"));
	}
	return commands;
}

static json_t *manifest_json(const struct run *run)
{
	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o}", "schema", MANIFEST_SCHEMA, "grantbench",
			 GB_VERSION, "scenario", run->scenario->name, "artifacts",
			 run->source->artifacts(run->source->arg), "commands", commands_json(run),
			 "cells", seeds_json(run));
}

int run_write_results(struct run *run, struct run_summary *summary, struct err *err)
{
	_cleanup_json_ json_t *canary = judge_canary(run, summary);
	_cleanup_json_ json_t *cells = cells_json(run, summary), *host = host_json(run);
	_cleanup_json_ json_t *budgets = budgets_json(run, cells, summary);
	_cleanup_json_ json_t *manifest = manifest_json(run);

	note_not_applicable(run);
	if (result_write(run->opts->out, run->scenario->name, run->scenario->setting[SET_ENGINE],
			 cells, canary, budgets, host, err) < 0)
		return -1;
	return result_write_json(run->opts->out, "manifest.json", manifest, err);
}
