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
	"Print the generated device trees as DTS text: the guests' partial trees, and the hosts'\n"
	"(QEMU's own with /chosen for Xen; needs the artifacts, for their sizes). Each tree is\n"
	"printed once, under the ids of the cells that get it.\n\n"
	"  --cell ID     one cell, or a part of its id that only one has (default: all)\n"
	"  --guest       only the guests' trees; nothing is built\n"
	"  --host        only the hosts' trees\n"
	"  -o FILE       write there\n"
	OPT_BUILD_HELP;

/* A tree as text, and above it a line for each cell that gets it. */
struct printed {
	struct buf heads;
	struct buf dts;
};

struct trees {
	struct printed *tree;
	size_t nr;
};

static void trees_release(struct trees *trees)
{
	size_t i;

	for (i = 0; i < trees->nr; i++) {
		buf_release(&trees->tree[i].heads);
		buf_release(&trees->tree[i].dts);
	}
	free(trees->tree);
}

static int add_tree(struct trees *trees, const char *kind, const struct cell *cell,
		    const struct buf *dtb, struct err *err)
{
	struct buf dts = BUF_INIT;
	struct printed *t;
	size_t i;

	if (dt_check(dtb->data, dtb->size, err) < 0 || dt_print(dtb->data, dtb->size, &dts, err) < 0) {
		buf_release(&dts);
		return -1;
	}
	for (i = 0; i < trees->nr; i++)
		if (trees->tree[i].dts.size == dts.size &&
		    !memcmp(trees->tree[i].dts.data, dts.data, dts.size))
			break;
	if (i == trees->nr) {
		trees->tree = xrealloc(trees->tree, (i + 1) * sizeof(*trees->tree));
		trees->tree[trees->nr++] = (struct printed){ BUF_INIT, dts };
	} else {
		buf_release(&dts);
	}
	t = &trees->tree[i];
	buf_addf(&t->heads, "// %s tree of %s\n", kind, cell->id);
	return 0;
}

static int add_guests(const struct scenario *s, const struct cells *cells, struct trees *trees,
		      struct err *err)
{
	size_t i;

	for (i = 0; i < cells->nr; i++) {
		_cleanup_buf_ struct buf dtb = BUF_INIT;

		if (cells->cell[i].not_applicable)
			continue;
		if (plan_guest_tree(s, &cells->cell[i], &dtb, err) < 0 ||
		    add_tree(trees, "guest", &cells->cell[i], &dtb, err) < 0)
			return -1;
	}
	return 0;
}

static int add_host(struct planner *planner, const struct cell *cell, struct trees *trees,
		    struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_free_ char *dir = xasprintf("%s/grantbench-dt-XXXXXX", tmp ? tmp : "/tmp");
	_cleanup_buf_ struct buf dtb = BUF_INIT;
	_cleanup_free_ char *path = NULL;
	struct plan plan;
	int ret;

	if (!mkdtemp(dir))
		return err_errno(err, errno, "cannot make %s", dir);
	path = xasprintf("%s/host.dtb", dir);
	ret = plan_cell(planner, cell, dir, 1, &plan, err);
	if (ret == 0) {
		ret = fs_read(path, &dtb, err);
		plan_release(&plan);
	}
	fs_remove_tree(dir, NULL);
	return ret < 0 ? -1 : add_tree(trees, "host", cell, &dtb, err);
}

static int add_hosts(const struct scenario *s, const struct cells *cells, struct opt_build *build,
		     struct trees *trees, struct err *err)
{
	struct plan_opts opts = { .count = false };
	struct planner *planner = NULL;
	int ret = -1;
	size_t i;

	opts.builder = opt_build_builder(build, err);
	if (opts.builder)
		planner = planner_new(&opts, s, cells, err);
	for (i = 0, ret = planner ? 0 : -1; ret == 0 && i < cells->nr; i++)
		if (!cells->cell[i].not_applicable)
			ret = add_host(planner, &cells->cell[i], trees, err);
	planner_free(planner);
	builder_free(opts.builder);
	return ret;
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
	struct trees trees = { NULL, 0 };
	const struct cell *cell;
	struct cells chosen;
	struct err err = { 0 };
	size_t i;
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
	chosen = cells;
	if (ret == 0 && cell_id) {
		ret = cells_find(&cells, cell_id, &cell, &err);
		if (ret == 0 && cell->not_applicable)
			ret = err_usage(&err, "cell %s has no trees: %s", cell->id, cell->not_applicable);
		if (ret == 0)
			chosen = (struct cells){ (struct cell *)cell, 1 };
	}
	if (ret == 0 && guest)
		ret = add_guests(s, &chosen, &trees, &err);
	if (ret == 0 && host)
		ret = add_hosts(s, &chosen, &build, &trees, &err);
	for (i = 0; ret == 0 && i < trees.nr; i++) {
		buf_add(&out, trees.tree[i].heads.data, trees.tree[i].heads.size);
		buf_add(&out, trees.tree[i].dts.data, trees.tree[i].dts.size);
	}
	if (ret == 0 && file)
		ret = fs_write_atomic(file, out.data, out.size, 0644, &err);
	else if (ret == 0)
		fwrite(out.data, 1, out.size, stdout);
	trees_release(&trees);
	cells_release(&cells);
	scenario_free(s);
	if (ret < 0) {
		fprintf(stderr, "grantbench dt: %s\n", err.msg);
		return err_exit(&err);
	}
	return end_output("dt", GB_OK);
}
