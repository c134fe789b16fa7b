// SPDX-License-Identifier: GPL-2.0-or-later
/* build/: keys, archives in, archives out, ELF, Kconfig, image lists. No network, no compiler. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "build/cpio.h"
#include "build/elf.h"
#include "build/hosttools.h"
#include "build/image.h"
#include "build/kconfig.h"
#include "build/key.h"
#include "build/unpack.h"
#include "lib/cleanup.h"
#include "tests/lib-build.h"
#include "tests/lib-check.h"

static char *dir;

static void setup(void)
{
	dir = lib_check_tmpdir();
}

static void teardown(void)
{
	fs_remove_tree(dir, NULL);
	free(dir);
}

static char *in_dir(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void write_text(const char *path, const char *text)
{
	struct err err = { 0 };

	ck_assert_msg(fs_write_atomic(path, text, strlen(text), 0644, &err) == 0, "%s", err.msg);
}

static bool has_text(const char *path, const char *text)
{
	_cleanup_buf_ struct buf buf = BUF_INIT;

	return fs_read(path, &buf, NULL) == 0 && buf.size == strlen(text) &&
	       !memcmp(buf.data ? buf.data : "", text, buf.size);
}

/* keys and memos */

START_TEST(key_is_its_lines)
{
	_cleanup_key_ struct key a = KEY_INIT, b = KEY_INIT;
	char ha[FS_SHA256_HEX], hb[FS_SHA256_HEX];

	key_add(&a, "flag", "x\ny");
	ck_assert_str_eq(a.text.data, "flag x\ty\n");
	key_add(&b, "flag", "x");
	key_add(&b, "y", "%s", "");
	key_final(&a, ha);
	key_final(&b, hb);
	ck_assert_str_ne(ha, hb);
	fs_sha256("flag x\ty\n", 9, hb);
	ck_assert_str_eq(ha, hb);
}
END_TEST

START_TEST(key_of_a_directory)
{
	_cleanup_key_ struct key a = KEY_INIT, b = KEY_INIT, c = KEY_INIT;
	_cleanup_free_ char *one = in_dir("b.c"), *two = in_dir("a.c"), *other = in_dir("x.txt");
	_cleanup_free_ char *memo_path = in_dir("memo");
	struct memo memo;

	memo_load(&memo, memo_path);
	write_text(one, "1");
	write_text(two, "2");
	write_text(other, "3");
	ck_assert_int_eq(key_add_dir(&a, &memo, "source", dir, "*.c", NULL), 0);
	ck_assert_ptr_nonnull(strstr(a.text.data, "source a.c d4735e3a265e16ee"));
	ck_assert(strstr(a.text.data, "a.c") < strstr(a.text.data, "b.c"));
	ck_assert_ptr_null(strstr(a.text.data, "x.txt"));
	ck_assert_ptr_null(strstr(a.text.data, dir));
	write_text(other, "4");
	ck_assert_int_eq(key_add_dir(&b, &memo, "source", dir, "*.c", NULL), 0);
	ck_assert_str_eq(a.text.data, b.text.data);
	write_text(one, "5");
	ck_assert_int_eq(key_add_dir(&c, &memo, "source", dir, "*.c", NULL), 0);
	ck_assert_str_ne(a.text.data, c.text.data);
	memo_release(&memo);
}
END_TEST

