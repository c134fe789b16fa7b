// SPDX-License-Identifier: GPL-2.0-or-later
/* Xen's own PV disk: what proves it, what its span says, which cells have it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "scenario/scenario.h"
#include "tests/lib-check.h"
#include "tests/lib-compare.h"
#include "tests/lib-quotes.h"
#include "workload/evaluate-peer.h"

#define SAID "{'is_block':true,'driver':'vbd'}"
#define BACKEND(state, front, back_p, front_p, rd_req, rd_sect, done) \
	"{'state':" state ",'state_front':" front ",'persistent':" back_p ",'persistent_front':" front_p "," \
	"'before':{'rd_req':2,'wr_req':0,'rd_sect':16,'wr_sect':0}," \
	"'after':{'rd_req':" rd_req ",'wr_req':0,'rd_sect':" rd_sect ",'wr_sect':0}," \
	"'span':{'done':" done ",'requests':299,'first_ns':1000,'last_ns':300000}}"
#define GOOD BACKEND("4", "4", "0", "0", "302", "2416", "true")

static json_t *load(const char *text)
{
	json_t *value = quotes_loads(text);

	ck_assert_msg(value != NULL, "%s", text);
	return value;
}

static const struct {
	const char *said, *backend;
	bool persistent;
	const char *want;	/* in the message; NULL: it passes */
} proofs[] = {
	{ SAID, GOOD, false, NULL },
	{ SAID, BACKEND("4", "4", "1", "1", "302", "2416", "true"), true, NULL },
	{ NULL, GOOD, false, "sent no proof" },
	{ "{'is_block':false,'driver':'vbd'}", GOOD, false, "not a block device" },
	{ "{'is_block':true,'driver':'virtio-mmio'}", GOOD, false, "is \"virtio-mmio\", not" },
	{ "{'is_block':true}", GOOD, false, "(none said)" },
	{ SAID, BACKEND("2", "4", "0", "0", "302", "2416", "true"), false, "backend's state is 2" },
	{ SAID, BACKEND("4", "6", "0", "0", "302", "2416", "true"), false, "frontend's 6" },
	{ SAID, GOOD, true, "the backend says 0" },
	{ SAID, BACKEND("4", "4", "1", "0", "302", "2416", "true"), true, "frontend 0" },
	/* the workload went to a plain file */
	{ SAID, BACKEND("4", "4", "0", "0", "2", "16", "true"), false, "served 0 bytes" },
	{ SAID, BACKEND("4", "4", "0", "0", "302", "2424", "true"), false, "served 1232896 bytes" },
	{ SAID, "{}", false, "state is 0" },
};

#define SAID_NET "{'is_net':true,'link':true,'driver':'vif'}"
#define NETBACK(state, front, tx, rx) \
	"{'state':" state ",'state_front':" front "," \
	"'devices':[{'net':{'marks':[{'tx_packets':1,'rx_packets':1}," \
	"{'tx_packets':" tx ",'rx_packets':" rx "}]}}]}"

static const struct {
	const char *said, *backend, *want;
} net_proofs[] = {
	{ SAID_NET, NETBACK("4", "4", "300", "301"), NULL },
	{ SAID_NET, "{'state':4,'state_front':4,'devices':[{'net':{'marks':[]}}]}", NULL },
	{ NULL, NETBACK("4", "4", "300", "301"), "sent no proof" },
	{ "{'is_net':true,'link':false,'driver':'vif'}", NETBACK("4", "4", "300", "301"), "no link" },
	{ "{'is_net':true,'link':true}", NETBACK("4", "4", "300", "301"), "(none said)" },
	{ "{'is_net':true,'link':true,'driver':'virtio-mmio'}", NETBACK("4", "4", "300", "301"),
	  "is \"virtio-mmio\", not" },
	{ SAID_NET, NETBACK("2", "4", "300", "301"), "backend's state is 2" },
	{ SAID_NET, NETBACK("4", "6", "300", "301"), "frontend's 6" },
	{ SAID_NET, NETBACK("4", "4", "0", "301"), "0 packets from the domU" },
	{ SAID_NET, NETBACK("4", "4", "300", "0"), "gave it 0" },
	{ SAID_NET, "{}", "state is 0" },
};

