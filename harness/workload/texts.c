// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/texts.h"

#include <inttypes.h>
#include <string.h>

#include "workload/texts-net.h"

/* virtual time, which an idle machine skips: longer than any deferred_probe_timeout of the axis */
#define DISK_WAIT_MS 40000

/* Operations of a frontend beside a hostile one. */
#define FRONT_IOS 1500

/* FLASK: what stands before a domain's type. */
#define LABEL "system_u:system_r:"

bool machine_is_xl(const struct machine *m)
{
	return !cell_is_dom0less(m->cell);
}

bool machine_has_driver(const struct machine *m)
{
	return cell_has_driver(m->cell);
}

bool machine_has_hostile_front(const struct machine *m)
{
	return cell_is(m->cell, AXIS_ATTACK, "front");
}

bool machine_is_attacked(const struct machine *m)
{
	return !cell_is(m->cell, AXIS_ATTACK, "none") && !machine_has_hostile_front(m);
}

const char *machine_workload(const struct machine *m)
{
	return machine_has_hostile_front(m) ? "fio" : m->scenario->setting[SET_WORKLOAD];
}

unsigned long machine_ios(const struct machine *m)
{
	/* as long as the attack takes, and a count that is the same with any scenario */
	return machine_has_hostile_front(m) ? FRONT_IOS : scenario_uint(m->scenario, SET_NUMBER_IOS);
}

bool machine_has_perf(const struct machine *m)
{
	return !m->count && strcmp(m->scenario->setting[SET_PERF], "none");
}

const char *machine_xsm(const struct machine *m)
{
	if (!cell_is(m->cell, AXIS_XSM, "native"))
		return m->cell->value[AXIS_XSM];
	return machine_has_driver(m) ? "flask" : "silo";
}

bool machine_uses_grants(const struct machine *m)
{
	return !cell_is(m->cell, AXIS_BINDING, "none");
}

bool machine_is_treeless(const struct machine *m)
{
	return cell_is(m->cell, AXIS_BINDING, "none-forced");
}

bool machine_is_pv(const struct machine *m)
{
	return cell_is(m->cell, AXIS_DEVICE, "blkfront") || machine_is_pv_net(m);
}

bool machine_is_pv_net(const struct machine *m)
{
	return cell_is(m->cell, AXIS_DEVICE, "netfront");
}

bool machine_has_pvh_dom0(const struct machine *m)
{
	return m->x86 && cell_is(m->cell, AXIS_DOM0, "pvh");
}

bool machine_is_disturbed(const struct machine *m)
{
	return !cell_is(m->cell, AXIS_DISTURB, "none") && !machine_is_restarted(m);
}

bool machine_is_restarted(const struct machine *m)
{
	return cell_is(m->cell, AXIS_DISTURB, "backend");
}

/* What both architectures' Xen is told. */
static void common_xen_args(const struct machine *m, struct buf *out)
{
	/*
	 * serial_tx_buffer: Xen's asynchronous console drops what does not fit,
	 * and the guests' reports go through it. bootscrub=0: nothing to scrub
	 * in an emulated machine's fresh memory.
	 */
	buf_addf(out, " dom0_mem=%luM", scenario_uint(m->scenario, SET_DOM0_MEM_MIB));
	/* or a PV dom0 gets a memory map, and struct pages, of all the machine has */
	if (m->x86)
		buf_addf(out, ",max:%luM", scenario_uint(m->scenario, SET_DOM0_MEM_MIB));
	buf_addstr(out, " dom0_max_vcpus=1 dom0_vcpus_pin=1 serial_tx_buffer=512k bootscrub=0 "
		   "noreboot=0");
	/* one virtual CPU on each physical one, for good: nothing is scheduled between them */
	if (m->cpus > 1)
		buf_addstr(out, " sched=null");
	if (!machine_is_xl(m))
		buf_addf(out, " gnttab_max_frames=%lu", scenario_uint(m->scenario, SET_GRANT_FRAMES));
	/* silo is what Xen is built with */
	if (machine_is_attacked(m) || machine_has_hostile_front(m))
		/* what debug keys print is read back from Xen's ring */
		buf_addstr(out, " conring_size=1m");
	if (strcmp(machine_xsm(m), "silo"))
		buf_addf(out, " xsm=%s", machine_xsm(m));
	if (!strcmp(machine_xsm(m), "flask"))
		buf_addstr(out, " flask=enforcing");
}

