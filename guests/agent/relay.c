// SPDX-License-Identifier: GPL-2.0-or-later
#include "relay.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "report.h"
#include "sys.h"
#include "toolstack.h"

#define DRAIN_MS 200
#define POLL_MS 20

#ifdef __aarch64__
#define RELAY_UART "-vuart0"
#else
#define RELAY_UART ""
#endif

void relay_init(struct relay *relay, const char *domu_name, int domid)
{
	*relay = (struct relay){ .fd = -1, .domid = domid };
	/* arm64 guests print through the emulated UART, PVH guests through Xen's console */
	snprintf(relay->path, sizeof(relay->path), CONSOLE_DIR "/guest-%s%s.log", domu_name,
		 RELAY_UART);
}

static void flush(struct relay *relay)
{
	report_log("DOM%d: %.*s", relay->domid, (int)relay->len, relay->line);
	relay->len = 0;
}

/* A record may be cut anywhere: look at single characters. */
static bool look_for(const char *record, size_t *matched, char c)
{
	*matched = c == record[*matched] ? *matched + 1 : c == record[0];
	if (record[*matched])
		return false;
	*matched = 0;
	return true;
}

static void put(struct relay *relay, char c)
{
	relay->workload |= look_for("\"phase\":\"workload-start\"", &relay->matched[0], c);
	relay->done |= look_for("\"phase\":\"workload-done\"", &relay->matched[1], c);
	if (c == '\r' || c == '\0')
		return;
	if (c == '\n') {
		flush(relay);
		return;
	}
	relay->line[relay->len++] = c;
	if (relay->len == RELAY_CHUNK)
		flush(relay);
}

size_t relay_poll(struct relay *relay)
{
	char block[2048];
	size_t total = 0;
	ssize_t n, i;

	if (relay->fd < 0)
		relay->fd = open(relay->path, O_RDONLY | O_CLOEXEC);
	if (relay->fd < 0)
		return 0;
	while ((n = read(relay->fd, block, sizeof(block))) > 0) {
		for (i = 0; i < n; i++)
			put(relay, block[i]);
		total += (size_t)n;
	}
	return total;
}

void relay_drain(struct relay *relay)
{
	int64_t until = sys_now_ms() + DRAIN_MS;

	while (sys_now_ms() < until) {
		if (relay_poll(relay))
			until = sys_now_ms() + DRAIN_MS;
		sys_sleep_ms(POLL_MS);
	}
}
