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
#include "driver.h"
#include "hotplug.h"
#include "kmemleak.h"
#include "judge.h"
#include "netstack.h"
#include "peer.h"
#include "perf.h"
#include "relay.h"
#include "second.h"
#include "report.h"
#include "peer-domu.h"
#include "server.h"
#include "sys.h"
#include "toolstack.h"

/* How often to look for the domU's console and state; emulated time, not the host's. */
#define POLL_MS 20
/* Emulated time from the timed part's announcement to its middle, fio's start included. */
#define DISTURB_MS 300
#define GONE_MS 5000

struct dom0 {
	struct conf conf;
	struct toolstack ts;
	struct server server;	/* the backend, where it is in dom0 */
	struct driver driver;	/* where it is not */
	struct second second;	/* who else there is then */
	struct judge judge;	/* of an isolation run */
	struct peer peer;	/* where it is Xen's own: a driver of our kernel */
	struct peer_domu peer_domu;	/* the other end of the network, where that is a domU */
	struct relay relay;
	struct perf perf;
	xc_interface *xch;
	int domid;		/* of the domU, -1: none yet */
	int64_t disturb_at;	/* sys_now_ms(), 0: not yet known */
	bool disturbed;
};

/* The domUs are ours to create; otherwise Xen has started them. */
static bool is_xl(const struct dom0 *d)
{
	return !strstr(d->conf.topology, "dom0less");
}

static bool has_driver(const struct dom0 *d)
{
	return !strncmp(d->conf.topology, "driver-", 7);
}

/* The device is served by gb-backend, in this domain. */
static bool has_server(const struct dom0 *d)
{
	return !has_driver(d) && !d->conf.pv[0];
}

static void __attribute__((noreturn)) finish(bool ok)
{
	kmemleak_check("dom0");
	report_phase("dom0-done");
	report_done(ok);
	sys_poweroff();
}

static void __attribute__((noreturn)) give_up(const char *error)
{
	report_error("%s", error);
	finish(false);
}

