// SPDX-License-Identifier: GPL-2.0-or-later
/* rootfs-*: initramfs archives from the lists in images/ (format: images/README.md). */
#include "build/recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/cpio.h"
#include "build/debs.h"
#include "build/elf.h"
#include "build/image.h"
#include "lib/cleanup.h"
#include "version.h"

static char *list_path(struct builder *b, const struct recipe *r)
{
	_cleanup_free_ char *rel = xasprintf("images/%s.list", r->name + strlen("rootfs-"));

	return builder_data(b, rel);
}

int rootfs_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	_cleanup_free_ char *path = list_path(b, r);
	_cleanup_image_ struct image image = { 0 };
	size_t i;

	if (image_load(&image, path, err) < 0 ||
	    key_add_file(key, &b->memo, "list", "", path, err) < 0)
		return -1;
	for (i = 0; i < image.nr; i++) {
		const struct image_entry *e = &image.entries[i];
		_cleanup_free_ char *file = NULL;

		if (e->type != IMAGE_FILE || strcmp(e->artifact, "data"))
			continue;
		file = builder_data(b, e->from);
		if (key_add_file(key, &b->memo, "file", e->from, file, err) < 0)
			return -1;
	}
	return 1;
}

/* Suites disagree on whether a package has /bin/x or /usr/bin/x. */
static char *resolve_merged(const char *root, const char *path)
{
	_cleanup_free_ char *usr = NULL;
	char *found = root_resolve(root, path);

	if (found)
		return found;
	if (!strncmp(path, "usr/", 4))
		return root_resolve(root, path + 4);
	usr = xasprintf("usr/%s", path);
	return root_resolve(root, usr);
}

/* path with the set's series in place of @SERIES@; caller frees. */
static char *expand(const char *path, const char *series)
{
	const char *at = strstr(path, "@SERIES@");

	return at ? xasprintf("%.*s%s%s", (int)(at - path), path, series, at + strlen("@SERIES@"))
		  : xstrdup(path);
}

/* Host path of what an entry takes; caller frees. */
static char *source_path(struct builder *b, const struct image_entry *e, struct err *err)
{
	const struct artifact *from;
	_cleanup_free_ char *root = NULL, *rel = NULL;
	char *path;

	if (!strcmp(e->artifact, "data"))
		return builder_data(b, e->from);
	from = builder_dep(b, e->artifact);
	if (!from) {
		err_usage(err, "\"%s\" is no artifact that this image may use", e->artifact);
		return NULL;
	}
	root = xasprintf("%s%s", from->dir, strncmp(e->artifact, "debs-", 5) ? "" : "/root");
	rel = expand(e->from, from->version);
	path = resolve_merged(root, rel);
	if (!path)
		err_set(err, "%s has no file %s", e->artifact, rel);
	return path;
}

struct libs_arg {
	struct cpio *cpio;
	const char *dir;	/* in the guest */
};

static int add_lib(const char *soname, const char *path, void *p, struct err *err)
{
	struct libs_arg *arg = p;
	_cleanup_free_ char *to = *soname == '/' ? xstrdup(soname)
						 : xasprintf("%s/%s", arg->dir, soname);

	return cpio_file(arg->cpio, to, 0755, path, err);
}

static int add_libs(struct builder *b, const struct recipe *r, struct cpio *cpio,
		    const struct image_entry *e, char **programs, struct err *err)
{
	const struct artifact *from = builder_dep(b, e->artifact);
	_cleanup_lib_dirs_ struct lib_dirs libs = lib_dirs(r->arch->triplet);
	struct libs_arg arg = { cpio, e->to };
	_cleanup_free_ char *root = NULL;

	if (!from)
		return err_usage(err, "\"%s\" is no artifact that this image may use", e->artifact);
	root = xasprintf("%s/root", from->dir);
	return elf_closure(root, libs.dir, (const char *const *)programs, add_lib, &arg, err);
}

static int add_entry(struct builder *b, const struct recipe *r, struct cpio *cpio,
		     const struct image_entry *e, char ***programs, size_t *nr, struct err *err)
{
	char *path;

	switch (e->type) {
	case IMAGE_DIR:
		return cpio_dir(cpio, e->to, e->mode, err);
	case IMAGE_LINK:
		return cpio_symlink(cpio, e->to, e->from, err);
	case IMAGE_NODE:
		return cpio_node(cpio, e->to, e->mode, e->node_type, e->dev_major, e->dev_minor,
				 err);
	case IMAGE_LIBS:
		return add_libs(b, r, cpio, e, *programs, err);
	case IMAGE_FILE:
		break;
	}
	path = source_path(b, e, err);
	if (!path)
		return -1;
	*programs = xrealloc(*programs, (*nr + 2) * sizeof(char *));
	(*programs)[(*nr)++] = path;
	(*programs)[*nr] = NULL;
	return cpio_file(cpio, e->to, e->mode, path, err);
}

int rootfs_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	_cleanup_free_ char *list = list_path(b, ctx->recipe);
	_cleanup_free_ char *out = xasprintf("%s/rootfs.cpio", ctx->stage);
	_cleanup_image_ struct image image = { 0 };
	char **programs = xcalloc(1, sizeof(char *));
	size_t nr = 0, i;
	struct cpio *cpio;
	int ret = 0;

	if (image_load(&image, list, err) < 0) {
		free(programs);
		return -1;
	}
	cpio = cpio_open(out, err);
	if (!cpio)
		ret = -1;
	for (i = 0; i < image.nr && ret == 0; i++) {
		ret = add_entry(b, ctx->recipe, cpio, &image.entries[i], &programs, &nr, err);
		if (ret < 0)
			err_prefix(err, "%s:%u", list, image.entries[i].line);
	}
	if (ret == 0)
		ret = cpio_close(cpio, err);
	else
		cpio_abort(cpio);
	tree_free_list(programs);
	ctx->version = xstrdup(GB_VERSION);
	return ret;
}
