// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0-net.h"

#include <stdio.h>
#include <string.h>

#include "netcfg.h"
#include "sys.h"

/* What the domU's workloads talk to. */
static const char *const serve_argv[] = { "/bin/gb-net", "serve", NULL };
static const char *const iperf3_argv[] = { "/bin/iperf3", "-s", NULL };
static struct child servers[2];

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

int dom0_net_start(const struct conf *conf, char *error, size_t err_size)
{
	int ret;

	if (!conf->net_bridge[0])
		return 0;
	if (bridge(conf, error, err_size) < 0)
		return -1;
	/* without an address there is nobody here to talk to: another domU is */
	if (!conf->net_address[0])
		return 0;
	ret = sys_spawn(&servers[0], serve_argv, false, false);
	if (ret == 0 && (!strcmp(conf->net_test, "tcp-up") || !strcmp(conf->net_test, "tcp-down") ||
			 !strcmp(conf->net_test, "udp-up") || !strcmp(conf->net_test, "udp-down")))
		ret = sys_spawn(&servers[1], iperf3_argv, true, true);
	return failed("start a server", conf->net_bridge, ret, error, err_size);
}

bool dom0_net_alive(char *error, size_t err_size)
{
	char text[64];
	size_t i;

	for (i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		char drop[256];

		/* iperf3's report is for the client, which has it, too */
		while (servers[i].pid && servers[i].out >= 0 &&
		       sys_drain(&servers[i], drop, sizeof(drop)) > 0)
			;
		if (!servers[i].pid || !sys_child_ended(&servers[i]))
			continue;
		snprintf(error, err_size, "%s ended: %s", i ? iperf3_argv[0] : serve_argv[0],
			 sys_child_text(&servers[i], text, sizeof(text)));
		return false;
	}
	return true;
}
