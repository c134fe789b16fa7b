// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "workload/evaluate.h"
#include "workload/run-internal.h"

static void start_more(struct run *run);

static void fail(struct run *run, const struct err *err)
{
	if (!run->failed)
		*run->err = *err;
	run->failed = -1;
	run->stopping = true;
}

/*
 * What the guests sent, beside the consoles. They choose the names (REPORTS_NAME_MAX),
 * but not ours.
 */
static int save_files(const struct task *t, const struct vm_result *r, struct err *err)
{
	static const char *const ours[] = { ".log", ".dtb", ".cpio", "cell.json" };
	size_t i, j;

	for (i = 0; i < r->reports.nr_blobs; i++) {
		const struct blob *b = &r->reports.blobs[i];
		bool second = b->source == REPORT_DOMU2 || b->source == REPORT_BACKEND2;
		_cleanup_free_ char *path = xasprintf("%s/%s%s%s", t->dir,
						      second ? report_source_name(b->source) : "",
						      second ? "-" : "", b->name);
		size_t len = strlen(path);

		for (j = 0; j < ARRAY_SIZE(ours); j++)
			if (!strcmp(path + len - strlen(ours[j]), ours[j]))
				break;
		if (b->complete && j == ARRAY_SIZE(ours) &&
		    fs_write_atomic(path, b->data, b->size, 0644, err) < 0)
			return -1;
	}
	return 0;
}

static void finish_task(struct task *t, const struct vm_result *r)
{
	struct run *run = t->run;
	const struct expectation *x = scenario_expects(run->scenario, t->cell);
	char console[FS_SHA256_HEX];
	struct evaluation e;
	const char *word;
	const char *gave_up;
	_cleanup_free_ char *note = NULL;
	struct err err = { 0 };

	evaluate(&t->plan.machine, r, &e);
	t->result = e.cell;
	t->host = e.host;
	if (fs_sha256_file(r->console_path, console, NULL) < 0)
		strcpy(console, "");
	json_object_set_new(t->result, "console_sha256", json_string(console));
	json_object_set_new(t->result, "inputs_sha256", json_string(t->plan.key));
	/* a kernel that gave up waiting for a supplier passes, late */
	gave_up = json_string_value(json_object_get(json_object_get(t->result, "proof"), "gave_up"));
	word = x ? result_expect(x->word, x->which.reason, e.outcome, e.reason) : NULL;
	note = xasprintf("%s%s%s%s%s%s%s", word ? word : outcome_name(e.outcome),
			 *e.reason ? ": " : "", e.reason,
			 gave_up ? ", after a deferred probe: " : "", gave_up ? gave_up : "",
			 r->context ? "\n" : "", r->context ? r->context : "");
	free(e.reason);
	t->finished = !r->interrupted;
	/* a failure of the host says nothing of the cell: --resume tries it again */
	if (t->finished &&
	    (save_files(t, r, &err) < 0 ||
	     (e.outcome != OUTCOME_INFRA_ERROR &&
	      result_save_cell(t->dir, t->plan.key, t->result, t->host, &err) < 0)))
		fail(run, &err);
	if (e.outcome == OUTCOME_PASS)
		plan_drop_images(&t->plan);
	progress_end(&run->progress, t->slot, note);
}

