/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frontend alone: the grant DMA driver's files in debugfs that map and unmap
 * without a backend, and that put the grant table in pieces (guests/linux/README.md).
 */
#ifndef GB_AGENT_SELFTEST_H
#define GB_AGENT_SELFTEST_H

#include <stdbool.h>

#include "conf.h"
#include "disk.h"

/*
 * The cell's workload: map and unmap by number of pages, conf->in_flight at a time,
 * conf->rounds times. Phases workload-start and workload-done, blob selftest.txt
 * (N_KEY VALUE for N pages), and the driver's counters around it.
 */
bool selftest_run(const struct conf *conf, const struct disk *disk);

/* Keep percent of the table's references, chosen by seed; 0: give them back. -errno. */
int selftest_age(int seed, int percent);

#endif
