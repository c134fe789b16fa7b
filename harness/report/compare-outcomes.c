// SPDX-License-Identifier: GPL-2.0-or-later
/* What became of the cells of a scenario that expects some of them to fail. */
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "report/compare.h"

static bool expects(const struct results *r)
{
	size_t i;

	for (i = 0; i < r->nr_cells; i++)
		if (strcmp(r->cells[i].word, outcome_name(r->cells[i].outcome)) ||
		    r->cells[i].as_expected)
			return true;
	return false;
}

static void count(json_t *outcomes, const char *group, const char *word)
{
	json_t *words = json_object_get(outcomes, group);

	if (!words) {
		words = json_object();
		json_object_set_new(outcomes, group, words);
	}
	json_object_set_new(words, word,
			    json_integer(json_integer_value(json_object_get(words, word)) + 1));
}

/* Cells that were left out for a reason are listed with it. */
static void count_all(json_t *outcomes, const struct results *r, const char *by, const char *side)
{
	size_t i;

	for (i = 0; i < r->nr_cells; i++) {
		const struct result_cell *cell = &r->cells[i];
		const char *group = side ? side : result_cell_axis(cell, by);

		if (group && cell->outcome != OUTCOME_NOT_APPLICABLE)
			count(outcomes, group, cell->word);
	}
}

bool compare_expects(const struct compare *cmp)
{
	return expects(cmp->a) || expects(cmp->b);
}

json_t *compare_outcomes(const struct compare *cmp)
{
	json_t *outcomes;

	if (!compare_expects(cmp))
		return NULL;
	outcomes = json_object();
	if (cmp->a == cmp->b) {
		count_all(outcomes, cmp->a, cmp->by, NULL);
	} else {
		count_all(outcomes, cmp->a, NULL, "A");
		count_all(outcomes, cmp->b, NULL, "B");
	}
	return outcomes;
}

void compare_add_outcomes(const struct compare *cmp, const char *bullet, struct buf *out)
{
	_cleanup_json_ json_t *outcomes = compare_outcomes(cmp);
	const char *group, *word;
	json_t *words, *n;

	json_object_foreach(outcomes, group, words) {
		const char *sep = "";

		buf_addf(out, "%s%s: ", bullet, group);
		json_object_foreach(words, word, n) {
			buf_addf(out, "%s%" JSON_INTEGER_FORMAT " %s", sep, json_integer_value(n), word);
			sep = ", ";
		}
		buf_addstr(out, "\n");
	}
}
