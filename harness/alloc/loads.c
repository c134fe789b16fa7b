// SPDX-License-Identifier: GPL-2.0-or-later
/* The loads that `grantbench alloc` runs by itself, and the numbers that are to be reached. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alloc/bench.h"
#include "lib/cleanup.h"

const struct bench_load bench_loads[] = {
	{ .name = "128x1", .what = "128 in flight, 1 page each, random completion",
	  .inflight = 128, .pages = 1, .instructions = true },
	{ .name = "128x2", .what = "the same, 2 pages", .inflight = 128, .pages = 2 },
	{ .name = "128x8", .what = "the same, 8 pages", .inflight = 128, .pages = 8,
	  .instructions = true },
	{ .name = "128x8-fifo", .what = "8 pages, first in, first out",
	  .inflight = 128, .pages = 8, .fifo = true },
	{ .name = "128x8-reserved",
	  .what = "8 pages; nextfit and magazine took 2,048 references at once before",
	  .inflight = 128, .pages = 8, .reserve = 2048 },
	{ .name = "128x8-grown", .what = "8 pages, the table grown to its limit before",
	  .inflight = 128, .pages = 8, .grown = true, .requests = 8192 },
	{ .name = "128x32", .what = "32 pages, random completion", .inflight = 128, .pages = 32 },
	{ .name = "128x128", .what = "128 pages, random completion",
	  .inflight = 128, .pages = 128, .requests = 1024 },
	{ .name = "128x32-held-late",
	  .what = "32 pages; others came later and hold 20 % of the table, scattered",
	  .inflight = 128, .pages = 32, .held_pct = 20, .held_late = true, .requests = 1024 },
	{ .name = "128x32-held-first",
	  .what = "32 pages; others were there first and hold 20 % of the table, scattered",
	  .inflight = 128, .pages = 32, .held_pct = 20, .requests = 1024 },
	{ .name = "128x32-held-reserved",
	  .what = "the same, but nextfit and magazine took 8,192 references at once before",
	  .inflight = 128, .pages = 32, .held_pct = 20, .reserve = 8192, .requests = 1024 },
	{ .name = "128x8-own",
	  .what = "8 pages; the device itself holds 20 % of its references for good, scattered",
	  .inflight = 128, .pages = 8, .own_pct = 20, .requests = 1024 },
	{ .name = "128x8-aperture", .what = "8 pages; iommu has the 4,095 references of its default",
	  .inflight = 128, .pages = 8, .aperture = 4095 },
	{ .name = "128x32-aperture", .what = "the same, 32 pages: one more than there are",
	  .inflight = 128, .pages = 32, .aperture = 4095 },
	{ .name = "64x1-threads", .what = "2 threads, 64 in flight each, 1 page",
	  .inflight = 64, .pages = 1, .threads = 2 },
	{ .name = "64x8-threads", .what = "2 threads, 64 in flight each, 8 pages",
	  .inflight = 64, .pages = 8, .threads = 2 },
};

const size_t nr_bench_loads = ARRAY_SIZE(bench_loads);

const char *claim_state_name(enum claim_state state)
{
	static const char *const names[] = {
		[CLAIM_MET] = "met", [CLAIM_UNMET] = "not met", [CLAIM_OPEN] = "open",
		[CLAIM_NOT_APPLICABLE] = "not applicable",
	};

	return names[state];
}

/* A variant's cell and upstream's, both with numbers; false: the claim says why not. */
static bool both(const struct bench *b, const char *load, const char *variant, struct claim *c,
		 const struct bench_cell **v, const struct bench_cell **base)
{
	*v = bench_find(b, load, variant);
	*base = bench_find(b, load, BENCH_BASE);
	c->state = CLAIM_NOT_APPLICABLE;
	if (!*v || !*base)
		snprintf(c->found, sizeof(c->found), "%s or " BENCH_BASE " was not measured under %s",
			 variant, load);
	else if ((*v)->not_applicable || (*base)->not_applicable)
		snprintf(c->found, sizeof(c->found), "%s", (*v)->not_applicable ? (*v)->not_applicable :
			 (*base)->not_applicable);
	else
		return true;
	return false;
}

/* So many times fewer ns than upstream: by the interval's ends. */
static void times_faster(const struct bench *b, const char *load, const char *variant,
			 double times, struct claim *c)
{
	const struct bench_cell *v, *base;
	double lo, hi, estimate;

	c->class = "noisy";
	if (!both(b, load, variant, c, &v, &base))
		return;
	estimate = exp(-v->effect.estimate);
	lo = exp(-v->effect.ci.hi);
	hi = exp(-v->effect.ci.lo);
	c->state = lo >= times ? CLAIM_MET : hi < times ? CLAIM_UNMET : CLAIM_OPEN;
	snprintf(c->found, sizeof(c->found), "%.1f times [%.1f, %.1f]", estimate, lo, hi);
}

