// SPDX-License-Identifier: GPL-2.0-or-later
/* xen-* and xen-*-count: the hypervisor, from the sources its packages were made of. */
#include "build/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/kconfig.h"
#include "build/repro.h"
#include "build/sources.h"
#include "build/unpack.h"
#include "lib/cleanup.h"

#define CONFIGS "guests/xen/config"
#define PATCHES "guests/xen/patches"

/*
 * Debian's Python runs what makes x86's compat headers out of the public ones. On
 * arm64 it is asked for by parts that are not built.
 */
#define PYTHON(arch) (!strcmp((arch)->xen_dir, "x86") ? "PYTHON=/usr/bin/python3" : "PYTHON=/bin/false")
#define MAKE_FLAGS "XEN_CHANGESET=unavailable", "XEN_VENDORVERSION="

enum { MEASURE, COUNT };

static int check_tree(const char *dir, const struct build_arch *arch, struct err *err)
{
	_cleanup_free_ char *code = xasprintf("xen/arch/%s", arch->xen_dir);
	const char *const need[] = { "Config.mk", "xen/Makefile", code, "xen/include/public" };
	size_t i;

	if (!fs_is_dir(dir))
		return err_usage(err, "--xen %s: not a directory", dir);
	for (i = 0; i < ARRAY_SIZE(need); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, need[i]);

		if (!fs_exists(path))
			return err_usage(err, "--xen %s: not a Xen tree (it has no %s)", dir,
					 need[i]);
	}
	return 0;
}

/*
 * guests/xen/patches fit every Xen; patches-4.17, say, one series only. NULL: the
 * user's own tree, or a series without. Caller frees.
 */
static char *series_patches(struct builder *b)
{
	_cleanup_free_ char *rel = NULL;
	const struct pins *pins;
	char *dir;

	if (b->opts.xen_src || builder_pins(b, "xen", &pins, NULL) != 1)
		return NULL;
	rel = xasprintf(PATCHES "-%s", pins->series);
	dir = builder_data(b, rel);
	if (fs_is_dir(dir))
		return dir;
	free(dir);
	return NULL;
}

int xen_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	_cleanup_free_ char *common = builder_data(b, CONFIGS "/common.config");
	_cleanup_free_ char *own_rel = xasprintf(CONFIGS "/%s.config", r->arch->name);
	_cleanup_free_ char *own = builder_data(b, own_rel);
	_cleanup_free_ char *count = builder_data(b, CONFIGS "/count.config");
	_cleanup_free_ char *optional = builder_data(b, CONFIGS "/optional.config");
	_cleanup_free_ char *patches = builder_data(b, PATCHES);
	_cleanup_free_ char *arch = NULL, *cross = NULL, *own_patches = NULL;
	char sha256[FS_SHA256_HEX];
	const struct pins *pins;
	int ret;

	if (b->opts.xen_src) {
		if (check_tree(b->opts.xen_src, r->arch, err) < 0 ||
		    builder_tree_hash(b, b->opts.xen_src, sha256, err) < 0)
			return -1;
		key_add(key, "tree", "%s", sha256);
	} else {
		const struct pkgfile *f;

		ret = builder_pins(b, "xen", &pins, err);
		if (ret <= 0)
			return ret;
		f = pins_find(pins, "xen");
		if (!f)
			return err_set(err, "the pinned set \"xen\" has no source");
		key_add(key, "source", "%s %s %s", f->package, f->version, f->sha256);
	}
	if (key_add_file(key, &b->memo, "config", "common.config", common, err) < 0 ||
	    key_add_file(key, &b->memo, "config", r->arch->name, own, err) < 0 ||
	    key_add_file(key, &b->memo, "config", "optional.config", optional, err) < 0 ||
	    (r->variant == COUNT &&
	     key_add_file(key, &b->memo, "config", "count.config", count, err) < 0))
		return -1;
	if (fs_is_dir(patches) &&
	    key_add_dir(key, &b->memo, "patch", patches, "*.patch", err) < 0)
		return -1;
	own_patches = series_patches(b);
	if (own_patches &&
	    key_add_dir(key, &b->memo, "series-patch", own_patches, "*.patch", err) < 0)
		return -1;
	arch = xasprintf("XEN_TARGET_ARCH=%s", r->arch->xen_arch);
	cross = xasprintf("CROSS_COMPILE=%s", r->arch->cross);
	builder_key_flags(key, (const char *const[]){ arch, cross, PYTHON(r->arch), MAKE_FLAGS, NULL });
	return builder_key_toolchain(b, r, key, err);
}

/* The hypervisor alone, not the tools. */
static bool wanted(const char *path, void *arg)
{
	(void)arg;
	return !strncmp(path, "xen/", 4) || !strncmp(path, "config/", 7) ||
	       !strncmp(path, "scripts/", 8) || !strchr(path, '/');
}

struct fill_arg {
	struct builder *b;
	const struct pkgfile *file;
};

static int fill(const char *dir, void *p, struct err *err)
{
	static const struct unpack_opts opts = { .strip = 1, .filter = wanted };
	struct fill_arg *arg = p;
	_cleanup_free_ char *tar = builder_file(arg->b, arg->file, err);

	return tar ? unpack_tar(tar, dir, &opts, err) : -1;
}

