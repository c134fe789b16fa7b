/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the builder: what a recipe is and what it may use. Not for callers of
 * the library; those include build/artifact.h.
 */
#ifndef GRANTBENCH_BUILD_RECIPE_H
#define GRANTBENCH_BUILD_RECIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "build/arch.h"
#include "build/artifact.h"
#include "build/key.h"
#include "build/pins.h"
#include "build/tree.h"
#include "lib/json.h"

struct recipe;

/* One build in progress. */
struct build_ctx {
	const struct recipe *recipe;
	const char *stage;	/* directory to fill; becomes artifacts/NAME/KEY */
	const char *log;	/* appended to by what is run */
	int lock_fd;		/* the artifact's lock; children keep it */
	char *version;		/* to be set by build() */
};

struct recipe {
	const char *name;
	const char *main_file;
	const char *what;
	const struct build_arch *arch;	/* of the guests that it is for */
	bool hidden;			/* an intermediate: not listed, not asked for */
	const char *const *deps;	/* artifacts, NULL-terminated, or NULL */
	int variant;			/* for recipes that share functions */
	bool compiles;			/* needs the tools of build/hosttools.h */
	/* Add all inputs but deps to key. 1: done, 0: sources not known yet, -1: error. */
	int (*inputs)(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
	int (*build)(struct builder *b, struct build_ctx *ctx, struct err *err);
	/* Fill out->argv, or NULL. */
	void (*argv)(const struct recipe *r, struct artifact *out);
	/* Comes from the user instead: fill *out and return 1; 0: not so. */
	int (*external)(struct builder *b, const struct recipe *r, struct artifact *out,
			struct err *err);
};

struct slot {
	bool planned, known, done;
	char key[FS_SHA256_HEX];
	char *inputs;		/* the key's text */
	struct artifact artifact;
};

struct pin_slot {
	const struct pin_set *set;
	struct pins pins;
};

struct builder {
	struct build_opts opts;	/* strings owned */
	char *data_dir, *cache;
	char *downloads, *work, *pins_path;
	bool may_resolve;	/* builder_get(): yes; builder_plan(): no */
	struct memo memo;
	struct apt *apt;	/* opened when first needed */
	struct pin_slot *pins;
	size_t nr_pins;
	struct slot *slots;	/* one per recipe */
	char *toolchain[2];	/* text for keys, when known: arm64's, x86_64's */
	const char *current;	/* artifact being built, for events */
};

extern const struct recipe recipes[];
extern const size_t nr_recipes;

/* Tell the caller. */
void builder_event(struct builder *b, enum build_event_type type, const char *name,
		   const char *text, const char *log_path, double seconds);

/*
 * The pins of a set. 1: *out points into the builder, 0: not pinned and
 * may_resolve is false.
 */
int builder_pins(struct builder *b, const char *set, const struct pins **out, struct err *err);

/* Host path of a pinned file, fetched again if the cache lost it, and verified. Caller frees. */
char *builder_file(struct builder *b, const struct pkgfile *file, struct err *err);

/* A dependency that is built already (named in deps); points into the builder. */
const struct artifact *builder_dep(struct builder *b, const char *name);

/* Path below the data directory; caller frees. */
char *builder_data(struct builder *b, const char *rel);

/* Add the set's pinned files to a key. 1, 0 and -1 as builder_pins(). */
int builder_key_pins(struct builder *b, struct key *key, const char *set, struct err *err);

/*
 * Add versions of the cross compiler, its linker and its static libc, and the
 * environment that builder_run() gives. 1 or -1.
 */
int builder_key_toolchain(struct builder *b, const struct recipe *r, struct key *key,
			  struct err *err);

/* Add each of a NULL-terminated list of build flags to the key. */
void builder_key_flags(struct key *key, const char *const *flags);

/*
 * Run a build's command with the environment that makes it reproducible, its
 * output going to the log. env: NULL-terminated additions, or NULL. keep_fd: a
 * lock that lives as long as the command, or -1 for the artifact's own.
 */
int builder_run(struct builder *b, struct build_ctx *ctx, const char *cwd,
		const char *const *argv, const char *const *env, int keep_fd, struct err *err);

/*
 * Hash of those inputs of the artifact being built that make knows nothing of:
 * toolchain, environment, flags. For tree_build_dir().
 */
void builder_stamp(struct builder *b, const struct build_ctx *ctx, char out[FS_SHA256_HEX]);

/* "-jN"; caller frees. */
char *builder_jobs(const struct builder *b);

/* "ccache aarch64-linux-gnu-gcc" or the like, or without ccache where there is none; caller frees. */
char *builder_cross_cc(const struct recipe *r);

/* Fingerprint of the content of a source tree of the user's, remembered by stat. */
int builder_tree_hash(struct builder *b, const char *dir, char out[FS_SHA256_HEX],
		      struct err *err);

/* Recipes, by file. */
int linux_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int linux_build(struct builder *b, struct build_ctx *ctx, struct err *err);
int xen_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int xen_build(struct builder *b, struct build_ctx *ctx, struct err *err);
int guest_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int guest_build(struct builder *b, struct build_ctx *ctx, struct err *err);
int fio_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int fio_build(struct builder *b, struct build_ctx *ctx, struct err *err);
int iperf3_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int iperf3_build(struct builder *b, struct build_ctx *ctx, struct err *err);
int perf_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int perf_build(struct builder *b, struct build_ctx *ctx, struct err *err);
int debs_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int debs_build(struct builder *b, struct build_ctx *ctx, struct err *err);
int policy_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int policy_build(struct builder *b, struct build_ctx *ctx, struct err *err);
int rootfs_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int rootfs_build(struct builder *b, struct build_ctx *ctx, struct err *err);
int qemu_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int qemu_build(struct builder *b, struct build_ctx *ctx, struct err *err);
int qemu_external(struct builder *b, const struct recipe *r, struct artifact *out, struct err *err);
int alloc_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err);
int alloc_build(struct builder *b, struct build_ctx *ctx, struct err *err);
void qemu_argv(const struct recipe *r, struct artifact *out);

#endif
