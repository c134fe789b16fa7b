// SPDX-License-Identifier: GPL-2.0-or-later
/* A network device against random programs. */
#include "backend/fuzz-net.c"
#include "tests/lib-fuzz.h"

static void fuzz_reached(void)
{
	ck_assert_uint_gt(fuzz_sum.rx_packets, 5);
	ck_assert_uint_gt(fuzz_sum.marks, 0);
	ck_assert_uint_gt(fuzz_sum.tx_gso, 0);
	ck_assert_uint_gt(fuzz_sum.drop_csum, 0);
	ck_assert_uint_gt(fuzz_sum.drop_gso_packet, 0);
	ck_assert_uint_gt(fuzz_commands, 0);
}

int main(void)
{
	return fuzz_main("backend-fuzz-net");
}
