/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scope cleanup for jansson values; everything else is jansson itself. */
#ifndef GRANTBENCH_LIB_JSON_H
#define GRANTBENCH_LIB_JSON_H

#include <jansson.h>

static inline void cleanup_json(json_t **json)
{
	json_decref(*json);
}

#define _cleanup_json_ __attribute__((cleanup(cleanup_json)))

#endif
