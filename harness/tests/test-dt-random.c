// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Properties of generated trees over random requests. The oracle reads the tree
 * back with libfdt and knows what was asked; it shares no code with dt_check().
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "stats/rng.h"
#include "tests/lib-check.h"
#include "tests/lib-dt.h"

#define ROUNDS 400
#define SLOTS ((DT_VIRTIO_END - DT_VIRTIO_BASE) / DT_VIRTIO_STRIDE)

static unsigned int below(struct rng *rng, unsigned int n)
{
	return (unsigned int)rng_below(rng, n);
}

/* A set that can be expressed: distinct places and interrupts, one kind of iommu. */
static size_t draw(struct rng *rng, struct dt_virtio *v, struct dt_guest *guest)
{
	static const enum dt_binding with_grant_dma[] = {
		DT_BINDING_NONE, DT_BINDING_DEV_DOMID, DT_BINDING_IOMMUS, DT_BINDING_IOMMUS_NOSTUB,
	};
	static const enum dt_binding with_dummy[] = {
		DT_BINDING_NONE, DT_BINDING_DEV_DOMID, DT_BINDING_IOMMUS_DUMMY,
	};
	size_t n = below(rng, DT_MAX_VIRTIO + 1), i, j;
	bool dummy = below(rng, 2);

	for (i = 0; i < n; i++) {
		v[i] = (struct dt_virtio){
			.binding = dummy ? with_dummy[below(rng, ARRAY_SIZE(with_dummy))] :
					   with_grant_dma[below(rng, ARRAY_SIZE(with_grant_dma))],
			.backend_domid = below(rng, 3) ? below(rng, 3) : below(rng, DT_DOMID_END),
		};
		do {
			v[i].mmio_base = DT_VIRTIO_BASE + below(rng, SLOTS) * DT_VIRTIO_STRIDE;
			v[i].spi = DT_VIRTIO_SPI_FIRST + below(rng, DT_MAX_VIRTIO);
			for (j = 0; j < i; j++)
				if (v[j].mmio_base == v[i].mmio_base || v[j].spi == v[i].spi)
					break;
		} while (j < i);
	}
	*guest = (struct dt_guest){ .virtio = v, .nr_virtio = n, .late_probe = below(rng, 2),
				    .iommu_cells = 1 };
	return n;
}

static uint32_t cell(const void *fdt, int node, const char *name, int i)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, name, &len);

	ck_assert_msg(p && len >= 4 * (i + 1), "%s: %s is missing or short",
		      fdt_get_name(fdt, node, NULL), name);
	return fdt32_to_cpu(p[i]);
}

static int cells(const void *fdt, int node, const char *name)
{
	int len;

	return fdt_getprop(fdt, node, name, &len) ? len / 4 : 0;
}

/* What the kernel will find at this device, against what was asked for. */
static void check_device(const void *fdt, const struct dt_guest *guest, const struct dt_virtio *v)
{
	_cleanup_free_ char *path = xasprintf("/passthrough/virtio@%llx",
					      (unsigned long long)v->mmio_base);
	int node = fdt_path_offset(fdt, path), parent, gic, iommu;
	bool wants_iommu = v->binding >= DT_BINDING_IOMMUS;

	ck_assert_msg(node >= 0, "%s is missing", path);
	parent = fdt_parent_offset(fdt, node);
	/* sizes match the cells */
	ck_assert_int_eq(cells(fdt, node, "reg"),
			 (int)(cell(fdt, parent, "#address-cells", 0) +
			       cell(fdt, parent, "#size-cells", 0)));
	ck_assert_uint_eq((uint64_t)cell(fdt, node, "reg", 0) << 32 | cell(fdt, node, "reg", 1),
			  v->mmio_base);
	ck_assert_uint_eq((uint64_t)cell(fdt, node, "reg", 2) << 32 | cell(fdt, node, "reg", 3),
			  0x200);
	gic = fdt_node_offset_by_phandle(fdt, cell(fdt, node, "interrupt-parent", 0));
	ck_assert_int_ge(gic, 0);
	ck_assert_int_eq(cells(fdt, node, "interrupts"), (int)cell(fdt, gic, "#interrupt-cells", 0));
	ck_assert_uint_eq(cell(fdt, node, "interrupts", 0), 0);
	ck_assert_uint_eq(cell(fdt, node, "interrupts", 1) + 32, v->spi);
	ck_assert_int_eq(fdt_node_check_compatible(fdt, node, guest->late_probe ?
						   DT_LATE_COMPATIBLE : "virtio,mmio"), 0);
	ck_assert_int_eq(cells(fdt, node, "xen,dev-domid"), v->binding == DT_BINDING_DEV_DOMID);
	if (v->binding == DT_BINDING_DEV_DOMID)
		ck_assert_uint_eq(cell(fdt, node, "xen,dev-domid", 0), v->backend_domid);
	ck_assert_int_eq(cells(fdt, node, "iommus") > 0, wants_iommu);
	if (!wants_iommu)
		return;
	iommu = fdt_node_offset_by_phandle(fdt, cell(fdt, node, "iommus", 0));
	ck_assert_int_ge(iommu, 0);
	ck_assert_int_eq(cells(fdt, node, "iommus"), 1 + (int)cell(fdt, iommu, "#iommu-cells", 0));
	ck_assert_uint_eq(cell(fdt, node, "iommus", 1), v->backend_domid);
	ck_assert_int_eq(fdt_node_check_compatible(fdt, iommu,
						   v->binding == DT_BINDING_IOMMUS_DUMMY ?
						   "xen,dummy-iommu" : "xen,grant-dma"), 0);
}

