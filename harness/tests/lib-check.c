// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-check.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/buf.h"

int lib_check_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed, run;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	run = srunner_ntests_run(runner);
	srunner_free(runner);
	if (run == 0)
		fputs("no test was run\n", stderr);
	return failed || run == 0;
}

char *lib_check_tmpdir(void)
{
	const char *base = getenv("TMPDIR");
	char *dir = xasprintf("%s/grantbench-test-XXXXXX", base ? base : "/tmp");

	ck_assert_ptr_nonnull(mkdtemp(dir));
	return dir;
}
