// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/tree.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/spawn.h"

#define PATCH_TIMEOUT_MS 60000
#define ABSENT ".absent"	/* behind a name in orig/: the original has no such file */

void tree_close(struct tree *tree)
{
	if (tree->lock_fd >= 0)
		close(tree->lock_fd);
	free(tree->dir);
	free(tree->src);
	*tree = (struct tree)TREE_INIT;
}

int tree_open(struct tree *tree, const char *work, const char *id,
	      int (*fill)(const char *dir, void *arg, struct err *err), void *arg,
	      struct err *err)
{
	_cleanup_tree_ struct tree t = TREE_INIT;
	_cleanup_free_ char *lock = xasprintf("%s/%s.lock", work, id);
	_cleanup_free_ char *tmp = NULL;

	t.dir = xasprintf("%s/%s", work, id);
	t.src = xasprintf("%s/src", t.dir);
	tmp = xasprintf("%s/src.tmp", t.dir);
	if (fs_mkdirs(t.dir, err) < 0 || fs_lock(lock, true, true, &t.lock_fd, err) < 0)
		return -1;
	if (fs_remove_tree(tmp, err) < 0)
		return -1;
	if (fill && !fs_is_dir(t.src)) {
		if (fs_mkdirs(tmp, err) < 0)
			return -1;
		if (fill(tmp, arg, err) < 0) {
			fs_remove_tree(tmp, NULL);
			return -1;
		}
		if (rename(tmp, t.src) < 0)
			return err_errno(err, errno, "cannot rename %s", tmp);
	}
	*tree = t;
	t = (struct tree)TREE_INIT;
	return 0;
}