void text_xen_args(const struct machine *m, struct buf *out)
{
	if (m->x86)
		/*
		 * spec-ctrl=no: there is nothing to speculate in an emulated CPU, and the
		 * mitigations are instructions. no-real-mode: QEMU's loader has asked the BIOS.
		 */
		buf_addstr(out, "console=com1 com1=115200,8n1 spec-ctrl=no no-real-mode "
			   "cpufreq=none cpuidle=0");
	else
		buf_addstr(out, "console=dtuart dtuart=/pl011@9000000");
	if (machine_has_pvh_dom0(m))
		buf_addstr(out, " dom0=pvh");
	/*
	 * All clocks of the machine come from one: looking at them for longer makes nothing
	 * more exact, and each look is thousands of the host's instructions.
	 */
	if (m->x86 && m->icount)
		buf_addstr(out, " timer-check=no timer-calibration=5");
	common_xen_args(m, out);
}

static void common_args(const struct machine *m, struct buf *out)
{
	/* printk.devkmsg: the agents report through /dev/kmsg, unthrottled */
	buf_addstr(out, "printk.devkmsg=on panic=-1 oops=panic");
	if (m->icount)
		buf_addstr(out, m->x86 ? " norandmaps" : " nokaslr norandmaps");
	if (m->x86)
		buf_addstr(out, " mitigations=off");
}

void text_dom0_args(const struct machine *m, struct buf *out)
{
	buf_addstr(out, "console=hvc0 ");
	common_args(m, out);
	if (machine_is_pv_net(m))
		buf_addf(out, " xen_netback.max_queues=%lu", scenario_uint(m->scenario, SET_QUEUES));
	else if (machine_is_pv(m))
		buf_addf(out, " brd.rd_nr=1 brd.rd_size=%lu xen_blkback.feature_persistent=%d"
			 " xen_blkback.max_queues=%lu", scenario_uint(m->scenario, SET_DISK_MIB) << 10,
			 cell_is(m->cell, AXIS_MAPPING, "persistent"),
			 scenario_uint(m->scenario, SET_QUEUES));
	/* a clock that dom0 looks at by port I/O, which Xen emulates, and then refuses */
	if (m->x86)
		buf_addstr(out, " pmtmr=0");
}

void text_domu_args(const struct machine *m, struct buf *out)
{
	buf_addstr(out, m->x86 ? "console=hvc0 " : "console=ttyAMA0 ");
	common_args(m, out);
	/* initcall_debug: the driver core logs every probe, which the agent reads back */
	buf_addstr(out, " xen_grant_dma.stats=1 initcall_debug");
	if (cell_is(m->cell, AXIS_BINDING, "iommus-nostub"))
		buf_addstr(out, " initcall_blacklist=grant_dma_iommu_init");
	if (machine_uses_grants(m))
		buf_addf(out, " xen_grant_dma.allocator=%s", m->cell->value[AXIS_ALLOCATOR]);
	if (scenario_uint(m->scenario, SET_RESERVE_GREFS))
		buf_addf(out, " xen_grant_dma.%s=%lu", cell_is(m->cell, AXIS_ALLOCATOR, "iommu") ?
			 "iommu_grefs" : cell_is(m->cell, AXIS_ALLOCATOR, "pool") ? "pool_grants" :
			 "reserve", scenario_uint(m->scenario, SET_RESERVE_GREFS));
	if (!cell_is(m->cell, AXIS_PROBE_TIMEOUT, "default"))
		buf_addf(out, " deferred_probe_timeout=%s", m->cell->value[AXIS_PROBE_TIMEOUT]);
	if (m->x86)
		buf_addf(out, " grant_table.version=%s", m->cell->value[AXIS_GNTTAB] + 1);
	if (machine_is_pv_net(m))
		buf_addf(out, " xen_netfront.max_queues=%lu", scenario_uint(m->scenario, SET_QUEUES));
	else if (machine_is_pv(m))
		buf_addf(out, " xen_blkfront.feature_persistent=%d",
			 cell_is(m->cell, AXIS_MAPPING, "persistent"));
	if (machine_is_treeless(m))
		buf_addf(out, " xen_grant_dma.force=1 xen_virtio_evtchn.device=0x200@0x%" PRIx64,
			 m->mmio_base);
	if (m->extra_domu_args)
		buf_addf(out, " %s", m->extra_domu_args);
}

void text_device_name(const struct machine *m, struct buf *out)
{
	if (machine_is_pv(m)) {
		/* xvda: 202 << 8 */
		buf_addstr(out, machine_is_pv_net(m) ? "vif-0" : "vbd-51712");
		return;
	}
	if (machine_is_treeless(m))
		buf_addstr(out, "virtio-mmio.0");
	else
		buf_addf(out, "%" PRIx64 ".virtio", m->mmio_base);
}

