// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A grant table for where the kernel's source is not at hand: a bitmap under a
 * lock, first fit. It hands out regions to the allocators under test, and stands
 * in for nothing that is measured.
 */
/* sound, whatever the allocators are */
#undef SIM_MUTANTS
#include "sim/kernel.h"

#include <stdio.h>

#include "sim.h"

static DEFINE_SPINLOCK(table_lock);
static unsigned long *used;
static unsigned int nr_refs;	/* all frames, from the start */

void sim_table_reset(unsigned int max_frames)
{
	bitmap_free(used);
	nr_refs = max_frames * SIM_REFS_PER_FRAME;
	used = bitmap_zalloc(nr_refs, GFP_KERNEL);
	BUG_ON(!used);
	bitmap_set(used, 0, SIM_RESERVED_REFS);
}

unsigned int sim_table_refs(void)
{
	return nr_refs;
}

unsigned int sim_table_free_refs(void)
{
	return nr_refs - bitmap_weight(used, nr_refs);
}

unsigned int sim_table_pages(void)
{
	return 0;
}

bool sim_table_check(char *why, size_t size)
{
	if (find_first_zero_bit(used, nr_refs) >= SIM_RESERVED_REFS)
		return true;
	snprintf(why, size, "a reserved reference is free");
	return false;
}

unsigned int gnttab_max_grant_frames(void)
{
	return nr_refs / SIM_REFS_PER_FRAME;
}

int gnttab_alloc_grant_reference_seq(unsigned int count, grant_ref_t *first)
{
	unsigned long flags, at;

	spin_lock_irqsave(&table_lock, flags);
	at = bitmap_find_next_zero_area(used, nr_refs, 0, count, 0);
	if (at < nr_refs)
		bitmap_set(used, (unsigned int)at, count);
	spin_unlock_irqrestore(&table_lock, flags);
	if (at >= nr_refs)
		return -ENOSPC;
	*first = (grant_ref_t)at;
	return 0;
}

void gnttab_free_grant_reference_seq(grant_ref_t head, unsigned int count)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&table_lock, flags);
	for (i = 0; i < count; i++)
		BUG_ON(!test_bit(head + i, used));
	bitmap_clear(used, head, count);
	spin_unlock_irqrestore(&table_lock, flags);
}

void gnttab_free_grant_reference(grant_ref_t ref)
{
	gnttab_free_grant_reference_seq(ref, 1);
}

int sim_table_alloc(unsigned int count, uint32_t *first)
{
	return gnttab_alloc_grant_reference_seq(count, first);
}

void sim_table_free(uint32_t first, unsigned int count)
{
	gnttab_free_grant_reference_seq(first, count);
}

int sim_table_alloc_list(unsigned int count, uint32_t *refs)
{
	unsigned int i;

	if (sim_table_free_refs() < count)
		return -ENOSPC;
	for (i = 0; i < count; i++)
		BUG_ON(gnttab_alloc_grant_reference_seq(1, &refs[i]));
	return 0;
}

void sim_table_free_list(const uint32_t *refs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		gnttab_free_grant_reference_seq(refs[i], 1);
}
