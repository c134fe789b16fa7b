// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/metrics-net.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"

static double number(const json_t *obj, const char *key)
{
	return json_number_value(json_object_get(obj, key));
}

static void add(json_t *metrics, enum metric_class class, const char *prefix, const char *name,
		const char *unit, const char *better, double value)
{
	_cleanup_free_ char *full = xasprintf("%s.%s", prefix, name);

	metric_add(metrics, full, unit, class, better, value);
}

int metrics_net_rr(const json_t *net, const char *prefix, unsigned long long size,
		   unsigned long count, enum metric_class class, json_t *metrics,
		   struct err *err)
{
	static const struct { const char *key, *name; unsigned long min; } quantiles[] = {
		{ "p50", "lat_p50", 20 }, { "p90", "lat_p90", 100 }, { "p99", "lat_p99", 1000 },
		{ "p999", "lat_p999", 10000 },
	};
	const json_t *lat = json_object_get(net, "lat_ns");
	size_t i;

	if (number(net, "size") != (double)size || number(net, "count") != (double)count)
		return err_subject(err, "net.json: %.0f round trips of %.0f bytes instead of %lu of %llu",
				   number(net, "count"), number(net, "size"), count, size);
	if (number(net, "done") != (double)count || number(net, "bad") != 0 || number(net, "lost") != 0)
		return err_subject(err, "net.json: of %lu round trips %.0f were done, %.0f with wrong "
				   "content, %.0f lost", count, number(net, "done"), number(net, "bad"),
				   number(net, "lost"));
	if (!json_is_number(json_object_get(lat, "mean")))
		return err_subject(err, "net.json: no latency");
	add(metrics, class, prefix, "lat_mean", "ns", "less", number(lat, "mean"));
	for (i = 0; i < ARRAY_SIZE(quantiles); i++)
		if (count >= quantiles[i].min)
			add(metrics, class, prefix, quantiles[i].name, "ns", "less",
			    number(lat, quantiles[i].key));
	/* one round trip of all: no side is better for it */
	add(metrics, class, prefix, "lat_max", "ns", "none", number(lat, "max"));
	return 0;
}

int metrics_net_rate(const json_t *span, const char *prefix, double ops, enum metric_class class,
		     json_t *metrics, struct err *err)
{
	double ns = number(span, "last_ns") - number(span, "first_ns");

	if (ns <= 0 || ops <= 0)
		return err_subject(err, "backend.json: the span has no length");
	add(metrics, class, prefix, "rate", "1/s", "more", ops * 1e9 / ns);
	return 0;
}

int metrics_net_rate_of(const json_t *net, const char *prefix, enum metric_class class,
			json_t *metrics, struct err *err)
{
	if (number(net, "total_ns") <= 0)
		return err_subject(err, "net.json: no time has passed");
	add(metrics, class, prefix, "rate", "1/s", "more",
	    number(net, "done") * 1e9 / number(net, "total_ns"));
	return 0;
}

int metrics_iperf3(const json_t *iperf3, const char *prefix, unsigned long long bytes,
		   enum metric_class class, json_t *metrics, struct err *err)
{
	const json_t *end = json_object_get(iperf3, "end"), *sum = json_object_get(end, "sum");
	const json_t *sent = json_object_get(end, "sum_sent"), *got = json_object_get(end, "sum_received");
	const char *error = json_string_value(json_object_get(iperf3, "error"));

	if (error)
		return err_subject(err, "iperf3: %s", error);
	/* of UDP there is one sum, with what was lost in it */
	if (sum && number(sum, "bytes") >= (double)bytes) {
		double lost = number(sum, "lost_packets"), all = number(sum, "packets");

		if (number(sum, "seconds") <= 0 || all <= 0)
			return err_subject(err, "iperf3.json: no time has passed");
		add(metrics, class, prefix, "bw", "B/s", "more",
		    number(sum, "bytes") * (all - lost) / all / number(sum, "seconds"));
		add(metrics, METRIC_EXACT, prefix, "lost", "1", "less", lost);
		add(metrics, METRIC_EXACT, prefix, "datagrams", "1", "none", all);
		return 0;
	}
	if (sum || number(sent, "bytes") < (double)bytes)
		return err_subject(err, "iperf3.json: %.0f bytes instead of %llu",
				   number(sum ? sum : sent, "bytes"), bytes);
	if (number(got, "bytes") <= 0 || number(got, "seconds") <= 0)
		return err_subject(err, "iperf3.json: nothing was received");
	add(metrics, class, prefix, "bw", "B/s", "more", number(got, "bytes") / number(got, "seconds"));
	add(metrics, METRIC_EXACT, prefix, "retransmits", "1", "less", number(sent, "retransmits"));
	return 0;
}

int metrics_net_packets(const json_t *device, bool pv, json_t *metrics, unsigned long *packets,
			struct err *err)
{
	/* xen-netback knows the first two alone */
	static const struct { const char *counter, *metric; } counters[] = {
		{ "tx_packets", "packets_tx" }, { "rx_packets", "packets_rx" },
		{ "tx_gso", "packets_tx_large" }, { "rx_gso", "packets_rx_large" },
		{ "rx_buffers", "rx_buffers" }, { "rx_waits", "rx_waits" },
	};
	size_t known = pv ? 2 : ARRAY_SIZE(counters);
	const json_t *marks = json_object_get(json_object_get(device, "net"), "marks");
	size_t n = json_array_size(marks), i;
	double both = 0;

	if (n < 3)
		return err_subject(err, "backend.json: no marks around the timed part");
	for (i = 0; i < known; i++) {
		double empty = number(json_array_get(marks, n - 3), counters[i].counter);
		double before = number(json_array_get(marks, n - 2), counters[i].counter);
		double after = number(json_array_get(marks, n - 1), counters[i].counter);
		double diff = after - before - (before - empty);

		if (diff < 0)
			return err_subject(err, "backend.json: %s went backwards", counters[i].counter);
		metric_add(metrics, counters[i].metric, "1", METRIC_EXACT, "none", diff);
		both += i < 2 ? diff : 0;
	}
	if (both <= 0)
		return err_subject(err, "backend.json: no packet between the marks");
	if (packets)
		*packets = (unsigned long)both;
	return 0;
}

static double value_of(const json_t *metrics, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(metrics, i, m)
		if (!strcmp(json_string_value(json_object_get(m, "name")), name))
			return number(m, "value");
	return 0;
}

int metrics_udp_carried(const json_t *metrics, const char *prefix, bool up, struct err *err)
{
	_cleanup_free_ char *all = xasprintf("%s.datagrams", prefix), *lost = xasprintf("%s.lost", prefix);
	double arrived = value_of(metrics, all) - value_of(metrics, lost);
	double carried = value_of(metrics, up ? "packets_tx" : "packets_rx");

	if (arrived <= carried)
		return 0;
	return err_subject(err, "iperf3.json: %.0f datagrams have arrived, and the device has carried "
			   "%.0f packets: more was sent than anybody could take", arrived, carried);
}
