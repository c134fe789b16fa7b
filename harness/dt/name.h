/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of nodes and properties: devicetree specification 0.4, 2.2.1 and 2.2.4. Internal to dt/. */
#ifndef GRANTBENCH_DT_NAME_H
#define GRANTBENCH_DT_NAME_H

#include <stdbool.h>
#include <string.h>

#define DT_NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static inline bool dt_good_property(const char *name)
{
	return *name && !name[strspn(name, DT_NAME_LETTERS ",._+?#-")];
}

/* The root, at depth 0, has the empty name, and nothing else has. */
static inline bool dt_good_node(const char *name, int depth)
{
	size_t n = strspn(name, DT_NAME_LETTERS ",._+-");

	if (depth == 0)
		return !*name;
	if (n && name[n] == '@' && name[n + 1])
		n += 1 + strspn(name + n + 1, DT_NAME_LETTERS ",._+-");
	return n && !name[n];
}

#endif
