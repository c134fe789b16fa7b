// SPDX-License-Identifier: GPL-2.0-or-later
/* build/: what the mirror said, pins, patched trees. No network. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/apt.h"
#include "build/pins.h"
#include "build/sources.h"
#include "build/tree.h"
#include "lib/cleanup.h"
#include "tests/lib-check.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

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

/* apt's words */

static const struct {
	const char *lines, *mirror;
} mirrors[] = {
	{ "http://m/debian/\tDebian\tDebian\n", "http://m/debian" },
	{ "http://s/debian-security/\tDebian\tDebian-Security\nhttp://m/debian\tDebian\tDebian\n",
	  "http://m/debian" },
	{ "https://deb.vendor/x\tVendor\tDebian\nhttp://b/d/\tDebian Backports\tDebian Backports\n",
	  NULL },
	{ "file:/srv/debian/\tDebian\tDebian\n", "file:/srv/debian" },
	{ "", NULL },
	{ "nonsense\n\t\t\n", NULL },
};

START_TEST(mirror_is_debians_own)
{
	_cleanup_free_ char *mirror = apt_pick_mirror(mirrors[_i].lines);

	if (mirrors[_i].mirror)
		ck_assert_str_eq(mirror, mirrors[_i].mirror);
	else
		ck_assert_ptr_null(mirror);
}
END_TEST

START_TEST(uri_line_is_parsed)
{
	struct pkgfile f = { 0 };

	ck_assert(apt_parse_uri_line("'http://m/debian/pool/main/z/zlib/zlib1g_1.2%2b1_arm64.deb' "
				     "zlib1g_1%3a1.2+1_arm64.deb 82744 SHA256:" SHA,
				     "http://m/debian", &f));
	ck_assert_str_eq(f.package, "zlib1g");
	ck_assert_str_eq(f.version, "1:1.2+1");
	ck_assert_str_eq(f.arch, "arm64");
	ck_assert_str_eq(f.file, "zlib1g_1%3a1.2+1_arm64.deb");
	ck_assert_str_eq(f.uri, "pool/main/z/zlib/zlib1g_1.2%2b1_arm64.deb");
	ck_assert_uint_eq(f.size, 82744);
	ck_assert_str_eq(f.sha256, SHA);
	pkgfile_release(&f);
}
END_TEST

static const char *const bad_lines[] = {
	"Reading package lists...",
	"'http://m/debian/a_1_arm64.deb' a_1_arm64.deb 5 MD5Sum:0123",
	"'http://m/debian/a_1_arm64.deb' a_1_arm64.deb 5 SHA256:0123",
	"'http://other/debian/a_1_arm64.deb' a_1_arm64.deb 5 SHA256:" SHA,
	"'http://m/debianX/a_1_arm64.deb' a_1_arm64.deb 5 SHA256:" SHA,
	"'http://m/debian/a_1_arm64.deb' ../a_1_arm64.deb 5 SHA256:" SHA,
	"'http://m/debian/a_1_arm64.deb' .a_1_arm64.deb 5 SHA256:" SHA,
	"'http://m/debian/a.deb' a.deb 5 SHA256:" SHA,
	"'http://m/debian/a_1.deb' a_1.deb 5 SHA256:" SHA,
	"''",
};

START_TEST(uri_line_is_refused)
{
	struct pkgfile f = { 0 };

	ck_assert(!apt_parse_uri_line(bad_lines[_i], "http://m/debian", &f));
	ck_assert_ptr_null(f.package);
}
END_TEST

/* pins */

static struct pkgfile a_file(void)
{
	struct pkgfile f = {
		.package = (char *)"fio", .version = (char *)"3.33-3", .arch = (char *)"source",
		.suite = (char *)"bookworm", .file = (char *)"fio_3.33.orig.tar.gz",
		.uri = (char *)"pool/main/f/fio/fio_3.33.orig.tar.gz", .size = 77, .sha256 = SHA,
	};

	return f;
}

