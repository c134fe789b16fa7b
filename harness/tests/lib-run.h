/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole runs over fake machines: run_scenario() with a source whose machines are
 * fake-qemu scripts that do what a good cell does, or what the test says.
 */
#ifndef GRANTBENCH_TESTS_LIB_RUN_H
#define GRANTBENCH_TESTS_LIB_RUN_H

#include <jansson.h>

#include "result/digest.h"
#include "workload/run.h"

struct fake_run {
	char *dir;		/* everything is below it */
	char *out;		/* DIR/out */
	char *qemu;
	struct scenario *scenario;
	struct run_source source;
	struct run_opts opts;

	/*
	 * What a machine does: text put in place of, or into, the script of samples
	 * whose name ends in that; NULL ends the list.
	 */
	const struct fake_behaviour {
		const char *sample;
		const char *instead;	/* the whole script; NULL: the good one */
		const char *before;	/* commands in front of the good one */
	} *behaviour;
	unsigned int started;	/* machines that were written */
	const char *salt;	/* part of every key: other inputs */
	int phase_ms;		/* deadline of each phase */
	int gnttab_version;	/* of the grant table, as the domU says */
	int granting;		/* entries through which somebody has access; 3 are in use */
	int backend_domid;	/* to which its driver grants */
};

/* ini: the scenario's text; it has kind = none added. */
void fake_run_setup(struct fake_run *run, const char *ini);
void fake_run_teardown(struct fake_run *run);

/* Run in this process. */
int fake_run(struct fake_run *run, struct run_summary *summary, struct err *err);

/* Run in a child, which exits with 0 finished, 1 failed cells, 2 interrupted, 9 error. */
pid_t fake_run_fork(struct fake_run *run);
/* Wait for the child: its exit status, or 1000 + the signal that killed it. */
int fake_run_wait(pid_t pid);

/* Pid file that a "pid" command of a behaviour wrote: DIR/NAME. */
pid_t fake_run_pid(const struct fake_run *run, const char *name);

json_t *fake_run_result(const struct fake_run *run);
/* Outcome of the cell whose id contains text, "" when the result has none. Static. */
const char *fake_run_outcome(const json_t *result, const char *text);
void fake_run_digest(const struct fake_run *run, char hex[FS_SHA256_HEX]);

#endif
