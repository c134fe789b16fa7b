// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define DISK_FULL_BYTES (64ull << 20)

static int add_patch(const char *rel_path, void *p, struct err *err)
{
	void **arg = p;
	size_t len = strlen(rel_path);
	_cleanup_free_ char *path = NULL;

	(void)err;
	if (strchr(rel_path, '/') || len < 6 || strcmp(rel_path + len - 6, ".patch"))
		return 0;
	path = xasprintf("%s/%s", (const char *)arg[1], rel_path);
	patch_list_add(arg[0], path);
	return 0;
}

int patch_list_dir(struct patch_list *list, const char *dir, struct err *err)
{
	void *arg[2] = { list, (void *)dir };

	return fs_is_dir(dir) ? fs_walk(dir, add_patch, arg, err) : 0;
}

void patch_list_add(struct patch_list *list, const char *path)
{
	list->v = xrealloc(list->v, (list->nr + 1) * sizeof(*list->v));
	list->v[list->nr++] = xstrdup(path);
}

void patch_list_release(struct patch_list *list)
{
	while (list->nr)
		free(list->v[--list->nr]);
	free(list->v);
	*list = (struct patch_list){ NULL, 0 };
}

int sources_build_ended(struct builder *b, struct tree *tree, const char *name, bool ok,
			struct err *err)
{
	struct statvfs fs;

	(void)b;
	if (!ok && (statvfs(tree->dir, &fs) < 0 ||
		    (unsigned long long)fs.f_bavail * fs.f_frsize < DISK_FULL_BYTES))
		return -1;
	if (tree_build_done(tree, name, ok ? err : NULL) < 0)
		return -1;
	return ok ? 0 : -1;
}

void sources_drop_others(struct builder *b, const char *series, const char *id)
{
	_cleanup_closedir_ DIR *d = opendir(b->work);
	size_t len = strlen(series);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		_cleanup_free_ char *path = NULL, *lock = NULL;
		_cleanup_close_ int fd = -1;
		const char *hash = e->d_name + len + 1;

		/* "linux-6.1" is not to take "linux-6.12-…" for one of its own */
		if (strncmp(e->d_name, series, len) || e->d_name[len] != '-' ||
		    strspn(hash, "0123456789abcdef") != strlen(hash) || !strcmp(e->d_name, id))
			continue;
		path = xasprintf("%s/%s", b->work, e->d_name);
		lock = xasprintf("%s.lock", path);
		if (fs_lock(lock, true, false, &fd, NULL) == 0)
			fs_remove_tree(path, NULL);
	}
}

/*
 * The index of a followed directory: "SIZE MTIME_NS PATH" per file, in byte
 * order of the paths, as of the last complete copy.
 */
struct sync {
	const char *from;
	const struct tree *tree;
	unpack_filter filter;
	struct buf next;
	const char *old;	/* cursor in the old index */
};

static const char *line_path(const char *line)
{
	const char *p = strchr(line, ' ');

	p = p ? strchr(p + 1, ' ') : NULL;
	return p ? p + 1 : "";
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* Compare the path of an index line, which ends with a newline, with a string. */
static int line_cmp(const char *line, const char *path)
{
	const char *p = line_path(line);
	size_t len = strcspn(p, "\n");
	int ret = strncmp(p, path, len);

	return ret ? ret : -(path[len] != '\0');
}

static int remove_followed(const struct tree *tree, const char *rel, struct err *err)
{
	_cleanup_free_ char *src = xasprintf("%s/%s", tree->src, rel);

	if (unlink(src) < 0 && errno != ENOENT)
		return err_errno(err, errno, "cannot remove %s", src);
	return tree_forget(tree, rel, err);
}

/* Neither atomic nor synced, unlike fs_copy(): what counts is the index, written last. */
static int copy_content(const char *from, const char *to, mode_t mode, struct err *err)
{
	_cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_close_ int out = -1;
	ssize_t n;

	if (in < 0)
		return err_errno(err, errno, "cannot read %s", from);
	if (unlink(to) < 0 && errno != ENOENT)
		return err_errno(err, errno, "cannot write %s", to);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode & 0777) | 0600);
	if (out < 0)
		return err_errno(err, errno, "cannot write %s", to);
	do
		n = sendfile(out, in, NULL, 1 << 30);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? err_errno(err, errno, "cannot copy %s to %s", from, to) : 0;
}

