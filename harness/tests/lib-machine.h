/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine of a scenario's only cell, as what writes its configurations is given it. */
#ifndef GRANTBENCH_TESTS_LIB_MACHINE_H
#define GRANTBENCH_TESTS_LIB_MACHINE_H

#include "workload/texts.h"

/* A checked fixture: one scenario per test. */
void machine_setup(void);
void machine_teardown(void);

/* The only cell of a scenario with this text, whether it is applicable or not. */
const struct cell *machine_cell(const char *text);

/* Its machine: backend in domain 1, frontend in domain 2, every token the same. */
struct machine machine_of(const struct cell *cell);

#endif
