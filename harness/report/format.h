/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers for people: significant digits, thousands separators, percentages
 * with their intervals. Each appends to out. ASCII only, so that a table can go
 * into a mail.
 */
#ifndef GRANTBENCH_REPORT_FORMAT_H
#define GRANTBENCH_REPORT_FORMAT_H

#include "lib/buf.h"
#include "stats/describe.h"

/* "5,736.1": digits significant ones, but the whole part is never rounded. NaN: "-". */
void fmt_number(struct buf *out, double v, int digits);

/* Both with 5 digits, or as many more as it takes to tell them apart when they differ. */
void fmt_two(struct buf *out_a, struct buf *out_b, double a, double b);

/*
 * "+3.1 % [2.9, 3.3]" of log-ratios: as many decimals as the interval's half
 * width has meaning. All reals: "[any]".
 */
void fmt_log_ratio(struct buf *out, double estimate, struct interval interval);

/* A log-ratio alone, two significant digits: "+0.072 %", "0 %"; is_signed: with its sign. */
void fmt_log_percent(struct buf *out, double log_ratio, int is_signed);

/* A limit that somebody chose: "1 %", "0.25 %". */
void fmt_limit(struct buf *out, double log_ratio);

/* A count's change: "equal", "+1 (+33 %)", "+3". */
void fmt_difference(struct buf *out, double a, double b);

#endif
