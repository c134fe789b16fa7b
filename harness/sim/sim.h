/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulation from the outside: what drives allocators, in plain C types, so
 * that tests and programs need none of the kernel's names.
 *
 * A thread stands in for a CPU: sim_thread() says for which. The grant table is
 * one per process, as in a guest: table-upstream.c is the kernel's own code, cut
 * out of its source, table-simple.c a stand-in that hands out regions where the
 * source is not at hand.
 */
#ifndef GRANTBENCH_SIM_SIM_H
#define GRANTBENCH_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/state.h"

#define SIM_REFS_PER_FRAME 512
#define SIM_RESERVED_REFS 8

/* This thread is CPU cpu from here on. */
void sim_thread(unsigned int cpu);

/* Whether this thread holds no lock and has interrupts on, as it should between calls. */
bool sim_quiet(void);

/*
 * Run what schedule_work() queued; with delayed, also what would run later.
 * Returns how many ran.
 */
unsigned int sim_run_work(bool delayed);

/* CPU cpu goes away: what was registered for that is called. */
void sim_cpu_dead(unsigned int cpu);

/* The nth allocation of memory from now on fails; 0: none. */
void sim_fail_alloc(unsigned int nth);

/* Allocations of memory that were not freed. */
long sim_allocated(void);

/* Warnings of the kernel are counted instead of ending the process. */
extern bool sim_warn_ok;
extern unsigned int sim_warnings;

/* Messages of printk and its relatives so far. */
extern unsigned int sim_messages;

/* An allocator, however it is made. */
struct sim_variant {
	const char *name;
	/* NULL when there is no memory or no reference for it. */
	void *(*create)(unsigned int max_refs);
	void (*destroy)(void *ctx);
	int (*alloc)(void *ctx, unsigned int count, uint32_t *first);	/* 0 or -errno */
	void (*free)(void *ctx, uint32_t first, unsigned int count);
	/*
	 * References that it keeps from the table, handed out or not; NULL: it hands
	 * out the table's own.
	 */
	unsigned int (*reserved)(void *ctx);
	/* Of these, free ones that it keeps for one CPU; or NULL. */
	unsigned int (*cached)(void *ctx);
	/* Longest search so far, in words of a bitmap, as the allocator counts it; or NULL. */
	unsigned int (*scan_max)(void *ctx);
};

/* NULL-terminated: those that this program was built with. */
extern const struct sim_variant *const sim_variants[];
const struct sim_variant *sim_variant_find(const char *name);

/* The table, empty again, as after boot: one frame of at most max_frames. */
void sim_table_reset(unsigned int max_frames);
unsigned int sim_table_refs(void);	/* that there are now, the reserved ones included */
unsigned int sim_table_free_refs(void);
unsigned int sim_table_pages(void);		/* of memory that its growth took */

/* What nextfit takes at once when it is created; nothing where it has no such parameter. */
void sim_reserve(unsigned int refs);

/* What iommu reserves when it is created; 0: all that it may take. */
void sim_aperture(unsigned int refs);

/*
 * Whether free list, bitmap, count and tail agree. False: why says what does not,
 * for people.
 */
bool sim_table_check(char *why, size_t size);

/*
 * What is known of upstream's table is not to be found again: that gnttab_last_free stays at
 * a reference which is in use (defect stale-last-free) is no fault, and the table is grown
 * when it is reset (late-growth).
 */
extern bool sim_known_defects;

/* The table's own interface, as the PV drivers use it. */
int sim_table_alloc(unsigned int count, uint32_t *first);	/* consecutive */
void sim_table_free(uint32_t first, unsigned int count);
int sim_table_alloc_list(unsigned int count, uint32_t *refs);	/* refs: count of them */
void sim_table_free_list(const uint32_t *refs, unsigned int count);

#endif
