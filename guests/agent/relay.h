/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An xl domU's console, passed on to ours as Xen does it for dom0less domUs:
 * "DOM<n>: text", a line of its own after every RELAY_CHUNK characters without
 * a newline (Xen's arch/arm/vpl011.c), so that one reader serves both.
 */
#ifndef GB_AGENT_RELAY_H
#define GB_AGENT_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RELAY_CHUNK 126

struct relay {
	int fd;			/* of xenconsoled's log, -1 until it is there */
	char path[192];
	int domid;
	char line[RELAY_CHUNK + 1];
	size_t len;
	size_t matched[2];	/* characters of the records below */
	bool workload;		/* the domU said that its timed part begins */
	bool done;		/* and that it has ended */
};

/* The log that xenconsoled writes for the domain's emulated UART. */
void relay_init(struct relay *relay, const char *domu_name, int domid);

/* Pass on what is new. Returns the number of bytes. */
size_t relay_poll(struct relay *relay);

/* The domain is down: pass on what xenconsoled still has of its last words. */
void relay_drain(struct relay *relay);

#endif
