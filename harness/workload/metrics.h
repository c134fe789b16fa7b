/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what guests reported to named numbers. Pure: JSON and text in, metrics
 * out (result/result.h, metric_add()). Input comes from a guest and is checked.
 */
#ifndef GRANTBENCH_WORKLOAD_METRICS_H
#define GRANTBENCH_WORKLOAD_METRICS_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/err.h"
#include "result/result.h"

/*
 * fio's JSON. rw: the pattern that ran, for the metrics' names
 * (blk.randread.iops). want_ios: operations asked for; another number done, or
 * an error that fio reports, is a failure of the subject. Latency percentiles
 * appear only where the sample carries them (p90 from 100 operations, p99 from
 * 1,000, p99.9 from 10,000). fio's own rates are not used: it counts milliseconds.
 * prefix gets the metrics' common beginning ("blk.randread"; caller frees), *ios the
 * operations done.
 */
int metrics_fio(const json_t *fio, const char *rw, unsigned long want_ios,
		enum metric_class class, json_t *metrics, char **prefix, unsigned long *ios,
		struct err *err);

/*
 * "key value" lines, as the grant DMA driver's debugfs files have them, into an
 * object: numbers as integers, everything else as strings.
 */
int metrics_parse_kv(const char *name, const char *text, size_t size, json_t **out,
		     struct err *err);

/*
 * Differences of counters between two snapshots, per operation and in total.
 * empty: a snapshot with nothing between it and before but the taking of one, or
 * NULL; what that costs is taken out.
 * The table says which counters become which metrics; a counter that is missing
 * on any side is an error.
 */
struct counter_metric {
	const char *counter;	/* key in the snapshots */
	const char *metric;	/* "grant_maps": grant_maps and grant_maps_per_io come of it */
	const char *better;
};
extern const struct counter_metric grant_counters[];	/* end with NULL */
extern const struct counter_metric backend_counters[];
extern const struct counter_metric table_counters[];	/* of the grant table's allocator */

int metrics_counters(const struct counter_metric *table, const json_t *empty,
		     const json_t *before, const json_t *after, unsigned long ios,
		     json_t *metrics, struct err *err);

/*
 * The frontend's selftest, lines of "PAGES_KEY VALUE": instructions (icount) or
 * nanoseconds of one map and one unmap, without what looking at the clock costs, the
 * longest one with it, and mappings that could not be made.
 */
int metrics_selftest(const json_t *kv, bool icount, enum metric_class class, json_t *metrics,
		     struct err *err);

/*
 * The rest is of the span that the backend saw (guests/backend/README.md): from its
 * first answer behind the last mark but one, to the one with which the workload's
 * data had been moved. Start and end of the program in the guest are not in it, and
 * with one request in flight it is whole rounds, so that counts per operation come
 * out as whole numbers. *ops: how many of the ios operations it holds.
 */
int metrics_span(const json_t *device, unsigned long ios, const json_t **span, double *ops,
		 struct err *err);

/*
 * Rates, PREFIX.iops and PREFIX.bw: operations and bytes over the span's length, by
 * the backend's clock.
 */
int metrics_rates(const json_t *span, const char *prefix, double ops,
		  enum metric_class class, json_t *metrics, struct err *err);

/* Could the backend ask Xen? Only a privileged domain can. */
bool metrics_have_xen(const json_t *span);

/*
 * Under icount with shift 0 and one CPU: an instruction is a nanosecond of virtual
 * time, and time also passes while the CPU waits. What is left without Xen's idle
 * time is instructions, in steps of the counter (16 ns). The parts of dom0 and
 * domU hold what Xen did for them.
 */
void metrics_instructions(const json_t *span, double ops, enum metric_class class,
			  json_t *metrics);

/*
 * Hypercalls and event-channel sends by kind; of arm64, traps; of x86, exits of the domU
 * and exceptions that Xen took: of Xen's count build. On x86 timers make hypercalls, and
 * exits with them: kinds that they have a part in get the unit "tick", and a difference
 * in them is a difference in time.
 */
int metrics_perfc(const json_t *span, double ops, bool x86, json_t *metrics, struct err *err);

#endif
