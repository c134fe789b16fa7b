/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traces of a device's maps and unmaps, as recorded in a guest.
 *
 *	# grantbench-trace 1 device=2000000.virtio scenario=blk-randread
 *	m 17 1		id 17 maps 1 page
 *	u 17		id 17 is unmapped
 *
 * The first line is as above, each key once; then events in their order, one a
 * line, fields separated by one blank, numbers decimal. An id is in use from its
 * m to its u and may come back after that. Nothing else is allowed: a trace that
 * was cut or mixed up must not become a number.
 */
#ifndef GRANTBENCH_ALLOC_TRACE_H
#define GRANTBENCH_ALLOC_TRACE_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_PAGES_MAX 32768		/* of one map: a whole table of 64 frames */
#define TRACE_EVENTS_MAX (16u << 20)

/* pages > 0: slot maps that many; 0: slot unmaps. */
struct trace_event {
	uint32_t slot;
	uint32_t pages;
};

struct trace {
	char device[64], scenario[64];
	struct trace_event *events;
	size_t nr_events;
	uint32_t nr_slots;	/* most ids in use at once: slots are below */
	size_t nr_maps;
	uint64_t pages_peak;	/* most pages mapped at once */
};

struct trace_error {
	size_t line;		/* from 1; 0: the file as a whole */
	const char *what;	/* static */
};

/* 0, or -EINVAL with where filled and *out untouched. text is NUL-terminated, size without it. */
int trace_parse(const char *text, size_t size, struct trace *out, struct trace_error *where);
void trace_release(struct trace *trace);

#endif
