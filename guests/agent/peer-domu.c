// SPDX-License-Identifier: GPL-2.0-or-later
#include "peer-domu.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys.h"
#include "toolstack.h"
#include "xsnode.h"

#define READY_MS 90000
#define POLL_MS 20

static int wait_ready(struct peer_domu *s, char *error, size_t err_size)
{
	int64_t until = sys_now_ms() + READY_MS;
	struct xs_handle *xs = xsnode_open();
	char word[16] = "";

	if (!xs) {
		snprintf(error, err_size, "xenstore: %s", strerror(errno));
		return -1;
	}
	while (!xsnode_read(xs, s->domid, "peer", word, sizeof(word))) {
		if (peer_domu_poll(s, error, err_size) < 0)
			return -1;
		if (sys_now_ms() >= until) {
			relay_drain(&s->relay);
			snprintf(error, err_size, "the second domU serves nothing after %d ms", READY_MS);
			return -1;
		}
		sys_sleep_ms(POLL_MS);
	}
	return 0;
}

int peer_domu_start(struct peer_domu *s, const struct conf *conf, char *error, size_t err_size)
{
	/* its backend has one device: the one of the key peer_device */
	static struct conf own;
	int ret;

	s->domid = toolstack_create(conf->peer_config, conf->peer_name, error, err_size);
	if (s->domid < 0)
		return -1;
	relay_init(&s->relay, conf->peer_name, s->domid);
	own = *conf;
	snprintf(own.device[0], sizeof(own.device[0]), "%s", conf->peer_device);
	own.nr_devices = 1;
	ret = server_start(&s->server, &own, &server_peer, s->domid);
	if (ret < 0) {
		snprintf(error, err_size, "gb-backend of the second domU: %s", strerror(-ret));
		return -1;
	}
	if (server_wait_ready(&s->server, error, err_size) < 0 ||
	    toolstack_unpause(s->domid, error, err_size) < 0)
		return -1;
	return wait_ready(s, error, err_size);
}

int peer_domu_poll(struct peer_domu *s, char *error, size_t err_size)
{
	char text[64];

	if (!s->domid)
		return 0;
	relay_poll(&s->relay);
	server_poll(&s->server);
	if (!sys_child_ended(&s->server.child))
		return 0;
	snprintf(error, err_size, "gb-backend of the second domU ended: %s",
		 sys_child_text(&s->server.child, text, sizeof(text)));
	return -1;
}

bool peer_domu_end(struct peer_domu *s)
{
	bool ok;

	if (!s->domid)
		return true;
	ok = server_end(&s->server, true);
	relay_drain(&s->relay);
	toolstack_destroy(s->domid);
	return ok;
}
