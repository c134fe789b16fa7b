// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-dt.h"

#include <libfdt.h>
#include <stdarg.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "tests/lib-check.h"

#define OK(expr) ck_assert_int_eq(expr, 0)
#define GIC 0x8002
#define ITS 0x8003
#define CLOCK 0x8000

static void cells(void *fdt, const char *name, int n, ...)
{
	fdt32_t value[32];
	va_list ap;
	int i;

	va_start(ap, n);
	for (i = 0; i < n; i++)
		value[i] = cpu_to_fdt32(va_arg(ap, unsigned int));
	va_end(ap);
	OK(fdt_property(fdt, name, value, n * 4));
}

static void begin(void *fdt, const char *name, const char *compatible)
{
	OK(fdt_begin_node(fdt, name));
	if (compatible)
		OK(fdt_property_string(fdt, "compatible", compatible));
}

static void put_cpus(void *fdt)
{
	begin(fdt, "cpus", NULL);
	cells(fdt, "#address-cells", 1, 1);
	cells(fdt, "#size-cells", 1, 0);
	begin(fdt, "cpu@0", "arm,cortex-a57");
	OK(fdt_property_string(fdt, "device_type", "cpu"));
	cells(fdt, "reg", 1, 0);
	OK(fdt_end_node(fdt));
	begin(fdt, "cpu@1", "arm,cortex-a57");
	OK(fdt_property_string(fdt, "device_type", "cpu"));
	cells(fdt, "reg", 1, 1);
	OK(fdt_end_node(fdt));
	OK(fdt_end_node(fdt));
}

static void put_gic(void *fdt)
{
	begin(fdt, "intc@8000000", "arm,gic-v3");
	cells(fdt, "phandle", 1, GIC);
	cells(fdt, "reg", 8, 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000);
	cells(fdt, "#interrupt-cells", 1, 3);
	OK(fdt_property(fdt, "interrupt-controller", NULL, 0));
	OK(fdt_property(fdt, "ranges", NULL, 0));
	cells(fdt, "#address-cells", 1, 2);
	cells(fdt, "#size-cells", 1, 2);
	begin(fdt, "its@8080000", "arm,gic-v3-its");
	cells(fdt, "phandle", 1, ITS);
	cells(fdt, "reg", 4, 0, 0x8080000, 0, 0x20000);
	cells(fdt, "#msi-cells", 1, 1);
	OK(fdt_end_node(fdt));
	OK(fdt_end_node(fdt));
}

static void put_pcie(void *fdt)
{
	begin(fdt, "pcie@10000000", "pci-host-ecam-generic");
	cells(fdt, "reg", 4, 0x40, 0x10000000, 0, 0x10000000);
	cells(fdt, "#address-cells", 1, 3);
	cells(fdt, "#size-cells", 1, 2);
	cells(fdt, "#interrupt-cells", 1, 1);
	cells(fdt, "msi-map", 4, 0, ITS, 0, 0x10000);
	cells(fdt, "interrupt-map-mask", 4, 0x1800, 0, 0, 7);
	/* child unit address (3), pin, phandle, the GIC's unit address (2), specifier (3) */
	cells(fdt, "interrupt-map", 20, 0, 0, 0, 1, GIC, 0, 0, 0, 3, 4,
	      0, 0, 0, 2, GIC, 0, 0, 0, 4, 4);
	OK(fdt_end_node(fdt));
}

static void put_device(void *fdt, const char *name, const char *compatible, unsigned int base,
		       unsigned int size, unsigned int spi, unsigned int trigger)
{
	begin(fdt, name, compatible);
	cells(fdt, "reg", 4, 0, base, 0, size);
	if (spi)
		cells(fdt, "interrupts", 3, 0, spi, trigger);
	OK(fdt_end_node(fdt));
}