static int open_tree(struct builder *b, struct tree *tree, char **version, struct err *err)
{
	struct fill_arg arg = { b, NULL };
	_cleanup_free_ char *id = NULL, *series = NULL;
	const struct pins *pins;

	if (b->opts.xen_src) {
		if (sources_open_user(b, tree, "xen", b->opts.xen_src, wanted, err) < 0)
			return -1;
		return xen_version(tree->src, version, err);
	}
	if (builder_pins(b, "xen", &pins, err) != 1)
		return -1;
	arg.file = pins_find(pins, "xen");
	series = xasprintf("xen-%s", pins->series);
	id = xasprintf("%s-%.12s", series, arg.file->sha256);
	if (tree_open(tree, b->work, id, fill, &arg, err) < 0)
		return -1;
	sources_drop_others(b, series, id);
	*version = xstrdup(arg.file->version);
	return 0;
}

static int run_make(struct builder *b, struct build_ctx *ctx, const struct tree *tree,
		    const char *out, const char *target, const char *const *env, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/xen", tree->src);
	_cleanup_free_ char *o = xasprintf("O=%s", out);
	_cleanup_free_ char *gcc = builder_cross_cc(ctx->recipe);
	_cleanup_free_ char *cc = xasprintf("CC=%s", gcc);
	_cleanup_free_ char *arch = xasprintf("XEN_TARGET_ARCH=%s", ctx->recipe->arch->xen_arch);
	_cleanup_free_ char *cross = xasprintf("CROSS_COMPILE=%s", ctx->recipe->arch->cross);
	/* -I: x86/usercopy.c includes itself by __FILE__, which is mapped, too */
	_cleanup_free_ char *map = xasprintf("EXTRA_CFLAGS_XEN_CORE=-ffile-prefix-map=%s=. "
					     "-ffile-prefix-map=%s=. -I%s", dir, out, dir);
	_cleanup_free_ char *jobs = builder_jobs(b);
	const char *argv[] = {
		"make", "-C", dir, o, cc, map, arch, cross, PYTHON(ctx->recipe->arch), MAKE_FLAGS, jobs, target, NULL,
	};

	return builder_run(b, ctx, tree->dir, argv, env, tree->lock_fd, err);
}

/*
 * What must take effect (common.config, the architecture's, and count.config behind them) goes to
 * path, and that with optional.config behind it to path.all.
 */
static int write_fragment(struct builder *b, const struct recipe *r, const char *path,
			  struct err *err)
{
	_cleanup_free_ char *common = builder_data(b, CONFIGS "/common.config");
	_cleanup_free_ char *own_rel = xasprintf(CONFIGS "/%s.config", r->arch->name);
	_cleanup_free_ char *own = builder_data(b, own_rel);
	_cleanup_free_ char *count = builder_data(b, CONFIGS "/count.config");
	_cleanup_free_ char *optional = builder_data(b, CONFIGS "/optional.config");
	_cleanup_free_ char *all = xasprintf("%s.all", path);
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (fs_read(common, &text, err) < 0 || fs_read(own, &text, err) < 0 ||
	    (r->variant == COUNT && fs_read(count, &text, err) < 0) ||
	    fs_write_atomic(path, text.data, text.size, 0644, err) < 0)
		return -1;
	if (fs_read(optional, &text, err) < 0)
		return -1;
	return fs_write_atomic(all, text.data, text.size, 0644, err);
}

int xen_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("%s-%s", ctx->recipe->arch->name,
					      ctx->recipe->variant == COUNT ? "count" : "measure");
	_cleanup_tree_ struct tree tree = TREE_INIT;
	_cleanup_free_ char *patches = builder_data(b, PATCHES);
	_cleanup_free_ char *out = NULL, *fragment = NULL, *allconfig = NULL, *own_patches = NULL;
	const char *env[] = { NULL, NULL };
	static const char *const results[][2] = {
		{ "xen", "xen" }, { "xen-syms.map", "xen-syms.map" }, { ".config", "config" },
	};
	struct patch_list list = { 0 };
	char stamp[FS_SHA256_HEX];
	size_t i;
	int ret;

	builder_stamp(b, ctx, stamp);
	if (open_tree(b, &tree, &ctx->version, err) < 0)
		return -1;
	own_patches = series_patches(b);
	ret = patch_list_dir(&list, patches, err);
	if (ret == 0 && own_patches)
		ret = patch_list_dir(&list, own_patches, err);
	if (ret == 0)
		ret = tree_patch(&tree, (const char *const *)list.v, list.nr,
				 b->opts.xen_src != NULL, err);
	patch_list_release(&list);
	if (ret < 0 || tree_build_dir(&tree, name, stamp, &out, err) < 0)
		return -1;
	fragment = xasprintf("%s/%s.config", tree.dir, name);
	if (write_fragment(b, ctx->recipe, fragment, err) < 0)
		return -1;
	allconfig = xasprintf("KCONFIG_ALLCONFIG=%s.all", fragment);
	env[0] = allconfig;
	ret = run_make(b, ctx, &tree, out, "alldefconfig", env, err);
	if (ret == 0)
		ret = kconfig_check(fragment, out, err);
	if (ret == 0)
		ret = run_make(b, ctx, &tree, out, "build", NULL, err);
	if (sources_build_ended(b, &tree, name, ret == 0, err) < 0)
		return -1;
	for (i = 0; i < ARRAY_SIZE(results); i++) {
		_cleanup_free_ char *from = xasprintf("%s/%s", out, results[i][0]);
		_cleanup_free_ char *to = xasprintf("%s/%s", ctx->stage, results[i][1]);

		if ((i == 0 || fs_exists(from)) && fs_copy(from, to, err) < 0)
			return -1;
	}
	return 0;
}
