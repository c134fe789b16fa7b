// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alloc-host: gb-alloc, the grant allocators in user space. Upstream's are cut or
 * copied out of the kernel's source as it is without our patches; ours are what the
 * patches make. Nothing of either is in the repository.
 */
#include "build/recipe.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "build/cut.h"
#include "build/kernel-source.h"
#include "lib/cleanup.h"

#define FLAGS "CFLAGS=-O2 -g"
#define TABLE "drivers/xen/grant-table.c"

/* Up to the function whose calls are counted, and what calls it. */
static const char *const before[] = {
	"def:GNTTAB_LIST_END", "var:gnttab_list", "var:nr_grant_frames", "var:gnttab_free_count",
	"var:gnttab_size", "var:gnttab_free_head", "var:gnttab_last_free",
	"var:gnttab_free_tail_ptr", "var:gnttab_free_bitmap", "var:gnttab_list_lock",
	"var:gnttab_free_callback_list", "def:RPP", "fn:__gnttab_entry", "def:gnttab_entry",
	"fn:get_free_entries", "fn:get_seq_entry_count", "fn:get_free_seq", NULL,
};

static const char *const after[] = {
	"fn:get_free_entries_seq", "fn:do_free_callbacks", "fn:check_free_callbacks",
	"fn:put_free_entry_locked", "fn:put_free_entry", "fn:gnttab_set_free",
	"fn:gnttab_free_grant_reference", "fn:gnttab_free_grant_references",
	"fn:gnttab_free_grant_reference_seq", "fn:gnttab_alloc_grant_references",
	"fn:gnttab_alloc_grant_reference_seq", "fn:gnttab_empty_grant_references",
	"fn:gnttab_claim_grant_reference", "fn:gnttab_release_grant_reference",
	"fn:gnttab_request_free_callback", "fn:gnttab_cancel_free_callback", "fn:gnttab_frames",
	"fn:grow_gnttab_list", "fn:gnttab_expand", "fn:gnttab_init", NULL,
};

/* dma-iommu's questions to a domain with an allocator of references for IOVAs. */
static const char *const address[] = {
	"def:XEN_GRANT_DMA_ADDR_OFF", "fn:grant_to_dma", "fn:dma_to_grant", NULL,
};

static const char *const hooks[] = {
	"fn:to_grant_domain", "fn:grant_dma_alloc_iova", "fn:grant_dma_free_iova", NULL,
};

/* Whole files of upstream's, and where they go. */
static const char *const whole[][2] = {
	{ "drivers/iommu/iova.c", "iova.c" },
	{ "lib/rbtree.c", "rbtree.c" },
	{ "include/linux/iova.h", "linux/iova.h" },
	{ "include/linux/rbtree.h", "linux/rbtree.h" },
	{ "include/linux/rbtree_types.h", "linux/rbtree_types.h" },
	{ "include/linux/rbtree_augmented.h", "linux/rbtree_augmented.h" },
};

static const char *const ours[] = { "sim", "alloc", "lib", "stats" };

int alloc_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	int ret = kernel_source_key(b, r, key, err);
	size_t i;

	if (ret <= 0)
		return ret;
	if (kernel_patches_key(b, key, err) < 0)
		return -1;
	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		_cleanup_free_ char *rel = xasprintf("harness/%s", ours[i]);
		_cleanup_free_ char *dir = builder_data(b, rel);

		if (!fs_is_dir(dir))
			return err_set(err, "there is no %s", dir);
		if (key_add_dir(key, &b->memo, ours[i], dir, "*.[ch]", err) < 0 ||
		    (i == 0 && (key_add_dir(key, &b->memo, ours[i], dir, "Makefile", err) < 0 ||
				key_add_dir(key, &b->memo, ours[i], dir, "stand-ins", err) < 0)))
			return -1;
	}
	for (i = 0; before[i]; i++)
		key_add(key, "cut", "%s", before[i]);
	for (i = 0; after[i]; i++)
		key_add(key, "cut", "%s", after[i]);
	for (i = 0; address[i]; i++)
		key_add(key, "cut", "%s", address[i]);
	for (i = 0; hooks[i]; i++)
		key_add(key, "cut", "%s", hooks[i]);
	builder_key_flags(key, (const char *const[]){ FLAGS, "cut " CUT_VERSION, NULL });
	return builder_key_toolchain(b, r, key, err);
}

/* Remember the SHA-256 of a source under its path in the kernel. */
static int note(json_t *sources, const char *file, const char *path, struct err *err)
{
	char sha256[FS_SHA256_HEX];

	if (fs_sha256_file(path, sha256, err) < 0)
		return -1;
	return json_object_set_new(sources, file, json_string(sha256)) < 0 ?
	       err_set(err, "no memory") : 0;
}

static int cut(const char *text, const char *const *wanted, const char *gen, const char *name,
	       struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", gen, name);
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (cut_source(text, "grant-table.c", wanted, &out, err) < 0)
		return -1;
	return fs_write_atomic(path, out.data, out.size, 0644, err);
}

