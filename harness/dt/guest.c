// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's partial tree. */
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "dt/dt.h"
#include "dt/grow.h"
#include "lib/cleanup.h"

/* Interrupt specifier of arm,gic-v3: type, number from 0, trigger */
#define SPI 0
#define SPI_FIRST_INTID 32
#define EDGE_RISING 1

#define PHANDLE_NOBODY 65003u
#define MAX_IOMMU_CELLS 3

static const char *const binding_names[DT_NR_BINDINGS] = {
	[DT_BINDING_NONE] = "none",
	[DT_BINDING_DEV_DOMID] = "dev-domid",
	[DT_BINDING_IOMMUS] = "iommus",
	[DT_BINDING_IOMMUS_DUMMY] = "iommus-dummy",
	[DT_BINDING_IOMMUS_NOSTUB] = "iommus-nostub",
};

/* Compatible string of the iommu that a binding wants, NULL for none. */
static const char *const iommu_compatible[DT_NR_BINDINGS] = {
	[DT_BINDING_IOMMUS] = "xen,grant-dma",
	[DT_BINDING_IOMMUS_DUMMY] = "xen,dummy-iommu",
	[DT_BINDING_IOMMUS_NOSTUB] = "xen,grant-dma",
};

const char *dt_binding_name(enum dt_binding binding)
{
	return binding_names[binding];
}

int dt_binding_parse(const char *name, enum dt_binding *binding)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(binding_names); i++) {
		if (strcmp(name, binding_names[i]))
			continue;
		*binding = (enum dt_binding)i;
		return 0;
	}
	return -EINVAL;
}

static int check_count(size_t n, struct err *err)
{
	if (n > DT_MAX_VIRTIO)
		return err_usage(err, "%zu virtio devices: the interrupts %u to %u allow %u", n,
				 DT_VIRTIO_SPI_FIRST, DT_VIRTIO_SPI_LAST, DT_MAX_VIRTIO);
	return 0;
}

static uint64_t virtio_base(const struct dt_guest *guest)
{
	return guest->overlay ? DT_X86_VIRTIO_BASE : DT_VIRTIO_BASE;
}

static uint64_t virtio_end(const struct dt_guest *guest)
{
	return guest->overlay ? DT_X86_VIRTIO_END : DT_VIRTIO_END;
}

static uint64_t virtio_stride(const struct dt_guest *guest)
{
	return guest->irq == DT_IRQ_EVTCHN ? 2 * DT_VIRTIO_STRIDE : DT_VIRTIO_STRIDE;
}

int dt_guest_assign(const struct dt_guest *guest, struct dt_virtio *virtio, struct err *err)
{
	size_t i;

	if (check_count(guest->nr_virtio, err) < 0)
		return -1;
	for (i = 0; i < guest->nr_virtio; i++) {
		virtio[i].mmio_base = virtio_base(guest) + i * virtio_stride(guest);
		virtio[i].spi = DT_VIRTIO_SPI_FIRST + (unsigned int)i;
	}
	return 0;
}

static int check_domid(size_t i, unsigned int domid, struct err *err)
{
	if (domid >= DT_DOMID_END)
		return err_usage(err, "virtio device %zu: %u is not a domain id (0 to %u)", i,
				 domid, DT_DOMID_END - 1);
	return 0;
}

static int check_one(const struct dt_guest *guest, size_t i, struct err *err)
{
	const struct dt_virtio *v = &guest->virtio[i];
	uint64_t stride = virtio_stride(guest), last = virtio_end(guest) - stride;

	if ((unsigned int)v->binding >= DT_NR_BINDINGS)
		return err_usage(err, "virtio device %zu: there is no binding %u", i, v->binding);
	if (v->mmio_base % stride || v->mmio_base < virtio_base(guest) || v->mmio_base > last)
		return err_usage(err, "virtio device %zu: address 0x%" PRIx64 " is not a multiple "
				 "of 0x%" PRIx64 " from 0x%" PRIx64 " to 0x%" PRIx64, i,
				 v->mmio_base, stride, virtio_base(guest), last);
	if (guest->irq == DT_IRQ_SPI && (v->spi < DT_VIRTIO_SPI_FIRST || v->spi > DT_VIRTIO_SPI_LAST))
		return err_usage(err, "virtio device %zu: interrupt %u is not from %u to %u", i,
				 v->spi, DT_VIRTIO_SPI_FIRST, DT_VIRTIO_SPI_LAST);
	if (!(v->deviate & DT_DEVIATE_ANY_DOMID) && check_domid(i, v->backend_domid, err) < 0)
		return -1;
	return check_domid(i, v->other_domid, err);
}

