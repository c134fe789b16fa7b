/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a network device's cell adds to the texts of texts.h. Addresses are fixed, and each
 * side is told the other's, so that nobody has to ask. The bridge is in the domain that the
 * backend runs in, dom0 or a driver domain:
 *
 *	stack	bridge gbbr0	02:67:62:00:01:00	192.0.2.1	fd00::1
 *	domU	eth0		02:67:62:00:00:01	192.0.2.2	fd00::2
 */
#ifndef GRANTBENCH_WORKLOAD_TEXTS_NET_H
#define GRANTBENCH_WORKLOAD_TEXTS_NET_H

#include "workload/texts.h"

/* Each appends to out. */
void text_net_device(const struct machine *m, bool peer, struct buf *out);
/* peer = domu: another domU is at the other end, and has a backend of its own in dom0. */
bool machine_has_peer(const struct machine *m);
void text_peer_conf(const struct machine *m, struct buf *out);

/* xl's line for a PV interface, device = netfront. */
void text_net_vif(const struct machine *m, struct buf *out);
/* Of the agent in whose domain the backend runs: the bridge, its address, what to serve. */
void text_net_stack_conf(const struct machine *m, struct buf *out);
void text_net_domu_conf(const struct machine *m, struct buf *out);

/* What the metrics of a network test begin with: "net.udp-rr", "net.udp-rr-open". */
void text_net_prefix(const struct machine *m, struct buf *out);

/* net_test: round trips, which are ours; else iperf3. */
bool machine_is_rr(const struct machine *m);
bool machine_is_looped(const struct machine *m);

#endif
