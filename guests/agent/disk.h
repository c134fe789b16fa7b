/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The disk as the domU sees it: bound, awaited, described, unbound, all through
 * sysfs. A virtio disk is known by its device-tree node's platform device, such as
 * "2000000.virtio", a PV disk by its device on the bus xen: "vbd-51712" is xvda.
 */
#ifndef GB_AGENT_DISK_H
#define GB_AGENT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk {
	char device[64];	/* "2000000.virtio" */
	char block[32];		/* "vda" */
	char node[48];		/* "/dev/vda" */
	uint64_t features;	/* negotiated */
};

/* Give the platform device to virtio-mmio although its compatible string is another. */
int disk_bind_late(const char *device, const char *driver);

/*
 * Wait until the device has a block device, and fill *disk. -ETIMEDOUT when it
 * does not come; -ENOTBLK when the node is something else.
 */
int disk_wait(const char *device, int timeout_ms, struct disk *disk);

/* Name of the first entry of dir that starts with prefix. */
bool disk_first_entry(const char *dir, const char *prefix, char *out, size_t size);
/* A virtio device's negotiated features, from its sysfs file. */
int disk_read_features(const char *path, uint64_t *features);

/* Is the device on the kernel's list of deferred probes? Needs debugfs. */
bool disk_is_deferred(const char *device);

/* Read the first 4 KiB past the page cache: the disk is usable when that is done. */
int disk_read_first(const struct disk *disk);

/* Is it a device of Xen's PV block driver? */
bool disk_is_pv(const char *device);

int disk_unbind(const char *device);
int disk_bind(const char *device);

/* As gb-backend says it. */
#define DISK_SERIAL "grantbench"

/*
 * Make the backend take a mark of its counters: reading the serial number sends
 * one GET_ID request. -EBADMSG: it is not the backend's, or has more behind it.
 */
int disk_mark(const struct disk *disk);

/*
 * One number of the grant DMA driver's counters (debugfs, guests/linux/README.md);
 * device NULL: the global file. -ENOENT when driver or key is not there.
 */
int disk_grant_stat(const char *device, const char *key, long *value);
/* A word instead of a number. */
int disk_grant_text(const char *device, const char *key, char *out, int size);
#define GRANT_DMA_DIR "/sys/kernel/debug/xen-grant-dma"

#endif
