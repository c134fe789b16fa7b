/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a sample of a cell to a machine that can be started: artifacts looked up,
 * texts and key made, then device trees and overlays written and QEMU's argv put
 * together.
 *
 *	planner_new()		builds or finds the artifacts that the cells need
 *	plan_prepare()		one sample's texts, key and token; touches no disk
 *	plan_write()		its files and argv, right before it runs
 *	vm_start(plan.spec)	(vm/vm.h)
 *	plan_drop_images()	what can be made again: some 20 MB per sample
 *
 * The token and the key of a sample are functions of its inputs alone, so that
 * two runs of the same sample print the same bytes.
 */
#ifndef GRANTBENCH_WORKLOAD_PLAN_H
#define GRANTBENCH_WORKLOAD_PLAN_H

#include <jansson.h>

#include "build/artifact.h"
#include "dt/dt.h"
#include "lib/fs.h"
#include "vm/vm.h"
#include "workload/sample.h"
#include "workload/texts.h"

#define PLAN_MAX_PHASES 13

struct planner;

struct plan_opts {
	struct builder *builder;
	bool count;			/* count samples are planned, too */
	bool interactive;		/* grantbench boot */
	bool free_clock;		/* interactive: time passes as on the host */
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
	char *dir;			/* the sample's directory; absolute once written */
	char *token[REPORT_SOURCES];	/* the same for all, but where one domain does not trust another */
	char key[FS_SHA256_HEX];	/* of everything that decides the result */
	char **argv;			/* NULL-terminated, once written */
	struct vm_phase phases[PLAN_MAX_PHASES];
	struct vm_spec spec;		/* points into this plan */
	struct machine machine;		/* likewise */
};

/*
 * Fill *plan, which must not move afterwards, as far as it goes without the
 * directory dir. slowdown: vm_measure_slowdown(). Release the plan.
 */
int plan_prepare(struct planner *planner, const struct cell *cell, const struct sample *sample,
		 const char *dir, double slowdown, struct plan *plan, struct err *err);

/* Write the files into the directory, made if need be, and finish plan->spec. */
int plan_write(struct planner *planner, struct plan *plan, struct err *err);

/* Both, for the cell's only sample. */
int plan_cell(struct planner *planner, const struct cell *cell, const char *dir, double slowdown,
	      struct plan *plan, struct err *err);

/* Remove the root file systems and overlays from the directory. */
void plan_drop_images(const struct plan *plan);
void plan_release(struct plan *plan);

/*
 * The tree alone, without artifacts. For `grantbench dt`.
 */
int plan_guest_tree(const struct scenario *s, const struct cell *cell, struct buf *dtb,
		    struct err *err);

#endif
