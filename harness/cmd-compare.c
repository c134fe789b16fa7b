// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench compare: two sides of results, and what may be said of them. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "output.h"
#include "report/compare.h"

static const char usage_text[] =
	"usage: grantbench compare OUT [OUT2] [--by AXIS] [--format text|md|json] [-o FILE]\n"
	"                          [--margin PCT] [--threshold PCT] [--alpha P]\n"
	"                          [--budget METRIC=N]... [--aa OUT]\n"
	"One result: its cells, along an axis. Two: the cells with the same axes. OUT is a run's\n"
	"directory or the path of its result.json.\n"
	"  --by AXIS          hold cells against each other that differ in this axis, and what it needs\n"
	"  --margin PCT       differences proven smaller are equivalent (default 1)\n"
	"  --threshold PCT    differences below do not matter (default 1; never below the margin)\n"
	"  --alpha P          error that the whole table may have (default 0.05)\n"
	"  --budget METRIC=N  an exact count may change by N (default 0)\n"
	"  --aa OUT           another run of side A: the margin is what it differs by\n"
	"Exit status: 0 nothing regressed, 1 something did, 2 usage or bad input, 3 a cell's\n"
	"subject failed, 4 the harness or the host failed.\n";

enum { OPT_BY = 256, OPT_FORMAT, OPT_MARGIN, OPT_THRESHOLD, OPT_ALPHA, OPT_BUDGET, OPT_AA };

enum format { FORMAT_TEXT, FORMAT_MD, FORMAT_JSON, NR_FORMATS };
static const char *const format_names[NR_FORMATS] = { "text", "md", "json" };

struct request {
	struct compare_opts opts;
	struct compare_budget *budgets;
	char **budget_names;
	enum format format;
	const char *file;
	const char *aa;
	bool help;
};

static int get_number(const char *option, const char *text, double min, double max, double *out,
		      struct err *err)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= min && v <= max))
		return err_usage(err, "%s %s: not a number from %g to %g", option, text, min, max);
	*out = v;
	return 0;
}

static int get_percent(const char *option, const char *text, double *log_ratio, struct err *err)
{
	double v;

	if (get_number(option, text, 0, 1000, &v, err) < 0)
		return -1;
	*log_ratio = log1p(v / 100);
	return 0;
}

static int get_budget(struct request *req, const char *text, struct err *err)
{
	const char *eq = strrchr(text, '=');
	size_t n = req->opts.nr_budgets;
	double limit;

	if (!eq || eq == text)
		return err_usage(err, "--budget %s: not METRIC=N", text);
	if (get_number("--budget", eq + 1, 0, 1e15, &limit, err) < 0)
		return -1;
	req->budgets = xrealloc(req->budgets, (n + 1) * sizeof(*req->budgets));
	req->budget_names = xrealloc(req->budget_names, (n + 1) * sizeof(*req->budget_names));
	req->budget_names[n] = xstrndup(text, (size_t)(eq - text));
	req->budgets[n] = (struct compare_budget){ req->budget_names[n], limit };
	req->opts.budgets = req->budgets;
	req->opts.nr_budgets = n + 1;
	return 0;
}

static int get_option(struct request *req, int c, struct err *err)
{
	int i;

	switch (c) {
	case OPT_BY:
		req->opts.by = optarg;
		return 0;
	case OPT_FORMAT:
		for (i = 0; i < NR_FORMATS; i++) {
			if (!strcmp(optarg, format_names[i])) {
				req->format = i;
				return 0;
			}
		}
		return err_usage(err, "--format %s: not text, md or json", optarg);
	case OPT_MARGIN:
		return get_percent("--margin", optarg, &req->opts.margin, err);
	case OPT_THRESHOLD:
		return get_percent("--threshold", optarg, &req->opts.threshold, err);
	case OPT_ALPHA:
		return get_number("--alpha", optarg, 1e-6, 0.4, &req->opts.alpha, err);
	case OPT_BUDGET:
		return get_budget(req, optarg, err);
	case OPT_AA:
		req->aa = optarg;
		return 0;
	case 'o':
		req->file = optarg;
		return 0;
	case 'h':
		req->help = true;
		return 0;
	default:
		return err_usage(err, "see grantbench compare --help");
	}
}

static int render(const struct compare *cmp, enum format format, struct buf *out, struct err *err)
{
	if (format == FORMAT_TEXT) {
		compare_text(cmp, out);
		return 0;
	}
	if (format == FORMAT_MD) {
		compare_markdown(cmp, out);
		return 0;
	}
	return output_json(compare_json(cmp), "the comparison", out, err);
}

/* Read, compare, print. The exit status, or -1. */
static int run(struct request *req, char *const *outs, int nr, struct err *err)
{
	struct results a = { .path = NULL }, b = { .path = NULL }, aa = { .path = NULL };
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct compare cmp = { .a = NULL };
	int ret = results_read(outs[0], &a, err);

	if (ret == 0 && nr == 2)
		ret = results_read(outs[1], &b, err);
	if (ret == 0 && req->aa) {
		ret = results_read(req->aa, &aa, err);
		req->opts.aa = &aa;
	}
	if (ret == 0)
		ret = compare_results(&a, nr == 2 ? &b : NULL, &req->opts, &cmp, err);
	if (ret == 0)
		ret = render(&cmp, req->format, &text, err);
	if (ret == 0)
		ret = output_put(req->file, &text, err);
	if (ret == 0)
		ret = cmp.status;
	compare_release(&cmp);
	results_release(&a);
	results_release(&b);
	results_release(&aa);
	return ret;
}

int cmd_compare(int argc, char **argv)
{
	static const struct option options[] = {
		{ "by", required_argument, NULL, OPT_BY },
		{ "format", required_argument, NULL, OPT_FORMAT },
		{ "margin", required_argument, NULL, OPT_MARGIN },
		{ "threshold", required_argument, NULL, OPT_THRESHOLD },
		{ "alpha", required_argument, NULL, OPT_ALPHA },
		{ "budget", required_argument, NULL, OPT_BUDGET },
		{ "aa", required_argument, NULL, OPT_AA },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct request req = { .opts = compare_defaults };
	struct err err = { 0 };
	int c, ret = 0;
	size_t i;

	while (ret == 0 && !req.help && (c = getopt_long(argc, argv, "o:h", options, NULL)) != -1)
		ret = get_option(&req, c, &err);
	if (ret == 0 && !req.help && argc - optind != 1 && argc - optind != 2)
		ret = err_usage(&err, "needs one or two results; see grantbench compare --help");
	if (req.help)
		fputs(usage_text, stdout);
	else if (ret == 0)
		ret = run(&req, argv + optind, argc - optind, &err);
	for (i = 0; i < req.opts.nr_budgets; i++)
		free(req.budget_names[i]);
	free(req.budget_names);
	free(req.budgets);
	if (ret < 0) {
		fprintf(stderr, "grantbench compare: %s\n", err.msg);
		return err_exit(&err);
	}
	return ret;
}
