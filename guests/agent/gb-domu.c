// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /init of the domU: brings the disk up, proves that its path is the one under
 * test, runs the workload, takes the device away again, and reports all of it.
 * docs/ARCHITECTURE.md has the configuration's keys and the records.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "conf.h"
#include "disk.h"
#include "domu.h"
#include "doorbell.h"
#include "kmemleak.h"
#include "lib/record.h"
#include "perf.h"
#include "perturb.h"
#include "probe.h"
#include "report.h"
#include "selftest.h"
#include "sys.h"
#include "trace.h"
#include "victim.h"
#include "workload.h"

#define BACKEND_WAIT_MS 60000
#define PV_RETURN_MS 5000

void domu_finish(bool ok)
{
	kmemleak_check("domu");
	report_phase("domu-done");
	report_done(ok);
	sys_poweroff();
}

/* No disk: say why, as far as the kernel knows. */
static void explain_missing(const char *device, int ret, int waited_ms)
{
	report_file("devices_deferred.txt", "/sys/kernel/debug/devices_deferred");
	if (ret == -ENOTBLK)
		report_error("%s: what stands in /dev is no block device", device);
	else if (disk_is_deferred(device))
		report_error("%s: deferred probe: no disk after %d ms, the kernel still waits for a "
			     "supplier (the IOMMU of its iommus property has no driver)", device,
			     waited_ms);
	else
		report_error("%s: no disk after %d ms: %s", device, waited_ms, strerror(-ret));
}

void domu_report_proof(const char *device, uint64_t features, const char *kind, long grefs_start)
{
	char binding[32] = "none", allocator[32] = "none", data[512];
	long domid = -1, version = -1;

	disk_grant_text(device, "binding", binding, sizeof(binding));
	disk_grant_text(device, "allocator", allocator, sizeof(allocator));
	disk_grant_stat(device, "backend_domid", &domid);
	disk_grant_stat(NULL, "version", &version);
	snprintf(data, sizeof(data),
		 "{\"device\":\"%.63s\",%.60s,\"features\":\"0x%" PRIx64 "\","
		 "\"binding\":\"%.31s\",\"allocator\":\"%.31s\",\"grant_dma\":%s,\"backend_domid\":%ld,"
		 "\"gnttab_version\":%ld,\"grefs_start\":%ld}",
		 device, kind, features, binding, allocator, strcmp(binding, "none") ? "true" : "false",
		 domid, version, grefs_start);
	report("proof", data);
}

/* A backend that held grants has let go of them: the driver's quarantine looks every 100 ms. */
static void wait_quarantine(const char *device)
{
	long left;
	int i;

	for (i = 0; i < 100 && disk_grant_stat(device, "quarantined", &left) == 0 && left; i++)
		usleep(50000);
}

static bool counts_now(const char *device, struct domu_counts *c)
{
	return disk_grant_stat(device, "grefs_in_use", &c->device) == 0 &&
	       disk_grant_stat(NULL, "grefs_in_use", &c->table) == 0 &&
	       disk_grant_stat(NULL, "grefs_granting", &c->granting) == 0;
}

/*
 * A PV disk cannot be bound again: its driver waits for a state that only the toolstack
 * sets. Nothing else in this guest grants, so that nothing may be left in use.
 * The ring is when the driver lets go of it: blkback unmaps it after that, and the
 * grant table looks at it again each second.
 */
void domu_unbind_pv(const char *device)
{
	int64_t until = sys_now_ms() + PV_RETURN_MS;
	long bound = 0, left = -1;
	int ret;

	disk_grant_stat(NULL, "grefs_in_use", &bound);
	ret = disk_unbind(device);
	while (disk_grant_stat(NULL, "grefs_in_use", &left) == 0 && left && sys_now_ms() < until)
		sys_sleep_ms(10);
	report_check("grefs-returned", ret == 0 && bound > 0 && left == 0,
		     "in use: %ld while bound, %ld after unbind%s%s", bound, left,
		     ret < 0 ? ": " : "", ret < 0 ? strerror(-ret) : "");
}

