// SPDX-License-Identifier: GPL-2.0-or-later
/* The allocators behind drivers/xen/gref-alloc.h, called through it as grant-dma-gref.c does. */
#include "gref-alloc.h"

#include "sim.h"

/* xen_grant_dma.reserve, in kernels whose patches have it */
extern unsigned int gref_nextfit_reserve __attribute__((weak));

void sim_reserve(unsigned int refs)
{
	unsigned int *reserve = &gref_nextfit_reserve;

	if (reserve)
		*reserve = refs;
}

static void *create(const struct gref_alloc_ops *ops, unsigned int max_refs)
{
	struct gref_alloc *ga = ops->create(max_refs);

	BUG_ON(ga && ga->ops != ops);
	return ga;
}

static void gref_destroy(void *ctx)
{
	struct gref_alloc *ga = ctx;

	ga->ops->destroy(ga);
}

static int gref_alloc(void *ctx, unsigned int count, uint32_t *first)
{
	struct gref_alloc *ga = ctx;

	return ga->ops->alloc(ga, count, first);
}

static void gref_free(void *ctx, uint32_t first, unsigned int count)
{
	struct gref_alloc *ga = ctx;

	ga->ops->free(ga, first, count);
}

static unsigned int gref_reserved(void *ctx)
{
	struct gref_alloc *ga = ctx;
	struct gref_alloc_stats st = { .reserved = 0 };

	ga->ops->get_stats(ga, &st);
	return st.reserved;
}

static unsigned int gref_cached(void *ctx)
{
	struct gref_alloc *ga = ctx;
	struct gref_alloc_stats st = { .reserved = 0 };

	ga->ops->get_stats(ga, &st);
	return st.cached;
}

static unsigned int gref_scan_max(void *ctx)
{
	struct gref_alloc *ga = ctx;
	struct gref_alloc_stats st = { .reserved = 0 };

	ga->ops->get_stats(ga, &st);
	return st.scan_max;
}

#define GREF_VARIANT(n)                                                   \
	static void *create_##n(unsigned int max_refs)                    \
	{                                                                 \
		return create(&gref_##n##_ops, max_refs);                 \
	}                                                                 \
	extern const struct sim_variant variant_##n;                      \
	const struct sim_variant variant_##n = {                          \
		.name = #n,                                               \
		.create = create_##n,                                     \
		.destroy = gref_destroy,                                  \
		.alloc = gref_alloc,                                      \
		.free = gref_free,                                        \
		.reserved = gref_reserved,                                \
		.cached = gref_cached,                                    \
		.scan_max = gref_scan_max,                                \
	}

/* The build says which files gref-NAME.c there are. */
#ifdef SIM_GREF_nextfit
GREF_VARIANT(nextfit);
#endif
#ifdef SIM_GREF_magazine
GREF_VARIANT(magazine);
#endif
