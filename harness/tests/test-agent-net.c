// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guests' network workload on the host's loopback: both ends, round trips in closed
 * and open loop, and that content which is not what was sent is noticed.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/net-proto.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "tests/lib-check.h"

static pid_t server;

static void set_up(void)
{
	uint64_t bad;
	int i;

	net_port = (unsigned short)(20000 + getpid() % 20000);
	server = fork();
	if (server == 0) {
		setpgid(0, 0);
		_exit(net_serve() < 0);
	}
	setpgid(server, server);
	/* until it listens */
	for (i = 0; i < 500 && net_stream("127.0.0.1", true, 1, 1, 0, &bad) < 0; i++)
		usleep(10000);
}

static void tear_down(void)
{
	int i;

	/* with what it forked: one that still serves a connection still listens */
	kill(-server, SIGKILL);
	waitpid(server, NULL, 0);
	for (i = 0; i < 500 && kill(-server, 0) == 0; i++)
		usleep(10000);
}

START_TEST(content)
{
	uint8_t a[5000], b[5000];
	size_t cut;

	net_fill(a, 7, 0, sizeof(a));
	/* a place's content does not depend on where one begins */
	for (cut = 0; cut < 20; cut++) {
		net_fill(b + cut, 7, cut, sizeof(b) - cut);
		ck_assert_mem_eq(a + cut, b + cut, sizeof(a) - cut);
	}
	ck_assert_uint_eq(net_compare(a + 3, 7, 3, 4990), 0);
	a[4500] ^= 1;
	a[17] ^= 0x80;
	ck_assert_uint_eq(net_compare(a, 7, 0, sizeof(a)), 2);
	ck_assert_uint_gt(net_compare(a, 8, 0, sizeof(a)), 4000);
}
END_TEST

static const struct net_test tests[] = {
	{ "127.0.0.1", false, 1, 200, 1, 0, 1 }, { "127.0.0.1", true, 1024, 200, 1, 0, 1 },
	{ "127.0.0.1", false, 1000, 200, 16, 0, 3 }, { "127.0.0.1", false, 64, 100, 1, 100000, 5 },
};

START_TEST(round_trips)
{
	const struct net_test *t = &tests[_i];
	_cleanup_json_ json_t *json = NULL;
	_cleanup_free_ char *text = NULL;
	const json_t *lat, *bucket;
	struct net_result r;
	char error[160] = "";
	json_int_t sum = 0;
	size_t i;

	ck_assert_msg(net_rr(t, &r, error, sizeof(error)) == 0, "%s", error);
	ck_assert_uint_eq(r.done, t->count);
	ck_assert_uint_eq(r.bad, 0);
	ck_assert_uint_eq(r.lost, 0);
	text = net_rr_json(t, &r, error);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(json != NULL, "%s", text);
	ck_assert_str_eq(json_string_value(json_object_get(json, "loop")), t->interval_ns ? "open" : "closed");
	lat = json_object_get(json, "lat_ns");
	ck_assert_int_gt(json_integer_value(json_object_get(lat, "min")), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(lat, "min")), (json_int_t)r.ns[0]);
	ck_assert_int_eq(json_integer_value(json_object_get(lat, "p50")), (json_int_t)r.ns[(t->count + 1) / 2 - 1]);
	ck_assert_int_eq(json_integer_value(json_object_get(lat, "max")), (json_int_t)r.ns[t->count - 1]);
	json_array_foreach(json_object_get(json, "histogram"), i, bucket)
		sum += json_integer_value(json_array_get(bucket, 1));
	ck_assert_int_eq(sum, (json_int_t)t->count);
	free(r.ns);
}
END_TEST

START_TEST(everything_checked)
{
	char error[160] = "";

	ck_assert_msg(net_verify("127.0.0.1", 1500, true, error, sizeof(error)) == 0, "%s", error);
	ck_assert_msg(net_verify_echo("127.0.0.1", 1500, error, sizeof(error)) == 0, "%s", error);
}
END_TEST

/* A server that is not there. */
START_TEST(out_of_reach)
{
	struct net_result r;
	char error[160] = "";
	uint64_t bad;

	tear_down();
	ck_assert_int_lt(net_rr(&tests[1], &r, error, sizeof(error)), 0);
	ck_assert(strstr(error, "cannot reach 127.0.0.1"));
	ck_assert_int_lt(net_stream("127.0.0.1", true, 1, 1, 0, &bad), 0);
	ck_assert_int_lt(net_verify("127.0.0.1", 1500, false, error, sizeof(error)), 0);
	set_up();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("agent-net");
	TCase *tc = tcase_create("agent-net");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, content);
	tcase_add_loop_test(tc, round_trips, 0, (int)(sizeof(tests) / sizeof(tests[0])));
	tcase_add_test(tc, everything_checked);
	tcase_add_test(tc, out_of_reach);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