static int upstream(const struct tree *tree, const char *gen, json_t *sources, struct err *err)
{
	_cleanup_free_ char *table = tree_original(tree, TABLE);
	_cleanup_free_ char *linux_dir = xasprintf("%s/linux", gen);
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t i;

	if (fs_mkdirs(linux_dir, err) < 0 || fs_read(table, &text, err) < 0 ||
	    note(sources, TABLE, table, err) < 0 ||
	    cut(text.data, before, gen, "upstream-before.h", err) < 0 ||
	    cut(text.data, after, gen, "upstream-after.h", err) < 0)
		return -1;
	for (i = 0; i < ARRAY_SIZE(whole); i++) {
		_cleanup_free_ char *from = tree_original(tree, whole[i][0]);
		_cleanup_free_ char *to = xasprintf("%s/%s", gen, whole[i][1]);

		if (fs_copy(from, to, err) < 0 || note(sources, whole[i][0], from, err) < 0)
			return -1;
	}
	return 0;
}

struct take_arg {
	const char *dir, *gen;
	json_t *sources;
	size_t nr;
};

static int take(const char *rel_path, void *p, struct err *err)
{
	struct take_arg *arg = p;
	_cleanup_free_ char *from = NULL, *to = NULL, *file = NULL;

	if (fnmatch("gref-*.[ch]", rel_path, 0))
		return 0;
	from = xasprintf("%s/%s", arg->dir, rel_path);
	to = xasprintf("%s/%s", arg->gen, rel_path);
	file = xasprintf("drivers/xen/%s", rel_path);
	arg->nr++;
	return fs_copy(from, to, err) < 0 ? -1 : note(arg->sources, file, from, err);
}

/* The allocators that the patches add: drivers/xen/gref-*.[ch]. */
static int patched(const struct tree *tree, const char *gen, json_t *sources, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/drivers/xen", tree->src);
	struct take_arg arg = { dir, gen, sources, 0 };

	if (fs_walk(dir, take, &arg, err) < 0)
		return -1;
	return arg.nr ? 0 : err_set(err, "the kernel has no drivers/xen/gref-*.c: our patches are not "
				    "in it");
}

/* Cut out of a file of ours as the patches make it, behind what is in out already. */
static int cut_ours(const struct tree *tree, const char *name, const char *const *wanted,
		    struct buf *out, json_t *sources, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/drivers/xen/%s", tree->src, name);
	_cleanup_free_ char *file = xasprintf("drivers/xen/%s", name);
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (fs_read(path, &text, err) < 0 || cut_source(text.data, name, wanted, out, err) < 0)
		return -1;
	return note(sources, file, path, err);
}

static int iova_hooks(const struct tree *tree, const char *gen, json_t *sources, struct err *err)
{
	_cleanup_free_ char *to = xasprintf("%s/iova-hooks.h", gen);
	_cleanup_buf_ struct buf out = BUF_INIT;

	if (cut_ours(tree, "grant-dma.h", address, &out, sources, err) < 0 ||
	    cut_ours(tree, "grant-dma-domain.c", hooks, &out, sources, err) < 0)
		return -1;
	return fs_write_atomic(to, out.data, out.size, 0644, err);
}

int alloc_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	_cleanup_json_ json_t *sources = json_object();
	_cleanup_free_ char *gen = xasprintf("%s/gen", ctx->stage);
	_cleanup_free_ char *obj = xasprintf("%s/obj", ctx->stage);
	_cleanup_free_ char *list = xasprintf("%s/sources.json", ctx->stage);
	_cleanup_free_ char *dir = builder_data(b, "harness/sim");
	_cleanup_free_ char *o = xasprintf("O=%s", obj);
	_cleanup_free_ char *g = xasprintf("GEN=%s", gen);
	_cleanup_free_ char *cc = xasprintf("CC=%sgcc", ctx->recipe->arch->cross);
	_cleanup_free_ char *map = xasprintf("EXTRA_CFLAGS=-ffile-prefix-map=%s=. "
					     "-ffile-prefix-map=%s=.", b->data_dir, ctx->stage);
	_cleanup_free_ char *jobs = builder_jobs(b);
	const char *argv[] = { "make", "-C", dir, o, g, cc, FLAGS, map, jobs, NULL };
	static const char *const programs[] = { "gb-alloc", "alloc-threads", "alloc-threads-bad" };
	_cleanup_free_ char *kernel = NULL, *text = NULL;
	size_t i;

	if (fs_mkdirs(obj, err) < 0 || kernel_source_open(b, &tree, &kernel, err) < 0 ||
	    upstream(&tree, gen, sources, err) < 0 || patched(&tree, gen, sources, err) < 0 ||
	    iova_hooks(&tree, gen, sources, err) < 0)
		return -1;
	text = json_dumps(sources, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (!text || fs_write_atomic(list, text, strlen(text), 0644, err) < 0)
		return -1;
	if (builder_run(b, ctx, dir, argv, NULL, -1, err) < 0)
		return -1;
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		_cleanup_free_ char *from = xasprintf("%s/%s", obj, programs[i]);
		_cleanup_free_ char *to = xasprintf("%s/%s", ctx->stage, programs[i]);

		if (fs_copy(from, to, err) < 0)
			return -1;
	}
	ctx->version = take_ptr(kernel);
	/* gen stays, for make fuzz-alloc-kernel */
	return fs_remove_tree(obj, err);
}