START_TEST(pins_come_back)
{
	_cleanup_free_ char *path = in_dir("pins.json");
	const struct pin_set *fio = pin_set_find("fio"), *xen = pin_set_find("xen");
	struct pkgfile f = a_file();
	struct pins put = { (char *)"3.33", (char *)"bookworm", { &f, 1 } };
	_cleanup_pins_ struct pins got = PINS_INIT;
	struct err err = { 0 };

	ck_assert_int_eq(pins_load(path, fio, &got, &err), 0);
	ck_assert_int_eq(pins_store(path, fio, &put, &err), 0);
	ck_assert_int_eq(pins_store(path, xen, &put, &err), 0);
	ck_assert_int_eq(pins_load(path, fio, &got, &err), 1);
	ck_assert_str_eq(got.series, "3.33");
	ck_assert_str_eq(got.suite, "bookworm");
	ck_assert_uint_eq(got.files.nr, 1);
	ck_assert_str_eq(pins_find(&got, "fio")->uri, f.uri);
	ck_assert_uint_eq(pins_find(&got, "fio")->size, 77);
	ck_assert_str_eq(pins_find(&got, "fio")->sha256, SHA);
	ck_assert_ptr_null(pins_find(&got, "fi"));
	ck_assert_ptr_null(pin_set_find("nosuch"));
}
END_TEST

START_TEST(pins_of_another_definition_do_not_count)
{
	static const struct pin_candidate other[] = {
		{ "3.40", { "forky", NULL, "arm64", true }, "fio", "3.40", NULL, NULL },
	};
	const struct pin_set changed = { "fio", other, 1, NULL };
	_cleanup_free_ char *path = in_dir("pins.json");
	struct pkgfile f = a_file();
	struct pins put = { (char *)"3.33", (char *)"bookworm", { &f, 1 } };
	_cleanup_pins_ struct pins got = PINS_INIT;

	ck_assert_int_eq(pins_store(path, pin_set_find("fio"), &put, NULL), 0);
	ck_assert_int_eq(pins_load(path, &changed, &got, NULL), 0);
	ck_assert_ptr_null(got.series);
}
END_TEST

static const struct {
	const char *text, *why;
} bad_pins[] = {
	{ "{", "pins.json:1: " },
	{ "{\"schema\":\"other/9\"}", "schema is not" },
	{ "[]", "schema is not" },
	{ "{\"schema\":\"grantbench.pins/1\",\"sets\":{\"fio\":{}}}", "\"fio\" is damaged" },
};

START_TEST(pins_refuse)
{
	_cleanup_free_ char *path = in_dir("pins.json");
	_cleanup_pins_ struct pins got = PINS_INIT;
	struct err err = { 0 };

	fs_write_atomic(path, bad_pins[_i].text, strlen(bad_pins[_i].text), 0644, NULL);
	ck_assert_int_eq(pins_load(path, pin_set_find("fio"), &got, &err), -1);
	ck_assert_msg(strstr(err.msg, bad_pins[_i].why) != NULL, "%s", err.msg);
}
END_TEST

START_TEST(pins_with_a_wicked_file_name)
{
	_cleanup_free_ char *path = in_dir("pins.json");
	_cleanup_pins_ struct pins got = PINS_INIT;
	struct pkgfile f = a_file();
	struct pins put = { (char *)"3.33", (char *)"bookworm", { &f, 1 } };
	struct err err = { 0 };

	f.file = (char *)"../../etc/passwd";
	ck_assert_int_eq(pins_store(path, pin_set_find("fio"), &put, NULL), 0);
	ck_assert_int_eq(pins_load(path, pin_set_find("fio"), &got, &err), -1);
	ck_assert_msg(strstr(err.msg, "file 0 is damaged") != NULL, "%s", err.msg);
}
END_TEST

/* patches and trees */

#define PATCH(file, from, to) \
	"--- a/" file "\n+++ b/" file "\n@@ -1 +1 @@\n-" from "\n+" to "\n"
#define CREATES(file, text) "--- /dev/null\n+++ b/" file "\n@@ -0,0 +1 @@\n+" text "\n"
#define REMOVES(file, text) "--- a/" file "\n+++ /dev/null\n@@ -1 +0,0 @@\n-" text "\n"

