// SPDX-License-Identifier: GPL-2.0-or-later
#include "server.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

#define READY_MS 60000
#define END_MS 20000
/* What the reports of its end are called, and the file of its statistics. */
static const struct server_names first_names = { "backend-end", "backend.json", "/tmp/backend.json" };
static const struct server_names second_names = {
	"second-backend-end", "backend-second.json", "/tmp/backend-second.json",
};
const struct server_names server_peer = {
	"peer-backend-end", "peer-backend.json", "/tmp/peer-backend.json",
};

/* Devices as list, the next ones of argv. */
static size_t put_devices(const char **argv, size_t n, const char (*device)[256], size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		argv[n++] = "--device";
		argv[n++] = device[i];
	}
	return n;
}

int server_start(struct server *s, const struct conf *conf, const struct server_names *names,
		 int frontend_domid)
{
	bool second = frontend_domid == conf->second_domid;
	char domid[16], backend_domid[16], evtchn[16], marks[16];
	const char *argv[13 + 2 * CONF_LIST_MAX];
	size_t n = 0;

	snprintf(domid, sizeof(domid), "%d", frontend_domid);
	snprintf(backend_domid, sizeof(backend_domid), "%d", conf->backend_domid);
	snprintf(evtchn, sizeof(evtchn), "%d", conf->ready_evtchn);
	snprintf(marks, sizeof(marks), "%d", conf->driver_evtchn + 1);
	*s = (struct server){ .child = { .out = -1 }, .second = second,
			      .names = names ? names : second ? &second_names : &first_names };
	argv[n++] = conf->attack[0] ? "/bin/gb-hostile" : "/bin/gb-backend";
	argv[n++] = "--domid";
	argv[n++] = domid;
	argv[n++] = "--backend-domid";
	argv[n++] = backend_domid;
	argv[n++] = "--stats";
	argv[n++] = s->names->path;
	if (conf->ready_evtchn >= 0) {
		argv[n++] = "--ready-evtchn";
		argv[n++] = evtchn;
	}
	/* a driver domain may not ask Xen for its counters: dom0 does, when told */
	if (conf->ask_marks && !second && conf->driver_evtchn >= 0) {
		argv[n++] = "--marks-evtchn";
		argv[n++] = marks;
	} else if (conf->ask_marks && !second) {
		argv[n++] = "--marks-domid";
		argv[n++] = "0";
	}
	if (conf->perf[0])
		argv[n++] = "--say-span";
	n = second ? put_devices(argv, n, conf->second_device, conf->nr_second_devices) :
		     put_devices(argv, n, conf->device, conf->nr_devices);
	argv[n] = NULL;
	return sys_spawn(&s->child, argv, true, true);
}

/* A line of the backend's: an event as JSON, or its log. */
static void take_line(struct server *s)
{
	const char *marks = strstr(s->line, "\"marks\":[");

	if (strstr(s->line, "\"event\":\"ready\"")) {
		s->ready = true;
		if (marks)
			snprintf(s->marks, sizeof(s->marks), "%.*s",
				 (int)strcspn(marks + 9, "]"), marks + 9);
	}
	if (strstr(s->line, "\"event\":\"span\""))
		s->in_span = strstr(s->line, "\"first\"") != NULL;
	/* the statistics come as a file; everything else is for people */
	if (!strstr(s->line, "\"event\":\"stats\""))
		report_log("gb-backend%s: %.300s", s->second ? "-second" : "", s->line);
}

void server_poll(struct server *s)
{
	char c;

	while (s->child.out >= 0 && read(s->child.out, &c, 1) == 1) {
		if (c != '\n' && s->len < sizeof(s->line) - 1) {
			s->line[s->len++] = c;
			continue;
		}
		if (c != '\n')
			continue;
		s->line[s->len] = '\0';
		s->len = 0;
		take_line(s);
	}
}

int server_wait_ready(struct server *s, char *error, size_t err_size)
{
	int64_t until = sys_now_ms() + READY_MS;
	char text[64];

	for (;;) {
		struct pollfd pfd = { .fd = s->child.out, .events = POLLIN };

		server_poll(s);
		if (s->ready)
			return 0;
		if (sys_child_ended(&s->child)) {
			server_poll(s);
			snprintf(error, err_size, "gb-backend ended: %s",
				 sys_child_text(&s->child, text, sizeof(text)));
			return -1;
		}
		if (sys_now_ms() >= until) {
			snprintf(error, err_size, "gb-backend is not ready after %d ms", READY_MS);
			return -1;
		}
		poll(&pfd, 1, 50);
	}
}

bool server_end(struct server *s, bool stop)
{
	char text[64];
	bool ok;

	if (stop)
		kill(s->child.pid, SIGTERM);
	if (!sys_child_wait(&s->child, END_MS)) {
		report_check(s->names->check, false, "no end within %d ms", END_MS);
		return false;
	}
	server_poll(s);
	ok = s->child.status == 0;
	report_check(s->names->check, ok, "%s", sys_child_text(&s->child, text, sizeof(text)));
	return report_file(s->names->file, s->names->path) == 0 && ok;
}