START_TEST(net_proof_of)
{
	_cleanup_json_ json_t *said = net_proofs[_i].said ? load(net_proofs[_i].said) : NULL;
	_cleanup_json_ json_t *backend = load(net_proofs[_i].backend), *proof = json_object();
	struct err err = { 0 };
	int ret = peer_check_net(said, backend, proof, &err);

	if (!net_proofs[_i].want) {
		ck_assert_msg(ret == 0, "%s", err.msg);
		return;
	}
	ck_assert_int_eq(ret, -1);
	ck_assert_msg(strstr(err.msg, net_proofs[_i].want), "%s", err.msg);
}
END_TEST

START_TEST(proof_of)
{
	_cleanup_json_ json_t *said = proofs[_i].said ? load(proofs[_i].said) : NULL;
	_cleanup_json_ json_t *backend = load(proofs[_i].backend), *proof = json_object();
	struct peer_want want = { .persistent = proofs[_i].persistent, .bytes = 300 * 4096 };
	struct err err = { 0 };
	int ret = peer_check(&want, said, backend, proof, &err);

	ck_assert_int_eq(ret, proofs[_i].want ? -1 : 0);
	if (proofs[_i].want)
		ck_assert_msg(strstr(err.msg, proofs[_i].want), "\"%s\" lacks \"%s\"", err.msg,
			      proofs[_i].want);
	else
		ck_assert_int_eq(json_integer_value(json_object_get(proof, "backend_state")), 4);
}
END_TEST

START_TEST(span_of_requests)
{
	_cleanup_json_ json_t *backend = load(GOOD), *metrics = json_array();
	struct err err = { 0 };
	const json_t *span;
	double ops = 0;

	ck_assert_int_eq(peer_span(backend, 300, &span, &ops, &err), 0);
	ck_assert_double_eq(ops, 299);
	ck_assert_int_eq(json_integer_value(json_object_get(span, "bytes")), 299 * 4096);
	ck_assert_int_eq(peer_counters(backend, 300, metrics, &err), 0);
	ck_assert_double_eq(json_number_value(json_object_get(json_array_get(metrics, 0), "value")), 300);
}
END_TEST

/* An operation was two requests of the ring: the span holds half as many. */
START_TEST(span_of_split_operations)
{
	_cleanup_json_ json_t *backend = load(BACKEND("4", "4", "0", "0", "602", "2416", "true"));
	struct err err = { 0 };
	const json_t *span;
	double ops = 0;

	ck_assert_int_eq(peer_span(backend, 300, &span, &ops, &err), 0);
	ck_assert_double_eq(ops, 149.5);
}
END_TEST

START_TEST(span_without_end)
{
	_cleanup_json_ json_t *backend = load(BACKEND("4", "4", "0", "0", "152", "2416", "false"));
	struct err err = { 0 };
	const json_t *span;
	double ops = 0;

	ck_assert_int_eq(peer_span(backend, 300, &span, &ops, &err), -1);
	ck_assert_msg(strstr(err.msg, "150 requests, too few"), "%s", err.msg);
}
END_TEST

static const struct {
	const char *variant;
	const char *reason;	/* NULL: it runs */
} cells[] = {
	{ "topology = xl\nbinding = none\nmapping = map\n", NULL },
	{ "topology = xl\nbinding = none\nmapping = persistent\n", NULL },
	{ "arch = x86_64\ntopology = xl\nbinding = none\nmapping = persistent\n", NULL },
	{ "topology = dom0less\nbinding = none\n", "toolstack" },
	{ "topology = driver-domain\nbinding = none\n", "toolstack" },
	{ "topology = xl\nbinding = iommus\n", "no node in a tree" },
	{ "topology = xl\nbinding = none\nmapping = foreign\n", "xen-blkback maps" },
	{ "topology = xl\nbinding = none\nallocator = nextfit\n", "about virtio devices" },
	{ "topology = xl\nbinding = none\n[workload]\ndisturb = crash\n", "mid-I/O" },
	{ "topology = xl\nbinding = none\n[topology]\nstore = null\n", "store is ram" },
};

