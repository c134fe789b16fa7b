// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "vm/kvm.h"
#include "workload/fiojob.h"
#include "workload/plan-draft.h"
#include "workload/texts-net.h"

static const char *const part_names[NR_ARCHS][NR_PARTS] = {
	[ARCH_ARM64] = {
		[PART_QEMU] = "qemu",
		[PART_LINUX] = "linux-arm64",
		[PART_XEN] = "xen-arm64",
		[PART_XEN_COUNT] = "xen-arm64-count",
		[PART_DOM0_XL] = "rootfs-dom0-arm64",
		[PART_DOM0_LESS] = "rootfs-dom0less-arm64",
		[PART_DOMU] = "rootfs-domu-arm64",
		[PART_DRIVER] = "rootfs-driver-arm64",
		[PART_POLICY] = "xsm-policy",
		[PART_POLICY_DOM0LESS] = "xsm-policy-dom0less",
		[PART_FRONT] = "front-arm64",
		[PART_PERF] = "perf-arm64",
	},
	[ARCH_X86_64] = {
		[PART_QEMU] = "qemu-x86_64",
		[PART_LINUX] = "linux-x86_64",
		[PART_XEN] = "xen-x86_64",
		[PART_XEN_COUNT] = "xen-x86_64-count",
		[PART_DOM0_XL] = "rootfs-dom0-x86_64",
		[PART_DOMU] = "rootfs-domu-x86_64",
		[PART_DRIVER] = "rootfs-driver-x86_64",
		[PART_POLICY] = "xsm-policy",
		[PART_PERF] = "perf-x86_64",
	},
};

/* What FLASK needs to be told: scenario words, before there is a machine. */
static bool cell_has_flask(const struct cell *c)
{
	return cell_is(c, AXIS_XSM, "flask") ||
	       (cell_is(c, AXIS_XSM, "native") && cell_has_driver(c));
}

/* Does a machine of the cell need that artifact? */
static bool cell_needs(const struct cell *c, enum part part)
{
	switch (part) {
	case PART_DOM0_XL: return !cell_is_dom0less(c);
	case PART_DOM0_LESS: return cell_is_dom0less(c);
	case PART_DRIVER: return cell_has_driver(c);
	case PART_POLICY: return cell_has_flask(c) && !cell_is_dom0less(c);
	case PART_POLICY_DOM0LESS: return cell_has_flask(c) && cell_is_dom0less(c);
	case PART_FRONT: return cell_is(c, AXIS_ATTACK, "front");
	default: return true;
	}
}

static bool part_needed(const struct cells *cells, int arch, enum part part)
{
	const char *arch_name = arch == ARCH_X86_64 ? "x86_64" : "arm64";
	size_t i;

	for (i = 0; i < cells->nr; i++)
		if (!cells->cell[i].not_applicable &&
		    cell_is(&cells->cell[i], AXIS_ARCH, arch_name) &&
		    cell_needs(&cells->cell[i], part))
			return true;
	return false;
}

struct planner *planner_new(const struct plan_opts *opts, const struct scenario *s,
			    const struct cells *cells, struct err *err)
{
	struct planner *p = xcalloc(1, sizeof(*p));
	int a, i;

	p->opts = opts;
	p->scenario = s;
	for (a = 0; a < NR_ARCHS; a++) {
		for (i = 0; i < NR_PARTS; i++) {
			if (!part_needed(cells, a, i) || (i == PART_XEN_COUNT && !opts->count) ||
			    (i == PART_PERF && !strcmp(s->setting[SET_PERF], "none")))
				continue;
			if (builder_get(opts->builder, part_names[a][i], &p->part[a][i], err) < 0) {
				err_prefix(err, "artifact %s", part_names[a][i]);
				planner_free(p);
				return NULL;
			}
			p->have[a][i] = true;
		}
	}
	return p;
}

void planner_free(struct planner *p)
{
	int a, i;

	if (!p)
		return;
	for (a = 0; a < NR_ARCHS; a++)
		for (i = 0; i < NR_PARTS; i++)
			artifact_release(&p->part[a][i]);
	free(p);
}

