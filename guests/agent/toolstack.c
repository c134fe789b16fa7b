// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "report.h"

#define XENSTORED_SOCKET "/run/xenstored/socket"
#define DAEMON_MS 30000
#define XL_MS 120000

static void run_error(char *error, size_t err_size, const char *what, int status, const char *out)
{
	if (status < 0)
		snprintf(error, err_size, "%s: %s", what, strerror(-status));
	else
		snprintf(error, err_size, "%s: exit status %d: %.200s", what, status, out);
}

/* A socket file alone says nothing: connect. */
static bool socket_answers(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	ok = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
	close(fd);
	return ok;
}

int toolstack_start(struct toolstack *ts, char *error, size_t err_size)
{
	static const char *const xenstored[] = { "/bin/xenstored", "--no-fork", NULL };
	static const char *const init_dom0[] = { "/bin/xen-init-dom0", NULL };
	static const char *const xenconsoled[] = {
		"/bin/xenconsoled", "--interactive", "--log=guest", "--log-dir=" CONSOLE_DIR, NULL,
	};
	int64_t until = sys_now_ms() + DAEMON_MS;
	char out[512], text[64];
	int ret;

	mkdir(CONSOLE_DIR, 0755);
	ret = sys_spawn(&ts->xenstored, xenstored, false, false);
	if (ret < 0) {
		run_error(error, err_size, "xenstored", ret, "");
		return -1;
	}
	while (!socket_answers(XENSTORED_SOCKET)) {
		if (sys_child_ended(&ts->xenstored) || sys_now_ms() >= until) {
			snprintf(error, err_size, "xenstored does not answer on " XENSTORED_SOCKET " (%s)",
				 sys_child_text(&ts->xenstored, text, sizeof(text)));
			return -1;
		}
		sys_sleep_ms(2);
	}
	ret = sys_run(init_dom0, out, sizeof(out), DAEMON_MS);
	if (ret != 0) {
		run_error(error, err_size, "xen-init-dom0", ret, out);
		return -1;
	}
	ret = sys_spawn(&ts->xenconsoled, xenconsoled, false, false);
	if (ret < 0) {
		run_error(error, err_size, "xenconsoled", ret, "");
		return -1;
	}
	return 0;
}

bool toolstack_alive(struct toolstack *ts, char *error, size_t err_size)
{
	struct child *child[2] = { &ts->xenstored, &ts->xenconsoled };
	static const char *const name[2] = { "xenstored", "xenconsoled" };
	char text[64];
	int i;

	for (i = 0; i < 2; i++) {
		if (!child[i]->pid || !sys_child_ended(child[i]))
			continue;
		snprintf(error, err_size, "%s died: %s", name[i],
			 sys_child_text(child[i], text, sizeof(text)));
		return false;
	}
	return true;
}

int toolstack_create(const char *config, const char *name, char *error, size_t err_size)
{
	/* -e: no daemon that waits for the domain's end, that is our business */
	const char *const create[] = { "/bin/xl", "create", "-p", "-e", config, NULL };
	const char *const domid[] = { "/bin/xl", "domid", name, NULL };
	char out[1024], *end;
	long id;
	int ret = sys_run(create, out, sizeof(out), XL_MS);

	if (ret != 0) {
		run_error(error, err_size, "xl create", ret, out);
		return -1;
	}
	ret = sys_run(domid, out, sizeof(out), XL_MS);
	if (ret != 0) {
		run_error(error, err_size, "xl domid", ret, out);
		return -1;
	}
	id = strtol(out, &end, 10);
	if (end == out || id <= 0 || id >= 0x7ff0) {
		snprintf(error, err_size, "xl domid: not a domain's id: %.100s", out);
		return -1;
	}
	return (int)id;
}

static int xl_with_domid(const char *verb, int domid, char *out, size_t size)
{
	char id[16];
	const char *const argv[] = { "/bin/xl", verb, id, NULL };

	snprintf(id, sizeof(id), "%d", domid);
	return sys_run(argv, out, size, XL_MS);
}

int toolstack_unpause(int domid, char *error, size_t err_size)
{
	char out[512];
	int ret = xl_with_domid("unpause", domid, out, sizeof(out));

	if (ret == 0)
		return 0;
	run_error(error, err_size, "xl unpause", ret, out);
	return -1;
}

void toolstack_destroy(int domid)
{
	char out[512];
	int ret = xl_with_domid("destroy", domid, out, sizeof(out));

	if (ret != 0)
		report_log("grantbench: xl destroy: %d %.100s", ret, out);
}