/* Each phandle has one owner, and no node is there that nobody asked for. */
static void check_whole(const void *fdt, const struct dt_guest *guest)
{
	uint32_t seen[64];
	size_t nr = 0, devices = 0, i;
	int node;

	for (node = 0; node >= 0; node = fdt_next_node(fdt, node, NULL)) {
		uint32_t phandle = fdt_get_phandle(fdt, node);

		devices += !strncmp(fdt_get_name(fdt, node, NULL), "virtio@", 7);
		if (!phandle)
			continue;
		for (i = 0; i < nr; i++)
			ck_assert_uint_ne(seen[i], phandle);
		ck_assert_uint_lt(nr, ARRAY_SIZE(seen));
		seen[nr++] = phandle;
	}
	ck_assert_uint_eq(devices, guest->nr_virtio);
}

START_TEST(what_is_asked_for_is_there)
{
	struct rng rng;
	int round;

	rng_init(&rng, 20220600);
	for (round = 0; round < ROUNDS; round++) {
		struct dt_virtio v[DT_MAX_VIRTIO];
		struct dt_guest guest;
		_cleanup_buf_ struct buf dtb = BUF_INIT, again = BUF_INIT;
		size_t n = draw(&rng, v, &guest), i;
		struct err err = { 0 };

		ck_assert_msg(dt_guest_build(&guest, &dtb, &err) == 0, "round %d: %s", round, err.msg);
		ck_assert_msg(dt_check(dtb.data, dtb.size, &err) == 0, "round %d: %s", round, err.msg);
		check_whole(dtb.data, &guest);
		for (i = 0; i < n; i++)
			check_device(dtb.data, &guest, &v[i]);
		/* the same request gives the same bytes */
		ck_assert_int_eq(dt_guest_build(&guest, &again, &err), 0);
		ck_assert(again.size == dtb.size && !memcmp(again.data, dtb.data, dtb.size));
	}
}
END_TEST

/* One thing wrong in a set that is right otherwise. */
static const struct {
	const char *what, *want;
	size_t min;	/* devices that it takes */
} wrong[] = {
	{ "twelve devices", "virtio devices: the interrupts 33 to 43 allow 11", 0 },
	{ "address below", "is not a multiple", 1 },
	{ "address above", "is not a multiple", 1 },
	{ "address between", "is not a multiple", 1 },
	{ "address taken", "share the address", 2 },
	{ "interrupt below", "interrupt 32 is not from 33 to 43", 1 },
	{ "interrupt above", "interrupt 44 is not from 33 to 43", 1 },
	{ "interrupt taken", "share interrupt", 2 },
	{ "reserved domain id", "32752 is not a domain id", 1 },
	{ "no such binding", "there is no binding", 1 },
	{ "two kinds of iommu", "want an iommu that is", 2 },
	{ "iommu cells", "#iommu-cells: 4", 0 },
};

