// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench alloc: the grant allocators natively, and traces recorded in guests. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc/bench.h"
#include "commands.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "output.h"
#include "lib/spawn.h"
#include "opt-build.h"

#define NAMES_MAX 32

static const char usage_text[] =
	"usage: grantbench alloc [-o FILE] [--format text|md|json] [OPTION...]\n"
	"Measure who hands out grant references, in user space: the kernel's own code, built for\n"
	"this machine (artifact alloc-host). Variants are interleaved and held against upstream's.\n"
	"  --load NAME        only this load; may be repeated\n"
	"  --variant NAME     only this variant, and upstream's; may be repeated\n"
	"  --trace FILE|OUT   replay what a device did in a guest: a trace, or all of a run; may be\n"
	"                     repeated. Without --load, traces alone\n"
	"  --rounds N         rounds (default 12, 6 to 200)\n"
	"  --seed N           of loads and ageing (default 1)\n"
	"  --check            exit status 1 when a number that is to be reached is not\n"
	"  --list             the loads\n"
	"  -o FILE            write there instead of to standard output\n"
	"  --format FORMAT    text (default), md or json\n"
	"  -q, --quiet        no progress\n"
	OPT_BUILD_HELP
	"  -h, --help         this text\n"
	"Exit status: 0, 1 as --check says, 2 usage or a bad trace, 3 an allocator crashed, 4 the\n"
	"harness or the host failed.\n";

enum { OPT_LOAD = 256, OPT_VARIANT, OPT_TRACE, OPT_ROUNDS, OPT_SEED, OPT_CHECK, OPT_LIST,
       OPT_FORMAT };

enum format { FORMAT_TEXT, FORMAT_MD, FORMAT_JSON, NR_FORMATS };
static const char *const format_names[NR_FORMATS] = { "text", "md", "json" };

/* A NULL-terminated list of arguments. */
struct names {
	const char *v[NAMES_MAX + 1];
	size_t nr;
};

struct request {
	struct opt_build build;
	struct names loads, variants, traces;
	char *found[NAMES_MAX];		/* traces of runs */
	size_t nr_found;
	unsigned int rounds;
	uint64_t seed;
	bool check, list, help, quiet;
	enum format format;
	const char *file;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signo)
{
	interrupted = signo;
}

static int add_name(struct names *names, const char *name, struct err *err)
{
	if (names->nr == NAMES_MAX)
		return err_usage(err, "more than %d of the same option", NAMES_MAX);
	names->v[names->nr++] = name;
	return 0;
}

struct run_traces {
	struct request *req;
	const char *dir;
};

static int take_run_trace(const char *rel_path, void *arg, struct err *err)
{
	struct run_traces *t = arg;
	const char *slash = strrchr(rel_path, '/');
	char *path;

	if (!slash || strcmp(slash + 1, "trace.txt") || t->req->nr_found == NAMES_MAX)
		return 0;
	path = xasprintf("%s/%s", t->dir, rel_path);
	t->req->found[t->req->nr_found++] = path;
	return add_name(&t->req->traces, path, err);
}

/* A file, or the cells of a run. */
static int add_trace(struct request *req, const char *arg, struct err *err)
{
	_cleanup_free_ char *cells = xasprintf("%s/cells", arg);
	struct run_traces t = { req, cells };
	size_t before = req->traces.nr;

	if (!fs_is_dir(cells))
		return add_name(&req->traces, arg, err);
	if (fs_walk(cells, take_run_trace, &t, err) < 0)
		return -1;
	return req->traces.nr > before ? 0 : err_usage(err, "--trace %s: no cell of this run has a "
						       "trace (scenario key trace = yes)", arg);
}

static int get_number(const char *option, const char *text, unsigned long min, unsigned long max,
		      unsigned long *out, struct err *err)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || *out < min || *out > max)
		return err_usage(err, "%s %s: not a number from %lu to %lu", option, text, min, max);
	return 0;
}

static int get_option(struct request *req, int c, struct err *err)
{
	unsigned long n = 0;
	bool bad = false;
	int i;

	if (opt_build_take(&req->build, c, optarg, &bad))
		return bad ? err_usage(err, "too many test patches") : 0;
	switch (c) {
	case OPT_LOAD:
		return add_name(&req->loads, optarg, err);
	case OPT_VARIANT:
		return add_name(&req->variants, optarg, err);
	case OPT_TRACE:
		return add_trace(req, optarg, err);
	case OPT_ROUNDS:
		if (get_number("--rounds", optarg, 6, 200, &n, err) < 0)
			return -1;
		req->rounds = (unsigned int)n;
		return 0;
	case OPT_SEED:
		if (get_number("--seed", optarg, 0, UINT32_MAX, &n, err) < 0)
			return -1;
		req->seed = n;
		return 0;
	case OPT_FORMAT:
		for (i = 0; i < NR_FORMATS; i++) {
			if (!strcmp(optarg, format_names[i])) {
				req->format = i;
				return 0;
			}
		}
		return err_usage(err, "--format %s: not text, md or json", optarg);
	case OPT_CHECK:
		req->check = true;
		return 0;
	case OPT_LIST:
		req->list = true;
		return 0;
	case 'o':
		req->file = optarg;
		return 0;
	case 'q':
		req->quiet = req->build.quiet = true;
		return 0;
	case 'h':
		req->help = true;
		return 0;
	default:
		return err_usage(err, "see grantbench alloc --help");
	}
}