START_TEST(patch_names_its_files)
{
	char **files;
	size_t nr;

	ck_assert_int_eq(patch_files("From x\n---\n a | 1\n" PATCH("b/c.c", "1", "2")
				     PATCH("a.c", "1", "2") PATCH("a.c", "3", "4")
				     CREATES("new", "x"), &files, &nr), 0);
	ck_assert_uint_eq(nr, 3);
	ck_assert_str_eq(files[0], "a.c");
	ck_assert_str_eq(files[1], "b/c.c");
	ck_assert_str_eq(files[2], "new");
	ck_assert_ptr_null(files[3]);
	tree_free_list(files);
	ck_assert_int_eq(patch_files("no patch\n", &files, &nr), -EINVAL);
	ck_assert_int_eq(patch_files("", &files, &nr), -EINVAL);
	ck_assert_int_eq(patch_files(PATCH("../x", "1", "2"), &files, &nr), -EINVAL);
	ck_assert_int_eq(patch_files(PATCH("a/../../x", "1", "2"), &files, &nr), -EINVAL);
	ck_assert_int_eq(patch_files(PATCH("/etc/x", "1", "2"), &files, &nr), -EINVAL);
}
END_TEST

static unsigned int fills;

static int fill(const char *to, void *arg, struct err *err)
{
	static const char *const files[] = { "one", "two", "three" };
	_cleanup_free_ char *sub = xasprintf("%s/sub", to);
	size_t i;

	(void)arg;
	fills++;
	if (fs_mkdirs(sub, err) < 0)
		return -1;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *path = xasprintf("%s/sub/%s", to, files[i]);
		_cleanup_free_ char *text = xasprintf("%s\n", files[i]);

		if (fs_write_atomic(path, text, strlen(text), 0644, err) < 0)
			return -1;
	}
	return 0;
}

static void open_tree(struct tree *tree)
{
	struct err err = { 0 };

	ck_assert_msg(tree_open(tree, dir, "id", fill, NULL, &err) == 0, "%s", err.msg);
}

static void make_patch(const char *name, const char *text)
{
	_cleanup_free_ char *path = in_dir(name);

	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0644, NULL), 0);
}

static int apply(struct tree *tree, bool skip, struct err *err, const char *a, const char *b)
{
	_cleanup_free_ char *pa = a ? in_dir(a) : NULL;
	_cleanup_free_ char *pb = b ? in_dir(b) : NULL;
	const char *patches[] = { pa, pb };

	return tree_patch(tree, patches, a ? b ? 2 : 1 : 0, skip, err);
}

/* Content of sub/NAME, "" when absent; in a buffer that the next call reuses. */
static const char *content(const struct tree *tree, const char *name)
{
	static char text[64];
	_cleanup_free_ char *path = xasprintf("%s/sub/%s", tree->src, name);
	_cleanup_buf_ struct buf buf = BUF_INIT;

	text[0] = '\0';
	if (fs_exists(path) && fs_read(path, &buf, NULL) == 0)
		snprintf(text, sizeof(text), "%s", buf.data);
	return text;
}

static struct timespec mtime(const struct tree *tree, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/sub/%s", tree->src, name);
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mtim;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

START_TEST(tree_touches_only_what_changes)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	struct timespec one, two, three;
	struct err err = { 0 };

	fills = 0;
	open_tree(&tree);
	make_patch("1.patch", PATCH("sub/one", "one", "ONE"));
	make_patch("2.patch", PATCH("sub/two", "two", "TWO") CREATES("sub/new", "fresh"));
	make_patch("2b.patch", PATCH("sub/two", "two", "TWO!"));
	ck_assert_msg(apply(&tree, false, &err, "1.patch", "2.patch") == 0, "%s", err.msg);
	ck_assert_str_eq(content(&tree, "one"), "ONE\n");
	ck_assert_str_eq(content(&tree, "two"), "TWO\n");
	ck_assert_str_eq(content(&tree, "new"), "fresh\n");
	one = mtime(&tree, "one");
	two = mtime(&tree, "two");
	three = mtime(&tree, "three");
	tree_close(&tree);
	open_tree(&tree);
	ck_assert_uint_eq(fills, 1);
	usleep(20000);
	/* nothing new: nothing written */
	ck_assert_int_eq(apply(&tree, false, &err, "1.patch", "2.patch"), 0);
	ck_assert(same_time(two, mtime(&tree, "two")));
	/* another second patch: the first one's file stays as it is */
	ck_assert_int_eq(apply(&tree, false, &err, "1.patch", "2b.patch"), 0);
	ck_assert_str_eq(content(&tree, "two"), "TWO!\n");
	ck_assert_str_eq(content(&tree, "new"), "");
	ck_assert(!same_time(two, mtime(&tree, "two")));
	ck_assert(same_time(one, mtime(&tree, "one")));
	ck_assert(same_time(three, mtime(&tree, "three")));
	/* none: all original */
	ck_assert_int_eq(apply(&tree, false, &err, NULL, NULL), 0);
	ck_assert_str_eq(content(&tree, "one"), "one\n");
	ck_assert_str_eq(content(&tree, "two"), "two\n");
}
END_TEST

