// SPDX-License-Identifier: GPL-2.0-or-later
#include "mix.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "stats/rng.h"

#define EMPTY UINT32_MAX

struct slot {
	uint32_t first;		/* EMPTY: none */
	uint32_t count;
};

struct worker {
	const struct mix *mix;
	void *ctx;
	unsigned int cpu;
	pthread_t thread;
	struct slot *slots;
	struct trace_event *steps;	/* pages > 0: complete slot if in use, then map */
	size_t nr_steps;
	pthread_barrier_t *barrier;
	uint64_t mapped, mapped_peak;
	struct mix_result r;	/* this worker's part */
	uint64_t passes, elapsed_ns;
};

static __thread struct worker *recording;

static void record_span(uint64_t ticks)
{
	if (recording)
		hdr_add(&recording->r.irqs_off, ticks);
}

static inline void put(const struct worker *w, struct slot *s)
{
	if (s->first == EMPTY)
		return;
	w->mix->variant->free(w->ctx, s->first, s->count);
	s->first = EMPTY;
}

static inline int get(const struct worker *w, struct slot *s, uint32_t pages)
{
	s->count = pages;
	return w->mix->variant->alloc(w->ctx, pages, &s->first);
}

/* One pass, nothing else: what is timed. */
static void pass(struct worker *w)
{
	const struct trace_event *e = w->steps, *end = e + w->nr_steps;

	for (; e < end; e++) {
		struct slot *s = &w->slots[e->slot];

		put(w, s);
		if (e->pages && get(w, s, e->pages) < 0)
			s->first = EMPTY;
	}
}

/* Both halves of a step, each with its own count of words. */
static void pass_counted(struct worker *w)
{
	size_t i;

	for (i = 0; i < w->nr_steps; i++) {
		const struct trace_event *e = &w->steps[i];
		struct slot *s = &w->slots[e->slot];
		uint64_t before = sim_stats.words, rebuilds = sim_stats.rebuilds, words;

		if (s->first != EMPTY)
			w->mapped -= s->count;
		put(w, s);
		words = sim_stats.words - before;
		if (words > w->r.words_max)
			w->r.words_max = words;
		if (!e->pages)
			continue;
		w->r.requests++;
		before = sim_stats.words;
		if (get(w, s, e->pages) < 0) {
			s->first = EMPTY;
			w->r.failed++;
		} else {
			w->mapped += s->count;
			if (w->mapped > w->mapped_peak)
				w->mapped_peak = w->mapped;
		}
		words = sim_stats.words - before;
		if (words > w->r.words_max)
			w->r.words_max = words;
		w->r.rebuilds += sim_stats.rebuilds != rebuilds;
		sim_run_work(false);
		if (w->mix->threads == 1) {
			unsigned int used = sim_table_refs() - SIM_RESERVED_REFS - sim_table_free_refs() -
					    w->r.held;

			if (used > w->r.refs_peak)
				w->r.refs_peak = used;
		}
	}
}

static void pass_spans(struct worker *w)
{
	size_t i;

	recording = w;
	for (i = 0; i < w->nr_steps; i++) {
		const struct trace_event *e = &w->steps[i];
		struct slot *s = &w->slots[e->slot];
		uint64_t t0 = sim_ticks(), t1;

		if (s->first != EMPTY) {
			put(w, s);
			t1 = sim_ticks();
			hdr_add(&w->r.call, t1 - t0);
			t0 = t1;
		}
		if (!e->pages)
			continue;
		if (get(w, s, e->pages) < 0)
			s->first = EMPTY;
		hdr_add(&w->r.call, sim_ticks() - t0);
	}
	recording = NULL;
}

static void count(struct worker *w)
{
	struct sim_stats before = sim_stats;

	w->mapped_peak = w->mapped;
	pass_counted(w);
	w->r.words = sim_stats.words - before.words;
	w->r.locks = sim_stats.locks - before.locks;
}

/* CPU time: what others do to the host counts less. Spinning for a lock is in it. */
static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void time_passes(struct worker *w)
{
	uint64_t contended = sim_stats.contended, start = cpu_ns(), end;

	do {
		pass(w);
		w->passes++;
		sim_run_work(false);
		end = cpu_ns();
	} while (end - start < (uint64_t)w->mix->time_ms * 1000000u);
	w->elapsed_ns = end - start;
	w->r.contended = sim_stats.contended - contended;
}

static void measure(struct worker *w)
{
	pthread_barrier_wait(w->barrier);
	count(w);
	pthread_barrier_wait(w->barrier);
	time_passes(w);
	pthread_barrier_wait(w->barrier);
	if (w->cpu == 0)
		sim_span = record_span;
	pthread_barrier_wait(w->barrier);
	pass_spans(w);
	pthread_barrier_wait(w->barrier);
	if (w->cpu == 0)
		sim_span = NULL;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	sim_thread(w->cpu);
	measure(w);
	return NULL;
}

