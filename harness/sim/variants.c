// SPDX-License-Identifier: GPL-2.0-or-later
/* The variants of this program, and one that costs nothing: what a load itself takes. */
#include "sim.h"

#include <string.h>

static void *null_create(unsigned int max_refs)
{
	static char ctx;

	(void)max_refs;
	return &ctx;
}

static void null_destroy(void *ctx)
{
	(void)ctx;
}

static int null_alloc(void *ctx, unsigned int count, uint32_t *first)
{
	(void)ctx;
	(void)count;
	*first = SIM_RESERVED_REFS;
	return 0;
}

static void null_free(void *ctx, uint32_t first, unsigned int count)
{
	(void)ctx;
	(void)first;
	(void)count;
}

static const struct sim_variant variant_null = {
	.name = "null",
	.create = null_create,
	.destroy = null_destroy,
	.alloc = null_alloc,
	.free = null_free,
};

extern const struct sim_variant variant_upstream, variant_iommu, variant_iommu_iova, variant_nextfit;
extern const struct sim_variant variant_magazine, variant_locks;

const struct sim_variant *const sim_variants[] = {
#ifdef SIM_KERNEL_SOURCE
	&variant_upstream,
#endif
#ifdef SIM_GREF_nextfit
	&variant_nextfit,
#endif
#ifdef SIM_GREF_magazine
	&variant_magazine,
#endif
#ifdef SIM_KERNEL_SOURCE
	&variant_iommu,
	&variant_iommu_iova,
	&variant_locks,
#endif
	&variant_null,
	NULL,
};

const struct sim_variant *sim_variant_find(const char *name)
{
	size_t i;

	for (i = 0; sim_variants[i]; i++)
		if (!strcmp(sim_variants[i]->name, name))
			return sim_variants[i];
	return NULL;
}
