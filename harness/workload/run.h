/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run a scenario's cells, several machines at a time, and leave a result.
 *
 * Exact cells do not care how busy the host is, so they run in parallel. The
 * first cell runs twice (the canary): unless both runs print the same bytes on
 * the console, nothing here is exact, and every number is demoted to noisy.
 *
 * A finished cell is on disk before the next one starts; --resume takes cells
 * whose inputs are the same and runs the rest.
 */
#ifndef GRANTBENCH_WORKLOAD_RUN_H
#define GRANTBENCH_WORKLOAD_RUN_H

#include <stdbool.h>

#include "build/artifact.h"
#include "lib/err.h"
#include "scenario/scenario.h"

struct run_opts {
	struct builder *builder;
	const char *out;		/* directory, made if need be */
	const char *const *only;	/* NULL-terminated, or NULL */
	unsigned int jobs;		/* machines at a time; 0: one per CPU */
	bool resume;			/* out may have finished cells */
	bool count;			/* Xen's count build */
	bool canary;			/* run the first cell twice */
	bool quiet;
	const char *extra_domu_args;	/* or NULL */
};

struct run_summary {
	unsigned int pass, failed, not_applicable;
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
