/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the commands that print a report write it: as JSON, and to a file or standard output. */
#ifndef GRANTBENCH_OUTPUT_H
#define GRANTBENCH_OUTPUT_H

#include <jansson.h>

#include "lib/buf.h"
#include "lib/err.h"

/* Append json, whose reference this takes, as text. what: for the error, "the comparison". */
int output_json(json_t *json, const char *what, struct buf *out, struct err *err);

/* Write text to the file, whole or not at all; NULL: to standard output. 0 or -1. */
int output_put(const char *file, const struct buf *text, struct err *err);

#endif
