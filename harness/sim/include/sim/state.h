/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one thread of the simulation, standing in for one CPU, knows of itself. */
#ifndef GRANTBENCH_SIM_STATE_H
#define GRANTBENCH_SIM_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_CPUS 4

/* Counts of work, per thread: exact for a fixed sequence of calls by one thread. */
struct sim_stats {
	uint64_t words;		/* words of bitmaps that searches looked at */
	uint64_t rebuilds;	/* times that upstream rebuilt its whole free list */
	uint64_t locks;		/* spinlocks taken */
	uint64_t contended;	/* of these, found taken: depends on timing */
};

struct sim_cpu {
	unsigned int cpu;
	bool irqs_off;
	unsigned int preempt_off;	/* depth; each spinlock held counts */
	uint64_t irqs_off_since;	/* ticks, when spans are recorded */
};

#ifdef SIM_MUTANTS
extern enum sim_mutant { SIM_SOUND, SIM_TWICE, SIM_LOSE } sim_mutant;
#endif

extern _Thread_local struct sim_stats sim_stats;
extern _Thread_local struct sim_cpu sim_this;

/*
 * When set, called at the end of each span with interrupts off, with its ticks
 * (sim_ticks()). Set it only while no other thread runs.
 */
extern void (*sim_span)(uint64_t ticks);

uint64_t sim_clock_ns(void);

/* The processor's own counter where it has one that ticks evenly, else CLOCK_MONOTONIC. */
static inline uint64_t sim_ticks(void)
{
#if defined(__x86_64__)
	unsigned int lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
#elif defined(__aarch64__)
	uint64_t v;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
	return v;
#else
	return sim_clock_ns();
#endif
}

#endif
