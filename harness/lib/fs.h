/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files and directories. Everything returns 0 or -1 with err filled, and the
 * message names the path. Strings returned through char ** are the caller's.
 */
#ifndef GRANTBENCH_LIB_FS_H
#define GRANTBENCH_LIB_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/err.h"

/* Largest file that fs_read() takes: guests' reports and configurations, not images. */
#define FS_READ_MAX (64u << 20)

bool fs_exists(const char *path);
bool fs_is_dir(const char *path);

/* Make path and its parents, mode 0777 & ~umask. Not an error if it is there. */
int fs_mkdirs(const char *path, struct err *err);

/* Append the whole file to buf. */
int fs_read(const char *path, struct buf *buf, struct err *err);

/*
 * Write path whole or not at all: into a temporary name in the same directory,
 * fsync, rename. A full disk leaves what was there before.
 */
int fs_write_atomic(const char *path, const void *data, size_t size, mode_t mode,
		    struct err *err);

/* Copy a regular file, atomically as above, mode kept; uses reflinks where the file system has them. */
int fs_copy(const char *from, const char *to, struct err *err);

/* Remove a file or a whole tree, never following links. Missing is not an error. */
int fs_remove_tree(const char *path, struct err *err);

/* Lower-case hex SHA-256 of a file or of bytes; out holds FS_SHA256_HEX bytes. */
#define FS_SHA256_HEX 65
int fs_sha256_file(const char *path, char out[FS_SHA256_HEX], struct err *err);
void fs_sha256(const void *data, size_t size, char out[FS_SHA256_HEX]);

/*
 * Take an advisory lock (flock) on path, creating it; *fd holds it until closed.
 * wait = false gives -1 with errno EWOULDBLOCK when another process has it.
 */
int fs_lock(const char *path, bool exclusive, bool wait, int *fd, struct err *err);

/*
 * Call fn for every regular file and symbolic link below dir in byte order of
 * the relative path (so that hashes over trees are stable). fn returning
 * non-zero stops the walk, and the walk returns that value.
 */
int fs_walk(const char *dir, int (*fn)(const char *rel_path, void *arg, struct err *err),
	    void *arg, struct err *err);

/* Absolute path of the directory that holds the running program; caller frees. */
char *fs_program_dir(void);

#endif