static void show(const char *load, size_t done, size_t all, void *arg)
{
	static int64_t start_ns, last_ns;
	int64_t now = monotonic_ns();
	const struct request *req = arg;

	if (!start_ns)
		start_ns = now;
	if (req->quiet || !isatty(STDERR_FILENO) || (now - last_ns < 200000000 && done))
		return;
	last_ns = now;
	fprintf(stderr, "\r  %-24.24s %4zu of %zu, %.0f s", load, done, all,
		(double)(now - start_ns) / 1e9);
	if (done * 20 > all)
		fprintf(stderr, " of about %.0f", (double)(now - start_ns) / 1e9 * (double)all / (double)done);
	fputs("\033[K", stderr);
}

static void clear_line(const struct request *req)
{
	if (!req->quiet && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* What the artifact says of itself. */
static int take_origin(struct bench *b, const struct artifact *a, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/sources.json", a->dir);
	json_error_t where;

	b->sources = json_load_file(path, 0, &where);
	if (!json_is_object(b->sources))
		return err_set(err, "%s: %s", path, b->sources ? "not an object" : where.text);
	b->program_sha256 = xstrdup(a->sha256);
	b->kernel = xstrdup(a->version);
	return 0;
}

static int render(const struct bench *b, enum format format, struct buf *out, struct err *err)
{
	if (format == FORMAT_TEXT) {
		bench_text(b, out);
		return 0;
	}
	if (format == FORMAT_MD) {
		bench_markdown(b, out);
		return 0;
	}
	return output_json(bench_json(b), "the numbers", out, err);
}

/* With --check: what is measured and not reached. What could not be told is not that. */
static int check(const struct request *req, const struct bench *b)
{
	struct claim c;
	int status = GB_OK;
	size_t i;

	for (i = 0; req->check && bench_claim(b, i, &c); i++) {
		if (c.state != CLAIM_UNMET)
			continue;
		fprintf(stderr, "grantbench alloc: not met: %s: %s\n", c.what, c.found);
		status = GB_REGRESSION;
	}
	return status;
}

static int measure(struct request *req, const struct artifact *program, struct err *err)
{
	struct bench_opts opts = {
		.program = program->path, .rounds = req->rounds, .seed = req->seed,
		.loads = req->loads.nr ? req->loads.v : NULL,
		.variants = req->variants.nr ? req->variants.v : NULL,
		.traces = req->traces.nr ? req->traces.v : NULL,
		.interrupted = &interrupted, .progress = show, .progress_arg = req,
	};
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct sigaction act = { .sa_handler = on_signal };
	struct bench b = { .rounds = 0 };
	int ret;

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	ret = bench_run(&opts, &b, err);
	clear_line(req);
	if (ret < 0)
		return -1;
	ret = take_origin(&b, program, err);
	if (ret == 0)
		ret = render(&b, req->format, &text, err);
	if (ret == 0)
		ret = output_put(req->file, &text, err);
	if (ret == 0)
		ret = check(req, &b);
	bench_release(&b);
	return ret;
}

/* The exit status, or -1. */
static int run(struct request *req, struct err *err)
{
	_cleanup_artifact_ struct artifact program = ARTIFACT_INIT;
	struct builder *builder;
	size_t i;
	int ret;

	/* before anything is built */
	for (i = 0; i < req->traces.nr; i++) {
		struct trace trace;

		if (bench_read_trace(req->traces.v[i], &trace, err) < 0)
			return -1;
		trace_release(&trace);
	}
	builder = opt_build_builder(&req->build, err);
	if (!builder)
		return -1;
	ret = builder_get(builder, "alloc-host", &program, err);
	builder_free(builder);
	return ret < 0 ? -1 : measure(req, &program, err);
}

static void list(void)
{
	size_t i;

	for (i = 0; i < nr_bench_loads; i++)
		printf("%-22s%s\n", bench_loads[i].name, bench_loads[i].what);
}

int cmd_alloc(int argc, char **argv)
{
	static const struct option options[] = {
		{ "load", required_argument, NULL, OPT_LOAD },
		{ "variant", required_argument, NULL, OPT_VARIANT },
		{ "trace", required_argument, NULL, OPT_TRACE },
		{ "rounds", required_argument, NULL, OPT_ROUNDS },
		{ "seed", required_argument, NULL, OPT_SEED },
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "list", no_argument, NULL, OPT_LIST },
		{ "format", required_argument, NULL, OPT_FORMAT },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		OPT_BUILD_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	struct request req = { .rounds = BENCH_ROUNDS, .seed = 1 };
	struct err err = { 0 };
	int c, ret = 0;

	while (ret == 0 && !req.help && (c = getopt_long(argc, argv, "o:qh", options, NULL)) != -1)
		ret = get_option(&req, c, &err);
	if (ret == 0 && !req.help && optind < argc)
		ret = err_usage(&err, "%s: no argument is expected; see grantbench alloc --help",
				argv[optind]);
	if (req.help || (ret == 0 && req.list)) {
		if (req.help)
			fputs(usage_text, stdout);
		else
			list();
		return end_output("alloc", GB_OK);
	}
	if (ret == 0)
		ret = run(&req, &err);
	while (req.nr_found)
		free(req.found[--req.nr_found]);
	if (ret < 0) {
		fprintf(stderr, "grantbench alloc: %s\n", err.msg);
		return err_exit(&err);
	}
	return ret;
}
