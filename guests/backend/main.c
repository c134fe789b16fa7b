// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gb-backend: virtio devices for another domain, over ioreq servers and grants.
 * README.md has the interface; "gb-backend --help" the options.
 */
#include "xen-backend.h"

int main(int argc, char **argv)
{
	static struct backend be;
	int rc = backend_parse(&be, argc, argv);

	return rc ? rc : backend_main(&be);
}
