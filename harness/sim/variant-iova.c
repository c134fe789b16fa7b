// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The references that a real IOMMU driver hands out: the aperture is a region of
 * the table, and dma-iommu's own IOVA allocator (drivers/iommu/iova.c, compiled
 * whole) rules in it. Called as iommu_dma_alloc_iova() calls it for a device
 * without the workaround for 32-bit PCI, and without a flush queue.
 */
#include <linux/iova.h>

#include "sim.h"
#include "sim/kernel.h"

/* Address bit 63 marks a grant; in page frames that is bit 51. */
#define GRANT_PFN (1UL << 51)

struct aperture {
	struct iova_domain iovad;
	grant_ref_t first;
	unsigned int count;
};

static unsigned int aperture;

void sim_aperture(unsigned int refs)
{
	aperture = refs;
}

static void *iova_create(unsigned int max_refs)
{
	struct aperture *a = kzalloc(sizeof(*a), GFP_KERNEL);

	if (!a)
		return NULL;
	a->count = aperture && aperture < max_refs ? aperture : max_refs;
	if (gnttab_alloc_grant_reference_seq(a->count, &a->first) < 0)
		goto no_refs;
	if (iova_cache_get() < 0)
		goto no_cache;
	init_iova_domain(&a->iovad, PAGE_SIZE, GRANT_PFN | a->first);
	if (iova_domain_init_rcaches(&a->iovad) < 0)
		goto no_rcaches;
	return a;

no_rcaches:
	put_iova_domain(&a->iovad);
	iova_cache_put();
no_cache:
	gnttab_free_grant_reference_seq(a->first, a->count);
no_refs:
	kfree(a);
	return NULL;
}

static void iova_destroy(void *ctx)
{
	struct aperture *a = ctx;

	put_iova_domain(&a->iovad);
	iova_cache_put();
	gnttab_free_grant_reference_seq(a->first, a->count);
	kfree(a);
}

static int iova_alloc(void *ctx, unsigned int count, uint32_t *first)
{
	struct aperture *a = ctx;
	unsigned long limit = GRANT_PFN | (a->first + a->count - 1);
	unsigned long pfn = alloc_iova_fast(&a->iovad, count, limit, true);

	if (!pfn)
		return -ENOSPC;
	*first = (uint32_t)(pfn & ~GRANT_PFN);
	return 0;
}

static void iova_free(void *ctx, uint32_t first, unsigned int count)
{
	struct aperture *a = ctx;

	free_iova_fast(&a->iovad, GRANT_PFN | first, count);
}

static unsigned int iova_reserved(void *ctx)
{
	return ((struct aperture *)ctx)->count;
}

extern const struct sim_variant variant_iommu;
const struct sim_variant variant_iommu = {
	.name = "iommu",
	.create = iova_create,
	.destroy = iova_destroy,
	.alloc = iova_alloc,
	.free = iova_free,
	.reserved = iova_reserved,
};
