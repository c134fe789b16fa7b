/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generator behind resampling: xoshiro256** 1.0, its state filled by
 * splitmix64 (Blackman & Vigna, Scrambled linear pseudorandom number
 * generators, ACM TOMS 47 (2021) 36; both in the public domain). The same seed
 * gives the same stream on every machine. Not for secrets.
 */
#ifndef GRANTBENCH_STATS_RNG_H
#define GRANTBENCH_STATS_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s[4];
};

uint64_t rng_splitmix64(uint64_t *state);

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);

/* Uniform in 0..n-1, without modulo bias; n > 0. */
uint64_t rng_below(struct rng *rng, uint64_t n);

/* Uniform in [0, 1): 53 bits. */
double rng_uniform(struct rng *rng);

/* Standard normal, by inversion: one draw per value. */
double rng_normal(struct rng *rng);

#endif
