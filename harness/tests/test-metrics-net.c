// SPDX-License-Identifier: GPL-2.0-or-later
/* Network workloads' reports to metrics, and what is refused. */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "workload/metrics-net.h"

#define LAT ",\"lat_ns\":{\"min\":1,\"mean\":20.5,\"p50\":19,\"p90\":30,\"p99\":40,\"p999\":50,\"max\":60}"
#define RR(size, count, done, bad, lost) \
	"{\"size\":" #size ",\"count\":" #count ",\"done\":" #done ",\"bad\":" #bad ",\"lost\":" #lost LAT "}"
#define MARK(tx, rx) "{\"tx_packets\":" #tx ",\"rx_packets\":" #rx ",\"tx_gso\":0,\"rx_gso\":0," \
		     "\"rx_buffers\":" #rx ",\"rx_waits\":0}"

static double value(const json_t *metrics, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(metrics, i, m)
		if (!strcmp(json_string_value(json_object_get(m, "name")), name))
			return json_number_value(json_object_get(m, "value"));
	ck_abort_msg("no metric %s", name);
	return 0;
}

static bool has(const json_t *metrics, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(metrics, i, m)
		if (!strcmp(json_string_value(json_object_get(m, "name")), name))
			return true;
	return false;
}

static json_t *parse(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	ck_assert_msg(json != NULL, "%s", text);
	return json;
}

START_TEST(round_trips)
{
	_cleanup_json_ json_t *m = json_array(), *few = json_array();
	_cleanup_json_ json_t *net = parse(RR(64, 1000, 1000, 0, 0)), *small = parse(RR(64, 99, 99, 0, 0));
	struct err err = { 0 };

	ck_assert_msg(metrics_net_rr(net, "net.udp-rr", 64, 1000, METRIC_EXACT, m, &err) == 0, "%s", err.msg);
	ck_assert_double_eq(value(m, "net.udp-rr.lat_mean"), 20.5);
	ck_assert_double_eq(value(m, "net.udp-rr.lat_p99"), 40);
	ck_assert_double_eq(value(m, "net.udp-rr.lat_max"), 60);
	/* nothing is said about one in a thousand of a thousand */
	ck_assert(!has(m, "net.udp-rr.lat_p999"));
	ck_assert_int_eq(metrics_net_rr(small, "x", 64, 99, METRIC_EXACT, few, &err), 0);
	ck_assert(has(few, "x.lat_p50") && !has(few, "x.lat_p90"));
}
END_TEST

static const struct {
	const char *text, *want;
} bad_rr[] = {
	{ RR(64, 999, 999, 0, 0), "999 round trips of 64" },
	{ RR(63, 1000, 1000, 0, 0), "1000 round trips of 63" },
	{ RR(64, 1000, 999, 0, 1), "999 were done" },
	{ RR(64, 1000, 1000, 1, 0), "1 with wrong" },
	{ RR(64, 1000, 1000, 0, 1), "1 lost" },
	{ "{\"size\":64,\"count\":1000,\"done\":1000,\"bad\":0,\"lost\":0}", "no latency" },
	{ "[]", "instead of" },
};

START_TEST(refuses_round_trips)
{
	_cleanup_json_ json_t *m = json_array(), *net = parse(bad_rr[_i].text);
	struct err err = { 0 };

	ck_assert_int_eq(metrics_net_rr(net, "x", 64, 1000, METRIC_EXACT, m, &err), -1);
	ck_assert_msg(strstr(err.msg, bad_rr[_i].want), "%s", err.msg);
	ck_assert_uint_eq(json_array_size(m), 0);
}
END_TEST

START_TEST(rate)
{
	_cleanup_json_ json_t *m = json_array(), *span = parse("{\"first_ns\":1000,\"last_ns\":3000}");
	_cleanup_json_ json_t *none = parse("{\"first_ns\":1000,\"last_ns\":1000}");
	struct err err = { 0 };

	ck_assert_int_eq(metrics_net_rate(span, "x", 4, METRIC_EXACT, m, &err), 0);
	ck_assert_double_eq(value(m, "x.rate"), 2e6);
	ck_assert_int_eq(metrics_net_rate(none, "x", 4, METRIC_EXACT, m, &err), -1);
}
END_TEST

#define TCP "{\"end\":{\"sum_sent\":{\"bytes\":1000,\"seconds\":1,\"retransmits\":3}," \
	    "\"sum_received\":{\"bytes\":900,\"seconds\":0.5}}}"
#define UDP "{\"end\":{\"sum\":{\"bytes\":1000,\"seconds\":0.5,\"lost_packets\":1,\"packets\":4}}}"

