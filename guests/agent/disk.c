// SPDX-License-Identifier: GPL-2.0-or-later
#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.h"

#define FIRST_READ 4096
#define LIVE_WAIT_MS 1000
#define PLATFORM "/sys/bus/platform"
#define VBD_DRIVER "/sys/bus/xen/drivers/vbd"
#define VIF_DRIVER "/sys/bus/xen/drivers/vif"

int disk_bind_late(const char *device, const char *driver)
{
	char path[256];
	int ret;

	snprintf(path, sizeof(path), PLATFORM "/devices/%s/driver_override", device);
	ret = sys_write_file(path, driver);
	return ret < 0 ? ret : sys_write_file(PLATFORM "/drivers_probe", device);
}

bool disk_is_pv(const char *device)
{
	return !strncmp(device, "vbd-", 4);
}

static int driver_file(const char *device, const char *file)
{
	const char *driver = disk_is_pv(device) ? VBD_DRIVER :
			     !strncmp(device, "vif-", 4) ? VIF_DRIVER : PLATFORM "/drivers/virtio-mmio";
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", driver, file);
	return sys_write_file(path, device);
}

int disk_unbind(const char *device)
{
	return driver_file(device, "unbind");
}

int disk_bind(const char *device)
{
	return driver_file(device, "bind");
}

bool disk_first_entry(const char *dir, const char *prefix, char *out, size_t size)
{
	DIR *d = opendir(dir);
	bool found = false;
	struct dirent *e;

	while (d && !found && (e = readdir(d))) {
		if (e->d_name[0] == '.' || strncmp(e->d_name, prefix, strlen(prefix)) ||
		    strlen(e->d_name) >= size)
			continue;
		strcpy(out, e->d_name);
		found = true;
	}
	if (d)
		closedir(d);
	return found;
}

/* sysfs prints the negotiated features as a string of 0 and 1, bit 0 first. */
int disk_read_features(const char *path, uint64_t *features)
{
	char *text;
	int i, ret = sys_read_file(path, &text, NULL);

	if (ret < 0)
		return ret;
	*features = 0;
	for (i = 0; i < 64 && (text[i] == '0' || text[i] == '1'); i++)
		*features |= (uint64_t)(text[i] == '1') << i;
	free(text);
	return 0;
}

static int check_node(struct disk *disk)
{
	struct stat st;

	snprintf(disk->node, sizeof(disk->node), "/dev/%s", disk->block);
	if (stat(disk->node, &st) < 0)
		return -EAGAIN;
	/* a plain file here would satisfy fio and prove nothing */
	return S_ISBLK(st.st_mode) ? 0 : -ENOTBLK;
}

/* A PV disk: it is there when the front driver, bound to it, has made a block device. */
static int look_pv(const char *device, struct disk *disk)
{
	char path[160];

	snprintf(path, sizeof(path), VBD_DRIVER "/%s/block", device);
	if (!disk_first_entry(path, "xvd", disk->block, sizeof(disk->block)))
		return -EAGAIN;
	disk->features = 0;
	if (device != disk->device)
		snprintf(disk->device, sizeof(disk->device), "%s", device);
	return check_node(disk);
}

static int look(const char *device, struct disk *disk)
{
	char dir[160], path[224], virtio[32];
	int ret;

	if (disk_is_pv(device))
		return look_pv(device, disk);
	snprintf(dir, sizeof(dir), PLATFORM "/devices/%s", device);
	if (!disk_first_entry(dir, "virtio", virtio, sizeof(virtio)))
		return -EAGAIN;
	snprintf(path, sizeof(path), "%s/%s/block", dir, virtio);
	if (!disk_first_entry(path, "vd", disk->block, sizeof(disk->block)))
		return -EAGAIN;
	snprintf(path, sizeof(path), "%s/%s/features", dir, virtio);
	ret = disk_read_features(path, &disk->features);
	if (ret < 0)
		return ret;
	/* device may be this very field */
	if (device != disk->device)
		snprintf(disk->device, sizeof(disk->device), "%s", device);
	return check_node(disk);
}

int disk_wait(const char *device, int timeout_ms, struct disk *disk)
{
	int64_t until = sys_now_ms() + timeout_ms;
	int ret;

	while ((ret = look(device, disk)) == -EAGAIN) {
		if (sys_now_ms() >= until)
			return -ETIMEDOUT;
		sys_sleep_ms(1);
	}
	return ret;
}

bool disk_is_deferred(const char *device)
{
	char *text;
	bool found;

	if (sys_read_file("/sys/kernel/debug/devices_deferred", &text, NULL) < 0)
		return false;
	found = strstr(text, device) != NULL;
	free(text);
	return found;
}

/*
 * device_add_disk() makes the node before it publishes the block device
 * (bdev_add(), block/genhd.c): in between, opening it gives ENXIO.
 */
static int open_live(const struct disk *disk)
{
	int64_t until = sys_now_ms() + LIVE_WAIT_MS;
	int fd;

	while ((fd = open(disk->node, O_RDONLY | O_DIRECT | O_CLOEXEC)) < 0 && errno == ENXIO &&
	       sys_now_ms() < until)
		sys_sleep_ms(1);
	return fd;
}

int disk_read_first(const struct disk *disk)
{
	int fd = open_live(disk);
	void *block;
	ssize_t n;
	int ret;

	if (fd < 0)
		return -errno;
	if (posix_memalign(&block, FIRST_READ, FIRST_READ)) {
		close(fd);
		return -ENOMEM;
	}
	n = read(fd, block, FIRST_READ);
	ret = n == FIRST_READ ? 0 : n < 0 ? -errno : -EIO;
	free(block);
	close(fd);
	return ret;
}

int disk_mark(const struct disk *disk)
{
	char path[96];
	char *text;
	int ret;

	snprintf(path, sizeof(path), "/sys/block/%s/serial", disk->block);
	ret = sys_read_file(path, &text, NULL);
	if (ret < 0)
		return ret;
	/* the kernel's buffer was empty: more is what the device did not write */
	if (strcmp(text, DISK_SERIAL))
		ret = -EBADMSG;
	free(text);
	return ret;
}

int disk_grant_text(const char *device, const char *key, char *out, int size)
{
	size_t len = strlen(key);
	char path[160];
	char *text, *p;
	int ret;

	snprintf(path, sizeof(path), GRANT_DMA_DIR "/%s", device ? device : "global");
	ret = sys_read_file(path, &text, NULL);
	if (ret < 0)
		return ret;
	ret = -ENOENT;
	for (p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		if (strncmp(p, key, len) || p[len] != ' ')
			continue;
		snprintf(out, (size_t)size, "%.*s", (int)strcspn(p + len + 1, "\n"), p + len + 1);
		ret = 0;
		break;
	}
	free(text);
	return ret;
}

int disk_grant_stat(const char *device, const char *key, long *value)
{
	char text[32], *end;
	int ret = disk_grant_text(device, key, text, sizeof(text));

	if (ret < 0)
		return ret;
	*value = strtol(text, &end, 10);
	return *end || end == text ? -EINVAL : 0;
}
