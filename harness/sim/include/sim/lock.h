/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks, and interrupts that are off. Spinlocks are real ones. What lockdep and
 * CONFIG_DEBUG_ATOMIC_SLEEP would say is checked, but where it is measured: a lock taken twice or
 * released by a stranger, sleeping in atomic context, unbalanced interrupts.
 */
#ifndef GRANTBENCH_SIM_LOCK_H
#define GRANTBENCH_SIM_LOCK_H

#include "sim/base.h"
#include "sim/state.h"

/* What gb-alloc is measured without, as kernels are built that are used. */
#ifdef SIM_UNCHECKED
#define SIM_CHECK(c) ((void)0)
#else
#define SIM_CHECK(c) BUG_ON(!(c))
#endif

typedef struct {
	unsigned int owner;	/* CPU + 1; 0: free */
} spinlock_t;
typedef spinlock_t raw_spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name) { 0 }
#define DEFINE_SPINLOCK(name) spinlock_t name = __SPIN_LOCK_UNLOCKED(name)
#define spin_lock_init(l) ((void)((l)->owner = 0))
#define raw_spin_lock_init(l) spin_lock_init(l)
#define spin_is_locked(l) (__atomic_load_n(&(l)->owner, __ATOMIC_RELAXED) != 0)
#define assert_spin_locked(l) BUG_ON(!spin_is_locked(l))
#define lockdep_assert_held(l) \
	BUG_ON(__atomic_load_n(&(l)->owner, __ATOMIC_RELAXED) != sim_this.cpu + 1)
#define lockdep_assert_irqs_disabled() BUG_ON(!sim_this.irqs_off)
#define lockdep_set_class(l, k) ((void)0)

void sim_lock_wait(spinlock_t *l) __attribute__((cold));
void sim_might_sleep(const char *file, int line);
#define might_sleep() sim_might_sleep(__FILE__, __LINE__)
#define in_atomic() (sim_this.preempt_off != 0)
#define irqs_disabled() (sim_this.irqs_off)

static inline void preempt_disable(void)
{
	sim_this.preempt_off++;
}

static inline void preempt_enable(void)
{
	SIM_CHECK(sim_this.preempt_off != 0);
	sim_this.preempt_off--;
}

