// SPDX-License-Identifier: GPL-2.0-or-later
#include "xsnode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

static void node(char *path, size_t size, int domid, const char *key)
{
	/* a path without a slash in front is below the domain's own directory */
	if (domid < 0)
		snprintf(path, size, "data/%s", key);
	else
		snprintf(path, size, "/local/domain/%d/data/%s", domid, key);
}

struct xs_handle *xsnode_open(void)
{
	return xs_open(0);
}

bool xsnode_write(struct xs_handle *xs, int domid, const char *key, const char *value)
{
	char path[128];

	node(path, sizeof(path), domid, key);
	return xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value));
}

bool xsnode_read(struct xs_handle *xs, int domid, const char *key, char *out, size_t size)
{
	unsigned int len = 0;
	char path[128];
	char *value;

	node(path, sizeof(path), domid, key);
	value = xs_read(xs, XBT_NULL, path, &len);
	if (!value)
		return false;
	snprintf(out, size, "%.*s", (int)len, value);
	free(value);
	return true;
}
