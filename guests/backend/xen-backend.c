// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "xen-backend.h"
#include "xen-cost.h"
#include "xen-static.h"

static void device_broken(struct vdev *vdev)
{
	struct device *dev = vdev->owner;

	backend_report_broken(dev->be, vdev);
}

/*
 * Xen's vGIC takes a rising edge from a 1 and ignores a 0 for interrupts that
 * the guest configured as edge-triggered, which is what libxl's virtio nodes
 * say: so each notification is a 1, and 0 is sent for level-triggered ones only.
 */
static void device_irq(struct vdev *vdev, struct vq_stats *st, bool level)
{
	struct device *dev = vdev->owner;
	struct backend *be = dev->be;

	if (be->gone || (!level && !dev->opt.irq_level))
		return;
	if (dev->opt.irq_evtchn) {
		if (dev->evtchn < 0)
			return;
		charge(st, COST_NOTIFY);
		xenevtchn_notify(be->xce, (evtchn_port_t)dev->evtchn);
		return;
	}
	charge(st, COST_DM_OP);
	if (xendevicemodel_set_irq_level(be->dmod, (domid_t)be->domid, dev->opt.irq, level) &&
	    backend_may_log(be))
		fprintf(stderr, "gb-backend: device %u: interrupt %u: %s\n", vdev->index,
			dev->opt.irq, strerror(errno));
}

/* A virtual CPU of the frontend is paused in an access: requests can wait. */
static bool should_yield(const struct vdev *vdev)
{
	const struct device *dev = vdev->owner;

	return xen_ioreq_waiting(&dev->be->io);
}

static void snapshot(struct vdev *vdev, enum vdev_snapshot which)
{
	struct device *dev = vdev->owner;

	if (dev->be->remote.xce)
		xen_remote_take(&dev->be->remote, which);
	else
		xen_marks_take(&dev->be->marks, which);
	if (dev->be->say_span && which == VDEV_SNAPSHOT_FIRST)
		backend_report_span("first");
	if (dev->be->say_span && which == VDEV_SNAPSHOT_LAST)
		backend_report_span("last");
}

static void write_snapshots(const struct vdev *vdev, struct jw *jw)
{
	const struct device *dev = vdev->owner;

	xen_marks_write(&dev->be->marks, jw);
}

static struct device *find_device(struct backend *be, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < be->nr_devices; i++)
		if (addr >= be->devices[i].opt.mmio &&
		    addr - be->devices[i].opt.mmio < device_options_span(&be->devices[i].opt))
			return &be->devices[i];
	return NULL;
}

static void doorbell_unbind(struct device *dev)
{
	if (dev->opt.irq_evtchn && dev->evtchn >= 0)
		xenevtchn_unbind(dev->be->xce, (evtchn_port_t)dev->evtchn);
	dev->evtchn = -1;
}

/* The frontend names its port; the last one counts. Its choice: nothing it writes may hurt. */
static void doorbell_write(struct device *dev, const struct xen_access *access, unsigned int offset)
{
	struct backend *be = dev->be;

	if (offset != DOORBELL_PORT || access->size != 4) {
		be->loop.ioreqs_bad++;
		return;
	}
	doorbell_unbind(dev);
	charge(&be->loop, COST_BIND);
	dev->evtchn = xenevtchn_bind_interdomain(be->xce, be->domid, (uint32_t)access->value);
	dev->doorbell_status = dev->evtchn < 0 ? (uint32_t)errno : 0;
	if (dev->evtchn < 0 && backend_may_log(be))
		fprintf(stderr, "gb-backend: device %u: event channel %u: %s\n",
			dev->vdev->index, (uint32_t)access->value, strerror(errno));
}

static uint64_t doorbell_read(const struct device *dev, const struct xen_access *access,
			      unsigned int offset)
{
	if (offset == DOORBELL_STATUS && access->size == 4)
		return dev->doorbell_status;
	dev->be->loop.ioreqs_bad++;
	return 0;
}

static void device_access(struct device *dev, struct xen_access *access)
{
	unsigned int offset = (unsigned int)(access->addr - dev->opt.mmio);

	if (offset >= VMMIO_SIZE && access->write)
		doorbell_write(dev, access, offset);
	else if (offset >= VMMIO_SIZE)
		access->value = doorbell_read(dev, access, offset);
	else if (access->write)
		vdev_write(dev->vdev, offset, access->size, access->value);
	else
		access->value = vdev_read(dev->vdev, offset, access->size);
}

