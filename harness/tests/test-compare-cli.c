// SPDX-License-Identifier: GPL-2.0-or-later
/* grantbench compare and digest as a person runs them: options, exit status, where output goes. */
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "tests/lib-cli.h"
#include "tests/lib-quotes.h"

#define METRIC(value) \
	"{'name':'maps','unit':'1','class':'exact','better':'less','value':" #value "}"
#define PER_IO(value) \
	"{'name':'maps_per_io','unit':'1','class':'exact','better':'less','value':" #value "}"
#define CELL(id, outcome, value) \
	"{'id':'" id "','axes':{'binding':'" id "'},'outcome':'" outcome "','metrics':[" \
	METRIC(value) "]}"
#define RESULT(cells) \
	"{'schema':'grantbench.result/1','scenario':'s','engine':'exact','cells':[" cells "]," \
	"'canary':{'ran':true,'identical':true},'host':{}}"

static struct cli cli = { .in_dir = true };

static void put(const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", cli.dir, name);
	_cleanup_free_ char *json = quotes(text);

	ck_assert_int_eq(fs_write_atomic(path, json, strlen(json), 0644, NULL), 0);
}

static void setup(void)
{
	cli_setup(&cli);
	put("same.json", RESULT(CELL("x", "pass", 3) "," CELL("y", "pass", 3)));
	put("worse.json", RESULT(CELL("x", "pass", 3) "," CELL("y", "pass", 4)));
	put("crash.json", RESULT(CELL("x", "pass", 3) "," CELL("y", "guest-crash", 4)));
	put("infra.json", RESULT(CELL("x", "pass", 3) "," CELL("y", "infra-error", 4)));
	put("old.json", "{'schema':'grantbench.result/0'}");
}

static void teardown(void)
{
	cli_teardown(&cli);
}

static const struct {
	const char *args;
	int status;
	const char *says;
} runs[] = {
	{ "compare same.json", 0, "do the same work: 1 of 1 count is equal." },
	{ "compare same.json same.json", 0, "B and A do the same work" },
	{ "compare worse.json --by binding", 1, "1 regressed (maps +1 (+33 %))" },
	{ "compare --budget maps=1 worse.json", 0, "below threshold" },
	{ "compare --budget maps=0 worse.json", 1, "regressed" },
	{ "compare same.json worse.json", 1, "all over 2 pairs of cells" },
	{ "compare crash.json", 3, "guest-crash" },
	{ "compare infra.json", 4, "infra-error" },
	{ "compare worse.json --format md", 1, "| maps | 1 | 3 | 4 |" },
	{ "compare worse.json --format json", 1, "\"verdict\": \"regressed\"" },
	{ "compare --help", 0, "usage: grantbench compare" },
	{ "compare", 2, "needs one or two results" },
	{ "compare same.json same.json same.json", 2, "needs one or two results" },
	{ "compare nothing", 2, "nothing" },
	{ "compare old.json", 2, "\"grantbench.result/0\" is not the version" },
	{ "compare same.json --by bindng", 2, "no cell of same.json has this axis" },
	{ "compare same.json --format html", 2, "not text, md or json" },
	{ "compare same.json --margin -1", 2, "--margin -1: not a number from 0 to" },
	{ "compare same.json --threshold 1x", 2, "--threshold 1x: not a number" },
	{ "compare same.json --alpha 0.5", 2, "--alpha 0.5: not a number" },
	{ "compare same.json --alpha nan", 2, "--alpha nan: not a number" },
	{ "compare same.json --budget maps", 2, "--budget maps: not METRIC=N" },
	{ "compare same.json --budget =1", 2, "--budget =1: not METRIC=N" },
	{ "compare same.json --budget lat=1", 2, "budget for lat: there is no such exact count" },
	{ "compare same.json --aa nothing", 2, "nothing" },
	{ "compare same.json --bogus", 2, "--help" },
	{ "compare same.json -o no/such/dir/f", 4, "no/such/dir" },
	{ "digest same.json same.json", 0, "  same.json\n" },
	{ "digest same.json worse.json", 1, "  worse.json\n" },
	{ "digest", 2, "which OUT?" },
	{ "digest nothing", 2, "nothing" },
	{ "digest old.json", 2, "is not the version" },
	{ "digest --help", 0, "usage: grantbench digest" },
	{ "digest -x", 2, "invalid option" },
};

START_TEST(command)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	int status = cli_line(&cli, runs[_i].args, NULL, &out);

	ck_assert_msg(status == runs[_i].status, "%s: exit status %d, want %d\n%s", runs[_i].args,
		      status, runs[_i].status, out.data);
	ck_assert_msg(strstr(out.data, runs[_i].says) != NULL, "%s lacks \"%s\":\n%s",
		      runs[_i].args, runs[_i].says, out.data);
}
END_TEST

START_TEST(to_file)
{
	_cleanup_free_ char *path = xasprintf("%s/report.json", cli.dir);
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_json_ json_t *json = NULL;

	ck_assert_int_eq(cli_line(&cli, "compare worse.json --format json -o report.json", NULL, &out), 1);
	ck_assert_uint_eq(out.size, 0);
	json = json_load_file(path, 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(json, "schema")),
			 "grantbench.compare/1");
}
END_TEST

/* A total that the count per operation says again, and a budget that wants it all the same. */
START_TEST(totals)
{
	_cleanup_buf_ struct buf plain = BUF_INIT, asked = BUF_INIT;

	put("both.json", RESULT("{'id':'x','axes':{'binding':'x'},'outcome':'pass','metrics':["
				METRIC(900) "," PER_IO(3) "]},"
				"{'id':'y','axes':{'binding':'y'},'outcome':'pass','metrics':["
				METRIC(1200) "," PER_IO(3) "]}"));
	ck_assert_int_eq(cli_line(&cli, "compare both.json", NULL, &plain), 0);
	ck_assert_msg(strstr(plain.data, "\nmaps_per_io") && !strstr(plain.data, "\nmaps "), "%s",
		      plain.data);
	ck_assert_int_eq(cli_line(&cli, "compare both.json --budget maps=10", NULL, &asked), 1);
	ck_assert_msg(strstr(asked.data, "\nmaps ") != NULL, "%s", asked.data);
}
END_TEST

/* Only the hash, so that a script can compare it. */
START_TEST(bare_digest)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	ck_assert_int_eq(cli_line(&cli, "digest same.json", NULL, &out), 0);
	ck_assert_uint_eq(out.size, 65);
	ck_assert_uint_eq(strspn(out.data, "0123456789abcdef"), 64);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compare-cli");
	TCase *tc = tcase_create("cli");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, command, 0, ARRAY_SIZE(runs));
	tcase_add_test(tc, totals);
	tcase_add_test(tc, to_file);
	tcase_add_test(tc, bare_digest);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
