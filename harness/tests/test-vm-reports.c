// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest reports: what is taken, what is dropped, what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/record.h"
#include "tests/lib-check.h"
#include "vm/reports.h"

#define TOKEN "0123456789abcdef"

static struct reports reports;
static struct report last;

static void setup(void)
{
	reports_init(&reports, TOKEN);
}

static void teardown(void)
{
	reports_release(&reports);
}

/* A line with a good checksum around any body (from "src" on). */
static void body_with(const char *token, const char *text)
{
	char line[2048], crc[32];

	snprintf(line, sizeof(line) - 32, "{\"gb\":1,\"tok\":\"%s\",%s", token, text);
	snprintf(crc, sizeof(crc), ",\"crc\":\"%08x\"}", record_crc32(0, line, strlen(line)));
	strcat(line, crc);
	reports_line(&reports, line, strlen(line), &last);
}

static void body(const char *text)
{
	body_with(TOKEN, text);
}

static enum report_kind tell(const char *src, unsigned int seq, const char *type, const char *data)
{
	_cleanup_free_ char *text = xasprintf(
		"\"src\":\"%s\",\"seq\":%u,\"type\":\"%s\",\"data\":%s", src, seq, type, data);

	body(text);
	return last.kind;
}

START_TEST(taken)
{
	const json_t *first;

	ck_assert_int_eq(tell("dom0", 1, "phase", "{\"phase\":\"dom0-up\",\"t_ns\":5}"),
			 REPORT_PHASE);
	ck_assert_str_eq(last.text, "dom0-up");
	ck_assert_int_eq(last.t_ns, 5);
	ck_assert_int_eq(last.source, REPORT_DOM0);
	ck_assert_int_eq(
		tell("domu", 1, "proof", "{\"device\":\"a\",\"grefs_start\":3,\"is_block\":true}"),
		REPORT_PROOF);
	ck_assert_int_eq(tell("domu", 2, "check", "{\"name\":\"n\",\"ok\":false,\"detail\":\"d\"}"),
			 REPORT_CHECK);
	ck_assert_str_eq(last.text, "n: d");
	ck_assert(!last.ok);
	ck_assert_int_eq(tell("backend", 1, "error", "{\"what\":\"no \\\"x\\\"\"}"), REPORT_ERROR);
	ck_assert_str_eq(last.text, "no \"x\"");
	ck_assert_int_eq(last.source, REPORT_BACKEND);
	ck_assert_int_eq(tell("domu", 3, "done", "{\"ok\":true}"), REPORT_DONE);
	ck_assert(reports.sources[REPORT_DOMU].done && reports.sources[REPORT_DOMU].done_ok);
	ck_assert(!reports.sources[REPORT_DOM0].done);
	ck_assert_uint_eq(json_array_size(reports.records), 5);
	first = json_array_get(reports.records, 0);
	ck_assert_str_eq(json_string_value(json_object_get(first, "src")), "dom0");
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(first, "data"), "phase")),
		"dom0-up");
	ck_assert_uint_eq(json_object_size(first), 4);
	ck_assert_uint_eq(reports.rejected + reports.torn + reports.foreign + reports.oversized, 0);
}
END_TEST

#define DOMU1(type, data) "\"src\":\"domu\",\"seq\":1,\"type\":\"" type "\",\"data\":" data

