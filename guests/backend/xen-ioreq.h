/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ioreq server: how Xen forwards a domain's accesses to emulated registers.
 *
 * Xen pauses the virtual CPU that made the access, writes a struct ioreq into
 * that CPU's slot of a page it shares with us and sends an event; we answer in
 * the slot, send the event back, and the CPU runs on. Bufioreq is off: Arm has
 * none. Works the same for a domain that xl made and for one that Xen made at
 * boot (dom0less).
 *
 * Functions return 0 or -errno and log nothing.
 */
#ifndef GB_BACKEND_XEN_IOREQ_H
#define GB_BACKEND_XEN_IOREQ_H

#include <stdbool.h>
#include <stdint.h>

#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xen/hvm/ioreq.h>

#include "stats.h"

#define XEN_IOREQ_VCPUS_MAX	128	/* slots in one page */

struct xen_ioreq {
	xendevicemodel_handle *dmod;
	xenforeignmemory_handle *fmem;
	xenevtchn_handle *xce;
	domid_t domid;
	ioservid_t id;
	bool created;
	xenforeignmemory_resource_handle *page_handle;
	shared_iopage_t *page;
	unsigned int nr_vcpus;
	int port[XEN_IOREQ_VCPUS_MAX];	/* ours; -1: not bound */
	struct loop_stats *st;
};

/* One access of the frontend. */
struct xen_access {
	uint64_t addr;
	uint64_t value;		/* written, or the answer */
	uint32_t size;
	bool write;
};

/*
 * Create the server for the domain's present CPUs. Not enabled yet. On failure
 * *what names the step, and xen_ioreq_close() is still to be called.
 */
int xen_ioreq_open(struct xen_ioreq *io, xendevicemodel_handle *dmod,
		   xenforeignmemory_handle *fmem, xenevtchn_handle *xce, domid_t domid,
		   struct loop_stats *st, const char **what);
int xen_ioreq_add_range(struct xen_ioreq *io, uint64_t start, uint64_t size);

/* Enable it and bind its event channels. From now on accesses arrive. */
int xen_ioreq_enable(struct xen_ioreq *io, const char **what);

/* Undo everything; the domain may be gone already. */
void xen_ioreq_close(struct xen_ioreq *io);

/* The CPU whose event this port is, or -1. */
int xen_ioreq_vcpu(const struct xen_ioreq *io, int port);

/* Whether the CPU, or any of them, waits for an answer. A look at memory, no system call. */
bool xen_ioreq_waits(const struct xen_ioreq *io, unsigned int vcpu);
bool xen_ioreq_waiting(const struct xen_ioreq *io);

/*
 * Take the CPU's access, if there is one. The slot is then in process until
 * xen_ioreq_complete(). What is no register access (other types, repeated or
 * indirect data) is answered here, with all ones for reads.
 */
bool xen_ioreq_take(struct xen_ioreq *io, unsigned int vcpu, struct xen_access *access);
void xen_ioreq_complete(struct xen_ioreq *io, unsigned int vcpu, const struct xen_access *access);

/*
 * Whether the domain still lives. Xen removes its ioreq servers first when it
 * destroys a domain; the domain itself lingers while we have its pages mapped,
 * so that asking for the domain would not do.
 */
bool xen_ioreq_alive(struct xen_ioreq *io);

#endif
