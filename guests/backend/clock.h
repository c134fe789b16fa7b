/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A clock that is cheap enough to be read for each request. On arm64 it is the
 * virtual counter, read without a barrier: two instructions and no system call.
 */
#ifndef GB_BACKEND_CLOCK_H
#define GB_BACKEND_CLOCK_H

#include <stdint.h>
#include <time.h>

#ifdef __aarch64__
static inline uint64_t clock_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}

static inline uint64_t clock_ticks_to_ns(uint64_t ticks)
{
	uint64_t hz;

	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	return (uint64_t)((unsigned __int128)ticks * 1000000000u / hz);
}
#else
static inline uint64_t clock_ticks(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_ticks_to_ns(uint64_t ticks)
{
	return ticks;
}
#endif

#endif
