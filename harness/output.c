// SPDX-License-Identifier: GPL-2.0-or-later
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "lib/fs.h"

int output_json(json_t *json, const char *what, struct buf *out, struct err *err)
{
	_cleanup_free_ char *text = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) :
					   NULL;

	json_decref(json);
	if (!text)
		return err_set(err, "%s cannot be written as JSON", what);
	buf_addf(out, "%s\n", text);
	return 0;
}

int output_put(const char *file, const struct buf *text, struct err *err)
{
	if (file)
		return fs_write_atomic(file, text->data, text->size, 0644, err);
	if (fwrite(text->data, 1, text->size, stdout) != text->size || fflush(stdout))
		return err_errno(err, errno, "standard output");
	return 0;
}
