/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the samples of a cell to the cell as result.json has it. Pure: JSON in, JSON
 * out.
 *
 *  - the outcome is the worst of all samples, with the reason of the first that has
 *    it; a cell that did not pass has no metrics
 *  - a check holds when it holds in each sample that made it
 *  - proof is the first sample's
 *  - a metric of seeds or pairs has "values", and their median as its value; one of
 *    the only sample or of the count build is a single value
 *  - inputs_sha256 and console_sha256 are the sample's own, or of all of them
 */
#ifndef GRANTBENCH_WORKLOAD_MERGE_H
#define GRANTBENCH_WORKLOAD_MERGE_H

#include <jansson.h>

#include "workload/sample.h"

struct merge_part {
	struct sample sample;
	const json_t *cell;	/* as evaluate() made it */
};

/* parts: at least one, in the order of sample_order(). A new reference. */
json_t *merge_parts(const struct merge_part *parts, size_t n);

#endif
