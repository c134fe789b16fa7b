// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/logs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"

static FILE *create(const char *workdir, const char *name, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", workdir, name);
	FILE *f = fopen(path, "we");

	if (!f)
		err_errno(err, errno, "cannot write %s", path);
	return f;
}

/* A log of a domU that does not speak this time would be read as if it had. */
static void remove_old(const char *workdir)
{
	_cleanup_closedir_ DIR *d = opendir(workdir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t len = strlen(e->d_name);

		if (!strncmp(e->d_name, "domu", 4) && len > 8 &&
		    !strcmp(e->d_name + len - 4, ".log"))
			unlinkat(dirfd(d), e->d_name, 0);
		else if (!strcmp(e->d_name, "domu.log"))
			unlinkat(dirfd(d), e->d_name, 0);
	}
}

int logs_open(struct logs *logs, const char *workdir, struct err *err)
{
	memset(logs, 0, sizeof(*logs));
	logs->workdir = workdir;
	remove_old(workdir);
	logs->xen = create(workdir, "xen.log", err);
	if (logs->xen)
		logs->dom0 = create(workdir, "dom0.log", err);
	if (!logs->dom0) {
		logs_close(logs);
		return -1;
	}
	return 0;
}

static void close_one(FILE **f)
{
	if (*f)
		fclose(*f);
	*f = NULL;
}

void logs_close(struct logs *logs)
{
	size_t i;

	close_one(&logs->xen);
	close_one(&logs->dom0);
	for (i = 0; i < CONSOLE_MAX_DOMUS; i++)
		close_one(&logs->domu[i]);
	for (i = 0; i < LOGS_TAIL; i++)
		free(take_ptr(logs->tail[i]));
	buf_release(&logs->context);
}

static FILE *domu_log(struct logs *logs, unsigned int domid)
{
	char name[32] = "domu.log";
	size_t i;

	for (i = 0; i < CONSOLE_MAX_DOMUS && logs->domu[i]; i++)
		if (logs->domid[i] == domid)
			return logs->domu[i];
	if (i == CONSOLE_MAX_DOMUS)
		return NULL;
	if (i)
		snprintf(name, sizeof(name), "domu-%u.log", domid);
	logs->domid[i] = domid;
	logs->domu[i] = create(logs->workdir, name, NULL);
	if (!logs->domu[i] && !logs->error)
		logs->error = errno;
	return logs->domu[i];
}

static void write_line(struct logs *logs, FILE *f, const struct console_line *line)
{
	errno = 0;
	if (f && (fwrite(line->text, 1, line->len, f) != line->len || fputc('\n', f) == EOF) &&
	    !logs->error)
		logs->error = errno ? errno : EIO;
}

static void add_context(struct logs *logs, const char *text)
{
	buf_addstr(&logs->context, text);
	buf_addstr(&logs->context, "\n");
}

void logs_line(struct logs *logs, const struct console_line *line, bool splat)
{
	FILE *f = line->domain == VM_DOMAIN_XEN	 ? logs->xen :
		  line->domain == VM_DOMAIN_DOM0 ? logs->dom0 :
						   domu_log(logs, line->domid);
	int len = line->len < LOGS_LINE_MAX ? (int)line->len : LOGS_LINE_MAX;
	char **slot = &logs->tail[logs->nr_lines % LOGS_TAIL];

	write_line(logs, f, line);
	free(*slot);
	*slot = xasprintf("%s: %.*s", vm_domain_name(line->domain), len, line->text);
	logs->nr_lines++;
	if (splat) {
		_cleanup_free_ char *before = logs_tail(logs, LOGS_BEFORE + 1);

		buf_reset(&logs->context);
		buf_addstr(&logs->context, before);
		logs->after = LOGS_AFTER;
	} else if (logs->after > 0) {
		logs->after--;
		add_context(logs, *slot);
	}
}

void logs_flush(struct logs *logs)
{
	FILE *files[CONSOLE_MAX_DOMUS + 2] = { logs->xen, logs->dom0 };
	size_t i;

	memcpy(files + 2, logs->domu, sizeof(logs->domu));
	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i] && fflush(files[i]) == EOF && !logs->error)
			logs->error = errno;
}

char *logs_tail(const struct logs *logs, size_t nr)
{
	struct buf text = BUF_INIT;
	size_t i;

	if (nr > LOGS_TAIL)
		nr = LOGS_TAIL;
	if (nr > logs->nr_lines)
		nr = logs->nr_lines;
	for (i = logs->nr_lines - nr; i < logs->nr_lines; i++) {
		buf_addstr(&text, logs->tail[i % LOGS_TAIL]);
		buf_addstr(&text, "\n");
	}
	return buf_detach(&text);
}
