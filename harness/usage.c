// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "lib/err.h"

int bad_usage(const char *command, const char *fmt, ...)
{
	va_list ap;

	if (fmt) {
		fprintf(stderr, "grantbench %s: ", command);
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
		fputc('\n', stderr);
	}
	fprintf(stderr, "`grantbench %s --help` lists the options.\n", command);
	return GB_USAGE;
}

int end_output(const char *command, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "grantbench %s: standard output: %s\n", command, strerror(errno));
	return GB_INFRA;
}
