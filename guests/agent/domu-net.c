// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "domu.h"
#include "net-proto.h"
#include "netcfg.h"
#include "nic.h"
#include "perf.h"
#include "probe.h"
#include "report.h"
#include "sys.h"
#include "trace.h"
#include "workload.h"
#include "xsnode.h"

#define IPERF3 "/bin/iperf3"
/* Emulated time, which an idle machine skips: a stream that hangs is found soon. */
#define TIMED_MS 120000
#define TIMES 5
#define RESTART_TURNS 1000
#define RESTART_ROUNDS 100
/* dom0 kills the backend while nobody waits for a register: let there be such times. */
#define RESTART_INTERVAL_NS 1000000
/* Longer than anybody delays an acknowledgement, or the leaving of a group. */
#define SETTLE_MS 500

static void must(int ret, const char *what, const char *name)
{
	if (ret >= 0)
		return;
	report_error("%s: cannot %s: %s", name, what, strerror(-ret));
	domu_finish(false);
}

static void configure(const struct conf *conf, const struct nic *nic)
{
	netcfg_quiet(nic->name);
	must(netcfg_mtu(nic->name, conf->net_mtu), "set the MTU", nic->name);
	must(netcfg_up(nic->name, true), "bring it up", nic->name);
	must(netcfg_address(nic->name, conf->net_address), "give it an address", nic->name);
	if (conf->net_address6[0])
		must(netcfg_address(nic->name, conf->net_address6), "give it an IPv6 address", nic->name);
	must(netcfg_neighbour(nic->name, conf->net_peer, conf->net_peer_mac), "name its neighbour",
	     nic->name);
	if (conf->net_pairs > 1)
		must(netcfg_queues(nic->name, (unsigned int)conf->net_pairs), "use all queues", nic->name);
}

/* How the interface is set for each pass of the verification; "!": switched off. */
static const char *const offload_passes[] = {
	"", "!gro", "!tso", "!tso !gso", "!tso !gso !sg", "!tso !gso !sg !tx", "!gro !rx",
};

static bool set_offloads(const struct nic *nic, const char *pass, bool on)
{
	static const char *const features[] = { "tso", "gso", "sg", "tx", "gro", "rx" };
	size_t i, n = sizeof(features) / sizeof(features[0]);
	bool all = true;

	for (i = 0; i < n; i++) {
		/* off from the top, on from the bottom: one needs the other */
		const char *f = features[on ? n - 1 - i : i];
		char word[8];

		snprintf(word, sizeof(word), "!%s", f);
		if (strstr(pass, word) && netcfg_offload(nic->name, f, on) < 0)
			all = false;
	}
	return all;
}

/*
 * What comes is what was sent, at both ends, with each combination of offloads that the
 * driver lets one choose.
 */
static bool verify(const struct conf *conf, const struct nic *nic)
{
	unsigned int done = 0, fixed = 0, mtu = (unsigned int)conf->net_mtu;
	char error[160] = "";
	size_t i;
	int ret = 0;

	for (i = 0; ret == 0 && i < sizeof(offload_passes) / sizeof(offload_passes[0]); i++) {
		if (!set_offloads(nic, offload_passes[i], false)) {
			/* what the device does not offer cannot be switched off: the same pass again */
			set_offloads(nic, offload_passes[i], true);
			fixed++;
			continue;
		}
		if (conf->net_echo)
			ret = net_verify_echo(conf->net_peer, mtu, error, sizeof(error));
		else
			ret = net_verify(conf->net_peer, mtu, i == 0, error, sizeof(error));
		if (ret == 0 && conf->net_peer6[0] && !conf->net_echo)
			ret = net_verify(conf->net_peer6, mtu, false, error, sizeof(error));
		set_offloads(nic, offload_passes[i], true);
		done++;
	}
	if (ret < 0)
		report_check("verify", false, "with \"%s\": %s", offload_passes[i - 1], error);
	else
		report_check("verify", true, "%u combinations of offloads, %u cannot be set", done, fixed);
	return ret == 0;
}

