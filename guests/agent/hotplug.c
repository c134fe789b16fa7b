// SPDX-License-Identifier: GPL-2.0-or-later
#include "hotplug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <xenstore.h>

#include "netcfg.h"

#define SCRIPT "/etc/xen/scripts/block"
#define VIF_SCRIPT "/etc/xen/scripts/vif-bridge"

bool hotplug_is(const char *argv0)
{
	return !strcmp(argv0, SCRIPT) || !strcmp(argv0, VIF_SCRIPT);
}

static bool put(struct xs_handle *xs, const char *base, const char *key, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", base, key);
	return xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value));
}

/* Or NULL and errno; the caller frees it. */
static char *text_of(struct xs_handle *xs, const char *base, const char *key)
{
	unsigned int len = 0;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", base, key);
	return xs_read(xs, XBT_NULL, path, &len);
}

/* "major:minor" of the block device that the toolstack names, in hex. */
static int device_number(struct xs_handle *xs, const char *base, char *out, size_t size)
{
	char *name = text_of(xs, base, "params");
	struct stat st;
	int ret = 0;

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

static int number_of(struct xs_handle *xs, const char *base, const char *key, int otherwise)
{
	char *value = text_of(xs, base, key);
	int n = value ? atoi(value) : otherwise;

	free(value);
	return n;
}

/* "online" of a PV network interface: into the bridge that the toolstack names. */
static int vif_main(const char *verb)
{
	const char *base = getenv("XENBUS_PATH"), *vif = getenv("vif");
	struct xs_handle *xs;
	char *bridge = NULL;
	int ret;

	if (!base || !vif) {
		fprintf(stderr, VIF_SCRIPT ": no device to work on\n");
		return 2;
	}
	if (strcmp(verb, "online"))
		return 0;	/* an interface that goes leaves its bridge by itself */
	xs = xs_open(0);
	if (xs)
		bridge = text_of(xs, base, "bridge");
	ret = bridge ? netcfg_mtu(vif, number_of(xs, base, "mtu", 1500)) : -errno;
	if (ret == 0)
		ret = netcfg_join(bridge, vif);
	if (ret == 0)
		ret = netcfg_up(vif, true);
	if (ret == 0 && !put(xs, base, "hotplug-status", "connected"))
		ret = -errno;
	if (ret < 0)
		fprintf(stderr, VIF_SCRIPT ": %s: %s\n", vif, strerror(-ret));
	free(bridge);
	if (xs)
		xs_close(xs);
	return ret < 0;
}

int hotplug_main(int argc, char **argv)
{
	const char *base = getenv("XENBUS_PATH");
	struct xs_handle *xs;
	char number[32];
	int ret;

	if (!strcmp(argv[0], VIF_SCRIPT))
		return vif_main(argc > 1 ? argv[1] : "");
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
