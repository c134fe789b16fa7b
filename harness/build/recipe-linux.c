// SPDX-License-Identifier: GPL-2.0-or-later
/* linux-*: allnoconfig + our fragments, our patches, one image for all guests. */
#include "build/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/kconfig.h"
#include "build/kernel-source.h"
#include "build/sources.h"
#include "build/unpack.h"
#include "lib/cleanup.h"

#define CONFIGS "guests/linux/config"
#define PATCHES "guests/linux/patches"
/* for kernels with --debug alone, on top: what they find beside the path under test */
#define DEBUG_PATCHES "guests/linux/debug-patches"

/*
 * Whether the host has Rust or pahole would otherwise show in the configuration,
 * and a git tree around the cache in the version.
 */
#define MAKE_FLAGS "LOCALVERSION=", "RUSTC=/bin/false", "BINDGEN=/bin/false", "PAHOLE=/bin/false"

/* The pinned set behind opts.linux_src, or NULL when that is a directory. */
static const char *set_name(const struct builder *b)
{
	const char *src = b->opts.linux_src;

	if (!src || !strcmp(src, "linux-6.12"))
		return "linux-6.12";
	if (!strcmp(src, "linux-6.1"))
		return "linux-6.1";
	return NULL;
}

static int check_tree(const char *dir, const struct build_arch *arch, struct err *err)
{
	_cleanup_free_ char *kconfig = xasprintf("arch/%s/Kconfig", arch->linux_dir);
	const char *const need[] = { "Kbuild", "Kconfig", "Makefile", kconfig, "scripts/kconfig" };
	size_t i;

	if (!fs_is_dir(dir))
		return err_usage(err, "--linux %s: neither linux-6.12 nor linux-6.1 nor a "
				 "directory", dir);
	for (i = 0; i < ARRAY_SIZE(need); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, need[i]);

		if (!fs_exists(path))
			return err_usage(err, "--linux %s: not a kernel tree (it has no %s)", dir,
					 need[i]);
	}
	return 0;
}

/* A series may bring patches of its own, for a kernel that ours do not fit. */
static char *patch_dir(struct builder *b)
{
	const char *set = set_name(b);
	_cleanup_free_ char *rel = NULL;
	char *dir;

	if (set) {
		rel = xasprintf(PATCHES "-%s", set + strlen("linux-"));
		dir = builder_data(b, rel);
		if (fs_is_dir(dir))
			return dir;
		free(dir);
	}
	return builder_data(b, PATCHES);
}

/* guests/linux/config/ARCH.config; caller frees. */
static char *fragment_path(struct builder *b, const struct recipe *r)
{
	_cleanup_free_ char *rel = xasprintf(CONFIGS "/%s.config", r->arch->name);

	return builder_data(b, rel);
}

int kernel_source_key(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	char sha256[FS_SHA256_HEX];

	if (set_name(b))
		return builder_key_pins(b, key, set_name(b), err);
	if (check_tree(b->opts.linux_src, r->arch, err) < 0 ||
	    builder_tree_hash(b, b->opts.linux_src, sha256, err) < 0)
		return -1;
	key_add(key, "tree", "%s", sha256);
	return 1;
}

int kernel_patches_key(struct builder *b, struct key *key, struct err *err)
{
	_cleanup_free_ char *patches = patch_dir(b), *debug = builder_data(b, DEBUG_PATCHES);
	const char *const *test;

	if (fs_is_dir(patches) &&
	    key_add_dir(key, &b->memo, "patch", patches, "*.patch", err) < 0)
		return -1;
	if (b->opts.debug && fs_is_dir(debug) &&
	    key_add_dir(key, &b->memo, "debug-patch", debug, "*.patch", err) < 0)
		return -1;
	for (test = b->opts.test_patches; *test; test++) {
		if (!fs_exists(*test))
			return err_usage(err, "--test-patch %s: no such file", *test);
		if (key_add_file(key, &b->memo, "test-patch", "", *test, err) < 0)
			return -1;
	}
	return 0;
}

/* Fragments that are joined: the architecture's own, then the debug kernel's. */
#define FRAGMENTS_MAX 5

/* Path of the fragment behind a name of --debug, of the length n; caller frees. */
static char *debug_path(struct builder *b, const char *name, size_t n)
{
	_cleanup_free_ char *rel = xasprintf(CONFIGS "/debug-%.*s.config", (int)n, name);

	return builder_data(b, rel);
}

