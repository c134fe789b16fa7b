// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The allocators under threads, watched by ThreadSanitizer: in a program of its own
 * (harness/sim/alloc-threads.c), since sanitizers do not mix.
 */
#include <check.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/spawn.h"
#include "tests/lib-check.h"

static const char *const variants[] = {
#ifdef SIM_GREF_nextfit
	"nextfit",
#endif
#ifdef SIM_GREF_magazine
	"magazine",
#endif
};

/* The exit status; what was said is in out. */
static int run(const char *program, const char *variant, const char *threads, const char *ops,
	       const char *seed, struct buf *out)
{
	_cleanup_free_ char *dir = fs_program_dir();
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, program);
	const char *const argv[] = { path, variant, threads, ops, seed, NULL };
	struct spawn_req req = SPAWN_REQ_INIT;
	struct err err = { 0 };

	req.argv = argv;
	if (spawn_run(&req, 120000, out, &err) == 0)
		return 0;
	buf_addstr(out, err.msg);
	return strstr(err.msg, "exit status 66") ? 66 : 1;
}

START_TEST(no_races)
{
	static const char *const seeds[] = { "1", "2", "3" };
	_cleanup_buf_ struct buf out = BUF_INIT;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(seeds); i++) {
		int ret = run("alloc-threads", variants[_i], i % 2 ? "4" : "2", "15000", seeds[i], &out);

		ck_assert_msg(ret == 0, "%s: %s", variants[_i], out.data);
		ck_assert_msg(strstr(out.data, "allocations") != NULL, "%s", out.data);
	}
}
END_TEST

/* Known-bad: the same files with locks that lock nothing. */
START_TEST(races_are_seen)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	ck_assert_int_ne(run("alloc-threads-bad", variants[_i], "2", "15000", "1", &out), 0);
	ck_assert_msg(strstr(out.data, "ThreadSanitizer") || strstr(out.data, "twice") ||
		      strstr(out.data, "signal"), "%s", out.data);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("alloc-threads");
	TCase *tc = tcase_create("threads");

	tcase_set_timeout(tc, 400);
	tcase_add_loop_test(tc, no_races, 0, (int)ARRAY_SIZE(variants));
	tcase_add_loop_test(tc, races_are_seen, 0, (int)ARRAY_SIZE(variants));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