static int check_pair(const struct dt_guest *guest, size_t i, size_t j, struct err *err)
{
	const struct dt_virtio *v = guest->virtio;
	const char *a = iommu_compatible[v[i].binding], *b = iommu_compatible[v[j].binding];

	/* multiples of the stride that differ do not overlap */
	if (v[i].mmio_base == v[j].mmio_base)
		return err_usage(err, "virtio devices %zu and %zu share the address 0x%" PRIx64, i,
				 j, v[i].mmio_base);
	if (guest->irq == DT_IRQ_SPI && v[i].spi == v[j].spi)
		return err_usage(err, "virtio devices %zu and %zu share interrupt %u", i, j,
				 v[i].spi);
	if (a && b && strcmp(a, b))
		return err_usage(err, "virtio devices %zu and %zu want an iommu that is \"%s\" and "
				 "\"%s\"", i, j, a, b);
	return 0;
}

static int check_guest(const struct dt_guest *guest, struct err *err)
{
	size_t i, j;

	if (check_count(guest->nr_virtio, err) < 0)
		return -1;
	if (guest->overlay && guest->irq != DT_IRQ_EVTCHN)
		return err_usage(err, "an overlay has no interrupt controller: it needs event channels");
	if (guest->iommu_cells > MAX_IOMMU_CELLS)
		return err_usage(err, "#iommu-cells: %u is more than %d", guest->iommu_cells,
				 MAX_IOMMU_CELLS);
	for (i = 0; i < guest->nr_virtio; i++) {
		if (check_one(guest, i, err) < 0)
			return -1;
		for (j = 0; j < i; j++)
			if (check_pair(guest, j, i, err) < 0)
				return -1;
	}
	return 0;
}

/* The registers, and with event channels the doorbell behind them. */
static int put_reg(void *fdt, const struct dt_guest *guest, uint64_t base)
{
	fdt64_t reg[4] = { cpu_to_fdt64(base), cpu_to_fdt64(DT_VIRTIO_STRIDE),
			   cpu_to_fdt64(base + DT_VIRTIO_STRIDE), cpu_to_fdt64(DT_DOORBELL_SIZE) };

	return fdt_property(fdt, "reg", reg,
			    guest->irq == DT_IRQ_EVTCHN ? sizeof(reg) : sizeof(reg) / 2);
}

static int put_interrupt(void *fdt, unsigned int spi)
{
	fdt32_t cells[3] = { cpu_to_fdt32(SPI), cpu_to_fdt32(spi - SPI_FIRST_INTID),
			     cpu_to_fdt32(EDGE_RISING) };

	return fdt_property(fdt, "interrupts", cells, sizeof(cells));
}

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

static int put_iommus(void *fdt, const struct dt_virtio *v, unsigned int cells)
{
	uint32_t target = v->deviate & DT_DEVIATE_NO_TARGET ? PHANDLE_NOBODY : DT_PHANDLE_IOMMU;
	fdt32_t value[1 + MAX_IOMMU_CELLS] = { cpu_to_fdt32(target),
					       cpu_to_fdt32(v->backend_domid), 0, 0 };

	return fdt_property(fdt, "iommus", value, (int)((1 + cells) * sizeof(value[0])));
}

static int put_binding(void *fdt, const struct dt_guest *guest, const struct dt_virtio *v)
{
	if (v->binding == DT_BINDING_DEV_DOMID)
		TRY(fdt_property_u32(fdt, "xen,dev-domid", v->backend_domid));
	else if (v->deviate & DT_DEVIATE_BOTH)
		TRY(fdt_property_u32(fdt, "xen,dev-domid", v->other_domid));
	if (iommu_compatible[v->binding] && !(v->deviate & DT_DEVIATE_NO_IOMMUS))
		TRY(put_iommus(fdt, v, guest->iommu_cells));
	return 0;
}

/* As libxl's make_virtio_mmio_node(), with the binding to be compared. */
static int put_virtio(void *fdt, const struct dt_guest *guest, const struct dt_virtio *v)
{
	char name[32];

	snprintf(name, sizeof(name), "virtio@%" PRIx64, v->mmio_base);
	TRY(fdt_begin_node(fdt, name));
	TRY(fdt_property_string(fdt, "compatible",
				guest->late_probe && guest->irq == DT_IRQ_SPI ? DT_LATE_COMPATIBLE :
									"virtio,mmio"));
	TRY(put_reg(fdt, guest, v->mmio_base));
	if (guest->irq == DT_IRQ_SPI) {
		TRY(put_interrupt(fdt, v->spi));
		TRY(fdt_property_u32(fdt, "interrupt-parent", DT_PHANDLE_GIC));
	} else if (v->backend_domid) {
		TRY(fdt_property_u32(fdt, "xen,evtchn-domid", v->backend_domid));
	}
	TRY(fdt_property(fdt, "dma-coherent", NULL, 0));
	TRY(put_binding(fdt, guest, v));
	return fdt_end_node(fdt);
}

