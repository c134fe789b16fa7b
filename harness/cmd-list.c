// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench list: scenarios, their cells, and what the axes may be. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "scenario/scenario.h"

static const char usage_text[] =
	"usage: grantbench list [--variants] [--format text|json] [SCENARIO...] [--only AXIS=V[,V...]]\n"
	"Without SCENARIO: the shipped scenarios. With it: the cells of each, and those that\n"
	"cannot run with the reason. --variants: the values of every axis.\n";

struct names {
	char **name;
	size_t nr;
};

static int collect(const char *rel, void *arg, struct err *err)
{
	struct names *names = arg;
	size_t len = strlen(rel);

	if (len <= 4 || strcmp(rel + len - 4, ".ini") || strchr(rel, '/'))
		return 0;
	names->name = xrealloc(names->name, (names->nr + 1) * sizeof(*names->name));
	names->name[names->nr++] = xstrndup(rel, len - 4);
	return 0;
}

static int list_scenarios(json_t *out, struct err *err)
{
	_cleanup_free_ char *dir = shipped_path("scenarios");
	struct names names = { NULL, 0 };
	int ret = fs_walk(dir, collect, &names, err);
	size_t i;

	for (i = 0; i < names.nr && ret == 0; i++) {
		struct scenario *s = NULL;
		struct cells cells;

		ret = scenario_load(names.name[i], &s, err);
		if (ret < 0)
			break;
		ret = scenario_cells(s, NULL, &cells, err);
		if (ret == 0) {
			json_array_append_new(out, json_pack("{s:s,s:i,s:s,s:s}", "name", s->name,
							     "cells", (int)cells.nr, "engine",
							     s->setting[SET_ENGINE], "description",
							     s->setting[SET_DESCRIPTION]));
			cells_release(&cells);
		}
		scenario_free(s);
	}
	for (i = 0; i < names.nr; i++)
		free(names.name[i]);
	free(names.name);
	return ret;
}

static int list_cells(const char *name, const char *const *only, json_t *out, struct err *err)
{
	struct scenario *s = NULL;
	struct cells cells;
	size_t i;
	int a;

	if (scenario_load(name, &s, err) < 0)
		return -1;
	if (scenario_cells(s, only, &cells, err) < 0) {
		scenario_free(s);
		return -1;
	}
	for (i = 0; i < cells.nr; i++) {
		json_t *axes = json_object();
		json_t *cell;

		for (a = 0; a < NR_AXES; a++)
			json_object_set_new(axes, scenario_axis_key(a)->name,
					    json_string(cells.cell[i].value[a]));
		cell = json_pack("{s:s,s:s,s:o}", "scenario", s->name, "id", cells.cell[i].id,
				 "axes", axes);
		if (cells.cell[i].not_applicable)
			json_object_set_new(cell, "not_applicable",
					    json_string(cells.cell[i].not_applicable));
		json_array_append_new(out, cell);
	}
	cells_release(&cells);
	scenario_free(s);
	return 0;
}

static void list_variants(json_t *out)
{
	int a;

	for (a = 0; a < NR_AXES; a++) {
		const struct scenario_key *k = scenario_axis_key(a);
		const struct key_word *w;

		if (!k->words)
			json_array_append_new(out, json_pack("{s:s,s:s,s:s}", "axis", k->name, "value",
							     k->def, "help", k->help));
		for (w = k->words; w && w->word; w++) {
			json_t *row = json_pack("{s:s,s:s,s:s}", "axis", k->name, "value", w->word,
						"help", w->help);

			if (w->later)
				json_object_set_new(row, "unavailable", json_string(w->later));
			json_array_append_new(out, row);
		}
	}
}

static void print_text(const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *na = json_string_value(json_object_get(row, "not_applicable"));
		const char *later = json_string_value(json_object_get(row, "unavailable"));

		if (json_object_get(row, "cells"))
			printf("%-16s %4d %s  %-7s %s\n", json_string_value(json_object_get(row, "name")),
			       (int)json_integer_value(json_object_get(row, "cells")),
			       json_integer_value(json_object_get(row, "cells")) == 1 ? "cell " : "cells",
			       json_string_value(json_object_get(row, "engine")),
			       json_string_value(json_object_get(row, "description")));
		else if (json_object_get(row, "axis"))
			printf("%-22s %-14s %s%s%s%s\n", json_string_value(json_object_get(row, "axis")),
			       json_string_value(json_object_get(row, "value")),
			       json_string_value(json_object_get(row, "help")), later ? " (" : "",
			       later ? later : "", later ? ")" : "");
		else
			printf("%s %s%s%s\n", json_string_value(json_object_get(row, "scenario")),
			       json_string_value(json_object_get(row, "id")),
			       na ? "  not applicable: " : "", na ? na : "");
	}
}

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "variants", no_argument, NULL, 'v' },
		{ "format", required_argument, NULL, 'f' },
		{ "only", required_argument, NULL, 'O' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	_cleanup_json_ json_t *rows = json_array();
	_cleanup_free_ const char **only = xcalloc((size_t)argc + 1, sizeof(*only));
	bool variants = false, as_json = false;
	struct err err = { 0 };
	size_t nr_only = 0;
	int c, ret = 0;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'v':
			variants = true;
			break;
		case 'O':
			only[nr_only++] = optarg;
			break;
		case 'f':
			as_json = !strcmp(optarg, "json");
			if (as_json || !strcmp(optarg, "text"))
				break;
			return bad_usage("list", "--format %s: neither text nor json", optarg);
		case 'h':
			fputs(usage_text, stdout);
			return GB_OK;
		default:
			return bad_usage("list", NULL);
		}
	}
	if (variants)
		list_variants(rows);
	else if (optind == argc && !nr_only)
		ret = list_scenarios(rows, &err);
	else if (optind == argc)
		ret = err_usage(&err, "--only needs a SCENARIO");
	for (; optind < argc && ret == 0; optind++)
		ret = list_cells(argv[optind], nr_only ? only : NULL, rows, &err);
	if (ret < 0) {
		fprintf(stderr, "grantbench list: %s\n", err.msg);
		return err_exit(&err);
	}
	if (as_json) {
		json_dumpf(rows, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_text(rows);
	}
	return end_output("list", GB_OK);
}
