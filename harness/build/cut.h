/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of a C file, by name: so that a program of ours can be built from a few
 * functions of the kernel without a copy of them in the repository.
 *
 * The scanner knows comments, strings, preprocessor lines and brackets, and
 * nothing else of C; that is enough for top-level definitions in kernel style.
 * What is asked for and not there, or there twice, is an error: a kernel that
 * changed must be noticed, not worked around.
 *
 * A name is asked for as
 *	fn:NAME		a function's definition
 *	var:NAME	a variable's declaration, DEFINE_SPINLOCK(NAME) and the like included
 *	def:NAME	the line #define NAME, with its continuation lines
 */
#ifndef GRANTBENCH_BUILD_CUT_H
#define GRANTBENCH_BUILD_CUT_H

#include "lib/buf.h"
#include "lib/err.h"

/* Names the way it cuts, for the keys of what is built from it. */
#define CUT_VERSION "1"

/*
 * Append what wanted (NULL-terminated) names to out, in the order of the file,
 * each behind a #line that points to label. On failure out is left alone.
 */
int cut_source(const char *text, const char *label, const char *const *wanted, struct buf *out,
	       struct err *err);

#endif