/* What the one iommu node says it is, NULL when no device wants it. */
static const char *iommu_wanted(const struct dt_guest *guest)
{
	size_t i;

	for (i = 0; i < guest->nr_virtio; i++)
		if (iommu_compatible[guest->virtio[i].binding])
			return iommu_compatible[guest->virtio[i].binding];
	return NULL;
}

/* A bus whose children have addresses of two cells, as above it. */
static int put_bus(void *fdt, const char *compatible)
{
	TRY(fdt_property_string(fdt, "compatible", compatible));
	TRY(fdt_property_u32(fdt, "#address-cells", 2));
	TRY(fdt_property_u32(fdt, "#size-cells", 2));
	return fdt_property(fdt, "ranges", NULL, 0);
}

/* The iommu and the devices, on whatever bus they stand. */
static int put_devices(void *fdt, const struct dt_guest *guest)
{
	const char *iommu = iommu_wanted(guest);
	size_t i;

	if (iommu)
		TRY(put_iommu(fdt, iommu, guest->iommu_cells));
	if (guest->irq == DT_IRQ_EVTCHN) {
		TRY(fdt_begin_node(fdt, "virtio-bus"));
		TRY(put_bus(fdt, guest->late_probe ? DT_LATE_COMPATIBLE : "xen,virtio-evtchn"));
	}
	/*
	 * The first device is to be the first disk. Linux puts each node that an overlay adds in
	 * front of those that are there (__of_attach_node() in drivers/of/dynamic.c).
	 */
	for (i = 0; i < guest->nr_virtio; i++)
		TRY(put_virtio(fdt, guest, &guest->virtio[guest->overlay ? guest->nr_virtio - 1 - i : i]));
	return guest->irq == DT_IRQ_EVTCHN ? fdt_end_node(fdt) : 0;
}

static int put_passthrough(void *fdt, const struct dt_guest *guest)
{
	TRY(fdt_begin_node(fdt, "passthrough"));
	TRY(put_bus(fdt, "simple-bus"));
	TRY(put_devices(fdt, guest));
	return fdt_end_node(fdt);
}

/* Where the devices of an overlay hold the iommu's phandle: always in the first cell. */
static int put_fixups(void *fdt, const struct dt_guest *guest)
{
	static const char *const path[] = { "__local_fixups__", "fragment@0", "__overlay__",
					    "virtio-bus" };
	char name[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(path); i++)
		TRY(fdt_begin_node(fdt, path[i]));
	for (i = 0; i < guest->nr_virtio; i++) {
		if (!iommu_compatible[guest->virtio[i].binding])
			continue;
		snprintf(name, sizeof(name), "virtio@%" PRIx64, guest->virtio[i].mmio_base);
		TRY(fdt_begin_node(fdt, name));
		TRY(fdt_property_u32(fdt, "iommus", 0));
		TRY(fdt_end_node(fdt));
	}
	for (i = 0; i < ARRAY_SIZE(path); i++)
		TRY(fdt_end_node(fdt));
	return 0;
}

static int put_overlay(void *fdt, const struct dt_guest *guest)
{
	TRY(fdt_begin_node(fdt, "fragment@0"));
	TRY(fdt_property_string(fdt, "target-path", "/"));
	TRY(fdt_begin_node(fdt, "__overlay__"));
	TRY(fdt_property_u32(fdt, "#address-cells", 2));
	TRY(fdt_property_u32(fdt, "#size-cells", 2));
	TRY(put_devices(fdt, guest));
	TRY(fdt_end_node(fdt));
	TRY(fdt_end_node(fdt));
	return iommu_wanted(guest) ? put_fixups(fdt, guest) : 0;
}

static int put_tree(void *fdt, int size, const void *arg)
{
	const struct dt_guest *guest = arg;

	TRY(fdt_create(fdt, size));
	TRY(fdt_finish_reservemap(fdt));
	TRY(fdt_begin_node(fdt, ""));
	TRY(fdt_property_u32(fdt, "#address-cells", 2));
	TRY(fdt_property_u32(fdt, "#size-cells", 2));
	if (guest->overlay) {
		TRY(put_overlay(fdt, guest));
	} else {
		TRY(put_gic(fdt));
		TRY(put_passthrough(fdt, guest));
	}
	TRY(fdt_end_node(fdt));
	return fdt_finish(fdt);
}

int dt_guest_build(const struct dt_guest *guest, struct buf *dtb, struct err *err)
{
	int ret;

	if (check_guest(guest, err) < 0)
		return -1;
	ret = dt_grow(put_tree, guest, 1024, dtb);
	if (ret < 0)
		return err_set(err, "the guest's device tree: %s", fdt_strerror(ret));
	return 0;
}
