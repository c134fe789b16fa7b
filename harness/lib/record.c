// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char head[] = "{\"gb\":1,";
static const char crc_key[] = ",\"crc\":\"";

#define CRC_TAIL (sizeof(crc_key) - 1 + 8 + 2)	/* ,"crc":"xxxxxxxx"} */

uint32_t record_crc32(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *p = data;

	crc = ~crc;
	while (size--) {
		int i;

		crc ^= *p++;
		for (i = 0; i < 8; i++)
			crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
	}
	return ~crc;
}

int record_format(char *line, size_t size, const char *token, const char *src, unsigned int seq,
		  const char *type, const char *data_json)
{
	const char *p;
	int len;

	for (p = data_json; *p; p++)
		if ((unsigned char)*p < 0x20)
			return -EINVAL;
	len = snprintf(line, size, "%s\"tok\":\"%s\",\"src\":\"%s\",\"seq\":%u,\"type\":\"%s\",\"data\":%s",
		       head, token, src, seq, type, data_json);
	if (len < 0)
		return -EINVAL;
	if ((size_t)len + CRC_TAIL > RECORD_MAX || (size_t)len + CRC_TAIL + 1 > size)
		return -EMSGSIZE;
	return len + snprintf(line + len, size - (size_t)len, "%s%08x\"}", crc_key,
			      record_crc32(0, line, (size_t)len));
}

long record_find(const char *line, size_t len)
{
	const char *p = memmem(line, len, head, sizeof(head) - 1);

	return p ? p - line : -1;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int record_check(const char *line, size_t len, const char *token)
{
	char want[sizeof(head) + RECORD_TOKEN_MAX + 16];
	uint32_t crc = 0;
	size_t i, n;

	n = (size_t)snprintf(want, sizeof(want), "%s\"tok\":\"%.*s\",", head, RECORD_TOKEN_MAX, token);
	if (len < sizeof(head) - 1 || memcmp(line, head, sizeof(head) - 1))
		return -ENOMSG;
	/* cut inside the token: ours as far as it goes */
	if (len < n)
		return memcmp(line, want, len) ? -ENOMSG : -EBADMSG;
	if (memcmp(line, want, n))
		return -ENOMSG;
	if (len > RECORD_MAX)
		return -EMSGSIZE;
	if (len < n + CRC_TAIL)
		return -EBADMSG;
	n = len - CRC_TAIL;
	if (memcmp(line + n, crc_key, sizeof(crc_key) - 1) || memcmp(line + len - 2, "\"}", 2))
		return -EBADMSG;
	for (i = 0; i < 8; i++) {
		int digit = hex_digit(line[n + sizeof(crc_key) - 1 + i]);

		if (digit < 0)
			return -EBADMSG;
		crc = crc << 4 | (uint32_t)digit;
	}
	return crc == record_crc32(0, line, n) ? 0 : -EBADMSG;
}

int record_escape(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char esc[8];
		size_t len;

		if (c == '"' || c == '\\') {
			esc[0] = '\\';
			esc[1] = (char)c;
			len = 2;
		} else if (c < 0x20 || c >= 0x7f) {
			/* consoles are ASCII; other bytes travel as Latin-1 code points */
			len = (size_t)snprintf(esc, sizeof(esc), "\\u%04x", c);
		} else {
			esc[0] = (char)c;
			len = 1;
		}
		if (n + len + 1 > size)
			return -EMSGSIZE;
		memcpy(out + n, esc, len);
		n += len;
	}
	if (n + 1 > size)
		return -EMSGSIZE;
	out[n] = '\0';
	return (int)n;
}

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t record_b64_encode(char *out, const void *data, size_t size)
{
	const uint8_t *p = data;
	size_t n = 0;

	for (; size; p += 3, size -= size < 3 ? size : 3) {
		uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)(size > 1 ? p[1] : 0) << 8 |
			     (size > 2 ? p[2] : 0);

		out[n++] = b64[v >> 18];
		out[n++] = b64[v >> 12 & 63];
		out[n++] = size > 1 ? b64[v >> 6 & 63] : '=';
		out[n++] = size > 2 ? b64[v & 63] : '=';
	}
	out[n] = '\0';
	return n;
}

long record_b64_decode(void *out, const char *text, size_t len)
{
	uint8_t *o = out;
	long n = 0;
	size_t i;

	if (len % 4)
		return -EINVAL;
	for (i = 0; i < len; i += 4) {
		uint32_t v = 0;
		int k, pad = 0;

		for (k = 0; k < 4; k++) {
			const char *p = text[i + k] ? strchr(b64, text[i + k]) : NULL;

			if (text[i + k] == '=' && k >= 2 && i + 4 == len)
				pad++;
			else if (!p || pad)
				return -EINVAL;
			v = v << 6 | (p ? (uint32_t)(p - b64) : 0);
		}
		o[n++] = (uint8_t)(v >> 16);
		if (pad < 2)
			o[n++] = (uint8_t)(v >> 8);
		if (pad < 1)
			o[n++] = (uint8_t)v;
	}
	return n;
}
