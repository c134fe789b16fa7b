// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's partial tree. */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "dt/dt.h"
#include "dt/grow.h"

#define SPI 0		/* arm,gic-v3 interrupt specifier: shared peripheral */
#define EDGE_RISING 1

int dt_guest_assign(struct dt_virtio *virtio, size_t n, struct err *err)
{
	size_t i;

	if (n > DT_MAX_VIRTIO)
		return err_usage(err, "%zu virtio devices: the interrupts %u to %u allow %u", n,
				 DT_VIRTIO_SPI_FIRST, DT_VIRTIO_SPI_LAST, DT_MAX_VIRTIO);
	for (i = 0; i < n; i++) {
		virtio[i].mmio_base = DT_VIRTIO_BASE + i * DT_VIRTIO_STRIDE;
		virtio[i].spi = DT_VIRTIO_SPI_FIRST + (unsigned int)i;
	}
	return 0;
}

static int check_one(const struct dt_guest *guest, size_t i, struct err *err)
{
	const struct dt_virtio *v = &guest->virtio[i];
	size_t j;

	if (v->mmio_base % DT_VIRTIO_STRIDE || v->mmio_base < DT_VIRTIO_BASE ||
	    v->mmio_base > DT_VIRTIO_END - DT_VIRTIO_STRIDE)
		return err_usage(err, "virtio device %zu: address 0x%" PRIx64 " is not a multiple of "
				 "0x%llx from 0x%llx to 0x%llx", i, v->mmio_base, DT_VIRTIO_STRIDE,
				 DT_VIRTIO_BASE, DT_VIRTIO_END);
	if (v->spi < DT_VIRTIO_SPI_FIRST || v->spi > DT_VIRTIO_SPI_LAST)
		return err_usage(err, "virtio device %zu: interrupt %u is not from %u to %u", i, v->spi,
				 DT_VIRTIO_SPI_FIRST, DT_VIRTIO_SPI_LAST);
	if (v->backend_domid >= DT_DOMID_END || v->other_domid >= DT_DOMID_END)
		return err_usage(err, "virtio device %zu: %u is not a domain id (0 to %u)", i,
				 v->backend_domid >= DT_DOMID_END ? v->backend_domid : v->other_domid,
				 DT_DOMID_END - 1);
	for (j = 0; j < i; j++) {
		if (guest->virtio[j].mmio_base == v->mmio_base)
			return err_usage(err, "virtio devices %zu and %zu share the address 0x%" PRIx64, j,
					 i, v->mmio_base);
		if (guest->virtio[j].spi == v->spi)
			return err_usage(err, "virtio devices %zu and %zu share interrupt %u", j, i, v->spi);
	}
	return 0;
}

static int put_reg(void *fdt, uint64_t base, uint64_t size)
{
	fdt64_t reg[2] = { cpu_to_fdt64(base), cpu_to_fdt64(size) };

	return fdt_property(fdt, "reg", reg, sizeof(reg));
}

static int put_interrupt(void *fdt, unsigned int spi)
{
	fdt32_t cells[3] = { cpu_to_fdt32(SPI), cpu_to_fdt32(spi - 32), cpu_to_fdt32(EDGE_RISING) };

	return fdt_property(fdt, "interrupts", cells, sizeof(cells));
}

/* Xen takes the phandle that interrupts refer to from here; xl ignores the node. */
static int put_gic(void *fdt)
{
	TRY(fdt_begin_node(fdt, "gic"));
	TRY(fdt_property_u32(fdt, "#interrupt-cells", 3));
	TRY(fdt_property(fdt, "interrupt-controller", NULL, 0));
	TRY(fdt_property_u32(fdt, "phandle", DT_PHANDLE_GIC));
	return fdt_end_node(fdt);
}

static int put_iommu(void *fdt, const char *compatible, unsigned int cells)
{
	TRY(fdt_begin_node(fdt, "xen_iommu"));
	TRY(fdt_property_string(fdt, "compatible", compatible));
	TRY(fdt_property_u32(fdt, "#iommu-cells", cells));
	TRY(fdt_property_u32(fdt, "phandle", DT_PHANDLE_IOMMU));
	return fdt_end_node(fdt);
}

static int put_iommus(void *fdt, unsigned int cells, unsigned int domid)
{
	fdt32_t value[4] = { cpu_to_fdt32(DT_PHANDLE_IOMMU), cpu_to_fdt32(domid), 0, 0 };

	return fdt_property(fdt, "iommus", value, (int)((1 + cells) * sizeof(fdt32_t)));
}

