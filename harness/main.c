// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench: dispatch to the subcommands. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "lib/cleanup.h"
#include "lib/err.h"
#include "scenario/scenario.h"
#include "version.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "doctor", cmd_doctor, "what this machine lacks, and the command that mends it" },
	{ "build", cmd_build, "build artifacts into the cache" },
	{ "dt", cmd_dt, "the generated device trees as DTS text" },
	{ "boot", cmd_boot, "a machine with its consoles on the terminal, to look around" },
	{ "run", cmd_run, "run a scenario's cells and write result.json" },
	{ "compare", cmd_compare, "two sides of results, and what may be said of them" },
	{ "digest", cmd_digest, "the hash that two exact runs of the same inputs share" },
	{ "isolate", cmd_isolate, "what a driver domain can do to its frontend, and what not" },
	{ "list", cmd_list, "scenarios, cells, variants" },
	{ "alloc", cmd_alloc, "the grant allocators natively, against each other" },
};

static void usage(FILE *f)
{
	size_t i;

	fputs("usage: grantbench COMMAND [ARGUMENT...]\n"
	      "What the Xen grant DMA path for virtio costs, and whether it is safe.\n\n", f);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, "  %-10s%s\n", commands[i].name, commands[i].help);
	fputs("  help      this text; help COMMAND; help scenario: the keys of a scenario file\n\n"
	      "Exit status: 0 pass, 1 regression or unmet budget, 2 usage or bad input,\n"
	      "3 the subject failed (crash, hang, invalid run), 4 the harness or the host failed.\n"
	      "A first look: grantbench doctor && grantbench build && grantbench run blk-smoke\n", f);
}

static int help(int argc, char **argv)
{
	char *ask[] = { argc > 1 ? argv[1] : NULL, (char *)"--help", NULL };
	size_t i;

	if (argc < 2) {
		usage(stdout);
		return GB_OK;
	}
	if (!strcmp(argv[1], "scenario")) {
		bool roff = argc > 2 && !strcmp(argv[2], "--roff");

		scenario_print_help(stdout, roff);
		return GB_OK;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(2, ask);
	fprintf(stderr, "grantbench: there is no command \"%s\" to help with\n", argv[1]);
	return GB_USAGE;
}

int main(int argc, char **argv)
{
	static char name[64];
	size_t i;

	if (argc < 2) {
		usage(stderr);
		return GB_USAGE;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--version")) {
		puts("grantbench " GB_VERSION);
		return GB_OK;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name)) {
			/* getopt's messages begin with it */
			snprintf(name, sizeof(name), "grantbench %s", argv[1]);
			argv[1] = name;
			return commands[i].run(argc - 1, argv + 1);
		}
	fprintf(stderr, "grantbench: there is no command \"%s\" (`grantbench help` lists them)\n",
		argv[1]);
	return GB_USAGE;
}
