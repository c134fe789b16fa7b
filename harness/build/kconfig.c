// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/kconfig.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"

/* Is there a line that is exactly this? */
static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);
	const char *p = text;

	for (; (p = strstr(p, line)); p += len)
		if ((p == text || p[-1] == '\n') && (p[len] == '\n' || p[len] == '\0'))
			return true;
	return false;
}

static bool is_set(const char *text, const char *name)
{
	_cleanup_free_ char *start = xasprintf("%s=", name);
	size_t len = strlen(start);
	const char *p = text;

	for (; (p = strstr(p, start)); p += len)
		if (p == text || p[-1] == '\n')
			return true;
	return false;
}

static bool took_effect(const char *line, const char *config)
{
	_cleanup_free_ char *name = NULL;
	size_t len;

	if (!strncmp(line, "# CONFIG_", 9) && strstr(line, " is not set")) {
		name = xstrndup(line + 2, strcspn(line + 2, " "));
		return !is_set(config, name);
	}
	if (strncmp(line, "CONFIG_", 7))
		return true;
	len = strcspn(line, "=");
	name = xstrndup(line, len);
	if (!strcmp(line + len, "=n"))
		return !is_set(config, name);
	return has_line(config, line);
}

size_t kconfig_lost(const char *fragment, const char *config, struct buf *lost)
{
	_cleanup_free_ char *copy = xstrdup(fragment);
	char *line, *save = NULL;
	size_t nr = 0;

	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t len = strlen(line);

		while (len && strchr(" \t\r", line[len - 1]))
			line[--len] = '\0';
		if (took_effect(line, config))
			continue;
		buf_addf(lost, "%s%s", nr++ ? ", " : "", line);
	}
	return nr;
}

int kconfig_check(const char *fragment_path, const char *out_dir, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/.config", out_dir);
	_cleanup_buf_ struct buf fragment = BUF_INIT, config = BUF_INIT, lost = BUF_INIT;

	if (fs_read(fragment_path, &fragment, err) < 0 || fs_read(path, &config, err) < 0)
		return -1;
	buf_addstr(&fragment, "");
	buf_addstr(&config, "");
	if (!kconfig_lost(fragment.data, config.data, &lost))
		return 0;
	return err_set(err, "%s: these lines did not take effect (a dependency is missing, or "
		       "there is no such option): %s", fragment_path, lost.data);
}

/* Value of "NAME =" or "NAME ?=" at a line's start, "export" before it or not; caller frees. */
static char *make_value(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *p = text;

	for (; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
		const char *q = p;

		if (!strncmp(q, "export ", 7))
			q += 7;
		if (strncmp(q, name, len))
			continue;
		q += len + strspn(q + len, " \t");
		if (*q == '?')
			q++;
		if (*q++ != '=')
			continue;
		q += strspn(q, " \t");
		return xstrndup(q, strcspn(q, " \t\n$"));
	}
	return NULL;
}

static int make_version(const char *path, const char *const *names, size_t nr, size_t nr_dotted,
			char **version, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT, out = BUF_INIT;
	size_t i;

	if (fs_read(path, &text, err) < 0)
		return -1;
	for (i = 0; i < nr; i++) {
		_cleanup_free_ char *value = make_value(text.data ? text.data : "", names[i]);

		if (!value)
			return err_usage(err, "%s says nothing of %s", path, names[i]);
		buf_addf(&out, "%s%s", i && i < nr_dotted ? "." : "", value);
	}
	*version = buf_detach(&out);
	return 0;
}

int kernel_version(const char *tree, char **version, struct err *err)
{
	static const char *const names[] = { "VERSION", "PATCHLEVEL", "SUBLEVEL", "EXTRAVERSION" };
	_cleanup_free_ char *path = xasprintf("%s/Makefile", tree);

	return make_version(path, names, ARRAY_SIZE(names), 3, version, err);
}

int xen_version(const char *tree, char **version, struct err *err)
{
	static const char *const names[] = { "XEN_VERSION", "XEN_SUBVERSION", "XEN_EXTRAVERSION" };
	_cleanup_free_ char *path = xasprintf("%s/xen/Makefile", tree);

	return make_version(path, names, ARRAY_SIZE(names), 2, version, err);
}