static int copy_one(const char *from, const char *to, struct err *err)
{
	_cleanup_free_ char *parent = xstrdup(to);
	char target[4096];
	struct stat st;
	ssize_t n;

	if (fs_mkdirs(dirname(parent), err) < 0)
		return -1;
	if (lstat(from, &st) < 0)
		return err_errno(err, errno, "cannot read %s", from);
	if (!S_ISLNK(st.st_mode))
		return copy_content(from, to, st.st_mode, err);
	n = readlink(from, target, sizeof(target) - 1);
	if (n < 0)
		return err_errno(err, errno, "cannot read %s", from);
	target[n] = '\0';
	if ((unlink(to) < 0 && errno != ENOENT) || symlink(target, to) < 0)
		return err_errno(err, errno, "cannot write %s", to);
	return 0;
}

/*
 * A changed file goes to src/ as a new original: what was saved of it in orig/
 * is dropped, and the patches are applied again afterwards.
 */
static int sync_one(const char *rel, void *p, struct err *err)
{
	struct sync *s = p;
	_cleanup_free_ char *from = NULL, *line = NULL, *to = NULL;
	struct stat st;

	if (!strncmp(rel, ".git/", 5) || strchr(rel, '\n') ||
	    (s->filter && !s->filter(rel, NULL)))
		return 0;
	from = xasprintf("%s/%s", s->from, rel);
	if (lstat(from, &st) < 0)
		return err_errno(err, errno, "cannot read %s", from);
	line = xasprintf("%lld %lld%09ld %s\n", (long long)st.st_size,
			 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, rel);
	buf_addstr(&s->next, line);
	while (*s->old && line_cmp(s->old, rel) < 0) {
		_cleanup_free_ char *gone = xstrndup(line_path(s->old),
						     strcspn(line_path(s->old), "\n"));

		if (remove_followed(s->tree, gone, err) < 0)
			return -1;
		s->old = next_line(s->old);
	}
	if (*s->old && !strncmp(s->old, line, strlen(line))) {
		s->old = next_line(s->old);
		return 0;
	}
	if (*s->old && line_cmp(s->old, rel) == 0)
		s->old = next_line(s->old);
	to = xasprintf("%s/%s", s->tree->src, rel);
	if (tree_forget(s->tree, rel, err) < 0)
		return -1;
	return copy_one(from, to, err);
}

static int follow(struct tree *tree, const char *dir, unpack_filter filter, struct err *err)
{
	_cleanup_free_ char *index = xasprintf("%s/index", tree->dir);
	_cleanup_buf_ struct buf old = BUF_INIT;
	struct sync s = { .from = dir, .tree = tree, .filter = filter, .old = "" };
	int ret;

	if (fs_exists(index) && fs_read(index, &old, err) < 0)
		return -1;
	if (old.data)
		s.old = old.data;
	/* a kill in the middle leaves no index: everything is copied anew */
	if (unlink(index) < 0 && errno != ENOENT)
		return err_errno(err, errno, "cannot remove %s", index);
	if (!old.data && (fs_remove_tree(tree->src, err) < 0 || fs_mkdirs(tree->src, err) < 0))
		return -1;
	ret = fs_walk(dir, sync_one, &s, err);
	while (ret == 0 && *s.old) {
		_cleanup_free_ char *gone = xstrndup(line_path(s.old),
						     strcspn(line_path(s.old), "\n"));

		ret = remove_followed(tree, gone, err);
		s.old = next_line(s.old);
	}
	if (ret == 0)
		ret = fs_write_atomic(index, s.next.data ? s.next.data : "", s.next.size, 0644,
				      err);
	buf_release(&s.next);
	return ret;
}

int sources_open_user(struct builder *b, struct tree *tree, const char *prefix, const char *dir,
		      unpack_filter filter, struct err *err)
{
	_cleanup_free_ char *real = realpath(dir, NULL);
	_cleanup_free_ char *config = NULL, *id = NULL;
	char sha256[FS_SHA256_HEX];

	if (!real)
		return err_errno(err, errno, "cannot read %s", dir);
	config = xasprintf("%s/include/config", real);
	if (fs_exists(config))
		return err_usage(err, "%s was built in place, and its objects would be taken for "
				 "ours: run make mrproper there, or build it with O=", dir);
	fs_sha256(real, strlen(real), sha256);
	id = xasprintf("%s-dir-%.12s", prefix, sha256);
	if (tree_open(tree, b->work, id, NULL, NULL, err) < 0)
		return -1;
	return follow(tree, real, filter, err);
}
