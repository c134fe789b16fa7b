// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gb-backend: virtio devices for another domain, over ioreq servers and grants.
 * README.md has the interface; "gb-backend --help" the options.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <xentoollog.h>

#include "blk.h"
#include "options.h"
#include "xen-cost.h"
#include "xen-dma.h"
#include "xen-ioreq.h"

/* Linux' <xen/evtchn.h>, since 6.6; not in the headers that Xen's libraries bring. */
struct evtchn_bind {
	unsigned int port;
};
#define EVTCHN_NOTIFY		_IOC(_IOC_NONE, 'E', 4, sizeof(struct evtchn_bind))
#define EVTCHN_BIND_STATIC	_IOC(_IOC_NONE, 'E', 7, sizeof(struct evtchn_bind))

#define EXIT_LEAK	1	/* the run is over, but maps != unmaps */
#define EXIT_USAGE	2
#define EXIT_XEN	3	/* Xen or the system refused something at start */

struct backend;

struct device {
	struct vblk blk;
	struct vstore store;
	struct xen_dma dma;
	struct device_options opt;
	struct backend *be;
	bool ready;
};

struct backend {
	/* options */
	unsigned int domid;
	unsigned int backend_domid;
	long ready_evtchn;	/* -1: none */
	const char *stats_path;
	unsigned int log_limit;
	unsigned int alive_ms;
	bool verbose;

	struct device devices[DEVICES_MAX];
	unsigned int nr_devices;

	xentoollog_logger *log;
	xengnttab_handle *xgt;
	xenforeignmemory_handle *fmem;
	xendevicemodel_handle *dmod;
	xenevtchn_handle *xce;
	struct xen_ioreq io;
	int ready_fd;
	int signal_fd;

	struct loop_stats loop;
	unsigned int tokens;		/* messages that the frontend may still cause */
	time_t tokens_at;
	uint64_t dropped;		/* messages that it may not */
	bool stop;
	bool gone;			/* the frontend's domain */
};

/* Events on standard output: one JSON object per line. */
static void event_begin(struct jw *jw, const char *event)
{
	jw->out = stdout;
	jw->comma = false;
	jw_open(jw, NULL, '{');
	jw_str(jw, "event", event);
}

static void event_end(struct jw *jw)
{
	jw_close(jw, '}');
	fputc('\n', jw->out);
	fflush(jw->out);
}

static int fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(int status, const char *fmt, ...)
{
	char text[512];
	struct jw jw;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "gb-backend: %s\n", text);
	event_begin(&jw, "error");
	jw_str(&jw, "what", text);
	event_end(&jw);
	return status;
}

/* A frontend must not be able to flood our log: log_limit at once, then one per second. */
static bool may_log(struct backend *be)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > be->tokens_at) {
		uint64_t tokens = be->tokens + (uint64_t)(now.tv_sec - be->tokens_at);

		be->tokens = tokens < be->log_limit ? (unsigned int)tokens : be->log_limit;
		be->tokens_at = now.tv_sec;
	}
	if (!be->tokens) {
		be->dropped++;
		return false;
	}
	be->tokens--;
	return true;
}

static void device_broken(struct vdev *vdev)
{
	struct device *dev = vdev->owner;
	struct jw jw;

	if (!may_log(dev->be))
		return;
	fprintf(stderr, "gb-backend: device %u is broken: %s\n", vdev->index, vdev->why);
	event_begin(&jw, "device-broken");
	jw_u64(&jw, "device", vdev->index);
	jw_str(&jw, "why", vdev->why);
	event_end(&jw);
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
	charge(st, COST_DM_OP);
	if (xendevicemodel_set_irq_level(be->dmod, (domid_t)be->domid, dev->opt.irq, level) &&
	    may_log(be))
		fprintf(stderr, "gb-backend: device %u: interrupt %u: %s\n", vdev->index,
			dev->opt.irq, strerror(errno));
}

