// SPDX-License-Identifier: GPL-2.0-or-later
/* What a network workload came to, and the proof that its path was live. */
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "workload/evaluate-internal.h"
#include "workload/metrics-net.h"
#include "workload/texts-net.h"

int eval_net_proof(const struct machine *m, const json_t *backend, json_t *proof, struct err *err)
{
	const json_t *dev = eval_device(backend), *pair;
	const json_t *pairs = json_object_get(json_object_get(dev, "net"), "pairs");
	json_int_t tx = 0, rx = 0, bad = 0;
	size_t i;

	json_array_foreach(pairs, i, pair) {
		const json_t *drops = json_object_get(pair, "drops"), *n;
		const char *why;

		tx += eval_int(pair, "tx_packets");
		rx += eval_int(pair, "rx_packets");
		/* what is not the driver's fault: nobody's packet, no room for it */
		json_object_foreach((json_t *)drops, why, n)
			if (strcmp(why, "filter") && strcmp(why, "no_buffers") && strcmp(why, "store"))
				bad += json_integer_value(n);
	}
	json_object_set_new(proof, "packets_tx", json_integer(tx));
	json_object_set_new(proof, "packets_rx", json_integer(rx));
	if (tx <= 0 || rx <= 0)
		return err_subject(err, "the backend saw %" JSON_INTEGER_FORMAT " packets from the domU and "
				   "gave it %" JSON_INTEGER_FORMAT, tx, rx);
	if (bad)
		return err_subject(err, "the backend refused %" JSON_INTEGER_FORMAT " packets of a driver "
				   "that means well", bad);
	if (eval_int(dev, "mtu") != atoi(m->cell->value[AXIS_MTU]))
		return err_subject(err, "the backend's MTU is %" JSON_INTEGER_FORMAT, eval_int(dev, "mtu"));
	return 0;
}

/*
 * How a stream is cut into packets, and when buffers are refilled, follows from time: counts
 * of it are as exact as times are, and are compared as these.
 */
static void count_as_ticks(json_t *metrics)
{
	json_t *metric;
	size_t i;

	json_array_foreach(metrics, i, metric) {
		const char *name = json_string_value(json_object_get(metric, "name"));
		const char *unit = json_string_value(json_object_get(metric, "unit"));

		if (name && unit && !strcmp(unit, "1") && strncmp(name, "net.", 4) &&
		    strncmp(name, "probe.", 6))
			json_object_set_new(metric, "unit", json_string("tick"));
	}
}

int eval_net(const struct machine *m, const struct vm_result *r, enum metric_class class,
	     json_t *metrics, struct err *err)
{
	_cleanup_json_ json_t *said = NULL, *backend = NULL, *unused = json_array();
	_cleanup_buf_ struct buf prefix = BUF_INIT;
	json_t *own = m->count ? unused : metrics;
	unsigned long ios = scenario_uint(m->scenario, SET_NUMBER_IOS);
	bool rr = machine_is_rr(m), pv = machine_is_pv_net(m);
	const json_t *device, *span;
	double ops;

	text_net_prefix(m, &prefix);
	said = eval_blob_json(r, rr ? "net.json" : "iperf3.json", err);
	backend = said ? eval_blob_json(r, "backend.json", err) : NULL;
	if (!backend || eval_take_marks(m, r, backend, err) < 0)
		return -1;
	device = eval_device(backend);
	if (rr) {
		if (metrics_net_rr(said, prefix.data, scenario_parse_size(m->cell->value[AXIS_MSG]), ios,
				   class, own, err) < 0)
			return -1;
		if (metrics_net_packets(device, pv, own, NULL, err) < 0)
			return -1;
	} else {
		unsigned long long bytes = ios * scenario_parse_size(m->cell->value[AXIS_MSG]);

		if (metrics_iperf3(said, prefix.data, bytes, class, own, err) < 0 ||
		    metrics_net_packets(device, pv, own, &ios, err) < 0 ||
		    metrics_udp_carried(own, prefix.data, cell_is(m->cell, AXIS_NET_TEST, "udp-up"), err) < 0)
			return -1;
	}
	if (eval_counts(m, r, device, ios, class, metrics, &span, &ops, err) < 0)
		return -1;
	if (!rr)
		count_as_ticks(metrics);
	if (m->count || !rr)
		return 0;
	/* xen-netback's span ends with a mark, which the domU sends some time behind the last answer */
	return pv ? metrics_net_rate_of(said, prefix.data, class, metrics, err) :
		    metrics_net_rate(span, prefix.data, ops, class, metrics, err);
}
