// SPDX-License-Identifier: GPL-2.0-or-later
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "report.h"
#include "sys.h"

/* debugfs mounts tracefs here by itself */
#define TRACING "/sys/kernel/debug/tracing/"
#define EVENTS TRACING "events/xen_grant_dma/enable"
#define BUFFER_KB "8192"
#define GREFS_MAX (1u << 20)

int trace_start(void)
{
	int ret = sys_write_file(TRACING "buffer_size_kb", BUFFER_KB);

	if (ret == 0)
		ret = sys_write_file(TRACING "trace", "");
	return ret < 0 ? ret : sys_write_file(EVENTS, "1");
}

/* One line of the kernel's trace; 0 when it is no event of the device's, or one that failed. */
static int write_event(const char *line, const char *device, unsigned char *mapped, FILE *out)
{
	const char *p = strstr(line, "xen_grant_dma_");
	unsigned int gref, pages, dir;
	char kind[8], dev[64];
	int err;

	if (line[0] == '#' || !p)
		return 0;
	if (sscanf(p, "xen_grant_dma_%7[a-z]: device=%63s gref=%u n_pages=%u dir=%u err=%d", kind, dev,
		   &gref, &pages, &dir, &err) != 6 || gref >= GREFS_MAX)
		return -EINVAL;
	if (err || strcmp(dev, device))
		return 0;
	if (!strcmp(kind, "map")) {
		mapped[gref] = 1;
		fprintf(out, "m %u %u\n", gref, pages);
	} else if (mapped[gref]) {
		mapped[gref] = 0;
		fprintf(out, "u %u\n", gref);
	}
	return 0;
}

/* Did the ring buffer lose events? Its statistics of each CPU say so. */
static int check_complete(void)
{
	static const char *const keys[] = { "overrun: ", "dropped events: " };
	char path[96], *text, *p;
	size_t i;
	int cpu;

	for (cpu = 0; ; cpu++) {
		snprintf(path, sizeof(path), TRACING "per_cpu/cpu%d/stats", cpu);
		if (sys_read_file(path, &text, NULL) < 0)
			return cpu ? 0 : -ENOENT;
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			p = strstr(text, keys[i]);
			if (!p || strtol(p + strlen(keys[i]), NULL, 10)) {
				free(text);
				return -ENOSPC;
			}
		}
		free(text);
	}
}

int trace_send(const char *device, const char *scenario)
{
	unsigned char *mapped = calloc(GREFS_MAX, 1);
	char line[512], *text = NULL;
	size_t size = 0;
	FILE *in, *out;
	int ret;

	sys_write_file(EVENTS, "0");
	ret = check_complete();
	in = fopen(TRACING "trace", "re");
	out = open_memstream(&text, &size);
	if (!in || !out || !mapped)
		ret = -ENOMEM;
	if (ret == 0) {
		fprintf(out, "# grantbench-trace 1 device=%s scenario=%s\n", device, scenario);
		while (ret == 0 && fgets(line, sizeof(line), in))
			ret = write_event(line, device, mapped, out);
	}
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	if (ret == 0)
		report_blob("trace.txt", text, size);
	free(text);
	free(mapped);
	return ret;
}

int trace_maybe_start(const struct conf *conf)
{
	return conf->trace ? trace_start() : 0;
}

bool trace_maybe_end(const struct conf *conf, const char *device, int started)
{
	int ret = started;

	if (conf->trace && ret == 0)
		ret = trace_send(device, conf->scenario);
	if (ret < 0)
		report_error("no trace of the maps: %s", strerror(-ret));
	return ret == 0;
}
