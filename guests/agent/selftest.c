// SPDX-License-Identifier: GPL-2.0-or-later
#include "selftest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "sys.h"
#include "workload.h"

#define SELFTEST GRANT_DMA_DIR "/selftest"
#define AGE GRANT_DMA_DIR "/age"

static const unsigned int pages[] = { 1, 2, 8, 32, 128, 256 };

/* One number of pages; its lines go to out, with the number in front of each key. */
static int run_one(const struct conf *conf, const struct disk *disk, unsigned int n, FILE *out)
{
	char order[128], *text, *line, *rest;
	int ret;

	snprintf(order, sizeof(order), "%s %u %d %d", disk->device, n, conf->in_flight, conf->rounds);
	ret = sys_write_file(SELFTEST, order);
	if (ret == 0)
		ret = sys_read_file(SELFTEST, &text, NULL);
	if (ret < 0) {
		report_error("selftest \"%s\": %s", order, strerror(-ret));
		return ret;
	}
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		fprintf(out, "%u_%s\n", n, line);
	free(text);
	return 0;
}

bool selftest_run(const struct conf *conf, const struct disk *disk)
{
	struct workload_stats before, after;
	char *text = NULL;
	size_t size = 0, i;
	FILE *out = open_memstream(&text, &size);
	int ret = 0;

	if (!out) {
		report_error("selftest: no memory");
		return false;
	}
	report_phase("workload-start");
	workload_stats_read(disk, &before);
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]) && ret == 0; i++)
		ret = run_one(conf, disk, pages[i], out);
	workload_stats_read(disk, &after);
	report_phase("workload-done");
	fclose(out);
	workload_stats_send(&before, "before");
	workload_stats_send(&after, "after");
	report_blob("selftest.txt", text, size);
	free(text);
	return ret == 0;
}

int selftest_age(int seed, int percent)
{
	char order[32];

	snprintf(order, sizeof(order), "%d %d", seed, percent);
	return sys_write_file(AGE, order);
}
