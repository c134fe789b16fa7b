/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every libcheck program here shares: run one suite, fail when it ran
 * nothing. GB_CK_FORK=no (libcheck's CK_FORK=no) helps under a debugger.
 */
#ifndef GRANTBENCH_TESTS_LIB_CHECK_H
#define GRANTBENCH_TESTS_LIB_CHECK_H

#include <check.h>

/* Run the suite and return what main() returns. */
int lib_check_main(Suite *suite);

/* A fresh directory under $TMPDIR; caller frees and removes with fs_remove_tree(). */
char *lib_check_tmpdir(void);

#endif
