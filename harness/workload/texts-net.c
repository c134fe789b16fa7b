// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/texts-net.h"

#include <stdlib.h>
#include <string.h>

#define BRIDGE "gbbr0"
#define DOM0_MAC "02:67:62:00:01:00"
#define DOMU_MAC "02:67:62:00:00:01"
#define DOM0_IP "192.0.2.1"
#define DOMU_IP "192.0.2.2"
#define DOM0_IP6 "fd00::1"
#define DOMU_IP6 "fd00::2"

bool machine_is_rr(const struct machine *m)
{
	return strstr(m->cell->value[AXIS_NET_TEST], "-rr") != NULL;
}

bool machine_is_looped(const struct machine *m)
{
	return cell_is(m->cell, AXIS_PEER, "loop");
}

void text_net_prefix(const struct machine *m, struct buf *out)
{
	buf_addf(out, "net.%s%s", m->cell->value[AXIS_NET_TEST],
		 cell_is(m->cell, AXIS_LOOP, "open") ? "-open" : "");
}

void text_net_device(const struct machine *m, struct buf *out)
{
	const struct scenario *s = m->scenario;

	buf_addf(out, ",type=net,store=%s,mac=" DOMU_MAC ",queues=%lu,queue-size=%lu,mtu=%s,"
		 "offloads=%s,span=mark", machine_is_looped(m) ? "loop" : "tap,bridge=" BRIDGE,
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

void text_net_dom0_conf(const struct machine *m, struct buf *out)
{
	if (machine_is_looped(m))
		return;
	buf_addf(out, "net_bridge=" BRIDGE "\nnet_mac=" DOM0_MAC "\nnet_address=" DOM0_IP "/24\n"
		 "net_peer=" DOMU_IP "\nnet_peer_mac=" DOMU_MAC "\nnet_test=%s\n",
		 m->cell->value[AXIS_NET_TEST]);
	if (has_ipv6(m))
		buf_addstr(out, "net_address6=" DOM0_IP6 "/64\n");
}

void text_net_domu_conf(const struct machine *m, struct buf *out)
{
	const struct scenario *s = m->scenario;

	buf_addstr(out, "nic=");
	text_device_name(m, out);
	buf_addf(out, "\nnet_address=" DOMU_IP "/24\nnet_peer=" DOM0_IP "\nnet_peer_mac=" DOM0_MAC
		 "\nnet_mtu=%s\nnet_pairs=%lu\nnet_echo=%d\n", m->cell->value[AXIS_MTU],
		 scenario_uint(s, SET_QUEUES), machine_is_looped(m));
	if (has_ipv6(m))
		buf_addstr(out, "net_address6=" DOMU_IP6 "/64\nnet_peer6=" DOM0_IP6 "\n");
	buf_addf(out, "net_test=%s\nnet_size=%llu\nnet_count=%lu\nnet_in_flight=%s\nnet_seed=%u\n",
		 m->cell->value[AXIS_NET_TEST], scenario_parse_size(m->cell->value[AXIS_MSG]),
		 scenario_uint(s, SET_NUMBER_IOS), m->cell->value[AXIS_IODEPTH],
		 m->sample.kind == SAMPLE_SEED ? m->sample.nr : 1);
	if (cell_is(m->cell, AXIS_LOOP, "open"))
		buf_addf(out, "net_interval_ns=%lu\n", scenario_uint(s, SET_INTERVAL_US) * 1000);
}
