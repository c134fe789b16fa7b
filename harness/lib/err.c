// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/err.h"

#include <stdio.h>
#include <string.h>

static void finish(struct err *err, int len)
{
	if (len >= (int)sizeof(err->msg))
		memcpy(err->msg + sizeof(err->msg) - 4, "...", 4);
}

static int set(struct err *err, enum gb_exit code, const char *fmt, va_list ap)
{
	if (err) {
		err->code = code;
		finish(err, vsnprintf(err->msg, sizeof(err->msg), fmt, ap));
	}
	return -1;
}

int err_set(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, GB_INFRA, fmt, ap);
	va_end(ap);
	return -1;
}

int err_usage(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, GB_USAGE, fmt, ap);
	va_end(ap);
	return -1;
}

int err_subject(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, GB_SUBJECT, fmt, ap);
	va_end(ap);
	return -1;
}

int err_errno(struct err *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	if (!err)
		return -1;
	va_start(ap, fmt);
	set(err, GB_INFRA, fmt, ap);
	va_end(ap);
	len = strlen(err->msg);
	finish(err, (int)len + snprintf(err->msg + len, sizeof(err->msg) - len, ": %s",
					strerror(errnum)));
	return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char tail[sizeof(err->msg)];
	va_list ap;
	int len;

	if (!err)
		return -1;
	memcpy(tail, err->msg, sizeof(tail));
	va_start(ap, fmt);
	len = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (len < (int)sizeof(err->msg))
		len += snprintf(err->msg + len, sizeof(err->msg) - (size_t)len, ": %s", tail);
	finish(err, len);
	return -1;
}

enum gb_exit err_exit(const struct err *err)
{
	return err->code ? err->code : GB_INFRA;
}
