// SPDX-License-Identifier: GPL-2.0-or-later
/* xsm-policy: FLASK's policy, Xen's own with our modules behind it. */
#include "build/recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/unpack.h"
#include "lib/cleanup.h"
#include "lib/spawn.h"

#define MODULE_DIR "guests/xen/policy"
/* What Xen 4.17 to 4.20 take and checkpolicy has long been able to write. */
#define POLICY_VERSION "OUTPUT_POLICY=30"

/* By variant, each with those before it: for domains that xl creates, and that Xen starts. */
static const char *const modules[] = { "driver_domain", "driver_dom0less" };

static int xen_source(struct builder *b, const struct pkgfile **file, struct err *err)
{
	const struct pins *pins;
	int ret = builder_pins(b, "xen", &pins, err);

	if (ret <= 0)
		return ret;
	*file = pins_find(pins, "xen");
	return *file ? 1 : err_set(err, "the pinned set \"xen\" has no source");
}

/* The compiler's bytes decide the policy's: two versions may write it differently. */
static int key_tool(struct builder *b, struct key *key, const char *name, struct err *err)
{
	_cleanup_free_ char *path = spawn_find_program(name);

	if (!path)
		return err_set(err, "there is no %s: apt-get install %s", name, name);
	return key_add_file(key, &b->memo, "tool", name, path, err);
}

int policy_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	const struct pkgfile *file;
	int ret = xen_source(b, &file, err), i;

	if (ret <= 0)
		return ret;
	key_add(key, "source", "%s %s %s", file->package, file->version, file->sha256);
	for (i = 0; i <= r->variant; i++) {
		_cleanup_free_ char *name = xasprintf("%s.te", modules[i]);
		_cleanup_free_ char *rel = xasprintf(MODULE_DIR "/%s", name), *path = builder_data(b, rel);

		if (key_add_file(key, &b->memo, "module", name, path, err) < 0)
			return -1;
	}
	if (key_tool(b, key, "m4", err) < 0 || key_tool(b, key, "checkpolicy", err) < 0)
		return -1;
	builder_key_flags(key, (const char *const[]){ POLICY_VERSION, NULL });
	return 1;
}

static bool wanted(const char *path, void *arg)
{
	(void)arg;
	return !strncmp(path, "tools/flask/policy/", 19) || !strncmp(path, "xen/xsm/flask/policy/", 21);
}

/* A module of ours among Xen's, and its line behind theirs. */
static int add_module(struct builder *b, const char *name, const char *policy, struct err *err)
{
	_cleanup_free_ char *rel = xasprintf(MODULE_DIR "/%s.te", name), *from = builder_data(b, rel);
	_cleanup_free_ char *to = xasprintf("%s/modules/%s.te", policy, name);
	_cleanup_free_ char *conf = xasprintf("%s/modules/modules.conf", policy);
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (fs_copy(from, to, err) < 0 || fs_read(conf, &text, err) < 0)
		return -1;
	buf_addf(&text, "\n%s = on\n", name);
	return fs_write_atomic(conf, text.data, text.size, 0644, err);
}

static int add_modules(struct builder *b, const struct recipe *r, const char *policy, struct err *err)
{
	int i;

	for (i = 0; i <= r->variant; i++)
		if (add_module(b, modules[i], policy, err) < 0)
			return -1;
	return 0;
}

int policy_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	static const struct unpack_opts opts = { .strip = 1, .filter = wanted };
	_cleanup_free_ char *src = xasprintf("%s/src", ctx->stage);
	_cleanup_free_ char *policy = xasprintf("%s/tools/flask/policy", src);
	_cleanup_free_ char *out = xasprintf("FLASK_BUILD_DIR=%s", src);
	_cleanup_free_ char *name = xasprintf("POLICY_FILENAME=%s/xenpolicy", ctx->stage);
	const char *argv[] = {
		"make", "-C", policy, "-f", "Makefile.common", out, name, POLICY_VERSION, NULL,
	};
	_cleanup_free_ char *tar = NULL;
	const struct pkgfile *file;

	if (xen_source(b, &file, err) != 1)
		return -1;
	tar = builder_file(b, file, err);
	if (!tar || fs_mkdirs(src, err) < 0 || unpack_tar(tar, src, &opts, err) < 0 ||
	    add_modules(b, ctx->recipe, policy, err) < 0 ||
	    builder_run(b, ctx, policy, argv, NULL, -1, err) < 0)
		return -1;
	ctx->version = xstrdup(file->version);
	return fs_remove_tree(src, err);
}
