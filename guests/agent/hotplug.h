/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libxl starts as /etc/xen/scripts/block when a PV disk comes or goes: it names
 * the disk's device number to xen-blkback, which waits for that, and tells libxl
 * that it is done.
 */
#ifndef GB_AGENT_HOTPLUG_H
#define GB_AGENT_HOTPLUG_H

#include <stdbool.h>

/* Was this program started by that name? */
bool hotplug_is(const char *argv0);

/* The script's work; its exit status. */
int hotplug_main(int argc, char **argv);

#endif
