// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The special IOVA allocator: nextfit behind the hooks by which dma-iommu asks a
 * domain for addresses. The hooks are those of grant-dma-domain.c, cut out of it
 * (iova-hooks.h; harness/build/recipe-alloc.c has the list), called as
 * iommu_dma_alloc_iova() and iommu_dma_free_iova() call them. Here is what is around
 * them: of each structure only what they use.
 */
#include "gref-alloc.h"

#include "sim.h"
#include "sim/kernel.h"

struct iommu_domain;

struct iommu_domain_ops {
	dma_addr_t (*alloc_iova)(struct iommu_domain *domain, size_t size, u64 dma_limit);
	void (*free_iova)(struct iommu_domain *domain, dma_addr_t iova, size_t size);
};

struct iommu_domain {
	const struct iommu_domain_ops *ops;
	struct {
		dma_addr_t aperture_end;
	} geometry;
};

struct grant_dma_domain {
	struct iommu_domain domain;
	struct gref_alloc *iova_alloc;
	void *stats;
};

/* As with all variants, the kernel's accounting is left out. */
#define xen_grant_dma_count(stats, event, pages, err) ((void)(stats))

#define XEN_PAGE_SHIFT PAGE_SHIFT	/* arm64 and x86 with pages of 4 KiB */

#include "iova-hooks.h"

static const struct iommu_domain_ops hooks = {
	.alloc_iova = grant_dma_alloc_iova,
	.free_iova = grant_dma_free_iova,
};

static void *create(unsigned int max_refs)
{
	struct grant_dma_domain *gd = kzalloc(sizeof(*gd), GFP_KERNEL);

	if (!gd)
		return NULL;
	gd->iova_alloc = gref_nextfit_ops.create(max_refs);
	if (!gd->iova_alloc) {
		kfree(gd);
		return NULL;
	}
	gd->domain.ops = &hooks;
	gd->domain.geometry.aperture_end =
		grant_to_dma(gnttab_max_grant_frames() * SIM_REFS_PER_FRAME) - 1;
	return gd;
}

static void hooks_destroy(void *ctx)
{
	struct grant_dma_domain *gd = ctx;

	gd->iova_alloc->ops->destroy(gd->iova_alloc);
	kfree(gd);
}

static int hooks_alloc(void *ctx, unsigned int count, uint32_t *first)
{
	struct iommu_domain *domain = &((struct grant_dma_domain *)ctx)->domain;
	u64 limit = min_t(u64, ~0ull, domain->geometry.aperture_end);
	dma_addr_t iova = domain->ops->alloc_iova(domain, (size_t)count << PAGE_SHIFT, limit);

	if (!iova)
		return -ENOSPC;
	*first = dma_to_grant(iova);
	return 0;
}

static void hooks_free(void *ctx, uint32_t first, unsigned int count)
{
	struct iommu_domain *domain = &((struct grant_dma_domain *)ctx)->domain;

	domain->ops->free_iova(domain, grant_to_dma(first), (size_t)count << PAGE_SHIFT);
}

static void get_stats(void *ctx, struct gref_alloc_stats *st)
{
	struct gref_alloc *ga = ((struct grant_dma_domain *)ctx)->iova_alloc;

	*st = (struct gref_alloc_stats){ .reserved = 0 };
	ga->ops->get_stats(ga, st);
}

static unsigned int hooks_reserved(void *ctx)
{
	struct gref_alloc_stats st;

	get_stats(ctx, &st);
	return st.reserved;
}

static unsigned int hooks_scan_max(void *ctx)
{
	struct gref_alloc_stats st;

	get_stats(ctx, &st);
	return st.scan_max;
}

extern const struct sim_variant variant_iommu_iova;
const struct sim_variant variant_iommu_iova = {
	.name = "iommu-iova",
	.create = create,
	.destroy = hooks_destroy,
	.alloc = hooks_alloc,
	.free = hooks_free,
	.reserved = hooks_reserved,
	.scan_max = hooks_scan_max,
};
