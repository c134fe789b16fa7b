/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON in tests is written with ' for ", so that it can be read; this turns it back. */
#ifndef GRANTBENCH_TESTS_LIB_QUOTES_H
#define GRANTBENCH_TESTS_LIB_QUOTES_H

#include <jansson.h>

char *quotes(const char *text);		/* a copy with " for every '; caller frees */
json_t *quotes_loads(const char *text);	/* parsed; NULL where it is not JSON */

#endif
