// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /init of a driver domain: a domU that serves another one's devices and has no
 * other rights. Starts the backend, says that it is ready (by xenstore, since dom0
 * waits for it), and reports when the backend has ended: it does so by itself once
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
#include "report.h"
#include "server.h"
#include "xsnode.h"
#include "sys.h"

static void __attribute__((noreturn)) finish(bool ok)
{
	report_done(ok);
	sys_poweroff();
}

static void __attribute__((noreturn)) give_up(const char *what, int err)
{
	report_error("%s: %s", what, strerror(err));
	finish(false);
}

static void run(const struct conf *conf)
{
	static struct server server;
	struct xs_handle *xs = xsnode_open();
	char error[256], ready[80];
	int ret;

	if (!xs)
		give_up("xenstore", errno);
	ret = server_start(&server, conf, conf->frontend_domid);
	if (ret < 0)
		give_up("gb-backend", -ret);
	if (server_wait_ready(&server, error, sizeof(error)) < 0) {
		report_error("%s", error);
		finish(false);
	}
	report_phase("backend-ready");
	snprintf(ready, sizeof(ready), "ready %s", server.marks);
	if (!xsnode_write(xs, -1, "backend", ready))
		give_up("xenstore: data/backend", errno);
	if (conf->interactive)
		for (;;)
			sys_shell("/dev/console");
	while (!sys_child_ended(&server.child)) {
		struct pollfd pfd = { .fd = server.child.out, .events = POLLIN };

		/* its end closes the pipe: nothing runs here without need */
		poll(&pfd, 1, -1);
		server_poll(&server);
		if (pfd.revents & POLLHUP)
			break;
	}
	sys_child_wait(&server.child, 10000);
	/* a hostile one ends as it likes; killed by itself, it leaves its domain to be destroyed */
	while (conf->attack[0] && WIFSIGNALED(server.child.status))
		pause();
	if (conf->attack[0])
		finish(true);
	finish(server_end(&server, false));
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
	if (report_init(conf.token, "backend") < 0)
		sys_poweroff();
	if (ret < 0) {
		report_error("%s", error);
		finish(false);
	}
	report_phase("driver-up");
	run(&conf);
}
