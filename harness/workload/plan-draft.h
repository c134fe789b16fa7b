/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of planning share. Internal to plan*.c. */
#ifndef GRANTBENCH_WORKLOAD_PLAN_DRAFT_H
#define GRANTBENCH_WORKLOAD_PLAN_DRAFT_H

#include "workload/plan.h"

enum part {
	PART_QEMU, PART_LINUX, PART_XEN, PART_XEN_COUNT, PART_DOM0_XL, PART_DOM0_LESS, PART_DOMU,
	PART_DRIVER, PART_POLICY, PART_POLICY_DOM0LESS, PART_FRONT, PART_PERF,
	NR_PARTS
};

enum arch {
	ARCH_ARM64, ARCH_X86_64,
	NR_ARCHS
};

struct planner {
	const struct plan_opts *opts;
	const struct scenario *scenario;
	struct artifact part[NR_ARCHS][NR_PARTS];
	bool have[NR_ARCHS][NR_PARTS];
};

/* What a sample's directory gets; everything that decides the result is in its key. */
struct draft {
	const struct planner *p;
	struct plan *plan;
	struct buf dom0_conf, domu_conf, driver_conf, peer_conf, peer_config, xl_config, driver_config, second_conf, second_config, job, guest_dtb, host_dtb, qemu_dtb;
	struct buf xen_args, dom0_args, domu_args, driver_args;
	struct dt_module kernel, ramdisk, domu_kernel, domu_ramdisk, domu_dtb, policy;
	struct dt_module driver_kernel, driver_ramdisk;	/* where Xen starts it */
	char *ramdisk_path, *domu_ramdisk_path, *driver_ramdisk_path, *peer_ramdisk_path, *second_ramdisk_path, *guest_dtb_path, *host_dtb_path;
};

static inline const struct artifact *draft_part(const struct draft *d, enum part part)
{
	return &d->p->part[d->plan->machine.x86 ? ARCH_X86_64 : ARCH_ARM64][part];
}

/* FLASK's, if the machine has one: by who starts the domUs. */
static inline const struct artifact *draft_policy(const struct draft *d)
{
	return draft_part(d, machine_is_xl(&d->plan->machine) ? PART_POLICY : PART_POLICY_DOM0LESS);
}

/* plan-qemu.c: the machine's own tree, from this very QEMU with these very options. */
int plan_dump_tree(struct draft *d, struct err *err);
/* x86: what QEMU starts, by names that are the same everywhere. */
#define X86_XEN_LINK "xen"
#define X86_LINUX_LINK "vmlinux"
#define X86_POLICY_LINK "xenpolicy"

/* plan-qemu.c: fill plan->argv. */
void plan_argv(struct draft *d);
void plan_argv_free(char **argv);

/* plan-files.c: everything that goes into the directory, and argv. */
int draft_write(struct draft *d, struct err *err);

#endif
