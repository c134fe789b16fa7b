/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build/grantbench run as a person runs it, in a directory of its own. */
#ifndef GRANTBENCH_TESTS_LIB_CLI_H
#define GRANTBENCH_TESTS_LIB_CLI_H

#include <stdbool.h>

#include "lib/buf.h"

struct cli {
	char *program;	/* absolute */
	char *dir;	/* a fresh directory; in_dir: the program's working directory, too */
	bool in_dir;
};

/* The program beside the test's own directory must be built. */
void cli_setup(struct cli *cli);
void cli_teardown(struct cli *cli);

/*
 * Run; both outputs together are appended to out (NULL: only to DIR/log, which
 * grows). env: "NAME=value" over ours, or NULL. Fails the test after timeout_ms.
 * Returns the exit status.
 */
int cli_run(const struct cli *cli, const char *const *args, const char *const *env,
	    int timeout_ms, struct buf *out);

/* The same with arguments split at blanks, within 10 s. */
int cli_line(const struct cli *cli, const char *line, const char *const *env, struct buf *out);

/* Everything that was printed; caller frees. */
char *cli_log(const struct cli *cli);

#endif