/* Ticks of the processor's counter against the clock, over 5 ms. */
static double ns_per_tick(void)
{
	uint64_t c0 = sim_clock_ns(), t0 = sim_ticks(), c1, t1;

	do {
		c1 = sim_clock_ns();
		t1 = sim_ticks();
	} while (c1 - c0 < 5000000u);
	return (double)(c1 - c0) / (double)(t1 - t0);
}

static void shuffle(uint32_t *v, size_t n, struct rng *rng)
{
	while (n > 1) {
		size_t i = (size_t)rng_below(rng, n--);
		uint32_t t = v[i];

		v[i] = v[n];
		v[n] = t;
	}
}

/* Somebody once had all of it: a table never shrinks. */
static void grow_table(const struct mix *m)
{
	unsigned int n = 0, total = m->frames * SIM_REFS_PER_FRAME;
	_cleanup_free_ uint32_t *refs = xcalloc(total, sizeof(*refs));

	while (n < total && sim_table_alloc(1, &refs[n]) == 0)
		n++;
	while (n > 0)
		sim_table_free(refs[--n], 1);
}

/* Others take all of the table that is left, and give back all but their share of it. */
static int age_table(const struct mix *m, struct rng *rng, unsigned int *held, const char **why)
{
	unsigned int total = m->frames * SIM_REFS_PER_FRAME, keep = total / 100 * m->held_pct;
	_cleanup_free_ uint32_t *refs = xcalloc(total, sizeof(*refs));
	unsigned int n = 0;

	if (!m->held_pct)
		return 0;
	while (sim_table_alloc(1, &refs[n]) == 0)
		n++;
	if (n < keep) {
		*why = "the table is too small for the share that others hold";
		return -ENOSPC;
	}
	shuffle(refs, n, rng);
	*held = keep;
	while (n > keep)
		sim_table_free(refs[--n], 1);
	return 0;
}

/* The device takes single references until there are no more, and keeps some for good. */
static int age_own(const struct mix *m, void *ctx, struct rng *rng, const char **why)
{
	_cleanup_free_ uint32_t *refs = xcalloc(m->max_refs, sizeof(*refs));
	unsigned int keep = m->max_refs / 100 * m->own_pct, n = 0;

	if (!m->own_pct)
		return 0;
	while (n < m->max_refs && m->variant->alloc(ctx, 1, &refs[n]) == 0) {
		n++;
		sim_run_work(false);
	}
	if (n < keep) {
		*why = "the variant has too few references for the share that stays";
		return -ENOSPC;
	}
	shuffle(refs, n, rng);
	while (n > keep)
		m->variant->free(ctx, refs[--n], 1);
	return 0;
}

/* As much in flight as there will be, and all of it done: regions have been taken. */
static void work_once(const struct mix *m, void *ctx)
{
	unsigned int i, n = m->inflight * m->threads;
	_cleanup_free_ struct slot *slots = xcalloc(n, sizeof(*slots));

	for (i = 0; i < n; i++) {
		slots[i].count = m->pages;
		if (m->variant->alloc(ctx, m->pages, &slots[i].first) < 0)
			slots[i].first = EMPTY;
		sim_run_work(false);
	}
	for (i = 0; i < n; i++)
		if (slots[i].first != EMPTY)
			m->variant->free(ctx, slots[i].first, slots[i].count);
}

/* Slots and steps, from the mix or from the trace. */
static void prepare(struct worker *w, const struct mix *m, struct rng *rng)
{
	size_t i, slots = m->trace ? m->trace->nr_slots : m->inflight;

	w->slots = xcalloc(slots, sizeof(*w->slots));
	for (i = 0; i < slots; i++)
		w->slots[i].first = EMPTY;
	if (m->trace) {
		w->steps = m->trace->events;
		w->nr_steps = m->trace->nr_events;
		return;
	}
	w->nr_steps = m->requests;
	w->steps = xcalloc(w->nr_steps, sizeof(*w->steps));
	for (i = 0; i < w->nr_steps; i++) {
		w->steps[i].slot = (uint32_t)(m->random ? rng_below(rng, m->inflight) : i % m->inflight);
		w->steps[i].pages = m->pages;
	}
}

