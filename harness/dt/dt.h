/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device trees: the guest's partial tree, the host's tree with /chosen for Xen,
 * a printer and a checker. Everything is pure: bytes in, bytes out, on libfdt.
 *
 * Functions return 0, or -1 with err filled; outputs are appended to a struct
 * buf and untouched on failure. A request that cannot be expressed carries
 * GB_USAGE. Trees that come in may hold anything: damaged ones are refused,
 * never followed. They must start at a multiple of 8 bytes, as malloc() gives.
 *
 * Sources, Xen 4.17 to 4.20: docs/misc/arm/device-tree/booting.txt and
 * docs/misc/arm/passthrough.txt (the formats), tools/libs/light/libxl_arm.c
 * (what xl copies out of a partial tree: /passthrough and /aliases),
 * xen/arch/arm/domain_build.c and bootfdt.c (what dom0less does with it, static
 * event channels, modules), xen/include/public/arch-arm.h (a guest's addresses
 * and interrupts). Linux: Documentation/devicetree/bindings/virtio/mmio.yaml and
 * iommu/xen,grant-dma.yaml.
 */
#ifndef GRANTBENCH_DT_DT_H
#define GRANTBENCH_DT_DT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"

/* public/arch-arm.h and public/xen.h */
#define DT_VIRTIO_BASE 0x02000000ull	/* GUEST_VIRTIO_MMIO_BASE */
#define DT_VIRTIO_END 0x02100000ull	/* base + GUEST_VIRTIO_MMIO_SIZE */
#define DT_VIRTIO_SPI_FIRST 33u		/* GUEST_VIRTIO_MMIO_SPI_FIRST, an INTID */
#define DT_VIRTIO_SPI_LAST 43u		/* GUEST_VIRTIO_MMIO_SPI_LAST */
#define DT_PHANDLE_GIC 65000u		/* GUEST_PHANDLE_GIC; 65001 is libxl's own iommu */
#define DT_DOMID_END 0x7ff0u		/* DOMID_FIRST_RESERVED */

/* libxl's VIRTIO_MMIO_DEV_SIZE. Xen matches ioreq ranges by the byte: pages may be shared. */
#define DT_VIRTIO_STRIDE 0x200ull
#define DT_MAX_VIRTIO (DT_VIRTIO_SPI_LAST - DT_VIRTIO_SPI_FIRST + 1)
#define DT_PHANDLE_IOMMU 65002u		/* ours */

/* How a device tells the guest's kernel who serves it. */
enum dt_binding {
	DT_BINDING_NONE,
	DT_BINDING_DEV_DOMID,		/* xen,dev-domid = <N>, series version 2 */
	DT_BINDING_IOMMUS,		/* iommus = <&xen_iommu N>, "xen,grant-dma" */
	DT_BINDING_IOMMUS_DUMMY,	/* the same with "xen,dummy-iommu" */
	DT_BINDING_IOMMUS_NOSTUB,	/* tree of IOMMUS; a kernel argument keeps the stub off */
	DT_NR_BINDINGS
};

/* The name that scenarios use: "none", "dev-domid", "iommus", "iommus-dummy", "iommus-nostub". */
const char *dt_binding_name(enum dt_binding binding);

/* 0, or -EINVAL when there is no such binding. */
int dt_binding_parse(const char *name, enum dt_binding *binding);

/*
 * Deliberate deviations, for tests of what a kernel does with them. They make
 * trees that dt_guest_build() or dt_check() would refuse otherwise.
 */
enum dt_deviation {
	DT_DEVIATE_BOTH = 1 << 0,	/* iommus, and xen,dev-domid = <other_domid> */
	DT_DEVIATE_NO_IOMMUS = 1 << 1,	/* the iommu's node is there, the device's property not */
	DT_DEVIATE_NO_TARGET = 1 << 2,	/* iommus refers to a phandle that no node has */
	DT_DEVIATE_ANY_DOMID = 1 << 3,	/* a backend_domid that is none */
};

struct dt_virtio {
	uint64_t mmio_base;		/* guest-physical */
	unsigned int spi;		/* INTID, as Xen counts; the tree's cell is INTID - 32 */
	enum dt_binding binding;
	unsigned int backend_domid;
	unsigned int deviate;		/* enum dt_deviation, 0 but in tests */
	unsigned int other_domid;	/* for DT_DEVIATE_BOTH */
};

enum dt_irq {
	DT_IRQ_SPI,	/* a line of the emulated GIC */
	DT_IRQ_EVTCHN,	/* an event channel, of which the backend learns by the doorbell */
};

struct dt_guest {
	const struct dt_virtio *virtio;
	size_t nr_virtio;
	/*
	 * Give the nodes a compatible string that no driver knows: a dom0less
	 * guest starts before any backend, and probing a device that nobody
	 * emulates is a data abort. The guest's agent binds the driver later.
	 */
	bool late_probe;
	enum dt_irq irq;
	/*
	 * An overlay on an empty tree, for x86, where a guest has no tree to begin
	 * with. Needs DT_IRQ_EVTCHN: there is no GIC either.
	 */
	bool overlay;
	unsigned int iommu_cells;	/* 1; another value (up to 3) only in tests */
};

#define DT_LATE_COMPATIBLE "grantbench,virtio-mmio-late"

/*
 * x86: addresses that a PVH guest of up to 3 GiB has no memory at, and libxl no tables. A
 * device with a doorbell (two 32-bit registers behind its own) takes two strides.
 */
#define DT_X86_VIRTIO_BASE 0xc2000000ull
#define DT_X86_VIRTIO_END 0xc2100000ull
#define DT_DOORBELL_SIZE 8ull

