// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/xen.h>
#include <xen/memory.h>

#include "mem.h"
#include "xen-cost.h"
#include "xen-ioreq.h"

static int step(const char **what, const char *name)
{
	*what = name;
	return errno ? -errno : -EIO;
}

int xen_ioreq_open(struct xen_ioreq *io, xendevicemodel_handle *dmod,
		   xenforeignmemory_handle *fmem, xenevtchn_handle *xce, domid_t domid,
		   struct loop_stats *st, const char **what)
{
	unsigned int i;
	void *page = NULL;

	memset(io, 0, sizeof(*io));
	io->dmod = dmod;
	io->fmem = fmem;
	io->xce = xce;
	io->domid = domid;
	io->st = st;
	for (i = 0; i < XEN_IOREQ_VCPUS_MAX; i++)
		io->port[i] = -1;

	charge(st, COST_DM_OP);
	if (xendevicemodel_nr_vcpus(dmod, domid, &io->nr_vcpus))
		return step(what, "ask for the number of vCPUs");
	if (!io->nr_vcpus || io->nr_vcpus > XEN_IOREQ_VCPUS_MAX) {
		errno = ERANGE;
		return step(what, "number of vCPUs");
	}
	charge(st, COST_DM_OP);
	if (xendevicemodel_create_ioreq_server(dmod, domid, HVM_IOREQSRV_BUFIOREQ_OFF, &io->id))
		return step(what, "create an ioreq server");
	io->created = true;

	charge(st, 2, 1);	/* mmap, ioctl MMAP_RESOURCE */
	io->page_handle = xenforeignmemory_map_resource(
		fmem, domid, XENMEM_resource_ioreq_server, io->id,
		XENMEM_resource_ioreq_server_frame_ioreq(0), 1, &page, PROT_READ | PROT_WRITE, 0);
	if (!io->page_handle)
		return step(what, "map the ioreq page");
	io->page = page;
	return 0;
}

int xen_ioreq_add_range(struct xen_ioreq *io, uint64_t start, uint64_t size)
{
	charge(io->st, COST_DM_OP);
	if (xendevicemodel_map_io_range_to_ioreq_server(io->dmod, io->domid, io->id, 1, start,
							start + size - 1))
		return -errno;
	return 0;
}

int xen_ioreq_enable(struct xen_ioreq *io, const char **what)
{
	unsigned int i;

	/* Xen fills in the ports when the server is enabled and its page is there. */
	charge(io->st, COST_DM_OP);
	if (xendevicemodel_set_ioreq_server_state(io->dmod, io->domid, io->id, 1))
		return step(what, "enable the ioreq server");

	for (i = 0; i < io->nr_vcpus; i++) {
		volatile struct ioreq *req = &io->page->vcpu_ioreq[i];

		charge(io->st, 1, 1);
		io->port[i] = xenevtchn_bind_interdomain(io->xce, io->domid, req->vp_eport);
		if (io->port[i] < 0)
			return step(what, "bind a vCPU's event channel");
	}
	return 0;
}

void xen_ioreq_close(struct xen_ioreq *io)
{
	unsigned int i;

	for (i = 0; i < io->nr_vcpus && i < XEN_IOREQ_VCPUS_MAX; i++) {
		if (io->port[i] >= 0)
			xenevtchn_unbind(io->xce, (evtchn_port_t)io->port[i]);
		io->port[i] = -1;
	}
	/* the ranges go with the server */
	if (io->page_handle)
		xenforeignmemory_unmap_resource(io->fmem, io->page_handle);
	io->page_handle = NULL;
	io->page = NULL;
	if (io->created)
		xendevicemodel_destroy_ioreq_server(io->dmod, io->domid, io->id);
	io->created = false;
}

int xen_ioreq_vcpu(const struct xen_ioreq *io, int port)
{
	unsigned int i;

	for (i = 0; i < io->nr_vcpus; i++)
		if (io->port[i] == port)
			return (int)i;
	return -1;
}

bool xen_ioreq_waits(const struct xen_ioreq *io, unsigned int vcpu)
{
	const volatile struct ioreq *req = &io->page->vcpu_ioreq[vcpu];

	return req->state == STATE_IOREQ_READY;
}

bool xen_ioreq_waiting(const struct xen_ioreq *io)
{
	unsigned int i;

	for (i = 0; i < io->nr_vcpus; i++)
		if (xen_ioreq_waits(io, i))
			return true;
	return false;
}

static void answer(struct xen_ioreq *io, unsigned int vcpu, bool write, uint64_t value)
{
	volatile struct ioreq *req = &io->page->vcpu_ioreq[vcpu];

	if (!write)
		req->data = value;
	/* the answer, and what we did to the frontend's memory, before the state */
	mem_mb();
	req->state = STATE_IORESP_READY;
	charge(io->st, COST_NOTIFY);
	xenevtchn_notify(io->xce, (evtchn_port_t)io->port[vcpu]);
}

bool xen_ioreq_take(struct xen_ioreq *io, unsigned int vcpu, struct xen_access *access)
{
	volatile struct ioreq *req = &io->page->vcpu_ioreq[vcpu];

	if (!xen_ioreq_waits(io, vcpu))
		return false;
	/* Xen fills the slot, then sets the state */
	mem_mb();
	access->addr = req->addr;
	access->value = req->data;
	access->size = req->size;
	access->write = req->dir == IOREQ_WRITE;
	io->st->ioreqs++;

	if (req->type == IOREQ_TYPE_COPY && !req->data_is_ptr && req->count == 1) {
		req->state = STATE_IOREQ_INPROCESS;
		return true;
	}
	if (req->type != IOREQ_TYPE_INVALIDATE)
		io->st->ioreqs_bad++;
	req->state = STATE_IOREQ_INPROCESS;
	answer(io, vcpu, access->write, UINT64_MAX);
	return false;
}

void xen_ioreq_complete(struct xen_ioreq *io, unsigned int vcpu, const struct xen_access *access)
{
	answer(io, vcpu, access->write, access->value);
}

bool xen_ioreq_alive(struct xen_ioreq *io)
{
	charge(io->st, COST_DM_OP);
	io->st->alive_checks++;
	return xendevicemodel_get_ioreq_server_info(io->dmod, io->domid, io->id, NULL, NULL,
						    NULL) == 0;
}