static void die_of_backend(struct dom0 *d)
{
	char text[64];

	server_poll(&d->server);
	report_error("gb-backend ended: %s", sys_child_text(&d->server.child, text, sizeof(text)));
	finish(false);
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

/*
 * Pause the domU while it waits for an interrupt, and not for a register: Xen 4.17 on Arm goes on
 * with an ioreq server that was destroyed under a virtual CPU which waited for its answer
 * (docs/NETWORK.md).
 */
static int pause_idle(struct dom0 *d)
{
	int64_t until = sys_now_ms() + GONE_MS;
	xc_domaininfo_t info;

	while (sys_now_ms() < until) {
		if (xc_domain_pause(d->xch, (uint32_t)d->domid) < 0)
			return -errno;
		if (xc_domain_getinfolist(d->xch, (uint32_t)d->domid, 1, &info) == 1 &&
		    info.domain == d->domid && info.flags & XEN_DOMINF_blocked)
			return 0;
		if (xc_domain_unpause(d->xch, (uint32_t)d->domid) < 0)
			return -errno;
		usleep(100);
	}
	return -EBUSY;
}

static int kill_backend(struct dom0 *d)
{
	kill(d->server.child.pid, SIGKILL);
	if (!sys_child_wait(&d->server.child, GONE_MS))
		return -ETIMEDOUT;
	server_poll(&d->server);
	/* nobody told Xen: it would send requests there, and wait for answers, for good */
	return server_forget(d->domid);
}

/* The backend is killed, whatever it is at, and another one takes its place. */
static void restart_backend(struct dom0 *d)
{
	char error[600] = "";
	int ret;

	/* as long as nobody serves its registers, an access is an abort */
	ret = pause_idle(d);
	if (ret < 0) {
		report_error("cannot pause domain %d: %s", d->domid, strerror(-ret));
		return;
	}
	ret = kill_backend(d);
	if (ret == 0)
		ret = server_start(&d->server, &d->conf, NULL, d->domid);
	if (ret < 0 || server_wait_ready(&d->server, error, sizeof(error)) < 0)
		report_error("gb-backend cannot be started anew: %s", ret < 0 ? strerror(-ret) : error);
	else
		report_log("grantbench: another gb-backend serves domain %d", d->domid);
	if (xc_domain_unpause(d->xch, (uint32_t)d->domid) < 0)
		report_error("cannot unpause domain %d: %s", d->domid, strerror(errno));
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
	if (!strcmp(d->conf.disturb, "backend"))
		restart_backend(d);
	else if (!strcmp(d->conf.disturb, "destroy"))
		toolstack_destroy(d->domid);
	else if (xc_domain_shutdown(d->xch, (uint32_t)d->domid, SHUTDOWN_crash) < 0)
		report_error("cannot crash domain %d: %s", d->domid, strerror(errno));
}

/* What the domU's end is to be, as domu_state() says it. */
static int expected_end(const struct dom0 *d)
{
	static const char *const harmless[] = { "", "grants", "cross", "front" };
	size_t i;

	if (!strcmp(d->conf.disturb, "destroy"))
		return -2;
	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (!strcmp(d->conf.attack, harmless[i]))
			break;
	/* the device is dead, and its frontend is destroyed with it */
	if (i == sizeof(harmless) / sizeof(harmless[0]))
		return -2;
	if (!strcmp(d->conf.disturb, "backend"))
		return SHUTDOWN_poweroff;
	return d->conf.disturb[0] ? SHUTDOWN_crash : SHUTDOWN_poweroff;
}

/* The second frontend is not at its end. A hostile one has none before it began. */
static bool wait_second(struct dom0 *d)
{
	return (d->second.kind != SECOND_FRONT || d->judge.front.state == FRONT_ATTACKS) &&
	       second_runs(&d->second, d->xch);
}

/* Watch everybody until the domU is down. Returns the reason, as above. */
static int watch(struct dom0 *d)
{
	char error[256];
	int state;

	for (;;) {
		struct pollfd pfds[2 + PEER_FDS] = {
			{ .fd = has_server(d) ? d->server.child.out : -1, .events = POLLIN },
			{ .fd = driver_fd(&d->driver), .events = POLLIN },
		};

		peer_poll_fds(&d->peer, pfds + 2);
		poll(pfds, 2 + PEER_FDS, POLL_MS);
		/* somebody waits for the answer, and what it costs is to be the same each time */
		if (pfds[1].revents) {
			driver_serve(&d->driver);
			continue;
		}
		if (peer_serve(&d->peer, pfds + 2)) {
			perf_enable(&d->perf, peer_is_timed(&d->peer));
			continue;
		}
		if (has_driver(d) && is_xl(d))
			relay_poll(&d->driver.relay);
		else if (has_server(d))
			server_poll(&d->server);
		if (has_server(d))
			perf_enable(&d->perf, d->server.in_span);
		if (is_xl(d)) {
			relay_poll(&d->relay);
			second_poll(&d->second);
			disturb(d);
			if (d->second.kind == SECOND_FRONT)
				judge_front(&d->judge);
			if (!toolstack_alive(&d->ts, error, sizeof(error))) {
				report_error("%s", error);
				finish(false);
			}
		}
		if (!netstack_alive(error, sizeof(error)) ||
		    peer_domu_poll(&d->peer_domu, error, sizeof(error)) < 0) {
			report_error("%s", error);
			finish(false);
		}
		state = wait_second(d) ? -1 : domu_state(d);
		/* the backend may end by itself when its domain is gone */
		if (state != -1)
			return state;
		if (has_server(d) && sys_child_ended(&d->server.child))
			die_of_backend(d);
		if (d->driver.dom0less && driver_is_down(&d->driver, d->xch))
			give_up("the driver domain is down before its frontend");
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

/* Domain ids are given in the order of creation: the driver domain has the first. */
static void start_domu(struct dom0 *d)
{
	char error[600];
	int ret;

	if (!is_xl(d)) {
		d->domid = d->conf.frontend_domid;
		if (has_driver(d) && driver_adopt(&d->driver, &d->conf, d->xch, error, sizeof(error)) < 0)
			give_up(error);
		if (d->conf.set_target &&
		    driver_set_target(&d->driver, d->xch, d->domid, error, sizeof(error)) < 0)
			give_up(error);
		return;
	}
	ret = d->conf.pv[0] ? peer_prepare(&d->conf) : 0;
	if (ret < 0) {
		report_error("the RAM disk behind the PV disk: %s", strerror(-ret));
		finish(false);
	}
	if (toolstack_start(&d->ts, error, sizeof(error)) < 0 ||
	    (has_driver(d) && driver_create(&d->driver, &d->conf, error, sizeof(error)) < 0))
		give_up(error);
	if (second_create(&d->second, &d->conf, true, d->xch, error, sizeof(error)) < 0)
		give_up(error);
	d->domid = toolstack_create(d->conf.xl_config, d->conf.domu_name, error, sizeof(error));
	if (d->domid < 0)
		give_up(error);
	if (has_driver(d) && d->domid != d->conf.frontend_domid) {
		report_error("the domU has id %d, and its backend was told %d", d->domid,
			     d->conf.frontend_domid);
		finish(false);
	}
	if (d->conf.set_target &&
	    driver_set_target(&d->driver, d->xch, d->domid, error, sizeof(error)) < 0)
		give_up(error);
	if (second_create(&d->second, &d->conf, false, d->xch, error, sizeof(error)) < 0)
		give_up(error);
	report_phase("domain-created");
	relay_init(&d->relay, d->conf.domu_name, d->domid);
}

/* Until somebody answers the domU's accesses. */
static void start_backend(struct dom0 *d)
{
	char error[600];
	int ret;

	if (has_driver(d) && !is_xl(d)) {
		if (driver_start_dom0less(&d->driver, &d->conf, error, sizeof(error)) < 0)
			give_up(error);
		ret = driver_tell_frontend(&d->conf);
		if (ret < 0)
			give_up("the frontend cannot be told that its backend is ready");
		return;
	}
	if (has_driver(d)) {
		if (driver_start(&d->driver, d->domid, error, sizeof(error)) < 0 ||
		    second_serve(&d->second, d->domid, error, sizeof(error)) < 0)
			give_up(error);
		return;
	}
	if (d->conf.pv[0]) {
		if (peer_open(&d->peer, &d->conf, d->domid, error, sizeof(error)) < 0)
			give_up(error);
		report_phase("backend-ready");
		return;
	}
	ret = server_start(&d->server, &d->conf, NULL, d->domid);
	if (ret < 0) {
		report_error("gb-backend: %s", strerror(-ret));
		finish(false);
	}
	if (server_wait_ready(&d->server, error, sizeof(error)) < 0)
		give_up(error);
	report_phase("backend-ready");
}

/*
 * In dom0 the backend is told to end before the domU is destroyed. In a driver
 * domain it ends because of that.
 */
static bool end(struct dom0 *d, int reason)
{
	bool ok = !has_server(d) || server_end(&d->server, true);

	if (d->conf.pv[0])
		peer_end(&d->peer);
	ok = peer_domu_end(&d->peer_domu) && ok;
	if (is_xl(d) && reason != -2)
		toolstack_destroy(d->domid);
	/* a driver domain's backend ends when its frontend is gone, whoever created that */
	if (!is_xl(d) && has_driver(d))
		xc_domain_destroy(d->xch, (uint32_t)d->domid);
	ok &= second_end_frontend(&d->second, d->xch);
	ok &= !has_driver(d) || driver_end(&d->driver, d->xch);
	return second_end_driver(&d->second, d->xch) && ok;
}

/* An isolation run: the judge has its say before the domU is left to end as any other. */
static void judge(struct dom0 *d)
{
	d->judge = (struct judge){ .conf = &d->conf, .driver = &d->driver, .second = &d->second,
				   .relay = &d->relay, .xch = d->xch, .domid = d->domid };
	/* a hostile frontend has its moment while the other one works: watch() */
	if (d->second.kind == SECOND_FRONT)
		return;
	judge_run(&d->judge);
	/* only a frontend whose device is still in order can come to its own end */
	if (expected_end(d) == SHUTDOWN_poweroff)
		return;
	relay_drain(&d->relay);
	toolstack_destroy(d->domid);
}

static void run(struct dom0 *d)
{
	char error[600];
	int reason;
	bool ok;

	/* the bridge before anything that is to be in it */
	if (netstack_start(&d->conf, error, sizeof(error)) < 0)
		give_up(error);
	start_domu(d);
	/* it is to serve before the first asks */
	if (d->conf.peer_config[0] &&
	    peer_domu_start(&d->peer_domu, &d->conf, error, sizeof(error)) < 0)
		give_up(error);
	/* a driver domain's backend has perf beside it; dom0 has no part in the span */
	if (!has_driver(d) && perf_start(&d->perf, d->conf.perf) < 0)
		finish(false);
	start_backend(d);
	if (is_xl(d) && (toolstack_unpause(d->domid, error, sizeof(error)) < 0 ||
			 second_unpause(&d->second, error, sizeof(error)) < 0))
		give_up(error);
	if (d->conf.interactive) {
		report_log("grantbench: domain %d runs, its backend is in domain %d", d->domid,
			   d->driver.domid);
		if (fork() == 0)
			watch(d);
		else
			for (;;)
				sys_shell("/dev/hvc0");
	}
	if (d->conf.attack[0])
		judge(d);
	reason = watch(d);
	if (is_xl(d))
		relay_drain(&d->relay);
	if (d->conf.xenperf)
		xenperf();
	/* the domU is down: nobody waits for what this takes */
	if (!perf_send(&d->perf, "dom0"))
		finish(false);
	if (d->conf.disturb[0])
		report_check("disturbed", d->disturbed && reason == expected_end(d), "%s, then %d",
			     d->disturbed ? d->conf.disturb : "not disturbed", reason);
	else if (reason != expected_end(d))
		report_error("the domU ended with shutdown reason %d%s", reason,
			     reason == SHUTDOWN_crash ? " (crash)" : "");
	ok = end(d, reason) && reason == expected_end(d);
	if (d->conf.disturb[0]) {
		bool gone = wait_gone(d);

		report_check("domain-gone", gone, "%s", gone ? "no page of it is held" :
			     "somebody still holds pages of it");
		ok &= gone;
	}
	finish(ok);
}

static void check_kind(const char *wanted)
{
	char *type = NULL;
	int ret = sys_read_file("/sys/hypervisor/guest_type", &type, NULL);

	if (type)
		type[strcspn(type, "\n")] = '\0';
	report_check("dom0-kind", ret == 0 && !strcmp(type, wanted), "%s, not %s",
		     ret == 0 ? type : strerror(-ret), wanted);
	free(type);
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

int main(int argc, char **argv)
{
	static struct dom0 d = { .domid = -1, .relay = { .fd = -1 },
				.server = { .child = { .out = -1 } }, .perf = PERF_INIT };
	char error[256];
	int ret;

	/* libxl starts this program for a PV disk */
	if (hotplug_is(argv[0]))
		return hotplug_main(argc, argv);
	ret = sys_mount_all(true);
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
	if (!second_init(&d.second, &d.conf)) {
		report_error("second=%s: there is no such kind", d.conf.second);
		finish(false);
	}
	report_phase("dom0-up");
	if (d.conf.dom0_kind[0])
		check_kind(d.conf.dom0_kind);
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