void text_backend_device(const struct machine *m, bool peer, struct buf *out)
{
	const struct scenario *s = m->scenario;

	buf_addf(out, "mmio=0x%" PRIx64, m->mmio_base);
	if (m->evtchn)
		buf_addstr(out, ",irq=evtchn");
	else
		buf_addf(out, ",irq=%u", m->spi);
	buf_addf(out, ",mapping=%s,grants=%d", m->cell->value[AXIS_MAPPING], machine_uses_grants(m));
	if (!cell_is(m->cell, AXIS_INDIRECT, "auto"))
		buf_addf(out, ",indirect=%d", cell_is(m->cell, AXIS_INDIRECT, "yes"));
	if (cell_is(m->cell, AXIS_MAPPING, "adaptive"))
		buf_addf(out, ",copy-max=%llu", scenario_parse_size(s->setting[SET_COPY_MAX]));
	if (cell_is_net(m->cell)) {
		text_net_device(m, peer, out);
		return;
	}
	buf_addf(out, ",type=%s,store=%s,size=%luM,queues=%lu,queue-size=%lu,readonly=%d",
		 m->cell->value[AXIS_DEVICE], s->setting[SET_STORE], scenario_uint(s, SET_DISK_MIB),
		 scenario_uint(s, SET_QUEUES), scenario_uint(s, SET_QUEUE_SIZE),
		 scenario_bool(s, SET_READONLY));
	if (!strcmp(s->setting[SET_STORE], "file"))
		buf_addstr(out, ",path=/tmp/disk.img");
	/* a write that leaves a part of the buffer alone: the pool must not make it something else */
	if (cell_is(m->cell, AXIS_MAPPING, "persistent"))
		buf_addstr(out, ",short-id=1");
	/* how much data the timed part moves: by that the backend knows its end */
	if (!strcmp(machine_workload(m), "fio"))
		buf_addf(out, ",span=%llu", machine_ios(m) *
			 scenario_parse_size(m->cell->value[AXIS_BS]));
}

void text_common_conf(const struct machine *m, enum report_source who, struct buf *out)
{
	buf_addf(out, "token=%s\ntopology=%s\ninteractive=%d\nbackend_domid=%u\n", m->token[who],
		 m->cell->value[AXIS_TOPOLOGY], m->interactive,
		 who == REPORT_BACKEND2 ? m->second_domid : m->backend_domid);
	if (who == REPORT_DOMU2 || who == REPORT_BACKEND2)
		buf_addf(out, "source=%s\n", report_source_name(who));
}

static void device_conf(const struct machine *m, struct buf *out)
{
	buf_addstr(out, "device=");
	text_backend_device(m, false, out);
	buf_addstr(out, "\n");
}

/* Whoever has a part in the timed one. Xen's count build is there for counts alone. */
static void perf_conf(const struct machine *m, struct buf *out)
{
	if (machine_has_perf(m))
		buf_addf(out, "perf=%s\n", m->scenario->setting[SET_PERF]);
}

/* The driver domain, to be created, or there when dom0 starts; and what gives it its rights. */
static void driver_dom0_conf(const struct machine *m, struct buf *out)
{
	bool flask = !strcmp(machine_xsm(m), "flask");

	if (machine_is_xl(m))
		buf_addf(out, "driver_config=/grantbench/driver.cfg\ndriver_name=" DRIVER_NAME "\n"
			 "frontend_domid=%u\n", m->frontend_domid);
	else
		buf_addf(out, "driver_evtchn=%d\n", READY_EVTCHN_DOM0);
	if (!machine_is_xl(m) && flask)
		buf_addf(out, "driver_label=" LABEL "driver_t\nfrontend_label=" LABEL "%s\n",
			 text_frontend_type(m));
	buf_addf(out, "set_target=%d\n", !strcmp(machine_xsm(m), "dummy"));
}

