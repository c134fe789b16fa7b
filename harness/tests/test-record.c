// SPDX-License-Identifier: GPL-2.0-or-later
/* The wire format: what is built is accepted, and nothing else is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/record.h"
#include "tests/lib-check.h"

#define TOKEN "0123456789abcdef"

START_TEST(crc32)
{
	/* the check value of the CRC catalogue */
	ck_assert_uint_eq(record_crc32(0, "123456789", 9), 0xcbf43926u);
	ck_assert_uint_eq(record_crc32(record_crc32(0, "1234", 4), "56789", 5), 0xcbf43926u);
	ck_assert_uint_eq(record_crc32(0, "", 0), 0);
}
END_TEST

static int make(char *line)
{
	int len = record_format(line, RECORD_MAX + 1, TOKEN, "domu", 7, "phase",
				"{\"phase\":\"domu-up\",\"t_ns\":12}");

	ck_assert_int_gt(len, 0);
	ck_assert_uint_eq(strlen(line), (size_t)len);
	return len;
}

START_TEST(format)
{
	static const char want[] =
		"{\"gb\":1,\"tok\":\"" TOKEN "\",\"src\":\"domu\",\"seq\":7,\"type\":\"phase\","
		"\"data\":{\"phase\":\"domu-up\",\"t_ns\":12}";
	char line[RECORD_MAX + 1], crc[32];
	int len = make(line);

	ck_assert_int_eq(strncmp(line, want, strlen(want)), 0);
	snprintf(crc, sizeof(crc), ",\"crc\":\"%08x\"}", record_crc32(0, want, strlen(want)));
	ck_assert_str_eq(line + strlen(want), crc);
	ck_assert_int_eq(record_check(line, (size_t)len, TOKEN), 0);
}
END_TEST

START_TEST(limits)
{
	char line[2 * RECORD_MAX], data[2 * RECORD_MAX];
	int len = 0, fit = 0;
	size_t i;

	for (i = 2; i < RECORD_MAX + 10; i++) {
		memset(data, ' ', i);
		data[0] = '{';
		data[i - 1] = '}';
		data[i] = '\0';
		len = record_format(line, sizeof(line), TOKEN, "domu", 1, "proof", data);
		if (len < 0)
			break;
		ck_assert_int_eq(record_check(line, (size_t)len, TOKEN), 0);
		fit = len;
	}
	ck_assert_int_eq(len, -EMSGSIZE);
	ck_assert_int_eq(fit, RECORD_MAX);
	/* a buffer that is too small, to the byte */
	len = make(line);
	ck_assert_int_eq(record_format(data, (size_t)len, TOKEN, "domu", 7, "phase",
				       "{\"phase\":\"domu-up\",\"t_ns\":12}"), -EMSGSIZE);
	ck_assert_int_eq(record_format(data, (size_t)len + 1, TOKEN, "domu", 7, "phase",
				       "{\"phase\":\"domu-up\",\"t_ns\":12}"), len);
	ck_assert_int_eq(record_format(data, sizeof(data), TOKEN, "domu", 7, "phase", "{\n}"),
			 -EINVAL);
}
END_TEST

/* Every single-bit error and every cut is seen. */
START_TEST(damage)
{
	char line[RECORD_MAX + 1], bad[RECORD_MAX + 1];
	int len = make(line), i, bit, ret;

	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			memcpy(bad, line, (size_t)len);
			bad[i] = (char)(bad[i] ^ 1 << bit);
			ret = record_check(bad, (size_t)len, TOKEN);
			ck_assert_msg(ret == -EBADMSG || ret == -ENOMSG, "byte %d bit %d: %d", i,
				      bit, ret);
		}
		ret = record_check(line, (size_t)i, TOKEN);
		ck_assert_msg(ret == (i < 8 ? -ENOMSG : -EBADMSG), "cut at %d: %d", i, ret);
	}
	memcpy(bad, line, (size_t)len);
	bad[len] = ' ';
	ck_assert_int_eq(record_check(bad, (size_t)len + 1, TOKEN), -EBADMSG);
}
END_TEST

START_TEST(not_ours)
{
	char line[RECORD_MAX + 1], large[2 * RECORD_MAX];
	int len = make(line);

	ck_assert_int_eq(record_check(line, (size_t)len, "fedcba9876543210"), -ENOMSG);
	ck_assert_int_eq(record_check(line, (size_t)len, "0123456789abcde"), -ENOMSG);
	ck_assert_int_eq(record_check("hello", 5, TOKEN), -ENOMSG);
	ck_assert_int_eq(record_check("", 0, TOKEN), -ENOMSG);
	memset(large, 'x', sizeof(large));
	memcpy(large, line, 40);
	ck_assert_int_eq(record_check(large, RECORD_MAX + 1, TOKEN), -EMSGSIZE);
	ck_assert_int_eq(record_check(large, RECORD_MAX, TOKEN), -EBADMSG);
}
END_TEST

