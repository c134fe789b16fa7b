/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a seed changes in the domU, so that a deterministic machine can be run
 * many times and still not show one accident of phase and layout each time: when
 * the workload starts, and in which state it finds the grant table.
 */
#ifndef GB_AGENT_PERTURB_H
#define GB_AGENT_PERTURB_H

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
