/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what a machine did to what result.json says of the cell.
 *
 * Proof before any number: unless the guest, the driver's counters and the
 * backend agree that the path under test was live (grant DMA ops set up, the
 * features negotiated, every ring address a grant, references in use), the
 * outcome is "invalid", the reason says what was missing, and there are no
 * metrics.
 */
#ifndef GRANTBENCH_WORKLOAD_EVALUATE_H
#define GRANTBENCH_WORKLOAD_EVALUATE_H

#include <jansson.h>

#include "result/result.h"
#include "vm/vm.h"
#include "workload/texts.h"

struct evaluation {
	enum outcome outcome;
	json_t *cell;		/* as result.json has it; the caller's reference */
	json_t *host;		/* what depends on this machine; the caller's reference */
	char *reason;		/* one sentence, "" when passed; caller frees */
};

void evaluate(const struct machine *m, const struct vm_result *r, struct evaluation *out);

/* The object of a cell that does not run. */
json_t *evaluate_not_applicable(const struct cell *cell);

#endif
