// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A floor: a lock taken with interrupts off and released, once for each allocation and
 * once for each free, and nothing else. What an allocator with a lock per call costs
 * beside that is its own. Not an allocator: everybody gets the same references.
 */
#include "sim.h"
#include "sim/kernel.h"

static DEFINE_SPINLOCK(lock);

static void *locks_create(unsigned int max_refs)
{
	(void)max_refs;
	return &lock;
}

static void locks_destroy(void *ctx)
{
	(void)ctx;
}

static int locks_alloc(void *ctx, unsigned int count, uint32_t *first)
{
	spinlock_t *l = ctx;
	unsigned long flags;

	(void)count;
	spin_lock_irqsave(l, flags);
	*first = SIM_RESERVED_REFS;
	spin_unlock_irqrestore(l, flags);
	return 0;
}

static void locks_free(void *ctx, uint32_t first, unsigned int count)
{
	spinlock_t *l = ctx;
	unsigned long flags;

	(void)first;
	(void)count;
	spin_lock_irqsave(l, flags);
	spin_unlock_irqrestore(l, flags);
}

extern const struct sim_variant variant_locks;
const struct sim_variant variant_locks = {
	.name = "locks",
	.create = locks_create,
	.destroy = locks_destroy,
	.alloc = locks_alloc,
	.free = locks_free,
};
