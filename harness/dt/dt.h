/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device trees: the guest's partial tree, the host's tree with /chosen for Xen,
 * a printer and a checker. Everything is pure (bytes in, bytes out, libfdt).
 *
 * Sources: Xen's docs/misc/arm/device-tree/{booting,passthrough}.txt,
 * tools/libs/light/libxl_arm.c (what xl copies from a partial tree),
 * xen/arch/arm/domain_build.c (what dom0less does), public/arch-arm.h
 * (addresses and interrupts of guests), Linux'
 * Documentation/devicetree/bindings/{virtio/mmio,iommu/xen,grant-dma}.yaml.
 */
#ifndef GRANTBENCH_DT_DT_H
#define GRANTBENCH_DT_DT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"

/* public/arch-arm.h, Xen 4.17 to 4.20 */
#define DT_VIRTIO_BASE 0x02000000ull	/* GUEST_VIRTIO_MMIO_BASE */
#define DT_VIRTIO_END 0x02100000ull	/* base + GUEST_VIRTIO_MMIO_SIZE */
#define DT_VIRTIO_STRIDE 0x200ull	/* libxl's VIRTIO_MMIO_DEV_SIZE */
#define DT_VIRTIO_SPI_FIRST 33u		/* INTIDs; the tree's cell is the INTID - 32 */
#define DT_VIRTIO_SPI_LAST 43u
#define DT_MAX_VIRTIO (DT_VIRTIO_SPI_LAST - DT_VIRTIO_SPI_FIRST + 1)
#define DT_PHANDLE_GIC 65000u		/* GUEST_PHANDLE_GIC */
#define DT_PHANDLE_IOMMU 65002u		/* ours; 65001 is libxl's own */
#define DT_DOMID_END 0x7ff0u		/* DOMID_FIRST_RESERVED */

enum dt_binding {
	DT_BINDING_NONE,
	DT_BINDING_DEV_DOMID,		/* xen,dev-domid = <N> */
	DT_BINDING_IOMMUS,		/* iommus = <&xen_iommu N>, "xen,grant-dma" */
	DT_BINDING_IOMMUS_DUMMY,	/* the same with "xen,dummy-iommu" */
};

struct dt_virtio {
	uint64_t mmio_base;
	unsigned int spi;		/* INTID, 33 to 43 */
	enum dt_binding binding;
	unsigned int backend_domid;
	/* Deliberate deviations, for tests of what the kernel does with them. */
	bool both_bindings;		/* add xen,dev-domid = <other_domid> beside iommus */
	unsigned int other_domid;
};

struct dt_guest {
	const struct dt_virtio *virtio;
	size_t nr_virtio;
	/*
	 * Give the nodes a compatible string that no driver knows: a dom0less
	 * guest starts before any backend, and probing a device that nobody
	 * emulates is a data abort. The agent binds the driver later.
	 */
	bool late_probe;
	unsigned int iommu_cells;	/* 1; anything else only for tests */
};

#define DT_LATE_COMPATIBLE "grantbench,virtio-mmio-late"

/* Default addresses and interrupts for n devices; refuses more than DT_MAX_VIRTIO. */
int dt_guest_assign(struct dt_virtio *virtio, size_t n, struct err *err);

/*
 * The partial tree, for xl's device_tree= and for a dom0less
 * "multiboot,device-tree" module alike. Refuses (GB_USAGE) overlapping or
 * misplaced addresses, interrupts outside 33 to 43 or used twice, and domain ids
 * that are none. Appends to dtb.
 */
int dt_guest_build(const struct dt_guest *guest, struct buf *dtb, struct err *err);

struct dt_module {
	uint64_t addr;		/* physical, set by dt_host_layout() or the caller */
	uint64_t size;		/* bytes; 0: there is no such module */
};

struct dt_domu {		/* a dom0less domain */
	const char *name;	/* node name: "domU1" */
	const char *bootargs;
	unsigned int mem_mib, cpus, nr_spis;
	struct dt_module kernel, ramdisk, dtb;
	unsigned int evtchn;	/* local port of the static channel to dom0, 0: none */
};

struct dt_host {
	const char *xen_bootargs;
	const char *dom0_bootargs;
	struct dt_module kernel, ramdisk;	/* dom0's */
	const struct dt_domu *domu;		/* dom0less domains, in the order of their ids */
	size_t nr_domu;
	unsigned int dom0_evtchn;		/* local port of the first domain's channel; then + 1, … */
	bool keep_devices;	/* keep what dom0 has no use for: PCIe, flash, empty transports */
};

/*
 * Place the modules: 2 MiB aligned, one behind the other from DT_MODULES_BASE,
 * which leaves QEMU's own places for Xen and the tree alone. Refuses what does
 * not fit into ram_mib of memory from 1 GiB on.
 */
#define DT_RAM_BASE 0x40000000ull
#define DT_MODULES_BASE 0x4c000000ull
int dt_host_layout(struct dt_module *const *modules, size_t n, unsigned int ram_mib,
		   struct err *err);

/* QEMU's tree plus what Xen needs. Appends to out. */
int dt_host_build(const void *qemu_dtb, size_t size, const struct dt_host *host, struct buf *out,
		  struct err *err);

/* The tree as DTS that dtc accepts and turns into the same tree. Appends to out. */
int dt_print(const void *dtb, size_t size, struct buf *out, struct err *err);

/*
 * Is it a sound tree? Every phandle that is referred to exists once; reg fits
 * the parent's cells; children of one bus do not overlap; no interrupt is used
 * by two virtio nodes; boot modules do not overlap. The error names the node.
 */
int dt_check(const void *dtb, size_t size, struct err *err);

#endif
