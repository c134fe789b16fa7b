/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's maps and unmaps, in their order, by the kernel's tracepoints: for
 * replaying them elsewhere (harness/alloc/trace.h has the format).
 */
#ifndef GB_AGENT_TRACE_H
#define GB_AGENT_TRACE_H

#include <stdbool.h>

struct conf;

/* Start recording. 0 or -errno. */
int trace_start(void);

/*
 * Stop, and send what device did as blob trace.txt. What was mapped before the start is
 * left out. A record that is not complete is an error: it must not become a number.
 */
int trace_send(const char *device, const char *scenario);

/* Both, of a workload, if the configuration asks for it. start's result goes into end. */
int trace_maybe_start(const struct conf *conf);
bool trace_maybe_end(const struct conf *conf, const char *device, int started);

#endif
