// SPDX-License-Identifier: GPL-2.0-or-later
/* The part of the stand-in kernel that is not in its headers. */
#include "sim/kernel.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim.h"

_Thread_local struct sim_stats sim_stats;
_Thread_local struct sim_cpu sim_this;
void (*sim_span)(uint64_t ticks);

#ifdef SIM_MUTANTS
enum sim_mutant sim_mutant;
#endif

bool sim_warn_ok;
unsigned int sim_warnings;
unsigned int sim_messages;

/* By CPU, so that threads do not share a line; only the sum means something. */
static struct {
	long nr;
} __aligned(SMP_CACHE_BYTES) allocated[SIM_CPUS];
static unsigned int fail_alloc;

uint64_t sim_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void sim_thread(unsigned int cpu)
{
	BUG_ON(cpu >= SIM_CPUS);
	sim_this = (struct sim_cpu){ .cpu = cpu };
}

bool sim_quiet(void)
{
	return !sim_this.irqs_off && sim_this.preempt_off == 0;
}

void sim_bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "kernel BUG at %s:%d: %s\n", file, line, what);
	abort();
}

void sim_warn(const char *file, int line, const char *what)
{
	sim_warnings++;
	if (sim_warn_ok)
		return;
	fprintf(stderr, "WARNING at %s:%d: %s\n", file, line, what);
	abort();
}

int sim_printk(const char *fmt, ...)
{
	va_list ap;
	int n = 0;

	__atomic_fetch_add(&sim_messages, 1, __ATOMIC_RELAXED);
	if (getenv("GB_SIM_PRINTK")) {
		va_start(ap, fmt);
		n = vfprintf(stderr, fmt, ap);
		va_end(ap);
	}
	return n;
}

void sim_might_sleep(const char *file, int line)
{
	if (!sim_quiet())
		sim_bug(file, line, "sleeping function called from invalid context");
}

/*
 * Spins for a while, then lets others run: with fewer processors than threads the
 * holder may be waiting for one.
 */
void sim_lock_wait(spinlock_t *l)
{
	unsigned int expect, tries = 0;

	if (__atomic_load_n(&l->owner, __ATOMIC_RELAXED) == sim_this.cpu + 1)
		sim_bug(__FILE__, __LINE__, "spinlock taken twice by the same CPU");
	sim_stats.contended++;
	do {
		while (__atomic_load_n(&l->owner, __ATOMIC_RELAXED)) {
			if (++tries % 1024 == 0)
				sched_yield();
			barrier();
		}
		expect = 0;
	} while (!__atomic_compare_exchange_n(&l->owner, &expect, sim_this.cpu + 1, false,
					      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
}

void sim_fail_alloc(unsigned int nth)
{
	fail_alloc = nth;
}

long sim_allocated(void)
{
	long sum = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < SIM_CPUS; cpu++)
		sum += allocated[cpu].nr;
	return sum;
}

void *sim_alloc(size_t size, size_t align, gfp_t gfp, const char *file, int line)
{
	void *p;

	if (gfp & GFP_KERNEL)
		sim_might_sleep(file, line);
	if (fail_alloc && --fail_alloc == 0)
		return NULL;
	/* malloc() has a fast path per thread, as a slab has */
	p = align <= 16 ? malloc(size ? size : 1) : aligned_alloc(align, ALIGN(size, align));
	if (!p)
		return NULL;
	allocated[sim_this.cpu].nr++;
	return memset(p, 0, size);
}

void sim_dealloc(const void *p)
{
	if (!p)
		return;
	allocated[sim_this.cpu].nr--;
	free((void *)p);
}

void *sim_percpu_alloc(size_t size, size_t align, gfp_t gfp, const char *file, int line)
{
	BUG_ON(size > SIM_PERCPU || align > PAGE_SIZE);
	return sim_alloc((size_t)SIM_PERCPU * SIM_CPUS, align, gfp, file, line);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align,
				     unsigned int flags, void (*ctor)(void *))
{
	struct kmem_cache *cache = kmalloc(sizeof(*cache), GFP_KERNEL);

	(void)name;
	(void)align;
	(void)flags;
	BUG_ON(ctor);
	if (cache)
		cache->size = size;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	sim_dealloc(cache);
}

/* CPU hotplug: instances by state. Registered and called by one thread. */
static struct {
	int (*down)(unsigned int cpu, struct hlist_node *node);
	struct hlist_node *first;
} cpuhp[SIM_CPUHP + CPUHP_AP_ONLINE_DYN];

int cpuhp_setup_state_multi(int state, const char *name,
			    int (*up)(unsigned int cpu, struct hlist_node *node),
			    int (*down)(unsigned int cpu, struct hlist_node *node))
{
	int i = state;

	(void)name;
	(void)up;
	/* the dynamic ones get a number of their own, as in the kernel */
	if (state != CPUHP_IOMMU_IOVA_DEAD) {
		for (i = SIM_CPUHP; i < (int)ARRAY_SIZE(cpuhp) && cpuhp[i].down; i++)
			;
		if (i == (int)ARRAY_SIZE(cpuhp))
			return -ENOSPC;
	}
	cpuhp[i].down = down;
	return i == state ? 0 : i;
}

void cpuhp_remove_multi_state(int state)
{
	BUG_ON(cpuhp[state].first);
	cpuhp[state].down = NULL;
}

int cpuhp_state_add_instance_nocalls(int state, struct hlist_node *node)
{
	struct hlist_node **p = &cpuhp[state].first;

	node->next = *p;
	node->pprev = p;
	if (*p)
		(*p)->pprev = &node->next;
	*p = node;
	return 0;
}

int cpuhp_state_remove_instance_nocalls(int state, struct hlist_node *node)
{
	(void)state;
	if (!node->pprev)
		return -ENOENT;
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
	node->pprev = NULL;
	return 0;
}

void sim_cpu_dead(unsigned int cpu)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cpuhp); i++) {
		struct hlist_node *node = cpuhp[i].first, *next;

		for (; node; node = next) {
			next = node->next;
			if (cpuhp[i].down)
				BUG_ON(cpuhp[i].down(cpu, node));
		}
	}
}