/* Next of the names that '+' joins; *p is NULL behind the last. */
static const char *debug_name(const char **p, size_t *n)
{
	const char *name = *p;

	if (!name)
		return NULL;
	*n = strcspn(name, "+");
	*p = name[*n] ? name + *n + 1 : NULL;
	return name;
}

static void free_fragments(char *(*v)[FRAGMENTS_MAX + 1])
{
	size_t i;

	for (i = 0; (*v)[i]; i++)
		free((*v)[i]);
}

static int debug_inputs(struct builder *b, struct key *key, struct err *err)
{
	const char *rest = b->opts.debug, *name;
	size_t n, nr = 1;

	while ((name = debug_name(&rest, &n))) {
		_cleanup_free_ char *path = debug_path(b, name, n);
		_cleanup_free_ char *label = xstrndup(name, n);

		if (strchr(label, '/') || !fs_exists(path))
			return err_usage(err, "--debug %s: there is no such debug kernel (lockdep, kasan, "
					 "kmemleak)", label);
		if (++nr > FRAGMENTS_MAX)
			return err_usage(err, "--debug %s: too many at once", b->opts.debug);
		if (key_add_file(key, &b->memo, "config", label, path, err) < 0)
			return -1;
	}
	return 0;
}

int linux_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	_cleanup_free_ char *fragment = fragment_path(b, r);
	_cleanup_free_ char *arch = NULL, *cross = NULL;
	int ret = kernel_source_key(b, r, key, err);

	if (ret <= 0)
		return ret;
	if (key_add_file(key, &b->memo, "config", r->arch->name, fragment, err) < 0 ||
	    debug_inputs(b, key, err) < 0 ||
	    kernel_patches_key(b, key, err) < 0)
		return -1;
	arch = xasprintf("ARCH=%s", r->arch->linux_arch);
	cross = xasprintf("CROSS_COMPILE=%s", r->arch->cross);
	builder_key_flags(key, (const char *const[]){ arch, cross, MAKE_FLAGS, NULL });
	return builder_key_toolchain(b, r, key, err);
}

/* Headers of GPUs and pictures of penguins: a third of the tree, and nothing we configure. */
static bool wanted(const char *path, void *arg)
{
	(void)arg;
	return strncmp(path, "drivers/gpu/drm/amd/include/", 28) &&
	       strncmp(path, "tools/testing/selftests/", 24) &&
	       strncmp(path, "Documentation/translations/", 27);
}

struct fill_arg {
	struct builder *b;
	const struct pkgfile *file;
};

static int fill(const char *dir, void *p, struct err *err)
{
	static const struct unpack_opts opts = { .strip = 1, .filter = wanted };
	struct fill_arg *arg = p;
	_cleanup_free_ char *deb = builder_file(arg->b, arg->file, err);
	_cleanup_free_ char *member = xasprintf("usr/src/%s.tar.xz", arg->file->package);

	if (!deb)
		return -1;
	builder_event(arg->b, BUILD_FETCH, arg->b->current, "unpacking the source", NULL, 0);
	return unpack_deb_tar(deb, member, dir, &opts, err);
}

static int open_tree(struct builder *b, struct tree *tree, char **version, struct err *err)
{
	const struct pins *pins;
	struct fill_arg arg = { b, NULL };
	_cleanup_free_ char *id = NULL;

	if (!set_name(b)) {
		if (sources_open_user(b, tree, "linux", b->opts.linux_src, NULL, err) < 0)
			return -1;
		return kernel_version(tree->src, version, err);
	}
	if (builder_pins(b, set_name(b), &pins, err) != 1)
		return -1;
	arg.file = &pins->files.v[0];
	id = xasprintf("%s-%.12s", set_name(b), arg.file->sha256);
	if (tree_open(tree, b->work, id, fill, &arg, err) < 0)
		return -1;
	sources_drop_others(b, set_name(b), id);
	*version = xstrdup(arg.file->version);
	return 0;
}

static int patch_tree(struct builder *b, struct tree *tree, struct err *err)
{
	_cleanup_free_ char *dir = patch_dir(b), *debug = builder_data(b, DEBUG_PATCHES);
	struct patch_list list = { 0 };
	const char *const *test;
	int ret = patch_list_dir(&list, dir, err);

	if (ret == 0 && b->opts.debug)
		ret = patch_list_dir(&list, debug, err);
	for (test = b->opts.test_patches; *test; test++)
		patch_list_add(&list, *test);
	if (ret == 0)
		ret = tree_patch(tree, (const char *const *)list.v, list.nr, !set_name(b), err);
	patch_list_release(&list);
	return ret;
}

