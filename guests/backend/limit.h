/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A token bucket for messages that a frontend can cause: max at once, then one per second. */
#ifndef GB_BACKEND_LIMIT_H
#define GB_BACKEND_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct limit {
	unsigned int max;	/* 0: never */
	unsigned int tokens;
	int64_t at_s;		/* when tokens was right */
	uint64_t dropped;	/* times that limit_take() said no */
};

void limit_init(struct limit *limit, unsigned int max, int64_t now_s);

/* Whether there is a token at now_s (seconds of a monotonic clock), and take it. */
bool limit_take(struct limit *limit, int64_t now_s);

#endif