#ifdef SIM_NO_LOCKS
/* A known-bad build: nothing is ever locked. */
#define spin_lock(l) ((void)(l), (void)sim_this.preempt_off++)
#define spin_unlock(l) ((void)(l), (void)sim_this.preempt_off--)
#define spin_trylock(l) (spin_lock(l), true)
#else
static inline void spin_lock(spinlock_t *l)
{
	unsigned int expect = 0;

	sim_this.preempt_off++;
	sim_stats.locks++;
	if (unlikely(!__atomic_compare_exchange_n(&l->owner, &expect, sim_this.cpu + 1, false,
						  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		sim_lock_wait(l);
}

static inline bool spin_trylock(spinlock_t *l)
{
	unsigned int expect = 0;

	if (!__atomic_compare_exchange_n(&l->owner, &expect, sim_this.cpu + 1, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	sim_this.preempt_off++;
	sim_stats.locks++;
	return true;
}

static inline void spin_unlock(spinlock_t *l)
{
	SIM_CHECK(__atomic_load_n(&l->owner, __ATOMIC_RELAXED) == sim_this.cpu + 1);
	__atomic_store_n(&l->owner, 0, __ATOMIC_RELEASE);
	sim_this.preempt_off--;
}
#endif

static inline unsigned long sim_irq_save(void)
{
	unsigned long flags = sim_this.irqs_off;

	if (!flags) {
		sim_this.irqs_off = true;
		if (unlikely(sim_span))
			sim_this.irqs_off_since = sim_ticks();
	}
	return flags;
}

static inline void sim_irq_restore(unsigned long flags)
{
	SIM_CHECK(sim_this.irqs_off);
	if (!flags) {
		if (unlikely(sim_span))
			sim_span(sim_ticks() - sim_this.irqs_off_since);
		sim_this.irqs_off = false;
	}
}

#define local_irq_save(flags) ((void)((flags) = sim_irq_save()))
#define local_irq_restore(flags) sim_irq_restore(flags)
#define local_irq_disable() ((void)sim_irq_save())
#define local_irq_enable() sim_irq_restore(0)
#define spin_lock_irqsave(l, flags)          \
	do {                                 \
		(flags) = sim_irq_save();    \
		spin_lock(l);                \
	} while (0)
#define spin_unlock_irqrestore(l, flags)     \
	do {                                 \
		spin_unlock(l);              \
		sim_irq_restore(flags);      \
	} while (0)
#define spin_lock_irq(l)                     \
	do {                                 \
		BUG_ON(irqs_disabled());     \
		sim_irq_save();              \
		spin_lock(l);                \
	} while (0)
#define spin_unlock_irq(l)                   \
	do {                                 \
		spin_unlock(l);              \
		sim_irq_restore(0);          \
	} while (0)
#define spin_lock_nested(l, class) spin_lock(l)
#define spin_lock_bh(l) spin_lock(l)
#define spin_unlock_bh(l) spin_unlock(l)
#define raw_spin_lock(l) spin_lock(l)
#define raw_spin_unlock(l) spin_unlock(l)
#define raw_spin_lock_irqsave(l, flags) spin_lock_irqsave(l, flags)
#define raw_spin_unlock_irqrestore(l, flags) spin_unlock_irqrestore(l, flags)

/* Per-CPU data guarded by interrupts that are off. */
typedef struct {
	char unused;
} local_lock_t;
#define INIT_LOCAL_LOCK(name) { 0 }
#define local_lock_init(l) ((void)(l))
#define local_lock_irqsave(l, flags) ((void)(l), local_irq_save(flags))
#define local_unlock_irqrestore(l, flags) ((void)(l), local_irq_restore(flags))

struct mutex {
	spinlock_t lock;
};
#define DEFINE_MUTEX(name) struct mutex name = { { 0 } }
#define mutex_init(m) spin_lock_init(&(m)->lock)
#define mutex_destroy(m) ((void)(m))

/* Held across what sleeps, so not counted as atomic context. */
static inline void mutex_lock(struct mutex *m)
{
	might_sleep();
	spin_lock(&m->lock);
	sim_this.preempt_off--;
}

static inline void mutex_unlock(struct mutex *m)
{
	sim_this.preempt_off++;
	spin_unlock(&m->lock);
}

/* Atomics. */
typedef struct {
	int counter;
} atomic_t;
typedef struct {
	s64 counter;
} atomic64_t;
typedef atomic64_t atomic_long_t;
#define ATOMIC_INIT(i) { (i) }
#define sim_atomic(v) (&(v)->counter)
#define atomic_read(v) __atomic_load_n(sim_atomic(v), __ATOMIC_RELAXED)
#define atomic_set(v, i) __atomic_store_n(sim_atomic(v), (i), __ATOMIC_RELAXED)
#define atomic_add(i, v) ((void)__atomic_fetch_add(sim_atomic(v), (i), __ATOMIC_RELAXED))
#define atomic_sub(i, v) ((void)__atomic_fetch_sub(sim_atomic(v), (i), __ATOMIC_RELAXED))
#define atomic_inc(v) atomic_add(1, v)
#define atomic_dec(v) atomic_sub(1, v)
#define atomic_add_return(i, v) __atomic_add_fetch(sim_atomic(v), (i), __ATOMIC_SEQ_CST)
#define atomic_sub_return(i, v) __atomic_sub_fetch(sim_atomic(v), (i), __ATOMIC_SEQ_CST)
#define atomic_inc_return(v) atomic_add_return(1, v)
#define atomic_dec_return(v) atomic_sub_return(1, v)
#define atomic_dec_and_test(v) (atomic_dec_return(v) == 0)
#define atomic_xchg(v, i) __atomic_exchange_n(sim_atomic(v), (i), __ATOMIC_SEQ_CST)
#define atomic_long_read atomic_read
#define atomic_long_set atomic_set
#define atomic_long_add atomic_add
#define atomic_long_inc atomic_inc
#define atomic64_read atomic_read
#define atomic64_set atomic_set
#define atomic64_add atomic_add
#define atomic64_inc atomic_inc

static inline int atomic_cmpxchg(atomic_t *v, int old, int new)
{
	__atomic_compare_exchange_n(&v->counter, &old, new, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return old;
}

#define cmpxchg(p, o, n)                                                            \
	({                                                                          \
		__typeof__(*(p)) sim_old = (o);                                     \
		__atomic_compare_exchange_n((p), &sim_old, (n), false,              \
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);    \
		sim_old;                                                            \
	})
#define try_cmpxchg(p, o, n) \
	__atomic_compare_exchange_n((p), (o), (n), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define xchg(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)

#endif
