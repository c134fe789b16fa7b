// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alloc-threads VARIANT THREADS OPS SEED: the model under threads, as a program of
 * its own so that ThreadSanitizer can watch it. Exit status 0, 1 a fault (printed),
 * 66 ThreadSanitizer's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

int main(int argc, char **argv)
{
	struct model_opts opts = { .frames = 4, .max_refs = 1024 };
	struct model_report r;
	unsigned int threads;

	if (argc != 5)
		return 2;
	opts.variant = sim_variant_find(argv[1]);
	threads = (unsigned int)atoi(argv[2]);
	opts.ops = (uint64_t)atoll(argv[3]);
	opts.seed = (uint64_t)atoll(argv[4]);
	if (!opts.variant || !threads || threads > SIM_CPUS || !opts.ops)
		return 2;
	if (model_run_threads(&opts, threads, &r) < 0) {
		printf("%s\n", r.why);
		return 1;
	}
	printf("%llu allocations, %llu failed\n", (unsigned long long)r.allocs,
	       (unsigned long long)r.failed);
	return r.allocs > 0 && r.failed < r.allocs ? 0 : 1;
}
