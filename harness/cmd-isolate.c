// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench isolate: what a driver domain can do to its frontend. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/err.h"
#include "lib/json.h"
#include "report/isolation.h"
#include "result/read.h"

static const char usage_text[] =
	"usage: grantbench isolate [SCENARIO] [-o OUT] [OPTION...]\n"
	"       grantbench isolate --from OUT [--format text|md|json]\n"
	"Run an isolation scenario (default: isolate; isolate-short is the quick one) and print\n"
	"its table of checks, or print that of an earlier run.\n\n"
	"  --from OUT         a run's directory: print its table, run nothing\n"
	"  --format F         text, md or json\n"
	"  -o, --out OUT      where the run goes (default: results/run-TIME)\n"
	"  --only AXIS=V[,V]  only these cells; may be repeated\n"
	"  -j, --jobs N       machines at a time\n"
	"  -q, --quiet        no progress\n"
	"\nExit status: 0 every verdict is as it should be, 1 one is not, 2 bad input,\n"
	"3 a machine came to no verdict, 4 the harness failed.\n";

static int show(const char *out, const char *format)
{
	struct isolation_table table;
	_cleanup_json_ json_t *result = NULL;
	struct err err = { 0 };
	int status;

	if (results_load_json(out, &result, &err) < 0 || isolation_build(result, &table, &err) < 0) {
		fprintf(stderr, "grantbench isolate: %s: %s\n", out, err.msg);
		return err_exit(&err);
	}
	isolation_print(stdout, &table, format);
	status = table.fails ? GB_REGRESSION : GB_OK;
	isolation_release(&table);
	return status;
}

/* The run itself is `grantbench run`; its words go to standard error where a table alone is wanted. */
static int run(const char *scenario, const char *out, const char **more, size_t nr_more, bool quiet)
{
	char **argv = xcalloc(nr_more + 8, sizeof(*argv));
	int argc = 0, status, kept = -1;
	size_t i;

	argv[argc++] = (char *)"grantbench run";
	argv[argc++] = (char *)scenario;
	argv[argc++] = (char *)"-o";
	argv[argc++] = (char *)out;
	argv[argc++] = (char *)"--no-canary";
	if (quiet)
		argv[argc++] = (char *)"-q";
	for (i = 0; i < nr_more; i++)
		argv[argc++] = (char *)more[i];
	if (quiet) {
		fflush(stdout);
		kept = dup(STDOUT_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
	}
	optind = 1;
	status = cmd_run(argc, argv);
	if (kept >= 0) {
		fflush(stdout);
		dup2(kept, STDOUT_FILENO);
		close(kept);
	}
	free(argv);
	return status;
}

int cmd_isolate(int argc, char **argv)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, 'f' },
		{ "format", required_argument, NULL, 'F' },
		{ "out", required_argument, NULL, 'o' },
		{ "only", required_argument, NULL, 'O' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	_cleanup_free_ const char **more = xcalloc(2 * (size_t)argc + 2, sizeof(*more));
	const char *from = NULL, *format = "text", *out = NULL;
	int c, ran = GB_OK, shown;
	bool quiet = false;
	size_t n = 0;

	while ((c = getopt_long(argc, argv, "o:j:qh", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			from = optarg;
			break;
		case 'F':
			format = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 'O':
		case 'j':
			more[n++] = c == 'O' ? "--only" : "-j";
			more[n++] = optarg;
			break;
		case 'q':
			quiet = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return GB_OK;
		default:
			return bad_usage("isolate", NULL);
		}
	}
	if (strcmp(format, "text") && strcmp(format, "md") && strcmp(format, "json"))
		return bad_usage("isolate", "--format %s: not text, md or json", format);
	if (argc - optind > 1 || (from && (out || n || optind < argc)))
		return bad_usage("isolate", from ? "--from runs nothing" : "one SCENARIO at a time");
	if (!from && !out)
		return bad_usage("isolate", "where does the run go? (-o OUT)");
	if (!from) {
		const char *scenario = optind < argc ? argv[optind] : "isolate";

		ran = run(scenario, out, more, n, quiet || strcmp(format, "text"));
		if (ran == GB_USAGE || ran == GB_INFRA)
			return ran;
	}
	shown = show(from ? from : out, format);
	return end_output("isolate", ran > shown ? ran : shown);
}
