// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /init of dom0: brings up the toolstack (topology xl), creates the domU, starts
 * the backend, watches all of them until the domU is down, and reports.
 * docs/ARCHITECTURE.md has the configuration's keys and the records.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenctrl.h>

#include "conf.h"
#include "relay.h"
#include "report.h"
#include "sys.h"
#include "toolstack.h"

#define BACKEND_READY_MS 60000
#define BACKEND_END_MS 20000
#define STATS_PATH "/tmp/backend.json"
/* How often to look for the domU's console and state; emulated time, not the host's. */
#define POLL_MS 20
#define DRAIN_MS 200
/* Emulated time from the timed part's announcement to its middle, fio's start included. */
#define DISTURB_MS 300
#define GONE_MS 5000

struct dom0 {
	struct conf conf;
	struct toolstack ts;
	struct child backend;
	struct relay relay;
	xc_interface *xch;
	int domid;		/* of the domU, -1: none yet */
	bool ready;		/* the backend said so */
	int64_t disturb_at;	/* sys_now_ms(), 0: not yet known */
	bool disturbed;
	char line[4096];	/* of the backend's output */
	size_t len;
};

static bool is_xl(const struct dom0 *d)
{
	return !strcmp(d->conf.topology, "xl");
}

static void __attribute__((noreturn)) finish(bool ok)
{
	report_phase("dom0-done");
	report_done(ok);
	sys_poweroff();
}

static int start_backend(struct dom0 *d)
{
	char domid[16], backend_domid[16], evtchn[16];
	const char *argv[10 + 2 * CONF_LIST_MAX];
	size_t n = 0, i;

	snprintf(domid, sizeof(domid), "%d", d->domid);
	snprintf(backend_domid, sizeof(backend_domid), "%d", d->conf.backend_domid);
	snprintf(evtchn, sizeof(evtchn), "%d", d->conf.ready_evtchn);
	argv[n++] = "/bin/gb-backend";
	argv[n++] = "--domid";
	argv[n++] = domid;
	argv[n++] = "--backend-domid";
	argv[n++] = backend_domid;
	argv[n++] = "--stats";
	argv[n++] = STATS_PATH;
	if (d->conf.ready_evtchn >= 0) {
		argv[n++] = "--ready-evtchn";
		argv[n++] = evtchn;
	}
	for (i = 0; i < d->conf.nr_devices; i++) {
		argv[n++] = "--device";
		argv[n++] = d->conf.device[i];
	}
	argv[n] = NULL;
	return sys_spawn(&d->backend, argv, true, true);
}

/* A line of the backend's: an event as JSON, or its log. */
static void backend_line(struct dom0 *d)
{
	if (strstr(d->line, "\"event\":\"ready\""))
		d->ready = true;
	/* the statistics come as a file; everything else is for people */
	if (!strstr(d->line, "\"event\":\"stats\""))
		report_log("gb-backend: %.300s", d->line);
}

static void backend_poll(struct dom0 *d)
{
	char c;

	while (d->backend.out >= 0 && read(d->backend.out, &c, 1) == 1) {
		if (c != '\n' && d->len < sizeof(d->line) - 1) {
			d->line[d->len++] = c;
			continue;
		}
		if (c != '\n')
			continue;
		d->line[d->len] = '\0';
		d->len = 0;
		backend_line(d);
	}
}

static void die_of_backend(struct dom0 *d)
{
	char text[64];

	backend_poll(d);
	report_error("gb-backend ended: %s", sys_child_text(&d->backend, text, sizeof(text)));
	finish(false);
}

static void wait_ready(struct dom0 *d)
{
	int64_t until = sys_now_ms() + BACKEND_READY_MS;

	for (;;) {
		struct pollfd pfd = { .fd = d->backend.out, .events = POLLIN };

		backend_poll(d);
		if (d->ready)
			return;
		if (sys_child_ended(&d->backend))
			die_of_backend(d);
		if (sys_now_ms() >= until) {
			report_error("gb-backend is not ready after %d ms", BACKEND_READY_MS);
			finish(false);
		}
		poll(&pfd, 1, 50);
	}
}

