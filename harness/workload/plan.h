/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a cell to a machine that can be started: artifacts looked up, device
 * trees and overlays written into the cell's directory, QEMU's argv put together.
 *
 *	planner_new()		builds or finds the artifacts that the cells need
 *	plan_cell()		one cell's files and argv
 *	vm_start(plan.spec)	(vm/vm.h)
 *
 * The token and the key of a cell are functions of its inputs alone, so that
 * two runs of the same cell print the same bytes.
 */
#ifndef GRANTBENCH_WORKLOAD_PLAN_H
#define GRANTBENCH_WORKLOAD_PLAN_H

#include <jansson.h>

#include "build/artifact.h"
#include "dt/dt.h"
#include "vm/vm.h"
#include "workload/texts.h"

#define PLAN_MAX_PHASES 12

struct planner;

struct plan_opts {
	struct builder *builder;
	bool count;			/* Xen's count build, and xenperf */
	bool interactive;		/* grantbench boot */
	bool exact;
	const char *extra_domu_args;	/* or NULL */
};

/*
 * Look up (build, if need be) what the cells need. The builder must outlive the
 * planner. NULL with err filled.
 */
struct planner *planner_new(const struct plan_opts *opts, const struct scenario *s,
			    const struct cells *cells, struct err *err);
void planner_free(struct planner *planner);

/* Artifacts by name: {"linux-arm64": {"version", "sha256"}, ...}; a new reference. */
json_t *planner_artifacts(const struct planner *planner);

struct plan {
	char *dir;			/* the cell's directory, absolute */
	char *token;
	char key[FS_SHA256_HEX];	/* of everything that decides the result */
	char **argv;			/* NULL-terminated */
	struct vm_phase phases[PLAN_MAX_PHASES];
	struct vm_spec spec;		/* points into this plan */
	struct machine machine;		/* likewise */
};

/*
 * Write the cell's files into dir (made if need be) and fill *plan, which must
 * not move afterwards. slowdown: vm_measure_slowdown(). Release the plan.
 */
int plan_cell(struct planner *planner, const struct cell *cell, const char *dir, double slowdown,
	      struct plan *plan, struct err *err);
void plan_release(struct plan *plan);

/*
 * The trees alone, without artifacts (but for QEMU, which dumps its own): the
 * modules have the sizes that they are given here. For `grantbench dt`.
 */
int plan_guest_tree(const struct scenario *s, const struct cell *cell, struct buf *dtb,
		    struct err *err);

#endif