START_TEST(iperf3)
{
	_cleanup_json_ json_t *m = json_array(), *tcp = parse(TCP), *udp = parse(UDP);
	struct err err = { 0 };

	ck_assert_msg(metrics_iperf3(tcp, "t", 1000, METRIC_EXACT, m, &err) == 0, "%s", err.msg);
	ck_assert_double_eq(value(m, "t.bw"), 1800);
	ck_assert_double_eq(value(m, "t.retransmits"), 3);
	ck_assert_msg(metrics_iperf3(udp, "u", 1000, METRIC_EXACT, m, &err) == 0, "%s", err.msg);
	ck_assert_double_eq(value(m, "u.bw"), 1500);
	ck_assert_double_eq(value(m, "u.lost"), 1);
}
END_TEST

static const struct {
	const char *text, *want;
} bad_iperf3[] = {
	{ TCP, "1000 bytes instead of 1001" },
	{ UDP, "1000 bytes instead of 1001" },
	{ "{\"error\":\"unable to connect\"}", "unable to connect" },
	{ "{}", "0 bytes" },
	{ "{\"end\":{\"sum_sent\":{\"bytes\":2000},\"sum_received\":{\"bytes\":0,\"seconds\":1}}}", "nothing was received" },
	{ "{\"end\":{\"sum\":{\"bytes\":2000,\"seconds\":0,\"packets\":4}}}", "no time" },
};

START_TEST(refuses_iperf3)
{
	_cleanup_json_ json_t *m = json_array(), *json = parse(bad_iperf3[_i].text);
	struct err err = { 0 };

	ck_assert_int_eq(metrics_iperf3(json, "x", 1001, METRIC_EXACT, m, &err), -1);
	ck_assert_msg(strstr(err.msg, bad_iperf3[_i].want), "%s", err.msg);
}
END_TEST

/* What a mark costs is taken out: there is one in front of each snapshot. */
START_TEST(packets)
{
	_cleanup_json_ json_t *m = json_array();
	_cleanup_json_ json_t *dev = parse("{\"net\":{\"marks\":[" MARK(1, 0) "," MARK(2, 1) "," MARK(103, 202) "]}}");
	_cleanup_json_ json_t *none = parse("{\"net\":{\"marks\":[" MARK(1, 0) "," MARK(2, 1) "," MARK(3, 2) "]}}");
	_cleanup_json_ json_t *few = parse("{\"net\":{\"marks\":[" MARK(1, 0) "," MARK(2, 1) "]}}");
	struct err err = { 0 };
	unsigned long n = 0;

	ck_assert_msg(metrics_net_packets(dev, false, m, &n, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(n, 300);
	ck_assert_double_eq(value(m, "packets_tx"), 100);
	ck_assert_double_eq(value(m, "packets_rx"), 200);
	ck_assert_int_eq(metrics_net_packets(none, false, m, &n, &err), -1);
	ck_assert_int_eq(metrics_net_packets(few, false, m, &n, &err), -1);
}
END_TEST

/* A flood that iperf3 knows nothing of: what it says has arrived never crossed the device. */
START_TEST(udp_carried)
{
	static const struct { double all, lost, tx, rx; bool up; const char *want; } c[] = {
		{ 500, 0, 21, 503, false, NULL }, { 500, 0, 503, 21, true, NULL },
		{ 900, 400, 21, 500, false, NULL },
		{ 1081419, 0, 21, 45912, false, "1081419 datagrams have arrived, and the device has carried 45912" },
		{ 500, 0, 21, 503, true, "500 datagrams" },
	};
	size_t i;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		_cleanup_json_ json_t *m = json_array();
		struct err err = { 0 };

		metric_add(m, "u.datagrams", "1", METRIC_EXACT, "none", c[i].all);
		metric_add(m, "u.lost", "1", METRIC_EXACT, "less", c[i].lost);
		metric_add(m, "packets_tx", "1", METRIC_EXACT, "none", c[i].tx);
		metric_add(m, "packets_rx", "1", METRIC_EXACT, "none", c[i].rx);
		ck_assert_int_eq(metrics_udp_carried(m, "u", c[i].up, &err), c[i].want ? -1 : 0);
		ck_assert_msg(!c[i].want || strstr(err.msg, c[i].want), "%s", err.msg);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("metrics-net");
	TCase *tc = tcase_create("metrics-net");

	tcase_add_test(tc, round_trips);
	tcase_add_loop_test(tc, refuses_round_trips, 0, (int)(sizeof(bad_rr) / sizeof(bad_rr[0])));
	tcase_add_test(tc, rate);
	tcase_add_test(tc, iperf3);
	tcase_add_loop_test(tc, refuses_iperf3, 0, (int)(sizeof(bad_iperf3) / sizeof(bad_iperf3[0])));
	tcase_add_test(tc, packets);
	tcase_add_test(tc, udp_carried);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
