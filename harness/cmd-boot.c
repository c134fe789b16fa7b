// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench boot: a machine with its consoles on the terminal, to look around. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "lib/cleanup.h"
#include "opt-build.h"
#include "scenario/scenario.h"
#include "workload/plan.h"

static const char usage_text[] =
	"usage: grantbench boot SCENARIO [--cell ID] [-o DIR]\n"
	"Start a cell's machine with the consoles of Xen, dom0 and domU on this terminal, labelled,\n"
	"and a shell in both guests. Ctrl-a x leaves, Ctrl-a h lists the keys.\n\n"
	"  --cell ID          the cell, or a part of its id that only one has (default: the first)\n"
	"  --exact            with the exact engine's clock (slower to type at)\n"
	"  --domu-args TEXT   append to the domU kernel's arguments\n"
	"  -o DIR             keep device trees and console there (default: a temporary directory)\n"
	OPT_BUILD_HELP;

static int boot(const struct scenario *s, const struct cell *cell, struct plan_opts *opts,
		struct opt_build *build, const char *dir, struct err *err)
{
	struct cells one = { (struct cell *)cell, 1 };
	struct planner *planner;
	struct plan plan;
	int ret;

	opts->builder = opt_build_builder(build, err);
	if (!opts->builder)
		return -1;
	planner = planner_new(opts, s, &one, err);
	ret = planner ? plan_cell(planner, cell, dir, 1, &plan, err) : -1;
	if (ret == 0) {
		fprintf(stderr, "%s: Ctrl-a x leaves, Ctrl-a h lists the keys\n", cell->id);
		ret = vm_interactive(&plan.spec, err);
		plan_release(&plan);
	}
	planner_free(planner);
	builder_free(opts->builder);
	return ret;
}

int cmd_boot(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cell", required_argument, NULL, 'c' },
		{ "exact", no_argument, NULL, 'x' },
		{ "domu-args", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		OPT_BUILD_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	const char *cell_id = NULL, *dir = NULL;
	_cleanup_free_ char *tmp = NULL;
	struct plan_opts opts = { .interactive = true, .free_clock = true };
	struct opt_build build = { .quiet = false };
	struct scenario *s = NULL;
	struct cells cells = { NULL, 0 };
	const struct cell *cell;
	struct err err = { 0 };
	bool bad = false;
	int c, ret;

	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		if (opt_build_take(&build, c, optarg, &bad))
			continue;
		switch (c) {
		case 'c':
			cell_id = optarg;
			break;
		case 'x':
			opts.free_clock = false;
			break;
		case 'a':
			opts.extra_domu_args = optarg;
			break;
		case 'o':
			dir = optarg;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return GB_OK;
		default:
			return bad_usage("boot", NULL);
		}
	}
	if (bad)
		return bad_usage("boot", "more than %d --test-patch", OPT_BUILD_PATCHES);
	if (optind == argc)
		return bad_usage("boot", "which SCENARIO? (`grantbench list` names the shipped ones)");
	if (optind != argc - 1)
		return bad_usage("boot", "%s: one SCENARIO at a time", argv[optind + 1]);
	ret = scenario_load(argv[optind], &s, &err);
	if (ret == 0)
		ret = scenario_cells(s, NULL, &cells, &err);
	if (ret == 0)
		ret = cells_find(&cells, cell_id, &cell, &err);
	if (ret == 0 && cell->not_applicable)
		ret = err_usage(&err, "cell %s cannot run: %s", cell->id, cell->not_applicable);
	if (ret == 0 && !dir) {
		tmp = xasprintf("%s/grantbench-boot-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
		if (!mkdtemp(tmp))
			ret = err_errno(&err, errno, "cannot make %s", tmp);
	}
	if (ret == 0)
		ret = boot(s, cell, &opts, &build, dir ? dir : tmp, &err);
	if (tmp)
		fs_remove_tree(tmp, NULL);
	cells_release(&cells);
	scenario_free(s);
	if (ret < 0) {
		fprintf(stderr, "grantbench boot: %s\n", err.msg);
		return err_exit(&err);
	}
	return GB_OK;
}
