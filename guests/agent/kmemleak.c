// SPDX-License-Identifier: GPL-2.0-or-later
#include "kmemleak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "sys.h"

#define FILE_NAME "/sys/kernel/debug/kmemleak"
/* mm/kmemleak.c: MSECS_MIN_AGE is 5 s; an object is reported by the second scan that misses it */
#define AGE_MS 6000
#define SCANS 2

void kmemleak_check(const char *src)
{
	char name[64], *text = NULL;
	const char *p;
	size_t size = 0;
	int i, ret = 0, n = 0;

	if (access(FILE_NAME, W_OK) < 0)
		return;
	sys_sleep_ms(AGE_MS);
	for (i = 0; i < SCANS && ret == 0; i++)
		ret = sys_write_file(FILE_NAME, "scan");
	if (ret == 0)
		ret = sys_read_file(FILE_NAME, &text, &size);
	for (p = text; p && (p = strstr(p, "unreferenced object")); p++)
		n++;
	snprintf(name, sizeof(name), "kmemleak-%s", src);
	report_check(name, ret == 0 && !n, "%d objects that nobody points to%s%s", n,
		     ret < 0 ? ": " : "", ret < 0 ? strerror(-ret) : "");
	snprintf(name, sizeof(name), "kmemleak-%s.txt", src);
	if (n)
		report_blob(name, text, size);
	free(text);
}