/*
 * One access. Answered before a kicked queue is served (backend_run() does that),
 * so that the frontend's CPU goes on while we work; but after a reset or a
 * disabled queue has been unmapped.
 */
static void handle_vcpu(struct backend *be, unsigned int vcpu)
{
	struct xen_access access;
	struct device *dev;

	if (!xen_ioreq_take(&be->io, vcpu, &access)) {
		be->loop.spurious++;
		return;
	}
	dev = find_device(be, access.addr);
	if (!dev) {
		be->loop.ioreqs_bad++;
		access.value = UINT64_MAX;
	} else {
		device_access(dev, &access);
	}
	xen_ioreq_complete(&be->io, vcpu, &access);
}

static void handle_event(struct backend *be)
{
	int port, vcpu;

	charge(&be->loop, COST_PENDING);
	port = xenevtchn_pending(be->xce);
	if (port < 0)
		return;
	charge(&be->loop, COST_UNMASK);
	xenevtchn_unmask(be->xce, (evtchn_port_t)port);
	vcpu = xen_ioreq_vcpu(&be->io, port);
	if (vcpu >= 0)
		handle_vcpu(be, (unsigned int)vcpu);
	else
		be->loop.spurious++;
}

static void handle_signal(struct backend *be)
{
	struct signalfd_siginfo info;

	be->loop.syscalls++;
	if (read(be->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1)
		backend_report_stats(be, false);
	else
		be->stop = true;
}

/* Whose packets to wait for: appended to fds, with *who naming the device and the pair. */
struct tap_fd {
	struct vnet *net;
	unsigned int pair;
};

static unsigned int tap_fds(struct backend *be, struct pollfd *fds, struct tap_fd *who)
{
	unsigned int i, p, n = 0;

	for (i = 0; i < be->nr_devices; i++) {
		struct device *dev = &be->devices[i];

		for (p = 0; dev->opt.net && p < dev->opt.net_config.nr_pairs; p++) {
			if (!vnet_wants_packets(&dev->net, p))
				continue;
			fds[n] = (struct pollfd){ .fd = dev->tap.fd[p], .events = POLLIN };
			who[n++] = (struct tap_fd){ &dev->net, p };
		}
	}
	return n;
}

int backend_run(struct backend *be)
{
	struct pollfd fds[2 + DEVICES_MAX * VNET_PAIRS_MAX] = {
		{ .fd = xenevtchn_fd(be->xce), .events = POLLIN },
		{ .fd = be->signal_fd, .events = POLLIN },
	};
	struct tap_fd who[DEVICES_MAX * VNET_PAIRS_MAX];
	unsigned int i, taps;
	bool more;
	int n;

	/* accesses from before the channels were bound sent no event */
	for (i = 0; i < be->io.nr_vcpus; i++)
		if (xen_ioreq_waits(&be->io, i))
			handle_vcpu(be, i);

	while (!be->stop) {
		more = false;
		for (i = 0; i < be->nr_devices; i++)
			more |= vdev_process(be->devices[i].vdev);

		taps = tap_fds(be, fds + 2, who);
		charge(&be->loop, COST_POLL);
		n = poll(fds, 2 + taps, more ? 0 : (int)be->alive_ms);
		if (n < 0 && errno != EINTR)
			return backend_fail(EXIT_XEN, "poll: %s", strerror(errno));
		if (n > 0)
			be->loop.wakeups++;
		if (n > 0 && fds[0].revents)
			handle_event(be);
		if (n > 0 && fds[1].revents)
			handle_signal(be);
		for (i = 0; n > 0 && i < taps; i++)
			if (fds[2 + i].revents)
				vnet_has_packets(who[i].net, who[i].pair);
		if (be->idle && n == 0)
			be->idle(be);
		if (n == 0 && !more && !xen_ioreq_alive(&be->io)) {
			be->gone = true;
			be->stop = true;
		}
	}
	return 0;
}

/* dom0less: tell the waiting frontend through a channel that the tree set up. */
static int tell_ready(struct backend *be)
{
	int rc;

	if (be->ready_evtchn < 0)
		return 0;
	/* its own descriptor: Xen leaves the channel pending at boot, and nobody reads it here */
	be->ready_fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC);
	if (be->ready_fd < 0)
		return backend_fail(EXIT_XEN, "/dev/xen/evtchn: %s", strerror(errno));
	rc = xen_static_bind(be->ready_fd, (unsigned int)be->ready_evtchn);
	if (rc)
		return backend_fail(EXIT_XEN, "static event channel %ld: %s", be->ready_evtchn,
				    strerror(-rc));
	rc = xen_static_notify(be->ready_fd, (unsigned int)be->ready_evtchn);
	return rc ? backend_fail(EXIT_XEN, "notify event channel %ld: %s", be->ready_evtchn,
				 strerror(-rc)) : 0;
}