static void write_stats(struct backend *be, FILE *out, bool final)
{
	struct jw jw = { .out = out };
	uint64_t maps = 0, unmaps = 0, mapped = 0, unmapped = 0;
	unsigned int i;

	jw_open(&jw, NULL, '{');
	jw_str(&jw, "event", "stats");
	jw_u64(&jw, "version", 1);
	jw_bool(&jw, "final", final);
	jw_u64(&jw, "domid", be->domid);
	jw_u64(&jw, "backend_domid", be->backend_domid);
	jw_bool(&jw, "domain_gone", be->gone);
	jw_open(&jw, "loop", '{');
	jw_loop_stats(&jw, &be->loop);
	jw_close(&jw, '}');
	jw_open(&jw, "devices", '[');
	for (i = 0; i < be->nr_devices; i++) {
		struct device *dev = &be->devices[i];
		struct vq_stats io;

		jw_open(&jw, NULL, '{');
		jw_hex(&jw, "mmio", dev->opt.mmio);
		jw_u64(&jw, "irq", dev->opt.irq);
		jw_str(&jw, "store", vstore_kind_name(dev->opt.store));
		jw_u64(&jw, "size", dev->store.size);
		vdev_write_stats(&dev->blk.dev, &jw);
		jw_close(&jw, '}');

		vdev_io_stats(&dev->blk.dev, &io);
		vq_stats_add(&io, &dev->blk.dev.setup);
		maps += io.maps;
		unmaps += io.unmaps;
		mapped += io.pages_mapped;
		unmapped += io.pages_unmapped;
	}
	jw_close(&jw, ']');
	jw_u64(&jw, "maps", maps);
	jw_u64(&jw, "unmaps", unmaps);
	jw_u64(&jw, "pages_mapped", mapped);
	jw_u64(&jw, "pages_unmapped", unmapped);
	jw_bool(&jw, "balanced", maps == unmaps && mapped == unmapped);
	jw_u64(&jw, "log_dropped", be->dropped);
	jw_close(&jw, '}');
	fputc('\n', out);
	fflush(out);
}

/* Standard output, and the file: whole or not at all. */
static void report_stats(struct backend *be, bool final)
{
	char tmp[4096];
	FILE *f;

	write_stats(be, stdout, final);
	if (!be->stats_path)
		return;
	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.tmp", be->stats_path) >= sizeof(tmp))
		return;
	f = fopen(tmp, "we");
	if (f) {
		bool bad;

		write_stats(be, f, final);
		bad = ferror(f);
		if (fclose(f) || bad || rename(tmp, be->stats_path))
			fprintf(stderr, "gb-backend: %s: not written\n", be->stats_path);
	} else {
		fprintf(stderr, "gb-backend: %s: %s\n", tmp, strerror(errno));
	}
}

static struct device *find_device(struct backend *be, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < be->nr_devices; i++)
		if (addr >= be->devices[i].opt.mmio && addr - be->devices[i].opt.mmio < VMMIO_SIZE)
			return &be->devices[i];
	return NULL;
}

/*
 * One access. Answered before a kicked queue is served (run() does that), so
 * that the frontend's CPU goes on while we work; but after a reset or a
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
	} else if (access.write) {
		vdev_write(&dev->blk.dev, (unsigned int)(access.addr - dev->opt.mmio), access.size,
			   access.value);
	} else {
		access.value = vdev_read(&dev->blk.dev,
					 (unsigned int)(access.addr - dev->opt.mmio), access.size);
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
		report_stats(be, false);
	else
		be->stop = true;
}

static void run(struct backend *be)
{
	struct pollfd fds[2] = {
		{ .fd = xenevtchn_fd(be->xce), .events = POLLIN },
		{ .fd = be->signal_fd, .events = POLLIN },
	};
	unsigned int i;
	bool more;
	int n;

	/* accesses from before the channels were bound sent no event */
	for (i = 0; i < be->io.nr_vcpus; i++) {
		struct xen_ioreq *io = &be->io;

		if (io->page->vcpu_ioreq[i].state == STATE_IOREQ_READY)
			handle_vcpu(be, i);
	}

	while (!be->stop) {
		more = false;
		for (i = 0; i < be->nr_devices; i++)
			more |= vdev_process(&be->devices[i].blk.dev);

		charge(&be->loop, COST_POLL);
		n = poll(fds, 2, more ? 0 : (int)be->alive_ms);
		if (n < 0 && errno != EINTR) {
			fail(0, "poll: %s", strerror(errno));
			break;
		}
		if (n > 0)
			be->loop.wakeups++;
		if (n > 0 && fds[0].revents)
			handle_event(be);
		if (n > 0 && fds[1].revents)
			handle_signal(be);
		if (n == 0 && !more && !xen_ioreq_alive(&be->io)) {
			be->gone = true;
			be->stop = true;
		}
	}
}

/* dom0less: tell the waiting frontend through a channel that the tree set up. */
static int tell_ready(struct backend *be)
{
	struct evtchn_bind bind = { .port = (unsigned int)be->ready_evtchn };

	if (be->ready_evtchn < 0)
		return 0;
	/* its own descriptor: Xen leaves the channel pending at boot, and nobody reads it here */
	be->ready_fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC);
	if (be->ready_fd < 0)
		return fail(EXIT_XEN, "/dev/xen/evtchn: %s", strerror(errno));
	if (ioctl(be->ready_fd, EVTCHN_BIND_STATIC, &bind) < 0)
		return fail(EXIT_XEN, "static event channel %u: %s", bind.port, strerror(errno));
	if (ioctl(be->ready_fd, EVTCHN_NOTIFY, &bind) < 0)
		return fail(EXIT_XEN, "notify event channel %u: %s", bind.port, strerror(errno));
	return 0;
}

