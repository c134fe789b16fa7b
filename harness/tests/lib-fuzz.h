/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzz target over random programs, the same in every run: a compiler without
 * libFuzzer, and a machine without ten minutes, run some of it too. Included behind the
 * target's source; the check that it has teeth is fuzz_reached()'s: programs must get far.
 */
#ifndef GRANTBENCH_TESTS_LIB_FUZZ_H
#define GRANTBENCH_TESTS_LIB_FUZZ_H

#include "tests/lib-check.h"

#define PROGRAMS	2000
#define PROGRAM_SIZE	600

/* Assert that the programs of one test got somewhere. */
static void fuzz_reached(void);

static uint64_t state;

/* xorshift64*, Vigna 2016 */
static uint64_t next_random(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}

START_TEST(random_programs)
{
	uint8_t program[PROGRAM_SIZE];
	unsigned int n;
	size_t i;

	state = 0x9e3779b97f4a7c15ull + (uint64_t)_i;
	for (n = 0; n < PROGRAMS / 8; n++) {
		for (i = 0; i < sizeof(program); i++)
			program[i] = (uint8_t)(next_random() >> 56);
		/* begin with a working device: otherwise most stay before the gates */
		program[1] = 0;
		program[3] = 4;
		program[4] = 0;
		/* every second one over a strategy of grant.h */
		if (n & 1)
			program[0] = (uint8_t)((program[0] & ~7u) | 2);
		LLVMFuzzerTestOneInput(program, sizeof(program));
	}
	/* if the machine were miswired, everything would be refused at the door */
	ck_assert_uint_gt(fuzz_served, 100);
	ck_assert_uint_gt(fuzz_broken, 100);
	ck_assert_uint_gt(fuzz_copied, 1000);
	fuzz_reached();
}
END_TEST

static int fuzz_main(const char *name)
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create("fuzz");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, random_programs, 0, 8);
	suite_add_tcase(s, tc);
	return lib_check_main(s);
}

#endif
