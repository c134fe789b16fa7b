// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "lib/buf.h"
#include "tests/lib-check.h"
#include "workload/fiojob.h"

static const struct fio_overrides plain = { NULL, "4k", "job", 1, 300, 7 };

static const struct {
	const char *text;
	unsigned long iodepth;
	const char *want;
} bad[] = {
	{ "[a]\nrw=read\nruntime=10\n", 1, "x.fio:3: runtime: runs do a fixed number" },
	{ "[a]\nrw=read\n\n  time_based \n", 1, "x.fio:4: time_based" },
	{ "[a]\nrw=read\nexec_prerun=reboot\n", 1, "exec_prerun" },
	{ "[a]\nrw=read\nioengine = psync\n", 8, "ioengine psync keeps one request" },
	{ "[a]\nrw=read\n[b]\nrw=read\n", 1, "2 job sections" },
	{ "[global]\nrw=read\n", 1, "0 job sections" },
	{ "", 1, "0 job sections" },
	{ "rw=read\n[a]\n", 1, "x.fio:1: \"rw=read\" before any [section]" },
	{ "[a\nrw=read\n", 1, "x.fio:1: not a [section]" },
	{ "[a]\nbs=8k\n", 1, "neither the job nor the scenario says rw=" },
};

START_TEST(refuses)
{
	struct fio_overrides o = plain;
	struct buf out = BUF_INIT;
	struct err err = { 0 };

	o.iodepth = bad[_i].iodepth;
	ck_assert_int_eq(fio_job_build("x.fio", bad[_i].text, &o, &out, &err), -1);
	ck_assert_uint_eq(out.size, 0);
	ck_assert_int_eq(err.code, GB_USAGE);
	ck_assert_msg(strstr(err.msg, bad[_i].want), "\"%s\" lacks \"%s\"", err.msg, bad[_i].want);
}
END_TEST

START_TEST(takes_out_and_keeps)
{
	struct buf out = BUF_INIT;
	struct err err = { 0 };

	ck_assert_int_eq(fio_job_build("x.fio",
				       "; a comment\n[global]\nfilename=/etc/passwd\nbs=1m\n"
				       "ioengine=io_uring\n\n[job1]\nreadwrite = randread\niodepth=64\r\n"
				       "percentile_list=50:99\n",
				       &plain, &out, &err), 0);
	ck_assert_str_eq(out.data,
			 "[global]\nfilename=/dev/vda\ndirect=1\nbs=4k\niodepth=1\nnumber_ios=300\n"
			 "io_size=1228800\n"
			 "randrepeat=1\nrandseed=7\nnorandommap\nlat_percentiles=1\n"
			 "clat_percentiles=0\nthread\n[global]\nioengine=io_uring\n[job1]\n"
			 "rw=randread\npercentile_list=50:99\n");
	buf_release(&out);
}
END_TEST

/* A PV disk has another name. */
START_TEST(names_the_disk)
{
	struct fio_overrides o = plain;
	struct buf out = BUF_INIT;
	struct err err = { 0 };

	o.disk = "xvda";
	ck_assert_int_eq(fio_job_build("x.fio", "[j]\nfilename=/dev/vda\nrw=read\n", &o, &out, &err), 0);
	ck_assert_ptr_nonnull(strstr(out.data, "\nfilename=/dev/xvda\n"));
	ck_assert_ptr_null(strstr(out.data, "/dev/vda"));
	buf_release(&out);
}
END_TEST

START_TEST(scenario_pattern_wins)
{
	struct fio_overrides o = plain;
	struct buf out = BUF_INIT;
	struct err err = { 0 };

	o.rw = "write";
	o.iodepth = 32;
	ck_assert_int_eq(fio_job_build("x.fio", "[j]\nrw=read\nioengine=io_uring\n", &o, &out, &err), 0);
	ck_assert_ptr_nonnull(strstr(out.data, "\nrw=write\n"));
	ck_assert_ptr_null(strstr(out.data, "rw=read"));
	ck_assert_ptr_nonnull(strstr(out.data, "\niodepth=32\n"));
	buf_release(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fiojob");
	TCase *tc = tcase_create("fiojob");

	tcase_add_loop_test(tc, refuses, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tc, takes_out_and_keeps);
	tcase_add_test(tc, names_the_disk);
	tcase_add_test(tc, scenario_pattern_wins);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