/* -1: running; otherwise the reason of its shutdown; -2: it is gone, or being destroyed. */
static int domu_state(struct dom0 *d)
{
	xc_domaininfo_t info;

	if (xc_domain_getinfolist(d->xch, (uint32_t)d->domid, 1, &info) != 1 ||
	    info.domain != d->domid)
		return -2;
	if (!(info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
		return -1;
	if (!(info.flags & XEN_DOMINF_shutdown))
		return -2;
	return (int)(info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
}

/* When its time has come: what conf.disturb says. */
static void disturb(struct dom0 *d)
{
	if (!d->conf.disturb[0] || d->disturbed || !d->relay.workload)
		return;
	if (!d->disturb_at)
		d->disturb_at = sys_now_ms() + DISTURB_MS;
	if (sys_now_ms() < d->disturb_at)
		return;
	d->disturbed = true;
	report_log("grantbench: %s of domain %d", d->conf.disturb, d->domid);
	if (!strcmp(d->conf.disturb, "destroy"))
		toolstack_destroy(d->domid);
	else if (xc_domain_shutdown(d->xch, (uint32_t)d->domid, SHUTDOWN_crash) < 0)
		report_error("cannot crash domain %d: %s", d->domid, strerror(errno));
}

/* What the domU's end is to be, as domu_state() says it. */
static int expected_end(const struct dom0 *d)
{
	if (!strcmp(d->conf.disturb, "destroy"))
		return -2;
	return d->conf.disturb[0] ? SHUTDOWN_crash : SHUTDOWN_poweroff;
}

/* Watch everybody until the domU is down. Returns the reason, as above. */
static int watch(struct dom0 *d)
{
	char error[256];
	int state;

	for (;;) {
		struct pollfd pfd = { .fd = d->backend.out, .events = POLLIN };

		poll(&pfd, 1, POLL_MS);
		backend_poll(d);
		if (is_xl(d)) {
			relay_poll(&d->relay);
			disturb(d);
			if (!toolstack_alive(&d->ts, error, sizeof(error))) {
				report_error("%s", error);
				finish(false);
			}
		}
		state = domu_state(d);
		/* the backend may end by itself when its domain is gone */
		if (state != -1)
			return state;
		if (sys_child_ended(&d->backend))
			die_of_backend(d);
	}
}

/* What xenconsoled still has of the domU's last words. */
static void drain_relay(struct dom0 *d)
{
	int64_t until = sys_now_ms() + DRAIN_MS;

	while (sys_now_ms() < until) {
		if (relay_poll(&d->relay))
			until = sys_now_ms() + DRAIN_MS;
		sys_sleep_ms(POLL_MS);
	}
}

/* All of Xen's counters since it started, for people; the backend reads those of the timed part. */
static void xenperf(void)
{
	static const char *const show[] = { "/bin/xenperf", NULL };
	static char out[256 * 1024];
	int ret = sys_run(show, out, sizeof(out), 60000);

	if (ret != 0)
		report_error("xenperf: %d %.200s", ret, out);
	else
		report_blob("xenperf.txt", out, strlen(out));
}

static bool end_backend(struct dom0 *d)
{
	char text[64];
	bool ok;

	kill(d->backend.pid, SIGTERM);
	if (!sys_child_wait(&d->backend, BACKEND_END_MS)) {
		report_check("backend-end", false, "no end within %d ms", BACKEND_END_MS);
		return false;
	}
	backend_poll(d);
	ok = d->backend.status == 0;
	report_check("backend-end", ok, "%s", sys_child_text(&d->backend, text, sizeof(text)));
	return report_file("backend.json", STATS_PATH) == 0 && ok;
}

/* A destroyed domain stays as long as somebody holds a page of it. */
static bool wait_gone(struct dom0 *d)
{
	int64_t until = sys_now_ms() + GONE_MS;
	xc_domaininfo_t info;

	while (xc_domain_getinfolist(d->xch, (uint32_t)d->domid, 1, &info) == 1 &&
	       info.domain == d->domid) {
		if (sys_now_ms() >= until)
			return false;
		sys_sleep_ms(POLL_MS);
	}
	return true;
}

static void start_domu(struct dom0 *d)
{
	char error[600];

	if (!is_xl(d)) {
		d->domid = d->conf.frontend_domid;
		return;
	}
	if (toolstack_start(&d->ts, error, sizeof(error)) < 0) {
		report_error("%s", error);
		finish(false);
	}
	d->domid = toolstack_create(&d->conf, error, sizeof(error));
	if (d->domid < 0) {
		report_error("%s", error);
		finish(false);
	}
	report_phase("domain-created");
	relay_init(&d->relay, d->conf.domu_name, d->domid);
}

static void run(struct dom0 *d)
{
	char error[600];
	bool ok;
	int reason, ret;

	start_domu(d);
	ret = start_backend(d);
	if (ret < 0) {
		report_error("gb-backend: %s", strerror(-ret));
		finish(false);
	}
	wait_ready(d);
	report_phase("backend-ready");
	if (is_xl(d) && toolstack_unpause(d->domid, error, sizeof(error)) < 0) {
		report_error("%s", error);
		finish(false);
	}
	if (d->conf.interactive) {
		report_log("grantbench: domain %d runs, backend pid %d", d->domid, d->backend.pid);
		if (fork() == 0)
			watch(d);
		else
			for (;;)
				sys_shell("/dev/hvc0");
	}
	reason = watch(d);
	if (is_xl(d))
		drain_relay(d);
	if (d->conf.xenperf)
		xenperf();
	if (d->conf.disturb[0])
		report_check("disturbed", d->disturbed && reason == expected_end(d), "%s, then %d",
			     d->disturbed ? d->conf.disturb : "not disturbed", reason);
	else if (reason != SHUTDOWN_poweroff)
		report_error("the domU ended with shutdown reason %d%s", reason,
			     reason == SHUTDOWN_crash ? " (crash)" : "");
	ok = end_backend(d) && reason == expected_end(d);
	if (is_xl(d) && reason != -2)
		toolstack_destroy(d->domid);
	if (d->conf.disturb[0]) {
		bool gone = wait_gone(d);

		report_check("domain-gone", gone, "%s", gone ? "no page of it is held" :
			     "somebody still holds pages of it");
		ok &= gone;
	}
	finish(ok);
}

/* QEMU's own virtio disk is no business of Xen's: it has no backend domain, and works. */
static void check_host_virtio(void)
{
	static char block[4096] __attribute__((aligned(4096)));
	int fd = open("/dev/vda", O_RDONLY | O_DIRECT | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, block, sizeof(block));

	report_check("host-virtio", n == sizeof(block), "%s", n == sizeof(block) ? "read" :
		     n < 0 ? strerror(errno) : "short read");
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	static struct dom0 d = { .domid = -1, .relay = { .fd = -1 }, .backend = { .out = -1 } };
	char error[256];
	int ret = sys_mount_all(true);

	if (ret == 0)
		ret = conf_load(CONF_PATH, &d.conf, error, sizeof(error));
	else
		snprintf(error, sizeof(error), "cannot mount: %s", strerror(-ret));
	if (report_init(d.conf.token, "dom0") < 0)
		sys_poweroff();
	if (ret < 0) {
		report_error("%s", error);
		finish(false);
	}
	report_phase("dom0-up");
	if (d.conf.host_virtio)
		check_host_virtio();
	ret = sys_seed_random();
	if (ret < 0)
		report_log("grantbench: cannot seed the kernel's random numbers: %s", strerror(-ret));
	d.xch = xc_interface_open(NULL, NULL, 0);
	if (!d.xch) {
		report_error("libxenctrl: %s", strerror(errno));
		finish(false);
	}
	run(&d);
}
