/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What perf saw in the guests (scenario key perf): per domain, from the folded stacks that
 * its agent sent.
 *
 * A sample's object is {"domu": {"event", "hz", "samples", "idle", "lost", "self": {SYMBOL: n}}};
 * the cell's has, over all its samples, "top" in place of "self": the symbols that were on
 * a CPU most often, each with its share of the samples that were not idle.
 */
#ifndef GRANTBENCH_WORKLOAD_PERF_H
#define GRANTBENCH_WORKLOAD_PERF_H

#include <jansson.h>
#include <stddef.h>

#include "lib/err.h"
#include "vm/vm.h"
#include "workload/merge.h"
#include "workload/metrics.h"
#include "workload/texts.h"

#define PERF_TOP 20

/*
 * Of a sample that passed. record: *out is a new object. stat: counters per operation go into
 * metrics, and *out stays NULL. Without perf in the scenario nothing happens. 0, or -1 with
 * err: the guests sent none, or what they sent is not what an agent sends.
 */
int perf_evaluate(const struct machine *m, const struct vm_result *r, enum metric_class class,
		  json_t *metrics, json_t **out, struct err *err);

/* Self counts of text (lines "a;b;c N"), added to self. 0, or -1 with err naming the line. */
int perf_self(const char *name, const char *text, size_t size, json_t *self, struct err *err);

/* Of all samples of a cell; a new object, NULL when none has any. */
json_t *perf_merge(const struct merge_part *parts, size_t n);

#endif