static bool path_inside(const char *path)
{
	if (*path == '/' || !*path)
		return false;
	for (;;) {
		size_t len = strcspn(path, "/");

		if (!len || (len == 2 && !strncmp(path, "..", 2)))
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

/* "--- a/x/y.c\tdate" to "x/y.c"; NULL for /dev/null and what is not a header. */
static char *header_path(const char *line, const char *mark)
{
	const char *path;
	size_t len;

	if (strncmp(line, mark, 4))
		return NULL;
	path = line + 4;
	len = strcspn(path, "\t\r\n");
	if (len == 9 && !strncmp(path, "/dev/null", 9))
		return NULL;
	path = memchr(path, '/', len) ? (const char *)memchr(path, '/', len) + 1 : path;
	return xstrndup(path, len - (size_t)(path - (line + 4)));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct list {
	char **v;
	size_t nr;
};

static void list_add(struct list *list, char *name)
{
	list->v = xrealloc(list->v, (list->nr + 2) * sizeof(*list->v));
	list->v[list->nr++] = name;
	list->v[list->nr] = NULL;
}

static void list_sort_unique(struct list *list)
{
	size_t i, k = 0;

	if (!list->nr)
		return;
	qsort(list->v, list->nr, sizeof(*list->v), by_name);
	for (i = 0; i < list->nr; i++) {
		if (k && !strcmp(list->v[k - 1], list->v[i]))
			free(list->v[i]);
		else
			list->v[k++] = list->v[i];
	}
	list->nr = k;
	list->v[k] = NULL;
}

static void list_release(struct list *list)
{
	tree_free_list(list->v);
	*list = (struct list){ NULL, 0 };
}

#define _cleanup_list_ __attribute__((cleanup(list_release)))

void tree_free_list(char **list)
{
	size_t i;

	for (i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

int patch_files(const char *text, char ***files, size_t *nr)
{
	_cleanup_list_ struct list list = { NULL, 0 };
	const char *line, *next;

	for (line = text; line && *line; line = next) {
		const char *end = strchr(line, '\n');
		char *path;

		next = end ? end + 1 : NULL;
		/* a header is a "---" line right before a "+++" line */
		if (!strncmp(line, "--- ", 4) && next && !strncmp(next, "+++ ", 4)) {
			path = header_path(line, "--- ");
			if (path)
				list_add(&list, path);
			path = header_path(next, "+++ ");
			if (path)
				list_add(&list, path);
		} else if (!strncmp(line, "rename from ", 12)) {
			list_add(&list, xstrndup(line + 12, strcspn(line + 12, "\r\n")));
		} else if (!strncmp(line, "rename to ", 10)) {
			list_add(&list, xstrndup(line + 10, strcspn(line + 10, "\r\n")));
		}
	}
	list_sort_unique(&list);
	if (!list.nr)
		return -EINVAL;
	for (*nr = 0; *nr < list.nr; ++*nr)
		if (!path_inside(list.v[*nr]))
			return -EINVAL;
	*files = list.v;
	list.v = NULL;
	return 0;
}

static char *join(const char *a, const char *b)
{
	return xasprintf("%s/%s", a, b);
}

static int make_parent(const char *path, struct err *err)
{
	_cleanup_free_ char *copy = xstrdup(path);

	return fs_mkdirs(dirname(copy), err);
}

/* Save the original of a file, or the fact that it has none, once. */
static int save_original(const struct tree *tree, const char *file, struct err *err)
{
	_cleanup_free_ char *src = join(tree->src, file);
	_cleanup_free_ char *orig = xasprintf("%s/orig/%s", tree->dir, file);
	_cleanup_free_ char *absent = xasprintf("%s" ABSENT, orig);

	if (fs_exists(orig) || fs_exists(absent))
		return 0;
	if (make_parent(orig, err) < 0)
		return -1;
	if (fs_exists(src))
		return fs_copy(src, orig, err);
	return fs_write_atomic(absent, "", 0, 0644, err);
}

/* Put the original of a file, if it has one, below dir. */
static int place_original(const struct tree *tree, const char *file, const char *dir,
			  struct err *err)
{
	_cleanup_free_ char *orig = xasprintf("%s/orig/%s", tree->dir, file);
	_cleanup_free_ char *to = join(dir, file);

	if (make_parent(to, err) < 0)
		return -1;
	return fs_exists(orig) ? fs_copy(orig, to, err) : 0;
}

char *tree_original(const struct tree *tree, const char *file)
{
	char *orig = xasprintf("%s/orig/%s", tree->dir, file);

	if (fs_exists(orig))
		return orig;
	free(orig);
	return join(tree->src, file);
}

/* From patch's own words: the file it was at when it failed. */
static void failed_file(const char *text, char *out, size_t size)
{
	const char *line, *next;

	snprintf(out, size, "(unknown file)");
	for (line = text; line && *line; line = next) {
		const char *end = strchr(line, '\n');

		next = end ? end + 1 : NULL;
		if (!strncmp(line, "patching file ", 14) || !strncmp(line, "checking file ", 14))
			snprintf(out, size, "%.*s", (int)strcspn(line + 14, "\n"), line + 14);
		else if (strstr(line, "FAILED") && (!end || strstr(line, "FAILED") < end))
			return;
	}
}

static int run_patch(const char *dir, const char *patch, bool reverse, bool dry, struct err *err)
{
	const char *argv[12] = { "patch", "-p1", "--batch", "--fuzz=0", "--no-backup-if-mismatch",
				 "-r", "-", "-i", patch };
	struct spawn_req req = SPAWN_REQ_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct err why = { 0 };
	const char *name = strrchr(patch, '/');
	char file[256];
	size_t nr = 9;

	argv[nr++] = reverse ? "-R" : "--forward";
	if (dry)
		argv[nr++] = "--dry-run";
	req.argv = argv;
	req.cwd = dir;
	if (spawn_run(&req, PATCH_TIMEOUT_MS, &out, &why) == 0)
		return 0;
	failed_file(out.data ? out.data : "", file, sizeof(file));
	return err_usage(err, "patch %s does not apply to %s (%s)", name ? name + 1 : patch, file,
			 why.msg);
}

/* Lay out below dir the originals of what the patches touch, and patch them. */
static int make_patched(struct tree *tree, const char *const *patches, size_t nr, const char *dir,
			bool skip_applied, struct list *touched, struct err *err)
{
	size_t i, j;

	for (i = 0; i < nr; i++) {
		_cleanup_buf_ struct buf text = BUF_INIT;
		char **files = NULL;
		size_t nr_files;

		if (fs_read(patches[i], &text, err) < 0)
			return -1;
		if (patch_files(text.data, &files, &nr_files) < 0)
			return err_usage(err, "%s is no patch: it names no file, or one outside "
					 "the tree", patches[i]);
		for (j = 0; j < nr_files; j++)
			list_add(touched, files[j]);
		free(files);
	}
	list_sort_unique(touched);
	for (i = 0; i < touched->nr; i++)
		if (save_original(tree, touched->v[i], err) < 0 ||
		    place_original(tree, touched->v[i], dir, err) < 0)
			return -1;
	for (i = 0; i < nr; i++) {
		_cleanup_free_ char *path = realpath(patches[i], NULL);

		if (!path)
			return err_errno(err, errno, "cannot read %s", patches[i]);
		/* all or nothing: a try first, so that a half-applied patch never counts */
		if (run_patch(dir, path, false, true, err) < 0) {
			if (skip_applied && run_patch(dir, path, true, true, NULL) == 0)
				continue;
			return -1;
		}
		if (run_patch(dir, path, false, false, err) < 0)
			return -1;
	}
	return 0;
}

static int read_optional(const char *path, struct buf *buf, bool *there, struct err *err)
{
	*there = fs_exists(path);
	return *there ? fs_read(path, buf, err) : 0;
}

/* Make file in the tree be as below dir; not touched when it is so already. */
static int settle(struct tree *tree, const char *file, const char *dir, struct err *err)
{
	_cleanup_buf_ struct buf want = BUF_INIT, have = BUF_INIT;
	_cleanup_free_ char *from = join(dir, file);
	_cleanup_free_ char *to = join(tree->src, file);
	bool wanted, there;
	struct stat st;

	if (read_optional(from, &want, &wanted, err) < 0 ||
	    read_optional(to, &have, &there, err) < 0)
		return -1;
	if (!wanted)
		return there && unlink(to) < 0 ? err_errno(err, errno, "cannot remove %s", to) : 0;
	if (there && want.size == have.size &&
	    (!want.size || !memcmp(want.data, have.data, want.size)))
		return 0;
	if (make_parent(to, err) < 0)
		return -1;
	return fs_write_atomic(to, want.data, want.size,
			       stat(from, &st) == 0 ? st.st_mode & 0777 : 0644, err);
}

struct collect_arg {
	struct list *list;
};

static int collect_orig(const char *rel_path, void *p, struct err *err)
{
	struct collect_arg *arg = p;
	size_t len = strlen(rel_path), tail = strlen(ABSENT);

	(void)err;
	/* left behind by a kill in the middle of a copy */
	if (strstr(rel_path, ".tmp-"))
		return 0;
	if (len > tail && !strcmp(rel_path + len - tail, ABSENT))
		len -= tail;
	list_add(arg->list, xstrndup(rel_path, len));
	return 0;
}

int tree_patch(struct tree *tree, const char *const *patches, size_t nr, bool skip_applied,
	       struct err *err)
{
	_cleanup_free_ char *tmp = join(tree->dir, "patched.tmp");
	_cleanup_free_ char *orig = join(tree->dir, "orig");
	_cleanup_list_ struct list touched = { NULL, 0 }, all = { NULL, 0 };
	struct collect_arg arg = { &all };
	size_t i;
	int ret;

	if (fs_remove_tree(tmp, err) < 0 || fs_mkdirs(tmp, err) < 0 || fs_mkdirs(orig, err) < 0)
		return -1;
	ret = make_patched(tree, patches, nr, tmp, skip_applied, &touched, err);
	/* what earlier patches touched and these do not goes back to its original */
	if (ret == 0)
		ret = fs_walk(orig, collect_orig, &arg, err);
	list_sort_unique(&all);
	for (i = 0; i < all.nr && ret == 0; i++) {
		if (!touched.nr ||
		    !bsearch(&all.v[i], touched.v, touched.nr, sizeof(*touched.v), by_name))
			ret = place_original(tree, all.v[i], tmp, err);
		if (ret == 0)
			ret = settle(tree, all.v[i], tmp, err);
	}
	fs_remove_tree(tmp, NULL);
	return ret;
}

int tree_forget(const struct tree *tree, const char *file, struct err *err)
{
	_cleanup_free_ char *orig = xasprintf("%s/orig/%s", tree->dir, file);
	_cleanup_free_ char *absent = xasprintf("%s" ABSENT, orig);

	if ((unlink(orig) < 0 && errno != ENOENT && errno != ENOTDIR) ||
	    (unlink(absent) < 0 && errno != ENOENT && errno != ENOTDIR))
		return err_errno(err, errno, "cannot remove %s", orig);
	return 0;
}

static bool file_is(const char *path, const char *text)
{
	_cleanup_buf_ struct buf have = BUF_INIT;

	return fs_exists(path) && fs_read(path, &have, NULL) == 0 && have.size == strlen(text) &&
	       !memcmp(have.data, text, have.size);
}

int tree_build_dir(struct tree *tree, const char *name, const char *stamp, char **path,
		   struct err *err)
{
	_cleanup_free_ char *dir = join(tree->dir, name);
	_cleanup_free_ char *mark = xasprintf("%s/%s.building", tree->dir, name);
	_cleanup_free_ char *stamp_path = xasprintf("%s/%s.stamp", tree->dir, name);

	/* the mark first: from here on a kill leaves it behind */
	if ((fs_exists(mark) || !file_is(stamp_path, stamp)) &&
	    (fs_write_atomic(mark, "", 0, 0644, err) < 0 || fs_remove_tree(dir, err) < 0))
		return -1;
	if (fs_write_atomic(mark, "", 0, 0644, err) < 0 || fs_mkdirs(dir, err) < 0 ||
	    fs_write_atomic(stamp_path, stamp, strlen(stamp), 0644, err) < 0)
		return -1;
	*path = take_ptr(dir);
	return 0;
}

int tree_build_done(struct tree *tree, const char *name, struct err *err)
{
	_cleanup_free_ char *mark = xasprintf("%s/%s.building", tree->dir, name);

	if (unlink(mark) < 0 && errno != ENOENT)
		return err_errno(err, errno, "cannot remove %s", mark);
	return 0;
}
