/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole backend: options, devices, Xen handles, the event loop. One of it
 * per process, made by main().
 *
 * Errors at start are printed where they are found (backend_fail()), as an
 * event and for people; the functions return the exit status to use, 0 if well.
 */
#ifndef GB_BACKEND_XEN_BACKEND_H
#define GB_BACKEND_XEN_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include <xentoollog.h>

#include "blk.h"
#include "limit.h"
#include "net.h"
#include "options.h"
#include "xen-dma.h"
#include "xen-ioreq.h"
#include "xen-mark.h"
#include "xen-remote.h"

#define EXIT_LEAK	1	/* the run is over, but maps != unmaps */
#define EXIT_USAGE	2
#define EXIT_XEN	3	/* Xen or the system refused something at start */

struct backend;

struct device {
	struct vdev *vdev;	/* of the one that it is: opt.net says which */
	struct vblk blk;
	struct vstore store;
	struct vnet net;
	struct vtap tap;
	struct xen_dma dma;
	struct device_options opt;
	struct backend *be;
	int evtchn;		/* irq=evtchn: our port, -1: the frontend named none yet */
	uint32_t doorbell_status;
	bool ready;		/* *vdev is initialised */
};

struct backend {
	/* options */
	unsigned int domid;
	unsigned int backend_domid;
	long ready_evtchn;	/* -1: none */
	long marks_domid;	/* who asks Xen for its counters, -1: we do */
	long marks_evtchn;	/* the same over static channels, -1: not so */
	const char *stats_path;
	unsigned int log_limit;
	unsigned int alive_ms;
	bool verbose;
	bool say_span;		/* an event when the span begins, and when it ends */

	struct device devices[DEVICES_MAX];
	unsigned int nr_devices;

	xentoollog_logger *log;
	xengnttab_handle *xgt;
	xenforeignmemory_handle *fmem;
	xendevicemodel_handle *dmod;
	xenevtchn_handle *xce;
	struct xen_ioreq io;
	struct xen_marks marks;
	struct xen_remote remote;
	int ready_fd;
	int signal_fd;

	struct loop_stats loop;
	struct limit limit;
	bool stop;
	bool gone;		/* the frontend's domain */

	/*
	 * For programs built on this one (guests/hostile), NULL here: a device's
	 * strategy is chosen and may be replaced; nothing happened for alive_ms.
	 */
	void (*attach)(struct backend *be, struct device *dev);
	void (*idle)(struct backend *be);
};

/* xen-options.c: fill be, which is zero, from the command line. 0 or the exit status. */
int backend_parse(struct backend *be, int argc, char **argv);

/* xen-backend.c: everything, from opening to closing. The exit status. */
int backend_main(struct backend *be);

/* xen-backend.c: everything up to "ready"; serve until told or the domain is gone. */
int backend_open(struct backend *be);
int backend_run(struct backend *be);

/*
 * Stop, unmap, report (if wanted), and only then give up the handles: closing
 * them makes the kernel unmap for us, which would hide a leak. False: there was one.
 */
bool backend_close(struct backend *be, bool report);

/* xen-report.c: events on standard output, one JSON object per line. */
int backend_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void backend_report_ready(const struct backend *be);
void backend_report_span(const char *moment);
void backend_report_broken(struct backend *be, const struct vdev *vdev);
void backend_report_stats(const struct backend *be, bool final);
/* Whether a message that the frontend caused may be printed. */
bool backend_may_log(struct backend *be);

#endif
