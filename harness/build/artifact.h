/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Artifacts: what grantbench builds or fetches, kept in a cache.
 *
 * Every artifact has a recipe, and every recipe an input key: the SHA-256 over
 * a text that names all that can change the result (sources, patches,
 * configuration, toolchain, flags, the keys of the artifacts it depends on).
 * The text is kept beside the result as `inputs`, so that "why was this built
 * again" is a diff. The cache is
 *
 *	$GRANTBENCH_CACHE, else $XDG_CACHE_HOME/grantbench, else ~/.cache/grantbench
 *
 *	artifacts/NAME/KEY/	results; complete, or not there
 *	downloads/		packages and source archives as fetched, never changed
 *	pins.json		which version of each source is in use (build/pins.h)
 *	work/			source trees and object directories, for incremental builds
 *	tmp/NAME.*		results being made; renamed into artifacts/ when complete
 *	logs/NAME.log		output of the last build of NAME
 *	locks/ apt/ hashes	locks, apt's state, remembered hashes of large files
 *
 * Two builders may share a cache: each artifact is built under a lock, the
 * second builder waits and then finds a hit. A builder that was killed leaves
 * at most files in tmp/, which the next one that takes the lock removes.
 *
 * Not thread-safe; one builder per thread.
 */
#ifndef GRANTBENCH_BUILD_ARTIFACT_H
#define GRANTBENCH_BUILD_ARTIFACT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "lib/fs.h"

enum build_event_type {
	BUILD_HIT,	/* was in the cache */
	BUILD_WAIT,	/* another builder has the lock; waiting */
	BUILD_FETCH,	/* text: what is being fetched or resolved */
	BUILD_START,	/* not in the cache; log_path is valid */
	BUILD_DONE,	/* built; seconds is valid */
	BUILD_FAILED,	/* text: the reason */
};

struct build_event {
	enum build_event_type type;
	const char *name;	/* the artifact, or the source set for BUILD_FETCH */
	const char *text;	/* or NULL */
	const char *log_path;	/* or NULL */
	double seconds;
};

/* Zero-initialise; everything is optional. Strings are copied. */
struct build_opts {
	const char *data_dir;	/* where guests/ and images/ are; NULL: builder_data_dir() */
	const char *cache_dir;	/* NULL: from the environment, as above */
	const char *linux_src;	/* NULL or "linux-6.12", "linux-6.1", or a kernel tree */
	const char *xen_src;	/* NULL: Debian's, or a Xen tree */
	const char *qemu;	/* NULL: Debian's 10.0, or a qemu-system-aarch64 from 7.2 on */
	const char *const *test_patches; /* NULL-terminated; applied to Linux after ours */
	const char *debug;	/* NULL, or a debug kernel: "lockdep", "kasan+kmemleak" */
	int jobs;		/* 0: one per CPU */
	bool refresh;		/* ask the mirror anew what the newest versions are */
	void (*progress)(const struct build_event *event, void *arg);
	void *progress_arg;
};

struct artifact {
	char *name;
	char *version;		/* for people: "6.12.117", "10.0.2 (Debian …)" */
	char key[FS_SHA256_HEX];	/* input key */
	char *dir;		/* absolute */
	char *path;		/* main file, absolute */
	char sha256[FS_SHA256_HEX];	/* of the main file; empty when only planned */
	bool hit;		/* it was in the cache */
	double seconds;		/* what its build took, when it was built */
	/*
	 * qemu: NULL-terminated prefix that starts it, with -nodefaults and
	 * -no-user-config in it, so every device is to be asked for; else NULL.
	 */
	char **argv;
};
#define ARTIFACT_INIT { 0 }

void artifact_release(struct artifact *artifact);
#define _cleanup_artifact_ __attribute__((cleanup(artifact_release)))

struct builder;

/* NULL with err filled when the cache or the data directory is not usable. */
struct builder *builder_new(const struct build_opts *opts, struct err *err);
void builder_free(struct builder *builder);

/*
 * Find the artifact in the cache or make it, with all it depends on. *out is
 * only touched on success; release it. Errors: GB_USAGE for an unknown name or
 * a source given by the user that is not one; GB_INFRA for all others.
 */
int builder_get(struct builder *builder, const char *name, struct artifact *out, struct err *err);

/*
 * What builder_get() would do, without doing it: hit tells. key is empty when
 * not even the sources are known yet (nothing was ever fetched).
 */
int builder_plan(struct builder *builder, const char *name, struct artifact *out, struct err *err);

/* Name and one-line description of artifact i, in build order; NULL behind the last. */
const char *builder_name(size_t i, const char **what);

/* The cache of this environment, as above; caller frees; NULL with err filled. */
char *builder_cache_dir(struct err *err);

/*
 * Where guests/, images/ and scenarios/ are: $GRANTBENCH_DATA, the source tree
 * that the running program was built in, or PREFIX/share/grantbench. Caller frees;
 * NULL with err filled when there is no such directory.
 */
char *builder_data_dir(struct err *err);

#endif
