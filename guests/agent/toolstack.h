/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The toolstack in dom0 (all topologies but dom0less): xenstored, xen-init-dom0, xenconsoled
 * and xl, all Xen's own programs.
 */
#ifndef GB_AGENT_TOOLSTACK_H
#define GB_AGENT_TOOLSTACK_H

#include <stdbool.h>
#include <stddef.h>

#include "sys.h"

/* Where xenconsoled logs the guests' emulated UARTs. */
#define CONSOLE_DIR "/var/log/xen/console"

struct toolstack {
	struct child xenstored, xenconsoled;
};

/* Start the daemons. 0, or -1 with a sentence in error. */
int toolstack_start(struct toolstack *ts, char *error, size_t err_size);

/* `xl create -p` of a configuration's domain; its id, or -1 with a sentence in error. */
int toolstack_create(const char *config, const char *name, char *error, size_t err_size);
int toolstack_unpause(int domid, char *error, size_t err_size);

/* False, with a sentence, when one of the daemons has died. */
bool toolstack_alive(struct toolstack *ts, char *error, size_t err_size);

/* `xl destroy`, so that the domain's memory and grants are gone before the end. */
void toolstack_destroy(int domid);

#endif
