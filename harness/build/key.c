// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/key.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/cleanup.h"

/* A file changed this recently may change again without its mtime showing it. */
#define SETTLED_NS 100000000

static int64_t mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

void memo_load(struct memo *memo, const char *file)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	char *line, *save = NULL;

	*memo = (struct memo){ .file = xstrdup(file) };
	if (fs_read(file, &text, NULL) < 0 || !text.size)
		return;
	for (line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct memo_entry e = { 0 };
		int at = 0;

		if (sscanf(line, "%64[0-9a-f] %" SCNu64 " %" SCNu64 " %" SCNd64 " %n", e.sha256,
			   &e.size, &e.ino, &e.mtime_ns, &at) != 4 ||
		    !at || line[at] != '/' || strlen(e.sha256) != FS_SHA256_HEX - 1)
			continue;
		e.path = xstrdup(line + at);
		memo->entries = xrealloc(memo->entries, (memo->nr + 1) * sizeof(e));
		memo->entries[memo->nr++] = e;
	}
}

void memo_save(struct memo *memo)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t i;

	if (!memo->dirty)
		return;
	for (i = 0; i < memo->nr; i++) {
		const struct memo_entry *e = &memo->entries[i];
		struct stat st;

		if (stat(e->path, &st) < 0 || strchr(e->path, '\n'))
			continue;
		buf_addf(&text, "%s %" PRIu64 " %" PRIu64 " %" PRId64 " %s\n", e->sha256, e->size,
			 e->ino, e->mtime_ns, e->path);
	}
	if (text.size)
		fs_write_atomic(memo->file, text.data, text.size, 0644, NULL);
	memo->dirty = false;
}

void memo_release(struct memo *memo)
{
	size_t i;

	for (i = 0; i < memo->nr; i++)
		free(memo->entries[i].path);
	free(memo->entries);
	free(memo->file);
	*memo = (struct memo){ 0 };
}

int memo_sha256(struct memo *memo, const char *path, char out[FS_SHA256_HEX], struct err *err)
{
	struct memo_entry *e = NULL;
	struct timespec now;
	struct stat st;
	size_t i;

	if (stat(path, &st) < 0)
		return err_errno(err, errno, "cannot read %s", path);
	for (i = 0; i < memo->nr; i++) {
		if (strcmp(memo->entries[i].path, path))
			continue;
		e = &memo->entries[i];
		if (e->size == (uint64_t)st.st_size && e->ino == st.st_ino &&
		    e->mtime_ns == mtime_ns(&st)) {
			memcpy(out, e->sha256, FS_SHA256_HEX);
			return 0;
		}
		break;
	}
	if (fs_sha256_file(path, out, err) < 0)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	if ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec - mtime_ns(&st) < SETTLED_NS)
		return 0;
	if (!e) {
		memo->entries = xrealloc(memo->entries, (memo->nr + 1) * sizeof(*e));
		e = &memo->entries[memo->nr++];
		e->path = xstrdup(path);
	}
	e->size = (uint64_t)st.st_size;
	e->ino = st.st_ino;
	e->mtime_ns = mtime_ns(&st);
	memcpy(e->sha256, out, FS_SHA256_HEX);
	memo->dirty = true;
	return 0;
}

void key_release(struct key *key)
{
	buf_release(&key->text);
}

void key_add(struct key *key, const char *tag, const char *fmt, ...)
{
	size_t start;
	va_list ap;

	buf_addf(&key->text, "%s ", tag);
	start = key->text.size;
	va_start(ap, fmt);
	buf_addvf(&key->text, fmt, ap);
	va_end(ap);
	for (; start < key->text.size; start++)
		if (key->text.data[start] == '\n')
			key->text.data[start] = '\t';
	buf_addstr(&key->text, "\n");
}

int key_add_file(struct key *key, struct memo *memo, const char *tag, const char *label,
		 const char *path, struct err *err)
{
	char sha256[FS_SHA256_HEX];

	if (memo_sha256(memo, path, sha256, err) < 0)
		return -1;
	key_add(key, tag, "%s %s", label, sha256);
	return 0;
}

struct dir_arg {
	struct key *key;
	struct memo *memo;
	const char *tag, *dir, *glob;
};

static int add_one(const char *rel_path, void *p, struct err *err)
{
	struct dir_arg *arg = p;
	const char *name = strrchr(rel_path, '/');
	_cleanup_free_ char *path = NULL;

	if (fnmatch(arg->glob, name ? name + 1 : rel_path, FNM_PERIOD))
		return 0;
	path = xasprintf("%s/%s", arg->dir, rel_path);
	return key_add_file(arg->key, arg->memo, arg->tag, rel_path, path, err);
}

int key_add_dir(struct key *key, struct memo *memo, const char *tag, const char *dir,
		const char *glob, struct err *err)
{
	struct dir_arg arg = { key, memo, tag, dir, glob };

	return fs_walk(dir, add_one, &arg, err);
}

void key_final(const struct key *key, char out[FS_SHA256_HEX])
{
	fs_sha256(key->text.data ? key->text.data : "", key->text.size, out);
}
