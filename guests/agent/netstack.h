/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of a network under test, in the domain that the backend runs in, dom0 or a
 * driver domain: the bridge that its tap joins, that bridge's address, and what serves there.
 */
#ifndef GB_AGENT_NETSTACK_H
#define GB_AGENT_NETSTACK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

/*
 * Before the backend starts, whose tap joins the bridge. Without net_bridge= nothing. 0, or -1
 * with a sentence in error.
 */
int netstack_start(const struct conf *conf, char *error, size_t err_size);
/* False, with a sentence, when a server has ended. Reads what they said, which nobody needs. */
bool netstack_alive(char *error, size_t err_size);

/* For who waits without an end: one is ready when netstack_alive() is to be asked. */
#define NETSTACK_FDS 4
void netstack_poll_fds(struct pollfd *pfds);

#endif
