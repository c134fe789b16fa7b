// SPDX-License-Identifier: GPL-2.0-or-later
#include "second.h"

#include <stdio.h>
#include <string.h>

#include <xenctrl.h>

#include "report.h"
#include "toolstack.h"

bool second_init(struct second *s, const struct conf *conf)
{
	static const char *const kinds[] = { "", "frontend", "front", "driver" };
	size_t i;

	*s = (struct second){ .relay = { .fd = -1 } };
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i], conf->second))
			continue;
		s->kind = (enum second_kind)i;
		return true;
	}
	return false;
}

int second_create(struct second *s, const struct conf *conf, bool drivers, xc_interface *xch,
		  char *error, size_t err_size)
{
	if (s->kind == SECOND_DRIVER && drivers) {
		if (driver_create_second(&s->driver, conf, error, err_size) < 0)
			return -1;
		s->domid = s->driver.domid;
		return 0;
	}
	/* its frontend exists by now */
	if (s->kind == SECOND_DRIVER && conf->set_target)
		return driver_set_target(&s->driver, xch, conf->frontend_domid, error, err_size);
	if (s->kind == SECOND_NONE || s->kind == SECOND_DRIVER || drivers)
		return 0;
	s->domid = toolstack_create(conf->second_config, conf->second_name, error, err_size);
	if (s->domid < 0)
		return -1;
	relay_init(&s->relay, conf->second_name, s->domid);
	if (s->domid == conf->second_domid)
		return 0;
	snprintf(error, err_size, "the second frontend has id %d, and its backend was told %d",
		 s->domid, conf->second_domid);
	return -1;
}

int second_serve(struct second *s, int frontend_domid, char *error, size_t err_size)
{
	return s->kind == SECOND_DRIVER ? driver_start(&s->driver, frontend_domid, error, err_size) : 0;
}

int second_unpause(struct second *s, char *error, size_t err_size)
{
	return s->kind == SECOND_FRONTEND ? toolstack_unpause(s->domid, error, err_size) : 0;
}

void second_poll(struct second *s)
{
	if (s->kind == SECOND_DRIVER)
		relay_poll(&s->driver.relay);
	else if (s->kind != SECOND_NONE)
		relay_poll(&s->relay);
}

void second_drain(struct second *s)
{
	if (s->kind != SECOND_NONE)
		relay_drain(s->kind == SECOND_DRIVER ? &s->driver.relay : &s->relay);
}

static bool get_info(const struct second *s, xc_interface *xch, xc_domaininfo_t *info)
{
	return xc_domain_getinfolist(xch, (uint32_t)s->domid, 1, info) == 1 &&
	       info->domain == (uint32_t)s->domid;
}

bool second_runs(const struct second *s, xc_interface *xch)
{
	xc_domaininfo_t info;

	return (s->kind == SECOND_FRONTEND || s->kind == SECOND_FRONT) && get_info(s, xch, &info) &&
	       !(info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying));
}

bool second_end_frontend(struct second *s, xc_interface *xch)
{
	unsigned int reason = SHUTDOWN_crash;
	xc_domaininfo_t info;
	bool ok;

	if (s->kind != SECOND_FRONTEND && s->kind != SECOND_FRONT)
		return true;
	second_drain(s);
	if (get_info(s, xch, &info) && info.flags & XEN_DOMINF_shutdown)
		reason = info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
	ok = reason == SHUTDOWN_poweroff;
	report_check("second-end", ok, "the second frontend's shutdown reason is %u", reason);
	toolstack_destroy(s->domid);
	return ok;
}

bool second_end_driver(struct second *s, xc_interface *xch)
{
	return s->kind != SECOND_DRIVER || driver_end(&s->driver, xch);
}
