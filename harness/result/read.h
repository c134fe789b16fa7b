/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading results back: result.json and manifest.json into structs, checked at
 * the door. Errors carry GB_USAGE and name file and JSON path:
 *
 *     out/result.json: $.cells[2].metrics[0].class: "exakt" is none of exact, seeded, noisy
 *
 * The format is results/schema/result.schema.json; of another schema version
 * only the refusal is known. The "host" object is not looked at.
 */
#ifndef GRANTBENCH_RESULT_READ_H
#define GRANTBENCH_RESULT_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "result/result.h"
#include "stats/verdict.h"

/* One run of several: key is its seed, or the number of its ABBA pair. */
struct metric_value {
	long long key;
	double value;
};

struct metric {
	const char *name;
	const char *unit;
	enum metric_class class;
	enum better better;
	double value;
	struct metric_value *values;	/* ascending by key; NULL where it ran once */
	size_t nr_values;
};

struct result_cell {
	const char *id;
	const json_t *axes;		/* object: axis to value, all strings */
	enum outcome outcome;
	const char *reason;		/* "" where there is none; no control characters */
	const char *word;		/* what to call it: the outcome, or of "expected" */
	bool as_expected;		/* it failed as the scenario says it is to */
	const char *inputs_sha256;	/* NULL: not recorded */
	const char *console_sha256;
	struct metric *metrics;
	size_t nr_metrics;
};

enum canary { CANARY_ABSENT, CANARY_IDENTICAL, CANARY_DIFFERS };

/* Strings and axes point into json and manifest. */
struct results {
	char *path;			/* of result.json */
	json_t *json;
	json_t *manifest;		/* NULL: there is none beside it */
	const char *scenario;
	enum metric_class engine;
	enum canary canary;
	struct result_cell *cells;
	size_t nr_cells;
};

/* out: a run's directory, or the path of its result.json. The caller releases. */
int results_read(const char *out, struct results *results, struct err *err);
void results_release(struct results *results);

/* Axis value of a cell, or NULL. */
const char *result_cell_axis(const struct result_cell *cell, const char *axis);

/* The JSON alone, its schema version checked; a new reference. */
int results_load_json(const char *out, json_t **json, struct err *err);

#endif