static void spoil(struct rng *rng, int kind, struct dt_virtio *v, struct dt_guest *guest)
{
	size_t n = guest->nr_virtio, i = n ? below(rng, (unsigned int)n) : 0, j = n ? (i + 1) % n : 0;

	switch (kind) {
	case 0: guest->nr_virtio = DT_MAX_VIRTIO + 1; break;
	case 1: v[i].mmio_base = DT_VIRTIO_BASE - DT_VIRTIO_STRIDE; break;
	case 2: v[i].mmio_base = DT_VIRTIO_END; break;
	case 3: v[i].mmio_base += 1 + below(rng, 0x1ff); break;
	case 4: v[i].mmio_base = v[j].mmio_base; break;
	case 5: v[i].spi = DT_VIRTIO_SPI_FIRST - 1; break;
	case 6: v[i].spi = DT_VIRTIO_SPI_LAST + 1; break;
	case 7: v[i].spi = v[j].spi; break;
	case 8: v[i].backend_domid = DT_DOMID_END; break;
	case 9: v[i].binding = DT_NR_BINDINGS; break;
	case 10:
		v[i].binding = DT_BINDING_IOMMUS;
		v[j].binding = DT_BINDING_IOMMUS_DUMMY;
		break;
	case 11: guest->iommu_cells = 4; break;
	}
}

START_TEST(what_cannot_be_expressed_is_refused)
{
	struct rng rng;
	int round;

	rng_init(&rng, 1 + (uint64_t)_i);
	for (round = 0; round < 30; round++) {
		struct dt_virtio v[DT_MAX_VIRTIO + 1] = { { .binding = DT_BINDING_NONE } };
		struct dt_guest guest;
		_cleanup_buf_ struct buf dtb = BUF_INIT;
		struct err err = { 0 };

		if (draw(&rng, v, &guest) < wrong[_i].min) {
			round--;
			continue;
		}
		spoil(&rng, _i, v, &guest);
		ck_assert_msg(dt_guest_build(&guest, &dtb, &err) < 0, "%s: not refused",
			      wrong[_i].what);
		ck_assert_int_eq(err.code, GB_USAGE);
		ck_assert_msg(strstr(err.msg, wrong[_i].want), "%s: \"%s\" lacks \"%s\"",
			      wrong[_i].what, err.msg, wrong[_i].want);
		ck_assert_uint_eq(dtb.size, 0);
	}
}
END_TEST

/* Modules of random sizes: placed without touching, in memory, or refused. */
START_TEST(modules_never_overlap)
{
	struct rng rng;
	int round, refused = 0;

	rng_init(&rng, 7);
	for (round = 0; round < 2000; round++) {
		struct dt_module m[8], *list[8];
		size_t n = 1 + below(&rng, 8), i, j;
		unsigned int ram = 512 + 256 * below(&rng, 4);
		uint64_t end = DT_RAM_BASE + ((uint64_t)ram << 20), total = 0;
		struct err err = { 0 };

		for (i = 0; i < n; i++) {
			m[i] = (struct dt_module){ 0, below(&rng, 4) ? 1 + below(&rng, 200u << 20) : 0 };
			list[i] = &m[i];
			total += m[i].size;
		}
		if (below(&rng, 50) == 0)
			total = m[0].size = UINT64_MAX - below(&rng, 1 << 22);
		if (dt_host_layout(list, n, ram, &err) < 0) {
			ck_assert_int_eq(err.code, GB_USAGE);
			/* alignment costs at most 2 MiB each */
			ck_assert_uint_gt(total, end - DT_MODULES_BASE - (n << 21));
			refused++;
			continue;
		}
		for (i = 0; i < n; i++) {
			if (!m[i].size)
				continue;
			ck_assert(m[i].addr >= DT_MODULES_BASE && m[i].addr + m[i].size <= end);
			ck_assert_uint_eq(m[i].addr % (2 << 20), 0);
			for (j = 0; j < i; j++)
				ck_assert(!m[j].size || m[j].addr + m[j].size <= m[i].addr);
		}
	}
	ck_assert_int_gt(refused, 100);
	ck_assert_int_lt(refused, 1900);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dt-random");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_is_asked_for_is_there);
	tcase_add_loop_test(tc, what_cannot_be_expressed_is_refused, 0, ARRAY_SIZE(wrong));
	tcase_add_test(tc, modules_never_overlap);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