static void on_done(struct vm *vm, void *arg)
{
	struct task *t = arg;
	struct run *run = t->run;

	finish_task(t, vm_result(vm));
	/* a console and its records are some hundred KiB, and there may be thousands of samples */
	vm_free(t->vm);
	t->vm = NULL;
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

static int start_task(struct task *t, struct err *err)
{
	struct run *run = t->run;

	if (run->source->write(run->source->arg, &t->plan, err) < 0)
		return -1;
	t->slot = free_slot(run);
	t->plan.spec.on_phase = on_phase;
	t->plan.spec.arg = t;
	progress_start(&run->progress, t->slot, t->name);
	t->vm = vm_start(run->loop, &t->plan.spec, on_done, t, err);
	if (!t->vm)
		return err_prefix(err, "cell %s", t->name);
	run->used[t->slot] = true;
	run->running++;
	return 0;
}

static void stop_all(struct run *run, const char *why)
{
	size_t i;

	run->stopping = true;
	for (i = 0; i < run->nr_tasks; i++)
		if (run->task[i].vm)
			vm_stop(run->task[i].vm, why);
}

static void start_more(struct run *run)
{
	while (!run->stopping && run->running < run->jobs && run->next < run->nr_tasks) {
		struct task *t = &run->task[run->next++];
		struct err err = { 0 };

		if (t->finished)
			continue;
		if (start_task(t, &err) < 0) {
			fail(run, &err);
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

static int prepare_task(struct run *run, struct task *t, struct err *err)
{
	struct err local = { 0 };
	int found;

	if (t->canary) {
		t->name = xstrdup("canary");
		t->dir = xasprintf("%s/canary", run->opts->out);
	} else {
		t->name = sample_name(t->cell->id, &t->sample);
		t->dir = xasprintf("%s/cells/%s", run->opts->out, t->name);
	}
	if (run->source->prepare(run->source->arg, t->cell, &t->sample, t->dir, run->slowdown,
				 &t->plan, err) < 0)
		return -1;
	t->prepared = true;
	if (!run->opts->resume)
		return 0;
	found = result_load_cell(t->dir, t->plan.key, &t->result, &t->host, &local);
	/* written whole or not at all, so somebody else damaged it: run it again */
	if (found < 0)
		progress_note(&run->progress, "%s: cannot be taken, so it runs again: %s", t->name,
			      local.msg);
	t->finished = found == 1;
	return 0;
}

/* Prepare every sample before any machine starts: a bad scenario costs no boot. */
static int prepare_all(struct run *run, struct err *err)
{
	_cleanup_free_ const struct cell **cell = xcalloc(run->cells.nr + 1, sizeof(*cell));
	_cleanup_free_ struct sample_task *order = NULL;
	size_t i, nr_cells = 0, n;

	for (i = 0; i < run->cells.nr; i++)
		if (!run->cells.cell[i].not_applicable)
			cell[nr_cells++] = &run->cells.cell[i];
	n = sample_order(run->scenario, nr_cells, run->opts->canary, &order);
	run->task = xcalloc(n + 1, sizeof(*run->task));
	for (i = 0; i < n; i++) {
		struct task *t = &run->task[run->nr_tasks++];

		*t = (struct task){ .run = run, .cell = cell[order[i].cell],
				    .sample = order[i].sample, .canary = order[i].canary };
		if (prepare_task(run, t, err) < 0)
			return -1;
	}
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

static void run_release(struct run *run)
{
	size_t i;

	for (i = 0; i < run->nr_tasks; i++) {
		struct task *t = &run->task[i];

		vm_free(t->vm);
		if (t->prepared)
			plan_release(&t->plan);
		json_decref(t->result);
		json_decref(t->host);
		free(t->name);
		free(t->dir);
	}
	free(run->task);
	loop_free(run->loop);
	cells_release(&run->cells);
}

static unsigned int jobs_for(const struct scenario *s, const struct run_opts *opts)
{
	unsigned int jobs = opts->jobs ? opts->jobs : (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);

	if (scenario_engine(s) == ENGINE_NOISY)
		return 1;
	return jobs > MAX_JOBS ? MAX_JOBS : jobs;
}

static int run_all(struct run *run, struct run_summary *summary, struct err *err)
{
	size_t i, todo = 0;
	int ret;

	if (fs_mkdirs(run->opts->out, err) < 0)
		return -1;
	run->slowdown = vm_measure_slowdown(run->jobs);
	progress_init(&run->progress, 0, run->opts->quiet);
	if (prepare_all(run, err) < 0)
		return -1;
	for (i = 0; i < run->nr_tasks; i++)
		todo += !run->task[i].finished;
	progress_init(&run->progress, todo, run->opts->quiet);
	ret = run_loop(run, err);
	for (i = 0; i < run->nr_tasks; i++)
		summary->interrupted |= !run->task[i].finished;
	return ret < 0 ? ret : run_write_results(run, summary, err);
}

static int from_planner_prepare(void *arg, const struct cell *cell, const struct sample *sample,
				const char *dir, double slowdown, struct plan *plan, struct err *err)
{
	return plan_prepare(arg, cell, sample, dir, slowdown, plan, err);
}

static int from_planner_write(void *arg, struct plan *plan, struct err *err)
{
	return plan_write(arg, plan, err);
}

static json_t *from_planner_artifacts(void *arg)
{
	return planner_artifacts(arg);
}

int run_scenario(const struct scenario *s, const struct run_opts *opts,
		 struct run_summary *summary, struct err *err)
{
	struct plan_opts plan_opts = {
		.builder = opts->builder,
		.count = scenario_bool(s, SET_COUNT),
		.extra_domu_args = opts->extra_domu_args,
	};
	struct run_source source = {
		.prepare = from_planner_prepare,
		.write = from_planner_write,
		.artifacts = from_planner_artifacts,
	};
	struct run run = { .scenario = s, .opts = opts, .source = opts->source };
	struct planner *planner = NULL;
	int ret = -1;

	*summary = (struct run_summary){ .worst = GB_OK };
	if (scenario_cells(s, opts->only, &run.cells, err) < 0)
		return -1;
	run.jobs = jobs_for(s, opts);
	if (!run.source) {
		source.arg = planner = planner_new(&plan_opts, s, &run.cells, err);
		run.source = &source;
	}
	if (run.source->arg)
		ret = run_all(&run, summary, err);
	run_release(&run);
	planner_free(planner);
	return ret < 0 ? err_prefix(err, "scenario %s", s->name) : 0;
}
