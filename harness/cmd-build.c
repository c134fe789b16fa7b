// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench build: artifacts into the cache, one line of progress each. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/artifact.h"
#include "commands.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/spawn.h"

static void usage(FILE *f)
{
	const char *name, *what;
	size_t i;

	fputs("usage: grantbench build [OPTION...] [ARTIFACT...]\n"
	      "Build artifacts, all of them by default, into the cache; what is there is a hit.\n\n"
	      "  --dry-run          show hits and misses, build and fetch nothing\n"
	      "  --linux SOURCE     linux-6.12 (default), linux-6.1, or a kernel tree\n"
	      "  --xen DIR          a Xen tree instead of Debian's\n"
	      "  --qemu PATH        a qemu-system-ARCH (7.2 or newer) instead of Debian's 10.0\n"
	      "  --test-patch FILE  one more kernel patch, after ours; may be repeated\n"
	      "  --debug KERNEL     lockdep, kasan, kmemleak, or several with +: a kernel that checks itself\n"
	      "  --refresh          ask the mirror for its newest versions\n"
	      "  -j, --jobs N       parallel jobs (default: one per CPU)\n"
	      "  --format FORMAT    text (default) or json\n"
	      "  -q, --quiet        no progress\n"
	      "  -h, --help         this text\n\n"
	      "Artifacts:\n", f);
	for (i = 0; (name = builder_name(i, &what)); i++)
		fprintf(f, "  %-22s%s\n", name, what);
	fputs("\nThe cache is $GRANTBENCH_CACHE, or $XDG_CACHE_HOME/grantbench, or "
	      "~/.cache/grantbench.\n", f);
}

struct progress {
	bool quiet, live;
	FILE *f;
};

static void show(const struct build_event *e, void *arg)
{
	const struct progress *p = arg;

	if (p->quiet)
		return;
	switch (e->type) {
	case BUILD_HIT:
		fprintf(p->f, "%-22s hit    %s\n", e->name, e->text ? e->text : "");
		break;
	case BUILD_WAIT:
		fprintf(p->f, "%-22s wait   another grantbench is building it\n", e->name);
		break;
	case BUILD_FETCH:
		fprintf(p->f, "%-22s fetch  %s\n", e->name, e->text);
		break;
	case BUILD_START:
		fprintf(p->f, "%-22s miss   building, log: %s\n", e->name, e->log_path);
		break;
	case BUILD_DONE:
		fprintf(p->f, "%-22s built  %s in %.1f s\n", e->name, e->text ? e->text : "",
			e->seconds);
		break;
	case BUILD_FAILED:
		fprintf(p->f, "%-22s failed after %.1f s, log: %s\n", e->name, e->seconds,
			e->log_path);
		break;
	}
	fflush(p->f);
}

static json_t *artifact_json(const struct artifact *a)
{
	json_t *o = json_pack("{s:s,s:b}", "name", a->name, "hit", a->hit);

	if (*a->key)
		json_object_set_new(o, "key", json_string(a->key));
	if (!a->path)
		return o;
	json_object_set_new(o, "version", json_string(a->version));
	json_object_set_new(o, "path", json_string(a->path));
	json_object_set_new(o, "sha256", json_string(a->sha256));
	json_object_set_new(o, "seconds", json_real(a->seconds));
	return o;
}

struct args {
	struct build_opts opts;
	const char **test_patches;
	size_t nr_test_patches;
	bool dry_run, json, quiet;
};

enum { OPT_DRY = 256, OPT_LINUX, OPT_XEN, OPT_QEMU, OPT_PATCH, OPT_DEBUG, OPT_REFRESH, OPT_FORMAT };

