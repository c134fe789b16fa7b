/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacking of Debian packages and source archives (libarchive).
 *
 * Archives are verified by hash before they come here, and still not trusted:
 * an absolute path, a ".." or a path through a symbolic link is an error, file
 * owners and set-id bits are not restored, device nodes are refused.
 */
#ifndef GRANTBENCH_BUILD_UNPACK_H
#define GRANTBENCH_BUILD_UNPACK_H

#include <stdbool.h>

#include "lib/err.h"

/* Keep this path (relative to the target)? */
typedef bool (*unpack_filter)(const char *path, void *arg);

struct unpack_opts {
	int strip;		/* leading path components to drop */
	unpack_filter filter;	/* NULL: everything */
	void *arg;
};

/* A tar archive, compressed or not, into dir, which exists. opts may be NULL. */
int unpack_tar(const char *file, const char *dir, const struct unpack_opts *opts,
	       struct err *err);

/* The files of a .deb. */
int unpack_deb(const char *file, const char *dir, const struct unpack_opts *opts,
	       struct err *err);

/*
 * A tar archive that is itself a file of a .deb (as linux-source's is), without
 * an intermediate copy. member is the file's path in the package.
 */
int unpack_deb_tar(const char *file, const char *member, const char *dir,
		   const struct unpack_opts *opts, struct err *err);

#endif