void lib_dt_machine(struct buf *dtb)
{
	static const char seed[32] = "not the same at each start";
	_cleanup_free_ char *fdt = xcalloc(1, 8192);

	OK(fdt_create(fdt, 8192));
	OK(fdt_finish_reservemap(fdt));
	begin(fdt, "", "linux,dummy-virt");
	cells(fdt, "interrupt-parent", 1, GIC);
	cells(fdt, "#size-cells", 1, 2);
	cells(fdt, "#address-cells", 1, 2);
	put_device(fdt, "flash@0", "cfi-flash", 0, 0x4000000, 0, 0);
	put_cpus(fdt);
	begin(fdt, "timer", "arm,armv8-timer");
	cells(fdt, "interrupts", 12, 1, 13, 0x104, 1, 14, 0x104, 1, 11, 0x104, 1, 10, 0x104);
	OK(fdt_end_node(fdt));
	put_gic(fdt);
	begin(fdt, "apb-pclk", "fixed-clock");
	cells(fdt, "phandle", 1, CLOCK);
	cells(fdt, "#clock-cells", 1, 0);
	OK(fdt_end_node(fdt));
	begin(fdt, "pl011@9000000", "arm,pl011");
	cells(fdt, "reg", 4, 0, 0x9000000, 0, 0x1000);
	cells(fdt, "interrupts", 3, 0, 1, 4);
	cells(fdt, "clocks", 2, CLOCK, CLOCK);
	OK(fdt_end_node(fdt));
	put_device(fdt, "fw-cfg@9020000", "qemu,fw-cfg-mmio", 0x9020000, 0x18, 0, 0);
	put_device(fdt, "virtio_mmio@a000000", "virtio,mmio", 0xa000000, 0x200, 16, 1);
	put_device(fdt, "virtio_mmio@a000200", "virtio,mmio", 0xa000200, 0x200, 17, 1);
	put_pcie(fdt);
	begin(fdt, "memory@40000000", NULL);
	OK(fdt_property_string(fdt, "device_type", "memory"));
	cells(fdt, "reg", 4, 0, 0x40000000, 0, 0x40000000);
	OK(fdt_end_node(fdt));
	begin(fdt, "aliases", NULL);
	OK(fdt_property_string(fdt, "serial0", "/pl011@9000000"));
	OK(fdt_end_node(fdt));
	begin(fdt, "chosen", NULL);
	OK(fdt_property_string(fdt, "stdout-path", "/pl011@9000000"));
	OK(fdt_property(fdt, "rng-seed", seed, sizeof(seed)));
	OK(fdt_property(fdt, "kaslr-seed", seed, 8));
	OK(fdt_end_node(fdt));
	OK(fdt_end_node(fdt));
	OK(fdt_finish(fdt));
	buf_add(dtb, fdt, fdt_totalsize(fdt));
}

void lib_dt_host(struct lib_dt_host *h, size_t nr_domu)
{
	struct dt_module *modules[] = {
		&h->host.kernel, &h->host.ramdisk, &h->domu[0].kernel, &h->domu[0].ramdisk,
		&h->domu[0].dtb, &h->domu[1].kernel, &h->domu[1].ramdisk, &h->domu[1].dtb,
	};
	static const char *const names[] = { "domU1", "domU2" };
	struct err err = { 0 };
	size_t i;

	*h = (struct lib_dt_host){ .host = {
		.xen_bootargs = "console=dtuart dom0_mem=384M",
		.dom0_bootargs = "console=hvc0 rdinit=/init",
		.kernel.size = 12 << 20,
		.ramdisk.size = 3 << 20,
		.domu = h->domu,
		.nr_domu = nr_domu,
		.dom0_evtchn = 10,
	} };
	for (i = 0; i < nr_domu; i++)
		h->domu[i] = (struct dt_domu){
			.name = names[i], .bootargs = "console=ttyAMA0", .mem_mib = 128, .cpus = 1,
			.nr_spis = 12, .kernel.size = 12 << 20, .ramdisk.size = 2 << 20,
			.dtb.size = 700, .evtchn = 7,
			/* a driver domain has some, a frontend one */
			.nr_evtchn = nr_domu == 2 && i == 0 ? 4 : 1,
		};
	ck_assert_msg(dt_host_layout(modules, ARRAY_SIZE(modules), 1024, &err) == 0, "%s", err.msg);
}

void *lib_dt_open(const struct buf *dtb, int room)
{
	int size = (int)fdt_totalsize(dtb->data) + room;
	void *fdt = xcalloc(1, (size_t)size);

	OK(fdt_open_into(dtb->data, fdt, size));
	return fdt;
}
