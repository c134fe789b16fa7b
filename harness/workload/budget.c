// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/budget.h"

#include <string.h>

#include "lib/buf.h"

static const json_t *find(const json_t *cell, const char *name)
{
	const json_t *m;
	size_t i;

	json_array_foreach(json_object_get(cell, "metrics"), i, m) {
		const char *s = json_string_value(json_object_get(m, "name"));

		if (s && !strcmp(s, name))
			return json_object_get(m, "value");
	}
	return NULL;
}

static json_t *check_one(const struct budget *b, const json_t *cell)
{
	const json_t *value = find(cell, b->metric);
	bool met = value && (b->at_most ? json_number_value(value) <= b->limit :
					  json_number_value(value) >= b->limit);
	json_t *row = json_pack("{s:O,s:s,s:f,s:b}", "cell", json_object_get(cell, "id"), "metric",
				b->metric, b->at_most ? "at_most" : "at_least", b->limit, "met", met);

	if (value)
		json_object_set(row, "value", (json_t *)value);
	return row;
}

json_t *budget_check(const struct scenario *s, const json_t *cells, unsigned int *unmet)
{
	json_t *rows = json_array();
	const json_t *cell;
	size_t i, j;

	*unmet = 0;
	for (i = 0; i < s->nr_budgets; i++)
		json_array_foreach(cells, j, cell) {
			const char *outcome = json_string_value(json_object_get(cell, "outcome"));
			json_t *row;

			if (!outcome || strcmp(outcome, "pass"))
				continue;
			row = check_one(&s->budgets[i], cell);
			*unmet += !json_is_true(json_object_get(row, "met"));
			json_array_append_new(rows, row);
		}
	return rows;
}

static int line_of(const struct scenario *s, const char *metric, bool at_most)
{
	size_t i;

	for (i = 0; i < s->nr_budgets; i++)
		if (!strcmp(s->budgets[i].metric, metric) && s->budgets[i].at_most == at_most)
			return s->budgets[i].line;
	return 0;
}

char *budget_text(const struct scenario *s, const json_t *row)
{
	const char *metric = json_string_value(json_object_get(row, "metric"));
	const json_t *most = json_object_get(row, "at_most"), *value = json_object_get(row, "value");
	double limit = json_number_value(most ? most : json_object_get(row, "at_least"));
	struct buf out = BUF_INIT;

	buf_addf(&out, "%s: %s", json_string_value(json_object_get(row, "cell")), metric);
	if (value)
		buf_addf(&out, " is %.12g", json_number_value(value));
	else
		buf_addstr(&out, " was not measured");
	buf_addf(&out, ", budget: at %s %.12g (%s:%d)", most ? "most" : "least", limit, s->path,
		 line_of(s, metric, most != NULL));
	return buf_detach(&out);
}