json_t *planner_artifacts(const struct planner *p)
{
	json_t *all = json_object();
	int a, i;

	for (a = 0; a < NR_ARCHS; a++) {
		for (i = 0; i < NR_PARTS; i++) {
			const struct artifact *part = &p->part[a][i];

			if (p->have[a][i])
				json_object_set_new(all, part->name,
						    json_pack("{s:s,s:s,s:s}", "version",
							      part->version, "sha256", part->sha256,
							      "key", part->key));
		}
	}
	return all;
}

static void draft_release(struct draft *d)
{
	struct buf *bufs[] = { &d->dom0_conf, &d->domu_conf, &d->driver_conf, &d->xl_config,
			       &d->driver_config, &d->peer_conf, &d->peer_config, &d->second_conf, &d->second_config, &d->job, &d->guest_dtb,
			       &d->host_dtb, &d->qemu_dtb, &d->xen_args, &d->dom0_args,
			       &d->domu_args, &d->driver_args };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bufs); i++)
		buf_release(bufs[i]);
	free(d->ramdisk_path);
	free(d->domu_ramdisk_path);
	free(d->driver_ramdisk_path);
	free(d->second_ramdisk_path);
	free(d->peer_ramdisk_path);
	free(d->guest_dtb_path);
	free(d->host_dtb_path);
}

static enum dt_binding tree_binding(const struct cell *cell)
{
	const char *b = cell->value[AXIS_BINDING];

	if (!strcmp(b, "dev-domid"))
		return DT_BINDING_DEV_DOMID;
	if (!strcmp(b, "iommus-dummy"))
		return DT_BINDING_IOMMUS_DUMMY;
	return strncmp(b, "none", 4) ? DT_BINDING_IOMMUS : DT_BINDING_NONE;
}

/* Who serves the devices, as trees and kernels are told. */
static unsigned int backend_of(const struct scenario *s, const struct cell *cell)
{
	unsigned int domid = (unsigned int)scenario_uint(s, SET_BACKEND_DOMID);

	/* dom0 never is, in that topology; any other domain is a test's wrong one */
	return !domid && cell_has_driver(cell) ? DRIVER_DOMID : domid;
}

/* The cell's guest, as the tree describes it; virtio[] becomes its devices. */
static int guest_of(const struct scenario *s, const struct cell *cell, struct dt_virtio virtio[2],
		    struct dt_guest *guest, struct err *err)
{
	bool x86 = cell_is(cell, AXIS_ARCH, "x86_64");

	virtio[0] = (struct dt_virtio){
		.binding = tree_binding(cell),
		.backend_domid = backend_of(s, cell),
	};
	virtio[1] = virtio[0];
	virtio[1].backend_domid++;
	*guest = (struct dt_guest){
		.virtio = virtio,
		.nr_virtio = cell_second(cell) == SECOND_DRIVER ? 2 : 1,
		.late_probe = cell_is_dom0less(cell),
		.irq = x86 || cell_is(cell, AXIS_IRQ, "evtchn") ? DT_IRQ_EVTCHN : DT_IRQ_SPI,
		.overlay = x86,
		.iommu_cells = 1,
	};
	return dt_guest_assign(guest, virtio, err);
}

int plan_guest_tree(const struct scenario *s, const struct cell *cell, struct buf *dtb,
		    struct err *err)
{
	struct dt_virtio virtio[2];
	struct dt_guest guest;

	if (guest_of(s, cell, virtio, &guest, err) < 0)
		return -1;
	return dt_guest_build(&guest, dtb, err);
}

static int build_job(struct draft *d, struct err *err)
{
	const struct scenario *s = d->p->scenario;
	struct fio_overrides o = {
		.disk = machine_is_pv(&d->plan->machine) ? "xvda" : "vda",
		.bs = d->plan->machine.cell->value[AXIS_BS],
		.rw = d->plan->machine.cell->value[AXIS_RW],
		.iodepth = strtoul(d->plan->machine.cell->value[AXIS_IODEPTH], NULL, 10),
		.number_ios = machine_ios(&d->plan->machine),
		/* the seed is the workload's, too */
		.randseed = d->plan->machine.sample.kind == SAMPLE_SEED ? d->plan->machine.sample.nr : 1,
	};
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (strcmp(machine_workload(&d->plan->machine), "fio"))
		return 0;
	if (fs_read(s->setting[SET_JOB], &text, err) < 0)
		return -1;
	return fio_job_build(s->setting[SET_JOB], text.data, &o, &d->job, err);
}

