// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/spawn.h"
#include "tests/lib-check.h"

#define MAX_ARGS 40
#define LINE_MS 10000

void cli_setup(struct cli *cli)
{
	_cleanup_free_ char *here = fs_program_dir();

	cli->program = xasprintf("%s/../grantbench", here);
	ck_assert_msg(fs_exists(cli->program), "%s is not built", cli->program);
	cli->dir = lib_check_tmpdir();
}

void cli_teardown(struct cli *cli)
{
	fs_remove_tree(cli->dir, NULL);
	free(cli->dir);
	free(cli->program);
}

int cli_run(const struct cli *cli, const char *const *args, const char *const *env,
	    int timeout_ms, struct buf *out)
{
	_cleanup_free_ char *log = xasprintf("%s/log", cli->dir);
	_cleanup_fclose_ FILE *f = fopen(log, "ae");
	const char *argv[MAX_ARGS + 2] = { cli->program };
	struct spawn_req req = SPAWN_REQ_INIT;
	_cleanup_buf_ struct buf all = BUF_INIT;
	struct proc proc = PROC_INIT;
	struct err err = { 0 };
	size_t n = 1;
	long start;

	ck_assert_ptr_nonnull(f);
	fseek(f, 0, SEEK_END);
	start = ftell(f);
	while (*args && n <= MAX_ARGS)
		argv[n++] = *args++;
	ck_assert_msg(!*args, "more than %d arguments", MAX_ARGS);
	req.argv = argv;
	req.env = env;
	req.cwd = cli->in_dir ? cli->dir : NULL;
	req.stdout_fd = req.stderr_fd = fileno(f);
	ck_assert_msg(spawn_start(&proc, &req, &err) == 0, "%s", err.msg);
	if (!spawn_wait(&proc, timeout_ms)) {
		spawn_end(&proc, 5000);
		ck_abort_msg("no end within %d ms, log: %s", timeout_ms, log);
	}
	ck_assert_msg(WIFEXITED(proc.status), "%s was killed", cli->program);
	if (out) {
		ck_assert_int_eq(fs_read(log, &all, NULL), 0);
		buf_add(out, all.data + start, all.size - (size_t)start);
		buf_addstr(out, "");
	}
	return WEXITSTATUS(proc.status);
}

int cli_line(const struct cli *cli, const char *line, const char *const *env, struct buf *out)
{
	_cleanup_free_ char *copy = xstrdup(line);
	const char *args[MAX_ARGS + 1];
	char *word, *save = NULL;
	size_t n = 0;

	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		ck_assert_uint_lt(n, MAX_ARGS);
		args[n++] = word;
	}
	args[n] = NULL;
	return cli_run(cli, args, env, LINE_MS, out);
}

char *cli_log(const struct cli *cli)
{
	_cleanup_free_ char *log = xasprintf("%s/log", cli->dir);
	struct buf text = BUF_INIT;

	fs_read(log, &text, NULL);
	return buf_detach(&text);
}
