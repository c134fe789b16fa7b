/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of real boots look at in a run's results. */
#ifndef GRANTBENCH_TESTS_LIB_BOOT_H
#define GRANTBENCH_TESTS_LIB_BOOT_H

#include "lib/json.h"
#include "tests/lib-cli.h"

#define RUN_MS (25 * 60 * 1000)

/* A result file of the run into DIR/out; a new reference. */
json_t *boot_load(const struct cli *cli, const char *name);

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
void boot_expect_failure(const struct cli *cli, const char *scenario, const char *const *more,
			 const char *outcome, const char *want);

#endif
