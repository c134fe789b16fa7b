// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-fake.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/spawn.h"

char *fake_program(const char *name)
{
	_cleanup_free_ char *dir = fs_program_dir();

	return xasprintf("%s/%s", dir, name);
}

void fake_rmdir(char *dir)
{
	fs_remove_tree(dir, NULL);
	free(dir);
}

pid_t fake_read_pid(const char *path, int timeout_ms)
{
	int64_t deadline = monotonic_ns() + (int64_t)timeout_ms * 1000000;

	do {
		_cleanup_fclose_ FILE *f = fopen(path, "re");
		int pid = 0;

		if (f && fscanf(f, "%d", &pid) == 1)
			return pid;
		poll(NULL, 0, 5);
	} while (monotonic_ns() < deadline);
	return 0;
}

static bool is_gone(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/stat", (int)pid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char state = 0;

	/* "pid (name) state ..." */
	return !f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1 || state == 'Z' || state == 'X';
}

bool fake_is_gone(pid_t pid, int timeout_ms)
{
	int64_t deadline = monotonic_ns() + (int64_t)timeout_ms * 1000000;

	while (!is_gone(pid)) {
		if (monotonic_ns() >= deadline)
			return false;
		poll(NULL, 0, 5);
	}
	return true;
}
