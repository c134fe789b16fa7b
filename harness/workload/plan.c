// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "build/cpio.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/spawn.h"
#include "workload/fiojob.h"

enum part { PART_QEMU, PART_LINUX, PART_XEN, PART_DOM0_XL, PART_DOM0_LESS, PART_DOMU, NR_PARTS };

struct planner {
	const struct plan_opts *opts;
	const struct scenario *scenario;
	struct artifact part[NR_PARTS];
	bool have[NR_PARTS];
};

static const char *part_name(const struct planner *p, enum part part)
{
	switch (part) {
	case PART_QEMU: return "qemu";
	case PART_LINUX: return "linux-arm64";
	case PART_XEN: return p->opts->count ? "xen-arm64-count" : "xen-arm64";
	case PART_DOM0_XL: return "rootfs-dom0-arm64";
	case PART_DOM0_LESS: return "rootfs-dom0less-arm64";
	case PART_DOMU: return "rootfs-domu-arm64";
	default: return NULL;
	}
}

static bool part_needed(const struct cells *cells, enum part part)
{
	const char *topology = part == PART_DOM0_XL ? "xl" : part == PART_DOM0_LESS ? "dom0less" : NULL;
	size_t i;

	for (i = 0; i < cells->nr; i++)
		if (!cells->cell[i].not_applicable &&
		    (!topology || cell_is(&cells->cell[i], AXIS_TOPOLOGY, topology)))
			return true;
	return false;
}

struct planner *planner_new(const struct plan_opts *opts, const struct scenario *s,
			    const struct cells *cells, struct err *err)
{
	struct planner *p = xcalloc(1, sizeof(*p));
	int i;

	p->opts = opts;
	p->scenario = s;
	for (i = 0; i < NR_PARTS; i++) {
		if (!part_needed(cells, i))
			continue;
		if (builder_get(opts->builder, part_name(p, i), &p->part[i], err) < 0) {
			err_prefix(err, "artifact %s", part_name(p, i));
			planner_free(p);
			return NULL;
		}
		p->have[i] = true;
	}
	return p;
}

void planner_free(struct planner *p)
{
	int i;

	if (!p)
		return;
	for (i = 0; i < NR_PARTS; i++)
		artifact_release(&p->part[i]);
	free(p);
}

json_t *planner_artifacts(const struct planner *p)
{
	json_t *all = json_object();
	int i;

	for (i = 0; i < NR_PARTS; i++)
		if (p->have[i])
			json_object_set_new(all, p->part[i].name,
					    json_pack("{s:s,s:s,s:s}", "version", p->part[i].version,
						      "sha256", p->part[i].sha256, "key",
						      p->part[i].key));
	return all;
}

/* What the cell's directory gets; everything that decides the result goes into key_text. */
struct draft {
	struct planner *p;
	struct plan *plan;
	const struct cell *cell;
	struct buf dom0_conf, domu_conf, xl_config, job, guest_dtb, host_dtb, qemu_dtb;
	struct buf xen_args, dom0_args, domu_args;
	struct dt_module kernel, ramdisk, domu_kernel, domu_ramdisk, domu_dtb;
	char *ramdisk_path, *domu_ramdisk_path, *guest_dtb_path, *host_dtb_path;
};

static void draft_release(struct draft *d)
{
	struct buf *bufs[] = { &d->dom0_conf, &d->domu_conf, &d->xl_config, &d->job, &d->guest_dtb,
			       &d->host_dtb, &d->qemu_dtb, &d->xen_args, &d->dom0_args,
			       &d->domu_args };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bufs); i++)
		buf_release(bufs[i]);
	free(d->ramdisk_path);
	free(d->domu_ramdisk_path);
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
	return strcmp(b, "none") ? DT_BINDING_IOMMUS : DT_BINDING_NONE;
}

