// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of artifacts, in build order: dependencies before what needs them. */
#include "build/recipe.h"

#include "lib/cleanup.h"

#define DEPS(...) ((const char *const[]){ __VA_ARGS__, NULL })

const struct recipe recipes[] = {
	{ .name = "qemu", .main_file = "qemu-system-aarch64",
	  .what = "the emulator and its libraries",
	  .inputs = qemu_inputs, .build = qemu_build, .argv = qemu_argv,
	  .external = qemu_external },
	{ .name = "linux-arm64", .main_file = "Image",
	  .what = "kernel of dom0 and domU, all variants",
	  .compiles = true, .inputs = linux_inputs, .build = linux_build },
	{ .name = "xen-arm64", .main_file = "xen", .what = "hypervisor, measure build",
	  .variant = 0, .compiles = true, .inputs = xen_inputs, .build = xen_build },
	{ .name = "xen-arm64-count", .main_file = "xen",
	  .what = "hypervisor with performance counters, count build",
	  .variant = 1, .compiles = true, .inputs = xen_inputs, .build = xen_build },
	{ .name = "debs-xen-arm64", .main_file = "packages.json", .hidden = true,
	  .what = "Xen's tools and libraries, unpacked",
	  .inputs = debs_inputs, .build = debs_build },
	{ .name = "debs-busybox-arm64", .main_file = "packages.json", .hidden = true,
	  .what = "busybox, unpacked",
	  .inputs = debs_inputs, .build = debs_build },
	{ .name = "backend-arm64", .main_file = "gb-backend", .what = "virtio backend, static",
	  .deps = DEPS("debs-xen-arm64"), .compiles = true,
	  .inputs = guest_inputs, .build = guest_build },
	{ .name = "agents-arm64", .main_file = "gb-dom0", .what = "the guests' init, static",
	  .deps = DEPS("debs-xen-arm64"), .compiles = true,
	  .inputs = guest_inputs, .build = guest_build },
	{ .name = "fio-arm64", .main_file = "fio", .what = "workload generator, static",
	  .compiles = true, .inputs = fio_inputs, .build = fio_build },
	{ .name = "rootfs-dom0-arm64", .main_file = "rootfs.cpio",
	  .what = "initramfs of dom0 with the toolstack",
	  .deps = DEPS("debs-xen-arm64", "debs-busybox-arm64", "backend-arm64", "agents-arm64"),
	  .inputs = rootfs_inputs, .build = rootfs_build },
	{ .name = "rootfs-dom0less-arm64", .main_file = "rootfs.cpio",
	  .what = "initramfs of dom0 without a toolstack",
	  .deps = DEPS("debs-xen-arm64", "debs-busybox-arm64", "backend-arm64", "agents-arm64"),
	  .inputs = rootfs_inputs, .build = rootfs_build },
	{ .name = "rootfs-domu-arm64", .main_file = "rootfs.cpio", .what = "initramfs of the domU",
	  .deps = DEPS("debs-busybox-arm64", "agents-arm64", "fio-arm64"),
	  .inputs = rootfs_inputs, .build = rootfs_build },
};

const size_t nr_recipes = ARRAY_SIZE(recipes);
