/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reference model of who owns which grant reference, and sequences of calls
 * that try to prove an allocator wrong.
 *
 * The model is one word per reference: free, or who has it. It knows nothing of
 * how an allocator works; it only sees what goes in and out:
 *   no reference is handed out twice, to the device, to the PV drivers that use the
 *   table's own interface beside it, or to both;
 *   every reference is one of the table, and none is a reserved one;
 *   nothing is lost: with everything freed and the allocator destroyed, the table
 *   has all its references, and no memory is left behind;
 *   limits hold, -ENOSPC takes nothing, and what succeeded in an empty allocator
 *   succeeds in it again once it is empty again;
 *   locks and interrupts are as they were before the call.
 * After each operation the table's own structures are checked as well
 * (sim_table_check()).
 */
#ifndef GRANTBENCH_SIM_MODEL_H
#define GRANTBENCH_SIM_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "sim.h"

struct model_opts {
	const struct sim_variant *variant;
	unsigned int frames;
	unsigned int max_refs;
	uint64_t ops;
	uint64_t seed;
	/*
	 * Decisions, two bytes each, instead of those that follow from seed; the run
	 * ends where they do. For fuzzers.
	 */
	const uint8_t *script;
	size_t script_size;
	unsigned int max_count;		/* of consecutive references; 0: 512 */
	bool no_list;			/* leave the table's list interface alone */
};

struct model_report {
	uint64_t ops, allocs, failed;
	char why[256];		/* the fault, when there is one */
};

/* 0, or -1 when the allocator is at fault. */
int model_run(const struct model_opts *opts, struct model_report *out);

/*
 * The same with several threads on CPUs of their own, which also free what others
 * allocated. Not deterministic; made for ThreadSanitizer.
 */
int model_run_threads(const struct model_opts *opts, unsigned int threads,
		      struct model_report *out);

/*
 * Replay the sequences of calls that are known to break upstream's table, one line
 * of JSON each: {"defect":NAME,"how":TEXT,"reproduced":BOOL,"seen":TEXT}. Returns 0.
 */
int model_defects(void);

#endif
