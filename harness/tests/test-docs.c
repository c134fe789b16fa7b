// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The documents against what they describe: the generated man page, commands and
 * options in grantbench(1), and paths that the documents name.
 */
#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "tests/lib-check.h"
#include "tests/lib-cli.h"

static struct cli cli;

static void setup(void)
{
	cli_setup(&cli);
}

static void teardown(void)
{
	cli_teardown(&cli);
}

static void read_file(const char *path, struct buf *out)
{
	struct err err = { 0 };

	ck_assert_msg(fs_read(path, out, &err) == 0, "%s (run from the top of the tree)", err.msg);
	buf_addstr(out, "");
}

START_TEST(scenario_page_is_the_table)
{
	_cleanup_buf_ struct buf page = BUF_INIT, made = BUF_INIT;

	read_file("docs/grantbench-scenario.5", &page);
	ck_assert_int_eq(cli_line(&cli, "help scenario --roff", NULL, &made), 0);
	ck_assert_msg(!strcmp(page.data, made.data),
		      "docs/grantbench-scenario.5 is not what `grantbench help scenario --roff` "
		      "prints: write it anew");
}
END_TEST

static const char *const commands[] = {
	"doctor", "build", "dt", "boot", "run", "compare", "digest", "list",
};

/* The page with "\-" as "-", so that options can be looked for. */
static void read_page(struct buf *out)
{
	_cleanup_buf_ struct buf raw = BUF_INIT;
	size_t i;

	read_file("docs/grantbench.1", &raw);
	for (i = 0; i < raw.size; i++)
		if (raw.data[i] != '\\')
			buf_add(out, &raw.data[i], 1);
}

/* Each command has an entry in the page, and so has each option in its help. */
START_TEST(page_has_all_commands_and_options)
{
	_cleanup_free_ char *line = xasprintf("%s --help", commands[_i]);
	_cleanup_free_ char *entry = xasprintf("\n.B %s\n", commands[_i]);
	_cleanup_buf_ struct buf page = BUF_INIT, help = BUF_INIT;
	const char *p;

	read_page(&page);
	ck_assert_msg(strstr(page.data, entry) != NULL, "docs/grantbench.1 has no entry %s",
		      commands[_i]);
	ck_assert_int_eq(cli_line(&cli, line, NULL, &help), 0);
	for (p = help.data; (p = strstr(p, "--")); ) {
		size_t len = 2 + strspn(p + 2, "abcdefghijklmnopqrstuvwxyz-");
		_cleanup_free_ char *option = xstrndup(p, len);

		ck_assert_msg(len == 2 || strstr(page.data, option) != NULL,
			      "docs/grantbench.1 does not have %s of grantbench %s", option,
			      commands[_i]);
		p += len;
	}
}
END_TEST

START_TEST(main_lists_all_commands)
{
	_cleanup_free_ char *want = xasprintf("\n  %s ", commands[_i]);
	_cleanup_buf_ struct buf help = BUF_INIT;

	ck_assert_int_eq(cli_line(&cli, "help", NULL, &help), 0);
	ck_assert_msg(strstr(help.data, want) != NULL, "%s", help.data);
}
END_TEST

static const char *const documents[] = {
	"README.md", "docs/ARCHITECTURE.md", "docs/PERFORMANCE.md", "docs/adding.md",
	"guests/linux/README.md", "guests/backend/README.md", "images/README.md",
};

static const char *const folders[] = {
	"harness/", "guests/", "scenarios/", "docs/", "images/", "ci/", "results/schema/",
};

/* `code` that is the path of a file of ours; patterns and placeholders are not. */
static bool is_path(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("/._-", s[i]))
			return false;
	if (strstr(s, "NAME") && strstr(s, "NAME") < s + len)
		return false;
	for (i = 0; i < ARRAY_SIZE(folders); i++)
		if (len > strlen(folders[i]) && !strncmp(s, folders[i], strlen(folders[i])))
			return true;
	return false;
}

START_TEST(paths_exist)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t found = 0;
	const char *p;

	read_file(documents[_i], &text);
	for (p = text.data; (p = strchr(p, '`')); ) {
		size_t len = strcspn(++p, "`\n");
		_cleanup_free_ char *path = xstrndup(p, len);

		if (is_path(path, len)) {
			ck_assert_msg(fs_exists(path), "%s names %s, which does not exist",
				      documents[_i], path);
			found++;
		}
		p += len + (p[len] == '`');
	}
	/* links between documents, relative to their folder */
	for (p = text.data; (p = strstr(p, "](")); ) {
		size_t len = strcspn(p += 2, ")#\n");
		const char *slash = strrchr(documents[_i], '/');
		_cleanup_free_ char *path = xasprintf("%.*s%.*s",
						      slash ? (int)(slash + 1 - documents[_i]) : 0,
						      documents[_i], (int)len, p);

		if (!len || !strncmp(p, "http", 4))
			continue;
		ck_assert_msg(fs_exists(path), "%s links to %s, which does not exist", documents[_i],
			      path);
		found++;
	}
	/* the two that are maps of the tree must name something */
	if (!strcmp(documents[_i], "docs/adding.md") || !strcmp(documents[_i], "README.md"))
		ck_assert_uint_gt(found, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("docs");
	TCase *tc = tcase_create("docs");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, scenario_page_is_the_table);
	tcase_add_loop_test(tc, page_has_all_commands_and_options, 0, ARRAY_SIZE(commands));
	tcase_add_loop_test(tc, main_lists_all_commands, 0, ARRAY_SIZE(commands));
	tcase_add_loop_test(tc, paths_exist, 0, ARRAY_SIZE(documents));
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