static const struct {
	const char *body, *problem;
} refused[] = {
	{ DOMU1("phase", "{\"phase\":\"lunch\",\"t_ns\":1}"), "unknown name \"lunch\"" },
	{ DOMU1("phase", "{\"phase\":\"domu-up\"}"), "phase: not" },
	{ DOMU1("phase", "{\"phase\":\"domu-up\",\"t_ns\":-1}"), "phase: not" },
	{ DOMU1("phase", "{\"phase\":\"domu-up\",\"t_ns\":1.5}"), "phase: not" },
	{ DOMU1("phase", "{\"phase\":\"domu-up\",\"t_ns\":1,\"x\":1}"), "phase: not" },
	{ DOMU1("phase", "{\"phase\":7,\"t_ns\":1}"), "phase: not" },
	{ DOMU1("proof", "{}"), "no \"device\"" },
	{ DOMU1("proof", "{\"device\":\"a\",\"b\":[1]}"), "\"b\" is no" },
	{ DOMU1("proof", "{\"device\":\"a\",\"b c\":1}"), "\"b c\" is no" },
	{ DOMU1("probe", "{\"attempts\":1}"), "probe: no \"device\"" },
	{ DOMU1("probe", "{\"device\":\"a\",\"first_us\":1.5}"), "probe: \"first_us\" is no" },
	{ DOMU1("check", "{\"name\":\"n\",\"ok\":1,\"detail\":\"\"}"), "check: not" },
	{ DOMU1("check", "{\"name\":\"n\",\"ok\":true}"), "check: not" },
	{ DOMU1("error", "{\"what\":null}"), "error: not" },
	{ DOMU1("error", "{\"what\":\"a\\u001b[2J\"}"), "error: not" },
	{ DOMU1("done", "{\"ok\":\"yes\"}"), "done: not" },
	{ DOMU1("surprise", "{}"), "unknown type \"surprise\"" },
	{ "\"src\":\"dom7\",\"seq\":1,\"type\":\"done\",\"data\":{\"ok\":true}",
	  "src, seq, type or data" },
	{ "\"src\":\"domu\",\"seq\":0,\"type\":\"done\",\"data\":{\"ok\":true}",
	  "src, seq, type or data" },
	{ "\"src\":\"domu\",\"seq\":100001,\"type\":\"done\",\"data\":{\"ok\":true}",
	  "src, seq, type or data" },
	{ "\"src\":\"domu\",\"seq\":\"1\",\"type\":\"done\",\"data\":{\"ok\":true}",
	  "src, seq, type or data" },
	{ DOMU1("done", "[]"), "src, seq, type or data" },
	{ "\"src\":\"domu\",\"seq\":1,\"type\":\"done\",\"extra\":1,\"data\":{\"ok\":true}",
	  "not JSON" },
	{ "\"src\":\"domu\",\"seq\":1,\"seq\":1,\"type\":\"done\",\"data\":{\"ok\":true}",
	  "not JSON" },
	{ DOMU1("done", "{\"ok\":true}}"), "not JSON" },
	{ DOMU1("done", "{\"ok\":tru"), "not JSON" },
	{ DOMU1("error", "{\"what\":\"\xff\xfe\"}"), "not JSON" },
	{ DOMU1("error", "{\"what\":\"\\u0000\"}"), "not JSON" },
};

START_TEST(refuse)
{
	body(refused[_i].body);
	ck_assert_msg(last.kind == REPORT_DROPPED && reports.rejected == 1, "%s: kind %d",
		      refused[_i].body, last.kind);
	ck_assert_msg(strstr(reports.problem, refused[_i].problem) != NULL, "%s: %s",
		      refused[_i].body, reports.problem);
	ck_assert_uint_eq(json_array_size(reports.records), 0);
	ck_assert(!reports.sources[REPORT_DOMU].done);
}
END_TEST

#define BLOB(name, part, parts, b64) \
	"{\"name\":\"" name "\",\"part\":" part ",\"parts\":" parts ",\"b64\":\"" b64 "\"}"

static const struct {
	const char *data, *problem;
} bad_blobs[] = {
	{ BLOB("../x", "0", "1", ""), "no safe file name" },
	{ BLOB("a/b", "0", "1", ""), "no safe file name" },
	{ BLOB(".x", "0", "1", ""), "no safe file name" },
	{ BLOB("", "0", "1", ""), "no safe file name" },
	{ BLOB("a b", "0", "1", ""), "no safe file name" },
	{ BLOB("0123456789012345678901234567890123456789012345678901234567890123x", "0", "1", ""),
	  "no safe" },
	{ BLOB("x", "1", "1", ""), "part 1 of 1" },
	{ BLOB("x", "-1", "1", ""), "part -1 of 1" },
	{ BLOB("x", "0", "0", ""), "part 0 of 0" },
	{ BLOB("x", "0", "4097", ""), "part 0 of 4097" },
	{ BLOB("x", "0", "9223372036854775807", ""), "of 9223372036854775807" },
	{ BLOB("x", "0", "1", "a"), "no base64" },
	{ BLOB("x", "0", "1", "a?=="), "no base64" },
	{ "{\"name\":\"x\",\"part\":0,\"parts\":1,\"b64\":\"\",\"mode\":1}", "blob: not" },
	{ "{\"name\":\"x\",\"part\":0,\"parts\":1}", "blob: not" },
	{ "{\"name\":\"x\",\"part\":0.0,\"parts\":1,\"b64\":\"\"}", "blob: not" },
};

START_TEST(bad_blob)
{
	ck_assert_int_eq(tell("domu", 1, "blob", bad_blobs[_i].data), REPORT_DROPPED);
	ck_assert_msg(strstr(reports.problem, bad_blobs[_i].problem) != NULL, "%s",
		      reports.problem);
	ck_assert_uint_eq(reports.nr_blobs, 0);
}
END_TEST

