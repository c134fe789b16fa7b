/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What run.c and finish.c share. */
#ifndef GRANTBENCH_WORKLOAD_RUN_INTERNAL_H
#define GRANTBENCH_WORKLOAD_RUN_INTERNAL_H

#include <jansson.h>

#include "lib/loop.h"
#include "result/result.h"
#include "workload/progress.h"
#include "workload/run.h"

#define MAX_JOBS PROGRESS_SLOTS

struct run;

/* One sample's place in the run. */
struct task {
	struct run *run;
	const struct cell *cell;
	struct sample sample;
	bool canary;			/* the first task once more */
	char *name;			/* for people: "ID/seed-3", "canary" */
	char *dir;
	struct plan plan;
	bool prepared, finished;
	struct vm *vm;
	unsigned int slot;
	json_t *result, *host;		/* when finished */
};

struct run {
	const struct scenario *scenario;
	const struct run_opts *opts;
	const struct run_source *source;
	struct cells cells;
	struct loop *loop;
	struct progress progress;
	struct task *task;
	size_t nr_tasks, next;
	unsigned int jobs, running;
	bool used[MAX_JOBS];
	double slowdown;
	bool stopping;
	int failed;		/* starting or saving went wrong: *err is filled */
	struct err *err;
};

/* finish.c: judge the canary, merge samples, hold budgets, write the results. */
int run_write_results(struct run *run, struct run_summary *summary, struct err *err);

#endif
