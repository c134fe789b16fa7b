// SPDX-License-Identifier: GPL-2.0-or-later
/* Scenario files: what is read, what is refused and with which words. */
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "scenario/scenario.h"
#include "tests/lib-check.h"

static char *dir;

static void setup(void)
{
	struct err err = { 0 };
	char *job;

	dir = lib_check_tmpdir();
	job = xasprintf("%s/blk-randread.fio", dir);
	ck_assert_int_eq(fs_write_atomic(job, "[x]\n", 4, 0644, &err), 0);
	free(job);
}

static void teardown(void)
{
	fs_remove_tree(dir, NULL);
	free(dir);
}

static int load(const char *text, struct scenario **s, struct err *err)
{
	char *path = xasprintf("%s/t.ini", dir);
	int ret;

	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0644, err), 0);
	ret = scenario_load(path, s, err);
	free(path);
	return ret;
}

static const struct {
	const char *text;
	const char *want;	/* in the message */
} bad[] = {
	{ "[variant]\nbindng = iommus\n", "t.ini:2: unknown key \"bindng\" in [variant]" },
	{ "[varant]\nbinding = iommus\n", "t.ini:2: unknown section [varant]" },
	{ "binding = iommus\n", "t.ini:1: key \"binding\" before any [section]" },
	{ "[variant]\n\nbinding = iommus\nbinding = none\n", "t.ini:4: binding stands twice in [variant], first in line 3" },
	{ "[variant]\nbinding = iommus, iommus\n", "\"iommus\" stands twice in the list" },
	{ "[variant]\nbinding = iommus,,none\n", "binding: empty value" },
	{ "[variant]\nbinding = iommu\n", "t.ini:2: binding: \"iommu\" is not one of: dev-domid, iommus" },
	{ "[variant]\narch = riscv\n", "t.ini:2: arch: \"riscv\" is not one of: arm64, x86_64" },
	{ "[topology]\npeer = nobody\n", "is not one of: dom0, domu, loop" },
	{ "[variant]\ntopology = driver-domain\n[topology]\ndom0_mem_mib = 600\n", "domu_mem_mib + driver_mem_mib + 192" },
	{ "[variant]\ntopology = driver-dom0less\n[topology]\ndom0_mem_mib = 600\n", "domu_mem_mib + driver_mem_mib + 192" },
	{ "[variant]\ntopology = driver-domain, xl\n[topology]\nbackend_domid = 1\n", "and only alone" },
	{ "[topology]\nqueues = many\n", "queues: \"many\" is not a whole number" },
	{ "[topology]\nqueues = 5\n", "queues: 5 is out of range (1 to 4)" },
	{ "[topology]\nqueues = -1\n", "is not a whole number" },
	{ "[topology]\nqueues = 18446744073709551616\n", "is not a whole number" },
	{ "[topology]\nqueue_size = 100\n", "not a power of two" },
	{ "[topology]\nqueues =\n", "queues: no value" },
	{ "[topology]\nbackend_domid = 1\n", "backend_domid: 1: only topology driver-domain has a backend outside dom0" },
	{ "[topology]\nbackend_domid = 32752\n", "out of range (0 to 32751)" },
	{ "[topology]\ndom0_mem_mib = 768\ndomu_mem_mib = 256\n", "ram_mib: 1024 is too small" },
	{ "[topology]\nreadonly = perhaps\n", "neither yes nor no" },
	{ "[workload]\nkind = isolate\n", "kind = isolate needs attacks, and only it has any" },
	{ "[workload]\nattack = keep\n", "kind = isolate needs attacks, and only it has any" },
	{ "[workload]\nbs = 4q\n", "\"4q\" is not a size" },
	{ "[workload]\nbs = 100\n", "out of range" },
	{ "[workload]\njob = nowhere.fio\n", "there is no file" },
	{ "[workload]\nkind = selftest\nperf = record\n", "kind = selftest has no timed part for it" },
	{ "[workload]\nperf = top\n", "is not one of" },
	{ "[budget]\nmaps = 4\n", "write \"METRIC <= NUMBER\"" },
	{ "[budget]\nmaps <= four\n", "\"four\" is not a number" },
	{ "[budget]\nmaps <= nan\n", "is not a number" },
	{ "[exclude]\nleave_out = binding=iommus\n", "no reason" },
	{ "[exclude]\nleave_out = bindin=iommus: x\n", "there is no axis \"bindin\"" },
	{ "[exclude]\nleave_out = binding=iomms: x\n", "is not one of" },
	{ "[exclude]\nleave_out = iommus: x\n", "is not AXIS=VALUE" },
	{ "[exclude]\nleave_out = : x\n", "no condition" },
	{ "[exclude]\nskip = binding=iommus: x\n", "unknown key \"skip\"" },
	{ "[expect]\nfail = binding=iommus\n", "fail: no reason" },
	{ "[expect]\nrefuse = bindin=iommus: x\n", "refuse: there is no axis \"bindin\"" },
	{ "[expect]\npass = binding=iommus: x\n", "unknown key \"pass\" in [expect]" },
	{ "[variant]\nnonsense\n", "t.ini:2: neither [section] nor" },
	{ "[variant\n", "t.ini:1: neither [section] nor" },
	{ "[variant]\nbinding = iommus\n  none\n", "t.ini:3: line starts with white space" },
	{ "[variant]\nbinding = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "t.ini:2: line is longer than" },
};

START_TEST(refuses)
{
	struct scenario *s = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(load(bad[_i].text, &s, &err), -1);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(err.code, GB_USAGE);
	ck_assert_msg(strstr(err.msg, bad[_i].want), "\"%s\" lacks \"%s\"", err.msg, bad[_i].want);
}
END_TEST

START_TEST(missing_file)
{
	struct scenario *s = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(scenario_load("no-such-scenario", &s, &err), -1);
	ck_assert_int_eq(err.code, GB_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, "there is no scenario \"no-such-scenario\""));
}
END_TEST

