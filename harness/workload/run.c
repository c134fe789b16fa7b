// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/loop.h"
#include "result/result.h"
#include "version.h"
#include "workload/evaluate.h"
#include "workload/plan.h"
#include "workload/progress.h"

#define MAX_JOBS PROGRESS_SLOTS

struct run;

/* One cell's place in the run; the canary is the first cell once more. */
struct task {
	struct run *run;
	const struct cell *cell;
	bool canary;
	char *dir;
	struct plan plan;
	bool planned, finished;
	struct vm *vm;
	unsigned int slot;
	char console_sha256[FS_SHA256_HEX];
	json_t *result, *host, *command;
	enum outcome outcome;
};

struct run {
	const struct scenario *scenario;
	const struct run_opts *opts;
	struct planner *planner;
	struct loop *loop;
	struct progress progress;
	struct task *task;
	size_t nr_tasks, next;
	unsigned int jobs, running;
	bool used[MAX_JOBS];
	double slowdown;
	bool stopping;
	int failed;		/* starting went wrong: *err is filled */
	struct err *err;
};

static void start_more(struct run *run);

static void finish_task(struct task *t, const struct vm_result *r)
{
	struct run *run = t->run;
	struct evaluation e;
	_cleanup_free_ char *note = NULL;
	struct err err = { 0 };

	evaluate(&t->plan.machine, r, &e);
	t->outcome = e.outcome;
	t->result = e.cell;
	t->host = e.host;
	t->command = json_string(r->command);
	if (fs_sha256_file(r->console_path, t->console_sha256, &err) < 0)
		strcpy(t->console_sha256, "");
	json_object_set_new(t->result, "console_sha256", json_string(t->console_sha256));
	json_object_set_new(t->result, "inputs_sha256", json_string(t->plan.key));
	note = xasprintf("%s%s%s%s%s", outcome_name(e.outcome), *e.reason ? ": " : "", e.reason,
			 r->context ? "\n" : "", r->context ? r->context : "");
	free(e.reason);
	t->finished = !r->interrupted;
	if (t->finished && !t->canary &&
	    result_save_cell(run->opts->out, t->cell->id, t->plan.key, t->result, t->host,
			     &err) < 0) {
		if (!run->failed)
			*run->err = err;
		run->failed = -1;
		run->stopping = true;
	}
	progress_end(&run->progress, t->slot, note);
}

static void on_done(struct vm *vm, void *arg)
{
	struct task *t = arg;
	struct run *run = t->run;

	finish_task(t, vm_result(vm));
	run->used[t->slot] = false;
	run->running--;
	start_more(run);
}

static void on_phase(const char *phase, int64_t host_ns, void *arg)
{
	struct task *t = arg;

	(void)host_ns;
	progress_phase(&t->run->progress, t->slot, phase);
}

static unsigned int free_slot(struct run *run)
{
	unsigned int i = 0;

	while (run->used[i])
		i++;
	return i;
}

static int start_task(struct task *t)
{
	struct run *run = t->run;

	t->slot = free_slot(run);
	t->plan.spec.on_phase = on_phase;
	t->plan.spec.arg = t;
	progress_start(&run->progress, t->slot, t->canary ? "canary" : t->cell->id);
	t->vm = vm_start(run->loop, &t->plan.spec, on_done, t, run->err);
	if (!t->vm)
		return err_prefix(run->err, "cell %s", t->cell->id);
	run->used[t->slot] = true;
	run->running++;
	return 0;
}

static void stop_all(struct run *run, const char *why)
{
	size_t i;

	run->stopping = true;
	for (i = 0; i < run->nr_tasks; i++)
		if (run->task[i].vm && !run->task[i].finished && run->task[i].result == NULL)
			vm_stop(run->task[i].vm, why);
}

static void start_more(struct run *run)
{
	while (!run->stopping && run->running < run->jobs && run->next < run->nr_tasks) {
		struct task *t = &run->task[run->next++];

		if (t->finished)
			continue;
		if (start_task(t) < 0) {
			run->failed = -1;
			stop_all(run, "another machine could not be started");
		}
	}
	if (!run->running)
		loop_stop(run->loop);
}

