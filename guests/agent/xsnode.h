/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words between dom0's agent and another domain's, by xenstore: each domain may
 * write below its own "data". dom0 reads and writes there as it likes.
 */
#ifndef GB_AGENT_XSNODE_H
#define GB_AGENT_XSNODE_H

#include <stdbool.h>
#include <stddef.h>

struct xs_handle;

/* In dom0 over xenstored's socket, elsewhere over /dev/xen/xenbus. NULL: errno says why. */
struct xs_handle *xsnode_open(void);

/* A domain's node "data/KEY"; domid -1: our own. Writes a string; false: errno says why. */
bool xsnode_write(struct xs_handle *xs, int domid, const char *key, const char *value);

/* Into out, cut at size - 1; false when there is none. */
bool xsnode_read(struct xs_handle *xs, int domid, const char *key, char *out, size_t size);

#endif
