/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Persistent source trees: unpacked once, patched in place, built
 * incrementally.
 *
 *	work/ID/src/	the tree, with patches applied
 *	work/ID/orig/	the original of each file that a patch ever touched
 *	work/ID/NAME/	object directories of the builds
 *
 * tree_patch() works out beside the tree what every file should be and then
 * writes only those that differ, so that make rebuilds what a changed patch
 * changed. The original is saved before a file is first written: whatever
 * moment a build is killed at, the next one knows the way back.
 */
#ifndef GRANTBENCH_BUILD_TREE_H
#define GRANTBENCH_BUILD_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

struct tree {
	char *dir;	/* work/ID */
	char *src;	/* work/ID/src */
	int lock_fd;	/* hand to what is started here: nobody else builds while it lives */
};
#define TREE_INIT { NULL, NULL, -1 }

/*
 * Lock work/ID, and if it has no tree yet call fill to make one in a directory
 * that becomes src when fill succeeds.
 */
int tree_open(struct tree *tree, const char *work, const char *id,
	      int (*fill)(const char *dir, void *arg, struct err *err), void *arg,
	      struct err *err);
void tree_close(struct tree *tree);
#define _cleanup_tree_ __attribute__((cleanup(tree_close)))

/*
 * Make the tree be original + patches (paths, in order; -p1). A patch that is
 * in the original already is skipped when skip_applied is set. Errors name the
 * patch and the file.
 */
int tree_patch(struct tree *tree, const char *const *patches, size_t nr, bool skip_applied,
	       struct err *err);

/*
 * The object directory NAME for a build, made if missing. It is emptied first
 * when a build was killed in it, since half-written objects look new, and when
 * it was used with another stamp: make notices neither another compiler nor
 * another environment. tree_build_done() says that make ended by itself.
 */
int tree_build_dir(struct tree *tree, const char *name, const char *stamp, char **path,
		   struct err *err);
int tree_build_done(struct tree *tree, const char *name, struct err *err);

/*
 * Forget what was saved of a file's original: its content in src/ is the
 * original now. For trees that follow another directory, before tree_patch().
 */
int tree_forget(const struct tree *tree, const char *file, struct err *err);

/* Path of a file as it was before any patch; caller frees. It need not be there. */
char *tree_original(const struct tree *tree, const char *file);

/*
 * The files that a patch touches, without "a/" and "b/"; *files is
 * NULL-terminated, free with tree_free_list(). -EINVAL when it names none or
 * names one outside the tree.
 */
int patch_files(const char *text, char ***files, size_t *nr);
void tree_free_list(char **list);

#endif
