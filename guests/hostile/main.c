// SPDX-License-Identifier: GPL-2.0-or-later
/* gb-hostile: gb-backend's command line, and a frontend that should have been careful. */
#include <stdio.h>

#include "hostile.h"

static struct hostile hostile;

static void attach(struct backend *be, struct device *dev)
{
	hostile.be = be;
	if (dev == &be->devices[0])
		hostile_attach(&hostile, dev);
}

static void idle(struct backend *be)
{
	(void)be;
	hostile_obey(&hostile);
}

int main(int argc, char **argv)
{
	static struct backend be;
	int rc = backend_parse(&be, argc, argv);

	if (rc)
		return rc;
	hostile.xs = xs_open(0);
	if (!hostile.xs) {
		fprintf(stderr, "gb-hostile: no xenstore\n");
		return EXIT_XEN;
	}
	be.attach = attach;
	be.idle = idle;
	be.alive_ms = 50;
	return backend_main(&be);
}
