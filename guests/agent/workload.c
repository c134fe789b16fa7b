// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"
#include "report.h"
#include "sys.h"

#define FIO "/bin/fio"
#define FIO_OUT "/tmp/fio.json"
#define VERIFY_MS 600000
#define TIMED_MS 3600000

/*
 * iomem_align=512 puts fio's buffers 512 bytes into a page, so that every block
 * crosses pages, and with 16 in flight some of these pages are neighbours in
 * physical memory too: one segment, whose mapping must count the offset in.
 */
static bool verify_pass(const struct disk *disk, const char *bs, const char *size)
{
	char filename[64], bs_arg[32], size_arg[32], out[1024];
	const char *const argv[] = {
		FIO, "--name=verify", filename, bs_arg, size_arg, "--rw=randwrite",
		"--verify=crc32c", "--do_verify=1", "--verify_fatal=1", "--direct=1",
		"--ioengine=io_uring", "--iodepth=16", "--iomem_align=512", "--randrepeat=1", "--randseed=1",
		"--thread", "--output-format=terse", NULL,
	};
	int status;

	snprintf(filename, sizeof(filename), "--filename=%s", disk->node);
	snprintf(bs_arg, sizeof(bs_arg), "--bs=%s", bs);
	snprintf(size_arg, sizeof(size_arg), "--size=%s", size);
	status = sys_run(argv, out, sizeof(out), VERIFY_MS);
	if (status == 0)
		return true;
	out[strcspn(out, "\n")] = '\0';
	report_check("verify", false, "crc32c bs=%s size=%s: fio ended with %d: %.100s", bs, size,
		     status, out);
	return false;
}

bool workload_verify(const struct disk *disk)
{
	if (!verify_pass(disk, "4k", "512k") || !verify_pass(disk, "64k", "1m"))
		return false;
	report_check("verify", true, "crc32c, blocks of 4k and 64k that cross pages, 1.5 MiB");
	return true;
}

void workload_stats_read(const struct disk *disk, struct workload_stats *stats)
{
	char path[160];

	*stats = (struct workload_stats){ NULL, NULL };
	snprintf(path, sizeof(path), GRANT_DMA_DIR "/%s", disk->device);
	sys_read_file(GRANT_DMA_DIR "/global", &stats->table, NULL);
	sys_read_file(path, &stats->device, NULL);
}

static void send_stats(const char *what, const char *when, char *text)
{
	char name[64];

	snprintf(name, sizeof(name), "grant-%s-%s.txt", what, when);
	if (text)
		report_blob(name, text, strlen(text));
	free(text);
}

void workload_stats_send(struct workload_stats *stats, const char *when)
{
	send_stats("dma", when, stats->device);
	send_stats("table", when, stats->table);
}

void workload_state(const struct disk *disk)
{
	struct workload_stats stats;

	workload_stats_read(disk, &stats);
	workload_stats_send(&stats, "after");
}

/*
 * Whoever serves the disk is to look at its counters. Twice at the start: the difference
 * is what that costs.
 */
static int mark_start(const struct disk *disk)
{
	int ret;

	if (disk_is_pv(disk->device))
		return mark_say("start");
	ret = disk_mark(disk);
	return ret ? ret : disk_mark(disk);
}

static int mark_done(const struct disk *disk)
{
	return disk_is_pv(disk->device) ? mark_say("done") : disk_mark(disk);
}

static const char *mark_text(const struct disk *disk, int err)
{
	if (disk_is_pv(disk->device))
		return "dom0 does not answer the marks around the timed part";
	return err == -EBADMSG ? "the disk's serial number has bytes that the device did not write" :
	       "the disk does not answer a request for its serial number";
}

bool workload_fio(const struct conf *conf, const struct disk *disk, struct perf *perf)
{
	const char *const argv[] = {
		FIO, "--output-format=json+", "--output=" FIO_OUT, conf->fio_job, NULL,
	};
	struct workload_stats before, after;
	char out[512];
	int status, marked;

	marked = mark_start(disk);
	report_phase("workload-start");
	workload_stats_read(disk, &before);
	perf_enable(perf, true);
	status = sys_run(argv, out, sizeof(out), TIMED_MS);
	perf_enable(perf, false);
	workload_stats_read(disk, &after);
	if (marked == 0)
		marked = mark_done(disk);
	report_phase("workload-done");
	if (status != 0) {
		out[strcspn(out, "\n")] = '\0';
		report_error("fio ended with %d: %.200s", status, out);
	}
	if (marked != 0)
		report_error("%s: %s", disk->node, mark_text(disk, marked));
	workload_stats_send(&before, "before");
	workload_stats_send(&after, "after");
	return status == 0 && marked == 0 && report_file("fio.json", FIO_OUT) == 0;
}