int plan_guest_tree(const struct scenario *s, const struct cell *cell, struct buf *dtb,
		    struct err *err)
{
	struct dt_virtio virtio = {
		.binding = tree_binding(cell),
		.backend_domid = (unsigned int)scenario_uint(s, SET_BACKEND_DOMID),
	};
	struct dt_guest guest = {
		.virtio = &virtio,
		.nr_virtio = 1,
		.late_probe = cell_is(cell, AXIS_TOPOLOGY, "dom0less"),
		.iommu_cells = 1,
	};

	if (dt_guest_assign(&virtio, 1, err) < 0)
		return -1;
	return dt_guest_build(&guest, dtb, err);
}

static int build_job(struct draft *d, struct err *err)
{
	const struct scenario *s = d->p->scenario;
	struct fio_overrides o = {
		.bs = d->cell->value[AXIS_BS],
		.rw = d->cell->value[AXIS_RW],
		.iodepth = strtoul(d->cell->value[AXIS_IODEPTH], NULL, 10),
		.number_ios = scenario_uint(s, SET_NUMBER_IOS),
		.randseed = 1,
	};
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (strcmp(s->setting[SET_WORKLOAD], "fio"))
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
	text_domu_conf(m, &d->domu_conf);
	if (machine_is_xl(m))
		text_xl_config(m, &d->xl_config);
}

/* Token and key: of the inputs, nothing else. The texts are built with an empty token first. */
static void derive_key(struct draft *d)
{
	_cleanup_buf_ struct buf all = BUF_INIT;
	const struct buf *texts[] = { &d->dom0_conf, &d->domu_conf, &d->xl_config, &d->job,
				      &d->guest_dtb, &d->xen_args, &d->dom0_args, &d->domu_args };
	const struct scenario *s = d->p->scenario;
	size_t i;

	buf_addf(&all, "%s\nram %lu\nexact %d\n", d->cell->id, scenario_uint(s, SET_RAM_MIB),
		 d->plan->machine.exact);
	for (i = 0; i < NR_PARTS; i++)
		if (d->p->have[i])
			buf_addf(&all, "%s %s %s\n", d->p->part[i].name, d->p->part[i].key,
				 d->p->part[i].sha256);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		buf_addf(&all, "%zu\n", texts[i]->size);
		buf_add(&all, texts[i]->data, texts[i]->size);
	}
	fs_sha256(all.data, all.size, d->plan->key);
	d->plan->token = xstrndup(d->plan->key, 16);
	d->plan->machine.token = d->plan->token;
}

static int add_blob(struct cpio *cpio, const char *name, const struct buf *buf, struct err *err)
{
	return buf->size ? cpio_data(cpio, name, 0644, buf->data, buf->size, err) : 0;
}

/* Append a file to an open one. */
static int append(FILE *out, const char *path, struct err *err)
{
	_cleanup_fclose_ FILE *in = fopen(path, "re");
	char block[65536];
	size_t n;

	if (!in)
		return err_errno(err, errno, "cannot read %s", path);
	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		if (fwrite(block, 1, n, out) != n)
			return err_errno(err, errno, "cannot append %s", path);
	return ferror(in) ? err_errno(err, errno, "cannot read %s", path) : 0;
}

/* Root file system and overlay, one behind the other, as the kernel unpacks them. */
static int join(const char *rootfs, const char *overlay, const char *to, struct err *err)
{
	_cleanup_fclose_ FILE *out = fopen(to, "we");

	if (!out)
		return err_errno(err, errno, "cannot write %s", to);
	if (append(out, rootfs, err) < 0 || append(out, overlay, err) < 0)
		return -1;
	if (fclose(take_ptr(out)) != 0)
		return err_errno(err, errno, "cannot write %s", to);
	return 0;
}

static int domu_overlay(struct draft *d, const char *path, struct err *err)
{
	struct cpio *cpio = cpio_open(path, err);

	if (!cpio)
		return -1;
	if (cpio_dir(cpio, "grantbench", 0755, err) < 0 ||
	    add_blob(cpio, "grantbench/cell.conf", &d->domu_conf, err) < 0 ||
	    add_blob(cpio, "grantbench/job.fio", &d->job, err) < 0) {
		cpio_abort(cpio);
		return -1;
	}
	return cpio_close(cpio, err);
}