/* -1: go on; otherwise the exit status. */
static int parse_args(struct args *args, int argc, char **argv)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, OPT_DRY },
		{ "linux", required_argument, NULL, OPT_LINUX },
		{ "xen", required_argument, NULL, OPT_XEN },
		{ "qemu", required_argument, NULL, OPT_QEMU },
		{ "test-patch", required_argument, NULL, OPT_PATCH },
		{ "debug", required_argument, NULL, OPT_DEBUG },
		{ "refresh", no_argument, NULL, OPT_REFRESH },
		{ "jobs", required_argument, NULL, 'j' },
		{ "format", required_argument, NULL, OPT_FORMAT },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char *end;
	long jobs;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "j:qh", options, NULL)) != -1) {
		switch (c) {
		case OPT_DRY:
			args->dry_run = true;
			break;
		case OPT_LINUX:
			args->opts.linux_src = optarg;
			break;
		case OPT_XEN:
			args->opts.xen_src = optarg;
			break;
		case OPT_QEMU:
			args->opts.qemu = optarg;
			break;
		case OPT_DEBUG:
			args->opts.debug = optarg;
			break;
		case OPT_PATCH:
			args->test_patches[args->nr_test_patches++] = optarg;
			break;
		case OPT_REFRESH:
			args->opts.refresh = true;
			break;
		case 'j':
			jobs = strtol(optarg, &end, 10);
			if (*end || end == optarg || jobs < 1 || jobs > 1024)
				return bad_usage("build", "--jobs %s: not a number from 1 to 1024", optarg);
			args->opts.jobs = (int)jobs;
			break;
		case OPT_FORMAT:
			if (strcmp(optarg, "json") && strcmp(optarg, "text"))
				return bad_usage("build", "--format %s: neither text nor json", optarg);
			args->json = !strcmp(optarg, "json");
			break;
		case 'q':
			args->quiet = true;
			break;
		case 'h':
			usage(stdout);
			return GB_OK;
		default:
			return bad_usage("build", NULL);
		}
	}
	return -1;
}

static int do_one(struct builder *b, const struct args *args, const char *name, json_t *list,
		  struct err *err)
{
	_cleanup_artifact_ struct artifact a = ARTIFACT_INIT;

	if (args->dry_run) {
		if (builder_plan(b, name, &a, err) < 0)
			return -1;
		if (!args->json)
			printf("%-22s %-5s  %s\n", name, a.hit ? "hit" : "miss",
			       a.hit ? a.version : *a.key ? "" : "sources not resolved yet");
	} else if (builder_get(b, name, &a, err) < 0) {
		return -1;
	}
	json_array_append_new(list, artifact_json(&a));
	return 0;
}

static int run(const struct args *args, int argc, char **argv)
{
	_cleanup_json_ json_t *list = json_array();
	struct err err = { 0 };
	struct builder *b;
	const char *name;
	int ret = 0, i;

	b = builder_new(&args->opts, &err);
	if (!b) {
		fprintf(stderr, "grantbench build: %s\n", err.msg);
		return err_exit(&err);
	}
	for (i = 0; i < argc && ret == 0; i++)
		ret = do_one(b, args, argv[i], list, &err);
	for (i = 0; argc == 0 && ret == 0 && (name = builder_name((size_t)i, NULL)); i++)
		ret = do_one(b, args, name, list, &err);
	builder_free(b);
	if (ret < 0) {
		fprintf(stderr, "grantbench build: %s\n", err.msg);
		return err_exit(&err);
	}
	if (args->json) {
		_cleanup_free_ char *text = json_dumps(list, JSON_INDENT(2) | JSON_SORT_KEYS);

		printf("%s\n", text ? text : "[]");
	}
	return end_output("build", GB_OK);
}

int cmd_build(int argc, char **argv)
{
	struct progress progress = { .f = stdout };
	struct args args = { 0 };
	int ret;

	args.test_patches = xcalloc((size_t)argc + 1, sizeof(char *));
	args.opts.test_patches = args.test_patches;
	ret = parse_args(&args, argc, argv);
	if (ret < 0) {
		progress.quiet = args.quiet || args.dry_run;
		if (args.json)
			progress.f = stderr;
		args.opts.progress = show;
		args.opts.progress_arg = &progress;
		ret = run(&args, argc - optind, argv + optind);
	}
	free(args.test_patches);
	return ret;
}
