/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacked Debian packages, for the recipes that need some. */
#ifndef GRANTBENCH_BUILD_DEBS_H
#define GRANTBENCH_BUILD_DEBS_H

#include "build/recipe.h"
#include "build/unpack.h"

/* Unpack the set's binary packages below root, without documentation and configuration. */
int debs_unpack(struct builder *b, const struct pins *pins, const char *root, struct err *err);

/* What was unpacked, as JSON: package, version, arch, suite, sha256. */
int debs_write_list(const struct pins *pins, const char *path, struct err *err);

/* Where Debian keeps libraries of an architecture, relative to a root. */
struct lib_dirs {
	const char *dir[7];	/* NULL-terminated; the first two are owned */
};

struct lib_dirs lib_dirs(const char *triplet);
void lib_dirs_release(struct lib_dirs *dirs);
#define _cleanup_lib_dirs_ __attribute__((cleanup(lib_dirs_release)))

#endif
