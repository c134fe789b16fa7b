// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench dt: the device trees that a cell's machine and guest get. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "lib/cleanup.h"
#include "opt-build.h"
#include "scenario/scenario.h"
#include "workload/plan.h"

static const char usage_text[] =
	"usage: grantbench dt SCENARIO [--cell ID] [--guest|--host] [-o FILE]\n"
	"Print the generated device trees as DTS text: the guest's partial tree, and the host's\n"
	"(QEMU's own with /chosen for Xen; needs the artifacts, for their sizes).\n\n"
	"  --cell ID     the cell, or a part of its id that only one has (default: the first)\n"
	"  --guest       only the guest's tree; nothing is built\n"
	"  --host        only the host's tree\n"
	"  -o FILE       write there\n"
	OPT_BUILD_HELP;

static int print_guest(const struct scenario *s, const struct cell *cell, struct buf *out,
		       struct err *err)
{
	_cleanup_buf_ struct buf dtb = BUF_INIT;

	buf_addf(out, "// guest tree of %s\n", cell->id);
	if (plan_guest_tree(s, cell, &dtb, err) < 0 || dt_check(dtb.data, dtb.size, err) < 0)
		return -1;
	return dt_print(dtb.data, dtb.size, out, err);
}

static int print_host(const struct scenario *s, const struct cell *cell, struct opt_build *build,
		      struct buf *out, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/grantbench-dt-XXXXXX",
					     getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	struct cells one = { (struct cell *)cell, 1 };
	_cleanup_buf_ struct buf dtb = BUF_INIT;
	_cleanup_free_ char *path = NULL;
	struct plan_opts opts = { .count = false };
	struct planner *planner;
	struct plan plan;
	int ret;

	opts.builder = opt_build_builder(build, err);
	if (!opts.builder)
		return -1;
	planner = planner_new(&opts, s, &one, err);
	if (!planner || !mkdtemp(dir)) {
		ret = planner ? err_errno(err, errno, "cannot make %s", dir) : -1;
		planner_free(planner);
		builder_free(opts.builder);
		return ret;
	}
	ret = plan_cell(planner, cell, dir, 1, &plan, err);
	if (ret == 0) {
		path = xasprintf("%s/host.dtb", dir);
		ret = fs_read(path, &dtb, err);
		plan_release(&plan);
	}
	fs_remove_tree(dir, NULL);
	planner_free(planner);
	builder_free(opts.builder);
	if (ret < 0)
		return -1;
	buf_addf(out, "// host tree of %s\n", cell->id);
	return dt_print(dtb.data, dtb.size, out, err);
}

int cmd_dt(int argc, char **argv)
{
	static const struct option options[] = {
		{ "cell", required_argument, NULL, 'c' },
		{ "guest", no_argument, NULL, 'g' },
		{ "host", no_argument, NULL, 'H' },
		{ "help", no_argument, NULL, 'h' },
		OPT_BUILD_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	const char *cell_id = NULL, *file = NULL;
	bool guest = true, host = true, bad = false;
	struct opt_build build = { .quiet = false };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct scenario *s = NULL;
	struct cells cells = { NULL, 0 };
	const struct cell *cell;
	struct err err = { 0 };
	int c, ret;

	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		if (opt_build_take(&build, c, optarg, &bad))
			continue;
		switch (c) {
		case 'c':
			cell_id = optarg;
			break;
		case 'g':
			host = false;
			break;
		case 'H':
			guest = false;
			break;
		case 'o':
			file = optarg;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return GB_OK;
		default:
			return bad_usage("dt", NULL);
		}
	}
	if (bad)
		return bad_usage("dt", "more than %d --test-patch", OPT_BUILD_PATCHES);
	if (optind == argc)
		return bad_usage("dt", "which SCENARIO? (`grantbench list` names the shipped ones)");
	if (optind != argc - 1)
		return bad_usage("dt", "%s: one SCENARIO at a time", argv[optind + 1]);
	if (!guest && !host)
		return bad_usage("dt", "--guest and --host exclude each other");
	ret = scenario_load(argv[optind], &s, &err);
	if (ret == 0)
		ret = scenario_cells(s, NULL, &cells, &err);
	if (ret == 0)
		ret = cells_find(&cells, cell_id, &cell, &err);
	if (ret == 0 && guest)
		ret = print_guest(s, cell, &out, &err);
	if (ret == 0 && host)
		ret = print_host(s, cell, &build, &out, &err);
	if (ret == 0 && file)
		ret = fs_write_atomic(file, out.data, out.size, 0644, &err);
	else if (ret == 0)
		fwrite(out.data, 1, out.size, stdout);
	cells_release(&cells);
	scenario_free(s);
	if (ret < 0) {
		fprintf(stderr, "grantbench dt: %s\n", err.msg);
		return err_exit(&err);
	}
	return end_output("dt", GB_OK);
}
