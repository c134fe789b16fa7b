// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of a sample: overlays, images, device trees. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/cpio.h"
#include "lib/cleanup.h"
#include "workload/plan-draft.h"
#include "workload/texts-net.h"

static int add_blob(struct cpio *cpio, const char *name, const struct buf *buf, struct err *err)
{
	return buf->size ? cpio_data(cpio, name, 0644, buf->data, buf->size, err) : 0;
}

/* Append a file to an open one, which is called to. */
static int append(FILE *out, const char *to, const char *path, struct err *err)
{
	_cleanup_fclose_ FILE *in = fopen(path, "re");
	char block[65536];
	size_t n;

	if (!in)
		return err_errno(err, errno, "cannot read %s", path);
	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		if (fwrite(block, 1, n, out) != n)
			return err_errno(err, errno, "cannot write %s", to);
	return ferror(in) ? err_errno(err, errno, "cannot read %s", path) : 0;
}

/* Archives one behind the other, as the kernel unpacks them; first: or NULL. */
static int join(const char *first, const char *rootfs, const char *overlay, const char *to,
		struct err *err)
{
	_cleanup_fclose_ FILE *out = fopen(to, "we");

	if (!out)
		return err_errno(err, errno, "cannot write %s", to);
	if (first && append(out, to, first, err) < 0)
		return -1;
	if (append(out, to, rootfs, err) < 0 || append(out, to, overlay, err) < 0)
		return -1;
	if (fclose(take_ptr(out)) != 0)
		return err_errno(err, errno, "cannot write %s", to);
	return 0;
}

/* perf, where the scenario asks for it. */
static int add_perf(const struct draft *d, struct cpio *cpio, struct err *err)
{
	return machine_has_perf(&d->plan->machine) ?
	       cpio_file(cpio, "bin/perf", 0755, draft_part(d, PART_PERF)->path, err) : 0;
}

/* What a domU gets besides its root file system; job may be empty. */
static int domu_overlay(const struct draft *d, const struct buf *conf, const struct buf *job,
			const char *path, struct err *err)
{
	struct cpio *cpio = cpio_open(path, err);

	if (!cpio)
		return -1;
	if (cpio_dir(cpio, "grantbench", 0755, err) < 0 ||
	    add_blob(cpio, "grantbench/cell.conf", conf, err) < 0 ||
	    add_blob(cpio, "grantbench/job.fio", job, err) < 0 || add_perf(d, cpio, err) < 0) {
		cpio_abort(cpio);
		return -1;
	}
	return cpio_close(cpio, err);
}

