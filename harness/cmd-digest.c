// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench digest: the hash that two exact runs of the same inputs share. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "lib/cleanup.h"
#include "result/digest.h"

static const char usage_text[] =
	"usage: grantbench digest OUT...\n"
	"SHA-256 over result.json without its \"host\" object, as canonical JSON. OUT is a run's\n"
	"directory or the path of its result.json. With several, each line ends with its name,\n"
	"and the exit status is 1 when they are not all the same.\n";

int cmd_digest(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char first[FS_SHA256_HEX] = "", hex[FS_SHA256_HEX];
	int c, nr, status = GB_OK;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c != 'h')
			return bad_usage("digest", NULL);
		fputs(usage_text, stdout);
		return GB_OK;
	}
	nr = argc - optind;
	if (nr == 0)
		return bad_usage("digest", "which OUT?");
	for (; optind < argc; optind++) {
		struct err err = { 0 };

		if (result_digest(argv[optind], hex, &err) < 0) {
			fprintf(stderr, "grantbench digest: %s\n", err.msg);
			return err_exit(&err);
		}
		if (nr == 1)
			puts(hex);
		else
			printf("%s  %s\n", hex, argv[optind]);
		if (!*first)
			memcpy(first, hex, sizeof(first));
		else if (strcmp(first, hex))
			status = GB_REGRESSION;
	}
	return end_output("digest", status);
}
