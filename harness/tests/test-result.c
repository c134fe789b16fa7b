// SPDX-License-Identifier: GPL-2.0-or-later
/* Results read back: the schema files, the reader, the digest. What one refuses, the other does. */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "result/digest.h"
#include "result/read.h"
#include "result/schema.h"
#include "tests/lib-check.h"
#include "tests/lib-quotes.h"

/* Tests run from the top of the tree (ci/rings), or with GB_TOP set. */
static json_t *load_schema(const char *name)
{
	const char *top = getenv("GB_TOP") ? getenv("GB_TOP") : ".";
	_cleanup_free_ char *path = xasprintf("%s/results/schema/%s.schema.json", top, name);
	json_error_t jerr;
	json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &jerr);

	ck_assert_msg(json != NULL, "%s:%d: %s", path, jerr.line, jerr.text);
	return json;
}

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHA_UPPER "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD "{'schema':'grantbench.result/1','scenario':'s','engine':'exact',"
#define TAIL "'canary':{'identical':true},'host':{}}"
#define CELL(more) "{'id':'c','axes':{'binding':'iommus'},'outcome':'pass'," more "}"
#define METRIC(tail) "{'name':'maps','unit':'1','class':'exact','better':'less'," tail "}"
#define DOC(cells) HEAD "'cells':[" cells "]," TAIL
#define WITH(metrics) DOC(CELL("'metrics':[" metrics "]"))
#define VALUES(values) WITH(METRIC("'value':1,'values':[" values "]"))

static const char good[] =
	HEAD "'cells':[{'id':'arm64-iommus','axes':{'arch':'arm64','binding':'iommus'},"
	"'outcome':'pass','inputs_sha256':'" SHA "','console_sha256':'" SHA "',"
	"'proof':{'grant_dma':true},'checks':{'x':true},'metrics':["
	METRIC("'value':3") ",{'name':'iops','unit':'1/s','class':'seeded','better':'more',"
	"'value':5.5,'values':[{'seed':9,'value':6},{'seed':2,'value':5.5}]}]},"
	"{'id':'b','axes':{'arch':'arm64','binding':'none'},'outcome':'guest-crash',"
	"'console_sha256':'',"
	"'reason':'Oops\\n\\u001b[31m\\u007f','culprit':'domu','metrics':[]}]," TAIL;

/* text, and a part of the reader's message */
static const struct {
	const char *text;
	const char *want;
} bad[] = {
	{ "{}", "$.schema: is missing" },
	{ "[]", "$.schema: is missing" },
	{ "{'schema':'grantbench.result/2'}", "'grantbench.result/2' is not the version" },
	{ "{'schema':'grantbench.result/0'}", "grantbench.result/1; compare with" },
	{ HEAD TAIL, "$.cells: is missing" },
	{ HEAD "'cells':{}," TAIL, "$.cells: not an array" },
	{ DOC("7"), "$.cells[0]: not an object" },
	{ DOC(CELL("'metrics':3")), "$.cells[0].metrics: not an array" },
	{ DOC("{'axes':{'a':'b'},'outcome':'pass','metrics':[]}"), "$.cells[0].id: is missing" },
	{ DOC("{'id':'a b','axes':{'a':'b'},'outcome':'pass','metrics':[]}"),
	  "$.cells[0].id: not a name" },
	{ DOC("{'id':'a','axes':{},'outcome':'pass','metrics':[]}"), "$.cells[0].axes" },
	{ DOC("{'id':'a','axes':{'a':1},'outcome':'pass','metrics':[]}"), "$.cells[0].axes" },
	{ DOC("{'id':'a','axes':{'a':''},'outcome':'pass','metrics':[]}"), "$.cells[0].axes" },
	{ DOC("{'id':'a','axes':{'a':'b'},'outcome':'passed','metrics':[]}"),
	  "$.cells[0].outcome: 'passed' is none of pass, fail, invalid" },
	{ DOC(CELL("'expected':'fail','metrics':[]")), "$.cells[0].expected: not {" },
	{ DOC(CELL("'expected':{'word':'refused','reason':'x'},'metrics':[]")), "expected: not {" },
	{ DOC(CELL("'expected':{'word':'a b','reason':'x','met':true},'metrics':[]")),
	  "word: not a name" },
	{ DOC(CELL("'inputs_sha256':'abc','metrics':[]")), "inputs_sha256: not a SHA-256" },
	{ DOC(CELL("'console_sha256':'" SHA_UPPER "','metrics':[]")), "console_sha256: not a" },
	{ DOC(CELL("'console_sha256':7,'metrics':[]")), "console_sha256: not a SHA-256" },
	{ WITH("1"), "$.cells[0].metrics[0]: not an object" },
	{ WITH("{'name':'m','unit':'1','class':'exakt','better':'less','value':1}"),
	  "$.cells[0].metrics[0].class: 'exakt' is none of exact, seeded, noisy" },
	{ WITH("{'name':'m','unit':'1','class':'exact','better':'up','value':1}"),
	  "$.cells[0].metrics[0].better: 'up' is none of none, less, more" },
	{ WITH("{'name':'m\\u001b[2J','unit':'1','class':'exact','better':'less','value':1}"),
	  "metrics[0].name: not a name" },
	{ WITH("{'name':'m','unit':'','class':'exact','better':'less','value':1}"),
	  "metrics[0].unit: not a name" },
	{ WITH(METRIC("'value':'3'")), "metrics[0].value: not a number" },
	{ WITH(METRIC("'values':[{'seed':1,'value':1}]")), "metrics[0].value: is missing" },
	{ VALUES(""), "metrics[0].values: empty" },
	{ VALUES("4"), "metrics[0].values[0]: not an object" },
	{ VALUES("{'seed':1}"), "values[0].value: is missing" },
	{ VALUES("{'value':1}"), "values[0]: needs either a 'seed' or a 'pair'" },
	{ VALUES("{'value':1,'seed':1,'pair':1}"), "values[0]: needs either" },
	{ VALUES("{'value':1,'seed':-1}"), "values[0]: needs either" },
	{ VALUES("{'value':1,'seed':1.5}"), "values[0]: needs either" },
	{ HEAD "'cells':[],'canary':{},'host':{}}", "$.canary" },
	{ HEAD "'cells':[],'canary':null,'host':{}}", "$.canary" },
	{ HEAD "'cells':[],'canary':{'ran':true},'host':{}}", "$.canary" },
	{ HEAD "'cells':[],'canary':{'identical':1},'host':{}}", "$.canary" },
	{ "{'schema':'grantbench.result/1','scenario':'s','engine':'kvm','cells':[]," TAIL,
	  "$.engine: 'kvm' is none of" },
};

/* What no schema can say; the reader alone refuses it. */
static const struct {
	const char *text;
	const char *want;
} bad_beyond[] = {
	{ "", "result.json:1:" },
	{ "{'schema':\n1,", "result.json:2:" },
	{ "{'schema':'a','schema':'b'}", "duplicate object key" },
	{ WITH(METRIC("'value':1") "," METRIC("'value':1")), "'maps' stands twice" },
	{ DOC(CELL("'metrics':[]") "," CELL("'metrics':[]")), "$.cells[1].id: 'c' stands twice" },
	{ VALUES("{'seed':1,'value':1},{'seed':1,'value':2}"), "seed or pair 1 stands twice" },
};

static char *dir;

static void make_dir(void)
{
	dir = lib_check_tmpdir();
}

static void remove_dir(void)
{
	fs_remove_tree(dir, NULL);
	free(dir);
}

/* text as quotes() takes it */
static void put(const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_free_ char *json = quotes(text);
	struct err err = { 0 };

	ck_assert_msg(fs_write_atomic(path, json, strlen(json), 0644, &err) == 0, "%s", err.msg);
}

START_TEST(reads)
{
	struct results r;
	struct err err = { 0 };

	put("result.json", good);
	ck_assert_msg(results_read(dir, &r, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(r.scenario, "s");
	ck_assert_int_eq(r.engine, METRIC_EXACT);
	ck_assert_int_eq(r.canary, CANARY_IDENTICAL);
	ck_assert_uint_eq(r.nr_cells, 2);
	ck_assert_str_eq(result_cell_axis(&r.cells[0], "binding"), "iommus");
	ck_assert_ptr_null(result_cell_axis(&r.cells[0], "nothing"));
	ck_assert_str_eq(r.cells[0].inputs_sha256, SHA);
	ck_assert_uint_eq(r.cells[0].nr_metrics, 2);
	ck_assert_double_eq(r.cells[0].metrics[0].value, 3);
	ck_assert_int_eq(r.cells[0].metrics[0].better, BETTER_LESS);
	ck_assert_ptr_null(r.cells[0].metrics[0].values);
	ck_assert_int_eq(r.cells[0].metrics[1].class, METRIC_SEEDED);
	ck_assert_uint_eq(r.cells[0].metrics[1].nr_values, 2);
	ck_assert_int_eq(r.cells[0].metrics[1].values[0].key, 2);	/* sorted */
	ck_assert_double_eq(r.cells[0].metrics[1].values[1].value, 6);
	ck_assert_int_eq(r.cells[1].outcome, OUTCOME_GUEST_CRASH);
	ck_assert_str_eq(r.cells[1].reason, "Oops  [31m ");	/* no escapes on our terminal */
	ck_assert_ptr_null(r.cells[1].inputs_sha256);
	ck_assert_ptr_null(r.cells[1].console_sha256);
	ck_assert_ptr_null(r.manifest);
	results_release(&r);
	ck_assert_ptr_null(r.cells);
}
END_TEST

static void refuse(const char *text, const char *quoted_want)
{
	_cleanup_free_ char *want = quotes(quoted_want);
	_cleanup_free_ char *prefix = xasprintf("%s/result.json:", dir);
	struct results r = { .path = NULL };
	struct err err = { 0 };

	put("result.json", text);
	ck_assert_msg(results_read(dir, &r, &err) == -1, "not refused: %s", text);
	ck_assert_int_eq(err.code, GB_USAGE);
	ck_assert_msg(strstr(err.msg, want) != NULL, "\"%s\" lacks \"%s\"", err.msg, want);
	ck_assert_msg(!strncmp(err.msg, prefix, strlen(prefix)), "\"%s\" names no file", err.msg);
	ck_assert_ptr_null(r.path);	/* failure touches no output */
}

START_TEST(refuses)
{
	_cleanup_json_ json_t *schema = load_schema("result");
	_cleanup_json_ json_t *doc = quotes_loads(bad[_i].text);
	struct err err = { 0 };

	refuse(bad[_i].text, bad[_i].want);
	ck_assert_ptr_nonnull(doc);
	ck_assert_msg(schema_check(schema, doc, "result.json", &err) == -1, "schema takes %s",
		      bad[_i].text);
	ck_assert_int_eq(err.code, GB_USAGE);
}
END_TEST

START_TEST(refuses_beyond)
{
	refuse(bad_beyond[_i].text, bad_beyond[_i].want);
}
END_TEST

/* What the program writes is what the schema says and the reader takes. */
START_TEST(written)
{
	_cleanup_json_ json_t *schema = load_schema("result");
	_cleanup_json_ json_t *cells = json_array(), *metrics = json_array(), *doc = NULL;
	_cleanup_json_ json_t *canary = json_pack("{s:b,s:b}", "ran", 1, "identical", 1);
	_cleanup_json_ json_t *budgets = json_pack("[{s:s,s:s,s:i,s:i,s:b}]", "cell", "x", "metric",
						   "maps", "at_most", 4, "value", 3, "met", 1);
	_cleanup_json_ json_t *host = json_object();
	struct err err = { 0 };
	struct results r;

	metric_add(metrics, "maps_per_io", "1", METRIC_EXACT, "less", 3);
	metric_add(metrics, "iops", "1/s", METRIC_SEEDED, "more", 5736.125);
	metric_add(metrics, "requests", "1", METRIC_NOISY, "none", 300);
	json_array_append_new(cells, json_pack("{s:s,s:{s:s},s:s,s:O}", "id", "x", "axes", "b",
					       "none", "outcome", "pass", "metrics", metrics));
	json_array_append_new(cells, json_pack("{s:s,s:{s:s},s:s,s:s}", "id", "y", "axes", "b",
					       "iommus", "outcome", "not-applicable", "reason",
					       "because"));
	ck_assert_int_eq(result_write(dir, "s", "seeded", cells, canary, budgets, host, &err), 0);
	ck_assert_msg(results_load_json(dir, &doc, &err) == 0, "%s", err.msg);
	ck_assert_msg(schema_check(schema, doc, "result.json", &err) == 0, "%s", err.msg);
	ck_assert_msg(results_read(dir, &r, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(r.engine, METRIC_SEEDED);
	ck_assert_uint_eq(r.cells[0].nr_metrics, 3);
	ck_assert_double_eq(r.cells[0].metrics[1].value, 5736.125);
	ck_assert_int_eq(r.cells[0].metrics[2].class, METRIC_NOISY);
	ck_assert_uint_eq(r.cells[1].nr_metrics, 0);
	results_release(&r);
}
END_TEST

START_TEST(no_file)
{
	struct results r;
	struct err err = { 0 };

	ck_assert_int_eq(results_read(dir, &r, &err), -1);
	ck_assert_int_eq(err.code, GB_USAGE);
	ck_assert_ptr_nonnull(strstr(err.msg, "result.json"));
	ck_assert_int_eq(results_read(dir, &r, NULL), -1);
}
END_TEST

START_TEST(manifest)
{
	static const char ok[] = "{'schema':'grantbench.manifest/1','artifacts':{'qemu':{'version':"
		"'10.0','sha256':'" SHA "'}},'commands':{'c':'qemu -x'},"
		"'cells':{'c':{'seeds':[1,2]}}}";
	static const char *const broken[] = {
		"{'schema':'grantbench.manifest/2','artifacts':{},'cells':{}}",
		"{'schema':'grantbench.manifest/1','commands':{}}",
		("{'schema':'grantbench.manifest/1','cells':{},"
		 "'commands':{},'artifacts':{'qemu':{'version':'1'}}}"),
		"{'schema':'grantbench.manifest/1','artifacts':{'qemu':7},'commands':{}}",
	};
	_cleanup_json_ json_t *schema = load_schema("manifest");
	_cleanup_json_ json_t *doc = quotes_loads(ok);
	struct err err = { 0 };
	struct results r;
	size_t i;

	put("result.json", good);
	put("manifest.json", ok);
	ck_assert_msg(schema_check(schema, doc, "manifest", &err) == 0, "%s", err.msg);
	ck_assert_msg(results_read(dir, &r, &err) == 0, "%s", err.msg);
	ck_assert_ptr_nonnull(r.manifest);
	results_release(&r);
	for (i = 0; i < ARRAY_SIZE(broken); i++) {
		_cleanup_json_ json_t *b = quotes_loads(broken[i]);

		put("manifest.json", broken[i]);
		err = (struct err){ 0 };
		ck_assert_int_eq(results_read(dir, &r, &err), -1);
		ck_assert_msg(strstr(err.msg, "manifest.json: $.") != NULL, "%s", err.msg);
		ck_assert_int_eq(schema_check(schema, b, "manifest", &err), -1);
		ck_assert_int_eq(err.code, GB_USAGE);
	}
}
END_TEST

START_TEST(schema_takes_good)
{
	_cleanup_json_ json_t *schema = load_schema("result");
	_cleanup_json_ json_t *doc = quotes_loads(good);
	struct err err = { 0 };

	ck_assert_msg(schema_check(schema, doc, "result.json", &err) == 0, "%s", err.msg);
	ck_assert_int_eq(err.code, 0);
	json_object_set_new(json_array_get(json_object_get(doc, "cells"), 1), "wall_clock",
			    json_real(1));
	ck_assert_int_eq(schema_check(schema, doc, "result.json", &err), -1);
	ck_assert_str_eq(err.msg, "result.json: $.cells[1]: \"wall_clock\" is not known here");
}
END_TEST

/* schema, document, and the message; "" where it fits */
static const struct {
	const char *schema, *doc, *want;
} keywords[] = {
	{ "{'type':'integer'}", "[3.0]", "" },
	{ "{'type':'integer'}", "[3.5]", "$[0]: not of type integer" },
	{ "{'type':['string','null']}", "[null,1]", "$[1]: not of type string or null" },
	{ "{'const':1}", "[1.0]", "" },
	{ "{'const':{'a':1}}", "[{'a':2}]", "$[0]: {'a':2} is not {'a': 1}" },
	{ "{'enum':[1,'x']}", "['x','y']", "$[1]: 'y' is not one of" },
	{ "{'minimum':0}", "[0,-1]", "$[1]: less than 0" },
	{ "{'maximum':3}", "[3,4]", "$[1]: more than 3" },
	{ "{'minLength':2}", "['ab','a']", "$[1]: shorter than 2" },
	{ "{'minItems':1}", "[[1],[]]", "$[1]: fewer than 1 entries" },
	{ "{'minProperties':1}", "[{'a':1},{}]", "$[1]: fewer than 1 members" },
	{ "{'uniqueItems':true}", "[[1,2],[1,1.0]]", "$[1]: entries 0 and 1 are equal" },
	{ "{'pattern':'^[a-c]+$'}", "['abc','abd']", "$[1]: 'abd' does not match" },
	{ "{'pattern':'^a$'}", "['a\\u0000b']", "$[0]: 'a' does not match" },
	{ "{'required':['a']}", "[{'a':1},{'b':1}]", "$[1]: 'a' is missing" },
	{ "{'properties':{'a':{'type':'null'}}}", "[{'b':1},{'a':1}]", "$[1].a: not of type null" },
	{ "{'additionalProperties':false}", "[{},{'z':1}]", "$[1]: 'z' is not known here" },
	{ "{'additionalProperties':{'type':'null'}}", "[{'z':1}]", "$[0].z: not of type null" },
	{ "{'oneOf':[{'type':'number'},{'type':'integer'}]}", "[1.5,1]",
	  "$[1]: fits 2 of the 2 alternatives" },
	{ "{'$ref':'#/$defs/n'}", "[null,0]", "$[1]: not of type null" },
	{ "false", "[1]", "$[0]: nothing is allowed here" },
	/* the schema's own fault */
	{ "{'$ref':'#/$defs/nowhere'}", "[1]", "the schema is wrong here: $ref" },
	{ "{'$ref':'#/$defs/loop'}", "[1]", "the schema is wrong here: too deep" },
	{ "{'maxItems':3}", "[1]", "the schema is wrong here: maxItems" },
	{ "{'pattern':'('}", "['x']", "the schema is wrong here: pattern" },
	{ "{'oneOf':[{'format':'date'}]}", "[1]", "the schema is wrong here: format" },
	{ "7", "[1]", "the schema is wrong here: not an object" },
};

START_TEST(schema_keywords)
{
	_cleanup_free_ char *text = xasprintf("{'items':%s,'$defs':{'n':{'type':'null'},"
					      "'loop':{'$ref':'#/$defs/loop'}}}",
					      keywords[_i].schema);
	_cleanup_json_ json_t *schema = quotes_loads(text);
	_cleanup_json_ json_t *doc = quotes_loads(keywords[_i].doc);
	_cleanup_free_ char *want = quotes(keywords[_i].want);
	bool ours = strstr(keywords[_i].want, "schema is wrong") != NULL;
	struct err err = { 0 };
	int ret;

	ck_assert(schema && doc);
	ret = schema_check(schema, doc, "d", &err);
	ck_assert_int_eq(ret, *keywords[_i].want ? -1 : 0);
	ck_assert_msg(strstr(err.msg, want) != NULL, "\"%s\" lacks \"%s\"", err.msg, want);
	if (ret < 0)
		ck_assert_int_eq(err.code, ours ? GB_INFRA : GB_USAGE);
}
END_TEST

START_TEST(canonical)
{
	static const char text[] = "{ \"b\": [1, 2.0, -0.0, 0.1, 1e300, true, false, null], "
				   "\"a\\\"\": \"\\u00e9\\n\\/\", \"B\": {} }";
	_cleanup_json_ json_t *json = json_loads(text, 0, NULL);
	_cleanup_buf_ struct buf out = BUF_INIT;

	json_canonical(json, &out);
	ck_assert_str_eq(out.data, "{\"B\":{},\"a\\\"\":\"\xc3\xa9\\n/\","
				   "\"b\":[1,2,0,0.10000000000000001,1.0000000000000001e+300,"
				   "true,false,null]}");
}
END_TEST

START_TEST(digest)
{
	char first[FS_SHA256_HEX], again[FS_SHA256_HEX], empty[FS_SHA256_HEX];
	struct err err = { 0 };

	put("result.json", good);
	ck_assert_int_eq(result_digest(dir, first, &err), 0);
	/* another order, other white space, another host: the same */
	put("result.json", "{'schema':'grantbench.result/1','cells':[],'engine':'exact',\n"
			   "'scenario':'s', 'canary':{'ran':false}, 'host':{'t':1}}");
	ck_assert_int_eq(result_digest(dir, again, &err), 0);
	put("result.json", HEAD "'cells':[],'canary':{'ran':false},'host':{'t':2,'load':9.5}}");
	ck_assert_int_eq(result_digest(dir, empty, &err), 0);
	ck_assert_str_eq(again, empty);
	ck_assert_str_ne(first, empty);
	/* any value outside host counts */
	put("result.json", HEAD "'cells':[],'canary':{},'host':{'t':2}}");
	ck_assert_int_eq(result_digest(dir, again, &err), 0);
	ck_assert_str_ne(again, empty);
	/* sha256 of the text that the header describes, by sha256sum(1) */
	ck_assert_str_eq(empty, "d0aec84b96ca6d6701f3b44ffc1c64bf8b2008ea4c1a12d1befae685ce33135f");
	put("result.json", "{'schema':'grantbench.result/9'}");
	ck_assert_int_eq(result_digest(dir, again, &err), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("result");
	TCase *tc = tcase_create("read"), *s = tcase_create("schema");

	tcase_add_checked_fixture(tc, make_dir, remove_dir);
	tcase_add_test(tc, reads);
	tcase_add_loop_test(tc, refuses, 0, ARRAY_SIZE(bad));
	tcase_add_loop_test(tc, refuses_beyond, 0, ARRAY_SIZE(bad_beyond));
	tcase_add_test(tc, written);
	tcase_add_test(tc, no_file);
	tcase_add_test(tc, manifest);
	tcase_add_test(tc, digest);
	suite_add_tcase(suite, tc);
	tcase_add_test(s, schema_takes_good);
	tcase_add_loop_test(s, schema_keywords, 0, ARRAY_SIZE(keywords));
	tcase_add_test(s, canonical);
	suite_add_tcase(suite, s);
	return lib_check_main(suite);
}
