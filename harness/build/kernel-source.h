/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's source, for recipes that need it: Debian's, or the user's (--linux). */
#ifndef GRANTBENCH_BUILD_KERNEL_SOURCE_H
#define GRANTBENCH_BUILD_KERNEL_SOURCE_H

#include "build/recipe.h"

/* Add the source to the key. 1, 0 and -1 as builder_pins(). */
int kernel_source_key(struct builder *b, const struct recipe *r, struct key *key,
		      struct err *err);

/* Add our patches and the user's to the key. 0 or -1. */
int kernel_patches_key(struct builder *b, struct key *key, struct err *err);

/* Lock the work tree, unpacked if need be, and make it be the source with the patches. */
int kernel_source_open(struct builder *b, struct tree *tree, char **version, struct err *err);

#endif
