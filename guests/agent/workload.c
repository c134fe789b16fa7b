// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The driver's counters, kept in memory until nothing is timed any more. */
static char *grant_stats(const struct disk *disk)
{
	char path[160], *text = NULL;

	snprintf(path, sizeof(path), GRANT_DMA_DIR "/%s", disk->device);
	return sys_read_file(path, &text, NULL) < 0 ? NULL : text;
}

static void send_stats(const char *name, char *text)
{
	if (text)
		report_blob(name, text, strlen(text));
	free(text);
}

void workload_state(const struct disk *disk)
{
	char *global = NULL;

	sys_read_file(GRANT_DMA_DIR "/global", &global, NULL);
	send_stats("grant-dma-after.txt", grant_stats(disk));
	send_stats("grant-table-after.txt", global);
}

bool workload_fio(const struct conf *conf, const struct disk *disk)
{
	const char *const argv[] = {
		FIO, "--output-format=json+", "--output=" FIO_OUT, conf->fio_job, NULL,
	};
	char *before, *after, *global_before = NULL, *global_after = NULL;
	char out[512];
	bool marked;
	int status;

	marked = disk_mark(disk) == 0 && disk_mark(disk) == 0;
	report_phase("workload-start");
	sys_read_file(GRANT_DMA_DIR "/global", &global_before, NULL);
	before = grant_stats(disk);
	status = sys_run(argv, out, sizeof(out), TIMED_MS);
	after = grant_stats(disk);
	sys_read_file(GRANT_DMA_DIR "/global", &global_after, NULL);
	marked = marked && disk_mark(disk) == 0;
	report_phase("workload-done");
	if (status != 0) {
		out[strcspn(out, "\n")] = '\0';
		report_error("fio ended with %d: %.200s", status, out);
	}
	if (!marked)
		report_error("%s: the disk does not answer a request for its serial number",
			     disk->node);
	send_stats("grant-dma-before.txt", before);
	send_stats("grant-dma-after.txt", after);
	send_stats("grant-table-before.txt", global_before);
	send_stats("grant-table-after.txt", global_after);
	return status == 0 && marked && report_file("fio.json", FIO_OUT) == 0;
}
