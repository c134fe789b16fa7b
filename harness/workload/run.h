/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run a scenario's cells, several machines at a time, and leave a result.
 *
 * Machines under icount do not care how busy the host is, so they run in parallel;
 * on the noisy engine one runs at a time. The first sample runs twice (the canary):
 * unless both print the same bytes on the console, nothing here is exact, and every
 * number is demoted to noisy.
 *
 * A finished sample is on disk before the next one starts; --resume takes those
 * whose inputs are the same and runs the rest.
 */
#ifndef GRANTBENCH_WORKLOAD_RUN_H
#define GRANTBENCH_WORKLOAD_RUN_H

#include <stdbool.h>

#include "lib/err.h"
#include "scenario/scenario.h"
#include "workload/plan.h"

/* Where machines come from: the planner, or what a test puts there. */
struct run_source {
	void *arg;
	/* as plan_prepare(), plan_write() and planner_artifacts() */
	int (*prepare)(void *arg, const struct cell *cell, const struct sample *sample,
		       const char *dir, double slowdown, struct plan *plan, struct err *err);
	int (*write)(void *arg, struct plan *plan, struct err *err);
	json_t *(*artifacts)(void *arg);
};

struct run_opts {
	struct builder *builder;
	const struct run_source *source; /* NULL: a planner over the builder */
	const char *out;		/* directory, made if need be */
	const char *const *only;	/* NULL-terminated, or NULL */
	unsigned int jobs;		/* machines at a time; 0: one per CPU, or 1 (noisy) */
	bool resume;			/* out may have finished samples */
	bool canary;			/* run the first sample twice */
	bool quiet;
	const char *extra_domu_args;	/* or NULL */
};

struct run_summary {
	unsigned int pass, failed, not_applicable;
	unsigned int expected_fail, refused, unexpected_pass;	/* [expect] */
	unsigned int unmet;		/* budgets */
	enum gb_exit worst;
	bool interrupted;
	bool canary_ran, canary_identical;
};

/*
 * 0 when the run was carried out, whatever its cells came to (*summary says);
 * -1 when it could not be, nothing finished is lost then.
 */
int run_scenario(const struct scenario *s, const struct run_opts *opts,
		 struct run_summary *summary, struct err *err);

#endif
