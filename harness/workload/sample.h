/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples: how often and how a cell is run. One boot of one machine is a sample;
 * a cell's result is made of all of its samples (merge.h).
 *
 *	exact	only			once, and the count build
 *	seeded	seed 1..N		N machines that differ by their seed
 *	noisy	pair 1..N		N times, the cells in ABBA order
 *
 * The count build is a sample of its own in every engine (unless the scenario says
 * count = no): Xen's counters cost time, so what they count and what takes time
 * are never of the same machine. It runs on the exact engine's clock.
 */
#ifndef GRANTBENCH_WORKLOAD_SAMPLE_H
#define GRANTBENCH_WORKLOAD_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario/scenario.h"

enum engine { ENGINE_EXACT, ENGINE_SEEDED, ENGINE_NOISY };

enum engine scenario_engine(const struct scenario *s);

enum sample_kind { SAMPLE_ONLY, SAMPLE_SEED, SAMPLE_PAIR, SAMPLE_COUNT };

struct sample {
	enum sample_kind kind;
	unsigned int nr;	/* of the seed or the pair, from 1 */
};

/* "ID", "ID/seed-3", "ID/pair-3", "ID/count": also the place below OUT/cells. Caller frees. */
char *sample_name(const char *id, const struct sample *sample);
/* "", "seed 3", "pair 3", "count build". Caller frees. */
char *sample_label(const struct sample *sample);

/* Under icount, with everything pinned? */
bool sample_is_icount(enum engine engine, const struct sample *sample);

/* One entry of a run's order: which cell (by place in the list), which sample. */
struct sample_task {
	size_t cell;
	struct sample sample;
	bool canary;		/* the first one once more */
};

/*
 * The order in which a scenario's samples run, for nr cells that can run. Seeds and
 * pairs go round over all cells before the next one, so that an interrupted run has
 * whole pairs; pairs alternate the cells' order (ABBA). The canary stands behind
 * the first round, the count build last. Caller frees.
 */
size_t sample_order(const struct scenario *s, size_t nr_cells, bool canary,
		    struct sample_task **out);

/* What a seed stands for. All 0 for samples without one. */
struct perturbation {
	unsigned int jitter;		/* instructions before the timed part, below 10^7 */
	unsigned int table_seed;	/* for the grant table's initial state, not 0 */
};

struct perturbation sample_perturbation(const struct sample *sample);

#endif
