/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire format of guest reports. Compiled into the harness, the agents and
 * the backend: needs nothing but libc, allocates nothing.
 *
 * A record is one line of JSON on a console:
 *
 *   {"gb":1,"tok":"5f3a…","src":"domu","seq":7,"type":"phase","data":{…},"crc":"9ab3c0d1"}
 *
 * tok   the run's token, from the guest's configuration: a line that a console
 *       printed of its own accord, or that an older run left, never matches.
 * src   who speaks: "dom0", "domu" or "backend", and "domu2" or "backend2" where there are two.
 * seq   from 1, one up per record of that source: what is lost or repeated shows.
 * type  what data means; the table is in docs/ARCHITECTURE.md.
 * crc   CRC-32 (IEEE, as zlib's) in lower-case hex over all bytes of the line
 *       from its "{" up to, not including, `,"crc":`.
 *
 * A file travels as type "blob": data = {"name":…,"part":i,"parts":n,"b64":"…"}
 * with part from 0. Lines never exceed RECORD_MAX bytes, which fits one printk.
 */
#ifndef GRANTBENCH_LIB_RECORD_H
#define GRANTBENCH_LIB_RECORD_H

#include <stddef.h>
#include <stdint.h>

#define RECORD_MAX 900		/* bytes of a line, without newline and NUL */
#define RECORD_BLOB_CHUNK 480	/* raw bytes in one blob part */
#define RECORD_TOKEN_MAX 32	/* characters of a token: [0-9a-f] */

/* CRC-32 (IEEE 802.3); start with crc = 0, feed pieces in order. */
uint32_t record_crc32(uint32_t crc, const void *data, size_t size);

/*
 * Build a line. data_json is a JSON object's text without newlines. Returns the
 * length, or -EMSGSIZE when the line would exceed RECORD_MAX or size, -EINVAL
 * when data_json holds a control character.
 */
int record_format(char *line, size_t size, const char *token, const char *src, unsigned int seq,
		  const char *type, const char *data_json);

/*
 * Check the frame of a line of len bytes (newline removed, anything before the
 * "{" removed). 0, or
 *   -ENOMSG   not a record, or another run's token: ignore the line
 *   -EBADMSG  starts as one of ours, but torn or its checksum is wrong
 *   -EMSGSIZE starts as one of ours, longer than RECORD_MAX
 * Says nothing of the JSON inside; parse that afterwards.
 */
int record_check(const char *line, size_t len, const char *token);

/* Where a record may start in a console line: offset of `{"gb":1,`, or -1. */
long record_find(const char *line, size_t len);

/* Escape text as the inside of a JSON string. Returns length or -EMSGSIZE. */
int record_escape(char *out, size_t size, const char *text);

/* Base64 (RFC 4648, padded). out needs 4 * ceil(size / 3) + 1 bytes. Returns length. */
size_t record_b64_encode(char *out, const void *data, size_t size);
/* Returns bytes written to out (room: 3 * len / 4), or -EINVAL. */
long record_b64_decode(void *out, const char *text, size_t len);

#endif
