// SPDX-License-Identifier: GPL-2.0-or-later
/* perf's text into folded stacks (guests/agent/perf-fold.c), and these into top symbols. */
#include <string.h>

#include "agent/perf.h"
#include "tests/lib-check.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "workload/perf.h"

/* All stacks of a text, each with a newline. */
static char *fold_all(const char *text)
{
	static struct perf_stack s;
	_cleanup_buf_ struct buf out = BUF_INIT;
	char line[256];

	s = (struct perf_stack){ .nr = 0 };
	while (*text) {
		size_t n = strcspn(text, "\n") + 1;

		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		if (perf_fold_line(&s, line))
			buf_addf(&out, "%s%s\n", s.text, perf_is_idle(&s) ? " idle" : "");
		text += n;
	}
	if (perf_fold_line(&s, NULL))
		buf_addf(&out, "%s\n", s.text);
	return xstrdup(out.data ? out.data : "");
}

START_TEST(stacks_are_folded_outermost_first)
{
	_cleanup_free_ char *out = fold_all("fio    71 \n\tffff800080a1 el0_svc\n\tffff800080b2 vfs_read+0x10\n"
					    "\n"
					    "gb-backend   101 \n"
					    "\n"
					    "kworker/0:1 events   9 \n\tffff800080a1 \n\tffff800080a1 worker_thread\n\n"
					    "swapper     0 \n\tffff8000 cpu_do_idle\n\tffff8000 default_idle_call\n\n"
					    "swapper     0 \n\tffffff xen_hypercall_pv\n\tffffff xen_safe_halt\n\n"
					    "gb-backend     7 \n\tffffff xen_hypercall_pv\n\tffffff privcmd_ioctl\n\n"
					    "swapper     0 \n\tffff8000 xen_evtchn_do_upcall\n\tffff8000 do_idle\n");

	ck_assert_str_eq(out, "fio;vfs_read;el0_svc\n"
			 "gb-backend;[user]\n"
			 "kworker/0:1_events;worker_thread;?\n"
			 "swapper;default_idle_call;cpu_do_idle idle\n"
			 "swapper;xen_safe_halt;xen_hypercall_pv idle\n"
			 "gb-backend;privcmd_ioctl;xen_hypercall_pv\n"
			 "swapper;do_idle;xen_evtchn_do_upcall\n");
}
END_TEST

START_TEST(text_that_is_no_sample_harms_nothing)
{
	_cleanup_free_ char *out = fold_all("\n\n\tffff before_any_head\n\n123\n\n \n\t\t\n");

	ck_assert_str_eq(out, ";[user]\n");
}
END_TEST

START_TEST(a_deep_stack_is_cut_not_overrun)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_free_ char *out = NULL;
	int i;

	buf_addstr(&text, "deep 1 \n");
	for (i = 0; i < 1000; i++)
		buf_addf(&text, "\tffff a_function_with_quite_a_long_name_so_that_the_stack_is_long_%d\n", i);
	buf_addstr(&text, "\n");
	out = fold_all(text.data);
	ck_assert_uint_lt(strlen(out), 4098);
	ck_assert_ptr_nonnull(strstr(out, "deep;"));
}
END_TEST

START_TEST(self_counts_are_of_the_innermost)
{
	static const char text[] = "fio;el0_svc;vfs_read 3\nfio;el0_svc 2\nfio;x;vfs_read 4\nfio;[idle] 9\n";
	_cleanup_json_ json_t *self = json_object();
	struct err err = { 0 };

	ck_assert_int_eq(perf_self("perf-domu.folded", text, strlen(text), self, &err), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(self, "vfs_read")), 7);
	ck_assert_int_eq(json_integer_value(json_object_get(self, "el0_svc")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(self, "[idle]")), 9);
}
END_TEST

START_TEST(bad_stacks_are_refused_with_their_line)
{
	static const struct { const char *text, *says; } bad[] = {
		{ "a;b 1\nnothing\n", "perf.folded:2: no folded stack" },
		{ "a;b x\n", "perf.folded:1: no count" },
		{ "a;b 0\n", "perf.folded:1: no count" },
		{ "a;b -1\n", "perf.folded:1: no count" },
		{ "a;b 1", "perf.folded:1: no folded stack" },
		{ "a; 1\n", "perf.folded:1: no name" },
		{ "a;b\001 1\n", "perf.folded:1: no name" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_json_ json_t *self = json_object();
		struct err err = { 0 };

		ck_assert_int_eq(perf_self("perf.folded", bad[i].text, strlen(bad[i].text), self, &err), -1);
		ck_assert_msg(strstr(err.msg, bad[i].says) != NULL, "%s", err.msg);
	}
}
END_TEST

START_TEST(samples_of_a_cell_are_added_up)
{
	_cleanup_json_ json_t *a = json_pack("{s:{s:{s:s,s:i,s:i,s:i,s:i,s:{s:i,s:i,s:i}}}}", "perf", "domu",
					     "event", "cpu-clock", "hz", 999, "samples", 10, "idle", 4,
					     "lost", 0, "self", "f", 4, "g", 2, "[idle]", 4);
	_cleanup_json_ json_t *b = json_pack("{s:{s:{s:s,s:i,s:i,s:i,s:i,s:{s:i}}}}", "perf", "domu",
					     "event", "cpu-clock", "hz", 999, "samples", 6, "idle", 0,
					     "lost", 1, "self", "g", 6);
	const struct merge_part parts[] = { { .cell = a }, { .cell = b } };
	_cleanup_json_ json_t *all = perf_merge(parts, 2), *none = NULL;
	const json_t *domu = json_object_get(all, "domu"), *top = json_object_get(domu, "top");
	_cleanup_json_ json_t *empty = json_object();
	const struct merge_part without = { .cell = empty };

	ck_assert_int_eq(json_integer_value(json_object_get(domu, "samples")), 16);
	ck_assert_int_eq(json_integer_value(json_object_get(domu, "hz")), 999);
	ck_assert_int_eq(json_integer_value(json_object_get(domu, "lost")), 1);
	ck_assert_uint_eq(json_array_size(top), 2);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(top, 0), "symbol")), "g");
	ck_assert_double_eq_tol(json_number_value(json_object_get(json_array_get(top, 0), "share")), 8.0 / 12,
				1e-9);
	ck_assert_ptr_null(json_object_get(domu, "self"));
	none = perf_merge(&without, 1);
	ck_assert_ptr_null(none);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("perf");
	TCase *tc = tcase_create("perf");

	tcase_add_test(tc, stacks_are_folded_outermost_first);
	tcase_add_test(tc, text_that_is_no_sample_harms_nothing);
	tcase_add_test(tc, a_deep_stack_is_cut_not_overrun);
	tcase_add_test(tc, self_counts_are_of_the_innermost);
	tcase_add_test(tc, bad_stacks_are_refused_with_their_line);
	tcase_add_test(tc, samples_of_a_cell_are_added_up);
	suite_add_tcase(s, tc);
	return lib_check_main(s);
}