/* What was verified with has ended, and says nothing more in the timed part. */
static void settle(const struct conf *conf, const struct nic *nic)
{
	if (conf->net_address6[0])
		must(netcfg_no_ipv6(nic->name), "switch IPv6 off", nic->name);
	sys_sleep_ms(SETTLE_MS);
}

/* Round trips, in this process: nothing of a program's start and end is in the timed part. */
static bool round_trips(const struct conf *conf, struct net_result *r, const struct net_test *t,
			char *error, size_t size)
{
	int ret;

	(void)conf;
	ret = net_rr(t, r, error, size);
	if (ret == 0 && !r->bad && !r->lost)
		return true;
	if (!*error)
		snprintf(error, size, "%llu answers are wrong, %llu lost", (unsigned long long)r->bad,
			 (unsigned long long)r->lost);
	return false;
}

static bool iperf3(const struct conf *conf, char *out, size_t size, char *error, size_t err_size)
{
	char bytes[24], length[16], streams[8], rate[24];
	bool udp = !strncmp(conf->net_test, "udp", 3), down = strstr(conf->net_test, "down") != NULL;
	const char *argv[24];
	size_t n = 0;
	int status;

	snprintf(bytes, sizeof(bytes), "%lld", (long long)conf->net_size * conf->net_count);
	snprintf(length, sizeof(length), "%d", conf->net_size);
	snprintf(streams, sizeof(streams), "%d", conf->net_in_flight);
	/*
	 * Bits per second of each stream; 0: any. From the domU the device holds the sender back.
	 * To it nothing does: a tap drops what it has no room for, and with it what iperf3 says to
	 * its other end, which then waits for TCP to send that again, for seconds.
	 */
	snprintf(rate, sizeof(rate), "%lld", !down || !conf->net_interval_ns ? 0 :
		 8000000000LL * conf->net_size / conf->net_interval_ns / conf->net_in_flight);
	argv[n++] = IPERF3;
	argv[n++] = "-c";
	argv[n++] = conf->net_peer;
	argv[n++] = "-J";
	argv[n++] = "-n";
	argv[n++] = bytes;
	argv[n++] = "-l";
	argv[n++] = length;
	argv[n++] = "-P";
	argv[n++] = streams;
	if (down)
		argv[n++] = "-R";
	if (udp) {
		argv[n++] = "-u";
		argv[n++] = "-b";
		argv[n++] = rate;
	}
	argv[n] = NULL;
	status = sys_run(argv, out, size, TIMED_MS);
	if (status != 0)
		snprintf(error, err_size, "iperf3 ended with %d: %.100s", status, out);
	return status == 0;
}

static bool timed(const struct conf *conf, const struct nic *nic)
{
	static char text[256 * 1024];
	bool rr = strstr(conf->net_test, "-rr") != NULL, ok;
	struct net_test t = {
		.peer = conf->net_peer, .tcp = !strncmp(conf->net_test, "tcp", 3),
		.size = (uint64_t)conf->net_size, .count = (uint64_t)conf->net_count,
		.in_flight = (unsigned int)conf->net_in_flight,
		.interval_ns = (uint64_t)conf->net_interval_ns, .seed = (uint64_t)conf->net_seed,
	};
	struct net_result r = { 0 };
	struct workload_stats empty, before, after;
	struct disk disk = { .device = "" };
	char error[160] = "", *json;
	struct perf perf;
	int table = domu_perturb(conf), marks, trace;

	if (table < 0 || perf_start(&perf, conf->perf) < 0)
		return false;
	snprintf(disk.device, sizeof(disk.device), "%s", nic->device);
	trace = trace_maybe_start(conf);
	/* a mark is two packets that grant: what lies between the first two is what it costs */
	marks = nic_mark(nic);
	report_phase("workload-start");
	workload_stats_read(&disk, &empty);
	if (marks == 0)
		marks = nic_mark(nic);
	workload_stats_read(&disk, &before);
	perf_enable(&perf, true);
	ok = rr ? round_trips(conf, &r, &t, error, sizeof(error)) :
		  iperf3(conf, text, sizeof(text), error, sizeof(error));
	perf_enable(&perf, false);
	if (marks == 0)
		marks = nic_mark(nic);
	workload_stats_read(&disk, &after);
	report_phase("workload-done");
	workload_stats_send(&empty, "empty");
	workload_stats_send(&before, "before");
	workload_stats_send(&after, "after");
	ok = trace_maybe_end(conf, nic->device, trace) && ok;
	domu_end_perturb(conf, table);
	if (!ok && error[0])
		report_error("%s: %s", conf->net_test, error);
	if (marks < 0)
		report_error("%s: no answer to a mark: %s", nic->name, strerror(-marks));
	/* iperf3 warns on standard error, in front of it */
	json = rr ? net_rr_json(&t, &r, error) : strchr(text, '{');
	if (json)
		report_blob(rr ? "net.json" : "iperf3.json", json, strlen(json));
	return perf_send(&perf, "domu") && ok && marks == 0 && json;
}

