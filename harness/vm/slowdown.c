// SPDX-License-Identifier: GPL-2.0-or-later
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/spawn.h"
#include "vm/vm.h"

#define ROUNDS 2000000u		/* about 3.5 ms */
#define TRIES 5
#define BUDGET_NS 40000000	/* no further try after this */
#define REFERENCE_NS 3500000.0	/* one try on the idle reference host, a 2-core x86-64 VM */
#define SLOWDOWN_MAX 20.0

/* Dependent integer work: a compiler cannot shorten it, a cache does not matter. */
static int64_t work_ns(void)
{
	int64_t start = monotonic_ns();
	volatile uint32_t sink;
	uint32_t x = 2463534242u;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
	}
	sink = x;
	(void)sink;
	return monotonic_ns() - start;
}

double vm_slowdown(double cpu, unsigned int nr_vms, double load, unsigned int nr_cpus)
{
	double per_cpu = (nr_vms + (load > 0 ? load : 0)) / (nr_cpus ? nr_cpus : 1);
	double slowdown = (cpu > 1 ? cpu : 1) * (per_cpu > 1 ? per_cpu : 1);

	return slowdown > SLOWDOWN_MAX ? SLOWDOWN_MAX : slowdown;
}

double vm_measure_slowdown(unsigned int nr_vms)
{
	int64_t start = monotonic_ns(), best = 0;
	unsigned int nr_cpus = 0;
	double load = 0;
	cpu_set_t set;
	int i;

	for (i = 0; i < TRIES && monotonic_ns() - start < BUDGET_NS; i++) {
		int64_t ns = work_ns();

		if (!best || ns < best)
			best = ns;
	}
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		nr_cpus = (unsigned int)CPU_COUNT(&set);
	if (getloadavg(&load, 1) != 1)
		load = 0;
	return vm_slowdown((double)best / REFERENCE_NS, nr_vms, load, nr_cpus);
}
