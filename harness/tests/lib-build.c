// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-build.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/pins.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "tests/lib-check.h"

static void put(struct archive *a, const struct lib_member *m)
{
	struct archive_entry *e = archive_entry_new();
	mode_t type = m->data ? S_IFREG : m->target ? S_IFLNK : S_IFDIR;

	if (m->hardlink)
		type = S_IFREG;
	if (m->type)
		type = m->type;
	archive_entry_set_pathname(e, m->path);
	archive_entry_set_mode(e, type | (type == S_IFDIR ? 0755 : 0644));
	archive_entry_set_size(e, type == S_IFREG && !m->hardlink ? (la_int64_t)m->size : 0);
	if (m->target)
		archive_entry_set_symlink(e, m->target);
	if (m->hardlink)
		archive_entry_set_hardlink(e, m->hardlink);
	ck_assert_msg(archive_write_header(a, e) == ARCHIVE_OK, "%s", archive_error_string(a));
	if (type == S_IFREG && m->size)
		ck_assert_int_eq(archive_write_data(a, m->data, m->size), m->size);
	archive_entry_free(e);
}

void lib_write_tar(const char *path, const struct lib_member *members, size_t nr)
{
	struct archive *a = archive_write_new();
	size_t len = strlen(path), i;

	archive_write_set_format_pax_restricted(a);
	if (len > 3 && !strcmp(path + len - 3, ".xz"))
		archive_write_add_filter_xz(a);
	ck_assert_int_eq(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (i = 0; i < nr; i++)
		put(a, &members[i]);
	ck_assert_int_eq(archive_write_free(a), ARCHIVE_OK);
}

void lib_write_deb(const char *path, const struct lib_member *members, size_t nr)
{
	_cleanup_free_ char *tar = NULL;
	_cleanup_buf_ struct buf data = BUF_INIT;
	struct archive *a = archive_write_new();
	struct lib_member parts[2] = {
		{ .path = "debian-binary", .data = "2.0\n", .size = 4 },
		{ .path = "data.tar.xz" },
	};
	size_t total = 0, i;

	for (i = 0; i < nr; i++)
		total += members[i].size;
	/* compressing noise takes seconds */
	if (total > 1u << 16)
		parts[1].path = "data.tar";
	tar = xasprintf("%s.%s", path, parts[1].path);
	lib_write_tar(tar, members, nr);
	ck_assert_int_eq(fs_read(tar, &data, NULL), 0);
	unlink(tar);
	parts[1].data = data.data;
	parts[1].size = data.size;
	archive_write_set_format_ar_svr4(a);
	ck_assert_int_eq(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (i = 0; i < 2; i++)
		put(a, &parts[i]);
	ck_assert_int_eq(archive_write_free(a), ARCHIVE_OK);
}

void lib_pin_busybox(const char *cache, size_t size)
{
	_cleanup_free_ char *downloads = xasprintf("%s/downloads", cache);
	_cleanup_free_ char *deb = xasprintf("%s/busybox-static_1_arm64.deb", downloads);
	_cleanup_free_ char *pins_path = xasprintf("%s/pins.json", cache);
	_cleanup_free_ char *content = malloc(size);
	struct pins pins = { .series = (char *)"1.37", .suite = (char *)"trixie" };
	struct pkgfile file = {
		.package = (char *)"busybox-static",
		.version = (char *)"1",
		.arch = (char *)"arm64",
		.suite = (char *)"trixie",
		.file = (char *)"busybox-static_1_arm64.deb",
		.uri = (char *)"pool/busybox-static_1_arm64.deb",
	};
	struct lib_member members[3] = { { .path = "./" }, { .path = "./usr/" } };
	unsigned int x = 1;
	struct stat st;
	size_t i;

	/* does not compress, so that the package and the result are of a size */
	for (i = 0; i < size; i++) {
		x = x * 1103515245u + 12345u;
		content[i] = (char)(x >> 16);
	}
	members[2].path = "./usr/busybox";
	members[2].data = content;
	members[2].size = size;
	ck_assert_int_eq(fs_mkdirs(downloads, NULL), 0);
	lib_write_deb(deb, members, 3);
	ck_assert_int_eq(stat(deb, &st), 0);
	file.size = (uint64_t)st.st_size;
	ck_assert_int_eq(fs_sha256_file(deb, file.sha256, NULL), 0);
	pins.files = (struct pkgfiles){ &file, 1 };
	ck_assert_int_eq(pins_store(pins_path, pin_set_find("busybox"), &pins, NULL), 0);
}
