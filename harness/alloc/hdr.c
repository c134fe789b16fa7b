// SPDX-License-Identifier: GPL-2.0-or-later
#include "alloc/hdr.h"

#include <math.h>

/* Sub-buckets of a power of two, and how many bits pick one. */
#define HALF (HDR_SUB / 2)
#define HALF_BITS 5

size_t hdr_bucket(uint64_t value)
{
	unsigned int shift;
	size_t bucket;

	if (value < HDR_SUB)
		return (size_t)value;
	/* value >> shift has its top bit at HALF: it is in [HALF, HDR_SUB) */
	shift = 63 - (unsigned int)__builtin_clzll(value) - HALF_BITS;
	bucket = HDR_SUB + (size_t)(shift - 1) * HALF + (size_t)((value >> shift) - HALF);
	return bucket < HDR_BUCKETS ? bucket : HDR_BUCKETS - 1;
}

uint64_t hdr_lower(size_t bucket)
{
	size_t shift, sub;

	if (bucket < HDR_SUB)
		return bucket;
	shift = (bucket - HDR_SUB) / HALF + 1;
	sub = (bucket - HDR_SUB) % HALF + HALF;
	return (uint64_t)sub << shift;
}

uint64_t hdr_upper(size_t bucket)
{
	if (bucket < HDR_SUB)
		return bucket;
	return hdr_lower(bucket) + ((uint64_t)1 << ((bucket - HDR_SUB) / HALF + 1)) - 1;
}

void hdr_add_many(struct hdr *h, uint64_t value, uint64_t n)
{
	h->count[hdr_bucket(value)] += n;
	h->nr += n;
	if (n && value > h->max)
		h->max = value;
}

void hdr_add(struct hdr *h, uint64_t value)
{
	hdr_add_many(h, value, 1);
}

void hdr_merge(struct hdr *into, const struct hdr *from)
{
	size_t i;

	for (i = 0; i < HDR_BUCKETS; i++)
		into->count[i] += from->count[i];
	into->nr += from->nr;
	if (from->max > into->max)
		into->max = from->max;
}

uint64_t hdr_quantile(const struct hdr *h, double q)
{
	uint64_t want = (uint64_t)ceil(q * (double)h->nr), seen = 0;
	size_t i;

	if (!h->nr)
		return 0;
	for (i = 0; i < HDR_BUCKETS; i++) {
		seen += h->count[i];
		if (seen >= want && seen > 0)
			break;
	}
	return i < HDR_BUCKETS - 1 && hdr_upper(i) < h->max ? hdr_upper(i) : h->max;
}
