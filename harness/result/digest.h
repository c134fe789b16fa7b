/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digest of a result: what two exact runs of the same inputs must share.
 *
 * SHA-256 over result.json without its "host" member, as canonical JSON:
 * members sorted by the bytes of their names, no white space, strings in UTF-8
 * with only ", \ and control characters escaped (\n, \u001f), whole numbers
 * below 2^53 as integers however they were written, all others as printf's
 * %.17g, which keeps every bit.
 */
#ifndef GRANTBENCH_RESULT_DIGEST_H
#define GRANTBENCH_RESULT_DIGEST_H

#include <jansson.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "lib/fs.h"

/* Append the canonical text of json. */
void json_canonical(const json_t *json, struct buf *out);

/* out: a run's directory, or the path of its result.json. */
int result_digest(const char *out, char hex[FS_SHA256_HEX], struct err *err);

#endif