static int put_binding(void *fdt, const struct dt_guest *guest, const struct dt_virtio *v)
{
	if (v->binding == DT_BINDING_DEV_DOMID)
		TRY(fdt_property_u32(fdt, "xen,dev-domid", v->backend_domid));
	if (v->binding == DT_BINDING_IOMMUS || v->binding == DT_BINDING_IOMMUS_DUMMY) {
		TRY(put_iommus(fdt, guest->iommu_cells, v->backend_domid));
		if (v->both_bindings)
			TRY(fdt_property_u32(fdt, "xen,dev-domid", v->other_domid));
	}
	return 0;
}

/* As libxl's make_virtio_mmio_node(), with the binding to be compared. */
static int put_virtio(void *fdt, const struct dt_guest *guest, const struct dt_virtio *v)
{
	char name[32];

	snprintf(name, sizeof(name), "virtio@%" PRIx64, v->mmio_base);
	TRY(fdt_begin_node(fdt, name));
	TRY(fdt_property_string(fdt, "compatible",
				guest->late_probe ? DT_LATE_COMPATIBLE : "virtio,mmio"));
	TRY(put_reg(fdt, v->mmio_base, DT_VIRTIO_STRIDE));
	TRY(put_interrupt(fdt, v->spi));
	TRY(fdt_property_u32(fdt, "interrupt-parent", DT_PHANDLE_GIC));
	TRY(fdt_property(fdt, "dma-coherent", NULL, 0));
	TRY(put_binding(fdt, guest, v));
	return fdt_end_node(fdt);
}

/* The compatible string of the one iommu node, NULL when no device wants it. */
static const char *iommu_compatible(const struct dt_guest *guest)
{
	size_t i;

	for (i = 0; i < guest->nr_virtio; i++) {
		if (guest->virtio[i].binding == DT_BINDING_IOMMUS)
			return "xen,grant-dma";
		if (guest->virtio[i].binding == DT_BINDING_IOMMUS_DUMMY)
			return "xen,dummy-iommu";
	}
	return NULL;
}

/* xl and dom0less both copy /passthrough; below a simple-bus Linux makes devices of its nodes. */
static int put_passthrough(void *fdt, const struct dt_guest *guest)
{
	const char *iommu = iommu_compatible(guest);
	size_t i;

	TRY(fdt_begin_node(fdt, "passthrough"));
	TRY(fdt_property_string(fdt, "compatible", "simple-bus"));
	TRY(fdt_property_u32(fdt, "#address-cells", 2));
	TRY(fdt_property_u32(fdt, "#size-cells", 2));
	TRY(fdt_property(fdt, "ranges", NULL, 0));
	if (iommu)
		TRY(put_iommu(fdt, iommu, guest->iommu_cells));
	for (i = 0; i < guest->nr_virtio; i++)
		TRY(put_virtio(fdt, guest, &guest->virtio[i]));
	return fdt_end_node(fdt);
}

static int put_tree(void *fdt, int size, const void *arg)
{
	const struct dt_guest *guest = arg;

	TRY(fdt_create(fdt, size));
	TRY(fdt_finish_reservemap(fdt));
	TRY(fdt_begin_node(fdt, ""));
	TRY(fdt_property_u32(fdt, "#address-cells", 2));
	TRY(fdt_property_u32(fdt, "#size-cells", 2));
	TRY(put_gic(fdt));
	TRY(put_passthrough(fdt, guest));
	TRY(fdt_end_node(fdt));
	return fdt_finish(fdt);
}

int dt_guest_build(const struct dt_guest *guest, struct buf *dtb, struct err *err)
{
	size_t i;
	int ret;

	if (guest->nr_virtio > DT_MAX_VIRTIO)
		return dt_guest_assign(NULL, guest->nr_virtio, err);
	if (guest->iommu_cells > 3)
		return err_usage(err, "#iommu-cells: %u is more than 3", guest->iommu_cells);
	for (i = 0; i < guest->nr_virtio; i++)
		if (check_one(guest, i, err) < 0)
			return -1;
	ret = dt_grow(put_tree, guest, 1024, dtb);
	if (ret < 0)
		return err_set(err, "the guest's device tree: %s", fdt_strerror(ret));
	return 0;
}