/* Work: one list for all, last in first out is good enough. */
static DEFINE_SPINLOCK(work_lock);
static struct work_struct *work_first;

static bool unlink_work(struct work_struct *work)
{
	struct work_struct **p;
	bool was = false;

	for (p = &work_first; *p; p = &(*p)->next) {
		if (*p == work) {
			*p = work->next;
			was = true;
			break;
		}
	}
	if (was)
		WRITE_ONCE(work->pending, false);
	return was;
}

bool sim_queue_work(struct work_struct *work, unsigned long delay)
{
	unsigned long flags;
	bool queued = false;

	spin_lock_irqsave(&work_lock, flags);
	if (!work->pending) {
		WRITE_ONCE(work->pending, true);
		work->delayed = delay != 0;
		work->next = work_first;
		WRITE_ONCE(work_first, work);
		queued = true;
	}
	spin_unlock_irqrestore(&work_lock, flags);
	return queued;
}

bool sim_cancel_work(struct work_struct *work)
{
	unsigned long flags;
	bool was;

	might_sleep();
	spin_lock_irqsave(&work_lock, flags);
	was = unlink_work(work);
	spin_unlock_irqrestore(&work_lock, flags);
	return was;
}

void sim_flush_work(struct work_struct *work)
{
	if (sim_cancel_work(work))
		work->func(work);
}

/* The next to run, taken off the list. */
static struct work_struct *take_work(bool delayed)
{
	struct work_struct *work;
	unsigned long flags;

	spin_lock_irqsave(&work_lock, flags);
	for (work = work_first; work && work->delayed && !delayed; work = work->next)
		;
	if (work)
		unlink_work(work);
	spin_unlock_irqrestore(&work_lock, flags);
	return work;
}

unsigned int sim_run_work(bool delayed)
{
	struct work_struct *work;
	unsigned int n = 0;

	if (!READ_ONCE(work_first))
		return 0;
	/* work that queues itself again does so for later: once around is enough */
	while (n < 64 && (work = take_work(delayed))) {
		work->func(work);
		n++;
	}
	return n;
}
