/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorted copies, for the files of stats/ only. */
#ifndef GRANTBENCH_STATS_SORT_H
#define GRANTBENCH_STATS_SORT_H

#include <stddef.h>

/* Ascending, in place. No NaN. */
void stats_sort(double *x, size_t n);

/* An ascending copy that the caller frees; NULL when a value is NaN. */
double *stats_sorted(const double *x, size_t n);

#endif