static int dom0_overlay(struct draft *d, const char *path, struct err *err)
{
	struct cpio *cpio = cpio_open(path, err);

	if (!cpio)
		return -1;
	if (cpio_dir(cpio, "grantbench", 0755, err) < 0 ||
	    add_blob(cpio, "grantbench/cell.conf", &d->dom0_conf, err) < 0)
		goto fail;
	if (machine_is_xl(&d->plan->machine) &&
	    (add_blob(cpio, "grantbench/domu.cfg", &d->xl_config, err) < 0 ||
	     add_blob(cpio, "grantbench/guest.dtb", &d->guest_dtb, err) < 0 ||
	     cpio_file(cpio, "grantbench/Image", 0644, d->p->part[PART_LINUX].path, err) < 0 ||
	     cpio_file(cpio, "grantbench/domu.cpio", 0644, d->domu_ramdisk_path, err) < 0))
		goto fail;
	return cpio_close(cpio, err);
fail:
	cpio_abort(cpio);
	return -1;
}

static int file_size(const char *path, uint64_t *size, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, errno, "cannot stat %s", path);
	*size = (uint64_t)st.st_size;
	return 0;
}

static int write_images(struct draft *d, struct err *err)
{
	const char *dir = d->plan->dir;
	bool xl = machine_is_xl(&d->plan->machine);
	_cleanup_free_ char *domu_over = xasprintf("%s/domu-overlay.cpio", dir);
	_cleanup_free_ char *dom0_over = xasprintf("%s/dom0-overlay.cpio", dir);

	d->domu_ramdisk_path = xasprintf("%s/domu.cpio", dir);
	d->ramdisk_path = xasprintf("%s/dom0.cpio", dir);
	d->guest_dtb_path = xasprintf("%s/guest.dtb", dir);
	d->host_dtb_path = xasprintf("%s/host.dtb", dir);
	if (fs_write_atomic(d->guest_dtb_path, d->guest_dtb.data, d->guest_dtb.size, 0644, err) < 0 ||
	    domu_overlay(d, domu_over, err) < 0 ||
	    join(d->p->part[PART_DOMU].path, domu_over, d->domu_ramdisk_path, err) < 0 ||
	    dom0_overlay(d, dom0_over, err) < 0 ||
	    join(d->p->part[xl ? PART_DOM0_XL : PART_DOM0_LESS].path, dom0_over, d->ramdisk_path,
		 err) < 0)
		return -1;
	if (file_size(d->p->part[PART_LINUX].path, &d->kernel.size, err) < 0 ||
	    file_size(d->ramdisk_path, &d->ramdisk.size, err) < 0)
		return -1;
	if (xl)
		return 0;
	d->domu_dtb.size = d->guest_dtb.size;
	return file_size(d->p->part[PART_LINUX].path, &d->domu_kernel.size, err) < 0 ||
	       file_size(d->domu_ramdisk_path, &d->domu_ramdisk.size, err) < 0 ? -1 : 0;
}

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

#define MACHINE "virt,virtualization=on,gic-version=3,dtb-randomness=off"

static void push_machine(struct argv *a, const struct planner *p, const char *machine)
{
	char **prefix;

	for (prefix = p->part[PART_QEMU].argv; *prefix; prefix++)
		push(a, xstrdup(*prefix));
	push(a, xstrdup("-machine"));
	push(a, xstrdup(machine));
	push(a, xstrdup("-cpu"));
	push(a, xstrdup("cortex-a57"));
	push(a, xstrdup("-smp"));
	push(a, xstrdup("1"));
	push(a, xstrdup("-m"));
	push(a, xasprintf("%luM", scenario_uint(p->scenario, SET_RAM_MIB)));
	push(a, xstrdup("-nodefaults"));
	push(a, xstrdup("-no-user-config"));
	push(a, xstrdup("-display"));
	push(a, xstrdup("none"));
	push(a, xstrdup("-nic"));
	push(a, xstrdup("none"));
}

static void argv_free(char **argv)
{
	char **p;

	for (p = argv; p && *p; p++)
		free(*p);
	free(argv);
}

