/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing of results: result.json, manifest.json and the files of each cell.
 *
 *   OUT/result.json             schema results/schema/result.schema.json
 *   OUT/manifest.json           every artifact, argv and seed
 *   OUT/cells/ID/               of the only sample of a cell; of several in
 *     seed-N/, pair-N/, count/    ... one directory each
 *   OUT/canary/                 the first sample once more
 *     cell.json                   written when it has finished: what --resume looks for
 *     ...                         consoles, fio.json, counters, device trees
 *
 * Nothing outside result.json's "host" object may depend on the host, its
 * clock or its load: two exact runs of the same inputs differ in "host" alone.
 */
#ifndef GRANTBENCH_RESULT_RESULT_H
#define GRANTBENCH_RESULT_RESULT_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/err.h"

#define RESULT_SCHEMA "grantbench.result/1"
#define MANIFEST_SCHEMA "grantbench.manifest/1"
#define CELL_SCHEMA "grantbench.cell/1"

/* Classes of a number, see docs: measuring. */
enum metric_class { METRIC_EXACT, METRIC_SEEDED, METRIC_NOISY };

enum outcome {
	OUTCOME_PASS,
	OUTCOME_FAIL,
	OUTCOME_INVALID,
	OUTCOME_NOT_APPLICABLE,
	OUTCOME_GUEST_CRASH,
	OUTCOME_XEN_CRASH,
	OUTCOME_TIMEOUT,
	OUTCOME_INFRA_ERROR,
	NR_OUTCOMES
};

/*
 * What reports call a cell of which the scenario expects something else than that it
 * passes: it failed by a known defect, it failed as it should, it passed all the same.
 */
extern const char result_expected_fail[], result_refused[], result_unexpected_pass[];

/*
 * Word for a cell that is to fail with a reason that holds text: word if it did (neither
 * timeouts nor failures of the host will do), result_unexpected_pass, or NULL: it failed
 * in another way.
 */
const char *result_expect(const char *word, const char *text, enum outcome outcome,
			  const char *reason);

const char *outcome_name(enum outcome outcome);		/* "guest-crash" */
/* Exit status that a run with this worst outcome has. */
enum gb_exit outcome_exit(enum outcome outcome);
const char *metric_class_name(enum metric_class class);

/*
 * Append {"name","unit","class","better","value"} to the array. better is
 * "more", "less" or "none" (a fact that is neither). Values must be finite.
 */
void metric_add(json_t *metrics, const char *name, const char *unit, enum metric_class class,
		const char *better, double value);

/*
 * A finished sample, in its directory. cell is the object that result.json will hold; host is what
 * depends on this machine; key says which inputs it came from. References are
 * not taken.
 */
int result_save_cell(const char *dir, const char *key, const json_t *cell, const json_t *host,
		     struct err *err);

/*
 * Load a finished sample of the same inputs. 1: found, *cell and *host are new
 * references; 0: not there, or of other inputs; -1: there, but unreadable.
 */
int result_load_cell(const char *dir, const char *key, json_t **cell, json_t **host,
		     struct err *err);

/* Write result.json and manifest.json, whole or not at all. */
int result_write(const char *out, const char *scenario, const char *engine, const json_t *cells,
		 const json_t *canary, const json_t *budgets, const json_t *host, struct err *err);
int result_write_json(const char *out, const char *name, const json_t *json, struct err *err);

#endif
