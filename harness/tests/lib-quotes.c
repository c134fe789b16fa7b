// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-quotes.h"

#include "lib/buf.h"
#include "lib/cleanup.h"

char *quotes(const char *text)
{
	char *s = xstrdup(text), *p;

	for (p = s; *p; p++)
		if (*p == '\'')
			*p = '"';
	return s;
}

json_t *quotes_loads(const char *text)
{
	_cleanup_free_ char *json = quotes(text);

	return json_loads(json, JSON_ALLOW_NUL, NULL);
}