void text_dom0_conf(const struct machine *m, struct buf *out)
{
	text_common_conf(m, REPORT_DOM0, out);
	if (!machine_has_driver(m))
		perf_conf(m, out);
	if (machine_is_xl(m))
		buf_addstr(out, "xl_config=/grantbench/domu.cfg\ndomu_name=" DOMU_NAME "\n");
	if (machine_has_driver(m))
		driver_dom0_conf(m, out);
	text_second_dom0_conf(m, out);
	if (!machine_is_xl(m))
		buf_addf(out, "frontend_domid=%u\nready_evtchn=%d\n", m->frontend_domid,
			 READY_EVTCHN_DOM0 + (machine_has_driver(m) ? DRIVER_EVTCHNS : 0));
	if (machine_is_disturbed(m) || machine_is_restarted(m))
		buf_addf(out, "disturb=%s\n", m->cell->value[AXIS_DISTURB]);
	if (m->x86 && scenario_bool(m->scenario, SET_HOST_VIRTIO))
		buf_addstr(out, "host_virtio=1\n");
	if (m->x86)
		buf_addf(out, "dom0_kind=%s\n", machine_has_pvh_dom0(m) ? "PVH" : "PV");
	buf_addf(out, "xenperf=%d\n", m->count);
	if (machine_is_attacked(m) || machine_has_hostile_front(m))
		buf_addf(out, "attack=%s\nassault=%lu\ngrants=%d\n", m->cell->value[AXIS_ATTACK],
			 scenario_uint(m->scenario, SET_NUMBER_IOS), machine_uses_grants(m));
	if (cell_is_net(m->cell) && !machine_has_driver(m))
		text_net_stack_conf(m, out);
	if (machine_has_peer(m)) {
		buf_addstr(out, "peer_config=/grantbench/peer.cfg\npeer_name=" PEER_NAME "\npeer_device=");
		text_backend_device(m, true, out);
		buf_addstr(out, "\n");
	}
	if (machine_is_pv(m))
		buf_addf(out, "pv=%s\npv_requests=%lu\n", m->cell->value[AXIS_DEVICE],
			 scenario_uint(m->scenario, SET_NUMBER_IOS));
	else if (!machine_has_driver(m))
		device_conf(m, out);
}

void text_driver_args(const struct machine *m, struct buf *out)
{
	buf_addstr(out, m->x86 ? "console=hvc0 " : "console=ttyAMA0 ");
	common_args(m, out);
	/* without it only dom0's backends may use /dev/xen/privcmd; Xen decides all the same */
	buf_addstr(out, " xen_privcmd.unrestricted=1");
}

void text_driver_conf(const struct machine *m, struct buf *out)
{
	text_common_conf(m, REPORT_BACKEND, out);
	perf_conf(m, out);
	buf_addf(out, "frontend_domid=%u\nask_marks=1\n", m->frontend_domid);
	if (!machine_is_xl(m))
		buf_addf(out, "driver_evtchn=%d\n", DRIVER_EVTCHN_DOMU);
	if (machine_is_attacked(m))
		buf_addf(out, "attack=%s\n", m->cell->value[AXIS_ATTACK]);
	if (cell_is_net(m->cell))
		text_net_stack_conf(m, out);
	device_conf(m, out);
	text_second_driver_conf(m, out);
}

const char *text_frontend_type(const struct machine *m)
{
	/*
	 * Whose memory the driver domain may map as it likes: binding none, the control; and on
	 * x86 there is no other way to the ioreq page (docs/DRIVER-DOMAIN.md).
	 */
	if (!machine_uses_grants(m) || m->x86)
		return "frontend_open_t";
	return cell_second(m->cell) == SECOND_DRIVER ? "frontend_both_t" : "frontend_t";
}

/* FLASK: what the policy calls the domain, guests/xen/policy. */
void text_label(const struct machine *m, const char *type, struct buf *out)
{
	if (machine_has_driver(m) && !strcmp(machine_xsm(m), "flask"))
		buf_addf(out, "seclabel = \"" LABEL "%s\"\n", type);
}

