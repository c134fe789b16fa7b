// SPDX-License-Identifier: GPL-2.0-or-later
/* debs-*: packages of a pinned set, unpacked side by side below root/. */
#include "build/recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/debs.h"
#include "lib/cleanup.h"

static bool not_documentation(const char *path, void *arg)
{
	static const char *const drop[] = {
		"usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/info/",
		"usr/share/lintian/", "usr/share/bash-completion/", "usr/share/i18n/",
		"usr/lib/systemd/", "lib/systemd/", "etc/", "var/",
	};
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(drop); i++)
		if (!strncmp(path, drop[i], strlen(drop[i])))
			return false;
	return true;
}

int debs_unpack(struct builder *b, const struct pins *pins, const char *root, struct err *err)
{
	static const struct unpack_opts opts = { .filter = not_documentation };
	size_t i;

	if (fs_mkdirs(root, err) < 0)
		return -1;
	for (i = 0; i < pins->files.nr; i++) {
		_cleanup_free_ char *deb = NULL;

		if (!strcmp(pins->files.v[i].arch, "source"))
			continue;
		deb = builder_file(b, &pins->files.v[i], err);
		if (!deb || unpack_deb(deb, root, &opts, err) < 0)
			return -1;
	}
	return 0;
}

int debs_write_list(const struct pins *pins, const char *path, struct err *err)
{
	_cleanup_json_ json_t *list = json_array();
	_cleanup_free_ char *text = NULL;
	size_t i;

	for (i = 0; i < pins->files.nr; i++) {
		const struct pkgfile *f = &pins->files.v[i];

		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:s}", "package",
						      f->package, "version", f->version, "arch",
						      f->arch, "suite", f->suite, "sha256",
						      f->sha256));
	}
	text = json_dumps(list, JSON_INDENT(1));
	if (!text)
		return err_set(err, "cannot write %s: no memory", path);
	return fs_write_atomic(path, text, strlen(text), 0644, err);
}

/* "debs-xen-arm64": the set "xen"; "debs-xen-x86_64": "xen-amd64". Caller frees. */
static char *set_of(const struct recipe *r)
{
	const char *start = r->name + strlen("debs-");

	return xasprintf("%.*s%s", (int)(strrchr(r->name, '-') - start), start, r->arch->debs);
}

int debs_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	_cleanup_free_ char *set = set_of(r);

	return builder_key_pins(b, key, set, err);
}

int debs_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	_cleanup_free_ char *set = set_of(ctx->recipe);
	_cleanup_free_ char *root = xasprintf("%s/root", ctx->stage);
	_cleanup_free_ char *list = xasprintf("%s/packages.json", ctx->stage);
	const struct pins *pins;

	if (builder_pins(b, set, &pins, err) != 1)
		return -1;
	ctx->version = xstrdup(pins->series);
	if (debs_unpack(b, pins, root, err) < 0)
		return -1;
	return debs_write_list(pins, list, err);
}

struct lib_dirs lib_dirs(const char *triplet)
{
	return (struct lib_dirs){ { xasprintf("usr/lib/%s", triplet), xasprintf("lib/%s", triplet),
				    "usr/lib", "lib", "usr/lib64", "lib64", NULL } };
}

void lib_dirs_release(struct lib_dirs *dirs)
{
	free((char *)dirs->dir[0]);
	free((char *)dirs->dir[1]);
}
