/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input keys, and remembered hashes of large files.
 *
 * A key is the SHA-256 of lines "TAG VALUE". A memo remembers the SHA-256 of a
 * file by its path, size, mtime and inode, so that a warm build reads nothing
 * large. It is one text file, rewritten whole; losing it costs time only.
 */
#ifndef GRANTBENCH_BUILD_KEY_H
#define GRANTBENCH_BUILD_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "lib/fs.h"

struct memo_entry {
	char *path;
	uint64_t size, ino;
	int64_t mtime_ns;
	char sha256[FS_SHA256_HEX];
};

struct memo {
	char *file;
	struct memo_entry *entries;
	size_t nr;
	bool dirty;
};

/* A missing or damaged file is an empty memo. */
void memo_load(struct memo *memo, const char *file);
/* Failure to write is not an error: it is a cache. */
void memo_save(struct memo *memo);
void memo_release(struct memo *memo);

/* SHA-256 of the file at path, from the memo when the file is as it was. */
int memo_sha256(struct memo *memo, const char *path, char out[FS_SHA256_HEX], struct err *err);

struct key {
	struct buf text;
};
#define KEY_INIT { BUF_INIT }

void key_release(struct key *key);
#define _cleanup_key_ __attribute__((cleanup(key_release)))

/* A line. Newlines inside the value are replaced, so that lines stay lines. */
void key_add(struct key *key, const char *tag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "TAG LABEL SHA256"; the path itself is no part of the key. */
int key_add_file(struct key *key, struct memo *memo, const char *tag, const char *label,
		 const char *path, struct err *err);
/* Every file below dir whose name passes fnmatch(3) glob, in byte order of the names. */
int key_add_dir(struct key *key, struct memo *memo, const char *tag, const char *dir,
		const char *glob, struct err *err);
void key_final(const struct key *key, char out[FS_SHA256_HEX]);

#endif
