// SPDX-License-Identifier: GPL-2.0-or-later
/* The model under several threads: ownership by atomic exchange, runs freed by others too. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "model.h"
#include "stats/rng.h"

#define MAX_RUNS 64
#define MAILBOX 16

struct shared {
	const struct model_opts *o;
	void *ctx;
	uint32_t *owner;		/* 0: free, else CPU + 1 */
	/* runs on their way to whoever takes them: first << 32 | count, 0: empty */
	uint64_t mailbox[MAILBOX];
	unsigned int nr_refs;
	int faulty;
	struct model_report r;
	pthread_mutex_t lock;		/* of r */
};

struct actor {
	struct shared *s;
	unsigned int cpu;
	pthread_t thread;
	uint64_t runs[MAX_RUNS];
	unsigned int nr_runs;
	uint64_t allocs, failed;
};

static void fault(struct shared *s, const char *what, uint32_t first, uint32_t count, uint32_t ref)
{
	pthread_mutex_lock(&s->lock);
	if (!s->faulty)
		snprintf(s->r.why, sizeof(s->r.why), "%s: %u from %u, at %u", what, count, first, ref);
	__atomic_store_n(&s->faulty, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&s->lock);
}

static void take(struct actor *a, unsigned int count)
{
	struct shared *s = a->s;
	uint32_t first, i, expect;

	if (s->o->variant->alloc(s->ctx, count, &first) < 0) {
		a->failed++;
		return;
	}
	a->allocs++;
	if (first < SIM_RESERVED_REFS || first >= s->nr_refs || count > s->nr_refs - first) {
		fault(s, "outside the table", first, count, first);
		return;
	}
	for (i = first; i < first + count; i++) {
		expect = 0;
		if (!__atomic_compare_exchange_n(&s->owner[i], &expect, a->cpu + 1, false,
						 __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			fault(s, "handed out twice", first, count, i);
			return;
		}
	}
	a->runs[a->nr_runs++] = (uint64_t)first << 32 | count;
}

static void give(struct actor *a, uint64_t run)
{
	uint32_t first = (uint32_t)(run >> 32), count = (uint32_t)run, i;

	for (i = first; i < first + count; i++)
		__atomic_store_n(&a->s->owner[i], 0, __ATOMIC_RELAXED);
	a->s->o->variant->free(a->s->ctx, first, count);
}

static uint64_t take_any(struct actor *a, struct rng *rng)
{
	unsigned int i = (unsigned int)rng_below(rng, a->nr_runs);
	uint64_t run = a->runs[i];

	a->runs[i] = a->runs[--a->nr_runs];
	return run;
}

static void *actor_main(void *arg)
{
	struct actor *a = arg;
	struct shared *s = a->s;
	unsigned int max = s->o->max_count ? s->o->max_count : 64;
	struct rng rng;
	uint64_t i, run;

	rng_init(&rng, s->o->seed * 16 + a->cpu);
	sim_thread(a->cpu);
	for (i = 0; i < s->o->ops && !__atomic_load_n(&s->faulty, __ATOMIC_RELAXED); i++) {
		unsigned int op = (unsigned int)rng_below(&rng, 100);

		if (op < 48 && a->nr_runs < MAX_RUNS) {
			take(a, op < 16 ? 1 : op < 32 ? 1u << rng_below(&rng, 6) :
			     1 + (unsigned int)rng_below(&rng, max));
		} else if (op < 85) {
			if (a->nr_runs)
				give(a, take_any(a, &rng));
		} else if (op < 98) {
			/* what was mine goes to another CPU, what was there is freed here */
			run = a->nr_runs ? take_any(a, &rng) : 0;
			run = __atomic_exchange_n(&s->mailbox[rng_below(&rng, MAILBOX)], run,
						  __ATOMIC_ACQ_REL);
			if (run)
				give(a, run);
		} else {
			sim_run_work(op == 99);
		}
		if (!sim_quiet())
			fault(s, "a lock is held or interrupts are off", 0, 0, 0);
	}
	while (a->nr_runs)
		give(a, a->runs[--a->nr_runs]);
	return NULL;
}

static void check_end(struct shared *s)
{
	unsigned int i, lost;
	char why[160];

	for (i = 0; i < MAILBOX; i++) {
		struct actor a = { .s = s };

		if (s->mailbox[i])
			give(&a, s->mailbox[i]);
	}
	sim_run_work(true);
	s->o->variant->destroy(s->ctx);
	lost = sim_table_refs() - SIM_RESERVED_REFS - sim_table_free_refs();
	if (lost)
		fault(s, "references are lost", lost, lost, 0);
	if (!s->faulty && !sim_table_check(why, sizeof(why))) {
		s->faulty = 1;
		snprintf(s->r.why, sizeof(s->r.why), "%s", why);
	}
}

int model_run_threads(const struct model_opts *opts, unsigned int threads,
		      struct model_report *out)
{
	struct shared s = { .o = opts, .nr_refs = opts->frames * SIM_REFS_PER_FRAME };
	struct actor *actors = xcalloc(threads, sizeof(*actors));
	unsigned int i, started;

	pthread_mutex_init(&s.lock, NULL);
	s.owner = xcalloc(s.nr_refs, sizeof(*s.owner));
	sim_thread(0);
	sim_table_reset(opts->frames);
	s.ctx = opts->variant->create(opts->max_refs);
	for (started = 0; s.ctx && started < threads; started++) {
		actors[started] = (struct actor){ .s = &s, .cpu = started };
		if (pthread_create(&actors[started].thread, NULL, actor_main, &actors[started]))
			break;
	}
	if (started < threads) {
		s.faulty = 1;
		snprintf(s.r.why, sizeof(s.r.why), "the variant or a thread could not be created");
	}
	for (i = 0; i < started; i++) {
		pthread_join(actors[i].thread, NULL);
		s.r.allocs += actors[i].allocs;
		s.r.failed += actors[i].failed;
		s.r.ops += opts->ops;
	}
	/* after a fault the allocator's state is anything, and destroy() may not return */
	if (s.ctx && !s.faulty)
		check_end(&s);
	pthread_mutex_destroy(&s.lock);
	free(s.owner);
	free(actors);
	*out = s.r;
	return s.faulty ? -1 : 0;
}
