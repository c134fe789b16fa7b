/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts that a cell's machine is configured with: kernel arguments, the
 * agents' cell.conf, xl's configuration, the backend's device argument. Pure
 * functions of the scenario, the cell and what the harness chose.
 */
#ifndef GRANTBENCH_WORKLOAD_TEXTS_H
#define GRANTBENCH_WORKLOAD_TEXTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "scenario/scenario.h"
#include "vm/reports.h"
#include "workload/sample.h"

/*
 * Static event channels between dom0 and dom0less domUs, both sides' local ports: the frontend
 * has one, "backend ready". A driver domain has DRIVER_EVTCHNS, which stand before that: its
 * rights are given, and its backend is ready; then one for each moment of a span.
 */
#define READY_EVTCHN_DOM0 10
#define READY_EVTCHN_DOMU 11
#define DRIVER_EVTCHN_DOMU 11
#define DRIVER_EVTCHNS 4

#define DOMU_NAME "frontend"
#define DRIVER_NAME "driver"
#define SECOND_NAME "second"
#define PEER_NAME "peer"

/* xl gives domain ids in the order of creation. */
#define DRIVER_DOMID 1

struct machine {
	const struct scenario *scenario;
	const struct cell *cell;
	const char *token[REPORT_SOURCES];	/* of each domain that reports */
	unsigned int frontend_domid;	/* in the order of creation, or of the tree's nodes */
	unsigned int backend_domid;
	unsigned int second_domid;	/* of the second frontend or driver domain, if there is one */
	uint64_t mmio_base;		/* of the device under test */
	unsigned int spi;		/* its interrupt, as INTID */
	uint64_t mmio_second;		/* the same of the second driver domain's */
	unsigned int spi_second;
	bool icount;			/* the exact clock: pin everything that could vary */
	unsigned int cpus;		/* of the machine: 1, or one per virtual CPU (noisy engine) */
	bool x86;			/* else arm64 */
	bool evtchn;			/* the device interrupts by event channel, not by SPI */
	bool kvm;
	bool interactive;
	bool count;			/* Xen's count build: collect its counters */
	struct sample sample;
	struct perturbation perturb;
	const char *extra_domu_args;	/* appended to the domU's kernel arguments, or NULL */
};

/* dom0 creates the domUs, by xl; otherwise Xen starts them. */
bool machine_is_xl(const struct machine *m);
/* The backend is in a domU of its own. */
bool machine_has_driver(const struct machine *m);
/* The backend turns against the frontend. */
bool machine_is_attacked(const struct machine *m);
/* A second frontend turns against its backend; the first one works. */
bool machine_has_hostile_front(const struct machine *m);
/* What the domU does: the scenario's kind, but under such an attack. */
const char *machine_workload(const struct machine *m);
/* How many operations of that. */
unsigned long machine_ios(const struct machine *m);
/* perf runs in the guests: never in a sample of Xen's count build. */
bool machine_has_perf(const struct machine *m);
/* "silo", "dummy" or "flask". */
const char *machine_xsm(const struct machine *m);
bool machine_uses_grants(const struct machine *m);
/* binding = none-forced: the device comes from the command line, not from a tree. */
bool machine_is_treeless(const struct machine *m);
/* disturb = crash or destroy: the domU does not come to its end. */
bool machine_is_disturbed(const struct machine *m);
/* disturb = backend: another one takes its place. */
bool machine_is_restarted(const struct machine *m);
bool machine_has_pvh_dom0(const struct machine *m);

/* The device is one of Xen's own: no tree, no backend of ours. */
bool machine_is_pv(const struct machine *m);
bool machine_is_pv_net(const struct machine *m);

/* Each appends to out. */
void text_xen_args(const struct machine *m, struct buf *out);
void text_dom0_args(const struct machine *m, struct buf *out);
void text_domu_args(const struct machine *m, struct buf *out);
void text_dom0_conf(const struct machine *m, struct buf *out);
/* For the frontend, or the second one: REPORT_DOMU, REPORT_DOMU2. */
void text_domu_conf(const struct machine *m, enum report_source who, struct buf *out);
void text_xl_config(const struct machine *m, struct buf *out);
void text_driver_args(const struct machine *m, struct buf *out);
void text_driver_conf(const struct machine *m, struct buf *out);
void text_driver_config(const struct machine *m, struct buf *out);
/* texts-second.c: of the second frontend or driver domain; nothing if there is none. */
void text_second_conf(const struct machine *m, struct buf *out);
void text_second_config(const struct machine *m, struct buf *out);
/* What dom0 and the driver domain are told of it. */
void text_second_dom0_conf(const struct machine *m, struct buf *out);
void text_second_driver_conf(const struct machine *m, struct buf *out);
/*
 * Shared by both: the keys that all have, a domain's xl configuration, its label. pv: on x86 the
 * domain is paravirtualised, as a driver domain must be.
 */
void text_common_conf(const struct machine *m, enum report_source who, struct buf *out);
void text_xl_common(const struct machine *m, const char *name, const char *kernel,
		    const char *ramdisk, unsigned long mem_mib, bool pv, struct buf *out);
void text_label(const struct machine *m, const char *type, struct buf *out);
/* xl's configuration of a frontend, be it the first, a second one or the peer. */
void text_frontend_config(const struct machine *m, const char *name, const char *ramdisk,
			  struct buf *out);
/* FLASK's type of the frontends. */
const char *text_frontend_type(const struct machine *m);
/* The second domU, where machine_has_peer(). */
void text_peer_domu_conf(const struct machine *m, struct buf *out);
void text_peer_domu_config(const struct machine *m, struct buf *out);
void text_backend_device(const struct machine *m, bool peer, struct buf *out);

/* Name of the device's node's platform device in the guest: "2000000.virtio". */
void text_device_name(const struct machine *m, struct buf *out);

#endif