static int open_xen(struct backend *be)
{
	int rc;

	/* the libraries log each failed map: a frontend's choice, so only when asked for */
	be->log = (xentoollog_logger *)xtl_createlogger_stdiostream(
		stderr, be->verbose ? XTL_DEBUG : XTL_CRITICAL, 0);
	if (!be->log)
		return backend_fail(EXIT_XEN, "no memory");
	be->xgt = xengnttab_open(be->log, 0);
	if (!be->xgt)
		return backend_fail(EXIT_XEN, "xengnttab_open (/dev/xen/gntdev): %s",
				    strerror(errno));
	be->fmem = xenforeignmemory_open(be->log, 0);
	if (!be->fmem)
		return backend_fail(EXIT_XEN, "xenforeignmemory_open (/dev/xen/privcmd): %s",
				    strerror(errno));
	be->dmod = xendevicemodel_open(be->log, 0);
	if (!be->dmod)
		return backend_fail(EXIT_XEN, "xendevicemodel_open: %s", strerror(errno));
	be->xce = xenevtchn_open(be->log, 0);
	if (!be->xce)
		return backend_fail(EXIT_XEN, "xenevtchn_open (/dev/xen/evtchn): %s",
				    strerror(errno));
	if (be->marks_evtchn >= 0) {
		rc = xen_remote_open_static(&be->remote, be->log, (unsigned int)be->marks_evtchn);
		return rc ? backend_fail(EXIT_XEN, "static event channels from %ld: %s", be->marks_evtchn,
					 strerror(-rc)) : 0;
	}
	if (be->marks_domid < 0) {
		xen_marks_open(&be->marks, be->backend_domid, be->domid);
		return 0;
	}
	rc = xen_remote_open(&be->remote, be->log, (uint32_t)be->marks_domid);
	return rc ? backend_fail(EXIT_XEN, "event channels for domain %ld: %s", be->marks_domid,
				 strerror(-rc)) : 0;
}

static int open_store(struct device *dev, unsigned int index)
{
	int rc = vstore_open(&dev->store, dev->opt.store, dev->opt.path, dev->opt.size_bytes,
			     dev->opt.blk.readonly);

	if (rc)
		return backend_fail(EXIT_XEN, "device %u: store %s %s: %s", index,
				    vstore_kind_name(dev->opt.store), dev->opt.path, strerror(-rc));
	return 0;
}

static int open_tap(struct device *dev, unsigned int index)
{
	static const uint8_t first[VNET_ETH_ALEN] = { 0x02, 'g', 'b', 0, 0, 1 };
	static const uint8_t none[VNET_ETH_ALEN];
	struct vnet_config *c = &dev->opt.net_config;
	const char *what = "";
	int rc;

	if (!memcmp(c->mac, none, sizeof(none))) {
		memcpy(c->mac, first, sizeof(first));
		c->mac[5] = (uint8_t)(1 + index);
	}
	if (dev->opt.net_store != VNET_STORE_TAP)
		return 0;
	if (!dev->opt.tap[0])
		snprintf(dev->opt.tap, sizeof(dev->opt.tap), "gbtap%u", index);
	rc = vtap_open(&dev->tap, dev->opt.tap, dev->opt.bridge, c->nr_pairs, c->mtu, &what);
	if (rc)
		return backend_fail(EXIT_XEN, "device %u: tap %s: %s: %s", index, dev->opt.tap, what,
				    strerror(-rc));
	return 0;
}

