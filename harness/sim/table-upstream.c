// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The grant table's allocator as the kernel has it: its functions and variables
 * are in upstream-before.h and upstream-after.h, which the build cuts out of
 * drivers/xen/grant-table.c (harness/build/recipe-alloc.c has the list). Here is what is around them: a
 * hypervisor that always has one more frame, up to a limit, and a look inside.
 */
#include "sim/kernel.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

/* What the cut functions ask their surroundings for. */
static const struct {
	unsigned int grefs_per_grant_frame;
} v1 = { SIM_REFS_PER_FRAME }, *gnttab_interface = &v1;

static unsigned int max_grant_frames;

unsigned int gnttab_max_grant_frames(void)
{
	return max_grant_frames;
}

/*
 * What gnttab_init() sizes the array of list pages for; the array itself is larger, so
 * that an index behind its end is seen and does no harm.
 */
static size_t list_slots;

static void *list_array(size_t n, size_t size, gfp_t gfp)
{
	list_slots = n;
	return kcalloc(n + 2, size, gfp);
}

static void gnttab_request_version(void)
{
}

static int arch_gnttab_init(unsigned long nr_shared, unsigned long nr_status)
{
	(void)nr_shared;
	(void)nr_status;
	return 0;
}

static unsigned int nr_status_frames(unsigned int nr_grant_frames_)
{
	return nr_grant_frames_;
}

static int gnttab_setup(void)
{
	return 0;
}

int gnttab_init(void);

static int gnttab_map(unsigned int start_idx, unsigned int end_idx)
{
	(void)start_idx;
	(void)end_idx;
	return 0;
}

static int gnttab_expand(unsigned int req_entries);
static int get_free_seq(unsigned int count);

/* What its callers get instead: each call rebuilds the whole free list. */
static int counted_get_free_seq(unsigned int count)
{
	sim_stats.rebuilds++;
	return get_free_seq(count);
}

/* The kernel is compiled without these warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
#include "upstream-before.h"
#define get_free_seq counted_get_free_seq
#undef kmalloc_array
#define kmalloc_array list_array
#include "upstream-after.h"
#undef get_free_seq
#pragma GCC diagnostic pop

bool sim_known_defects;

void sim_table_reset(unsigned int max_frames)
{
	unsigned int i;

	for (i = 0; gnttab_list && i < sim_table_pages(); i++)
		free_page((unsigned long)gnttab_list[i]);
	kfree(gnttab_list);
	bitmap_free(gnttab_free_bitmap);

	max_grant_frames = max_frames;
	gnttab_free_count = 0;
	gnttab_free_head = GNTTAB_LIST_END;
	gnttab_last_free = GNTTAB_LIST_END;
	gnttab_free_tail_ptr = NULL;
	gnttab_free_callback_list = NULL;
	BUG_ON(gnttab_init() < 0);
	if (sim_known_defects && max_frames > 1)
		BUG_ON(gnttab_expand((max_frames - 1) * SIM_REFS_PER_FRAME) < 0);
}

unsigned int sim_table_refs(void)
{
	return gnttab_size;
}

unsigned int sim_table_free_refs(void)
{
	return (unsigned int)gnttab_free_count;
}

unsigned int sim_table_pages(void)
{
	return gnttab_frames(nr_grant_frames, RPP);
}

#define SAY(...) (snprintf(why, size, __VA_ARGS__), false)

/* The list: every element in range, free, and none twice. */
static bool check_list(char *why, size_t size, grant_ref_t *last)
{
	/* not the simulated allocation: that can be made to fail */
	unsigned long *seen = calloc(BITS_TO_LONGS(gnttab_size), sizeof(*seen));
	grant_ref_t ref;
	unsigned int n = 0;
	bool ok = true;

	*last = GNTTAB_LIST_END;
	for (ref = gnttab_free_head; ok && ref != GNTTAB_LIST_END; ref = gnttab_entry(ref)) {
		if (ref < GNTTAB_NR_RESERVED_ENTRIES || ref >= gnttab_size)
			ok = SAY("the free list leads to %u, outside the table", ref);
		else if (__test_and_set_bit(ref, seen))
			ok = SAY("the free list comes to %u twice", ref);
		else if (!test_bit(ref, gnttab_free_bitmap))
			ok = SAY("%u is in the free list and not in the bitmap", ref);
		*last = ref;
		n++;
		if (!ok)
			break;
	}
	if (ok && n != (unsigned int)gnttab_free_count)
		ok = SAY("%u in the free list, gnttab_free_count %d", n, gnttab_free_count);
	free(seen);
	return ok;
}

