// SPDX-License-Identifier: GPL-2.0-or-later
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "stats/rng.h"

#define MAX_RUNS 2048
#define MAX_GROUPS 64
#define GROUP_MAX 48

/* Owners: below, a run of the device; from here on, a group of a PV driver. */
#define OWNER_FREE 0u
#define OWNER_RUN 1u
#define OWNER_GROUP 0x80000000u

struct run {
	uint32_t first, count;
};

struct group {
	uint32_t refs[GROUP_MAX];
	unsigned int nr;
};

struct model {
	const struct model_opts *o;
	struct model_report *r;
	struct rng rng;
	size_t at;		/* in the script */
	void *ctx;
	uint32_t *owner;
	unsigned int nr_refs;	/* of the table at its largest */
	struct run runs[MAX_RUNS];
	unsigned int nr_runs;
	struct group groups[MAX_GROUPS];
	unsigned int nr_groups;
	unsigned int group_refs;
	unsigned int best;	/* longest run that succeeded while nothing else was out */
	long allocated;		/* memory before the variant was created, the table's aside */
};

static int fault(struct model *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->r->why, sizeof(m->r->why), fmt, ap);
	va_end(ap);
	return -1;
}

static bool more(const struct model *m)
{
	return m->o->script ? m->at + 2 <= m->o->script_size : m->r->ops < m->o->ops;
}

/* 0..n-1. A script that has ended says 0. */
static unsigned int pick(struct model *m, unsigned int n)
{
	unsigned int v;

	if (!m->o->script)
		return (unsigned int)rng_below(&m->rng, n);
	if (m->at + 2 > m->o->script_size)
		return 0;
	v = m->o->script[m->at] | (unsigned int)m->o->script[m->at + 1] << 8;
	m->at += 2;
	return v % n;
}

/* Mostly what drivers ask for: one page, powers of two; sometimes anything. */
static unsigned int pick_count(struct model *m)
{
	unsigned int max = m->o->max_count ? m->o->max_count : 512;
	unsigned int n;

	switch (pick(m, 4)) {
	case 0:
		return 1;
	case 1:
		n = 1u << pick(m, 10);
		break;
	case 2:
		n = 1 + pick(m, 40);
		break;
	default:
		n = 1 + pick(m, max);
		break;
	}
	return n > max ? max : n;
}

static int check_quiet(struct model *m, const char *after)
{
	char why[160];

	if (!sim_quiet())
		return fault(m, "%s leaves a lock held or interrupts off", after);
	if (!sim_table_check(why, sizeof(why)))
		return fault(m, "after %s: %s", after, why);
	return 0;
}

/* Give refs first .. first + count - 1 to owner. */
static int own(struct model *m, uint32_t first, unsigned int count, uint32_t owner,
	       const char *what)
{
	uint32_t i;

	if (first < SIM_RESERVED_REFS || first >= sim_table_refs() ||
	    count > sim_table_refs() - first)
		return fault(m, "%s of %u gave %u, outside the table of %u", what, count, first,
			     sim_table_refs());
	for (i = first; i < first + count; i++) {
		if (m->owner[i] != OWNER_FREE)
			return fault(m, "%s of %u gave %u, but %u is with %s already", what, count, first, i,
				     m->owner[i] < OWNER_GROUP ? "the device" : "a PV driver");
		m->owner[i] = owner;
	}
	return 0;
}

static void disown(struct model *m, uint32_t first, unsigned int count)
{
	memset(&m->owner[first], 0, count * sizeof(*m->owner));
}

static int check_limit(struct model *m)
{
	unsigned int kept;

	if (!m->o->variant->reserved)
		return 0;
	kept = m->o->variant->reserved(m->ctx);
	if (kept > m->o->max_refs)
		return fault(m, "%u references kept, %u allowed", kept, m->o->max_refs);
	kept = sim_table_refs() - SIM_RESERVED_REFS - sim_table_free_refs() - m->group_refs;
	if (kept > m->o->max_refs)
		return fault(m, "%u references gone from the table, %u allowed", kept,
			     m->o->max_refs);
	return 0;
}

/* Returns 1 when it got them, 0 on -ENOSPC. */
static int do_alloc(struct model *m, unsigned int count)
{
	uint32_t first = UINT32_MAX;
	int ret;

	if (m->nr_runs == MAX_RUNS)
		return 0;
	ret = m->o->variant->alloc(m->ctx, count, &first);
	if (check_quiet(m, "alloc") < 0)
		return -1;
	if (ret < 0) {
		m->r->failed++;
		return 0;
	}
	m->r->allocs++;
	if (own(m, first, count, OWNER_RUN, "alloc") < 0 || check_limit(m) < 0)
		return -1;
	if (!m->nr_runs && count > m->best)
		m->best = count;
	m->runs[m->nr_runs++] = (struct run){ first, count };
	return 1;
}

