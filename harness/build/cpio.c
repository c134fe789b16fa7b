// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/cpio.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/repro.h"
#include "lib/buf.h"
#include "lib/cleanup.h"

struct cpio {
	struct archive *a;
	char *path, *tmp;
	int fd;
	int64_t ino;
};

static void cpio_free(struct cpio *cpio)
{
	if (cpio->a)
		archive_write_free(cpio->a);
	if (cpio->fd >= 0)
		close(cpio->fd);
	free(cpio->path);
	free(cpio->tmp);
	free(cpio);
}

void cpio_abort(struct cpio *cpio)
{
	if (!cpio)
		return;
	unlink(cpio->tmp);
	/* freeing writes what is pending: into a file that has no name any more */
	cpio_free(cpio);
}

struct cpio *cpio_open(const char *path, struct err *err)
{
	struct cpio *cpio = xcalloc(1, sizeof(*cpio));

	cpio->path = xstrdup(path);
	cpio->tmp = xasprintf("%s.tmp-XXXXXX", path);
	cpio->fd = mkostemp(cpio->tmp, O_CLOEXEC);
	if (cpio->fd < 0) {
		err_errno(err, errno, "cannot write %s", path);
		cpio_free(cpio);
		return NULL;
	}
	cpio->a = archive_write_new();
	if (!cpio->a || archive_write_set_format_cpio_newc(cpio->a) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(cpio->a, 65536) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(cpio->a, 512) != ARCHIVE_OK ||
	    archive_write_open_fd(cpio->a, cpio->fd) != ARCHIVE_OK) {
		err_set(err, "cannot write %s: %s", path,
			cpio->a ? archive_error_string(cpio->a) : "no memory");
		cpio_abort(cpio);
		return NULL;
	}
	return cpio;
}

static struct archive_entry *new_entry(struct cpio *cpio, const char *name, mode_t type,
				       mode_t mode, size_t size)
{
	struct archive_entry *entry = archive_entry_new();

	if (!entry)
		abort();
	while (*name == '/')
		name++;
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, type | (mode & 07777));
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	archive_entry_set_mtime(entry, REPRO_EPOCH, 0);
	archive_entry_set_ino64(entry, ++cpio->ino);
	archive_entry_set_nlink(entry, type == S_IFDIR ? 2 : 1);
	archive_entry_set_devmajor(entry, 0);
	archive_entry_set_devminor(entry, 0);
	return entry;
}

static int put_entry(struct cpio *cpio, struct archive_entry *entry, const void *data,
		     size_t size, struct err *err)
{
	int ret = 0;

	if (archive_write_header(cpio->a, entry) != ARCHIVE_OK ||
	    (size && archive_write_data(cpio->a, data, size) != (la_ssize_t)size))
		ret = err_set(err, "cannot write %s: %s: %s", cpio->path,
			      archive_entry_pathname(entry), archive_error_string(cpio->a));
	archive_entry_free(entry);
	return ret;
}

int cpio_dir(struct cpio *cpio, const char *name, mode_t mode, struct err *err)
{
	return put_entry(cpio, new_entry(cpio, name, S_IFDIR, mode, 0), NULL, 0, err);
}

int cpio_data(struct cpio *cpio, const char *name, mode_t mode, const void *data, size_t size,
	      struct err *err)
{
	return put_entry(cpio, new_entry(cpio, name, S_IFREG, mode, size), data, size, err);
}

int cpio_file(struct cpio *cpio, const char *name, mode_t mode, const char *from,
	      struct err *err)
{
	_cleanup_close_ int fd = open(from, O_RDONLY | O_CLOEXEC);
	struct archive_entry *entry;
	struct stat st;
	off_t done = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "cannot read %s", from);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "%s is not a regular file", from);
	entry = new_entry(cpio, name, S_IFREG, mode, (size_t)st.st_size);
	if (put_entry(cpio, entry, NULL, 0, err) < 0)
		return -1;
	while (done < st.st_size) {
		char block[65536];
		ssize_t n = read(fd, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, errno, "cannot read %s", from);
		if (n == 0 || done + n > st.st_size)
			return err_set(err, "%s changed while it was read", from);
		if (archive_write_data(cpio->a, block, (size_t)n) != n)
			return err_set(err, "cannot write %s: %s: %s", cpio->path, name,
				       archive_error_string(cpio->a));
		done += n;
	}
	return 0;
}

int cpio_symlink(struct cpio *cpio, const char *name, const char *target, struct err *err)
{
	struct archive_entry *entry = new_entry(cpio, name, S_IFLNK, 0777, 0);

	archive_entry_set_symlink(entry, target);
	return put_entry(cpio, entry, NULL, 0, err);
}

int cpio_node(struct cpio *cpio, const char *name, mode_t mode, char type, unsigned int dev_major,
	      unsigned int dev_minor, struct err *err)
{
	struct archive_entry *entry;

	if (type != 'c' && type != 'b')
		return err_set(err, "%s: \"%c\" is no type of device (c, b)", name, type);
	entry = new_entry(cpio, name, type == 'c' ? S_IFCHR : S_IFBLK, mode, 0);
	archive_entry_set_rdevmajor(entry, dev_major);
	archive_entry_set_rdevminor(entry, dev_minor);
	return put_entry(cpio, entry, NULL, 0, err);
}

int cpio_close(struct cpio *cpio, struct err *err)
{
	if (archive_write_close(cpio->a) != ARCHIVE_OK) {
		err_set(err, "cannot write %s: %s", cpio->path, archive_error_string(cpio->a));
		cpio_abort(cpio);
		return -1;
	}
	if (fchmod(cpio->fd, 0644) < 0 || rename(cpio->tmp, cpio->path) < 0) {
		err_errno(err, errno, "cannot write %s", cpio->path);
		cpio_abort(cpio);
		return -1;
	}
	cpio_free(cpio);
	return 0;
}