static void build_texts(struct draft *d)
{
	const struct machine *m = &d->plan->machine;

	text_xen_args(m, &d->xen_args);
	text_dom0_args(m, &d->dom0_args);
	text_domu_args(m, &d->domu_args);
	text_dom0_conf(m, &d->dom0_conf);
	text_domu_conf(m, REPORT_DOMU, &d->domu_conf);
	if (machine_is_xl(m))
		text_xl_config(m, &d->xl_config);
	if (machine_has_peer(m)) {
		text_peer_domu_conf(m, &d->peer_conf);
		text_peer_domu_config(m, &d->peer_config);
	}
	if (!machine_has_driver(m))
		return;
	text_driver_conf(m, &d->driver_conf);
	if (machine_is_xl(m))
		text_driver_config(m, &d->driver_config);
	else
		text_driver_args(m, &d->driver_args);
	text_second_conf(m, &d->second_conf);
	text_second_config(m, &d->second_config);
}

/* Does this sample run with that artifact? */
static bool uses_part(const struct machine *m, enum part part)
{
	if (part == PART_XEN || part == PART_XEN_COUNT)
		return m->count == (part == PART_XEN_COUNT);
	if (part == PART_PERF)
		return machine_has_perf(m);
	return cell_needs(m->cell, part);
}

/*
 * One for all, so that two runs of a sample print the same bytes. A driver domain, and
 * what it serves, has its own: it must not be able to speak as dom0.
 */
static void derive_tokens(struct plan *plan)
{
	int i;

	for (i = 0; i < REPORT_SOURCES; i++) {
		_cleanup_free_ char *text = xasprintf("%s %s", plan->key,
						      report_source_name((enum report_source)i));
		char own[FS_SHA256_HEX];

		fs_sha256(text, strlen(text), own);
		plan->token[i] = xstrndup(i && machine_has_driver(&plan->machine) ? own : plan->key, 16);
		plan->machine.token[i] = plan->token[i];
		plan->spec.source_token[i] = plan->token[i];
	}
	plan->spec.token = plan->token[REPORT_DOM0];
}

/* Token and key: of the inputs, nothing else. The texts are built with an empty token first. */
static void derive_key(struct draft *d)
{
	_cleanup_buf_ struct buf all = BUF_INIT;
	const struct buf *texts[] = { &d->dom0_conf, &d->domu_conf, &d->driver_conf, &d->xl_config,
				      &d->driver_config, &d->peer_conf, &d->peer_config, &d->second_conf, &d->second_config, &d->job,
				      &d->guest_dtb, &d->xen_args, &d->dom0_args, &d->domu_args,
				      &d->driver_args };
	const struct scenario *s = d->p->scenario;
	const struct machine *m = &d->plan->machine;
	size_t i;

	buf_addf(&all, "%s\nram %lu\nicount %d\ncpus %u\nkvm %d\nsample %d %u\n", m->cell->id,
		 scenario_uint(s, SET_RAM_MIB), m->icount, m->cpus, m->kvm, m->sample.kind,
		 m->sample.nr);
	for (i = 0; i < NR_PARTS; i++) {
		const struct artifact *part = draft_part(d, (enum part)i);

		if (part->name && uses_part(m, (enum part)i))
			buf_addf(&all, "%s %s %s\n", part->name, part->key, part->sha256);
	}
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		buf_addf(&all, "%zu\n", texts[i]->size);
		buf_add(&all, texts[i]->data, texts[i]->size);
	}
	fs_sha256(all.data, all.size, d->plan->key);
	derive_tokens(d->plan);
}