static int open_xen(struct backend *be)
{
	/* the libraries log each failed map: a frontend's choice, so only when asked for */
	be->log = (xentoollog_logger *)xtl_createlogger_stdiostream(
		stderr, be->verbose ? XTL_DEBUG : XTL_CRITICAL, 0);
	if (!be->log)
		return fail(EXIT_XEN, "no memory");
	be->xgt = xengnttab_open(be->log, 0);
	if (!be->xgt)
		return fail(EXIT_XEN, "xengnttab_open (/dev/xen/gntdev): %s", strerror(errno));
	be->fmem = xenforeignmemory_open(be->log, 0);
	if (!be->fmem)
		return fail(EXIT_XEN, "xenforeignmemory_open (/dev/xen/privcmd): %s",
			    strerror(errno));
	be->dmod = xendevicemodel_open(be->log, 0);
	if (!be->dmod)
		return fail(EXIT_XEN, "xendevicemodel_open: %s", strerror(errno));
	be->xce = xenevtchn_open(be->log, 0);
	if (!be->xce)
		return fail(EXIT_XEN, "xenevtchn_open (/dev/xen/evtchn): %s", strerror(errno));
	return 0;
}

static int open_devices(struct backend *be)
{
	unsigned int i;
	int rc;

	for (i = 0; i < be->nr_devices; i++) {
		struct device *dev = &be->devices[i];

		dev->be = be;
		rc = vstore_open(&dev->store, dev->opt.store, dev->opt.path, dev->opt.size_bytes,
				 dev->opt.blk.readonly);
		if (rc)
			return fail(EXIT_XEN, "device %u: store %s %s: %s", i,
				    vstore_kind_name(dev->opt.store), dev->opt.path, strerror(-rc));
		rc = xen_dma_init(&dev->dma, dev->opt.mapping, be->xgt, be->fmem, be->domid);
		if (rc)
			return fail(EXIT_XEN, "device %u: %s", i, strerror(-rc));
		dev->blk.dev.index = i;
		dev->blk.dev.owner = dev;
		dev->blk.dev.irq = device_irq;
		dev->blk.dev.broken = device_broken;
		rc = vblk_init(&dev->blk, &dev->opt.blk, &dev->dma.dma, &dev->store);
		if (rc)
			return fail(EXIT_XEN, "device %u: %s", i, strerror(-rc));
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
		rc = xen_ioreq_add_range(&be->io, be->devices[i].opt.mmio, VMMIO_SIZE);
	}
	if (!rc)
		rc = xen_ioreq_enable(&be->io, &what);
	if (rc)
		return fail(EXIT_XEN, "domain %u: %s: %s", be->domid, what, strerror(-rc));
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
		return fail(EXIT_XEN, "sigprocmask: %s", strerror(errno));
	be->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (be->signal_fd < 0)
		return fail(EXIT_XEN, "signalfd: %s", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int open_all(struct backend *be)
{
	struct jw jw;
	int rc;

	rc = open_signals(be);
	if (!rc)
		rc = open_xen(be);
	if (!rc)
		rc = open_devices(be);
	if (!rc)
		rc = open_ioreq(be);
	if (rc)
		return rc;

	event_begin(&jw, "ready");
	jw_u64(&jw, "domid", be->domid);
	jw_u64(&jw, "backend_domid", be->backend_domid);
	jw_u64(&jw, "devices", be->nr_devices);
	jw_u64(&jw, "vcpus", be->io.nr_vcpus);
	event_end(&jw);
	return tell_ready(be);
}

/*
 * Stop answering, unmap, report, and only then give up the handles: closing
 * them would have the kernel unmap for us, and hide a leak.
 */
static bool close_all(struct backend *be, bool report)
{
	bool balanced = true;
	unsigned int i;

	xen_ioreq_close(&be->io);
	for (i = 0; i < be->nr_devices; i++)
		if (be->devices[i].ready)
			vmmio_reset(&be->devices[i].blk.dev.mmio);
	if (report)
		report_stats(be, true);
	for (i = 0; i < be->nr_devices; i++) {
		struct device *dev = &be->devices[i];

		balanced &= dev->dma.dma.maps_now == 0 && dev->dma.dma.pages_now == 0;
		if (dev->ready)
			vblk_release(&dev->blk);
		xen_dma_release(&dev->dma);
		vstore_close(&dev->store);
	}
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

static void usage(FILE *out)
{
	fputs("Usage: gb-backend --domid N --device KEY=VALUE,... [--device ...] [OPTION...]\n"
	      "\n"
	      "Serves virtio-mmio devices to another Xen domain, from memory that it grants.\n"
	      "\n"
	      "  --domid N          the frontend's domain\n"
	      "  --backend-domid B  our own, as the frontend's device tree says; default 0\n"
	      "  --device LIST      a device; repeat for more (up to 11)\n"
	      "  --ready-evtchn P   static event channel to notify when ready (dom0less)\n"
	      "  --stats FILE       also write the statistics there, at exit and on SIGUSR1\n"
	      "  --log-limit N      messages that a frontend may cause at once; default 10\n"
	      "  --alive-ms N       when idle, how often to look for the domain; default 200\n"
	      "  --verbose          let Xen's libraries log\n"
	      "  --help\n"
	      "\n"
	      "Device keys:\n",
	      out);
	device_options_help(out);
	fputs("\n"
	      "Events are lines of JSON on standard output: ready, stats, device-broken, error.\n"
	      "SIGUSR1: print statistics. SIGTERM, SIGINT, SIGHUP: unmap everything and end.\n"
	      "Exit status: 0 all unmapped, 1 maps != unmaps, 2 usage, 3 refused by the system.\n",
	      out);
}

static int parse_options(struct backend *be, int argc, char **argv)
{
	static const struct option options[] = {
		{ "domid", required_argument, NULL, 'd' },
		{ "backend-domid", required_argument, NULL, 'b' },
		{ "device", required_argument, NULL, 'D' },
		{ "ready-evtchn", required_argument, NULL, 'r' },
		{ "stats", required_argument, NULL, 's' },
		{ "log-limit", required_argument, NULL, 'l' },
		{ "alive-ms", required_argument, NULL, 'a' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct device_options opts[DEVICES_MAX];
	bool have_domid = false;
	char error[400];
	uint64_t v = 0;
	unsigned int i;
	int c, rc = 0;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			rc = parse_number(optarg, 0, 0x7fef, false, &v);
			be->domid = (unsigned int)v;
			have_domid = true;
			break;
		case 'b':
			rc = parse_number(optarg, 0, 0x7fef, false, &v);
			be->backend_domid = (unsigned int)v;
			break;
		case 'D':
			if (be->nr_devices == DEVICES_MAX)
				return fail(EXIT_USAGE, "more than %u devices", DEVICES_MAX);
			if (device_options_parse(&opts[be->nr_devices], optarg, error,
						 sizeof(error)))
				return fail(EXIT_USAGE, "--device %s: %s", optarg, error);
			be->nr_devices++;
			break;
		case 'r':
			rc = parse_number(optarg, 1, 0x1ffff, false, &v);
			be->ready_evtchn = (long)v;
			break;
		case 's':
			be->stats_path = optarg;
			break;
		case 'l':
			rc = parse_number(optarg, 0, 1000000, false, &v);
			be->log_limit = (unsigned int)v;
			break;
		case 'a':
			rc = parse_number(optarg, 10, 3600000, false, &v);
			be->alive_ms = (unsigned int)v;
			break;
		case 'v':
			be->verbose = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
		if (rc)
			return fail(EXIT_USAGE, "\"%s\" is not a number in range", optarg);
	}
	if (optind != argc)
		return fail(EXIT_USAGE, "\"%s\" is not an option", argv[optind]);
	if (!have_domid)
		return fail(EXIT_USAGE, "--domid is missing");
	if (be->domid == be->backend_domid)
		return fail(EXIT_USAGE, "frontend and backend are the same domain, %u", be->domid);
	if (!be->nr_devices)
		return fail(EXIT_USAGE, "--device is missing");
	if (device_options_check(opts, be->nr_devices, error, sizeof(error)))
		return fail(EXIT_USAGE, "%s", error);
	for (i = 0; i < be->nr_devices; i++)
		be->devices[i].opt = opts[i];
	return 0;
}

int main(int argc, char **argv)
{
	static struct backend be = {
		.ready_evtchn = -1,
		.log_limit = 10,
		.alive_ms = 200,
		.ready_fd = -1,
		.signal_fd = -1,
	};
	unsigned int i;
	bool balanced;
	int rc;

	for (i = 0; i < DEVICES_MAX; i++)
		be.devices[i].store.fd = -1;
	rc = parse_options(&be, argc, argv);
	if (rc)
		return rc;
	be.tokens = be.log_limit;
	rc = open_all(&be);
	if (!rc)
		run(&be);
	balanced = close_all(&be, rc == 0);
	if (rc)
		return rc;
	return balanced ? 0 : EXIT_LEAK;
}