/*
 * Down and up again: the driver must work, and hold no more references each time. Its
 * rings are as full as they get after the first time only, since it refills lazily, and a
 * packet or two that was sent may still be held, or not: what leaks leaks each time.
 */
static void down_and_up(const struct conf *conf, struct nic *nic)
{
	long now[TIMES + 1] = { 0 };
	int i, ret = 0;

	for (i = 0; i <= TIMES && ret == 0; i++) {
		if (i)
			ret = netcfg_up(nic->name, false);
		if (ret == 0 && i)
			ret = netcfg_up(nic->name, true);
		if (ret == 0)
			ret = nic_ping(nic);
		if (ret == 0 && conf->grants)
			ret = disk_grant_stat(nic->device, "grefs_in_use", &now[i]);
	}
	if (ret < 0)
		report_check("down-up", false, "%s: %s", nic->name, strerror(-ret));
	else
		report_check("down-up", now[TIMES] - now[1] < TIMES - 1,
			     "references in use: %ld, then %ld, %ld, %ld, %ld and %ld", now[0], now[1],
			     now[2], now[3], now[4], now[5]);
}

static int rounds(const struct conf *conf, uint64_t count, uint64_t interval_ns, struct net_result *r,
		  char *error, size_t size)
{
	struct net_test t = {
		.peer = conf->net_peer, .size = (uint64_t)conf->net_size, .count = count,
		.in_flight = (unsigned int)conf->net_in_flight, .seed = 1, .interval_ns = interval_ns,
	};
	int ret = net_rr(&t, r, error, size);

	free(r->ns);
	return ret;
}

/*
 * Traffic until the backend is killed. What was on its way is lost, and the device is dead until
 * it is bound again: its driver knows nothing of a reset that it did not ask for. Unbinding
 * must get all references back, although nobody completed what they were for.
 */
static bool restart(const struct conf *conf, struct nic *nic)
{
	uint64_t done = 0;
	struct net_result r = { 0 };
	char error[160] = "";
	long bound = 0, left = -1;
	int ret = 0, i;

	report_phase("workload-start");
	for (i = 0; ret == 0 && i < RESTART_TURNS; i++) {
		ret = rounds(conf, RESTART_ROUNDS, RESTART_INTERVAL_NS, &r, error, sizeof(error));
		done += r.done;
	}
	report_phase("workload-done");
	report_check("traffic-ended", ret < 0 && done > 0, "after %llu round trips: %s",
		     (unsigned long long)done, ret < 0 ? strerror(-ret) : "nothing ended it");
	disk_grant_stat(nic->device, "grefs_in_use", &bound);
	ret = disk_unbind(nic->device);
	disk_grant_stat(nic->device, "grefs_in_use", &left);
	if (ret == 0)
		ret = disk_bind(nic->device);
	if (ret == 0)
		ret = nic_wait(conf->nic, conf->disk_wait_ms, nic);
	if (ret == 0) {
		configure(conf, nic);
		ret = nic_ping(nic);
	}
	*error = '\0';
	if (ret == 0)
		ret = rounds(conf, RESTART_ROUNDS, 0, &r, error, sizeof(error));
	report_check("recovered", ret == 0 && !r.bad && r.done == RESTART_ROUNDS && bound > 0 && !left,
		     "references: %ld, then %ld; %llu round trips, %llu wrong%s%s", bound, left,
		     (unsigned long long)r.done, (unsigned long long)r.bad, ret ? ": " : "",
		     ret ? (*error ? error : strerror(-ret)) : "");
	return ret == 0;
}