int kernel_source_open(struct builder *b, struct tree *tree, char **version, struct err *err)
{
	if (open_tree(b, tree, version, err) < 0)
		return -1;
	return patch_tree(b, tree, err);
}

static int run_make(struct builder *b, struct build_ctx *ctx, const struct tree *tree,
		    const char *out, const char *target, const char *const *env, struct err *err)
{
	_cleanup_free_ char *o = xasprintf("O=%s", out);
	_cleanup_free_ char *gcc = builder_cross_cc(ctx->recipe);
	_cleanup_free_ char *cc = xasprintf("CC=%s", gcc);
	_cleanup_free_ char *arch = xasprintf("ARCH=%s", ctx->recipe->arch->linux_arch);
	_cleanup_free_ char *cross = xasprintf("CROSS_COMPILE=%s", ctx->recipe->arch->cross);
	/* no path of the cache in the image: neither __FILE__ nor debug information */
	_cleanup_free_ char *map = xasprintf("KCFLAGS=-ffile-prefix-map=%s=. "
					     "-ffile-prefix-map=%s=.", tree->src, out);
	_cleanup_free_ char *jobs = builder_jobs(b);
	const char *argv[] = {
		"make", "-C", tree->src, o, cc, map, arch, cross, MAKE_FLAGS, jobs, target, NULL,
	};

	return builder_run(b, ctx, tree->dir, argv, env, tree->lock_fd, err);
}

/* Symbols and relocations are half of it; the notes that a loader reads stay. */
static int strip_vmlinux(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	_cleanup_free_ char *strip = xasprintf("%sstrip", ctx->recipe->arch->cross);
	const char *argv[] = { strip, "-s", "vmlinux", NULL };

	return builder_run(b, ctx, ctx->stage, argv, NULL, -1, err);
}

/* All fragments as one file, as kconfig reads them. */
static int join_fragments(char *const *paths, const char *to, struct err *err)
{
	_cleanup_buf_ struct buf all = BUF_INIT;

	for (; *paths; paths++)
		if (fs_read(*paths, &all, err) < 0)
			return -1;
	return fs_write_atomic(to, all.data, all.size, 0644, err);
}

int linux_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	__attribute__((cleanup(free_fragments))) char *fragments[FRAGMENTS_MAX + 1] = {
		fragment_path(b, ctx->recipe),
	};
	const char *rest = b->opts.debug, *one;
	_cleanup_free_ char *joined = NULL, *allconfig = NULL;
	/* a debug kernel differs in each object: it has a place of its own */
	_cleanup_free_ char *name = xasprintf("%s%s%s", ctx->recipe->arch->name,
					      b->opts.debug ? "-" : "",
					      b->opts.debug ? b->opts.debug : "");
	_cleanup_free_ char *out = NULL;
	const struct build_arch *arch = ctx->recipe->arch;
	const char *const results[][2] = {
		{ arch->linux_image, arch->linux_file },
		{ "System.map", "System.map" },
		{ ".config", "config" },
	};
	char stamp[FS_SHA256_HEX];
	size_t i, n;
	int ret;

	for (i = 1; i < FRAGMENTS_MAX && (one = debug_name(&rest, &n)); i++)
		fragments[i] = debug_path(b, one, n);
	builder_stamp(b, ctx, stamp);
	if (kernel_source_open(b, &tree, &ctx->version, err) < 0 ||
	    tree_build_dir(&tree, name, stamp, &out, err) < 0)
		return -1;
	joined = xasprintf("%s/fragments", out);
	allconfig = xasprintf("KCONFIG_ALLCONFIG=%s", joined);
	ret = join_fragments(fragments, joined, err);
	if (ret == 0)
		ret = run_make(b, ctx, &tree, out, "allnoconfig", (const char *const[]){ allconfig, NULL },
			       err);
	for (i = 0; ret == 0 && fragments[i]; i++)
		ret = kconfig_check(fragments[i], out, err);
	if (ret == 0)
		ret = run_make(b, ctx, &tree, out, arch->linux_target, NULL, err);
	if (sources_build_ended(b, &tree, name, ret == 0, err) < 0)
		return -1;
	for (i = 0; i < ARRAY_SIZE(results); i++) {
		_cleanup_free_ char *from = xasprintf("%s/%s", out, results[i][0]);
		_cleanup_free_ char *to = xasprintf("%s/%s", ctx->stage, results[i][1]);

		if (fs_copy(from, to, err) < 0)
			return -1;
	}
	return strcmp(arch->linux_file, "vmlinux") ? 0 : strip_vmlinux(b, ctx, err);
}