/* Deadlines for an idle machine, several times what it took when they were chosen. */
static void fill_phases(struct plan *plan)
{
	bool xl = machine_is_xl(&plan->machine);
	/* x86: Xen under SVM emulation, and every system call of a PV dom0 goes through Xen */
	int slow = plan->machine.x86 ? 3 : 1;
	unsigned long ios = machine_ios(&plan->machine);
	size_t n = 0;

	plan->phases[n++] = (struct vm_phase){ "xen-up", 20000 * slow };
	plan->phases[n++] = (struct vm_phase){ "dom0-up", 60000 * slow };
	if (xl)
		plan->phases[n++] = (struct vm_phase){ "domain-created", 90000 * slow };
	if (machine_has_driver(&plan->machine))
		plan->phases[n++] = (struct vm_phase){ "driver-up", 60000 * slow };
	/* a second domU comes up before it */
	plan->phases[n++] = (struct vm_phase){
		"backend-ready", (machine_has_peer(&plan->machine) ? 120000 : 30000) * slow };
	plan->phases[n++] = (struct vm_phase){ "domu-up", 60000 * slow };
	plan->phases[n++] = (struct vm_phase){ "disk-ready", 60000 * slow };
	plan->phases[n++] = (struct vm_phase){ "first-request", 30000 * slow };
	if (strcmp(machine_workload(&plan->machine), "none") && !machine_is_attacked(&plan->machine)) {
		/* a network is verified once for each combination of offloads */
		plan->phases[n++] = (struct vm_phase){
			"workload-start", (cell_is_net(plan->machine.cell) ? 240000 : 90000) * slow };
		if (machine_is_disturbed(&plan->machine))
			goto dom0;
		/* 20 ms of the host's time per operation is ten times what it takes */
		plan->phases[n++] = (struct vm_phase){
			"workload-done", (int)(60000 + (ios < 5000000 ? ios : 5000000) * 20) * slow };
	}
	/* an attacked domU does not always come to its end */
	if (machine_is_attacked(&plan->machine)) {
		plan->phases[n++] = (struct vm_phase){ "dom0-done", (int)(600000 + ios * 200) };
		goto out;
	}
	plan->phases[n++] = (struct vm_phase){ "domu-done", 60000 * slow };
dom0:
	plan->phases[n++] = (struct vm_phase){ "dom0-done", 60000 * slow };
out:
	plan->spec.phases = plan->phases;
	plan->spec.nr_phases = n;
}

/* Everything that needs no disk. */
static int draft_texts(struct draft *d, struct err *err)
{
	const struct machine *m = &d->plan->machine;

	if (plan_guest_tree(d->p->scenario, m->cell, &d->guest_dtb, err) < 0 ||
	    dt_check(d->guest_dtb.data, d->guest_dtb.size, err) < 0)
		return -1;
	if (build_job(d, err) < 0)
		return -1;
	build_texts(d);
	return 0;
}

static int fill_machine(struct planner *planner, const struct cell *cell,
			const struct sample *sample, struct machine *m, struct err *err)
{
	const struct scenario *s = planner->scenario;
	bool interactive = planner->opts->interactive;
	bool icount = interactive ? !planner->opts->free_clock :
				    sample_is_icount(scenario_engine(s), sample);
	unsigned int drivers = cell_second(cell) == SECOND_DRIVER ? 2 : 1;
	struct dt_virtio virtio[2];
	struct dt_guest guest;
	int i;

	if (guest_of(s, cell, virtio, &guest, err) < 0)
		return -1;
	*m = (struct machine){
		.scenario = s,
		.cell = cell,
		.frontend_domid = cell_has_driver(cell) ? DRIVER_DOMID + drivers : 1,
		.second_domid = drivers == 2 ? DRIVER_DOMID + 1 : DRIVER_DOMID + 2,
		.backend_domid = backend_of(s, cell),
		.mmio_base = virtio[0].mmio_base,
		.spi = virtio[0].spi,
		.mmio_second = virtio[0].mmio_base + (guest.irq == DT_IRQ_EVTCHN ? 2 : 1) * DT_VIRTIO_STRIDE,
		.spi_second = virtio[0].spi + 1,
		.x86 = guest.overlay,
		.evtchn = guest.irq == DT_IRQ_EVTCHN,
		.icount = icount,
		.cpus = icount || interactive ? 1 :
			cell_has_driver(cell) ?
			3 + (cell_second(cell) != SECOND_NONE) : 2,
		.kvm = !icount && !interactive &&
		       kvm_picked(s->setting[SET_ACCEL], cell->value[AXIS_ARCH], ""),
		.count = sample->kind == SAMPLE_COUNT,
		.sample = *sample,
		.perturb = sample_perturbation(sample),
		.interactive = interactive,
		.extra_domu_args = planner->opts->extra_domu_args,
	};
	for (i = 0; i < REPORT_SOURCES; i++)
		m->token[i] = "";
	return 0;
}

