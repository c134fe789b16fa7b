// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gb-net: round trips over a network, and content that is checked at both ends.
 * Standard output is one JSON object; exit status 0, or 1 when anything was lost, wrong or
 * out of reach.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net-proto.h"

static int usage(void)
{
	fputs("usage: gb-net serve\n"
	      "       gb-net rr --peer IP [--tcp] [--size N] [--count N] [--in-flight N]\n"
	      "                 [--interval-ns N] [--seed N]\n"
	      "       gb-net verify --peer IP [--peer IP ...] [--mtu N]\n", stderr);
	return 2;
}

static int round_trips(const struct net_test *t)
{
	struct net_result r;
	char error[160] = "", *json;
	int ret = net_rr(t, &r, error, sizeof(error));

	json = net_rr_json(t, &r, error);
	if (json)
		puts(json);
	free(json);
	free(r.ns);
	return ret < 0 || r.bad || r.lost;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "peer", required_argument, NULL, 'p' }, { "tcp", no_argument, NULL, 't' },
		{ "size", required_argument, NULL, 's' }, { "count", required_argument, NULL, 'c' },
		{ "in-flight", required_argument, NULL, 'w' }, { "seed", required_argument, NULL, 'S' },
		{ "interval-ns", required_argument, NULL, 'i' }, { "mtu", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	struct net_test t = { .size = 1, .count = 100, .in_flight = 1, .seed = 1 };
	const char *peers[4];
	unsigned int nr_peers = 0, mtu = 1500, i;
	char error[160] = "";
	bool ok = true;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		uint64_t n = optarg ? strtoull(optarg, NULL, 10) : 0;

		switch (c) {
		case 'p':
			if (nr_peers == 4)
				return usage();
			peers[nr_peers++] = optarg;
			break;
		case 't': t.tcp = true; break;
		case 's': t.size = n; break;
		case 'c': t.count = n; break;
		case 'w': t.in_flight = (unsigned int)n; break;
		case 'S': t.seed = n; break;
		case 'i': t.interval_ns = n; break;
		case 'm': mtu = (unsigned int)n; break;
		default: return usage();
		}
	}
	if (optind + 1 != argc)
		return usage();
	if (!strcmp(argv[optind], "serve")) {
		c = net_serve();
		fprintf(stderr, "gb-net: %s\n", strerror(-c));
		return 1;
	}
	if (!nr_peers)
		return usage();
	if (!strcmp(argv[optind], "rr")) {
		t.peer = peers[0];
		if (!t.size || t.size > 65507 || !t.count || !t.in_flight || mtu < 100)
			return usage();
		return round_trips(&t);
	}
	if (strcmp(argv[optind], "verify"))
		return usage();
	for (i = 0; i < nr_peers && ok; i++)
		ok = net_verify(peers[i], mtu, true, error, sizeof(error)) == 0 && ok;
	if (!ok)
		printf("%s\n", error);
	return !ok;
}
