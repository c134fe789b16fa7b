// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of artifacts, in build order: dependencies before what needs them. */
#include "build/recipe.h"

#include "lib/cleanup.h"

/* Whose compiler is the host's own. */
#ifdef __aarch64__
#define HOST_ARCH (&arch_arm64)
#else
#define HOST_ARCH (&arch_x86_64)
#endif

#define DEPS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What both architectures have; dom0less is arm64's alone. */
#define COMMON(a, linux_main)                                                                   \
	{ .name = "linux-" #a, .main_file = linux_main, .arch = &arch_##a,                      \
	  .what = "kernel of dom0 and domU, all variants",                                      \
	  .compiles = true, .inputs = linux_inputs, .build = linux_build },                     \
	{ .name = "xen-" #a, .main_file = "xen", .arch = &arch_##a,                             \
	  .what = "hypervisor, measure build",                                                  \
	  .variant = 0, .compiles = true, .inputs = xen_inputs, .build = xen_build },           \
	{ .name = "xen-" #a "-count", .main_file = "xen", .arch = &arch_##a,                    \
	  .what = "hypervisor with performance counters, count build",                          \
	  .variant = 1, .compiles = true, .inputs = xen_inputs, .build = xen_build },           \
	{ .name = "debs-xen-" #a, .main_file = "packages.json", .hidden = true,                 \
	  .arch = &arch_##a, .what = "Xen's tools and libraries, unpacked",                     \
	  .inputs = debs_inputs, .build = debs_build },                                         \
	{ .name = "debs-busybox-" #a, .main_file = "packages.json", .hidden = true,             \
	  .arch = &arch_##a, .what = "busybox, unpacked",                                       \
	  .inputs = debs_inputs, .build = debs_build },                                         \
	{ .name = "backend-" #a, .main_file = "gb-backend", .what = "virtio backend, static",   \
	  .arch = &arch_##a, .deps = DEPS("debs-xen-" #a), .compiles = true,                    \
	  .inputs = guest_inputs, .build = guest_build },                                       \
	{ .name = "agents-" #a, .main_file = "gb-dom0", .what = "the guests' init, static",     \
	  .arch = &arch_##a, .deps = DEPS("debs-xen-" #a), .compiles = true,                    \
	  .inputs = guest_inputs, .build = guest_build },                                       \
	{ .name = "fio-" #a, .main_file = "fio", .what = "workload generator, static",          \
	  .arch = &arch_##a, .compiles = true, .inputs = fio_inputs, .build = fio_build },      \
	{ .name = "iperf3-" #a, .main_file = "iperf3", .what = "network throughput, static",          \
	  .arch = &arch_##a, .compiles = true, .inputs = iperf3_inputs, .build = iperf3_build },      \
	{ .name = "perf-" #a, .main_file = "perf", .what = "profiler, static",                     \
	  .arch = &arch_##a, .compiles = true, .inputs = perf_inputs, .build = perf_build },        \
	{ .name = "rootfs-dom0-" #a, .main_file = "rootfs.cpio", .arch = &arch_##a,             \
	  .what = "initramfs of dom0 with the toolstack",                                       \
	  .deps = DEPS("debs-xen-" #a, "debs-busybox-" #a, "backend-" #a, "agents-" #a,         \
		       "iperf3-" #a),                                                           \
	  .inputs = rootfs_inputs, .build = rootfs_build },                                     \
	{ .name = "rootfs-domu-" #a, .main_file = "rootfs.cpio", .arch = &arch_##a,             \
	  .what = "initramfs of the domU",                                                      \
	  .deps = DEPS("debs-busybox-" #a, "agents-" #a, "fio-" #a, "iperf3-" #a),              \
	  .inputs = rootfs_inputs, .build = rootfs_build }

const struct recipe recipes[] = {
	{ .name = "qemu", .main_file = "qemu-system-aarch64", .arch = &arch_arm64,
	  .what = "the emulator and its libraries",
	  .inputs = qemu_inputs, .build = qemu_build, .argv = qemu_argv,
	  .external = qemu_external },
	COMMON(arm64, "Image"),
	{ .name = "rootfs-dom0less-arm64", .main_file = "rootfs.cpio", .arch = &arch_arm64,
	  .what = "initramfs of dom0 without a toolstack",
	  .deps = DEPS("debs-xen-arm64", "debs-busybox-arm64", "backend-arm64", "agents-arm64",
		       "iperf3-arm64"),
	  .inputs = rootfs_inputs, .build = rootfs_build },
	{ .name = "hostile-arm64", .main_file = "gb-hostile", .arch = &arch_arm64,
	  .what = "the backend as an attacker, static", .deps = DEPS("debs-xen-arm64"),
	  .compiles = true, .inputs = guest_inputs, .build = guest_build },
	{ .name = "front-arm64", .main_file = "gb-front", .arch = &arch_arm64,
	  .what = "a hostile frontend, a domU without a kernel", .deps = DEPS("debs-xen-arm64"),
	  .compiles = true, .inputs = guest_inputs, .build = guest_build },
	{ .name = "rootfs-driver-arm64", .main_file = "rootfs.cpio", .arch = &arch_arm64,
	  .what = "initramfs of a driver domain",
	  .deps = DEPS("debs-busybox-arm64", "backend-arm64", "hostile-arm64", "agents-arm64",
		       "iperf3-arm64"),
	  .inputs = rootfs_inputs, .build = rootfs_build },
	{ .name = "rootfs-driver-x86_64", .main_file = "rootfs.cpio", .arch = &arch_x86_64,
	  .what = "initramfs of a driver domain",
	  .deps = DEPS("debs-busybox-x86_64", "backend-x86_64", "agents-x86_64", "iperf3-x86_64"),
	  .inputs = rootfs_inputs, .build = rootfs_build },
	{ .name = "xsm-policy", .main_file = "xenpolicy", .arch = &arch_arm64,
	  .what = "FLASK's policy, of all architectures", .compiles = true,
	  .variant = 0, .inputs = policy_inputs, .build = policy_build },
	{ .name = "xsm-policy-dom0less", .main_file = "xenpolicy", .arch = &arch_arm64,
	  .what = "the same for domains that Xen starts", .compiles = true,
	  .variant = 1, .inputs = policy_inputs, .build = policy_build },
	{ .name = "qemu-x86_64", .main_file = "qemu-system-x86_64", .arch = &arch_x86_64,
	  .what = "the emulator for x86_64 and its libraries",
	  .inputs = qemu_inputs, .build = qemu_build, .argv = qemu_argv,
	  .external = qemu_external },
	COMMON(x86_64, "vmlinux"),
	{ .name = "alloc-host", .main_file = "gb-alloc", .arch = HOST_ARCH,
	  .what = "the grant allocators in user space, for this machine", .compiles = true,
	  .inputs = alloc_inputs, .build = alloc_build },
};

const size_t nr_recipes = ARRAY_SIZE(recipes);
