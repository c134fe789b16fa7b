/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of real boots look at in a run's results. */
#ifndef GRANTBENCH_TESTS_LIB_BOOT_H
#define GRANTBENCH_TESTS_LIB_BOOT_H

#include <check.h>

#include "lib/json.h"
#include "tests/lib-cli.h"

#define RUN_MS (25 * 60 * 1000)

/* The program, and the directory of the test that runs now: its results are in DIR/out. */
extern struct cli boot_cli;

/* A case of the suite: each of its tests with a directory of its own, and time to boot. */
TCase *boot_case(Suite *suite, const char *name);

/*
 * Run with args and then more (NULL at the end of each; no more: NULL), quietly and into
 * DIR/out. The exit status must be want. result.json, as its schema says; a new reference.
 */
json_t *boot_run(int want, const char *const *args, const char *const *more);

/* A result file of the run into DIR/out; a new reference. */
json_t *boot_load(const char *name);

/* A file of the cell's, in that run; caller frees. */
char *boot_cell_file(const json_t *cell, const char *name);

/* The canary of the run was identical. */
void boot_check_canary(const json_t *result);

/* The text behind key, "" when there is none. */
const char *boot_str(const json_t *obj, const char *key);

/* value must be what results/schema says of such files: "result", "manifest". */
void boot_check_schema(const char *schema_name, const json_t *value);

/* The cell's metric, which it must have. */
double boot_metric(const json_t *cell, const char *name);

/*
 * A cell that passed with grants: proof as contracted, verify read back right, grefs
 * returned, everything mapped was unmapped, and ios requests were served.
 */
void boot_check_granted(const json_t *cell, int ios);

/* The outcome is that, the reason holds want, and reports call the cell word for it. */
void boot_check_expected(const json_t *cell, const char *outcome, const char *word,
			 const char *want);

/*
 * Run a scenario's cells, chosen by more (arguments, NULL at the end): the first must
 * have the outcome, a reason that holds want, and no metrics.
 */
void boot_expect_failure(const char *scenario, const char *const *more, const char *outcome,
			 const char *want);

#endif
