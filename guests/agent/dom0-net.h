/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0's side of a network under test: the bridge, its address, what serves there. */
#ifndef GB_AGENT_DOM0_NET_H
#define GB_AGENT_DOM0_NET_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

/*
 * Before the backend starts, whose tap joins the bridge. Without net_bridge= nothing. 0, or -1
 * with a sentence in error.
 */
int dom0_net_start(const struct conf *conf, char *error, size_t err_size);
/* False, with a sentence, when a server has ended. */
bool dom0_net_alive(char *error, size_t err_size);

#endif
