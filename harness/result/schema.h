/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A checker for the part of JSON Schema (draft 2020-12) that results/schema/
 * uses. A schema with a keyword or a reference that it does not know is refused,
 * so that nothing is left unchecked by accident.
 *
 * Known: type, const, enum, properties, required, additionalProperties,
 * minProperties, items, minItems, uniqueItems, pattern (POSIX extended, which
 * agrees with ECMA-262 on what stands there), minLength (bytes), minimum,
 * maximum, oneOf, $ref to "#/$defs/NAME", $defs, and the annotations $schema,
 * $id, title, description.
 *
 * Schemas are ours, documents come from anywhere.
 */
#ifndef GRANTBENCH_RESULT_SCHEMA_H
#define GRANTBENCH_RESULT_SCHEMA_H

#include <jansson.h>

#include "lib/err.h"

/*
 * Check doc. name is what the error starts with, usually a file; it goes on
 * with the JSON path: "result.json: $.cells[2].outcome: ...". GB_USAGE where the
 * document is wrong, GB_INFRA where the schema is.
 */
int schema_check(const json_t *schema, const json_t *doc, const char *name, struct err *err);

#endif