static int wait_for_nic(const struct conf *conf, const char *device)
{
	struct nic nic;
	int ret = nic_wait(device, conf->disk_wait_ms, &nic);

	/* up, so that the rings are filled before they are taken away */
	if (ret == 0)
		ret = netcfg_up(nic.name, true);
	return ret == 0 ? nic_ping(&nic) : ret;
}

void domu_net_serve(const struct conf *conf)
{
	static const char *const iperf3_argv[] = { IPERF3, "-s", NULL };
	static struct child server;
	struct xs_handle *xs;
	struct nic nic;

	sys_seed_random();
	netcfg_quiet("default");
	must(nic_wait(conf->nic, conf->disk_wait_ms, &nic), "find it", conf->nic);
	configure(conf, &nic);
	must(nic_ping(&nic), "reach the backend", nic.name);
	if (fork() == 0) {
		must(net_serve(), "serve", nic.name);
		_exit(1);
	}
	if (strncmp(conf->net_test, "udp-rr", 6) && strncmp(conf->net_test, "tcp-rr", 6))
		must(sys_spawn(&server, iperf3_argv, true, true), "start a server", IPERF3);
	xs = xsnode_open();
	must(xs && xsnode_write(xs, -1, "peer", "ready") ? 0 : -errno, "say so", "xenstore");
	for (;;) {
		char drop[256];

		/* its report is for the client, which has it, too */
		if (!server.pid) {
			pause();
			continue;
		}
		while (sys_drain(&server, drop, sizeof(drop)) > 0)
			;
		must(sys_child_ended(&server) ? -EPIPE : 0, "go on", IPERF3);
		sys_sleep_ms(200);
	}
}

void domu_net(const struct conf *conf)
{
	struct nic nic = { .device = "" };
	char kind[64];
	struct domu_counts start;
	struct disk disk = { .device = "" };
	bool ok = true;
	int ret;

	/* iperf3 asks for random numbers, and a machine without devices has none for seconds */
	sys_seed_random();
	netcfg_quiet("default");
	domu_wait_backend(conf, &start);
	must(domu_bind(conf, conf->nic, 0), "bind virtio-mmio", conf->nic);
	ret = nic_wait(conf->nic, conf->disk_wait_ms, &nic);
	if (ret < 0) {
		report_file("devices_deferred.txt", "/sys/kernel/debug/devices_deferred");
		report_error("%s: no network interface after %d ms%s: %s", conf->nic, conf->disk_wait_ms,
			     disk_is_deferred(conf->nic) ? ", its probe is deferred" : "",
			     strerror(-ret));
		domu_finish(false);
	}
	report_phase("disk-ready");
	configure(conf, &nic);
	ret = nic_ping(&nic);
	if (ret < 0) {
		report_error("%s: no answer from the backend: %s", nic.name, strerror(-ret));
		domu_finish(false);
	}
	report_phase("first-request");
	snprintf(disk.device, sizeof(disk.device), "%s", nic.device);
	probe_report(nic.device);
	snprintf(kind, sizeof(kind), "\"is_net\":true,\"link\":%s%s",
		 netcfg_link(nic.name) ? "true" : "false",
		 nic_is_pv(nic.device) ? ",\"driver\":\"vif\"" : "");
	domu_report_proof(nic.device, nic.features, kind, start.table);
	if (conf->verify) {
		ok = verify(conf, &nic);
		settle(conf, &nic);
	}
	if (ok && conf->net_restart)
		ok = restart(conf, &nic);
	else if (ok && !strcmp(conf->workload, "net"))
		ok = timed(conf, &nic);
	else if (ok)
		workload_state(&disk);
	if (conf->unbind) {
		down_and_up(conf, &nic);
		if (nic_is_pv(nic.device))
			domu_unbind_pv(nic.device);
		else
			domu_unbind_and_count(conf, nic.device, &start, wait_for_nic);
	}
	domu_finish(ok);
}
