// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/texts-net.h"

#include <stdlib.h>
#include <string.h>

#define BRIDGE "gbbr0"
#define STACK_MAC "02:67:62:00:01:00"
#define DOMU_MAC "02:67:62:00:00:01"
#define PEER_MAC "02:67:62:00:00:02"
#define STACK_IP "192.0.2.1"
#define DOMU_IP "192.0.2.2"
#define PEER_IP "192.0.2.3"
#define STACK_IP6 "fd00::1"
#define DOMU_IP6 "fd00::2"
#define PEER_IP6 "fd00::3"

bool machine_is_rr(const struct machine *m)
{
	return strstr(m->cell->value[AXIS_NET_TEST], "-rr") != NULL;
}

bool machine_is_looped(const struct machine *m)
{
	return cell_is(m->cell, AXIS_PEER, "loop");
}

bool machine_has_peer(const struct machine *m)
{
	return cell_is_net(m->cell) && cell_is(m->cell, AXIS_PEER, "domu");
}

void text_net_prefix(const struct machine *m, struct buf *out)
{
	buf_addf(out, "net.%s%s", m->cell->value[AXIS_NET_TEST],
		 cell_is(m->cell, AXIS_LOOP, "open") ? "-open" : "");
}

void text_net_device(const struct machine *m, bool peer, struct buf *out)
{
	const struct scenario *s = m->scenario;

	buf_addf(out, ",type=net,store=%s,mac=%s,queues=%lu,queue-size=%lu,mtu=%s,"
		 "offloads=%s,span=mark", machine_is_looped(m) ? "loop" :
		 peer ? "tap,tap=gbtap1,bridge=" BRIDGE : "tap,bridge=" BRIDGE,
		 peer ? PEER_MAC : DOMU_MAC,
		 scenario_uint(s, SET_QUEUES), scenario_uint(s, SET_QUEUE_SIZE),
		 m->cell->value[AXIS_MTU], m->cell->value[AXIS_OFFLOADS]);
}

void text_net_vif(const struct machine *m, struct buf *out)
{
	buf_addf(out, "vif = [ \"mac=" DOMU_MAC ",bridge=" BRIDGE ",script=vif-bridge,mtu=%s\" ]\n",
		 m->cell->value[AXIS_MTU]);
}

/* IPv6 is there to be verified; where it is not, nothing of it disturbs what is timed. */
static bool has_ipv6(const struct machine *m)
{
	return scenario_bool(m->scenario, SET_VERIFY) && !machine_is_looped(m);
}

void text_net_stack_conf(const struct machine *m, struct buf *out)
{
	if (machine_is_looped(m))
		return;
	buf_addstr(out, "net_bridge=" BRIDGE "\nnet_mac=" STACK_MAC "\n");
	if (machine_has_peer(m))
		return;
	buf_addf(out, "net_address=" STACK_IP "/24\n"
		 "net_peer=" DOMU_IP "\nnet_peer_mac=" DOMU_MAC "\nnet_test=%s\n",
		 m->cell->value[AXIS_NET_TEST]);
	if (has_ipv6(m))
		buf_addstr(out, "net_address6=" STACK_IP6 "/64\n");
}

/* Who somebody on the bridge is. */
struct host {
	const char *mac, *ip, *ip6;
};

static const struct host stack = { STACK_MAC, STACK_IP, STACK_IP6 }, domu = { DOMU_MAC, DOMU_IP, DOMU_IP6 },
			 peer = { PEER_MAC, PEER_IP, PEER_IP6 };

/* What an interface is told of itself and of the other end. */
static void interface_conf(const struct machine *m, const struct host *own, const struct host *other,
			   struct buf *out)
{
	buf_addstr(out, "nic=");
	text_device_name(m, out);
	buf_addf(out, "\nnet_address=%s/24\nnet_peer=%s\nnet_peer_mac=%s\nnet_mtu=%s\nnet_pairs=%lu\n"
		 "net_test=%s\n", own->ip, other->ip, other->mac, m->cell->value[AXIS_MTU],
		 scenario_uint(m->scenario, SET_QUEUES), m->cell->value[AXIS_NET_TEST]);
	if (has_ipv6(m))
		buf_addf(out, "net_address6=%s/64\nnet_peer6=%s\n", own->ip6, other->ip6);
}

void text_peer_conf(const struct machine *m, struct buf *out)
{
	interface_conf(m, &peer, &domu, out);
	buf_addstr(out, "net_serve=1\n");
}

void text_net_domu_conf(const struct machine *m, struct buf *out)
{
	const struct scenario *s = m->scenario;

	interface_conf(m, &domu, machine_has_peer(m) ? &peer : &stack, out);
	buf_addf(out, "net_echo=%d\n", machine_is_looped(m));
	buf_addf(out, "net_size=%llu\nnet_count=%lu\nnet_in_flight=%s\nnet_seed=%u\n",
		 scenario_parse_size(m->cell->value[AXIS_MSG]),
		 scenario_uint(s, SET_NUMBER_IOS), m->cell->value[AXIS_IODEPTH],
		 m->sample.kind == SAMPLE_SEED ? m->sample.nr : 1);
	if (machine_is_restarted(m))
		buf_addstr(out, "net_restart=1\n");
	if (cell_is(m->cell, AXIS_LOOP, "open") || cell_is(m->cell, AXIS_NET_TEST, "udp-down"))
		buf_addf(out, "net_interval_ns=%lu\n", scenario_uint(s, SET_INTERVAL_US) * 1000);
}
