// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /init of a driver domain: a domU that serves another one's devices and has no
 * other rights. Starts the backend, says that it is ready (by xenstore or a static event
 * channel, since dom0 waits for it), and reports when the backend has ended: it does so by itself once
 * its frontend is gone. docs/DRIVER-DOMAIN.md has the whole picture.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstore.h>

#include "conf.h"
#include "doorbell.h"
#include "kmemleak.h"
#include "netstack.h"
#include "perf.h"
#include "report.h"
#include "server.h"
#include "xsnode.h"
#include "sys.h"

#define RIGHTS_MS 90000

static void __attribute__((noreturn)) finish(bool ok)
{
	kmemleak_check("driver");
	report_done(ok);
	sys_poweroff();
}

static void __attribute__((noreturn)) give_up(const char *what, int err)
{
	report_error("%s: %s", what, strerror(err));
	finish(false);
}

static void __attribute__((noreturn)) give_up_with(const char *error)
{
	report_error("%s", error);
	finish(false);
}

static void start(struct server *s, const struct conf *conf, int frontend_domid)
{
	int ret = server_start(s, conf, NULL, frontend_domid);
	char error[256];

	if (ret < 0)
		give_up("gb-backend", -ret);
	if (server_wait_ready(s, error, sizeof(error)) < 0)
		give_up_with(error);
}

/*
 * Until both have ended, or have closed their output: nothing runs here without need. What
 * serves at the other end of a network must not end before.
 */
static void wait_servers(struct server *s, unsigned int nr, struct perf *perf)
{
	/* below 0: that one has ended, or there is none */
	struct pollfd pfd[2 + NETSTACK_FDS] = { { .fd = 0 }, { .fd = nr > 1 ? 0 : -1 } };
	unsigned int i, left;
	char error[256];

	do {
		for (i = left = 0; i < nr; i++) {
			bool ended = pfd[i].fd < 0 || sys_child_ended(&s[i].child);

			pfd[i] = (struct pollfd){ .fd = ended ? -1 : s[i].child.out, .events = POLLIN };
			left += !ended;
		}
		netstack_poll_fds(pfd + 2);
		if (left)
			poll(pfd, 2 + NETSTACK_FDS, -1);
		for (i = 0; i < nr; i++) {
			server_poll(&s[i]);
			if (pfd[i].revents & POLLHUP)
				pfd[i].fd = -1;
		}
		perf_enable(perf, s[0].in_span);
		if (!netstack_alive(error, sizeof(error)))
			give_up_with(error);
	} while (left);
	for (i = 0; i < nr; i++)
		sys_child_wait(&s[i].child, 10000);
}

/* How dom0 and we speak to each other: by xenstore, or where there is none by a static channel. */
struct toolstack {
	struct xs_handle *xs;
	int bell;		/* -1: xenstore it is */
};

/* One that xl created has its rights when it starts; one that Xen started waits for dom0. */
static void wait_rights(struct toolstack *ts, const struct conf *conf)
{
	int ret;

	if (conf->driver_evtchn < 0) {
		ts->xs = xsnode_open();
		if (!ts->xs)
			give_up("xenstore", errno);
		return;
	}
	ts->bell = ret = doorbell_open(conf->driver_evtchn);
	if (ret >= 0)
		ret = doorbell_wait(ts->bell, conf->driver_evtchn, RIGHTS_MS);
	if (ret < 0)
		give_up("no word from dom0 on the static event channel", -ret);
}

static void say_ready(const struct toolstack *ts, const struct conf *conf, const char *marks)
{
	char ready[80];
	int ret;

	if (ts->bell >= 0) {
		ret = doorbell_ring(ts->bell, conf->driver_evtchn);
		if (ret < 0)
			give_up("the static event channel to dom0", -ret);
		return;
	}
	snprintf(ready, sizeof(ready), "ready %s", marks);
	if (!xsnode_write(ts->xs, -1, "backend", ready))
		give_up("xenstore: data/backend", errno);
}

static void run(const struct conf *conf)
{
	static struct server server[2];
	static struct perf perf;
	unsigned int nr = conf->nr_second_devices ? 2 : 1;
	struct toolstack ts = { .bell = -1 };
	char error[256];
	bool ok;

	wait_rights(&ts, conf);
	/* who serves wants random numbers, and the kernel waits for noise that there is none of */
	if (conf->net_bridge[0])
		sys_seed_random();
	/* the bridge before anything that is to be in it */
	if (netstack_start(conf, error, sizeof(error)) < 0)
		give_up_with(error);
	if (perf_start(&perf, conf->perf) < 0)
		finish(false);
	start(&server[0], conf, conf->frontend_domid);
	if (nr > 1)
		start(&server[1], conf, conf->second_domid);
	report_phase("backend-ready");
	say_ready(&ts, conf, server[0].marks);
	if (conf->interactive)
		for (;;)
			sys_shell("/dev/console");
	wait_servers(server, nr, &perf);
	/* a hostile one ends as it likes; killed by itself, it leaves its domain to be destroyed */
	while (conf->attack[0] && WIFSIGNALED(server[0].child.status))
		pause();
	if (conf->attack[0])
		finish(true);
	ok = perf_send(&perf, "backend");
	ok &= server_end(&server[0], false);
	ok &= nr == 1 || server_end(&server[1], false);
	finish(ok);
}

int main(void)
{
	static struct conf conf;
	char error[256];
	int ret = sys_mount_all(true);

	if (ret == 0)
		ret = conf_load(CONF_PATH, &conf, error, sizeof(error));
	else
		snprintf(error, sizeof(error), "cannot mount: %s", strerror(-ret));
	if (report_init(conf.token, conf.source[0] ? conf.source : "backend") < 0)
		sys_poweroff();
	if (ret < 0)
		give_up_with(error);
	report_phase("driver-up");
	run(&conf);
}
