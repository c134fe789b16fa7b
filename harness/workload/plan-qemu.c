// SPDX-License-Identifier: GPL-2.0-or-later
/* QEMU's command line. */
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/spawn.h"
#include "workload/plan-draft.h"

struct argv {
	char **arg;
	size_t n;
};

static void push(struct argv *a, char *arg)
{
	a->arg = xrealloc(a->arg, (a->n + 2) * sizeof(*a->arg));
	a->arg[a->n++] = arg;
	a->arg[a->n] = NULL;
}

#define MACHINE_ARM64 "virt,virtualization=on,gic-version=3,dtb-randomness=off"
#define MACHINE_X86 "q35,i8042=off,sata=off,smbus=off,usb=off"
/*
 * SVM with nested paging, without what Xen or Linux would use and TCG does not carry
 * out: MONITOR, and RDTSCP, of which a PVH guest dies without a word (QEMU 10.0).
 */
#define CPU_X86 "EPYC,-monitor,-rdtscp"

static void push_machine(struct argv *a, const struct draft *d, const char *machine)
{
	const struct machine *m = &d->plan->machine;
	char **prefix;

	for (prefix = draft_part(d, PART_QEMU)->argv; *prefix; prefix++)
		push(a, xstrdup(*prefix));
	push(a, xstrdup("-machine"));
	push(a, xstrdup(machine));
	push(a, xstrdup("-cpu"));
	push(a, xstrdup(m->kvm ? "host" : m->x86 ? CPU_X86 : "cortex-a57"));
	push(a, xstrdup("-smp"));
	push(a, xasprintf("%u", m->cpus));
	push(a, xstrdup("-m"));
	push(a, xasprintf("%luM", scenario_uint(m->scenario, SET_RAM_MIB)));
	push(a, xstrdup("-nodefaults"));
	push(a, xstrdup("-no-user-config"));
	push(a, xstrdup("-display"));
	push(a, xstrdup("none"));
	push(a, xstrdup("-nic"));
	push(a, xstrdup("none"));
}

void plan_argv_free(char **argv)
{
	char **p;

	for (p = argv; p && *p; p++)
		free(*p);
	free(argv);
}

int plan_dump_tree(struct draft *d, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/qemu.dtb", d->plan->dir);
	_cleanup_free_ char *machine = xasprintf(MACHINE_ARM64 ",dumpdtb=%s", path);
	struct spawn_req req = SPAWN_REQ_INIT;
	struct argv a = { NULL, 0 };
	int ret;

	push_machine(&a, d, machine);
	req.argv = (const char *const *)a.arg;
	ret = spawn_run(&req, 30000, NULL, err);
	plan_argv_free(a.arg);
	if (ret < 0)
		return err_prefix(err, "dump QEMU's device tree");
	return fs_read(path, &d->qemu_dtb, err);
}

static void push_module(struct argv *a, const struct dt_module *m, const char *path)
{
	if (!m->size)
		return;
	push(a, xstrdup("-device"));
	push(a, xasprintf("loader,file=%s,addr=0x%llx,force-raw=on", path,
			  (unsigned long long)m->addr));
}

/* arm64: raw images at addresses that the tree names. */
static void push_boot_arm64(struct argv *a, struct draft *d)
{
	const char *linux_path = draft_part(d, PART_LINUX)->path;

	push(a, xstrdup("-dtb"));
	push(a, xstrdup(d->host_dtb_path));
	push_module(a, &d->kernel, linux_path);
	push_module(a, &d->ramdisk, d->ramdisk_path);
	push_module(a, &d->driver_kernel, linux_path);
	push_module(a, &d->driver_ramdisk, d->driver_ramdisk_path);
	push_module(a, &d->domu_kernel, linux_path);
	push_module(a, &d->domu_ramdisk, d->domu_ramdisk_path);
	push_module(a, &d->domu_dtb, d->guest_dtb_path);
	push_module(a, &d->policy, draft_policy(d)->path);
}

/*
 * x86: QEMU loads Xen by multiboot, with its arguments and dom0 as modules. The file
 * names become part of the arguments, so they are those of links in the sample's
 * directory, where QEMU runs: a path's length is instructions in the guest.
 */
static void push_boot_x86(struct argv *a, struct draft *d)
{
	/* Xen builds no PVH dom0 without an IOMMU */
	if (machine_has_pvh_dom0(&d->plan->machine)) {
		push(a, xstrdup("-device"));
		push(a, xstrdup("amd-iommu"));
	}
	if (scenario_bool(d->plan->machine.scenario, SET_HOST_VIRTIO)) {
		push(a, xstrdup("-blockdev"));
		push(a, xstrdup("driver=null-co,node-name=own,size=1048576,read-zeroes=on"));
		push(a, xstrdup("-device"));
		push(a, xstrdup("virtio-blk-pci,drive=own,disable-legacy=on"));
	}
	push(a, xstrdup("-append"));
	push(a, xstrdup(d->xen_args.data));
	push(a, xstrdup("-initrd"));
	/* Xen knows FLASK's policy by its first word, wherever it is behind the kernel */
	push(a, xasprintf(X86_LINUX_LINK " %s,%s%s", d->dom0_args.data,
			  strrchr(d->ramdisk_path, '/') + 1, d->policy.size ? "," X86_POLICY_LINK : ""));
}

void plan_argv(struct draft *d)
{
	const struct machine *m = &d->plan->machine;
	struct argv a = { NULL, 0 };

	push_machine(&a, d, m->x86 ? MACHINE_X86 : MACHINE_ARM64);
	if (m->icount) {
		push(&a, xstrdup("-seed"));
		push(&a, xasprintf("%u", m->sample.kind == SAMPLE_SEED ? m->sample.nr : 1));
		push(&a, xstrdup("-icount"));
		push(&a, xstrdup("shift=0,sleep=off"));
		push(&a, xstrdup("-rtc"));
		push(&a, xstrdup("base=2024-01-01T00:00:00,clock=vm"));
	} else if (m->cpus > 1) {
		push(&a, xstrdup("-accel"));
		push(&a, xstrdup(m->kvm ? "kvm" : "tcg,thread=multi"));
	}
	push(&a, xstrdup("-no-reboot"));
	push(&a, xstrdup("-kernel"));
	push(&a, xstrdup(m->x86 ? X86_XEN_LINK :
			 draft_part(d, m->count ? PART_XEN_COUNT : PART_XEN)->path));
	if (m->x86)
		push_boot_x86(&a, d);
	else
		push_boot_arm64(&a, d);
	d->plan->argv = a.arg;
}
