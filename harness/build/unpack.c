// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/buf.h"
#include "lib/cleanup.h"

static void free_reader(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

static void free_writer(struct archive **a)
{
	if (*a)
		archive_write_free(*a);
}

#define _cleanup_reader_ __attribute__((cleanup(free_reader)))
#define _cleanup_writer_ __attribute__((cleanup(free_writer)))

static struct archive *new_reader(void)
{
	struct archive *a = archive_read_new();

	if (a) {
		archive_read_support_filter_all(a);
		archive_read_support_format_tar(a);
		archive_read_support_format_ar(a);
	}
	return a;
}

/* Reader over the current entry of another reader. */
static la_ssize_t nested_read(struct archive *inner, void *outer, const void **block)
{
	la_int64_t offset;
	size_t size = 0;
	int ret;

	ret = archive_read_data_block(outer, block, &size, &offset);
	if (ret == ARCHIVE_EOF)
		return 0;
	if (ret < ARCHIVE_WARN) {
		archive_set_error(inner, archive_errno(outer), "%s", archive_error_string(outer));
		return -1;
	}
	return (la_ssize_t)size;
}

static int open_file(struct archive *a, const char *file, struct err *err)
{
	if (archive_read_open_filename(a, file, 1 << 20) != ARCHIVE_OK)
		return err_set(err, "cannot read archive %s: %s", file, archive_error_string(a));
	return 0;
}

static int open_nested(struct archive *a, struct archive *outer, const char *file,
		       struct err *err)
{
	if (archive_read_open(a, outer, NULL, nested_read, NULL) != ARCHIVE_OK)
		return err_set(err, "cannot read archive inside %s: %s", file,
			       archive_error_string(a));
	return 0;
}

/* Without "./" in front and "/" behind. */
static const char *plain_name(const char *name)
{
	while (!strncmp(name, "./", 2))
		name += 2;
	return name;
}

/* Go to the entry called name, or, with prefix set, whose name starts so. */
static int seek_entry(struct archive *a, const char *name, bool prefix, const char *file,
		      struct err *err)
{
	struct archive_entry *entry;
	int ret;

	while ((ret = archive_read_next_header(a, &entry)) == ARCHIVE_OK || ret == ARCHIVE_WARN) {
		const char *path = plain_name(archive_entry_pathname(entry));

		if (prefix ? !strncmp(path, name, strlen(name)) : !strcmp(path, name))
			return 0;
	}
	if (ret == ARCHIVE_EOF)
		return err_set(err, "%s has no \"%s\" inside", file, name);
	return err_set(err, "cannot read archive %s: %s", file, archive_error_string(a));
}

/* path behind `strip` components, or NULL when there is nothing left. */
static const char *strip_path(const char *path, int strip)
{
	path = plain_name(path);
	while (strip-- > 0) {
		path = strchr(path, '/');
		if (!path)
			return NULL;
		while (*path == '/')
			path++;
	}
	return *path && strcmp(path, ".") ? path : NULL;
}

static bool path_is_safe(const char *path)
{
	if (*path == '/')
		return false;
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && !strncmp(path, "..", 2))
			return false;
		path += len;
		while (*path == '/')
			path++;
	}
	return true;
}

static int write_data(struct archive *a, struct archive *out)
{
	const void *block;
	la_int64_t offset;
	size_t size;
	int ret;

	while ((ret = archive_read_data_block(a, &block, &size, &offset)) == ARCHIVE_OK)
		if (archive_write_data_block(out, block, size, offset) < ARCHIVE_WARN)
			return -1;
	return ret == ARCHIVE_EOF ? 0 : -2;
}