START_TEST(cell_of)
{
	char dir[] = "/tmp/grantbench-test-XXXXXX";
	_cleanup_free_ char *path = NULL, *text = NULL, *job = NULL;
	struct scenario *s = NULL;
	struct cells all = { 0 };
	struct err err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = xasprintf("%s/t.ini", dir);
	text = xasprintf("[variant]\ndevice = blkfront\n%s", cells[_i].variant);
	job = xasprintf("%s/blk-randread.fio", dir);
	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0644, &err), 0);
	ck_assert_int_eq(fs_write_atomic(job, "[j]\nrw=read\n", 12, 0644, &err), 0);
	ck_assert_msg(scenario_load(path, &s, &err) == 0, "%s", err.msg);
	ck_assert_msg(scenario_cells(s, NULL, &all, &err) == 0, "%s", err.msg);
	ck_assert_uint_eq(all.nr, 1);
	if (!cells[_i].reason)
		ck_assert_msg(!all.cell[0].not_applicable, "%s", all.cell[0].not_applicable);
	else
		ck_assert_msg(all.cell[0].not_applicable &&
			      strstr(all.cell[0].not_applicable, cells[_i].reason), "%s lacks \"%s\"",
			      all.cell[0].not_applicable ? all.cell[0].not_applicable : "(it runs)",
			      cells[_i].reason);
	cells_release(&all);
	scenario_free(s);
	unlink(path);
	unlink(job);
	rmdir(dir);
}
END_TEST

#define AXES(device, binding, mapping, bs) \
	"'device':'" device "','binding':'" binding "','mapping':'" mapping "','bs':'" bs "'"
#define INSNS(value) M("instructions_per_io", "insn", "less", value)

/* Each other way to the disk against the first, per size, whatever binding and mapping say. */
START_TEST(compared_by_device)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	cc_load_exact(&cc.a, "run",
		      CELL("v4", AXES("blk", "iommus", "map", "4k"), "", INSNS(1000)) ","
		      CELL("v64", AXES("blk", "iommus", "map", "64k"), "", INSNS(9000)) ","
		      CRASH("no1", AXES("blk", "none", "map", "4k"), "not-applicable") ","
		      CRASH("no2", AXES("blk", "none", "map", "64k"), "not-applicable") ","
		      CELL("p4", AXES("blkfront", "none", "map", "4k"), "", INSNS(500)) ","
		      CELL("p64", AXES("blkfront", "none", "map", "64k"), "", INSNS(4000)) ","
		      CELL("f4", AXES("blk", "none", "foreign", "4k"), "", INSNS(700)));
	cc.opts.by = "device";
	cc_compare(NULL);
	ck_assert_uint_eq(cc.cmp.nr_pairs, 3);
	ck_assert_str_eq(cc.cmp.pairs[0].a->id, "v4");
	ck_assert_str_eq(cc.cmp.pairs[0].b->id, "p4");
	ck_assert_str_eq(cc.cmp.pairs[1].a->id, "v64");
	ck_assert_str_eq(cc.cmp.pairs[1].b->id, "p64");
	ck_assert_str_eq(cc.cmp.pairs[2].a->id, "v4");
	ck_assert_str_eq(cc.cmp.pairs[2].b->id, "f4");
	ck_assert_str_eq(cc.cmp.name_a, "blk (iommus, map)");
	cc_skipped("2 cells", "not-applicable: why");
	compare_text(&cc.cmp, &text);
	cc_lines_fit(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("peer");
	TCase *tc = tcase_create("peer");

	tcase_add_loop_test(tc, proof_of, 0, (int)ARRAY_SIZE(proofs));
	tcase_add_loop_test(tc, net_proof_of, 0, (int)ARRAY_SIZE(net_proofs));
	tcase_add_test(tc, span_of_requests);
	tcase_add_test(tc, span_of_split_operations);
	tcase_add_test(tc, span_without_end);
	tcase_add_loop_test(tc, cell_of, 0, (int)ARRAY_SIZE(cells));
	suite_add_tcase(suite, tc);
	tc = tcase_create("compare");
	tcase_add_checked_fixture(tc, cc_setup, cc_teardown);
	tcase_add_test(tc, compared_by_device);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