/* The machine's own tree, from this very QEMU with these very options. */
static int dump_tree(struct draft *d, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/qemu.dtb", d->plan->dir);
	_cleanup_free_ char *machine = xasprintf(MACHINE ",dumpdtb=%s", path);
	struct spawn_req req = SPAWN_REQ_INIT;
	struct argv a = { NULL, 0 };
	int ret;

	push_machine(&a, d->p, machine);
	req.argv = (const char *const *)a.arg;
	ret = spawn_run(&req, 30000, NULL, err);
	argv_free(a.arg);
	if (ret < 0)
		return err_prefix(err, "dump QEMU's device tree");
	return fs_read(path, &d->qemu_dtb, err);
}

static int build_host_tree(struct draft *d, struct err *err)
{
	const struct machine *m = &d->plan->machine;
	bool xl = machine_is_xl(m);
	struct dt_module *modules[] = { &d->kernel, &d->ramdisk, &d->domu_kernel, &d->domu_ramdisk,
					&d->domu_dtb };
	struct dt_domu domu = {
		.name = "domU1",
		.bootargs = d->domu_args.data,
		.mem_mib = (unsigned int)scenario_uint(m->scenario, SET_DOMU_MEM_MIB),
		.cpus = 1,
		.nr_spis = 32,
		.evtchn = READY_EVTCHN_DOMU,
	};
	struct dt_host host = {
		.xen_bootargs = d->xen_args.data,
		.dom0_bootargs = d->dom0_args.data,
		.nr_domu = xl ? 0 : 1,
		.dom0_evtchn = READY_EVTCHN_DOM0,
	};

	if (dt_host_layout(modules, ARRAY_SIZE(modules),
			   (unsigned int)scenario_uint(m->scenario, SET_RAM_MIB), err) < 0 ||
	    dump_tree(d, err) < 0)
		return -1;
	host.kernel = d->kernel;
	host.ramdisk = d->ramdisk;
	domu.kernel = d->domu_kernel;
	domu.ramdisk = d->domu_ramdisk;
	domu.dtb = d->domu_dtb;
	host.domu = &domu;
	if (dt_host_build(d->qemu_dtb.data, d->qemu_dtb.size, &host, &d->host_dtb, err) < 0 ||
	    dt_check(d->host_dtb.data, d->host_dtb.size, err) < 0)
		return -1;
	return fs_write_atomic(d->host_dtb_path, d->host_dtb.data, d->host_dtb.size, 0644, err);
}

static void push_module(struct argv *a, const struct dt_module *m, const char *path)
{
	if (!m->size)
		return;
	push(a, xstrdup("-device"));
	push(a, xasprintf("loader,file=%s,addr=0x%llx,force-raw=on", path,
			  (unsigned long long)m->addr));
}

static void build_argv(struct draft *d)
{
	const char *linux_path = d->p->part[PART_LINUX].path;
	struct argv a = { NULL, 0 };

	push_machine(&a, d->p, MACHINE);
	if (d->plan->machine.exact) {
		push(&a, xstrdup("-seed"));
		push(&a, xstrdup("1"));
		push(&a, xstrdup("-icount"));
		push(&a, xstrdup("shift=0,sleep=off"));
		push(&a, xstrdup("-rtc"));
		push(&a, xstrdup("base=2024-01-01T00:00:00,clock=vm"));
	}
	push(&a, xstrdup("-no-reboot"));
	push(&a, xstrdup("-kernel"));
	push(&a, xstrdup(d->p->part[PART_XEN].path));
	push(&a, xstrdup("-dtb"));
	push(&a, xstrdup(d->host_dtb_path));
	push_module(&a, &d->kernel, linux_path);
	push_module(&a, &d->ramdisk, d->ramdisk_path);
	push_module(&a, &d->domu_kernel, linux_path);
	push_module(&a, &d->domu_ramdisk, d->domu_ramdisk_path);
	push_module(&a, &d->domu_dtb, d->guest_dtb_path);
	d->plan->argv = a.arg;
}

