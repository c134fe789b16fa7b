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
	"       grantbench isolate --from OUT [--from OUT...] [--format text|md|json]\n"
	"Run an isolation scenario (default: isolate; isolate-short is the quick one) and print\n"
	"its table of checks, or print that of an earlier run.\n\n"
	"  --from OUT         a run's directory: print its table, run nothing; of several, one\n"
	"                     table, in which a later run's cell replaces an earlier one's\n"
	"  --format F         text, md or json\n"
	"  -o, --out OUT      where the run goes (default: results/run-TIME)\n"
	"  --only AXIS=V[,V]  only these cells; may be repeated\n"
	"  -j, --jobs N       machines at a time\n"
	"  --debug D          a kernel that checks itself: lockdep, kasan\n"
	"  --resume OUT       go on with a run that was interrupted\n"
	"  -q, --quiet        no progress\n"
	"\nExit status: 0 every verdict is as it should be, 1 one is not, 2 bad input,\n"
	"3 a machine came to no verdict, 4 the harness failed.\n";

/* The cells of all of them, as one result; NULL with err. */
static json_t *load_all(const char **outs, struct err *err)
{
	json_t *all = json_pack("{s:[]}", "cells");

	for (; *outs; outs++) {
		_cleanup_json_ json_t *one = NULL;

		if (results_load_json(*outs, &one, err) < 0) {
			err_prefix(err, "%s", *outs);
			json_decref(all);
			return NULL;
		}
		json_array_extend(json_object_get(all, "cells"), json_object_get(one, "cells"));
	}
	return all;
}

static int show(const char **outs, const char *format)
{
	struct isolation_table table;
	_cleanup_json_ json_t *result = NULL;
	struct err err = { 0 };
	int status;

	result = load_all(outs, &err);
	if (!result || isolation_build(result, &table, &err) < 0) {
		fprintf(stderr, "grantbench isolate: %s\n", err.msg);
		return err_exit(&err);
	}
	isolation_print(stdout, &table, format);
	status = table.fails ? GB_REGRESSION : GB_OK;
	isolation_release(&table);
	return status;
}

/* The run itself is `grantbench run`; its words go to standard error where a table alone is wanted. */
static int run(const char *scenario, const char *out, bool resume, const char **more, size_t nr_more, bool quiet)
{
	char **argv = xcalloc(nr_more + 8, sizeof(*argv));
	int argc = 0, status, kept = -1;
	size_t i;

	argv[argc++] = (char *)"grantbench run";
	argv[argc++] = (char *)scenario;
	argv[argc++] = (char *)(resume ? "--resume" : "-o");
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
		{ "debug", required_argument, NULL, 'D' },
		{ "resume", required_argument, NULL, 'r' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	_cleanup_free_ const char **more = xcalloc(2 * (size_t)argc + 2, sizeof(*more));
	_cleanup_free_ const char **from = xcalloc((size_t)argc + 2, sizeof(*from));
	const char *format = "text", *out = NULL;
	size_t nr_from = 0;
	int c, ran = GB_OK, shown;
	bool quiet = false, resume = false;
	size_t n = 0;

	while ((c = getopt_long(argc, argv, "o:j:qh", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			from[nr_from++] = optarg;
			break;
		case 'F':
			format = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 'O':
		case 'j':
		case 'D':
			more[n++] = c == 'O' ? "--only" : c == 'j' ? "-j" : "--debug";
			more[n++] = optarg;
			break;
		case 'r':
			resume = true;
			out = optarg;
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
	if (argc - optind > 1 || (nr_from && (out || n || optind < argc)))
		return bad_usage("isolate", nr_from ? "--from runs nothing" : "one SCENARIO at a time");
	if (!nr_from && !out)
		return bad_usage("isolate", "where does the run go? (-o OUT)");
	if (!nr_from) {
		const char *scenario = optind < argc ? argv[optind] : "isolate";

		ran = run(scenario, out, resume, more, n, quiet || strcmp(format, "text"));
		if (ran == GB_USAGE || ran == GB_INFRA)
			return ran;
	}
	if (!nr_from)
		from[0] = out;
	shown = show(from, format);
	return end_output("isolate", ran > shown ? ran : shown);
}
