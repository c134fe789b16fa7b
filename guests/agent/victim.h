/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frontend's side of an isolation run: reads and writes one page after another
 * and looks whether anything changed that the backend was not given to write:
 *
 *   near      the pages in front of and behind a buffer, in guest memory
 *   readonly  a buffer that the device only reads
 *   stale     a buffer whose request has completed
 *
 * By xenstore, "data/victim" has "BEATS ROUNDS NEAR READONLY STALE ERRORS" (a beat every
 * VICTIM_BEAT_MS, from another thread than the one that does I/O), "data/canaries" the
 * pages' "INDEX:GFN ..."; dom0 writes "data/stop".
 */
#ifndef GB_AGENT_VICTIM_H
#define GB_AGENT_VICTIM_H

#include <stdbool.h>

#include "disk.h"

#define VICTIM_BEAT_MS 100

/* other: a device of another backend, NULL if there is none; it is only read. Until dom0 says stop. False: the I/O did not come to an end then. */
bool victim_run(const struct disk *disk, const struct disk *other);

#endif