START_TEST(tree_of_patches_on_each_other)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	struct err err = { 0 };

	open_tree(&tree);
	make_patch("1.patch", PATCH("sub/one", "one", "ONE") REMOVES("sub/three", "three"));
	make_patch("2.patch", PATCH("sub/one", "ONE", "uno"));
	ck_assert_msg(apply(&tree, false, &err, "1.patch", "2.patch") == 0, "%s", err.msg);
	ck_assert_str_eq(content(&tree, "one"), "uno\n");
	ck_assert_str_eq(content(&tree, "three"), "");
	ck_assert_int_eq(apply(&tree, false, &err, NULL, NULL), 0);
	ck_assert_str_eq(content(&tree, "three"), "three\n");
}
END_TEST

START_TEST(patch_that_does_not_apply)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	struct err err = { 0 };

	open_tree(&tree);
	make_patch("1.patch", PATCH("sub/one", "one", "ONE"));
	make_patch("bad.patch", PATCH("sub/two", "no such line", "x"));
	ck_assert_int_eq(apply(&tree, false, &err, "1.patch", "bad.patch"), -1);
	ck_assert_msg(strstr(err.msg, "bad.patch does not apply to sub/two") != NULL, "%s",
		      err.msg);
	/* the tree is what it was */
	ck_assert_str_eq(content(&tree, "one"), "one\n");
	ck_assert_str_eq(content(&tree, "two"), "two\n");
	make_patch("none.patch", "nothing here\n");
	ck_assert_int_eq(apply(&tree, false, &err, "none.patch", NULL), -1);
	ck_assert_int_eq(err_exit(&err), GB_USAGE);
}
END_TEST

START_TEST(patch_that_is_in_already)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	struct err err = { 0 };

	open_tree(&tree);
	make_patch("1.patch", PATCH("sub/one", "former", "one"));
	ck_assert_int_eq(apply(&tree, false, &err, "1.patch", NULL), -1);
	ck_assert_msg(apply(&tree, true, &err, "1.patch", NULL) == 0, "%s", err.msg);
	ck_assert_str_eq(content(&tree, "one"), "one\n");
}
END_TEST

START_TEST(objects_stay_only_while_they_may)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	_cleanup_free_ char *object = NULL;
	struct err err = { 0 };
	char *out = NULL;
	static const struct {
		const char *stamp;
		bool ended;	/* the build before this one */
		bool stays;
	} steps[] = {
		{ "gcc 12", true, true }, { "gcc 13", true, false }, { "gcc 13", true, true },
		{ "gcc 13", false, false }, { "gcc 13", true, true },
	};
	size_t i;

	open_tree(&tree);
	ck_assert_int_eq(tree_build_dir(&tree, "arm64", "gcc 12", &out, &err), 0);
	object = xasprintf("%s/x.o", out);
	free(out);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		fs_write_atomic(object, "whole", 5, 0644, NULL);
		if (steps[i].ended)
			ck_assert_int_eq(tree_build_done(&tree, "arm64", &err), 0);
		ck_assert_int_eq(tree_build_dir(&tree, "arm64", steps[i].stamp, &out, &err), 0);
		ck_assert_msg(fs_exists(object) == steps[i].stays, "step %zu", i);
		ck_assert(fs_is_dir(out));
		free(out);
	}
}
END_TEST

static int bad_fill(const char *to, void *arg, struct err *err)
{
	fill(to, arg, err);
	return err_set(err, "the archive is cut");
}

