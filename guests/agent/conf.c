// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, NUMBER, LIST };

#define FIELD(k, f) { #f, k, offsetof(struct conf, f), sizeof(((struct conf *)0)->f), 0 }
#define LISTED(name, f, nr) \
	{ name, LIST, offsetof(struct conf, f), sizeof(((struct conf *)0)->f[0]), \
	  offsetof(struct conf, nr) }

static const struct {
	const char *key;
	enum kind kind;
	size_t offset;
	size_t size;		/* of the text, or of one element */
	size_t nr_offset;
} keys[] = {
	FIELD(TEXT, token), FIELD(TEXT, source), FIELD(TEXT, topology), FIELD(NUMBER, interactive),
	FIELD(NUMBER, backend_domid), FIELD(NUMBER, frontend_domid), FIELD(NUMBER, ready_evtchn),
	FIELD(TEXT, xl_config), FIELD(TEXT, domu_name), FIELD(TEXT, driver_config), FIELD(TEXT, driver_name),
	FIELD(NUMBER, driver_evtchn), FIELD(TEXT, driver_label), FIELD(TEXT, frontend_label),
	FIELD(TEXT, second), FIELD(NUMBER, second_domid), FIELD(TEXT, second_config), FIELD(TEXT, second_name),
	LISTED("second_device", second_device, nr_second_devices),
	FIELD(NUMBER, set_target), FIELD(TEXT, attack), FIELD(NUMBER, assault), FIELD(NUMBER, ask_marks), FIELD(NUMBER, xenperf), FIELD(TEXT, disturb), FIELD(NUMBER, host_virtio),
	FIELD(TEXT, pv), FIELD(NUMBER, pv_requests),
	FIELD(TEXT, dom0_kind),
	LISTED("device", device, nr_devices), LISTED("disk", disk, nr_disks),
	FIELD(NUMBER, late_probe), FIELD(TEXT, late_bus), FIELD(NUMBER, disk_wait_ms), FIELD(TEXT, workload),
	FIELD(TEXT, fio_job), FIELD(NUMBER, verify), FIELD(NUMBER, unbind), FIELD(NUMBER, keep_bound), FIELD(NUMBER, grants),
	FIELD(NUMBER, jitter), FIELD(NUMBER, table_seed),
	FIELD(NUMBER, in_flight), FIELD(NUMBER, rounds), FIELD(NUMBER, age_seed), FIELD(NUMBER, age_percent),
	FIELD(NUMBER, trace), FIELD(TEXT, scenario), FIELD(TEXT, perf),
	FIELD(TEXT, nic), FIELD(TEXT, net_bridge), FIELD(TEXT, net_mac), FIELD(TEXT, net_address),
	FIELD(TEXT, net_address6), FIELD(TEXT, net_peer), FIELD(TEXT, net_peer6),
	FIELD(TEXT, net_peer_mac), FIELD(NUMBER, net_mtu), FIELD(NUMBER, net_pairs),
	FIELD(TEXT, net_test), FIELD(NUMBER, net_size), FIELD(NUMBER, net_count),
	FIELD(NUMBER, net_in_flight), FIELD(NUMBER, net_interval_ns), FIELD(NUMBER, net_seed),
	FIELD(NUMBER, net_echo), FIELD(NUMBER, net_serve), FIELD(NUMBER, net_restart),
	FIELD(TEXT, peer_config), FIELD(TEXT, peer_name), FIELD(TEXT, peer_device),
};

static int put_text(char *to, size_t size, const char *value)
{
	if (strlen(value) >= size)
		return -EINVAL;
	strcpy(to, value);
	return 0;
}

static int put(struct conf *conf, size_t i, const char *value)
{
	char *base = (char *)conf;
	char *end;
	size_t *nr;
	long n;

	switch (keys[i].kind) {
	case TEXT:
		return put_text(base + keys[i].offset, keys[i].size, value);
	case NUMBER:
		errno = 0;
		n = strtol(value, &end, 10);
		if (errno || end == value || *end || n < 0 || n > INT32_MAX)
			return -EINVAL;
		*(int *)(base + keys[i].offset) = (int)n;
		return 0;
	case LIST:
		nr = (size_t *)(base + keys[i].nr_offset);
		if (*nr >= CONF_LIST_MAX)
			return -EINVAL;
		return put_text(base + keys[i].offset + (*nr)++ * keys[i].size, keys[i].size, value);
	}
	return -EINVAL;
}

int conf_load(const char *path, struct conf *conf, char *error, size_t err_size)
{
	FILE *f = fopen(path, "re");
	char line[512];
	int nr;

	*conf = (struct conf){ .frontend_domid = -1, .second_domid = -1, .ready_evtchn = -1, .driver_evtchn = -1,
			       .disk_wait_ms = 20000 };
	if (!f) {
		snprintf(error, err_size, "%s: %s", path, strerror(errno));
		return -errno;
	}
	for (nr = 1; fgets(line, sizeof(line), f); nr++) {
		size_t len = strcspn(line, "\n"), i;
		char *eq = memchr(line, '=', len);

		if (line[len] != '\n') {
			snprintf(error, err_size, "%s:%d: line too long, or without an end", path, nr);
			goto bad;
		}
		line[len] = '\0';
		if (!len || line[0] == '#')
			continue;
		if (!eq) {
			snprintf(error, err_size, "%s:%d: not key=value", path, nr);
			goto bad;
		}
		*eq = '\0';
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (!strcmp(keys[i].key, line))
				break;
		if (i == sizeof(keys) / sizeof(keys[0])) {
			snprintf(error, err_size, "%s:%d: unknown key \"%.64s\"", path, nr, line);
			goto bad;
		}
		if (put(conf, i, eq + 1) < 0) {
			snprintf(error, err_size, "%s:%d: bad value for %s", path, nr, line);
			goto bad;
		}
	}
	fclose(f);
	return 0;
bad:
	fclose(f);
	return -EINVAL;
}