static void set_mtime(const char *path, time_t s)
{
	struct timespec times[2] = { { s, 0 }, { s, 5 } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(memo_remembers_until_the_file_changes)
{
	_cleanup_free_ char *file = in_dir("file"), *memo_path = in_dir("memo");
	char first[FS_SHA256_HEX], again[FS_SHA256_HEX];
	struct memo memo;
	FILE *f;

	write_text(file, "one");
	set_mtime(file, 1000);
	memo_load(&memo, memo_path);
	ck_assert_int_eq(memo_sha256(&memo, file, first, NULL), 0);
	memo_save(&memo);
	memo_release(&memo);
	/* same size, inode and time: proof that the memo is what answers */
	f = fopen(file, "r+");
	fputs("two", f);
	fclose(f);
	set_mtime(file, 1000);
	memo_load(&memo, memo_path);
	ck_assert_int_eq(memo_sha256(&memo, file, again, NULL), 0);
	ck_assert_str_eq(first, again);
	set_mtime(file, 1001);
	ck_assert_int_eq(memo_sha256(&memo, file, again, NULL), 0);
	ck_assert_str_ne(first, again);
	memo_release(&memo);
	/* damage costs time only */
	write_text(memo_path, "no memo\n\n0 0 0 0 /x\nffff 1 2 3 /y\n");
	memo_load(&memo, memo_path);
	ck_assert_uint_eq(memo.nr, 0);
	ck_assert_int_eq(memo_sha256(&memo, "/nonexistent", again, NULL), -1);
	memo_release(&memo);
}
END_TEST

/* unpacking */

START_TEST(unpack_keeps_files_links_and_times)
{
	static const struct lib_member members[] = {
		{ .path = "./top/" },
		{ .path = "./top/a/file", .data = "text", .size = 4 },
		{ .path = "./top/link", .target = "a/file" },
		{ .path = "./top/hard", .hardlink = "./top/a/file" },
		{ .path = "./top/drop/x", .data = "x", .size = 1 },
	};
	_cleanup_free_ char *tar = in_dir("t.tar.xz"), *file = in_dir("out/a/file");
	_cleanup_free_ char *out = in_dir("out"), *hard = in_dir("out/hard");
	_cleanup_free_ char *drop = in_dir("out/drop"), *link = in_dir("out/link");
	struct unpack_opts opts = { .strip = 1 };
	struct err err = { 0 };

	lib_write_tar(tar, members, ARRAY_SIZE(members));
	ck_assert_int_eq(fs_mkdirs(out, NULL), 0);
	ck_assert_msg(unpack_tar(tar, out, &opts, &err) == 0, "%s", err.msg);
	ck_assert(has_text(file, "text"));
	ck_assert(has_text(hard, "text"));
	ck_assert(has_text(link, "text"));
	ck_assert(fs_exists(drop));
}
END_TEST

static const struct {
	struct lib_member members[2];
	const char *why;
} hostile[] = {
	{ { { .path = "../evil", .data = "x", .size = 1 } }, "unsafe path" },
	{ { { .path = "a/../../evil", .data = "x", .size = 1 } }, "unsafe path" },
	{ { { .path = "/evil", .data = "x", .size = 1 } }, "unsafe path" },
	{ { { .path = "l", .target = ".." }, { .path = "l/evil", .data = "x", .size = 1 } },
	  "symlink" },
	{ { { .path = "h", .hardlink = "../evil" } }, "unsafe link" },
	{ { { .path = "fifo", .type = S_IFIFO } }, "device or a pipe" },
	{ { { .path = "node", .type = S_IFCHR } }, "device or a pipe" },
};

START_TEST(unpack_refuses)
{
	_cleanup_free_ char *tar = in_dir("t.tar"), *out = in_dir("out"), *evil = in_dir("evil");
	size_t nr = hostile[_i].members[1].path ? 2 : 1;
	struct err err = { 0 };

	lib_write_tar(tar, hostile[_i].members, nr);
	ck_assert_int_eq(fs_mkdirs(out, NULL), 0);
	write_text(evil, "old");
	ck_assert_int_eq(unpack_tar(tar, out, NULL, &err), -1);
	ck_assert_msg(strstr(err.msg, hostile[_i].why) != NULL, "%s", err.msg);
	ck_assert(has_text(evil, "old"));
}
END_TEST

START_TEST(unpack_of_nested_archives)
{
	struct lib_member inner[] = { { .path = "src/Makefile", .data = "all:\n", .size = 5 } };
	struct lib_member outer[] = { { .path = "./usr/src/src.tar.xz" } };
	_cleanup_free_ char *tar = in_dir("src.tar.xz"), *deb = in_dir("p.deb");
	_cleanup_free_ char *out = in_dir("out"), *file = in_dir("out/Makefile");
	_cleanup_buf_ struct buf data = BUF_INIT;
	struct unpack_opts opts = { .strip = 1 };
	struct err err = { 0 };

	lib_write_tar(tar, inner, 1);
	ck_assert_int_eq(fs_read(tar, &data, NULL), 0);
	outer[0].data = data.data;
	outer[0].size = data.size;
	lib_write_deb(deb, outer, 1);
	ck_assert_int_eq(fs_mkdirs(out, NULL), 0);
	ck_assert_int_eq(unpack_deb_tar(deb, "usr/src/none.tar.xz", out, &opts, &err), -1);
	ck_assert_msg(strstr(err.msg, "has no \"usr/src/none.tar.xz\"") != NULL, "%s", err.msg);
	ck_assert_msg(unpack_deb_tar(deb, "usr/src/src.tar.xz", out, &opts, &err) == 0, "%s",
		      err.msg);
	ck_assert(has_text(file, "all:\n"));
}
END_TEST

START_TEST(unpack_of_a_cut_archive)
{
	char block[20000];
	struct lib_member members[] = { { .path = "a", .data = block, .size = sizeof(block) } };
	_cleanup_free_ char *tar = in_dir("t.tar"), *out = in_dir("out");
	struct err err = { 0 };

	memset(block, 'x', sizeof(block));
	lib_write_tar(tar, members, 1);
	ck_assert_int_eq(truncate(tar, 9000), 0);
	ck_assert_int_eq(fs_mkdirs(out, NULL), 0);
	ck_assert_int_eq(unpack_tar(tar, out, NULL, &err), -1);
	ck_assert_msg(strstr(err.msg, "cannot read archive") != NULL, "%s", err.msg);
}
END_TEST

/* cpio */

static void make_cpio(const char *path, const char *file)
{
	struct err err = { 0 };
	struct cpio *c = cpio_open(path, &err);

	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(cpio_dir(c, "/dev", 0755, &err), 0);
	ck_assert_int_eq(cpio_node(c, "/dev/console", 0600, 'c', 5, 1, &err), 0);
	ck_assert_int_eq(cpio_data(c, "hello", 0755, "hi\n", 3, &err), 0);
	ck_assert_int_eq(cpio_symlink(c, "link", "hello", &err), 0);
	ck_assert_int_eq(cpio_file(c, "file", 0644, file, &err), 0);
	ck_assert_msg(cpio_close(c, &err) == 0, "%s", err.msg);
}

/* Field f (0 to 12) of the newc header at p. */
static unsigned long field(const char *p, int f)
{
	char hex[9] = "";

	memcpy(hex, p + 6 + 8 * f, 8);
	return strtoul(hex, NULL, 16);
}

START_TEST(cpio_is_newc_and_reproducible)
{
	_cleanup_free_ char *one = in_dir("one"), *two = in_dir("two"), *file = in_dir("in");
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
	static const char *const names[] = { "dev", "dev/console", "hello", "link", "file",
					     "TRAILER!!!" };
	const char *p;
	size_t i;

	write_text(file, "content");
	make_cpio(one, file);
	set_mtime(file, 12345);
	chmod(file, 0600);
	make_cpio(two, file);
	ck_assert_int_eq(fs_read(one, &a, NULL), 0);
	ck_assert_int_eq(fs_read(two, &b, NULL), 0);
	ck_assert_uint_eq(a.size, b.size);
	ck_assert_mem_eq(a.data, b.data, a.size);
	ck_assert_uint_eq(a.size % 512, 0);
	for (i = 0, p = a.data; i < ARRAY_SIZE(names); i++) {
		ck_assert_mem_eq(p, "070701", 6);
		ck_assert_str_eq(p + 110, names[i]);
		if (i < ARRAY_SIZE(names) - 1) {
			ck_assert_uint_eq(field(p, 2), 0);	/* uid */
			ck_assert_uint_eq(field(p, 3), 0);	/* gid */
			ck_assert_uint_eq(field(p, 5), 1735689600);	/* mtime */
		}
		if (i == 1) {
			ck_assert_uint_eq(field(p, 1), 020600);
			ck_assert_uint_eq(field(p, 9), 5);
			ck_assert_uint_eq(field(p, 10), 1);
		}
		if (i == 4)
			ck_assert_uint_eq(field(p, 1), 0100644);
		p += (110 + field(p, 11) + 3) / 4 * 4 + (field(p, 6) + 3) / 4 * 4;
	}
}
END_TEST

START_TEST(cpio_whole_or_not_at_all)
{
	_cleanup_free_ char *path = in_dir("c");
	struct err err = { 0 };
	struct cpio *c = cpio_open(path, &err);

	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(cpio_data(c, "a", 0644, "x", 1, &err), 0);
	ck_assert_int_eq(cpio_file(c, "b", 0644, "/nonexistent", &err), -1);
	cpio_abort(c);
	ck_assert(!fs_exists(path));
	/* and nothing beside it */
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_int_eq(fs_mkdirs(dir, NULL), 0);
	ck_assert_ptr_null(cpio_open("/nonexistent/c", &err));
}
END_TEST

/* ELF */

/* A library or program with DT_NEEDED entries; libs is NULL-terminated. */
static void make_elf(struct buf *out, const char *interp, const char *const *libs)
{
	_cleanup_buf_ struct buf strings = BUF_INIT;
	Elf64_Phdr ph[3] = { { .p_type = PT_LOAD }, { .p_type = PT_DYNAMIC },
			     { .p_type = PT_INTERP } };
	Elf64_Ehdr eh = { .e_type = ET_DYN, .e_machine = EM_AARCH64, .e_phoff = sizeof(eh),
			  .e_phentsize = sizeof(ph[0]), .e_phnum = interp ? 3 : 2 };
	Elf64_Dyn dyn[16] = { { .d_tag = DT_STRTAB } };
	size_t nr = 1, at;

	memcpy(eh.e_ident, ELFMAG, SELFMAG);
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	buf_add(&strings, "", 1);
	for (; *libs; libs++) {
		dyn[nr].d_tag = DT_NEEDED;
		dyn[nr++].d_un.d_val = strings.size;
		buf_add(&strings, *libs, strlen(*libs) + 1);
	}
	at = sizeof(eh) + sizeof(ph) + sizeof(dyn);
	ph[2].p_offset = at + strings.size;
	if (interp)
		buf_add(&strings, interp, strlen(interp) + 1);
	/* virtual addresses differ from offsets, as they do in real files */
	ph[0].p_vaddr = 0x10000;
	ph[0].p_filesz = at + strings.size;
	ph[1].p_offset = sizeof(eh) + sizeof(ph);
	ph[1].p_filesz = sizeof(dyn);
	dyn[0].d_un.d_ptr = 0x10000 + at;
	buf_add(out, &eh, sizeof(eh));
	buf_add(out, ph, sizeof(ph));
	buf_add(out, dyn, sizeof(dyn));
	buf_add(out, strings.data, strings.size);
}

START_TEST(elf_needs)
{
	_cleanup_buf_ struct buf elf = BUF_INIT;
	const char *const libs[] = { "libc.so.6", "libz.so.1", NULL };
	_cleanup_elf_ struct elf_info info = { 0 };
	size_t i;

	make_elf(&elf, "/lib/ld.so", libs);
	ck_assert_int_eq(elf_parse(elf.data, elf.size, &info), 0);
	ck_assert_uint_eq(info.machine, EM_AARCH64);
	ck_assert_str_eq(info.interp, "/lib/ld.so");
	ck_assert_uint_eq(info.nr_needed, 2);
	ck_assert_str_eq(info.needed[0], "libc.so.6");
	ck_assert_str_eq(info.needed[1], "libz.so.1");
	ck_assert_int_eq(elf_parse("#!/bin/sh\n", 10, &info), -ENOEXEC);
	ck_assert_int_eq(elf_parse(ELFMAG "xx", 6, &info), -EINVAL);
	/* cut anywhere: refused or read, never beyond the end (the sanitizer looks) */
	for (i = 0; i < elf.size; i++) {
		_cleanup_elf_ struct elf_info cut = { 0 };
		_cleanup_free_ char *copy = malloc(i ? i : 1);

		memcpy(copy, elf.data, i);
		ck_assert_int_ne(elf_parse(copy, i, &cut), 0);
	}
}
END_TEST

START_TEST(elf_with_wild_offsets)
{
	_cleanup_buf_ struct buf elf = BUF_INIT;
	const char *const libs[] = { "libc.so.6", NULL };
	size_t i, v;
	static const unsigned char values[] = { 0x00, 0x7f, 0xff };

	make_elf(&elf, "/lib/ld.so", libs);
	for (i = SELFMAG; i < elf.size; i++) {
		for (v = 0; v < ARRAY_SIZE(values); v++) {
			_cleanup_elf_ struct elf_info info = { 0 };
			_cleanup_free_ char *copy = malloc(elf.size);

			memcpy(copy, elf.data, elf.size);
			copy[i] = (char)values[v];
			/* no assertion on the result: it must not read out of bounds */
			elf_parse(copy, elf.size, &info);
		}
	}
	ck_assert_uint_gt(elf.size, 100);
}
END_TEST

static void write_elf(const char *name, const char *interp, const char *const *libs)
{
	_cleanup_free_ char *path = in_dir(name);
	_cleanup_buf_ struct buf elf = BUF_INIT;

	make_elf(&elf, interp, libs);
	ck_assert_int_eq(fs_write_atomic(path, elf.data, elf.size, 0755, NULL), 0);
}

static int note_lib(const char *soname, const char *path, void *arg, struct err *err)
{
	(void)err;
	ck_assert(fs_exists(path));
	buf_addf(arg, "%s ", soname);
	return 0;
}

START_TEST(elf_closure_is_complete)
{
	const char *const prog[] = { "libb.so", NULL };
	const char *const libb[] = { "liba.so", "ld.so", NULL };
	const char *const none[] = { NULL }, *const search[] = { "usr/lib", "lib", NULL };
	_cleanup_free_ char *lib = in_dir("usr/lib"), *lib2 = in_dir("lib");
	_cleanup_free_ char *program = in_dir("prog"), *link = in_dir("usr/lib/liba.so");
	const char *programs[] = { program, NULL };
	_cleanup_buf_ struct buf seen = BUF_INIT;
	struct err err = { 0 };

	ck_assert_int_eq(fs_mkdirs(lib, NULL), 0);
	ck_assert_int_eq(fs_mkdirs(lib2, NULL), 0);
	write_elf("prog", "/lib/ld.so", prog);
	write_elf("usr/lib/libb.so", NULL, libb);
	ck_assert_int_eq(elf_closure(dir, search, programs, note_lib, &seen, &err), -1);
	ck_assert_msg(strstr(err.msg, "library liba.so, which") &&
		      strstr(err.msg, "libb.so needs"), "%s", err.msg);
	write_elf("lib/liba.so.1", NULL, none);
	write_elf("lib/ld.so", NULL, none);
	/* as packages have it: an absolute link, which must stay inside the root */
	ck_assert_int_eq(symlink("/lib/liba.so.1", link), 0);
	buf_reset(&seen);
	ck_assert_msg(elf_closure(dir, search, programs, note_lib, &seen, &err) == 0, "%s",
		      err.msg);
	ck_assert_str_eq(seen.data, "liba.so libb.so /lib/ld.so ");
}
END_TEST

START_TEST(root_links_stay_inside)
{
	_cleanup_free_ char *sub = in_dir("etc"), *file = in_dir("etc/x"), *up = in_dir("up");
	_cleanup_free_ char *loop = in_dir("loop"), *out = in_dir("out");
	char *path;

	ck_assert_int_eq(fs_mkdirs(sub, NULL), 0);
	write_text(file, "x");
	ck_assert_int_eq(symlink("../../../../etc", up), 0);
	ck_assert_int_eq(symlink("loop", loop), 0);
	ck_assert_int_eq(symlink("/etc/passwd", out), 0);
	path = root_resolve(dir, "up/x");
	ck_assert_str_eq(path, file);
	free(path);
	ck_assert_ptr_null(root_resolve(dir, "loop"));
	ck_assert_ptr_null(root_resolve(dir, "out"));
	ck_assert_ptr_null(root_resolve(dir, "etc/nothing"));
}
END_TEST

/* Kconfig */

static const struct {
	const char *fragment, *config, *lost;
} kconfig[] = {
	{ "CONFIG_A=y\n", "CONFIG_A=y\n", "" },
	{ "CONFIG_A=y\n", "# CONFIG_A is not set\n", "CONFIG_A=y" },
	{ "CONFIG_A=y\n", "CONFIG_AB=y\n", "CONFIG_A=y" },
	{ "CONFIG_A=y\n", "XCONFIG_A=y\nCONFIG_A=yes\n", "CONFIG_A=y" },
	{ "# a comment\n\nCONFIG_N=4  \n", "CONFIG_N=4\n", "" },
	{ "CONFIG_N=4\n", "CONFIG_N=64\n", "CONFIG_N=4" },
	{ "CONFIG_A=n\n", "# CONFIG_A is not set\n", "" },
	{ "CONFIG_A=n\n", "", "" },
	{ "CONFIG_A=n\n", "CONFIG_A=y\n", "CONFIG_A=n" },
	{ "# CONFIG_A is not set\n", "CONFIG_A=y\n", "# CONFIG_A is not set" },
	{ "# CONFIG_A is not set\n", "CONFIG_AB=y\n", "" },
	{ "CONFIG_S=\"a b\"\nCONFIG_X=y\nCONFIG_Y=y\n", "CONFIG_S=\"a b\"\n",
	  "CONFIG_X=y, CONFIG_Y=y" },
};

START_TEST(kconfig_lines)
{
	_cleanup_buf_ struct buf lost = BUF_INIT;

	kconfig_lost(kconfig[_i].fragment, kconfig[_i].config, &lost);
	ck_assert_str_eq(lost.data ? lost.data : "", kconfig[_i].lost);
}
END_TEST

START_TEST(versions_of_trees)
{
	_cleanup_free_ char *makefile = in_dir("Makefile"), *xen = in_dir("xen");
	_cleanup_free_ char *xen_makefile = in_dir("xen/Makefile");
	struct err err = { 0 };
	char *version = NULL;

	write_text(makefile, "# SPDX\nVERSION = 6\nPATCHLEVEL = 13\nSUBLEVEL = 0\n"
		   "EXTRAVERSION = -rc1\nNAME = x\n");
	ck_assert_int_eq(kernel_version(dir, &version, &err), 0);
	ck_assert_str_eq(version, "6.13.0-rc1");
	free(version);
	ck_assert_int_eq(fs_mkdirs(xen, NULL), 0);
	write_text(xen_makefile, "export XEN_VERSION       = 4\nexport XEN_SUBVERSION    = 17\n"
		   "export XEN_EXTRAVERSION ?= .5$(XEN_VENDORVERSION)\n");
	ck_assert_int_eq(xen_version(dir, &version, &err), 0);
	ck_assert_str_eq(version, "4.17.5");
	free(version);
	write_text(makefile, "all:\n");
	ck_assert_int_eq(kernel_version(dir, &version, &err), -1);
	ck_assert_int_eq(err_exit(&err), GB_USAGE);
}
END_TEST

/* image lists */

START_TEST(image_of_every_kind)
{
	_cleanup_image_ struct image image = { 0 };
	struct err err = { 0 };

	ck_assert_msg(image_parse(&image, "l", "# c\ndir /bin 0755\n\n"
				  "file /bin/a  x-arm64:u/a 0700 # c\n"
				  "link /bin/b a\nnode /console c 5 1 0600\nlibs /bin debs-x\n",
				  &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(image.nr, 5);
	ck_assert_int_eq(image.entries[1].type, IMAGE_FILE);
	ck_assert_str_eq(image.entries[1].artifact, "x-arm64");
	ck_assert_str_eq(image.entries[1].from, "u/a");
	ck_assert_uint_eq(image.entries[1].mode, 0700);
	ck_assert_uint_eq(image.entries[1].line, 4);
	ck_assert_str_eq(image.entries[2].from, "a");
	ck_assert_uint_eq(image.entries[3].dev_major, 5);
	ck_assert_str_eq(image.entries[4].artifact, "debs-x");
}
END_TEST

static const struct {
	const char *text, *why;
} bad_lists[] = {
	{ "", "empty" },
	{ "# nothing\n", "empty" },
	{ "dir /a 0755\nfiel /a/b x:y 0644\n", "l:2: not one of" },
	{ "dir a 0755\n", "l:1: paths in the guest are absolute" },
	{ "dir /a 0788\n", "octal" },
	{ "dir /a -1\n", "octal" },
	{ "dir /a 77777\n", "octal" },
	{ "file /b xy 0644\n", "ARTIFACT:PATH" },
	{ "file /b :y 0644\n", "ARTIFACT:PATH" },
	{ "file /a/b x:y 0644\n", "l:1: its directory is not listed" },
	{ "link /a b c d\n", "not one of" },
	{ "node /n x 1 1 0600\n", "a node is" },
	{ "node /n c 99999 1 0600\n", "a node is" },
	{ "dir /a 0755 1 2 3 4 5 6 7\n", "too many words" },
};

START_TEST(image_refuses)
{
	_cleanup_image_ struct image image = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(image_parse(&image, "l", bad_lists[_i].text, &err), -1);
	ck_assert_msg(strstr(err.msg, bad_lists[_i].why) != NULL, "%s", err.msg);
	ck_assert_int_eq(err_exit(&err), GB_USAGE);
	ck_assert_uint_eq(image.nr, 0);
}
END_TEST

/* host tools */

START_TEST(missing_tools_name_their_packages)
{
	_cleanup_free_ char *old = xstrdup(getenv("PATH"));
	struct err err = { 0 };

	setenv("PATH", dir, 1);
	ck_assert_int_eq(hosttools_check(&err), -1);
	setenv("PATH", old, 1);
	ck_assert_ptr_nonnull(strstr(err.msg, "aarch64-linux-gnu-gcc"));
	ck_assert_ptr_nonnull(strstr(err.msg, "apt-get install"));
	ck_assert_ptr_nonnull(strstr(err.msg, " gcc-aarch64-linux-gnu"));
	ck_assert_ptr_null(strstr(err.msg, "ccache"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("build-parts");
	TCase *t = tcase_create("parts");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, key_is_its_lines);
	tcase_add_test(t, key_of_a_directory);
	tcase_add_test(t, memo_remembers_until_the_file_changes);
	tcase_add_test(t, unpack_keeps_files_links_and_times);
	tcase_add_loop_test(t, unpack_refuses, 0, ARRAY_SIZE(hostile));
	tcase_add_test(t, unpack_of_nested_archives);
	tcase_add_test(t, unpack_of_a_cut_archive);
	tcase_add_test(t, cpio_is_newc_and_reproducible);
	tcase_add_test(t, cpio_whole_or_not_at_all);
	tcase_add_test(t, elf_needs);
	tcase_add_test(t, elf_with_wild_offsets);
	tcase_add_test(t, elf_closure_is_complete);
	tcase_add_test(t, root_links_stay_inside);
	tcase_add_loop_test(t, kconfig_lines, 0, ARRAY_SIZE(kconfig));
	tcase_add_test(t, versions_of_trees);
	tcase_add_test(t, image_of_every_kind);
	tcase_add_loop_test(t, image_refuses, 0, ARRAY_SIZE(bad_lists));
	tcase_add_test(t, missing_tools_name_their_packages);
	suite_add_tcase(s, t);
	return lib_check_main(s);
}