START_TEST(find)
{
	ck_assert_int_eq(record_find("[    1.0] {\"gb\":1,x", 19), 10);
	ck_assert_int_eq(record_find("{\"gb\":1,x", 9), 0);
	ck_assert_int_eq(record_find("{\"gb\":2,x", 9), -1);
	ck_assert_int_eq(record_find("{\"gb\":1,", 7), -1);
	ck_assert_int_eq(record_find("", 0), -1);
}
END_TEST

START_TEST(escape)
{
	char out[64];

	ck_assert_int_eq(record_escape(out, sizeof(out), "a\"b\\c\n\t\x7f\xe9"), 31);
	ck_assert_str_eq(out, "a\\\"b\\\\c\\u000a\\u0009\\u007f\\u00e9");
	ck_assert_int_eq(record_escape(out, 4, "abc"), 3);
	ck_assert_int_eq(record_escape(out, 3, "abc"), -EMSGSIZE);
	ck_assert_int_eq(record_escape(out, 3, "a\n"), -EMSGSIZE);
	ck_assert_int_eq(record_escape(out, 1, ""), 0);
	ck_assert_int_eq(record_escape(out, 0, ""), -EMSGSIZE);
}
END_TEST

/* RFC 4648, section 10 */
static const struct {
	const char *raw, *b64;
} vectors[] = {
	{ "", "" },	      { "f", "Zg==" },	      { "fo", "Zm8=" },		{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
};

START_TEST(base64)
{
	char text[16], raw[16];

	ck_assert_uint_eq(record_b64_encode(text, vectors[_i].raw, strlen(vectors[_i].raw)),
			  strlen(vectors[_i].b64));
	ck_assert_str_eq(text, vectors[_i].b64);
	ck_assert_int_eq(record_b64_decode(raw, text, strlen(text)), (long)strlen(vectors[_i].raw));
	ck_assert_int_eq(memcmp(raw, vectors[_i].raw, strlen(vectors[_i].raw)), 0);
}
END_TEST

static const char *const bad_base64[] = { "Z",	  "Zg=",      "Zg",    "=g==", "Z===",
					  "Zg=a", "Zg==Zg==", "Zm\n9", "Zm9-", "====" };

START_TEST(bad_b64)
{
	char raw[16];

	ck_assert_int_eq(record_b64_decode(raw, bad_base64[_i], strlen(bad_base64[_i])), -EINVAL);
	ck_assert_int_eq(record_b64_decode(raw, "Zm\0v", 4), -EINVAL);
}
END_TEST

START_TEST(b64_all_bytes)
{
	unsigned char in[RECORD_BLOB_CHUNK], out[RECORD_BLOB_CHUNK];
	char text[4 * RECORD_BLOB_CHUNK / 3 + 8];
	size_t size, i;

	for (size = 0; size <= sizeof(in); size++) {
		size_t len;

		for (i = 0; i < size; i++)
			in[i] = (unsigned char)(i * 7 + size);
		len = record_b64_encode(text, in, size);
		ck_assert_uint_eq(len, (size + 2) / 3 * 4);
		ck_assert_int_eq(record_b64_decode(out, text, len), (long)size);
		ck_assert_int_eq(memcmp(in, out, size), 0);
	}
	/* a full part fits into a record */
	{
		char data[RECORD_MAX], line[RECORD_MAX + 1];

		snprintf(data, sizeof(data),
			 "{\"name\":\"%.64s\",\"part\":4095,\"parts\":4096,\"b64\":\"%s\"}",
			 "grant-dma-2000000.virtio-with-a-long-name-of-sixty-four-chars.txt", text);
		ck_assert_int_gt(record_format(line, sizeof(line), TOKEN TOKEN, "backend", 99999,
					       "blob", data),
				 0);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("record");
	TCase *c = tcase_create("record");

	tcase_add_test(c, crc32);
	tcase_add_test(c, format);
	tcase_add_test(c, limits);
	tcase_add_test(c, damage);
	tcase_add_test(c, not_ours);
	tcase_add_test(c, find);
	tcase_add_test(c, escape);
	tcase_add_loop_test(c, base64, 0, (int)ARRAY_SIZE(vectors));
	tcase_add_loop_test(c, bad_b64, 0, (int)ARRAY_SIZE(bad_base64));
	tcase_add_test(c, b64_all_bytes);
	suite_add_tcase(s, c);
	return lib_check_main(s);
}
