/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source trees of recipes: the user's own, lists of patches, ends of builds. */
#ifndef GRANTBENCH_BUILD_SOURCES_H
#define GRANTBENCH_BUILD_SOURCES_H

#include "build/recipe.h"
#include "build/unpack.h"

struct patch_list {
	char **v;
	size_t nr;
};

/* Append the *.patch files of dir in byte order of their names; a missing dir has none. */
int patch_list_dir(struct patch_list *list, const char *dir, struct err *err);
void patch_list_add(struct patch_list *list, const char *path);
void patch_list_release(struct patch_list *list);

/*
 * A work tree that follows the user's own directory: files that changed there
 * since the last time are copied, files that went are removed. The user's
 * directory is never written. filter (or NULL) says what to take.
 */
int sources_open_user(struct builder *b, struct tree *tree, const char *prefix, const char *dir,
		      unpack_filter filter, struct err *err);

/* Remove the work trees "SERIES-…" other than id that nobody is using: superseded versions. */
void sources_drop_others(struct builder *b, const char *series, const char *id);

/*
 * After make ended, well or not: say so to the tree, unless the disk is full,
 * since then nobody knows what was half-written. Returns -1 when !ok, with err
 * as make's failure left it.
 */
int sources_build_ended(struct builder *b, struct tree *tree, const char *name, bool ok,
			struct err *err);

#endif
