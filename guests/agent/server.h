/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gb-backend as a child of an agent: of dom0's, or of a driver domain's. What it
 * says goes to the console; its statistics are sent as backend.json at its end,
 * backend-second.json if it serves the second frontend.
 */
#ifndef GB_AGENT_SERVER_H
#define GB_AGENT_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "sys.h"

struct server_names {
	const char *check, *file, *path;
};
extern const struct server_names server_peer;	/* of the other end of a network */

struct server {
	const struct server_names *names;
	struct child child;
	bool second;		/* it serves the second frontend: other devices, other names */
	bool ready;		/* it said so */
	bool in_span;		/* of the timed part; it says so when asked to (conf.perf) */
	char marks[64];		/* the ports that it named, for whom reads Xen's counters; or "" */
	char line[4096];	/* of its output */
	size_t len;
};

/*
 * Take away the ioreq server of a backend that was killed: Xen gives them ids from 0, and a domain
 * has one. What a virtual CPU waited for is done then. 0 or -errno.
 */
int server_forget(int frontend_domid);

/* Start it for the frontend; names: of its reports, or NULL. 0 or -errno. */
int server_start(struct server *s, const struct conf *conf, const struct server_names *names,
		 int frontend_domid);

/* Read what it said. */
void server_poll(struct server *s);

/* Wait until it is ready. 0, or -1 with a sentence in error. */
int server_wait_ready(struct server *s, char *error, size_t err_size);

/*
 * It has ended, or is told to (SIGTERM): wait for that, check its exit status and
 * send its statistics. False: something of that failed, and was reported.
 */
bool server_end(struct server *s, bool stop);

#endif