static void on_signal(void *arg)
{
	stop_all(arg, "interrupted");
}

static void on_tick(void *arg)
{
	struct run *run = arg;

	progress_tick(&run->progress);
}

/* Plan every cell before any machine starts: a bad scenario costs no boot. */
static int plan_all(struct run *run, const struct cells *cells, struct err *err)
{
	size_t i;

	run->task = xcalloc(cells->nr + 1, sizeof(*run->task));
	for (i = 0; i < cells->nr; i++) {
		const struct cell *cell = &cells->cell[i];
		struct task *t = &run->task[run->nr_tasks];

		if (cell->not_applicable)
			continue;
		*t = (struct task){ .run = run, .cell = cell };
		t->dir = xasprintf("%s/cells/%s", run->opts->out, cell->id);
		run->nr_tasks++;
		if (plan_cell(run->planner, cell, t->dir, run->slowdown, &t->plan, err) < 0)
			return -1;
		t->planned = true;
		if (run->opts->resume) {
			int found = result_load_cell(run->opts->out, cell->id, t->plan.key, &t->result,
						     &t->host, err);

			if (found < 0)
				return -1;
			t->finished = found == 1;
		}
	}
	if (!run->opts->canary || !run->nr_tasks || run->task[0].finished)
		return 0;
	run->task[run->nr_tasks] = (struct task){ .run = run, .cell = run->task[0].cell,
						  .canary = true };
	run->task[run->nr_tasks].dir = xasprintf("%s/canary", run->opts->out);
	run->nr_tasks++;
	if (plan_cell(run->planner, run->task[0].cell, run->task[run->nr_tasks - 1].dir,
		      run->slowdown, &run->task[run->nr_tasks - 1].plan, err) < 0)
		return -1;
	run->task[run->nr_tasks - 1].planned = true;
	return 0;
}

static int run_loop(struct run *run, struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	size_t i;
	int ret;

	run->loop = loop_new();
	run->err = err;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!loop_signal(run->loop, signals[i], on_signal, run))
			return err_errno(err, errno, "cannot take signal %d", signals[i]);
	loop_timer(run->loop, 1000, 1000, on_tick, run);
	start_more(run);
	ret = run->running ? loop_run(run->loop) : 0;
	progress_clear(&run->progress);
	if (ret < 0)
		return err_errno(err, -ret, "event loop");
	return run->failed;
}

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

static json_t *judge_canary(struct run *run, struct run_summary *summary)
{
	struct task *last = run->nr_tasks ? &run->task[run->nr_tasks - 1] : NULL;
	struct task *first = run->task;
	_cleanup_free_ char *a = NULL, *b = NULL, *difference = NULL;
	size_t i;

	if (!last || !last->canary || !last->finished || !first->finished)
		return json_pack("{s:b}", "ran", 0);
	summary->canary_ran = true;
	summary->canary_identical = *first->console_sha256 &&
				    !strcmp(first->console_sha256, last->console_sha256);
	if (summary->canary_identical)
		return json_pack("{s:b,s:b}", "ran", 1, "identical", 1);
	for (i = 0; i < run->nr_tasks; i++)
		if (run->task[i].result)
			demote(run->task[i].result);
	a = xasprintf("%s/console.log", first->dir);
	b = xasprintf("%s/console.log", last->dir);
	difference = first_difference(a, b);
	progress_note(&run->progress, "canary: two runs of %s differ, so every number is demoted to "
		      "noisy: %s", first->cell->id, difference);
	return json_pack("{s:b,s:b,s:s}", "ran", 1, "identical", 0, "difference", difference);
}

static int write_results(struct run *run, const struct cells *cells, struct run_summary *summary,
			 struct err *err)
{
	_cleanup_json_ json_t *all = json_array(), *hosts = json_object(), *commands = json_object();
	_cleanup_json_ json_t *canary = judge_canary(run, summary), *host = NULL, *manifest = NULL;
	struct utsname uts;
	size_t i, t = 0;

