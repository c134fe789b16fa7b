/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A histogram with a bounded relative error, after Tene's HdrHistogram: values
 * below HDR_SUB are exact, above that each power of two has HDR_SUB / 2 buckets
 * of equal width, so a value is known to 1/32 of itself. Fixed size, no allocation.
 */
#ifndef GRANTBENCH_ALLOC_HDR_H
#define GRANTBENCH_ALLOC_HDR_H

#include <stddef.h>
#include <stdint.h>

#define HDR_SUB 64
#define HDR_BUCKETS (HDR_SUB + 40 * HDR_SUB / 2)	/* values up to 2^46 */

struct hdr {
	uint64_t count[HDR_BUCKETS];
	uint64_t nr;
	uint64_t max;	/* exact */
};

/* What is too large for the last bucket is counted in it; max is right even then. */
void hdr_add(struct hdr *h, uint64_t value);
void hdr_add_many(struct hdr *h, uint64_t value, uint64_t n);
void hdr_merge(struct hdr *into, const struct hdr *from);

size_t hdr_bucket(uint64_t value);
uint64_t hdr_lower(size_t bucket);	/* smallest value of the bucket */
uint64_t hdr_upper(size_t bucket);	/* largest */

/*
 * The value that at least a share q (0 < q <= 1) of all are not above: the upper
 * end of its bucket, but never above max. 0 when empty.
 */
uint64_t hdr_quantile(const struct hdr *h, double q);

#endif
