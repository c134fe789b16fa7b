// SPDX-License-Identifier: GPL-2.0-or-later
#include "netstack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "netcfg.h"
#include "sys.h"

/* What the domU's workloads talk to. */
static const char *const serve_argv[] = { "/bin/gb-net", "serve", NULL };
static const char *const iperf3_argv[] = { "/bin/iperf3", "-s", NULL };

#define NR_SERVERS 2

static struct {
	struct child child;
	int pidfd;		/* readable once it has ended */
} servers[NR_SERVERS];

static int failed(const char *what, const char *name, int ret, char *error, size_t err_size)
{
	if (ret >= 0)
		return 0;
	snprintf(error, err_size, "%s: cannot %s: %s", name, what, strerror(-ret));
	return -1;
}

static int bridge(const struct conf *conf, char *error, size_t err_size)
{
	const char *br = conf->net_bridge;

	netcfg_quiet("default");
	if (failed("make the bridge", br, netcfg_bridge(br), error, err_size) < 0 ||
	    failed("set its MAC", br, netcfg_mac(br, conf->net_mac), error, err_size) < 0 ||
	    failed("bring it up", br, netcfg_up(br, true), error, err_size) < 0)
		return -1;
	if (!conf->net_address[0])
		return 0;
	if (failed("give it an address", br, netcfg_address(br, conf->net_address), error, err_size) < 0)
		return -1;
	if (conf->net_address6[0] &&
	    failed("give it an IPv6 address", br, netcfg_address(br, conf->net_address6), error,
		   err_size) < 0)
		return -1;
	return failed("name its neighbour", br,
		      netcfg_neighbour(br, conf->net_peer, conf->net_peer_mac), error, err_size);
}

static int start(size_t i, const char *const *argv, bool drop_out)
{
	int ret = sys_spawn(&servers[i].child, argv, drop_out, drop_out);

	if (ret < 0)
		return ret;
	servers[i].pidfd = (int)syscall(SYS_pidfd_open, servers[i].child.pid, 0);
	return servers[i].pidfd < 0 ? -errno : 0;
}

static bool has_streams(const struct conf *conf)
{
	return !strcmp(conf->net_test, "tcp-up") || !strcmp(conf->net_test, "tcp-down") ||
	       !strcmp(conf->net_test, "udp-up") || !strcmp(conf->net_test, "udp-down");
}

int netstack_start(const struct conf *conf, char *error, size_t err_size)
{
	int ret;

	if (!conf->net_bridge[0])
		return 0;
	if (bridge(conf, error, err_size) < 0)
		return -1;
	/* without an address there is nobody here to talk to: another domU is */
	if (!conf->net_address[0])
		return 0;
	ret = start(0, serve_argv, false);
	if (ret == 0 && has_streams(conf))
		ret = start(1, iperf3_argv, true);
	return failed("start a server", conf->net_bridge, ret, error, err_size);
}

/* iperf3's report is for the client, which has it, too. */
static void drop(struct child *child)
{
	char block[256];
	ssize_t n;

	while (child->out >= 0 && (n = sys_drain(child, block, sizeof(block))) >= 0) {
		if (n)
			continue;
		close(child->out);
		child->out = -1;
	}
}

bool netstack_alive(char *error, size_t err_size)
{
	char text[64];
	size_t i;

	for (i = 0; i < NR_SERVERS; i++) {
		struct child *child = &servers[i].child;

		if (!child->pid)
			continue;
		drop(child);
		if (!sys_child_ended(child))
			continue;
		snprintf(error, err_size, "%s ended: %s", i ? iperf3_argv[0] : serve_argv[0],
			 sys_child_text(child, text, sizeof(text)));
		return false;
	}
	return true;
}

void netstack_poll_fds(struct pollfd *pfds)
{
	size_t i;

	for (i = 0; i < NR_SERVERS; i++) {
		bool runs = servers[i].child.pid && !servers[i].child.ended;

		pfds[2 * i] = (struct pollfd){ .fd = runs ? servers[i].pidfd : -1, .events = POLLIN };
		pfds[2 * i + 1] = (struct pollfd){ .fd = runs ? servers[i].child.out : -1,
						   .events = POLLIN };
	}
}