	for (i = 0; i < cells->nr; i++) {
		const struct cell *cell = &cells->cell[i];

		if (cell->not_applicable) {
			json_array_append_new(all, evaluate_not_applicable(cell));
			summary->not_applicable++;
			continue;
		}
		if (run->task[t].result && run->task[t].finished) {
			const char *outcome = json_string_value(
				json_object_get(run->task[t].result, "outcome"));
			bool pass = outcome && !strcmp(outcome, "pass");

			json_array_append(all, run->task[t].result);
			json_object_set(hosts, cell->id, run->task[t].host);
			summary->pass += pass;
			summary->failed += !pass;
			if (!pass && summary->worst == GB_OK)
				summary->worst = GB_SUBJECT;
			if (outcome && !strcmp(outcome, "infra-error"))
				summary->worst = GB_INFRA;
		}
		if (run->task[t].command)
			json_object_set(commands, cell->id, run->task[t].command);
		t++;
	}
	uname(&uts);
	host = json_pack("{s:s,s:s,s:i,s:f,s:i,s:O}", "machine", uts.machine, "kernel", uts.release,
			 "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN), "slowdown", run->slowdown, "jobs",
			 (int)run->jobs, "cells", hosts);
	manifest = json_pack("{s:s,s:s,s:s,s:o,s:O}", "schema", MANIFEST_SCHEMA, "grantbench",
			     GB_VERSION, "scenario", run->scenario->name, "artifacts",
			     planner_artifacts(run->planner), "commands", commands);
	if (result_write(run->opts->out, run->scenario->name, run->scenario->setting[SET_ENGINE], all,
			 canary, host, err) < 0)
		return -1;
	return result_write_json(run->opts->out, "manifest.json", manifest, err);
}

static void run_release(struct run *run)
{
	size_t i;

	for (i = 0; i < run->nr_tasks; i++) {
		struct task *t = &run->task[i];

		vm_free(t->vm);
		if (t->planned)
			plan_release(&t->plan);
		json_decref(t->result);
		json_decref(t->host);
		json_decref(t->command);
		free(t->dir);
	}
	free(run->task);
	loop_free(run->loop);
	planner_free(run->planner);
}

int run_scenario(const struct scenario *s, const struct run_opts *opts,
		 struct run_summary *summary, struct err *err)
{
	bool exact = !strcmp(s->setting[SET_ENGINE], "exact");
	struct plan_opts plan_opts = {
		.builder = opts->builder, .count = opts->count, .exact = exact,
		.extra_domu_args = opts->extra_domu_args,
	};
	struct run run = { .scenario = s, .opts = opts };
	struct cells cells;
	size_t i, todo = 0;
	int ret = -1;

	*summary = (struct run_summary){ .worst = GB_OK };
	if (scenario_cells(s, opts->only, &cells, err) < 0)
		return -1;
	run.jobs = opts->jobs ? opts->jobs : (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	if (run.jobs > MAX_JOBS)
		run.jobs = MAX_JOBS;
	run.planner = planner_new(&plan_opts, s, &cells, err);
	if (!run.planner || fs_mkdirs(opts->out, err) < 0)
		goto out;
	run.slowdown = vm_measure_slowdown(run.jobs);
	if (plan_all(&run, &cells, err) < 0)
		goto out;
	for (i = 0; i < run.nr_tasks; i++)
		todo += !run.task[i].finished;
	progress_init(&run.progress, todo, opts->quiet);
	ret = run_loop(&run, err);
	for (i = 0; i < run.nr_tasks; i++)
		summary->interrupted |= !run.task[i].finished;
	if (ret == 0)
		ret = write_results(&run, &cells, summary, err);
out:
	run_release(&run);
	cells_release(&cells);
	return ret < 0 ? err_prefix(err, "scenario %s", s->name) : 0;
}