START_TEST(empty_has_defaults)
{
	struct scenario *s = NULL;
	struct err err = { 0 };
	struct cells cells;

	ck_assert_msg(load("# nothing\n", &s, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(s->name, "t");
	ck_assert_str_eq(s->setting[SET_ENGINE], "exact");
	ck_assert_uint_eq(scenario_uint(s, SET_QUEUES), 1);
	ck_assert(scenario_bool(s, SET_UNBIND));
	ck_assert(!scenario_bool(s, SET_READONLY));
	ck_assert_int_eq(scenario_cells(s, NULL, &cells, &err), 0);
	ck_assert_uint_eq(cells.nr, 1);
	ck_assert_str_eq(cells.cell[0].id, "arm64-dom0less-iommus-upstream-map-blk-4k-job-qd1");
	cells_release(&cells);
	scenario_free(s);
}
END_TEST

/* Who else there is, and what it does not go with. */
START_TEST(second)
{
	static const struct { const char *id, *reason; enum second kind; } want[] = {
		{ "arm64-xl-iommus", "only driver domains", SECOND_FRONTEND },
		{ "flask-upstream-map-blk-4k-job-qd1-second-frontend", NULL, SECOND_FRONTEND },
		{ "flask-upstream-map-blk-4k-job-qd1-second-driver", NULL, SECOND_DRIVER },
		{ "dummy-upstream-map-blk-4k-job-qd1-second-frontend", "it has one", SECOND_FRONTEND },
		{ "dummy-upstream-map-blk-4k-job-qd1-second-driver", NULL, SECOND_DRIVER },
	};
	static const char *const only[] = { "topology=driver-domain", NULL };
	struct scenario *s = NULL;
	struct err err = { 0 };
	const struct cell *c;
	struct cells cells;
	size_t i;

	ck_assert_msg(load("[topology]\nsecond = frontend, driver\n[variant]\ntopology = xl, driver-domain\n"
			   "xsm = flask, dummy\n", &s, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(scenario_cells(s, NULL, &cells, &err), 0);
	ck_assert_ptr_nonnull(strstr(cells.cell[0].not_applicable, want[0].reason));
	ck_assert(!cell_has_axis(&cells.cell[0], AXIS_SECOND));
	cells_release(&cells);
	ck_assert_int_eq(scenario_cells(s, only, &cells, &err), 0);
	for (i = 1; i < ARRAY_SIZE(want); i++) {
		ck_assert_msg(cells_find(&cells, want[i].id, &c, &err) == 0, "%s", err.msg);
		ck_assert_int_eq(cell_second(c), want[i].kind);
		ck_assert_msg(want[i].reason ? c->not_applicable && strstr(c->not_applicable, want[i].reason) :
			      !c->not_applicable, "%s: %s", c->id, c->not_applicable);
	}
	cells_release(&cells);
	scenario_free(s);
}
END_TEST

/* x86: a driver domain is PV, and may map what it likes. */
START_TEST(x86_driver)
{
	struct scenario *s = NULL;
	struct err err = { 0 };
	struct cells cells;
	size_t i;

	ck_assert_msg(load("[variant]\narch = x86_64\ntopology = driver-domain\n[workload]\nkind = isolate\n"
			   "attack = grants\n", &s, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(scenario_cells(s, NULL, &cells, &err), 0);
	ck_assert_ptr_nonnull(strstr(cells.cell[0].not_applicable, "must be allowed to map any frame"));
	cells_release(&cells);
	scenario_free(s);
	ck_assert_msg(load("[topology]\nsecond = none, frontend, driver\n[variant]\narch = x86_64\n"
			   "topology = driver-domain\n", &s, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(scenario_cells(s, NULL, &cells, &err), 0);
	ck_assert_uint_eq(cells.nr, 3);
	for (i = 0; i < cells.nr; i++)
		ck_assert_msg(!cells.cell[i].not_applicable, "%s", cells.cell[i].not_applicable);
	cells_release(&cells);
	scenario_free(s);
}
END_TEST

/* What Xen starts by itself, and what that does not go with. */
START_TEST(driver_dom0less)
{
	static const struct { const char *text, *reason; } want[] = {
		{ "xsm = dummy\n", NULL },
		{ "arch = x86_64\n", "dom0less does not exist on x86" },
		{ "xsm = silo\n", "SILO lets domUs share nothing" },
		{ "[topology]\nsecond = frontend\n", "driver domains that xl creates" },
		{ "[topology]\nsecond = driver\n", "driver domains that xl creates" },
		{ "[workload]\nkind = isolate\nattack = grants\n", "orders by xenstore" },
		{ "device = net\n[workload]\nkind = net\n", NULL },
		{ "[workload]\ndisturb = crash\n", "only a dom0 with a toolstack" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		_cleanup_free_ char *text = xasprintf("[variant]\ntopology = driver-dom0less\n%s", want[i].text);
		struct scenario *s = NULL;
		struct err err = { 0 };
		const struct cell *c;
		struct cells cells;

		ck_assert_msg(load(text, &s, &err) == 0, "%s", err.msg);
		ck_assert_int_eq(scenario_cells(s, NULL, &cells, &err), 0);
		c = &cells.cell[0];
		ck_assert(cell_has_driver(c) && cell_is_dom0less(c));
		ck_assert_msg(want[i].reason ? c->not_applicable && strstr(c->not_applicable, want[i].reason) :
			      !c->not_applicable, "%s: %s", text, c->not_applicable);
		cells_release(&cells);
		scenario_free(s);
	}
}
END_TEST

/* An attack brings its own. */
START_TEST(second_by_attack)
{
	struct scenario *s = NULL;
	struct err err = { 0 };
	struct cells cells;

	ck_assert_msg(load("[variant]\ntopology = driver-domain\n[workload]\nkind = isolate\n"
			   "attack = cross, front, grants\n", &s, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(scenario_cells(s, NULL, &cells, &err), 0);
	ck_assert_int_eq(cell_second(&cells.cell[0]), SECOND_DRIVER);
	ck_assert_int_eq(cell_second(&cells.cell[1]), SECOND_FRONTEND);
	ck_assert_int_eq(cell_second(&cells.cell[2]), SECOND_NONE);
	cells_release(&cells);
	scenario_free(s);
}
END_TEST

START_TEST(product)
{
	static const char *const only[] = { "binding=iommus,none", "bs=4k", NULL };
	static const char *const nothing[] = { "binding=none", "mapping=map", "bs=8k", NULL };
	static const char *const contradiction[] = { "binding=none", "binding=iommus", NULL };
	static const char *const bad_axis[] = { "binding=none", "colour=red", NULL };
	static const char *const bad_form[] = { "binding", NULL };
	struct scenario *s = NULL;
	struct err err = { 0 };
	const struct cell *c;
	struct cells cells;
	size_t i, na = 0;

	ck_assert_msg(load("[variant]\r\ntopology = xl, dom0less\nbinding=dev-domid,iommus , none\n"
			   "mapping = map, foreign\n[workload]\nbs = 4k, 64k\n[exclude]\n"
			   "leave_out = topology=xl bs=64k: too slow\n"
			   "leave_out = binding=dev-domid bs=64k: dull\n[budget]\nmaps_per_io <= 3\n",
			   &s, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(scenario_cells(s, NULL, &cells, &err), 0);
	ck_assert_uint_eq(cells.nr, 2 * 3 * 2 * 2);
	for (i = 0; i < cells.nr; i++)
		na += cells.cell[i].not_applicable != NULL;
	/* impossible: 3 of 6 binding x mapping, of 4 topology x bs; of the other 12:
	 * xl and 64k 3; dom0less, 64k and dev-domid 1 */
	ck_assert_uint_eq(na, 12 + 3 + 1);
	ck_assert_int_eq(cells_find(&cells, "xl-iommus-upstream-map-blk-64k", &c, &err), 0);
	/* no folder: results are the same wherever the scenario lies */
	ck_assert_ptr_nonnull(strstr(c->not_applicable, "left out by "));
	ck_assert_ptr_null(strchr(c->not_applicable, '/'));
	ck_assert_uint_eq(s->nr_budgets, 1);
	ck_assert_str_eq(s->budgets[0].metric, "maps_per_io");
	ck_assert(s->budgets[0].at_most);

	ck_assert_int_eq(cells_find(&cells, NULL, &c, &err), 0);
	ck_assert_str_eq(c->id, "arm64-xl-dev-domid-upstream-map-blk-4k-job-qd1");
	ck_assert_int_eq(cells_find(&cells, "dom0less-none-upstream-foreign-blk-4k", &c, &err), 0);
	ck_assert_int_eq(cells_find(&cells, "dom0less", &c, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "fits more than one cell"));
	ck_assert_int_eq(cells_find(&cells, "nope", &c, &err), -1);
	cells_release(&cells);

	ck_assert_int_eq(scenario_cells(s, only, &cells, &err), 0);
	ck_assert_uint_eq(cells.nr, 2 * 2 * 2);
	cells_release(&cells);
	ck_assert_int_eq(scenario_cells(s, nothing, &cells, &err), -1);
	ck_assert_int_eq(err.code, GB_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, "has no cell with"));
	ck_assert_int_eq(scenario_cells(s, contradiction, &cells, &err), -1);
	ck_assert_int_eq(err.code, GB_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, "selects no cell"));
	ck_assert_int_eq(scenario_cells(s, bad_axis, &cells, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "no axis \"colour\""));
	ck_assert_int_eq(scenario_cells(s, bad_form, &cells, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "not AXIS=VALUE"));
	scenario_free(s);
}
END_TEST

START_TEST(sizes)
{
	ck_assert_uint_eq(scenario_parse_size("4k"), 4096);
	ck_assert_uint_eq(scenario_parse_size("1M"), 1 << 20);
	ck_assert_uint_eq(scenario_parse_size("512"), 512);
	ck_assert_uint_eq(scenario_parse_size(""), 0);
	ck_assert_uint_eq(scenario_parse_size("k"), 0);
	ck_assert_uint_eq(scenario_parse_size("-4k"), 0);
	ck_assert_uint_eq(scenario_parse_size("4kk"), 0);
	ck_assert_uint_eq(scenario_parse_size("99999999999999999999"), 0);
}
END_TEST

/* Every key has a default or is text, and its default passes its own check. */
START_TEST(table_is_sound)
{
	const struct scenario_key *k;
	int i;

	for (k = scenario_keys; k->section; k++) {
		ck_assert_ptr_nonnull(k->help);
		ck_assert_msg(k->def != NULL, "%s has no default", k->name);
		ck_assert(k->type != KEY_WORD || k->words);
	}
	for (i = 0; i < NR_AXES; i++)
		ck_assert_ptr_nonnull(scenario_axis_key(i));
	for (i = 0; i < NR_SETTINGS; i++)
		ck_assert_ptr_nonnull(scenario_setting_key(i));
}
END_TEST

/* The shipped files parse; a file cut anywhere is refused or read, never a crash. */
START_TEST(shipped_and_cut)
{
	static const char *const names[] = { "blk-smoke", "blk-bindings", "blk-irq", "blk-x86", "blk-disturb",
					    "blk-gnttab", "blk-dom0", "blk-matrix", "probe-time", "isolate", "isolate-short",
					    "blk-driver" };
	struct buf text = BUF_INIT;
	struct err err = { 0 };
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct scenario *s = NULL;

		ck_assert_msg(scenario_load(names[i], &s, &err) == 0, "%s", err.msg);
		if (i == 0)
			ck_assert_int_eq(fs_read(s->path, &text, &err), 0);
		scenario_free(s);
	}
	for (len = 0; len < text.size; len += 7) {
		struct scenario *s = NULL;
		char *cut = xstrndup(text.data, len);

		if (load(cut, &s, &err) == 0)
			scenario_free(s);
		else
			ck_assert_int_eq(err.code, GB_USAGE);
		free(cut);
	}
	buf_release(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario");
	TCase *tc = tcase_create("scenario");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, refuses, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tc, missing_file);
	tcase_add_test(tc, empty_has_defaults);
	tcase_add_test(tc, second);
	tcase_add_test(tc, second_by_attack);
	tcase_add_test(tc, x86_driver);
	tcase_add_test(tc, driver_dom0less);
	tcase_add_test(tc, product);
	tcase_add_test(tc, sizes);
	tcase_add_test(tc, table_is_sound);
	tcase_add_test(tc, shipped_and_cut);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
