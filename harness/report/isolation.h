/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an isolation run showed: a table of checks by binding, policy and allocator.
 *
 * What dom0's judge saw is in the cells' proof.isolation; whether that is as it should
 * be is decided here, by the table of checks: a check that grants are expected to
 * fail (upstream's known limits, docs/SECURITY.md), and the control, binding none,
 * in which checks marked so must fail, or they could not fail at all.
 *
 * Pure: JSON in, a table out.
 */
#ifndef GRANTBENCH_REPORT_ISOLATION_H
#define GRANTBENCH_REPORT_ISOLATION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "lib/err.h"

enum isolation_verdict {
	ISOLATION_HOLDS,
	ISOLATION_FAILS,
	ISOLATION_EXPECTED_FAIL,
	ISOLATION_NOT_APPLICABLE,
};

const char *isolation_verdict_name(enum isolation_verdict verdict);	/* "expected-fail" */

struct isolation_check {
	const char *name;
	int number;		/* of the list in docs/SECURITY.md */
	const char *attack;	/* the axis value that shows it */
	const char *what;
	bool limit;		/* upstream is known to fail it, with grants */
	bool target;		/* a target relation (xsm = dummy) is known to fail it */
	bool control;		/* without grants it must fail */
	bool pool;		/* a pool that stays granted (allocator = pool) is known to fail it */
};

/* Ends with a NULL name. */
extern const struct isolation_check isolation_checks[];

struct isolation_entry {
	enum isolation_verdict verdict;
	const char *detail;	/* points into the JSON, or constant */
};

struct isolation_column {
	char *name;		/* "iommus flask upstream" */
	const char *binding, *xsm, *allocator;
	struct isolation_entry *entry;	/* one per check */
};

struct isolation_table {
	struct isolation_column *column;
	size_t nr_columns;
	size_t nr_checks;
	unsigned int fails;	/* verdicts that are not as they should be */
	unsigned int shown;	/* verdicts that are one */
};

/* result: result.json's object, which must outlive the table. */
int isolation_build(const json_t *result, struct isolation_table *table, struct err *err);
void isolation_release(struct isolation_table *table);

/* format: "text", "md" or "json". */
void isolation_print(FILE *f, const struct isolation_table *table, const char *format);

#endif
