// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/sample.h"

#include <string.h>

#include "lib/buf.h"
#include "stats/rng.h"

#define JITTER_MAX 10000000u

enum engine scenario_engine(const struct scenario *s)
{
	const char *word = s->setting[SET_ENGINE];

	return !strcmp(word, "seeded") ? ENGINE_SEEDED :
	       !strcmp(word, "noisy") ? ENGINE_NOISY : ENGINE_EXACT;
}

char *sample_name(const char *id, const struct sample *sample)
{
	switch (sample->kind) {
	case SAMPLE_SEED: return xasprintf("%s/seed-%u", id, sample->nr);
	case SAMPLE_PAIR: return xasprintf("%s/pair-%u", id, sample->nr);
	case SAMPLE_COUNT: return xasprintf("%s/count", id);
	case SAMPLE_ONLY: break;
	}
	return xstrdup(id);
}

char *sample_label(const struct sample *sample)
{
	switch (sample->kind) {
	case SAMPLE_SEED: return xasprintf("seed %u", sample->nr);
	case SAMPLE_PAIR: return xasprintf("pair %u", sample->nr);
	case SAMPLE_COUNT: return xstrdup("count build");
	case SAMPLE_ONLY: break;
	}
	return xstrdup("");
}

bool sample_is_icount(enum engine engine, const struct sample *sample)
{
	return engine != ENGINE_NOISY || sample->kind == SAMPLE_COUNT;
}

size_t sample_order(const struct scenario *s, size_t nr_cells, bool canary,
		    struct sample_task **out)
{
	enum engine engine = scenario_engine(s);
	enum sample_kind kind = engine == ENGINE_SEEDED ? SAMPLE_SEED :
				engine == ENGINE_NOISY ? SAMPLE_PAIR : SAMPLE_ONLY;
	size_t rounds = engine == ENGINE_SEEDED ? scenario_uint(s, SET_SEEDS) :
			engine == ENGINE_NOISY ? scenario_uint(s, SET_PAIRS) : 1;
	struct sample_task *task = xcalloc((rounds + 1) * nr_cells + 1, sizeof(*task));
	size_t n = 0, round, i;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < nr_cells; i++) {
			/* ABBA: every other pair starts with the last cell */
			size_t cell = kind == SAMPLE_PAIR && round % 2 ? nr_cells - 1 - i : i;

			task[n++] = (struct sample_task){
				cell, { kind, kind == SAMPLE_ONLY ? 0 : (unsigned int)round + 1 }, false };
		}
		/* time on the host is never the same twice: there is nothing to show */
		if (round == 0 && canary && nr_cells && engine != ENGINE_NOISY) {
			task[n] = task[0];
			task[n++].canary = true;
		}
	}
	for (i = 0; i < nr_cells && scenario_bool(s, SET_COUNT); i++)
		task[n++] = (struct sample_task){ i, { SAMPLE_COUNT, 0 }, false };
	*out = task;
	return n;
}

struct perturbation sample_perturbation(const struct sample *sample)
{
	uint64_t state = sample->nr;
	struct perturbation p = { 0, 0 };

	if (sample->kind != SAMPLE_SEED)
		return p;
	p.jitter = (unsigned int)(rng_splitmix64(&state) % JITTER_MAX);
	p.table_seed = (unsigned int)(rng_splitmix64(&state) >> 33) | 1;
	return p;
}