/* x86: where the kernel looks for a device tree overlay before it unpacks anything. */
static int early_archive(struct draft *d, const char *path, struct err *err)
{
	struct cpio *cpio = cpio_open(path, err);

	if (!cpio)
		return -1;
	if (cpio_dir(cpio, "kernel", 0755, err) < 0 || cpio_dir(cpio, "kernel/xen", 0755, err) < 0 ||
	    add_blob(cpio, "kernel/xen/overlay.dtb", &d->guest_dtb, err) < 0) {
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
	    add_blob(cpio, "grantbench/cell.conf", &d->dom0_conf, err) < 0 ||
	    (!machine_has_driver(&d->plan->machine) && add_perf(d, cpio, err) < 0))
		goto fail;
	if (machine_is_xl(&d->plan->machine) &&
	    (add_blob(cpio, "grantbench/domu.cfg", &d->xl_config, err) < 0 ||
	     add_blob(cpio, "grantbench/guest.dtb", &d->guest_dtb, err) < 0 ||
	     cpio_file(cpio, "grantbench/Image", 0644, draft_part(d, PART_LINUX)->path, err) < 0 ||
	     cpio_file(cpio, "grantbench/domu.cpio", 0644, d->domu_ramdisk_path, err) < 0))
		goto fail;
	if (machine_is_xl(&d->plan->machine) && machine_has_driver(&d->plan->machine) &&
	    (add_blob(cpio, "grantbench/driver.cfg", &d->driver_config, err) < 0 ||
	     cpio_file(cpio, "grantbench/driver.cpio", 0644, d->driver_ramdisk_path, err) < 0))
		goto fail;
	if (add_blob(cpio, "grantbench/second.cfg", &d->second_config, err) < 0 ||
	    (d->second_ramdisk_path &&
	     cpio_file(cpio, "grantbench/second.cpio", 0644, d->second_ramdisk_path, err) < 0) ||
	    (machine_has_hostile_front(&d->plan->machine) &&
	     cpio_file(cpio, "grantbench/front", 0644, draft_part(d, PART_FRONT)->path, err) < 0))
		goto fail;
	if (machine_has_peer(&d->plan->machine) &&
	    (add_blob(cpio, "grantbench/peer.cfg", &d->peer_config, err) < 0 ||
	     cpio_file(cpio, "grantbench/peer.cpio", 0644, d->peer_ramdisk_path, err) < 0))
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

/* A link of that name in the sample's directory, new. */
static int put_link(struct draft *d, const char *target, const char *name, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", d->plan->dir, name);

	unlink(path);
	return symlink(target, path) < 0 ? err_errno(err, errno, "cannot link %s", path) : 0;
}

static int put_links(struct draft *d, struct err *err)
{
	enum part xen = d->plan->machine.count ? PART_XEN_COUNT : PART_XEN;

	return put_link(d, draft_part(d, xen)->path, X86_XEN_LINK, err) < 0 ||
	       put_link(d, draft_part(d, PART_LINUX)->path, X86_LINUX_LINK, err) < 0 ||
	       (d->policy.size && put_link(d, draft_policy(d)->path, X86_POLICY_LINK, err) < 0) ?
	       -1 : 0;
}

/* The driver domain's root file system with its configuration. */
static int write_driver(struct draft *d, struct err *err)
{
	static const struct buf no_job = BUF_INIT;
	_cleanup_free_ char *over = xasprintf("%s/driver-overlay.cpio", d->plan->dir);

	if (!machine_has_driver(&d->plan->machine))
		return 0;
	d->driver_ramdisk_path = xasprintf("%s/driver.cpio", d->plan->dir);
	if (domu_overlay(d, &d->driver_conf, &no_job, over, err) < 0)
		return -1;
	return join(NULL, draft_part(d, PART_DRIVER)->path, over, d->driver_ramdisk_path, err);
}

/* The same of the second driver domain or frontend; a hostile one needs none. */
static int write_second(struct draft *d, const char *early, struct err *err)
{
	bool driver = cell_second(d->plan->machine.cell) == SECOND_DRIVER;
	_cleanup_free_ char *over = xasprintf("%s/second-overlay.cpio", d->plan->dir);
	static const struct buf no_job = BUF_INIT;

	if (!d->second_conf.size)
		return 0;
	d->second_ramdisk_path = xasprintf("%s/second.cpio", d->plan->dir);
	if (domu_overlay(d, &d->second_conf, driver ? &no_job : &d->job, over, err) < 0)
		return -1;
	return join(driver ? NULL : early, draft_part(d, driver ? PART_DRIVER : PART_DOMU)->path, over,
		    d->second_ramdisk_path, err);
}

/* The second domU's: the same root file system, device and tree; another configuration. */
static int write_peer(struct draft *d, const char *early, struct err *err)
{
	static const struct buf no_job = BUF_INIT;
	_cleanup_free_ char *over = xasprintf("%s/peer-overlay.cpio", d->plan->dir);

	if (!machine_has_peer(&d->plan->machine))
		return 0;
	d->peer_ramdisk_path = xasprintf("%s/peer.cpio", d->plan->dir);
	if (domu_overlay(d, &d->peer_conf, &no_job, over, err) < 0)
		return -1;
	return join(early, draft_part(d, PART_DOMU)->path, over, d->peer_ramdisk_path, err);
}

static int write_images(struct draft *d, struct err *err)
{
	const char *dir = d->plan->dir;
	bool xl = machine_is_xl(&d->plan->machine);
	bool early = d->plan->machine.x86 && !machine_is_treeless(&d->plan->machine) &&
		     !machine_is_pv(&d->plan->machine);
	_cleanup_free_ char *domu_early = xasprintf("%s/domu-early.cpio", dir);
	_cleanup_free_ char *domu_over = xasprintf("%s/domu-overlay.cpio", dir);
	_cleanup_free_ char *dom0_over = xasprintf("%s/dom0-overlay.cpio", dir);

	d->domu_ramdisk_path = xasprintf("%s/domu.cpio", dir);
	d->ramdisk_path = xasprintf("%s/dom0.cpio", dir);
	d->guest_dtb_path = xasprintf("%s/guest.dtb", dir);
	d->host_dtb_path = xasprintf("%s/host.dtb", dir);
	if (fs_write_atomic(d->guest_dtb_path, d->guest_dtb.data, d->guest_dtb.size, 0644, err) < 0 ||
	    (early && early_archive(d, domu_early, err) < 0) ||
	    domu_overlay(d, &d->domu_conf, &d->job, domu_over, err) < 0 || write_driver(d, err) < 0 ||
	    write_second(d, early ? domu_early : NULL, err) < 0 ||
	    join(early ? domu_early : NULL, draft_part(d, PART_DOMU)->path, domu_over, d->domu_ramdisk_path, err) < 0 ||
	    write_peer(d, early ? domu_early : NULL, err) < 0 || dom0_overlay(d, dom0_over, err) < 0 ||
	    join(NULL, draft_part(d, xl ? PART_DOM0_XL : PART_DOM0_LESS)->path, dom0_over, d->ramdisk_path,
		 err) < 0)
		return -1;
	if (file_size(draft_part(d, PART_LINUX)->path, &d->kernel.size, err) < 0 ||
	    file_size(d->ramdisk_path, &d->ramdisk.size, err) < 0 ||
	    (!strcmp(machine_xsm(&d->plan->machine), "flask") &&
	     file_size(draft_policy(d)->path, &d->policy.size, err) < 0))
		return -1;
	if (xl)
		return 0;
	d->domu_dtb.size = d->guest_dtb.size;
	d->domu_kernel.size = d->kernel.size;
	if (file_size(d->domu_ramdisk_path, &d->domu_ramdisk.size, err) < 0)
		return -1;
	if (!machine_has_driver(&d->plan->machine))
		return 0;
	d->driver_kernel.size = d->kernel.size;
	return file_size(d->driver_ramdisk_path, &d->driver_ramdisk.size, err);
}

/* Who Xen starts, in the order of their domain ids. Returns how many. */
static size_t fill_domus(const struct draft *d, struct dt_domu domu[2])
{
	const struct machine *m = &d->plan->machine;
	size_t n = 0;

	if (machine_has_driver(m))
		domu[n++] = (struct dt_domu){
			.name = "domU1",
			.bootargs = d->driver_args.data,
			.mem_mib = (unsigned int)scenario_uint(m->scenario, SET_DRIVER_MEM_MIB),
			.cpus = 1,
			.nr_spis = 32,
			.kernel = d->driver_kernel,
			.ramdisk = d->driver_ramdisk,
			.nr_evtchn = DRIVER_EVTCHNS,
			.evtchn = DRIVER_EVTCHN_DOMU,
		};
	domu[n] = (struct dt_domu){
		.name = n ? "domU2" : "domU1",
		.bootargs = d->domu_args.data,
		.mem_mib = (unsigned int)scenario_uint(m->scenario, SET_DOMU_MEM_MIB),
		.cpus = 1,
		.nr_spis = 32,
		.kernel = d->domu_kernel,
		.ramdisk = d->domu_ramdisk,
		.dtb = d->domu_dtb,
		.nr_evtchn = 1,
		.evtchn = READY_EVTCHN_DOMU,
	};
	return n + 1;
}

static int build_host_tree(struct draft *d, struct err *err)
{
	const struct machine *m = &d->plan->machine;
	struct dt_module *modules[] = { &d->kernel, &d->ramdisk, &d->driver_kernel,
					&d->driver_ramdisk, &d->domu_kernel, &d->domu_ramdisk,
					&d->domu_dtb, &d->policy };
	struct dt_domu domu[2];
	struct dt_host host = {
		.xen_bootargs = d->xen_args.data,
		.dom0_bootargs = d->dom0_args.data,
		.domu = domu,
		.dom0_evtchn = READY_EVTCHN_DOM0,
	};

	if (dt_host_layout(modules, ARRAY_SIZE(modules),
			   (unsigned int)scenario_uint(m->scenario, SET_RAM_MIB), err) < 0 ||
	    plan_dump_tree(d, err) < 0)
		return -1;
	host.kernel = d->kernel;
	host.ramdisk = d->ramdisk;
	host.policy = d->policy;
	host.nr_domu = machine_is_xl(m) ? 0 : fill_domus(d, domu);
	if (dt_host_build(d->qemu_dtb.data, d->qemu_dtb.size, &host, &d->host_dtb, err) < 0 ||
	    dt_check(d->host_dtb.data, d->host_dtb.size, err) < 0)
		return -1;
	return fs_write_atomic(d->host_dtb_path, d->host_dtb.data, d->host_dtb.size, 0644, err);
}

int draft_write(struct draft *d, struct err *err)
{
	if (write_images(d, err) < 0 ||
	    (d->plan->machine.x86 ? put_links(d, err) : build_host_tree(d, err)) < 0)
		return -1;
	plan_argv(d);
	return 0;
}

void plan_drop_images(const struct plan *plan)
{
	static const char *const names[] = {
		"dom0.cpio", "domu.cpio", "dom0-overlay.cpio", "domu-overlay.cpio", "domu-early.cpio",
		"driver.cpio", "peer.cpio", "peer-overlay.cpio", "driver-overlay.cpio", "second.cpio", "second-overlay.cpio",
		X86_XEN_LINK, X86_LINUX_LINK, X86_POLICY_LINK,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", plan->dir, names[i]);

		unlink(path);
	}
}