/* Fill the slots, then run into the steady state: four times the depth. */
static void warm_up(struct worker *w, const struct mix *m, struct rng *rng)
{
	size_t i, slots = m->trace ? m->trace->nr_slots : m->inflight;

	/* what a trace leaves mapped at its end is mapped when it begins again */
	if (m->trace)
		pass(w);
	for (i = 0; !m->trace && i < 5 * (size_t)m->inflight; i++) {
		size_t at = i < m->inflight ? i : (size_t)rng_below(rng, m->inflight);
		struct slot *s = &w->slots[m->random || i < m->inflight ? at : i % m->inflight];

		put(w, s);
		if (get(w, s, m->pages) < 0)
			s->first = EMPTY;
		sim_run_work(false);
	}
	for (i = 0; i < slots; i++)
		w->mapped += w->slots[i].first == EMPTY ? 0 : w->slots[i].count;
}

struct load {
	const struct mix *mix;
	void *ctx;
	struct worker w[SIM_CPUS];
	pthread_barrier_t barrier;
	unsigned int held;
};

static int load_init(struct load *l, const struct mix *m, const char **why)
{
	struct rng rng;
	unsigned int i;
	int ret;

	*l = (struct load){ .mix = m };
	rng_init(&rng, m->seed);
	sim_thread(0);
	sim_table_reset(m->frames);
	sim_reserve(m->reserve);
	sim_aperture(m->aperture);
	if (m->grown)
		grow_table(m);
	l->ctx = m->variant->create(m->max_refs);
	if (!l->ctx) {
		*why = "the variant could not be created";
		return -ENOMEM;
	}
	ret = age_own(m, l->ctx, &rng, why);
	if (ret == 0 && m->held_late)
		work_once(m, l->ctx);
	if (ret == 0)
		ret = age_table(m, &rng, &l->held, why);
	if (ret < 0)
		return ret;
	for (i = 0; i < m->threads; i++) {
		struct worker *w = &l->w[i];

		*w = (struct worker){ .mix = m, .ctx = l->ctx, .cpu = i, .barrier = &l->barrier };
		w->r.held = l->held;
		prepare(w, m, &rng);
		sim_thread(i);
		warm_up(w, m, &rng);
	}
	sim_thread(0);
	return 0;
}

static void load_release(struct load *l)
{
	unsigned int i;

	for (i = 0; i < l->mix->threads; i++) {
		if (!l->mix->trace)
			free(l->w[i].steps);
		free(l->w[i].slots);
	}
}

static void sum(const struct load *l, struct mix_result *out)
{
	uint64_t timed_ns = 0;
	unsigned int i;

	memset(out, 0, sizeof(*out));
	out->held = l->held;
	for (i = 0; i < l->mix->threads; i++) {
		const struct worker *w = &l->w[i];

		out->requests += w->r.requests;
		out->failed += w->r.failed;
		out->rebuilds += w->r.rebuilds;
		out->words += w->r.words;
		out->words_max = w->r.words_max > out->words_max ? w->r.words_max : out->words_max;
		out->locks += w->r.locks;
		out->contended += w->r.contended;
		out->refs_peak = w->r.refs_peak;
		out->refs_mapped_peak += (unsigned int)w->mapped_peak;
		out->timed += w->passes * w->r.requests;
		timed_ns += w->elapsed_ns;
		hdr_merge(&out->irqs_off, &w->r.irqs_off);
		hdr_merge(&out->call, &w->r.call);
	}
	out->ns = (double)timed_ns / (double)out->timed;
	if (l->mix->variant->scan_max && l->mix->variant->scan_max(l->ctx) > out->words_max)
		out->words_max = l->mix->variant->scan_max(l->ctx);
	out->ns_per_tick = ns_per_tick();
}

int mix_run(const struct mix *mix, struct mix_result *out, const char **why)
{
	struct load *l = xcalloc(1, sizeof(*l));
	unsigned int i, started;
	int ret = load_init(l, mix, why);

	if (ret < 0)
		goto out;
	pthread_barrier_init(&l->barrier, NULL, mix->threads);
	for (started = 1; started < mix->threads; started++) {
		ret = -pthread_create(&l->w[started].thread, NULL, worker_main, &l->w[started]);
		if (ret < 0) {
			/* the others wait at the barrier for ever: there is no way back */
			*why = "a thread could not be started";
			return ret;
		}
	}
	measure(&l->w[0]);
	for (i = 1; i < mix->threads; i++)
		pthread_join(l->w[i].thread, NULL);
	sum(l, out);
	load_release(l);
out:
	free(l);
	return ret;
}

int mix_bracketed(const struct mix *mix, void (*stop)(void), uint64_t *requests, const char **why)
{
	struct load *l = xcalloc(1, sizeof(*l));
	size_t i;
	int ret = load_init(l, mix, why);

	if (ret == 0) {
		*requests = 0;
		for (i = 0; i < l->w[0].nr_steps; i++)
			*requests += l->w[0].steps[i].pages > 0;
		stop();
		pass(&l->w[0]);
		stop();
		load_release(l);
	}
	free(l);
	return ret;
}
