// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands in for gb-alloc: prints what a real one could. $FAKE_ALLOC is a word:
 * crash, garbage, slow (nextfit as slow as upstream), cannot (nextfit cannot run),
 * differ (counts that change from one process to the next), hang.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *value(int argc, char **argv, const char *name)
{
	int i;

	for (i = 1; i + 1 < argc; i++)
		if (!strcmp(argv[i], name))
			return argv[i + 1];
	return "";
}

int main(int argc, char **argv)
{
	const char *mode = getenv("FAKE_ALLOC") ? getenv("FAKE_ALLOC") : "";
	const char *variant = value(argc, argv, "--variant");
	int nextfit = !strcmp(variant, "nextfit"), upstream = !strcmp(variant, "upstream");
	double ns = upstream ? 300 : !strcmp(variant, "null") ? 3 : 13;

	if (argc > 1 && !strcmp(argv[1], "list")) {
		puts("[\"upstream\",\"nextfit\",\"null\"]");
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "defects")) {
		puts("{\"defect\":\"stale\",\"how\":\"1, 2\",\"reproduced\":true,\"seen\":\"a crash\"}");
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "insns")) {
		printf("{\"variant\":\"%s\",\"instructions\":%d}\n", variant, upstream ? 200 : 205);
		return 0;
	}
	if (!strcmp(mode, "crash"))
		abort();
	if (!strcmp(mode, "hang"))
		pause();
	if (!strcmp(mode, "garbage")) {
		puts("{\"variant\":\"upstream\",\"requests\":-1}");
		return 0;
	}
	if (!strcmp(mode, "cannot") && nextfit) {
		fputs("gb-alloc: nextfit: the variant could not be created\n", stderr);
		return 3;
	}
	if (!strcmp(mode, "slow") && nextfit)
		ns = 300;
	/* no two processes take the same time */
	ns += (double)(getpid() % 7) / 10;
	printf("{\"variant\":\"%s\",\"requests\":1000,\"failed\":%d,\"rebuilds\":%d,\"words\":1,"
	       "\"words_max\":%d,\"locks\":2000,\"refs_peak\":100,\"mapped_peak\":90,\"held\":0,"
	       "\"ns\":%.4f,\"timed\":1000,\"contended\":0,"
	       "\"irqs_off_ns\":{\"nr\":3,\"max\":512.5,\"buckets\":[[10.0,2],[500.2,1]]},"
	       "\"call_ns\":{\"nr\":1,\"max\":20.0,\"buckets\":[[19.6,1]]}}\n", variant,
	       upstream && strcmp(value(argc, argv, "--held"), "0") ? 900 : 0, upstream ? 950 : 0,
	       !strcmp(mode, "differ") ? getpid() : 7, ns);
	return 0;
}