START_TEST(half_unpacked_tree_does_not_stay)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	struct err err = { 0 };
	_cleanup_free_ char *src = in_dir("id/src"), *tmp = in_dir("id/src.tmp");

	ck_assert_int_eq(tree_open(&tree, dir, "id", bad_fill, NULL, &err), -1);
	ck_assert(!fs_exists(src));
	ck_assert(!fs_exists(tmp));
	ck_assert_int_eq(tree.lock_fd, -1);
	/* what a killed unpacking left is in nobody's way */
	ck_assert_int_eq(fs_mkdirs(tmp, NULL), 0);
	open_tree(&tree);
	ck_assert_str_eq(content(&tree, "one"), "one\n");
}
END_TEST

/* a tree that follows the user's own */

static void write_user(const char *rel, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/user/%s", dir, rel);
	_cleanup_free_ char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	ck_assert_int_eq(fs_mkdirs(parent, NULL), 0);
	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0644, NULL), 0);
}

static int follow(struct tree *tree, struct err *err)
{
	_cleanup_free_ char *user = in_dir("user");
	struct builder b = { .work = dir };

	tree_close(tree);
	return sources_open_user(&b, tree, "linux", user, NULL, err);
}

START_TEST(own_tree_is_followed)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	_cleanup_free_ char *two = in_dir("user/sub/two"), *amid = in_dir("user/sub/amid");
	_cleanup_free_ char *git = NULL;
	struct timespec one, three;
	struct err err = { 0 };

	write_user("sub/one", "one\n");
	write_user("sub/amid", "amid\n");
	write_user("sub/two", "two\n");
	write_user("sub/three", "three\n");
	write_user(".git/HEAD", "ref\n");
	make_patch("1.patch", PATCH("sub/one", "one", "ONE") CREATES("sub/new", "fresh"));
	ck_assert_msg(follow(&tree, &err) == 0, "%s", err.msg);
	git = xasprintf("%s/.git", tree.src);
	ck_assert(!fs_exists(git));
	ck_assert_int_eq(apply(&tree, true, &err, "1.patch", NULL), 0);
	one = mtime(&tree, "one");
	three = mtime(&tree, "three");
	usleep(20000);
	/* nothing changed: nothing written, patches stay */
	ck_assert_int_eq(follow(&tree, &err), 0);
	ck_assert_int_eq(apply(&tree, true, &err, "1.patch", NULL), 0);
	ck_assert(same_time(one, mtime(&tree, "one")));
	ck_assert(same_time(three, mtime(&tree, "three")));
	/* a changed file is the new original; a removed one goes; a new one comes */
	write_user("sub/one", "zero\none\n");
	write_user("sub/four", "four\n");
	ck_assert_int_eq(unlink(two), 0);
	ck_assert_int_eq(unlink(amid), 0);
	ck_assert_int_eq(follow(&tree, &err), 0);
	ck_assert_str_eq(content(&tree, "one"), "zero\none\n");
	ck_assert_str_eq(content(&tree, "two"), "");
	ck_assert_str_eq(content(&tree, "amid"), "");
	ck_assert_str_eq(content(&tree, "four"), "four\n");
	ck_assert(same_time(three, mtime(&tree, "three")));
	ck_assert_int_eq(apply(&tree, true, &err, "1.patch", NULL), 0);
	ck_assert_str_eq(content(&tree, "one"), "zero\nONE\n");
	ck_assert_str_eq(content(&tree, "new"), "fresh\n");
	/* the user's own is as the user left it */
	ck_assert_int_eq(apply(&tree, true, &err, NULL, NULL), 0);
	ck_assert_str_eq(content(&tree, "one"), "zero\none\n");
	ck_assert_str_eq(content(&tree, "new"), "");
}
END_TEST

START_TEST(own_tree_brings_what_a_patch_created)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	struct err err = { 0 };

	write_user("sub/one", "one\n");
	make_patch("1.patch", CREATES("sub/new", "fresh"));
	ck_assert_int_eq(follow(&tree, &err), 0);
	ck_assert_int_eq(apply(&tree, true, &err, "1.patch", NULL), 0);
	/* the patch was merged into the user's tree, which the user then changed */
	write_user("sub/new", "fresh\n");
	ck_assert_int_eq(follow(&tree, &err), 0);
	ck_assert_msg(apply(&tree, true, &err, "1.patch", NULL) == 0, "%s", err.msg);
	ck_assert_str_eq(content(&tree, "new"), "fresh\n");
	ck_assert_int_eq(apply(&tree, true, &err, NULL, NULL), 0);
	ck_assert_str_eq(content(&tree, "new"), "fresh\n");
}
END_TEST

