/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cache with pinned packages that were made here: builds without a network or a compiler. */
#ifndef GRANTBENCH_TESTS_LIB_BUILD_H
#define GRANTBENCH_TESTS_LIB_BUILD_H

#include <stddef.h>

/* One member of an archive to be written. */
struct lib_member {
	const char *path;
	const char *data;	/* NULL: a directory, or a link when target is set */
	size_t size;
	const char *target;	/* symbolic link */
	const char *hardlink;
	unsigned int type;	/* 0: by the above; otherwise an S_IF… to force */
};

/* Write a tar archive, compressed with xz when the name ends so. */
void lib_write_tar(const char *path, const struct lib_member *members, size_t nr);

/* Write a Debian package whose data.tar (with .xz when it is small) has the members. */
void lib_write_deb(const char *path, const struct lib_member *members, size_t nr);

/*
 * Make cache/ have the set "busybox" pinned to one package with a bin/busybox
 * of `size` bytes, and the package in downloads/.
 */
void lib_pin_busybox(const char *cache, size_t size);

#endif
