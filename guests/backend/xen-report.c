// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "xen-backend.h"

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

int backend_fail(int status, const char *fmt, ...)
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

void backend_report_ready(const struct backend *be)
{
	unsigned int i;
	struct jw jw;

	event_begin(&jw, "ready");
	jw_u64(&jw, "domid", be->domid);
	jw_u64(&jw, "backend_domid", be->backend_domid);
	jw_u64(&jw, "devices", be->nr_devices);
	jw_u64(&jw, "vcpus", be->io.nr_vcpus);
	if (be->remote.xce) {
		jw_open(&jw, "marks", '[');
		for (i = 0; i < VDEV_SNAPSHOTS; i++)
			jw_u64(&jw, NULL, (uint64_t)be->remote.port[i]);
		jw_close(&jw, ']');
	}
	event_end(&jw);
}

void backend_report_span(const char *moment)
{
	struct jw jw;

	event_begin(&jw, "span");
	jw_str(&jw, "moment", moment);
	event_end(&jw);
}

bool backend_may_log(struct backend *be)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return limit_take(&be->limit, now.tv_sec);
}

void backend_report_broken(struct backend *be, const struct vdev *vdev)
{
	struct jw jw;

	if (!backend_may_log(be))
		return;
	fprintf(stderr, "gb-backend: device %u is broken: %s\n", vdev->index, vdev->why);
	event_begin(&jw, "device-broken");
	jw_u64(&jw, "device", vdev->index);
	jw_str(&jw, "why", vdev->why);
	event_end(&jw);
}

static void write_device(const struct device *dev, struct jw *jw)
{
	jw_open(jw, NULL, '{');
	jw_hex(jw, "mmio", dev->opt.mmio);
	if (dev->opt.irq_evtchn)
		jw_str(jw, "irq", "evtchn");
	else
		jw_u64(jw, "irq", dev->opt.irq);
	if (dev->opt.net) {
		jw_str(jw, "store", vnet_store_name(dev->opt.net_store));
		jw_u64(jw, "mtu", dev->opt.net_config.mtu);
	} else {
		jw_str(jw, "store", vstore_kind_name(dev->opt.store));
		jw_u64(jw, "size", dev->store.size);
	}
	vdev_write_stats(dev->vdev, jw);
	jw_close(jw, '}');
}

static void write_stats(const struct backend *be, FILE *out, bool final)
{
	struct jw jw = { .out = out };
	struct vq_stats sum, one;
	unsigned int i;

	memset(&sum, 0, sizeof(sum));
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
		write_device(&be->devices[i], &jw);
		vdev_io_stats(be->devices[i].vdev, &one);
		vq_stats_add(&sum, &one);
		vq_stats_add(&sum, &be->devices[i].vdev->setup);
	}
	jw_close(&jw, ']');
	jw_u64(&jw, "maps", sum.maps);
	jw_u64(&jw, "unmaps", sum.unmaps);
	jw_u64(&jw, "pages_mapped", sum.pages_mapped);
	jw_u64(&jw, "pages_unmapped", sum.pages_unmapped);
	jw_bool(&jw, "balanced",
		sum.maps == sum.unmaps && sum.pages_mapped == sum.pages_unmapped);
	jw_u64(&jw, "log_dropped", be->limit.dropped);
	jw_close(&jw, '}');
	fputc('\n', out);
	fflush(out);
}

/* Standard output, and the file: whole or not at all. */
void backend_report_stats(const struct backend *be, bool final)
{
	char tmp[4096];
	bool bad;
	FILE *f;

	write_stats(be, stdout, final);
	if (!be->stats_path)
		return;
	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.tmp", be->stats_path) >= sizeof(tmp)) {
		fprintf(stderr, "gb-backend: --stats: name too long\n");
		return;
	}
	f = fopen(tmp, "we");
	if (!f) {
		fprintf(stderr, "gb-backend: %s: %s\n", tmp, strerror(errno));
		return;
	}
	write_stats(be, f, final);
	bad = ferror(f);
	bad |= fclose(f) != 0;
	if (bad || rename(tmp, be->stats_path))
		fprintf(stderr, "gb-backend: %s: not written: %s\n", be->stats_path,
			strerror(errno));
}
