/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of network workloads. Pure, as metrics.h; input is checked. */
#ifndef GRANTBENCH_WORKLOAD_METRICS_NET_H
#define GRANTBENCH_WORKLOAD_METRICS_NET_H

#include "workload/metrics.h"

/*
 * net.json, the round trips of guests/agent: PREFIX.lat_mean and percentiles, each only from
 * as many round trips as say something about it (p90 100, p99 1,000, p99.9 10,000). A count
 * or size that is not what was asked for, an answer that is wrong or missing is a failure.
 */
int metrics_net_rr(const json_t *net, const char *prefix, unsigned long long size,
		   unsigned long count, enum metric_class class, json_t *metrics,
		   struct err *err);

/* PREFIX.rate: round trips over the span's length, by the backend's clock. */
int metrics_net_rate(const json_t *span, const char *prefix, double ops, enum metric_class class,
		     json_t *metrics, struct err *err);

/*
 * iperf3's JSON: PREFIX.bw, what arrived, by the receiver's clock; of TCP retransmits, of UDP
 * lost and all datagrams. Fewer bytes than asked for are a failure.
 */
int metrics_iperf3(const json_t *iperf3, const char *prefix, unsigned long long bytes,
		   enum metric_class class, json_t *metrics, struct err *err);

/* The same by the client's own clock, from the first request to the last answer. */
int metrics_net_rate_of(const json_t *net, const char *prefix, enum metric_class class,
			json_t *metrics, struct err *err);

/*
 * Packets between the marks, as the device saw them: a large one is one. *packets, if wanted,
 * gets how many in both directions, which is what counts per "io" of a stream refer to. pv: the
 * device is xen-netback, which knows less.
 */
int metrics_net_packets(const json_t *device, bool pv, json_t *metrics, unsigned long *packets,
			struct err *err);

/*
 * UDP streams: what iperf3 says has arrived must have crossed the device, from the domU (up) or
 * to it. iperf3 counts a datagram as lost when it gets a later one, so that of a stream that
 * was cut off it knows nothing, and its rate is the sender's. Call behind metrics_iperf3() and
 * metrics_net_packets(), whose metrics these are.
 */
int metrics_udp_carried(const json_t *metrics, const char *prefix, bool up, struct err *err);

#endif