START_TEST(blobs)
{
	const struct blob *blob;

	ck_assert_int_eq(tell("domu", 1, "blob", BLOB("f", "1", "2", "Zm9v")), REPORT_BLOB);
	ck_assert_ptr_null(reports_blob(&reports, "f"));
	ck_assert_int_eq(tell("domu", 9, "blob", BLOB("f", "1", "2", "YmFy")), REPORT_DROPPED);
	ck_assert_msg(strstr(reports.problem, "a part comes twice") != NULL, "%s",
		      reports.problem);
	/* another source's file of the same name is another file */
	ck_assert_int_eq(tell("dom0", 1, "blob", BLOB("f", "0", "3", "")), REPORT_BLOB);
	ck_assert_int_eq(tell("domu", 2, "blob", BLOB("f", "0", "2", "AAEC")), REPORT_BLOB);
	blob = reports_blob(&reports, "f");
	ck_assert_ptr_nonnull(blob);
	ck_assert_int_eq(blob->source, REPORT_DOMU);
	ck_assert_uint_eq(blob->size, 6);
	ck_assert_int_eq(memcmp(blob->data, "\0\1\2foo", 7), 0);
	/* one line again, word for word, is only repeated; another one is refused */
	ck_assert_int_eq(tell("domu", 2, "blob", BLOB("f", "0", "2", "AAEC")), REPORT_DROPPED);
	ck_assert_uint_eq(reports.rejected, 1);
	ck_assert_int_eq(tell("domu", 3, "blob", BLOB("f", "0", "2", "AAEC")), REPORT_DROPPED);
	ck_assert_int_eq(tell("dom0", 2, "blob", BLOB("f", "1", "2", "")), REPORT_DROPPED);
	ck_assert_msg(strstr(reports.problem, "a part comes twice") != NULL, "%s", reports.problem);
	ck_assert_uint_eq(reports.rejected, 3);
	/* an empty file */
	ck_assert_int_eq(tell("domu", 4, "blob", BLOB("empty", "0", "1", "")), REPORT_BLOB);
	ck_assert_str_eq(reports_blob(&reports, "empty")->data, "");
	ck_assert_uint_eq(json_array_size(reports.records), 0);
}
END_TEST

START_TEST(too_many_blobs)
{
	unsigned int i;

	for (i = 0; i <= REPORTS_BLOBS; i++) {
		_cleanup_free_ char *data = xasprintf(BLOB("f%u", "0", "2", ""), i);

		tell("domu", i + 1, "blob", data);
	}
	ck_assert_int_eq(last.kind, REPORT_DROPPED);
	ck_assert_msg(strstr(reports.problem, "too many blobs") != NULL, "%s", reports.problem);
}
END_TEST

START_TEST(too_many_bytes)
{
	char raw[RECORD_BLOB_CHUNK] = { 0 }, b64[RECORD_MAX];
	_cleanup_free_ char *first = NULL, *second = NULL;

	record_b64_encode(b64, raw, sizeof(raw));
	first = xasprintf(BLOB("f", "0", "4096", "%s"), b64);
	second = xasprintf(BLOB("f", "1", "4096", "%s"), b64);
	/* as if all the others had come: exactly one part still fits */
	reports.blob_bytes = REPORTS_BLOB_TOTAL - RECORD_BLOB_CHUNK;
	ck_assert_int_eq(tell("domu", 1, "blob", first), REPORT_BLOB);
	ck_assert_int_eq(tell("domu", 2, "blob", second), REPORT_DROPPED);
	ck_assert_msg(strstr(reports.problem, "more than 16777216 bytes") != NULL, "%s",
		      reports.problem);
	ck_assert_uint_eq(reports.blob_bytes, REPORTS_BLOB_TOTAL);
}
END_TEST

START_TEST(sequence)
{
	const struct source_stats *s = &reports.sources[REPORT_DOMU];
	const char *a = "{\"what\":\"a\"}", *b = "{\"what\":\"b\"}";

	ck_assert_int_eq(tell("domu", 3, "error", a), REPORT_ERROR);
	ck_assert_uint_eq(s->lost, 2);
	ck_assert_int_eq(tell("domu", 1, "error", a), REPORT_ERROR);
	ck_assert_uint_eq(s->lost, 1);
	ck_assert_int_eq(tell("domu", 1, "error", a), REPORT_DROPPED);
	ck_assert_uint_eq(s->repeated, 1);
	ck_assert_int_eq(tell("domu", 1, "error", b), REPORT_DROPPED);
	ck_assert_uint_eq(s->conflicts, 1);
	/* sources count for themselves */
	ck_assert_int_eq(tell("backend", 1, "error", b), REPORT_ERROR);
	ck_assert_int_eq(tell("domu", 2, "error", b), REPORT_ERROR);
	ck_assert_uint_eq(s->lost, 0);
	ck_assert_uint_eq(s->records, 3);
	ck_assert_uint_eq(s->max_seq, 3);
	ck_assert_uint_eq(json_array_size(reports.records), 4);
	ck_assert_int_eq(tell("domu", REPORTS_SEQ_MAX, "error", b), REPORT_ERROR);
	ck_assert_uint_eq(s->lost, REPORTS_SEQ_MAX - 4);
}
END_TEST

