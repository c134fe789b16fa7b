// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

/* Linux' include/linux/errno.h, which user space does not get */
#define EPROBE_DEFER 517

struct probe {
	const char *device;
	int attempts, deferrals;
	int64_t first_us, probe_us, ready_us, request_us;
	char gave_up[96];
};

/* One record: "prio,seq,usecs,flags[,...];text". */
static void take(struct probe *p, char *line)
{
	char *text = strchr(line, ';'), *at;
	int64_t us = -1;
	int result;

	if (!text || sscanf(line, "%*u,%*u,%" SCNd64, &us) != 1)
		return;
	*text++ = '\0';
	text[strcspn(text, "\n")] = '\0';
	/* our own records are in the log, too, with its clock */
	if (strstr(text, "{\"phase\":\"disk-ready\","))
		p->ready_us = us;
	if (strstr(text, "{\"phase\":\"first-request\","))
		p->request_us = us;
	at = strstr(text, p->device);
	if (!at)
		return;
	if (!strncmp(text, "probe of ", 9) && at == text + 9 &&
	    sscanf(at + strlen(p->device), " returned %d", &result) == 1) {
		p->attempts++;
		p->deferrals += result == -EPROBE_DEFER;
		if (p->first_us < 0)
			p->first_us = us;
		if (result == 0 && p->probe_us < 0)
			p->probe_us = us;
	} else if (strstr(text, "ignoring dependency")) {
		at = strstr(text, ": ");
		snprintf(p->gave_up, sizeof(p->gave_up), "%s", at ? at + 2 : text);
	}
}

void probe_report(const char *device)
{
	struct probe p = { .device = device, .first_us = -1, .probe_us = -1,
			   .ready_us = -1, .request_us = -1 };
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char line[8192], data[400];
	ssize_t n;

	while (fd >= 0) {
		n = read(fd, line, sizeof(line) - 1);
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;	/* EPIPE: that record was overwritten */
		if (n <= 0)
			break;
		line[n] = '\0';
		take(&p, line);
	}
	if (fd >= 0)
		close(fd);
	for (n = 0; p.gave_up[n]; n++)
		if (p.gave_up[n] == '"' || p.gave_up[n] == '\\' || p.gave_up[n] < ' ')
			p.gave_up[n] = '?';
	snprintf(data, sizeof(data),
		 "{\"device\":\"%.63s\",\"attempts\":%d,\"deferrals\":%d,\"first_us\":%" PRId64 ","
		 "\"probe_us\":%" PRId64 ",\"ready_us\":%" PRId64 ",\"request_us\":%" PRId64 ","
		 "\"gave_up\":\"%s\"}", device, p.attempts, p.deferrals, p.first_us, p.probe_us,
		 p.ready_us, p.request_us, p.gave_up);
	report("probe", data);
}