static int do_free(struct model *m, unsigned int i)
{
	struct run run = m->runs[i];

	m->runs[i] = m->runs[--m->nr_runs];
	disown(m, run.first, run.count);
	m->o->variant->free(m->ctx, run.first, run.count);
	return check_quiet(m, "free");
}

static int free_all(struct model *m)
{
	while (m->nr_runs)
		if (do_free(m, m->nr_runs - 1) < 0)
			return -1;
	return 0;
}

static int group_alloc(struct model *m)
{
	struct group *g = &m->groups[m->nr_groups];
	unsigned int i, count = 1 + pick(m, GROUP_MAX);
	int ret;

	if (m->nr_groups == MAX_GROUPS)
		return 0;
	ret = sim_table_alloc_list(count, g->refs);
	if (check_quiet(m, "gnttab_alloc_grant_references") < 0)
		return -1;
	if (ret < 0)
		return 0;
	g->nr = count;
	for (i = 0; i < count; i++)
		if (own(m, g->refs[i], 1, OWNER_GROUP, "gnttab_alloc_grant_references") < 0)
			return -1;
	m->nr_groups++;
	m->group_refs += count;
	return 0;
}

static int group_free(struct model *m)
{
	struct group *g;
	unsigned int i, at;

	if (!m->nr_groups)
		return 0;
	at = pick(m, m->nr_groups);
	g = &m->groups[at];
	for (i = 0; i < g->nr; i++)
		m->owner[g->refs[i]] = OWNER_FREE;
	m->group_refs -= g->nr;
	sim_table_free_list(g->refs, g->nr);
	*g = m->groups[--m->nr_groups];
	return check_quiet(m, "gnttab_free_grant_references");
}

/* One reference at a time, as blkfront ends its grants. */
static int group_free_one(struct model *m)
{
	struct group *g;
	uint32_t ref;

	if (!m->nr_groups)
		return 0;
	g = &m->groups[m->nr_groups - 1];
	ref = g->refs[--g->nr];
	m->owner[ref] = OWNER_FREE;
	m->group_refs--;
	if (!g->nr)
		m->nr_groups--;
	sim_table_free(ref, 1);
	return check_quiet(m, "gnttab_free_grant_reference");
}

/* Ask until it says no; a no must stay a no, and change nothing. */
static int exhaust(struct model *m)
{
	unsigned int count = pick_count(m), i;
	int ret = 1;

	for (i = 0; ret > 0 && m->nr_runs < MAX_RUNS; i++)
		ret = do_alloc(m, count);
	for (i = 0; ret == 0 && i < 3; i++)
		ret = do_alloc(m, count);
	return ret < 0 ? -1 : 0;
}

/* With nothing out, what fitted into it empty fits again. */
static int refill(struct model *m)
{
	int ret = free_all(m);

	if (ret < 0)
		return -1;
	sim_run_work(true);
	/* the table's own runs can be cut in two by what others hold */
	if (!m->best || (!m->o->variant->reserved && m->nr_groups))
		return 0;
	ret = do_alloc(m, m->best);
	if (ret == 0)
		return fault(m, "everything is free, and %u references that it had before are not to "
			     "be had", m->best);
	return ret < 0 ? -1 : 0;
}

/* Allocations that are not the table's growth. */
static long memory(void)
{
	return sim_allocated() - (long)sim_table_pages();
}

static int create(struct model *m)
{
	m->allocated = memory();
	m->best = 0;
	m->ctx = m->o->variant->create(m->o->max_refs);
	if (check_quiet(m, "create") < 0)
		return -1;
	return m->ctx ? check_limit(m) : 0;
}

/*
 * What it can hand out one by one, with nothing else out: all that it may have. A no
 * may be one that is remembered for a while, so ask again.
 */
