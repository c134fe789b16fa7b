/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between the guests' architectures when things are built. */
#ifndef GRANTBENCH_BUILD_ARCH_H
#define GRANTBENCH_BUILD_ARCH_H

struct build_arch {
	const char *name;		/* as in artifacts' names */
	const char *triplet;		/* as in Debian's library directories */
	const char *cross;		/* CROSS_COMPILE */
	const char *debs;		/* behind the names of sets of packages, build/pins.c */
	const char *linux_arch;		/* Linux' ARCH */
	const char *linux_dir;		/* below arch/ */
	const char *linux_target;	/* what to make … */
	const char *linux_image;	/* … where it is, below the object directory … */
	const char *linux_file;		/* … and what the artifact calls it */
	const char *xen_arch;		/* XEN_TARGET_ARCH */
	const char *xen_dir;		/* below xen/arch/ */
	const char *fio_cpu;		/* fio's --cpu */
	const char *qemu;		/* program */
	const char *qemu_machine;	/* that it must have */
};

extern const struct build_arch arch_arm64, arch_x86_64;

#endif