/* Deadlines for an idle machine, several times what it took when they were chosen. */
static void fill_phases(struct plan *plan)
{
	const struct scenario *s = plan->machine.scenario;
	bool xl = machine_is_xl(&plan->machine);
	unsigned long ios = scenario_uint(s, SET_NUMBER_IOS);
	size_t n = 0;

	plan->phases[n++] = (struct vm_phase){ "xen-up", 20000 };
	plan->phases[n++] = (struct vm_phase){ "dom0-up", 60000 };
	if (xl)
		plan->phases[n++] = (struct vm_phase){ "domain-created", 90000 };
	plan->phases[n++] = (struct vm_phase){ "backend-ready", 30000 };
	plan->phases[n++] = (struct vm_phase){ "domu-up", 60000 };
	plan->phases[n++] = (struct vm_phase){ "disk-ready", 60000 };
	plan->phases[n++] = (struct vm_phase){ "first-request", 30000 };
	if (!strcmp(s->setting[SET_WORKLOAD], "fio")) {
		plan->phases[n++] = (struct vm_phase){ "workload-start", 90000 };
		/* 20 ms of the host's time per operation is ten times what it takes */
		plan->phases[n++] = (struct vm_phase){
			"workload-done", (int)(60000 + (ios < 5000000 ? ios : 5000000) * 20) };
	}
	plan->phases[n++] = (struct vm_phase){ "domu-done", 60000 };
	plan->phases[n++] = (struct vm_phase){ "dom0-done", 60000 };
	plan->spec.phases = plan->phases;
	plan->spec.nr_phases = n;
}

static int draft_all(struct draft *d, struct err *err)
{
	if (plan_guest_tree(d->p->scenario, d->cell, &d->guest_dtb, err) < 0 ||
	    dt_check(d->guest_dtb.data, d->guest_dtb.size, err) < 0 || build_job(d, err) < 0)
		return -1;
	d->plan->machine.token = "";
	build_texts(d);
	derive_key(d);
	buf_reset(&d->xen_args);
	buf_reset(&d->dom0_args);
	buf_reset(&d->domu_args);
	buf_reset(&d->dom0_conf);
	buf_reset(&d->domu_conf);
	buf_reset(&d->xl_config);
	build_texts(d);
	if (write_images(d, err) < 0 || build_host_tree(d, err) < 0)
		return -1;
	build_argv(d);
	return 0;
}

int plan_cell(struct planner *planner, const struct cell *cell, const char *dir, double slowdown,
	      struct plan *plan, struct err *err)
{
	struct draft d = { .p = planner, .plan = plan, .cell = cell };
	char real[PATH_MAX];
	int ret;

	*plan = (struct plan){ .spec = VM_SPEC_INIT };
	if (fs_mkdirs(dir, err) < 0)
		return -1;
	if (!realpath(dir, real))
		return err_errno(err, errno, "%s", dir);
	plan->dir = xstrdup(real);
	plan->machine = (struct machine){
		.scenario = planner->scenario,
		.cell = cell,
		.frontend_domid = 1,
		.backend_domid = (unsigned int)scenario_uint(planner->scenario, SET_BACKEND_DOMID),
		.mmio_base = DT_VIRTIO_BASE,
		.spi = DT_VIRTIO_SPI_FIRST,
		.exact = planner->opts->exact,
		.interactive = planner->opts->interactive,
		.xenperf = planner->opts->count,
		.extra_domu_args = planner->opts->extra_domu_args,
	};
	ret = draft_all(&d, err);
	draft_release(&d);
	if (ret < 0) {
		plan_release(plan);
		return err_prefix(err, "cell %s", cell->id);
	}
	fill_phases(plan);
	plan->spec.argv = (const char *const *)plan->argv;
	plan->spec.workdir = plan->dir;
	plan->spec.token = plan->token;
	plan->spec.slowdown = slowdown;
	return 0;
}

void plan_release(struct plan *plan)
{
	argv_free(plan->argv);
	free(plan->token);
	free(plan->dir);
	*plan = (struct plan){ 0 };
}