static int check_capacity(struct model *m)
{
	unsigned int all = sim_table_free_refs(), n = 0, no = 0, i;
	_cleanup_free_ uint32_t *refs = xcalloc(m->nr_refs, sizeof(*refs));

	if (m->o->variant->reserved)
		all += m->o->variant->reserved(m->ctx);
	/* the table may grow to its limit */
	all += m->nr_refs - sim_table_refs();
	if (m->o->variant->reserved && all > m->o->max_refs)
		all = m->o->max_refs;
	while (n < m->nr_refs && no < 200) {
		if (m->o->variant->alloc(m->ctx, 1, &refs[n]) < 0) {
			no++;
			sim_run_work(true);
			continue;
		}
		no = 0;
		if (own(m, refs[n], 1, OWNER_RUN, "alloc") < 0)
			return -1;
		n++;
	}
	for (i = 0; i < n; i++) {
		disown(m, refs[i], 1);
		m->o->variant->free(m->ctx, refs[i], 1);
	}
	if (n > all)
		return fault(m, "%u references can be had one by one, %u allowed", n, all);
	if (n < all)
		return fault(m, "%u references can be had one by one, of %u: some are lost", n, all);
	return check_quiet(m, "all of them");
}

static int destroy(struct model *m)
{
	if (free_all(m) < 0 || check_capacity(m) < 0)
		return -1;
	m->o->variant->destroy(m->ctx);
	m->ctx = NULL;
	if (check_quiet(m, "destroy") < 0)
		return -1;
	if (sim_table_refs() - SIM_RESERVED_REFS - sim_table_free_refs() != m->group_refs)
		return fault(m, "%u references are lost", sim_table_refs() - SIM_RESERVED_REFS -
			     sim_table_free_refs() - m->group_refs);
	return 0;
}

static int recreate(struct model *m)
{
	if (destroy(m) < 0 || create(m) < 0)
		return -1;
	/* the table can be full of what others hold, or in pieces */
	while (!m->ctx && m->nr_groups)
		if (group_free(m) < 0)
			return -1;
	if (!m->ctx && create(m) < 0)
		return -1;
	return m->ctx ? 0 : fault(m, "cannot be created again on an empty table");
}

static int step(struct model *m)
{
	unsigned int op = pick(m, 100);

	m->r->ops++;
	if (op < 40)
		return do_alloc(m, pick_count(m)) < 0 ? -1 : 0;
	if (op < 75)
		return m->nr_runs ? do_free(m, pick(m, m->nr_runs)) : 0;
	if (op < 81)
		return m->o->no_list ? 0 : group_alloc(m);
	if (op < 86)
		return group_free(m);
	if (op < 88)
		return group_free_one(m);
	if (op < 92) {
		sim_run_work(pick(m, 2));
		return check_quiet(m, "deferred work");
	}
	if (op < 95) {
		sim_thread(pick(m, SIM_CPUS));
		return 0;
	}
	if (op < 96) {
		unsigned int cpu = pick(m, SIM_CPUS);

		/* whoever is gone runs nothing */
		sim_thread((cpu + 1) % SIM_CPUS);
		sim_cpu_dead(cpu);
		return check_quiet(m, "the end of a CPU");
	}
	if (op < 97) {
		sim_fail_alloc(1 + pick(m, 3));
		return 0;
	}
	sim_fail_alloc(0);
	if (op < 98)
		return exhaust(m);
	if (op < 99)
		return refill(m);
	return recreate(m);
}

static int finish(struct model *m)
{
	sim_fail_alloc(0);
	while (m->nr_groups)
		if (group_free(m) < 0)
			return -1;
	if (refill(m) < 0 || destroy(m) < 0)
		return -1;
	if (memory() != m->allocated)
		return fault(m, "%ld pieces of memory are left behind", memory() - m->allocated);
	return 0;
}

/* What a fault made unusable, within a leak checker's sight. */
static void *volatile left_behind;

int model_run(const struct model_opts *opts, struct model_report *out)
{
	struct model *m = xcalloc(1, sizeof(*m));
	int ret;

	*out = (struct model_report){ .ops = 0 };
	m->o = opts;
	m->r = out;
	m->nr_refs = opts->frames * SIM_REFS_PER_FRAME;
	m->owner = xcalloc(m->nr_refs, sizeof(*m->owner));
	rng_init(&m->rng, opts->seed);
	sim_fail_alloc(0);
	sim_thread(0);
	sim_table_reset(opts->frames);
	ret = create(m);
	if (ret == 0 && !m->ctx)
		ret = fault(m, "cannot be created");
	while (ret == 0 && more(m))
		ret = step(m);
	if (ret == 0)
		ret = finish(m);
	/* after a fault its state is anything: not destroyed, but no leak of the model's either */
	if (ret < 0)
		left_behind = m->ctx;
	sim_thread(0);
	free(m->owner);
	free(m);
	return ret;
}
