// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <linux/fs.h>
#include <sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "lib/cleanup.h"

bool fs_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool fs_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int fs_mkdirs(const char *path, struct err *err)
{
	_cleanup_free_ char *copy = xstrdup(path);
	char *p;

	if (!*path)
		return err_set(err, "a directory needs a name");
	for (p = copy + 1; ; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (*copy && mkdir(copy, 0777) < 0 && errno != EEXIST)
			return err_errno(err, errno, "cannot make directory %s", copy);
		*p = c;
		if (!c)
			break;
	}
	if (!fs_is_dir(path))
		return err_set(err, "%s is in the way: not a directory", path);
	return 0;
}

int fs_read(const char *path, struct buf *buf, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t start = buf->size;

	if (fd < 0)
		return err_errno(err, errno, "cannot read %s", path);
	for (;;) {
		ssize_t n;

		buf_reserve(buf, 65536);
		n = read(fd, buf->data + buf->size, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int saved = errno;

			buf->size = start;
			buf->data[start] = '\0';
			return err_errno(err, saved, "cannot read %s", path);
		}
		buf->size += (size_t)n;
		buf->data[buf->size] = '\0';
		if (n == 0)
			return 0;
		if (buf->size - start > FS_READ_MAX) {
			buf->size = start;
			buf->data[start] = '\0';
			return err_set(err, "%s is larger than %u MiB", path, FS_READ_MAX >> 20);
		}
	}
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Open a temporary beside path; its name, for the rename, goes to *tmp. */
static int open_beside(const char *path, char **tmp, struct err *err)
{
	int fd;

	*tmp = xasprintf("%s.tmp-XXXXXX", path);
	fd = mkostemp(*tmp, O_CLOEXEC);
	if (fd < 0) {
		int saved = errno;

		free(take_ptr(*tmp));
		return err_errno(err, saved, "cannot write %s", path);
	}
	return fd;
}

static int commit_beside(int fd, char *tmp, const char *path, mode_t mode, struct err *err)
{
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(tmp, path) < 0) {
		int saved = errno;

		unlink(tmp);
		return err_errno(err, saved, "cannot write %s", path);
	}
	return 0;
}

int fs_write_atomic(const char *path, const void *data, size_t size, mode_t mode, struct err *err)
{
	_cleanup_free_ char *tmp = NULL;
	_cleanup_close_ int fd = open_beside(path, &tmp, err);
	int ret;

	if (fd < 0)
		return -1;
	ret = write_all(fd, data, size);
	if (ret < 0) {
		unlink(tmp);
		return err_errno(err, -ret, "cannot write %s", path);
	}
	return commit_beside(fd, tmp, path, mode, err);
}

static int copy_bytes(int in, int out)
{
	if (ioctl(out, FICLONE, in) == 0)
		return 0;
	for (;;) {
		char block[65536];
		ssize_t n = read(in, block, sizeof(block));
		int ret;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		ret = write_all(out, block, (size_t)n);
		if (ret < 0)
			return ret;
	}
}

int fs_copy(const char *from, const char *to, struct err *err)
{
	_cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *tmp = NULL;
	_cleanup_close_ int out = -1;
	struct stat st;
	int ret;

	if (in < 0 || fstat(in, &st) < 0)
		return err_errno(err, errno, "cannot read %s", from);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "%s is not a regular file", from);
	out = open_beside(to, &tmp, err);
	if (out < 0)
		return -1;
	ret = copy_bytes(in, out);
	if (ret < 0) {
		unlink(tmp);
		return err_errno(err, -ret, "cannot copy %s to %s", from, to);
	}
	return commit_beside(out, tmp, to, st.st_mode & 07777, err);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int fs_remove_tree(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "cannot remove %s", path);
	if (nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) < 0)
		return err_errno(err, errno, "cannot remove %s", path);
	return 0;
}

static void hex(const uint8_t digest[SHA256_DIGEST_LENGTH], char out[FS_SHA256_HEX])
{
	size_t i;

	for (i = 0; i < SHA256_DIGEST_LENGTH; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

int fs_sha256_file(const char *path, char out[FS_SHA256_HEX], struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	if (fd < 0)
		return err_errno(err, errno, "cannot read %s", path);
	SHA256Init(&ctx);
	for (;;) {
		uint8_t block[65536];
		ssize_t n = read(fd, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "cannot read %s", path);
		if (n == 0)
			break;
		SHA256Update(&ctx, block, (size_t)n);
	}
	SHA256Final(digest, &ctx);
	hex(digest, out);
	return 0;
}

void fs_sha256(const void *data, size_t size, char out[FS_SHA256_HEX])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, data, size);
	SHA256Final(digest, &ctx);
	hex(digest, out);
}

int fs_lock(const char *path, bool exclusive, bool wait, int *fd, struct err *err)
{
	_cleanup_close_ int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	int op = (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB);

	if (lock < 0)
		return err_errno(err, errno, "cannot open lock %s", path);
	while (flock(lock, op) < 0) {
		int saved = errno;

		if (saved == EINTR)
			continue;
		err_errno(err, saved, "cannot lock %s", path);
		errno = saved;
		return -1;
	}
	*fd = take_fd(lock);
	return 0;
}

struct names {
	char **name;
	size_t nr;
};

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int collect(const char *dir, const char *rel, struct names *names, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s%s%s", dir, *rel ? "/" : "", rel);
	_cleanup_closedir_ DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return err_errno(err, errno, "cannot list %s", path);
	while ((e = readdir(d))) {
		_cleanup_free_ char *sub = NULL;
		_cleanup_free_ char *full = NULL;
		struct stat st;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		sub = xasprintf("%s%s%s", rel, *rel ? "/" : "", e->d_name);
		full = xasprintf("%s/%s", dir, sub);
		if (lstat(full, &st) < 0)
			return err_errno(err, errno, "cannot stat %s", full);
		if (S_ISDIR(st.st_mode)) {
			if (collect(dir, sub, names, err) < 0)
				return -1;
			continue;
		}
		if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
			continue;
		names->name = xrealloc(names->name, (names->nr + 1) * sizeof(*names->name));
		names->name[names->nr++] = take_ptr(sub);
	}
	return 0;
}

int fs_walk(const char *dir, int (*fn)(const char *rel_path, void *arg, struct err *err),
	    void *arg, struct err *err)
{
	struct names names = { NULL, 0 };
	int ret = collect(dir, "", &names, err);
	size_t i;

	if (names.nr)
		qsort(names.name, names.nr, sizeof(*names.name), by_bytes);
	for (i = 0; i < names.nr; i++) {
		if (ret == 0)
			ret = fn(names.name[i], arg, err);
		free(names.name[i]);
	}
	free(names.name);
	return ret;
}

char *fs_program_dir(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return xstrdup(".");
	path[n] = '\0';
	return xstrdup(dirname(path));
}