/*
 * Default addresses and interrupts for the guest's devices, as libxl chooses them
 * with SPIs; other fields stay.
 */
int dt_guest_assign(const struct dt_guest *guest, struct dt_virtio *virtio, struct err *err);

/*
 * The partial tree, for xl's device_tree= and for a dom0less
 * "multiboot,device-tree" module alike:
 *
 *	/gic			tells Xen the phandle that interrupt-parent refers to; xl skips it
 *	/passthrough		a simple-bus, so that Linux makes platform devices of its nodes
 *		xen_iommu	when a device wants iommus
 *		virtio@2000000	named as libxl names its own
 *
 * With event channels the devices stand in /passthrough/virtio-bus, which is
 * "xen,virtio-evtchn". An overlay has the children of /passthrough in the
 * __overlay__ of one fragment for "/", and __local_fixups__ for what refers to the
 * iommu.
 *
 * xen,reg and xen,path are absent: they are for real devices, and Xen copies a
 * node without them as it stands. Refused: addresses that are misplaced or
 * taken, interrupts outside 33 to 43 or taken, domain ids that are none, and
 * devices that want different compatible strings of the one iommu.
 */
int dt_guest_build(const struct dt_guest *guest, struct buf *dtb, struct err *err);

struct dt_module {
	uint64_t addr;		/* physical, set by dt_host_layout() or the caller */
	uint64_t size;		/* bytes; 0: there is no such module */
};

struct dt_domu {		/* a dom0less domain */
	const char *name;	/* node name, such as "domU1" */
	const char *bootargs;	/* NULL: none */
	unsigned int mem_mib, cpus, nr_spis;
	struct dt_module kernel, ramdisk, dtb;
	unsigned int nr_evtchn;	/* static channels to dom0 */
	unsigned int evtchn;	/* local port of the first, then + 1 */
};

struct dt_host {
	const char *xen_bootargs;
	const char *dom0_bootargs;
	struct dt_module kernel, ramdisk;	/* dom0's */
	struct dt_module policy;	/* FLASK's, or none */
	const struct dt_domu *domu;		/* in the order of their domain ids, from 1 */
	size_t nr_domu;
	unsigned int dom0_evtchn;	/* dom0's port of the first domain's first channel, then + 1 */
	bool keep_devices;		/* keep what dom0 has no use for, see dt_host_build() */
};

/* QEMU's virt machine: RAM from here on, and from where on it is free for modules. */
#define DT_RAM_BASE 0x40000000ull
#define DT_MODULES_BASE 0x4c000000ull

/*
 * Place the modules that have a size: 2 MiB aligned, one behind the other from
 * DT_MODULES_BASE. Below are Xen (QEMU puts its raw image at 0x40200000) and the
 * device tree (0x48000000). Refuses what does not fit into ram_mib of memory.
 */
int dt_host_layout(struct dt_module *const *modules, size_t n, unsigned int ram_mib,
		   struct err *err);

/*
 * Xen's limits (asm/setup.h, domain_build.c). A domU's whole tree is built in
 * 4096 bytes; one that does not fit ends in a panic without a reason. What Xen
 * puts there itself was measured with 4.17: 1049 bytes with one CPU.
 */
#define DT_BOOTARGS_MAX 1023u
#define DT_DOMU_FDT_BYTES 4096u
#define DT_DOMU_FDT_OWN 1152u		/* with some room for other versions */
#define DT_DOMU_FDT_PER_CPU 96u
#define DT_MAX_DOMU 8u			/* Xen has room for 32 modules */
#define DT_EVTCHN_MAX 1023u		/* a domU's max_evtchn_port */
#define DT_DOMU_EVTCHNS 8u		/* more than any domain asks for */

/*
 * QEMU's tree plus what Xen needs in /chosen: arguments, dom0's modules, and a
 * node for each dom0less domain. Seeds and stdout-path go, so that each start
 * sees the same bytes; so do devices that cost dom0 boot time and serve nothing
 * here (empty virtio transports, PCIe, flash, fw-cfg, GPIO) unless keep_devices.
 *
 * Static event channels: Xen binds the side whose node it meets second, and
 * leaves an event pending there. The domU waits for dom0's "backend ready", so
 * all domU nodes stand before dom0's side.
 *
 * Refused: modules that are missing, overlap, or lie outside of the memory that
 * the tree names or below DT_MODULES_BASE; domains without memory, CPU or
 * kernel, or with a name that is taken; event-channel ports out of range;
 * arguments or domU trees that are longer than Xen can take.
 */
int dt_host_build(const void *qemu_dtb, size_t size, const struct dt_host *host, struct buf *out,
		  struct err *err);

/*
 * The tree as DTS, which dtc turns into the same tree. Refuses names that DTS
 * cannot express and nodes nested deeper than 32. The text depends on the
 * tree's bytes alone.
 */
int dt_print(const void *dtb, size_t size, struct buf *out, struct err *err);

/*
 * Is it a sound tree? The error names node and property. Checked:
 *
 *  - names are well-formed and unique among siblings, depth is below Xen's 16
 *  - the properties of the table in check.c have their length or are strings
 *  - a phandle names one node; references (interrupt-parent, iommus, clocks,
 *    gpios, msi-map, interrupt-map, cpu, …) find it, with as many cells as it wants
 *  - xen,evtchn nodes refer to each other in pairs
 *  - reg is made of the parent's cells; siblings do not overlap, boot modules
 *    overlap nowhere and lie in memory; virtio@ and module@ are named after it
 *  - no two devices share an interrupt line of the same controller
 *  - aliases lead to nodes
 */
int dt_check(const void *dtb, size_t size, struct err *err);

#endif
