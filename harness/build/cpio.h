/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing of initramfs archives (cpio, newc, not compressed) with libarchive.
 *
 * The bytes depend on what is added and in which order, on nothing else: owner
 * root, a fixed time, inode numbers counted from 1. Device nodes need no
 * privilege. The size is a multiple of 512, so that a second archive can be
 * appended behind it, as the kernel allows. Parent directories must be added
 * before what is in them: the kernel does not make them.
 *
 *	struct cpio *cpio = cpio_open("rootfs.cpio", &err);
 *	if (!cpio || cpio_dir(cpio, "dev", 0755, &err) < 0 || ...)
 *		goto fail;			(cpio_abort() it)
 *	ret = cpio_close(cpio, &err);		(renamed into place only here)
 */
#ifndef GRANTBENCH_BUILD_CPIO_H
#define GRANTBENCH_BUILD_CPIO_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

struct cpio;

/* Paths inside the archive are taken without a leading slash; one is dropped. */
struct cpio *cpio_open(const char *path, struct err *err);
int cpio_dir(struct cpio *cpio, const char *name, mode_t mode, struct err *err);
int cpio_data(struct cpio *cpio, const char *name, mode_t mode, const void *data, size_t size,
	      struct err *err);
int cpio_file(struct cpio *cpio, const char *name, mode_t mode, const char *from,
	      struct err *err);
int cpio_symlink(struct cpio *cpio, const char *name, const char *target, struct err *err);
/* type is 'c' or 'b'. */
int cpio_node(struct cpio *cpio, const char *name, mode_t mode, char type, unsigned int dev_major,
	      unsigned int dev_minor, struct err *err);

/* Finish and rename into place. Frees cpio in any case. */
int cpio_close(struct cpio *cpio, struct err *err);
/* Drop everything. NULL is fine. */
void cpio_abort(struct cpio *cpio);

#endif
