// SPDX-License-Identifier: GPL-2.0-or-later
/* A disk against random programs. */
#include "backend/fuzz-virtq.c"
#include "tests/lib-fuzz.h"

static void fuzz_reached(void)
{
}

int main(void)
{
	return fuzz_main("backend-fuzz");
}