static int extract_one(struct archive *a, struct archive *out, struct archive_entry *entry,
		       const char *root, const char *rel, const struct unpack_opts *opts,
		       const char *file, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", root, rel);
	const char *link = archive_entry_hardlink(entry);
	mode_t type = archive_entry_filetype(entry);
	int ret;

	if (!path_is_safe(rel))
		return err_set(err, "%s: unsafe path \"%s\" in the archive", file, rel);
	if (!link && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
		return err_set(err, "%s: \"%s\" is a device or a pipe; refused", file, rel);
	if (link) {
		const char *rel_link = strip_path(link, opts->strip);
		_cleanup_free_ char *target = NULL;

		if (!rel_link || !path_is_safe(rel_link))
			return err_set(err, "%s: unsafe link \"%s\" in the archive", file, link);
		target = xasprintf("%s/%s", root, rel_link);
		archive_entry_set_hardlink(entry, target);
	}
	archive_entry_set_pathname(entry, path);
	archive_entry_set_perm(entry, (archive_entry_perm(entry) & 0777) | 0600 |
			       (type == AE_IFDIR ? 0700 : 0));
	if (archive_write_header(out, entry) < ARCHIVE_WARN)
		return err_set(err, "cannot unpack %s: %s", path, archive_error_string(out));
	if (archive_entry_size(entry) > 0 || type == AE_IFREG) {
		ret = write_data(a, out);
		if (ret == -2)
			return err_set(err, "cannot read archive %s: %s", file,
				       archive_error_string(a));
		if (ret < 0)
			return err_set(err, "cannot unpack %s: %s", path,
				       archive_error_string(out));
	}
	if (archive_write_finish_entry(out) < ARCHIVE_WARN)
		return err_set(err, "cannot unpack %s: %s", path, archive_error_string(out));
	return 0;
}

static int extract_all(struct archive *a, const char *dir, const struct unpack_opts *opts,
		       const char *file, struct err *err)
{
	static const struct unpack_opts none;
	_cleanup_writer_ struct archive *out = archive_write_disk_new();
	/* SECURE_SYMLINKS looks at every component, also those above dir */
	_cleanup_free_ char *root = realpath(dir, NULL);
	struct archive_entry *entry;
	int ret;

	if (!out || !root)
		return err_errno(err, errno, "cannot unpack into %s", dir);
	if (!opts)
		opts = &none;
	archive_write_disk_set_options(out, ARCHIVE_EXTRACT_TIME |
				       ARCHIVE_EXTRACT_SECURE_SYMLINKS |
				       ARCHIVE_EXTRACT_SECURE_NODOTDOT);
	while ((ret = archive_read_next_header(a, &entry)) == ARCHIVE_OK || ret == ARCHIVE_WARN) {
		const char *rel = strip_path(archive_entry_pathname(entry), opts->strip);
		_cleanup_free_ char *copy = NULL;

		if (!rel || (opts->filter && !opts->filter(rel, opts->arg)))
			continue;
		copy = xstrdup(rel);
		if (extract_one(a, out, entry, root, copy, opts, file, err) < 0)
			return -1;
	}
	if (ret != ARCHIVE_EOF)
		return err_set(err, "cannot read archive %s: %s", file, archive_error_string(a));
	if (archive_write_close(out) < ARCHIVE_WARN)
		return err_set(err, "cannot unpack %s: %s", file, archive_error_string(out));
	return 0;
}

int unpack_tar(const char *file, const char *dir, const struct unpack_opts *opts,
	       struct err *err)
{
	_cleanup_reader_ struct archive *tar = new_reader();

	if (!tar || open_file(tar, file, err) < 0)
		return -1;
	return extract_all(tar, dir, opts, file, err);
}

int unpack_deb(const char *file, const char *dir, const struct unpack_opts *opts,
	       struct err *err)
{
	_cleanup_reader_ struct archive *deb = new_reader();
	_cleanup_reader_ struct archive *tar = new_reader();

	if (!deb || !tar || open_file(deb, file, err) < 0 ||
	    seek_entry(deb, "data.tar", true, file, err) < 0 ||
	    open_nested(tar, deb, file, err) < 0)
		return -1;
	return extract_all(tar, dir, opts, file, err);
}

int unpack_deb_tar(const char *file, const char *member, const char *dir,
		   const struct unpack_opts *opts, struct err *err)
{
	_cleanup_reader_ struct archive *deb = new_reader();
	_cleanup_reader_ struct archive *tar = new_reader();
	_cleanup_reader_ struct archive *inner = new_reader();

	if (!deb || !tar || !inner || open_file(deb, file, err) < 0 ||
	    seek_entry(deb, "data.tar", true, file, err) < 0 ||
	    open_nested(tar, deb, file, err) < 0 ||
	    seek_entry(tar, member, false, file, err) < 0 ||
	    open_nested(inner, tar, file, err) < 0)
		return -1;
	return extract_all(inner, dir, opts, file, err);
}