int plan_prepare(struct planner *planner, const struct cell *cell, const struct sample *sample,
		 const char *dir, double slowdown, struct plan *plan, struct err *err)
{
	struct draft d = { .p = planner, .plan = plan };
	int ret;

	*plan = (struct plan){ .spec = VM_SPEC_INIT, .dir = xstrdup(dir) };
	ret = fill_machine(planner, cell, sample, &plan->machine, err);
	/* the token is part of the texts, and made of the key: so the key is of texts without it */
	if (ret == 0)
		ret = draft_texts(&d, err);
	if (ret == 0)
		derive_key(&d);
	draft_release(&d);
	if (ret < 0) {
		plan_release(plan);
		return err_prefix(err, "cell %s", cell->id);
	}
	fill_phases(plan);
	plan->spec.slowdown = slowdown;
	if (machine_is_disturbed(&plan->machine))
		plan->spec.done_from = 1u << REPORT_DOM0;
	if (machine_has_driver(&plan->machine))
		plan->spec.done_from |= 1u << REPORT_BACKEND;
	if (cell_second(cell) == SECOND_DRIVER)
		plan->spec.done_from |= 1u << REPORT_BACKEND2;
	if (cell_second(cell) == SECOND_FRONTEND && !machine_has_hostile_front(&plan->machine))
		plan->spec.done_from |= 1u << REPORT_DOMU2;
	if (machine_is_attacked(&plan->machine)) {
		plan->spec.done_from = 1u << REPORT_DOM0;
		/* an attack is long, and nobody has anything to say */
		plan->spec.silence_ms = 0;
		plan->spec.total_ms = 1800000;
		/* keep: that is what the frontend has to say; die: its only CPU stood still */
		plan->spec.expected = cell_is(cell, AXIS_ATTACK, "keep") ? "still in use" :
				      cell_is(cell, AXIS_ATTACK, "die") ? "INFO: rcu_" : NULL;
	}
	return 0;
}

int plan_write(struct planner *planner, struct plan *plan, struct err *err)
{
	struct draft d = { .p = planner, .plan = plan };
	char real[PATH_MAX];
	int ret;

	if (fs_mkdirs(plan->dir, err) < 0)
		return -1;
	if (!realpath(plan->dir, real))
		return err_errno(err, errno, "%s", plan->dir);
	free(plan->dir);
	plan->dir = xstrdup(real);
	ret = draft_texts(&d, err);
	if (ret == 0)
		ret = draft_write(&d, err);
	draft_release(&d);
	if (ret < 0)
		return err_prefix(err, "cell %s", plan->machine.cell->id);
	plan->spec.argv = (const char *const *)plan->argv;
	plan->spec.workdir = plan->dir;
	return 0;
}

int plan_cell(struct planner *planner, const struct cell *cell, const char *dir, double slowdown,
	      struct plan *plan, struct err *err)
{
	static const struct sample only = { SAMPLE_ONLY, 0 };

	if (plan_prepare(planner, cell, &only, dir, slowdown, plan, err) < 0)
		return -1;
	if (plan_write(planner, plan, err) < 0) {
		plan_release(plan);
		return -1;
	}
	return 0;
}

void plan_release(struct plan *plan)
{
	int i;

	plan_argv_free(plan->argv);
	for (i = 0; i < REPORT_SOURCES; i++)
		free(plan->token[i]);
	free(plan->dir);
	*plan = (struct plan){ 0 };
}
