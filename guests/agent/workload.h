/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fio in the domU: the verify pass and the timed part. Both report by themselves. */
#ifndef GB_AGENT_WORKLOAD_H
#define GB_AGENT_WORKLOAD_H

#include <stdbool.h>

#include "conf.h"
#include "disk.h"
#include "perf.h"

/* Write with checksums, read back. Reports check "verify"; false when it failed. */
bool workload_verify(const struct disk *disk);

/*
 * The timed part: phases workload-start and workload-done, blobs fio.json,
 * grant-dma-before.txt and grant-dma-after.txt, and the backend's marks: two in
 * front, one behind, so that a mark's own cost can be taken out.
 */
bool workload_fio(const struct conf *conf, const struct disk *disk, struct perf *perf);

/* The driver's counters, and its table's, kept in memory until nothing is timed any more. */
struct workload_stats {
	char *device;
	char *table;
};

void workload_stats_read(const struct disk *disk, struct workload_stats *stats);
/* Send and free them, as blobs grant-dma-WHEN.txt and grant-table-WHEN.txt. */
void workload_stats_send(struct workload_stats *stats, const char *when);

/* Without a timed part: the driver's counters as they are, blobs grant-dma-after.txt and grant-table-after.txt. */
void workload_state(const struct disk *disk);

#endif
