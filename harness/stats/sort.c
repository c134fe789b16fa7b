// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stats_sort(double *x, size_t n)
{
	qsort(x, n, sizeof(*x), ascending);
}

double *stats_sorted(const double *x, size_t n)
{
	double *copy;
	size_t i;

	for (i = 0; i < n; i++)
		if (isnan(x[i]))
			return NULL;
	copy = xcalloc(n ? n : 1, sizeof(*copy));
	if (n)
		memcpy(copy, x, n * sizeof(*copy));
	stats_sort(copy, n);
	return copy;
}