void domu_unbind_and_count(const struct conf *conf, const char *device, struct domu_counts *start,
			   int (*wait)(const struct conf *conf, const char *device))
{
	struct domu_counts c[2];
	int i, ret;

	for (i = 0; i < 2; i++) {
		ret = i ? disk_bind(device) : 0;
		if (ret == 0 && i)
			ret = wait(conf, device);
		if (ret == 0)
			ret = disk_unbind(device);
		if (ret == 0 && conf->grants)
			wait_quarantine(device);
		if (ret < 0) {
			report_check("grefs-returned", false, "%s: cannot %s: %s", device,
				     i ? "bind and unbind again" : "unbind", strerror(-ret));
			return;
		}
		if (conf->grants && !counts_now(device, &c[i])) {
			report_check("grefs-returned", false, "no counters of the grant DMA driver");
			return;
		}
	}
	if (!conf->grants) {
		report_check("unbind", true, "unbound, bound and unbound again");
		return;
	}
	if (start->table < 0)
		*start = c[0];
	report_check("grefs-returned", !c[0].device && !c[1].device && c[0].table == start->table &&
		     c[1].table == start->table,
		     "in use: table %ld at start, %ld and %ld after unbind; device %ld and %ld",
		     start->table, c[0].table, c[1].table, c[0].device, c[1].device);
	report_check("access-ended", c[0].granting <= c[0].table &&
		     c[0].granting == start->granting && c[1].granting == start->granting,
		     "entries that grant: %ld at start, %ld and %ld after unbind", start->granting,
		     c[0].granting, c[1].granting);
}

static int wait_for_disk(const struct conf *conf, const char *device)
{
	struct disk disk;

	return disk_wait(device, conf->disk_wait_ms, &disk);
}

int domu_perturb(const struct conf *conf)
{
	int table = 0, ret;

	if (conf->table_seed)
		table = perturb_table((unsigned int)conf->table_seed, conf->backend_domid);
	if (table < 0) {
		report_error("the grant table cannot be perturbed: %s", strerror(-table));
		return table;
	}
	ret = conf->age_percent ? selftest_age(conf->age_seed, conf->age_percent) : 0;
	if (ret < 0) {
		report_error("the grant table cannot be aged: %s", strerror(-ret));
		return ret;
	}
	perturb_jitter(conf->jitter);
	return table;
}

void domu_end_perturb(const struct conf *conf, int handle)
{
	if (conf->age_percent)
		selftest_age(0, 0);
	if (conf->table_seed)
		perturb_table_end(handle);
}

/* The timed part, with what the seed asks for in front of it. */
static bool run_timed(const struct conf *conf, const struct disk *disk)
{
	int table = domu_perturb(conf), trace;
	struct perf perf;
	bool ok;

	if (table < 0 || perf_start(&perf, conf->perf) < 0)
		return false;
	trace = trace_maybe_start(conf);
	ok = !strcmp(conf->workload, "selftest") ? selftest_run(conf, disk) :
						    workload_fio(conf, disk, &perf);
	ok = trace_maybe_end(conf, disk->device, trace) && ok;
	domu_end_perturb(conf, table);
	return perf_send(&perf, "domu") && ok;
}

#ifdef __aarch64__
#define SHELL_TTY "/dev/ttyAMA0"	/* Xen's emulated UART */
#else
#define SHELL_TTY "/dev/hvc0"
#endif

/* The device, or what makes one of it, gets its driver now that somebody answers. */
int domu_bind(const struct conf *conf, const char *device, size_t i)
{
	if (!conf->late_probe)
		return 0;
	if (!conf->late_bus[0])
		return disk_bind_late(device, "virtio-mmio");
	return i ? 0 : disk_bind_late(conf->late_bus, "xen-virtio-evtchn");
}

/* The backend's word, on the static event channel. 0, -ETIMEDOUT, -errno. */
static int wait_backend(const struct conf *conf)
{
	int fd = doorbell_open(conf->ready_evtchn);

	return fd < 0 ? fd : doorbell_wait(fd, conf->ready_evtchn, BACKEND_WAIT_MS);
}

