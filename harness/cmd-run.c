// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench run: a scenario's cells, and what became of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/spawn.h"
#include "opt-build.h"
#include "scenario/scenario.h"
#include "vm/kvm.h"
#include "result/result.h"
#include "workload/run.h"

static const char usage_text[] =
	"usage: grantbench run SCENARIO... [OPTION...]\n"
	"Run the cells and write OUT/result.json, OUT/manifest.json and OUT/cells/.\n\n"
	"  --only AXIS=V[,V]  only these cells; may be repeated\n"
	"  --engine E         exact, seeded or noisy, over the scenario's\n"
	"  --seeds N          machines per cell on the seeded engine\n"
	"  --pairs N          runs per cell on the noisy engine\n"
	"  --accel A          auto, tcg or kvm, on the noisy engine\n"
	"  -o, --out OUT      where to write (default: results/run-TIME, or grantbench-run-TIME)\n"
	"  --resume OUT       take what is finished there, run the rest\n"
	"  -j, --jobs N       machines at a time (default: one per CPU; noisy: always 1)\n"
	"  --no-count         leave out the runs of Xen's count build\n"
	"  --no-canary        do not run the first sample twice\n"
	"  --domu-args TEXT   append to the domU kernel's arguments\n"
	"  -q, --quiet        no progress\n"
	OPT_BUILD_HELP
	"\nExit status: 0 pass, 1 unmet budget, 2 bad input, 3 a cell failed, 4 the harness failed.\n";

static char *default_out(void)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	return xasprintf("%s%s", fs_is_dir("results") ? "results/run-" : "grantbench-run-", stamp);
}

static void print_end(const struct scenario *s, const char *out, const struct run_summary *sum)
{
	const struct { unsigned int nr; const char *word; } expected[] = {
		{ sum->expected_fail, result_expected_fail },
		{ sum->refused, result_refused },
		{ sum->unexpected_pass, result_unexpected_pass },
	};
	size_t i;

	printf("%s: %u passed, ", s->name, sum->pass);
	for (i = 0; i < ARRAY_SIZE(expected); i++)
		if (expected[i].nr)
			printf("%u %s, ", expected[i].nr, expected[i].word);
	printf("%u failed, %u not applicable%s\n", sum->failed, sum->not_applicable,
	       !sum->canary_ran ? "" : sum->canary_identical ?
	       "; canary identical" :
	       "; canary DIFFERS: no number here is exact");
	printf("results: %s\n", out);
}

/* What the command line says over the scenario. */
struct overrides {
	const char *engine, *seeds, *pairs, *accel, *count;
};

static int override(struct scenario *s, const struct overrides *o, struct err *err)
{
	const struct {
		const char *option, *value;
		enum setting setting;
	} all[] = {
		{ "--engine", o->engine, SET_ENGINE }, { "--seeds", o->seeds, SET_SEEDS },
		{ "--pairs", o->pairs, SET_PAIRS },    { "--accel", o->accel, SET_ACCEL },
		{ "--no-count", o->count, SET_COUNT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].value &&
		    scenario_override(s, all[i].setting, all[i].option, all[i].value, err) < 0)
			return -1;
	return 0;
}

/* KVM is asked for only where it can be had: everything else is an emulated machine. */
static int check_accel(const struct scenario *s, const char *const *only, struct err *err)
{
	struct cells cells = { NULL, 0 };
	int ret = 0;
	size_t i;

	if (strcmp(s->setting[SET_ACCEL], "kvm"))
		return 0;
	if (scenario_engine(s) != ENGINE_NOISY)
		return err_usage(err, "%s: accel = kvm: only the noisy engine runs in real time", s->path);
	if (scenario_cells(s, only, &cells, err) < 0)
		return -1;
	for (i = 0; ret == 0 && i < cells.nr; i++) {
		_cleanup_free_ char *refusal = kvm_refusal(cells.cell[i].value[AXIS_ARCH], "");

		if (refusal && !cells.cell[i].not_applicable)
			ret = err_usage(err, "%s: accel = kvm: %s", s->path, refusal);
	}
	cells_release(&cells);
	return ret;
}

/* The command line that goes on with what was interrupted: ours, with --resume for -o. */
static void print_resume(char *const *argv, const char *out)
{
	_cleanup_free_ const char **line = NULL;
	_cleanup_free_ char *text = NULL;
	size_t n = 0, i;

	while (argv[n])
		n++;
	line = xcalloc(n + 4, sizeof(*line));
	line[0] = "grantbench";
	line[1] = "run";
	for (n = 2, i = 1; argv[i]; i++) {
		if (!strcmp(argv[i], "-o") || !strcmp(argv[i], "--out") || !strcmp(argv[i], "--resume"))
			i += argv[i + 1] != NULL;
		else if (strncmp(argv[i], "--out=", 6) && strncmp(argv[i], "--resume=", 9) &&
			 (strncmp(argv[i], "-o", 2) || argv[i][1] == '-'))
			line[n++] = argv[i];
	}
	line[n++] = "--resume";
	line[n] = out;
	text = spawn_argv_text(line);
	printf("not finished; go on with: %s\n", text);
}

