// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line of gb-backend, and of what is built on it. */
#include <getopt.h>
#include <stdlib.h>

#include "xen-backend.h"

static void usage(FILE *out)
{
	fputs("Usage: gb-backend --domid N --device KEY=VALUE,... [--device ...] [OPTION...]\n"
	      "\n"
	      "Serves virtio-mmio devices to another Xen domain, from memory that it grants.\n"
	      "\n"
	      "  --domid N          the frontend's domain\n"
	      "  --backend-domid B  our own, as the frontend's device tree says; default 0\n"
	      "  --device LIST      a device; repeat for more (up to 11)\n"
	      "  --ready-evtchn P   static event channel to notify when ready (dom0less)\n"
	      "  --marks-domid N    let that domain ask Xen for its counters, over event channels\n"
	      "  --marks-evtchn P   the same over static event channels: P and the next two\n"
	      "  --say-span         an event when the first device's span begins and when it ends\n"
	      "  --stats FILE       also write the statistics there, at exit and on SIGUSR1\n"
	      "  --log-limit N      messages that a frontend may cause at once; default 10\n"
	      "  --alive-ms N       when idle, how often to look for the domain; default 200\n"
	      "  --verbose          let Xen's libraries log\n"
	      "  --help\n"
	      "\n"
	      "Device keys:\n",
	      out);
	device_options_help(out);
	fputs("\n"
	      "Events are lines of JSON on standard output: ready, span, stats, device-broken, error.\n"
	      "SIGUSR1: print statistics. SIGTERM, SIGINT, SIGHUP: unmap everything and end.\n"
	      "Exit status: 0 all unmapped, 1 maps != unmaps, 2 usage, 3 refused by the system.\n",
	      out);
}

int backend_parse(struct backend *be, int argc, char **argv)
{
	static const struct option options[] = {
		{ "domid", required_argument, NULL, 'd' },
		{ "backend-domid", required_argument, NULL, 'b' },
		{ "device", required_argument, NULL, 'D' },
		{ "ready-evtchn", required_argument, NULL, 'r' },
		{ "marks-domid", required_argument, NULL, 'm' },
		{ "marks-evtchn", required_argument, NULL, 'M' },
		{ "say-span", no_argument, NULL, 'S' },
		{ "stats", required_argument, NULL, 's' },
		{ "log-limit", required_argument, NULL, 'l' },
		{ "alive-ms", required_argument, NULL, 'a' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct device_options opts[DEVICES_MAX];
	bool have_domid = false;
	char error[400];
	uint64_t v = 0;
	unsigned int i;
	int c, rc = 0;

	be->ready_evtchn = -1;
	be->marks_domid = -1;
	be->marks_evtchn = -1;
	be->log_limit = 10;
	be->alive_ms = 200;
	be->ready_fd = -1;
	be->signal_fd = -1;
	for (i = 0; i < DEVICES_MAX; i++)
		be->devices[i] = (struct device){ .store = VSTORE_INIT, .tap = VTAP_INIT };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			rc = parse_number(optarg, 0, 0x7fef, false, &v);
			be->domid = (unsigned int)v;
			have_domid = true;
			break;
		case 'b':
			rc = parse_number(optarg, 0, 0x7fef, false, &v);
			be->backend_domid = (unsigned int)v;
			break;
		case 'D':
			if (be->nr_devices == DEVICES_MAX)
				return backend_fail(EXIT_USAGE, "more than %u devices",
						    DEVICES_MAX);
			if (device_options_parse(&opts[be->nr_devices], optarg, error,
						 sizeof(error)))
				return backend_fail(EXIT_USAGE, "--device %s: %s", optarg, error);
			be->nr_devices++;
			break;
		case 'r':
			rc = parse_number(optarg, 1, 0x1ffff, false, &v);
			be->ready_evtchn = (long)v;
			break;
		case 'm':
			rc = parse_number(optarg, 0, 0x7fef, false, &v);
			be->marks_domid = (long)v;
			break;
		case 'M':
			rc = parse_number(optarg, 1, 0x1fffd, false, &v);
			be->marks_evtchn = (long)v;
			break;
		case 'S':
			be->say_span = true;
			break;
		case 's':
			be->stats_path = optarg;
			break;
		case 'l':
			rc = parse_number(optarg, 0, 1000000, false, &v);
			be->log_limit = (unsigned int)v;
			break;
		case 'a':
			rc = parse_number(optarg, 10, 3600000, false, &v);
			be->alive_ms = (unsigned int)v;
			break;
		case 'v':
			be->verbose = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
		if (rc)
			return backend_fail(EXIT_USAGE, "\"%s\" is not a number in range", optarg);
	}
	if (optind != argc)
		return backend_fail(EXIT_USAGE, "\"%s\" is not an option", argv[optind]);
	if (!have_domid)
		return backend_fail(EXIT_USAGE, "--domid is missing");
	if (be->domid == be->backend_domid)
		return backend_fail(EXIT_USAGE, "frontend and backend are the same domain, %u",
				    be->domid);
	if (!be->nr_devices)
		return backend_fail(EXIT_USAGE, "--device is missing");
	if (device_options_check(opts, be->nr_devices, error, sizeof(error)))
		return backend_fail(EXIT_USAGE, "%s", error);
	for (i = 0; i < be->nr_devices; i++)
		be->devices[i].opt = opts[i];
	return 0;
}
