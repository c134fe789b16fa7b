/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a seed changes in the domU, so that a deterministic machine can be run
 * many times and still not show one accident of phase and layout each time: when
 * the workload starts, and in which state it finds the grant table.
 */
#ifndef GB_AGENT_PERTURB_H
#define GB_AGENT_PERTURB_H

#include <stdint.h>

#define PERTURB_GRANTS_MIN 64
#define PERTURB_GRANTS_MAX 512

/* splitmix64, Steele et al. 2014 */
static inline uint64_t perturb_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* How many grants it makes; state: the seed at first. Half of them, the lesser half, goes again. */
static inline unsigned int perturb_grants(uint64_t *state)
{
	return PERTURB_GRANTS_MIN + (unsigned int)(perturb_next(state) %
						   (PERTURB_GRANTS_MAX - PERTURB_GRANTS_MIN + 1));
}

/* How many stay until the timed part is over; the harness holds the table against that. */
static inline unsigned int perturb_held(unsigned int seed)
{
	uint64_t state = seed;
	unsigned int n = perturb_grants(&state);

	return n - n / 2;
}

/* Spend at least that many instructions, in a loop that no compiler removes. */
void perturb_jitter(int instructions);

/*
 * Leave the grant table's free list as a long-lived guest would: grant some
 * hundred pages to domid, and end every other one or so, in an order that comes
 * from seed. What is kept stays until perturb_table_end().
 *
 * Source: Linux' drivers/xen/gntalloc.c, <xen/gntalloc.h>. A descriptor >= 0, or
 * -errno.
 */
int perturb_table(unsigned int seed, int domid);

/* End the kept grants. */
void perturb_table_end(int fd);

#endif
