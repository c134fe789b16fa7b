// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-machine.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "tests/lib-check.h"

static char *dir;
static struct scenario *scenario;
static struct cells cells;

void machine_setup(void)
{
	dir = lib_check_tmpdir();
}

void machine_teardown(void)
{
	cells_release(&cells);
	scenario_free(scenario);
	scenario = NULL;
	fs_remove_tree(dir, NULL);
	free(dir);
}

const struct cell *machine_cell(const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/t.ini", dir);
	struct err err = { 0 };

	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0644, &err), 0);
	ck_assert_msg(scenario_load(path, &scenario, &err) == 0, "%s", err.msg);
	ck_assert_msg(scenario_cells(scenario, NULL, &cells, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(cells.nr, 1);
	return &cells.cell[0];
}

struct machine machine_of(const struct cell *cell)
{
	struct machine m = { .scenario = scenario, .cell = cell, .backend_domid = 1, .frontend_domid = 2 };
	int i;

	for (i = 0; i < REPORT_SOURCES; i++)
		m.token[i] = "0123456789abcdef";
	return m;
}