void text_domu_conf(const struct machine *m, enum report_source who, struct buf *out)
{
	const struct scenario *s = m->scenario;

	text_common_conf(m, who, out);
	if (who == REPORT_DOMU)
		perf_conf(m, out);
	if (!machine_is_xl(m))
		buf_addf(out, "late_probe=1\nready_evtchn=%d\n", READY_EVTCHN_DOMU);
	if (!machine_is_xl(m) && m->evtchn)
		buf_addstr(out, "late_bus=passthrough:virtio-bus\n");
	/* only a device that is still in order can be unbound */
	if (machine_is_attacked(m) && !cell_is(m->cell, AXIS_ATTACK, "grants") &&
	    !cell_is(m->cell, AXIS_ATTACK, "cross"))
		buf_addstr(out, "keep_bound=1\n");
	if (cell_is_net(m->cell)) {
		text_net_domu_conf(m, out);
	} else {
		buf_addstr(out, "disk=");
		text_device_name(m, out);
		buf_addstr(out, "\n");
		if (cell_second(m->cell) == SECOND_DRIVER)
			buf_addf(out, "disk=%" PRIx64 ".virtio\n", m->mmio_second);
	}
	buf_addf(out, "grants=%d\nworkload=%s\n", machine_uses_grants(m), machine_workload(m));
	if (!strcmp(machine_workload(m), "selftest"))
		buf_addf(out, "in_flight=%s\nrounds=%lu\n", m->cell->value[AXIS_IODEPTH],
			 scenario_uint(s, SET_NUMBER_IOS));
	if (scenario_bool(s, SET_TRACE))
		buf_addf(out, "trace=1\nscenario=%.63s\n", s->name);
	if (scenario_uint(s, SET_AGE_PERCENT))
		buf_addf(out, "age_seed=%lu\nage_percent=%lu\n", scenario_uint(s, SET_AGE_SEED),
			 scenario_uint(s, SET_AGE_PERCENT));
	if (!strcmp(machine_workload(m), "fio"))
		buf_addstr(out, "fio_job=/grantbench/job.fio\n");
	if (m->perturb.table_seed)
		buf_addf(out, "jitter=%u\ntable_seed=%u\n", m->perturb.jitter, m->perturb.table_seed);
	buf_addf(out, "disk_wait_ms=%d\nverify=%d\nunbind=%d\n", DISK_WAIT_MS,
		 (scenario_bool(s, SET_VERIFY) || machine_has_hostile_front(m)) &&
		 !scenario_bool(s, SET_READONLY),
		 scenario_bool(s, SET_UNBIND));
}

void text_xl_common(const struct machine *m, const char *name, const char *kernel,
		    const char *ramdisk, unsigned long mem_mib, bool pv, struct buf *out)
{
	buf_addf(out, "name = \"%s\"\nkernel = \"/grantbench/%s\"\n", name, kernel);
	if (ramdisk)
		buf_addf(out, "ramdisk = \"/grantbench/%s\"\n", ramdisk);
	buf_addf(out, "memory = %lu\nvcpus = 1\n%s%s"
		 "on_poweroff = \"preserve\"\non_reboot = \"preserve\"\non_crash = \"preserve\"\n",
		 mem_mib, m->cpus == 1 ? "cpus = \"0\"\n" : "",
		 /*
		  * tsc_mode: QEMU does not call its TSC invariant, so Xen would take an exit for
		  * each rdtsc; it is invariant, all of the machine's clocks are one
		  */
		 m->x86 && pv ? "type = \"pv\"\ntsc_mode = \"native\"\n" :
		 m->x86 ? "type = \"pvh\"\ntsc_mode = \"native\"\n" :
		 /* with the SBSA UART libxl 4.17 gives the domain 32 SPIs, ours among them */
		 "vuart = \"sbsa_uart\"\n");
}

void text_peer_domu_conf(const struct machine *m, struct buf *out)
{
	text_common_conf(m, REPORT_PEER, out);
	text_peer_conf(m, out);
	buf_addf(out, "disk_wait_ms=%d\n", DISK_WAIT_MS);
}

void text_frontend_config(const struct machine *m, const char *name, const char *ramdisk,
			  struct buf *out)
{
	text_xl_common(m, name, "Image", ramdisk, scenario_uint(m->scenario, SET_DOMU_MEM_MIB), false, out);
	if (machine_is_pv_net(m))
		text_net_vif(m, out);
	else if (machine_is_pv(m))
		buf_addf(out, "disk = [ \"format=raw, vdev=xvda, access=%s, target=/dev/ram0\" ]\n",
			 scenario_bool(m->scenario, SET_READONLY) ? "ro" : "rw");
	else if (!m->x86)
		buf_addstr(out, "device_tree = \"/grantbench/guest.dtb\"\n");
	text_label(m, text_frontend_type(m), out);
	buf_addf(out, "max_grant_frames = %lu\n", scenario_uint(m->scenario, SET_GRANT_FRAMES));
	buf_addstr(out, "extra = \"");
	text_domu_args(m, out);
	buf_addstr(out, "\"\n");
}

void text_xl_config(const struct machine *m, struct buf *out)
{
	text_frontend_config(m, DOMU_NAME, "domu.cpio", out);
}

void text_peer_domu_config(const struct machine *m, struct buf *out)
{
	text_frontend_config(m, PEER_NAME, "peer.cpio", out);
}

void text_driver_config(const struct machine *m, struct buf *out)
{
	text_xl_common(m, DRIVER_NAME, "Image", "driver.cpio",
		       scenario_uint(m->scenario, SET_DRIVER_MEM_MIB), true, out);
	text_label(m, "driver_t", out);
	buf_addstr(out, "extra = \"");
	text_driver_args(m, out);
	buf_addstr(out, "\"\n");
}
