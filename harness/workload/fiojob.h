/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a real fio job file to the job that the guest runs.
 *
 * The user's file stays as it is but for the keys that the cell decides: those
 * are taken out wherever they stand and given once, in a [global] section in
 * front. What would make a run depend on time (runtime, time_based, …) or reach
 * outside the disk (filename, exec_prerun, …) is refused with its line number.
 */
#ifndef GRANTBENCH_WORKLOAD_FIOJOB_H
#define GRANTBENCH_WORKLOAD_FIOJOB_H

#include "lib/buf.h"
#include "lib/err.h"

struct fio_overrides {
	const char *disk;		/* in /dev; NULL: "vda" */
	const char *bs;			/* as fio reads it: "4k" */
	const char *rw;			/* "job": as the file says */
	unsigned long iodepth;		/* above 1 needs an asynchronous ioengine */
	unsigned long number_ios;	/* per job section */
	unsigned long randseed;
};

/*
 * Build the guest's job file. path only names the file in errors (GB_USAGE).
 * Appends to out; on failure out is as it was.
 */
int fio_job_build(const char *path, const char *text, const struct fio_overrides *o,
		  struct buf *out, struct err *err);

#endif
