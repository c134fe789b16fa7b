// SPDX-License-Identifier: GPL-2.0-or-later
#include "hotplug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <xenstore.h>

#define SCRIPT "/etc/xen/scripts/block"

bool hotplug_is(const char *argv0)
{
	return !strcmp(argv0, SCRIPT);
}

static bool put(struct xs_handle *xs, const char *base, const char *key, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", base, key);
	return xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value));
}

/* "major:minor" of the block device that the toolstack names, in hex. */
static int device_number(struct xs_handle *xs, const char *base, char *out, size_t size)
{
	char path[256], *name;
	unsigned int len = 0;
	struct stat st;
	int ret = 0;

	snprintf(path, sizeof(path), "%s/params", base);
	name = xs_read(xs, XBT_NULL, path, &len);
	if (!name)
		return -errno;
	if (stat(name, &st) < 0)
		ret = -errno;
	else if (!S_ISBLK(st.st_mode))
		ret = -ENOTBLK;
	else
		snprintf(out, size, "%x:%x", major(st.st_rdev), minor(st.st_rdev));
	free(name);
	return ret;
}

int hotplug_main(int argc, char **argv)
{
	const char *base = getenv("XENBUS_PATH");
	struct xs_handle *xs;
	char number[32];
	int ret;

	if (argc != 2 || !base) {
		fprintf(stderr, SCRIPT ": no device to work on\n");
		return 2;
	}
	if (strcmp(argv[1], "add"))
		return 0;	/* there is nothing to take back */
	xs = xs_open(0);
	ret = xs ? device_number(xs, base, number, sizeof(number)) : -errno;
	if (ret == 0 && (!put(xs, base, "physical-device", number) ||
			 !put(xs, base, "hotplug-status", "connected")))
		ret = -errno;
	if (ret < 0)
		fprintf(stderr, SCRIPT ": %s: %s\n", base, strerror(-ret));
	if (xs)
		xs_close(xs);
	return ret < 0;
}