START_TEST(lines)
{
	char line[RECORD_MAX + 1], text[RECORD_MAX + 100];
	int len = record_format(line, sizeof(line), TOKEN, "domu", 1, "done", "{\"ok\":true}");

	reports_line(&reports, "hello", 5, &last);
	ck_assert_int_eq(last.kind, REPORT_NONE);
	/* cut anywhere behind its start: torn, and never believed */
	reports_line(&reports, line, (size_t)len - 1, &last);
	ck_assert_int_eq(last.kind, REPORT_DROPPED);
	ck_assert_uint_eq(reports.torn, 1);
	snprintf(text, sizeof(text), "%s and more", line);
	reports_line(&reports, text, strlen(text), &last);
	ck_assert_uint_eq(reports.torn, 2);
	/* printk's timestamp in front */
	snprintf(text, sizeof(text), "[    1.234567] %s", line);
	reports_line(&reports, text, strlen(text), &last);
	ck_assert_int_eq(last.kind, REPORT_DONE);
	ck_assert_uint_eq(reports.torn, 2);
}
END_TEST

/* Any bit of any record turned: never a crash, never another record than was sent. */
START_TEST(fuzz)
{
	char line[RECORD_MAX + 1], bad[RECORD_MAX + 1];
	int len = record_format(line, sizeof(line), TOKEN, "domu", 1, "blob",
				BLOB("f", "0", "1", "Zm9v"));
	int i, bit;

	for (i = 0; i < len; i++)
		for (bit = 0; bit < 8; bit++) {
			memcpy(bad, line, (size_t)len);
			bad[i] = (char)(bad[i] ^ 1 << bit);
			reports_line(&reports, bad, (size_t)len, &last);
			ck_assert(last.kind == REPORT_NONE || last.kind == REPORT_DROPPED);
		}
	ck_assert_uint_eq(reports.nr_blobs, 0);
	ck_assert_uint_gt(reports.torn, 100);
}
END_TEST

/* A domain with a token of its own cannot speak as another one, nor the other way round. */
START_TEST(own_token)
{
	static const char own[] = "00000000000000ff";
#define DONE(src, seq) "\"src\":\"" src "\",\"seq\":" seq ",\"type\":\"done\",\"data\":{\"ok\":true}"

	reports_set_token(&reports, REPORT_BACKEND, own);
	body_with(own, DONE("backend", "1"));
	ck_assert_int_eq(last.kind, REPORT_DONE);
	ck_assert_uint_eq(reports.rejected, 0);
	body_with(own, DONE("dom0", "1"));
	ck_assert_int_eq(last.kind, REPORT_DROPPED);
	ck_assert_str_eq(reports.problem, "somebody else speaks as dom0");
	ck_assert(!reports.sources[REPORT_DOM0].done);
	body_with(TOKEN, DONE("backend", "2"));
	ck_assert_uint_eq(reports.rejected, 2);
	body_with(TOKEN, DONE("domu2", "1"));
	ck_assert_int_eq(last.source, REPORT_DOMU2);
	body_with("00000000000000aa", DONE("dom0", "2"));
	ck_assert_uint_eq(reports.foreign, 1);
#undef DONE
}
END_TEST

/* Two domains send a file of one name: the first source's is the one by name alone. */
START_TEST(same_file_twice)
{
	tell("domu2", 1, "blob", "{\"name\":\"x\",\"part\":0,\"parts\":1,\"b64\":\"Mg==\"}");
	ck_assert_str_eq(reports_blob(&reports, "x")->data, "2");
	tell("domu", 1, "blob", "{\"name\":\"x\",\"part\":0,\"parts\":1,\"b64\":\"MQ==\"}");
	ck_assert_str_eq(reports_blob(&reports, "x")->data, "1");
	ck_assert_str_eq(reports_blob_of(&reports, REPORT_DOMU2, "x")->data, "2");
	ck_assert_ptr_null(reports_blob_of(&reports, REPORT_BACKEND, "x"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vm-reports");
	TCase *c = tcase_create("reports");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, taken);
	tcase_add_loop_test(c, refuse, 0, (int)ARRAY_SIZE(refused));
	tcase_add_loop_test(c, bad_blob, 0, (int)ARRAY_SIZE(bad_blobs));
	tcase_add_test(c, blobs);
	tcase_add_test(c, too_many_blobs);
	tcase_add_test(c, too_many_bytes);
	tcase_add_test(c, own_token);
	tcase_add_test(c, same_file_twice);
	tcase_add_test(c, sequence);
	tcase_add_test(c, lines);
	tcase_add_test(c, fuzz);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return lib_check_main(s);
}