static int run_one(const char *name, const char *out, const struct overrides *over,
		   struct run_opts *opts, bool *interrupted, struct err *err)
{
	struct run_summary sum;
	struct scenario *s = NULL;
	int ret;

	if (scenario_load(name, &s, err) < 0)
		return err_exit(err);
	opts->out = out;
	ret = override(s, over, err) < 0 || check_accel(s, opts->only, err) < 0 ? -1 :
	      run_scenario(s, opts, &sum, err);
	if (ret < 0) {
		scenario_free(s);
		return err_exit(err);
	}
	print_end(s, out, &sum);
	*interrupted |= sum.interrupted;
	scenario_free(s);
	return sum.interrupted ? GB_INFRA : (int)sum.worst;
}

int cmd_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "only", required_argument, NULL, 'O' },
		{ "engine", required_argument, NULL, 'e' },
		{ "out", required_argument, NULL, 'o' },
		{ "resume", required_argument, NULL, 'r' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "seeds", required_argument, NULL, 's' },
		{ "pairs", required_argument, NULL, 'p' },
		{ "accel", required_argument, NULL, 'A' },
		{ "no-count", no_argument, NULL, 'c' },
		{ "no-canary", no_argument, NULL, 'C' },
		{ "domu-args", required_argument, NULL, 'a' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		OPT_BUILD_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	_cleanup_free_ const char **only = xcalloc((size_t)argc + 1, sizeof(*only));
	_cleanup_free_ char **given = xcalloc((size_t)argc + 1, sizeof(*given));
	_cleanup_free_ char *made_out = NULL;
	struct run_opts opts = { .canary = true };
	struct opt_build build = { .quiet = false };
	struct overrides over = { .engine = NULL };
	const char *out = NULL;
	struct err err = { 0 };
	size_t nr_only = 0;
	bool bad = false, interrupted = false;
	int c, i, worst = GB_OK;
	char *end;

	/* getopt moves arguments about */
	memcpy(given, argv, (size_t)argc * sizeof(*given));
	while ((c = getopt_long(argc, argv, "o:j:qh", options, NULL)) != -1) {
		if (opt_build_take(&build, c, optarg, &bad))
			continue;
		switch (c) {
		case 'O':
			only[nr_only++] = optarg;
			break;
		case 'e':
			over.engine = optarg;
			break;
		case 's':
			over.seeds = optarg;
			break;
		case 'p':
			over.pairs = optarg;
			break;
		case 'A':
			over.accel = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 'r':
			out = optarg;
			opts.resume = true;
			break;
		case 'j':
			opts.jobs = (unsigned int)strtoul(optarg, &end, 10);
			if (*end || end == optarg || !opts.jobs || opts.jobs > 64)
				return bad_usage("run", "--jobs %s: not a number from 1 to 64", optarg);
			break;
		case 'c':
			over.count = "no";
			break;
		case 'C':
			opts.canary = false;
			break;
		case 'a':
			opts.extra_domu_args = optarg;
			break;
		case 'q':
			opts.quiet = build.quiet = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return GB_OK;
		default:
			return bad_usage("run", NULL);
		}
	}
	if (bad)
		return bad_usage("run", "more than %d --test-patch", OPT_BUILD_PATCHES);
	if (optind == argc)
		return bad_usage("run", "which SCENARIO? (`grantbench list` names the shipped ones)");
	if (opts.resume && !fs_is_dir(out))
		return bad_usage("run", "--resume %s: there is no such directory", out);
	if (!out)
		out = made_out = default_out();
	opts.only = nr_only ? only : NULL;
	opts.builder = opt_build_builder(&build, &err);
	for (i = optind; opts.builder && i < argc; i++) {
		_cleanup_free_ char *sub = argc - optind > 1 ? xasprintf("%s/%d", out, i - optind + 1)
							     : xstrdup(out);
		int status = run_one(argv[i], sub, &over, &opts, &interrupted, &err);

		if (err.msg[0])
			fprintf(stderr, "grantbench run: %s\n", err.msg);
		err = (struct err){ 0 };
		worst = status > worst ? status : worst;
	}
	if (!opts.builder) {
		fprintf(stderr, "grantbench run: %s\n", err.msg);
		return err_exit(&err);
	}
	if (interrupted)
		print_resume(given, out);
	builder_free(opts.builder);
	return worst;
}