/* The tail: gnttab_last_free ends the list, and from *gnttab_free_tail_ptr on it counts up. */
static bool check_tail(char *why, size_t size, grant_ref_t last)
{
	int n = get_seq_entry_count();
	grant_ref_t ref, from;

	if (gnttab_free_count && gnttab_last_free != last && sim_known_defects &&
	    !test_bit(gnttab_last_free, gnttab_free_bitmap))
		return true;
	if (gnttab_free_count && gnttab_last_free != last)
		return SAY("gnttab_last_free is %u, the list ends with %u", gnttab_last_free, last);
	if (n <= 0)
		return n == 0 || SAY("the tail has %d references", n);
	from = *gnttab_free_tail_ptr;
	for (ref = from; ref <= gnttab_last_free; ref++) {
		if (ref >= gnttab_size || !test_bit(ref, gnttab_free_bitmap))
			return SAY("%u is in the tail and not free", ref);
		if (ref != gnttab_last_free && gnttab_entry(ref) != ref + 1)
			return SAY("%u is in the tail and followed by %u", ref, gnttab_entry(ref));
	}
	return true;
}

bool sim_table_check(char *why, size_t size)
{
	unsigned int set = bitmap_weight(gnttab_free_bitmap, gnttab_size);
	grant_ref_t last;

	if (sim_table_pages() > list_slots)
		return SAY("%u pages of the list, an array for %zu", sim_table_pages(), list_slots);
	if (set != (unsigned int)gnttab_free_count)
		return SAY("%u bits set, gnttab_free_count %d", set, gnttab_free_count);
	return check_list(why, size, &last) && check_tail(why, size, last);
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
	grant_ref_t head;
	unsigned int i;
	int ret = gnttab_alloc_grant_references((u16)count, &head);

	if (ret < 0)
		return ret;
	for (i = 0; i < count; i++) {
		ret = gnttab_claim_grant_reference(&head);
		BUG_ON(ret < 0);
		refs[i] = (u32)ret;
	}
	BUG_ON(!gnttab_empty_grant_references(&head));
	return 0;
}

void sim_table_free_list(const uint32_t *refs, unsigned int count)
{
	grant_ref_t head = GNTTAB_LIST_END;

	while (count-- > 0)
		gnttab_release_grant_reference(&head, refs[count]);
	gnttab_free_grant_references(head);
}

/* The variant: no context, the table's own functions. */
static void *upstream_create(unsigned int max_refs)
{
	(void)max_refs;
	return &gnttab_size;
}

static void upstream_destroy(void *ctx)
{
	(void)ctx;
}

static int upstream_alloc(void *ctx, unsigned int count, uint32_t *first)
{
	(void)ctx;
	return gnttab_alloc_grant_reference_seq(count, first);
}

static void upstream_free(void *ctx, uint32_t first, unsigned int count)
{
	(void)ctx;
	gnttab_free_grant_reference_seq(first, count);
}

extern const struct sim_variant variant_upstream;
const struct sim_variant variant_upstream = {
	.name = "upstream",
	.create = upstream_create,
	.destroy = upstream_destroy,
	.alloc = upstream_alloc,
	.free = upstream_free,
};
