// SPDX-License-Identifier: GPL-2.0-or-later
/* What the backends' statistics say of a hostile frontend and of who stands beside it. */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "workload/evaluate-internal.h"

/* One of each; the count of "head-range" is the test's. */
#define FAULTS "\"size\":4,\"alignment\":4,\"ring-map\":4,\"avail-jump\":6,\"next-range\":4,"        \
	"\"chain-loop\":8,\"zero-length\":2,\"direction-order\":2,\"byte-sum\":4,"                       \
	"\"address-not-a-grant\":4,\"address-range\":4,\"indirect-not-negotiated\":2,"                   \
	"\"indirect-with-next\":2,\"indirect-nested\":2,\"indirect-length\":6,\"indirect-map\":2,"       \
	"\"request\":6"

static const struct {
	int head, other_breaks, other_requests;
	const char *balanced;
	int requests, errors;
	const char *fails;	/* the row that does, or NULL */
} cases[] = {
	{ 4, 0, 200, "true", 1500, 0, NULL },
	{ 0, 0, 200, "true", 1500, 0, "front-breaks" },
	{ 4, 1, 200, "true", 1500, 0, "front-other-device" },
	{ 4, 0, 0, "true", 1500, 0, "front-other-device" },
	{ 4, 0, 200, "false", 1500, 0, "front-balanced" },
	{ 4, 0, 200, "true", 1499, 0, "front-other-frontend" },
	{ 4, 0, 200, "true", 1500, 1, "front-other-frontend" },
};

static void check_rows(const json_t *rows, const char *fails)
{
	const json_t *row;
	size_t i;

	ck_assert_uint_eq(json_array_size(rows), 4);
	json_array_foreach(rows, i, row) {
		const char *name = json_string_value(json_object_get(row, "name"));
		const char *seen = json_string_value(json_object_get(row, "seen"));

		ck_assert_msg(!strcmp(seen, fails && !strcmp(name, fails) ? "fails" : "holds"), "%s: %s: %s",
			      name, seen, json_string_value(json_object_get(row, "detail")));
	}
}

START_TEST(rows)
{
	/* marks: before, after the first of two, at the end; each is a request itself */
	_cleanup_free_ char *first = xasprintf("{\"devices\":[{\"breaks\":0,\"io\":{\"errors\":%d,"
		"\"map_failures\":0},\"marks\":[{\"requests\":10},{\"requests\":11},{\"requests\":%d}]}]}",
		cases[_i].errors, 12 + cases[_i].requests);
	_cleanup_free_ char *second = xasprintf("{\"balanced\":%s,\"maps\":9,\"unmaps\":9,\"devices\":["
		"{\"breaks\":70,\"io\":{\"requests\":300},\"faults\":{" FAULTS ",\"head-range\":%d}},"
		"{\"breaks\":%d,\"io\":{\"requests\":%d}}]}", cases[_i].balanced, cases[_i].head,
		cases[_i].other_breaks, cases[_i].other_requests);
	_cleanup_json_ json_t *backend = json_loads(first, 0, NULL), *all = json_array();
	struct blob blob = { .name = "backend-second.json", .source = REPORT_BACKEND, .complete = true,
			     .data = second, .size = strlen(second) };
	struct vm_result r = { .reports = { .blobs = &blob, .nr_blobs = 1 } };
	struct cell cell = { .value = { [AXIS_ATTACK] = "front" } };
	struct machine m = { .cell = &cell };
	struct err err = { 0 };

	ck_assert_ptr_nonnull(backend);
	ck_assert_msg(eval_front(&m, &r, backend, all, &err) == 0, "%s", err.msg);
	check_rows(all, cases[_i].fails);

	/* a frontend may not send it: that one is not asked */
	blob.source = REPORT_DOMU2;
	ck_assert_int_eq(eval_front(&m, &r, backend, all, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "backend sent no complete backend-second.json"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("evaluate-front");
	TCase *tc = tcase_create("rows");

	tcase_add_loop_test(tc, rows, 0, (int)ARRAY_SIZE(cases));
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