void domu_wait_backend(const struct conf *conf, struct domu_counts *start)
{
	int ret;

	*start = (struct domu_counts){ .table = -1 };
	if (!conf->late_probe)
		return;
	ret = wait_backend(conf);
	if (ret < 0) {
		report_error("no word from the backend on event channel %d: %s",
			     conf->ready_evtchn, strerror(-ret));
		domu_finish(false);
	}
	/* what is in use before any device of ours */
	disk_grant_stat(NULL, "grefs_in_use", &start->table);
	disk_grant_stat(NULL, "grefs_granting", &start->granting);
}

static void run(const struct conf *conf)
{
	struct disk disks[CONF_LIST_MAX] = { { .device = "" } };
	struct domu_counts start;
	bool ok = true;
	size_t i;
	int ret;

	domu_wait_backend(conf, &start);
	for (i = 0; i < conf->nr_disks; i++) {
		ret = domu_bind(conf, conf->disk[i], i);
		if (ret < 0)
			report_error("%s: cannot bind virtio-mmio: %s", conf->disk[i], strerror(-ret));
		if (ret == 0)
			ret = disk_wait(conf->disk[i], conf->disk_wait_ms, &disks[i]);
		if (ret < 0) {
			explain_missing(conf->disk[i], ret, conf->disk_wait_ms);
			domu_finish(false);
		}
	}
	report_phase("disk-ready");
	ret = disk_read_first(&disks[0]);
	if (ret < 0) {
		report_error("%s: the first read fails: %s", disks[0].node, strerror(-ret));
		domu_finish(false);
	}
	report_phase("first-request");
	for (i = 0; i < conf->nr_disks; i++)
		probe_report(disks[i].device);
	for (i = 0; i < conf->nr_disks; i++)
		domu_report_proof(disks[i].device, disks[i].features,
				  disk_is_pv(disks[i].device) ? "\"is_block\":true,\"driver\":\"vbd\"" :
				  "\"is_block\":true", start.table);
	for (i = 0; i < conf->nr_disks && conf->verify; i++)
		ok = workload_verify(&disks[i]) && ok;
	if (ok && !strcmp(conf->workload, "isolate")) {
		/* a device whose request hangs cannot be unbound either */
		if (!victim_run(&disks[0], conf->nr_disks > 1 ? &disks[1] : NULL) || conf->keep_bound)
			domu_finish(true);
	} else if (ok && strcmp(conf->workload, "none"))
		ok = run_timed(conf, &disks[0]);
	else if (ok)
		workload_state(&disks[0]);
	for (i = 0; i < conf->nr_disks && conf->unbind; i++) {
		if (disk_is_pv(disks[i].device)) {
			domu_unbind_pv(disks[i].device);
			continue;
		}
		if (conf->nr_disks > 1)
			start.table = -1;
		domu_unbind_and_count(conf, disks[i].device, &start, wait_for_disk);
	}
	domu_finish(ok);
}

int main(void)
{
	struct conf conf;
	char error[256];
	int ret = sys_mount_all(false);

	if (ret == 0)
		ret = conf_load(CONF_PATH, &conf, error, sizeof(error));
	else
		snprintf(error, sizeof(error), "cannot mount: %s", strerror(-ret));
	if (report_init(conf.token, conf.source[0] ? conf.source : "domu") < 0)
		sys_poweroff();
	if (ret < 0) {
		report_error("%s", error);
		domu_finish(false);
	}
	if (conf.net_serve)
		domu_net_serve(&conf);
	report_phase("domu-up");
	if (conf.interactive) {
		struct disk disk;

		if (conf.late_probe && wait_backend(&conf) == 0 &&
		    conf.nr_disks)
			domu_bind(&conf, conf.disk[0], 0);
		if (conf.nr_disks && disk_wait(conf.disk[0], conf.disk_wait_ms, &disk) == 0)
			report_log("grantbench: the disk is %s", disk.node);
		for (;;)
			sys_shell(SHELL_TTY);
	}
	if (conf.nic[0])
		domu_net(&conf);
	run(&conf);
}
