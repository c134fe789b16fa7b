/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario's [budget] against what a run measured. Pure. */
#ifndef GRANTBENCH_WORKLOAD_BUDGET_H
#define GRANTBENCH_WORKLOAD_BUDGET_H

#include <jansson.h>

#include "scenario/scenario.h"

/*
 * For each budget and each cell that passed: {"cell", "metric", "at_most" or
 * "at_least", "value", "met"}. A cell without the metric is not met ("value" is
 * absent): a limit that nothing is held to would protect nothing. *unmet gets how
 * many are not. A new reference; an empty array without budgets.
 */
json_t *budget_check(const struct scenario *s, const json_t *cells, unsigned int *unmet);

/* "hypercalls_per_io is 13, at most 4 (blk.ini:12)"; caller frees. */
char *budget_text(const struct scenario *s, const json_t *result);

#endif
