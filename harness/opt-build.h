/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options about what to build, which run, boot and dt share, and the lines
 * that tell a person about builds that take a while.
 */
#ifndef GRANTBENCH_OPT_BUILD_H
#define GRANTBENCH_OPT_BUILD_H

#include <getopt.h>
#include <stdbool.h>

#include "build/artifact.h"

/* For a struct option table; values from 1000 on. */
#define OPT_BUILD_OPTIONS                                  \
	{ "linux", required_argument, NULL, 1000 },        \
	{ "xen", required_argument, NULL, 1001 },          \
	{ "qemu", required_argument, NULL, 1002 },         \
	{ "test-patch", required_argument, NULL, 1003 }, \
	{ "debug", required_argument, NULL, 1004 }

#define OPT_BUILD_HELP                                                                      \
	"  --linux SOURCE     linux-6.12 (default), linux-6.1, or a kernel tree\n"          \
	"  --xen DIR          a Xen tree instead of Debian's\n"                             \
	"  --qemu PATH        a qemu-system-ARCH (7.2 or newer) instead of Debian's 10.0\n" \
	"  --test-patch FILE  one more kernel patch, after ours; may be repeated\n"       \
	"  --debug KERNEL     lockdep, kasan, kmemleak, or several with +: a kernel that checks itself\n"

#define OPT_BUILD_PATCHES 16

struct opt_build {
	struct build_opts opts;
	const char *patches[OPT_BUILD_PATCHES + 1];
	bool quiet;
};

/* True when c was one of ours. More than OPT_BUILD_PATCHES patches: *bad is set. */
bool opt_build_take(struct opt_build *b, int c, const char *arg, bool *bad);

/* A builder with these options and progress on stderr; NULL with err filled. */
struct builder *opt_build_builder(struct opt_build *b, struct err *err);

#endif