START_TEST(killed_copy_starts_anew)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	_cleanup_free_ char *index = NULL, *half = NULL;
	struct err err = { 0 };

	write_user("sub/one", "one\n");
	make_patch("1.patch", PATCH("sub/one", "one", "ONE"));
	ck_assert_int_eq(follow(&tree, &err), 0);
	ck_assert_int_eq(apply(&tree, true, &err, "1.patch", NULL), 0);
	index = xasprintf("%s/index", tree.dir);
	half = xasprintf("%s/sub/half", tree.src);
	ck_assert_int_eq(unlink(index), 0);
	ck_assert_int_eq(fs_write_atomic(half, "x", 1, 0644, NULL), 0);
	ck_assert_int_eq(follow(&tree, &err), 0);
	ck_assert(!fs_exists(half));
	ck_assert_str_eq(content(&tree, "one"), "one\n");
	ck_assert_int_eq(apply(&tree, true, &err, "1.patch", NULL), 0);
	ck_assert_str_eq(content(&tree, "one"), "ONE\n");
}
END_TEST

START_TEST(tree_built_in_place_is_refused)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	struct err err = { 0 };

	write_user("include/config/auto.conf", "");
	ck_assert_int_eq(follow(&tree, &err), -1);
	ck_assert_int_eq(err_exit(&err), GB_USAGE);
	ck_assert_msg(strstr(err.msg, "built in place") != NULL, "%s", err.msg);
}
END_TEST

START_TEST(superseded_trees_go)
{
	static const struct {
		const char *name;
		bool stays;
	} trees[] = {
		{ "linux-6.1-0123456789ab", true },	{ "linux-6.1-aaaaaaaaaaaa", false },
		{ "linux-6.12-bbbbbbbbbbbb", true },	{ "linux-6.1-dddddddddddd.lock", true },
	};
	struct builder b = { .work = dir };
	_cleanup_tree_ struct tree busy = TREE_INIT;
	struct err err = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(trees); i++) {
		_cleanup_free_ char *path = in_dir(trees[i].name);

		ck_assert_int_eq(fs_mkdirs(path, NULL), 0);
	}
	ck_assert_int_eq(tree_open(&busy, dir, "linux-6.1-cccccccccccc", fill, NULL, &err), 0);
	sources_drop_others(&b, "linux-6.1", "linux-6.1-0123456789ab");
	for (i = 0; i < ARRAY_SIZE(trees); i++) {
		_cleanup_free_ char *path = in_dir(trees[i].name);

		ck_assert_msg(fs_exists(path) == trees[i].stays, "%s", trees[i].name);
	}
	ck_assert(fs_exists(busy.src));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("build-sources");
	TCase *t = tcase_create("sources");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, mirror_is_debians_own, 0, ARRAY_SIZE(mirrors));
	tcase_add_test(t, uri_line_is_parsed);
	tcase_add_loop_test(t, uri_line_is_refused, 0, ARRAY_SIZE(bad_lines));
	tcase_add_test(t, pins_come_back);
	tcase_add_test(t, pins_of_another_definition_do_not_count);
	tcase_add_loop_test(t, pins_refuse, 0, ARRAY_SIZE(bad_pins));
	tcase_add_test(t, pins_with_a_wicked_file_name);
	tcase_add_test(t, patch_names_its_files);
	tcase_add_test(t, tree_touches_only_what_changes);
	tcase_add_test(t, tree_of_patches_on_each_other);
	tcase_add_test(t, patch_that_does_not_apply);
	tcase_add_test(t, patch_that_is_in_already);
	tcase_add_test(t, objects_stay_only_while_they_may);
	tcase_add_test(t, half_unpacked_tree_does_not_stay);
	tcase_add_test(t, own_tree_is_followed);
	tcase_add_test(t, own_tree_brings_what_a_patch_created);
	tcase_add_test(t, killed_copy_starts_anew);
	tcase_add_test(t, tree_built_in_place_is_refused);
	tcase_add_test(t, superseded_trees_go);
	suite_add_tcase(s, t);
	return lib_check_main(s);
}
