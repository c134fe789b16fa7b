/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests that start the fake QEMU share. */
#ifndef GRANTBENCH_TESTS_LIB_FAKE_H
#define GRANTBENCH_TESTS_LIB_FAKE_H

#include <stdbool.h>
#include <sys/types.h>

#define FAKE_TOKEN "0123456789abcdef"	/* fake-qemu.c's default */

/* Path of a program beside the running test; caller frees. */
char *fake_program(const char *name);

/* Remove a directory (lib_check_tmpdir()) with what is in it, and free its name. */
void fake_rmdir(char *dir);

/* The number in a file that appears within timeout_ms; 0 if it does not. */
pid_t fake_read_pid(const char *path, int timeout_ms);

/* Is the process gone (or a zombie) within timeout_ms? */
bool fake_is_gone(pid_t pid, int timeout_ms);

#endif