/* No rebuild of a list as long as the table while nothing fails, in any variant but upstream. */
static void no_rebuilds(const struct bench *b, struct claim *c)
{
	uint64_t rebuilds = 0, requests = 0, base = 0, base_requests = 0;
	size_t i, j;

	c->class = "exact";
	for (i = 0; i < b->nr_loads; i++) {
		for (j = 0; j < b->nr_variants; j++) {
			const struct bench_cell *cell = bench_cell(b, i, j);

			if (cell->not_applicable || cell->counts.failed || cell->load->threads > 1)
				continue;
			if (!strcmp(cell->variant, BENCH_BASE)) {
				base += cell->counts.rebuilds;
				base_requests += cell->counts.requests;
			} else {
				rebuilds += cell->counts.rebuilds;
				requests += cell->counts.requests;
			}
		}
	}
	c->state = !requests ? CLAIM_NOT_APPLICABLE : rebuilds ? CLAIM_UNMET : CLAIM_MET;
	snprintf(c->found, sizeof(c->found), "%llu rebuilds in %llu requests (" BENCH_BASE
		 ": %llu in %llu)", (unsigned long long)rebuilds, (unsigned long long)requests,
		 (unsigned long long)base, (unsigned long long)base_requests);
}

static void succeeds(const struct bench *b, const char *variant, struct claim *c)
{
	const struct bench_cell *v, *base;

	c->class = "exact";
	if (!both(b, "128x32-held-late", variant, c, &v, &base))
		return;
	c->state = v->counts.failed || !base->counts.failed ? CLAIM_UNMET : CLAIM_MET;
	snprintf(c->found, sizeof(c->found), "%llu of %llu fail (" BENCH_BASE ": %llu of %llu)",
		 (unsigned long long)v->counts.failed, (unsigned long long)v->counts.requests,
		 (unsigned long long)base->counts.failed, (unsigned long long)base->counts.requests);
}

static void not_slower(const struct bench *b, const char *variant, struct claim *c)
{
	const struct bench_cell *v, *base;
	double change;

	c->class = "exact";
	if (!both(b, "128x1", variant, c, &v, &base))
		return;
	if (isnan(v->instructions) || isnan(base->instructions)) {
		c->state = CLAIM_NOT_APPLICABLE;
		snprintf(c->found, sizeof(c->found), "%s", v->no_instructions ? v->no_instructions :
			 "instructions were not counted");
		return;
	}
	change = v->instructions / base->instructions - 1;
	c->state = change > 0.05 ? CLAIM_UNMET : CLAIM_MET;
	snprintf(c->found, sizeof(c->found), "%.1f instructions against %.1f (%+.1f %%)",
		 v->instructions, base->instructions, 100 * change);
}

bool bench_claim(const struct bench *b, size_t i, struct claim *out)
{
	static const struct {
		const char *what;
		enum { FASTER, REBUILDS, SUCCEEDS, SINGLE } kind;
		const char *load, *variant;
		double times;
	} claims[] = {
		{ "128 in flight, 8 pages, random: nextfit takes at most 1/20 of the ns", FASTER,
		  "128x8", "nextfit", 20 },
		{ "in a table that has grown to its limit: nextfit, at most 1/20", FASTER,
		  "128x8-grown", "nextfit", 20 },
		{ "with 2,048 references reserved: nextfit, at most 1/20", FASTER, "128x8-reserved", "nextfit", 20 },
		{ "128 in flight, 8 pages, random: magazine takes at most 1/40 of the ns", FASTER,
		  "128x8", "magazine", 40 },
		{ "in a table that has grown to its limit: magazine, at most 1/40", FASTER,
		  "128x8-grown", "magazine", 40 },
		{ "no work in proportion to the table while nothing fails, but in upstream", REBUILDS,
		  NULL, NULL, 0 },
		{ "20 % held by others, 32 pages: nextfit succeeds", SUCCEEDS, NULL, "nextfit", 0 },
		{ "20 % held by others, 32 pages: iommu succeeds", SUCCEEDS, NULL, "iommu", 0 },
		{ "20 % held by others, 32 pages: iommu-iova succeeds", SUCCEEDS, NULL, "iommu-iova", 0 },
		{ "single pages: nextfit takes at most 5 % more instructions", SINGLE, NULL, "nextfit", 0 },
		{ "single pages: magazine takes at most 5 % more instructions", SINGLE, NULL,
		  "magazine", 0 },
		{ "single pages: iommu takes at most 5 % more instructions", SINGLE, NULL, "iommu", 0 },
		{ "single pages: iommu-iova takes at most 5 % more instructions", SINGLE, NULL,
		  "iommu-iova", 0 },
	};

	if (i >= ARRAY_SIZE(claims))
		return false;
	*out = (struct claim){ .what = claims[i].what };
	switch (claims[i].kind) {
	case FASTER:
		times_faster(b, claims[i].load, claims[i].variant, claims[i].times, out);
		break;
	case REBUILDS:
		no_rebuilds(b, out);
		break;
	case SUCCEEDS:
		succeeds(b, claims[i].variant, out);
		break;
	case SINGLE:
		not_slower(b, claims[i].variant, out);
		break;
	}
	return true;
}