static int open_devices(struct backend *be)
{
	unsigned int i;
	int rc;

	for (i = 0; i < be->nr_devices; i++) {
		struct device *dev = &be->devices[i];

		dev->be = be;
		dev->evtchn = -1;
		dev->doorbell_status = ENOTCONN;
		dev->vdev = dev->opt.net ? &dev->net.dev : &dev->blk.dev;
		rc = dev->opt.net ? open_tap(dev, i) : open_store(dev, i);
		if (rc)
			return rc;
		rc = xen_dma_init(&dev->dma, dev->opt.mapping, dev->opt.copy_max, be->xgt,
				  be->fmem, be->domid);
		if (rc)
			return backend_fail(EXIT_XEN, "device %u: %s", i, strerror(-rc));
		if (be->attach)
			be->attach(be, dev);
		dev->vdev->index = i;
		dev->vdev->owner = dev;
		dev->vdev->irq = device_irq;
		dev->vdev->broken = device_broken;
		dev->vdev->should_yield = should_yield;
		dev->vdev->span_bytes = dev->opt.span_bytes;
		dev->vdev->span_by_mark = dev->opt.span_by_mark;
		/* Xen's counters are the machine's: those of the first device stand for all */
		if (i == 0) {
			dev->vdev->snapshot = snapshot;
			dev->vdev->write_snapshots = write_snapshots;
		}
		dev->vdev->direct_only = dev->opt.direct_only;
		if (dev->opt.net)
			rc = vnet_init(&dev->net, &dev->opt.net_config, dev->opt.net_store,
				       xen_dma(&dev->dma), &dev->tap);
		else
			rc = vblk_init(&dev->blk, &dev->opt.blk, xen_dma(&dev->dma), &dev->store);
		if (rc)
			return backend_fail(EXIT_XEN, "device %u: %s", i, strerror(-rc));
		dev->ready = true;
	}
	return 0;
}

static int open_ioreq(struct backend *be)
{
	const char *what = "";
	unsigned int i;
	int rc;

	rc = xen_ioreq_open(&be->io, be->dmod, be->fmem, be->xce, (domid_t)be->domid, &be->loop,
			    &what);
	for (i = 0; !rc && i < be->nr_devices; i++) {
		what = "claim a device's registers";
		rc = xen_ioreq_add_range(&be->io, be->devices[i].opt.mmio,
					 device_options_span(&be->devices[i].opt));
	}
	if (!rc)
		rc = xen_ioreq_enable(&be->io, &what);
	if (rc)
		return backend_fail(EXIT_XEN, "domain %u: %s: %s", be->domid, what, strerror(-rc));
	return 0;
}

static int open_signals(struct backend *be)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return backend_fail(EXIT_XEN, "sigprocmask: %s", strerror(errno));
	be->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (be->signal_fd < 0)
		return backend_fail(EXIT_XEN, "signalfd: %s", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

int backend_open(struct backend *be)
{
	struct timespec now;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &now);
	limit_init(&be->limit, be->log_limit, now.tv_sec);
	rc = open_signals(be);
	if (!rc)
		rc = open_xen(be);
	if (!rc)
		rc = open_devices(be);
	if (!rc)
		rc = open_ioreq(be);
	if (rc)
		return rc;

	backend_report_ready(be);
	return tell_ready(be);
}

bool backend_close(struct backend *be, bool report)
{
	bool balanced = true;
	unsigned int i;

	xen_ioreq_close(&be->io);
	for (i = 0; i < be->nr_devices; i++)
		if (be->devices[i].ready)
			vmmio_reset(&be->devices[i].vdev->mmio);
	if (report)
		backend_report_stats(be, true);
	for (i = 0; i < be->nr_devices; i++) {
		struct device *dev = &be->devices[i];

		balanced &= xen_dma(&dev->dma)->maps_now == 0 && xen_dma(&dev->dma)->pages_now == 0;
		if (dev->ready && dev->opt.net)
			vnet_release(&dev->net);
		else if (dev->ready)
			vblk_release(&dev->blk);
		xen_dma_release(&dev->dma);
		if (dev->be)
			doorbell_unbind(dev);
		vstore_close(&dev->store);
		vtap_close(&dev->tap);
	}
	xen_marks_close(&be->marks);
	xen_remote_close(&be->remote);
	xenevtchn_close(be->xce);
	xendevicemodel_close(be->dmod);
	xenforeignmemory_close(be->fmem);
	xengnttab_close(be->xgt);
	if (be->log)
		xtl_logger_destroy(be->log);
	if (be->ready_fd >= 0)
		close(be->ready_fd);
	if (be->signal_fd >= 0)
		close(be->signal_fd);
	return balanced;
}


int backend_main(struct backend *be)
{
	int rc = backend_open(be);
	bool opened = rc == 0, balanced;

	if (opened)
		rc = backend_run(be);
	balanced = backend_close(be, opened);
	if (rc)
		return rc;
	return balanced ? 0 : EXIT_LEAK;
}
