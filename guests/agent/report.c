// SPDX-License-Identifier: GPL-2.0-or-later
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/record.h"
#include "sys.h"

/* KERN_INFO: below every sensible console log level */
#define LEVEL "<6>"

static int kmsg = -1;
static char token[RECORD_TOKEN_MAX + 1];
static const char *src = "none";
static unsigned int seq;

int report_init(const char *the_token, const char *the_src)
{
	snprintf(token, sizeof(token), "%s", the_token);
	src = the_src;
	if (kmsg < 0)
		kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	return kmsg < 0 ? -errno : 0;
}

/* len bytes, and room for one more: without a newline the kernel keeps the line open. */
static void write_line(char *line, size_t len)
{
	ssize_t n;

	line[len++] = '\n';

	do
		n = write(kmsg, line, len);
	while (n < 0 && errno == EINTR);
}

void report_log(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int len;

	memcpy(line, LEVEL, sizeof(LEVEL) - 1);
	va_start(ap, fmt);
	len = vsnprintf(line + sizeof(LEVEL) - 1, sizeof(line) - sizeof(LEVEL), fmt, ap);
	va_end(ap);
	len += (int)sizeof(LEVEL) - 1;
	write_line(line, (size_t)len < sizeof(line) - 1 ? (size_t)len : sizeof(line) - 2);
}

void report(const char *type, const char *data_json)
{
	char line[sizeof(LEVEL) + RECORD_MAX + 1];
	int len = record_format(line + sizeof(LEVEL) - 1, sizeof(line) - sizeof(LEVEL), token, src,
				++seq, type, data_json);

	if (len < 0)
		len = record_format(line + sizeof(LEVEL) - 1, sizeof(line) - sizeof(LEVEL), token,
				    src, seq, "error", "{\"what\":\"a record was too large or malformed\"}");
	memcpy(line, LEVEL, sizeof(LEVEL) - 1);
	write_line(line, sizeof(LEVEL) - 1 + (size_t)len);
}

void report_phase(const char *phase)
{
	struct timespec ts;
	char data[128];

	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(data, sizeof(data), "{\"phase\":\"%s\",\"t_ns\":%" PRId64 "}", phase,
		 (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
	report("phase", data);
}

void report_check(const char *name, bool ok, const char *fmt, ...)
{
	char detail[256], escaped[400], data[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	if (record_escape(escaped, sizeof(escaped), detail) < 0)
		strcpy(escaped, "(too long)");
	snprintf(data, sizeof(data), "{\"name\":\"%s\",\"ok\":%s,\"detail\":\"%s\"}", name,
		 ok ? "true" : "false", escaped);
	report("check", data);
}

void report_error(const char *fmt, ...)
{
	char what[400], escaped[700], data[750];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (record_escape(escaped, sizeof(escaped), what) < 0)
		strcpy(escaped, "an error too long to be told");
	snprintf(data, sizeof(data), "{\"what\":\"%s\"}", escaped);
	report("error", data);
}

void report_done(bool ok)
{
	report("done", ok ? "{\"ok\":true}" : "{\"ok\":false}");
}

void report_blob(const char *name, const void *data, size_t size)
{
	size_t parts = size ? (size + RECORD_BLOB_CHUNK - 1) / RECORD_BLOB_CHUNK : 1;
	size_t i;

	for (i = 0; i < parts; i++) {
		size_t from = i * RECORD_BLOB_CHUNK;
		size_t n = size - from < RECORD_BLOB_CHUNK ? size - from : RECORD_BLOB_CHUNK;
		char b64[4 * ((RECORD_BLOB_CHUNK + 2) / 3) + 1];
		char json[sizeof(b64) + 160];

		record_b64_encode(b64, (const char *)data + from, n);
		snprintf(json, sizeof(json), "{\"name\":\"%s\",\"part\":%zu,\"parts\":%zu,\"b64\":\"%s\"}",
			 name, i, parts, b64);
		report("blob", json);
	}
}

int report_file(const char *name, const char *path)
{
	char *data;
	size_t size;
	int ret = sys_read_file(path, &data, &size);

	if (ret < 0) {
		report_error("%s: %s", path, strerror(-ret));
		return ret;
	}
	report_blob(name, data, size);
	free(data);
	return 0;
}
