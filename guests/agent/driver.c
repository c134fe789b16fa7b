// SPDX-License-Identifier: GPL-2.0-or-later
#include "driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xenstore.h>

#include "report.h"
#include "xsnode.h"
#include "sys.h"
#include "toolstack.h"

#define READY_MS 90000
#define END_MS 30000
#define POLL_MS 20

static int create(struct driver *d, const char *config, const char *name, int domid, char *error,
		  size_t err_size)
{
	d->domid = toolstack_create(config, name, error, err_size);
	if (d->domid < 0)
		return -1;
	if (d->domid != domid) {
		snprintf(error, err_size, "the driver domain has id %d, and the trees say %d", d->domid,
			 domid);
		return -1;
	}
	relay_init(&d->relay, name, d->domid);
	d->xs = xsnode_open();
	if (d->xs)
		return 0;
	snprintf(error, err_size, "xenstore: %s", strerror(errno));
	return -1;
}

int driver_create(struct driver *d, const struct conf *conf, char *error, size_t err_size)
{
	return create(d, conf->driver_config, conf->driver_name, conf->backend_domid, error, err_size);
}

int driver_create_second(struct driver *d, const struct conf *conf, char *error, size_t err_size)
{
	d->second = true;
	return create(d, conf->second_config, conf->second_name, conf->second_domid, error, err_size);
}

int driver_set_target(const struct driver *d, xc_interface *xch, int frontend_domid, char *error,
		      size_t err_size)
{
	if (xc_domain_set_target(xch, (uint32_t)d->domid, (uint32_t)frontend_domid) == 0)
		return 0;
	snprintf(error, err_size, "set domain %d as target of domain %d: %s", frontend_domid, d->domid,
		 strerror(errno));
	return -1;
}

bool driver_is_down(const struct driver *d, xc_interface *xch)
{
	xc_domaininfo_t info;

	return xc_domain_getinfolist(xch, (uint32_t)d->domid, 1, &info) != 1 ||
	       info.domain != (uint32_t)d->domid ||
	       info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying);
}

static int bind_marks(struct driver *d, const char *ports, char *error, size_t err_size)
{
	unsigned int remote[VDEV_SNAPSHOTS], i;

	if (sscanf(ports, "ready %u,%u,%u", &remote[0], &remote[1], &remote[2]) != VDEV_SNAPSHOTS) {
		snprintf(error, err_size, "the driver domain names no event channels: %.60s", ports);
		return -1;
	}
	d->xce = xenevtchn_open(NULL, 0);
	for (i = 0; d->xce && i < VDEV_SNAPSHOTS; i++) {
		d->port[i] = xenevtchn_bind_interdomain(d->xce, (uint32_t)d->domid, remote[i]);
		if (d->port[i] < 0)
			break;
	}
	if (d->xce && i == VDEV_SNAPSHOTS)
		return 0;
	snprintf(error, err_size, "event channel %u of the driver domain: %s", i, strerror(errno));
	return -1;
}

int driver_start(struct driver *d, int frontend_domid, char *error, size_t err_size)
{
	int64_t until = sys_now_ms() + READY_MS;
	char word[80] = "";

	xen_marks_open(&d->marks, (uint32_t)d->domid, (uint32_t)frontend_domid);
	if (toolstack_unpause(d->domid, error, err_size) < 0)
		return -1;
	while (!xsnode_read(d->xs, d->domid, "backend", word, sizeof(word))) {
		relay_poll(&d->relay);
		if (driver_is_down(d, d->marks.xch) || sys_now_ms() >= until) {
			relay_drain(&d->relay);
			snprintf(error, err_size, "the driver domain's backend is not ready");
			return -1;
		}
		sys_sleep_ms(POLL_MS);
	}
	relay_poll(&d->relay);
	return d->second ? 0 : bind_marks(d, word, error, err_size);
}

int driver_fd(const struct driver *d)
{
	return d->xce ? xenevtchn_fd(d->xce) : -1;
}

void driver_serve(struct driver *d)
{
	int port = xenevtchn_pending(d->xce), i;

	for (i = 0; port >= 0 && i < VDEV_SNAPSHOTS; i++) {
		if (d->port[i] != port)
			continue;
		xenevtchn_unmask(d->xce, (evtchn_port_t)port);
		xen_marks_take(&d->marks, (enum vdev_snapshot)i);
		xenevtchn_notify(d->xce, (evtchn_port_t)port);
	}
}

static void send_marks(struct driver *d)
{
	struct jw jw = { 0 };
	char *text = NULL;
	size_t size = 0;

	jw.out = open_memstream(&text, &size);
	if (!jw.out)
		return;
	jw_open(&jw, NULL, '{');
	xen_marks_write(&d->marks, &jw);
	jw_close(&jw, '}');
	if (fclose(jw.out) == 0)
		report_blob("marks.json", text, size);
	free(text);
}

bool driver_end(struct driver *d, xc_interface *xch)
{
	int64_t until = sys_now_ms() + END_MS;
	bool ok;

	while (!(ok = driver_is_down(d, xch)) && sys_now_ms() < until) {
		if (!d->dom0less)
			relay_poll(&d->relay);
		sys_sleep_ms(POLL_MS);
	}
	if (!d->dom0less)
		relay_drain(&d->relay);
	report_check(d->second ? "second-driver-end" : "driver-end", ok, "%s", ok ? "powered off after its frontend" :
		     "it still runs, though its frontend is gone");
	if (!d->second)
		send_marks(d);
	if (d->dom0less)
		xc_domain_destroy(xch, (uint32_t)d->domid);
	else
		toolstack_destroy(d->domid);
	return ok;
}
