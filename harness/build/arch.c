// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/arch.h"

const struct build_arch arch_arm64 = {
	.name = "arm64",
	.triplet = "aarch64-linux-gnu",
	.cross = "aarch64-linux-gnu-",
	.debs = "",
	.linux_arch = "arm64",
	.linux_dir = "arm64",
	.linux_target = "Image",
	.linux_image = "arch/arm64/boot/Image",
	.linux_file = "Image",
	.xen_arch = "arm64",
	.xen_dir = "arm",
	.fio_cpu = "aarch64",
	.qemu = "qemu-system-aarch64",
	.qemu_machine = "virt",
};

/*
 * vmlinux itself, stripped: Xen and libxenguest take the ELF file as a PV dom0
 * and as a PVH guest, and nothing has to be decompressed in an emulated machine.
 */
const struct build_arch arch_x86_64 = {
	.name = "x86_64",
	.triplet = "x86_64-linux-gnu",
	.cross = "x86_64-linux-gnu-",
	.debs = "-amd64",
	.linux_arch = "x86_64",
	.linux_dir = "x86",
	.linux_target = "vmlinux",
	.linux_image = "vmlinux",
	.linux_file = "vmlinux",
	.xen_arch = "x86_64",
	.xen_dir = "x86",
	.fio_cpu = "x86_64",
	.qemu = "qemu-system-x86_64",
	.qemu_machine = "q35",
};
