// SPDX-License-Identifier: GPL-2.0-or-later
#include "opt-build.h"

#include <stdio.h>

bool opt_build_take(struct opt_build *b, int c, const char *arg, bool *bad)
{
	size_t n = 0;

	switch (c) {
	case 1000:
		b->opts.linux_src = arg;
		return true;
	case 1001:
		b->opts.xen_src = arg;
		return true;
	case 1002:
		b->opts.qemu = arg;
		return true;
	case 1004:
		b->opts.debug = arg;
		return true;
	case 1003:
		while (b->patches[n])
			n++;
		if (n == OPT_BUILD_PATCHES)
			*bad = true;
		else
			b->patches[n] = arg;
		return true;
	}
	return false;
}

/* Hits are silent here: the person asked for a run, not for a build. */
static void show(const struct build_event *e, void *arg)
{
	const struct opt_build *b = arg;

	if (b->quiet)
		return;
	if (e->type == BUILD_START)
		fprintf(stderr, "building %s (log: %s)\n", e->name, e->log_path);
	else if (e->type == BUILD_DONE)
		fprintf(stderr, "built %s in %.1f s\n", e->name, e->seconds);
	else if (e->type == BUILD_FETCH)
		fprintf(stderr, "fetching for %s: %s\n", e->name, e->text);
	else if (e->type == BUILD_WAIT)
		fprintf(stderr, "waiting: another grantbench builds %s\n", e->name);
}

struct builder *opt_build_builder(struct opt_build *b, struct err *err)
{
	b->opts.test_patches = b->patches;
	b->opts.progress = show;
	b->opts.progress_arg = b;
	return builder_new(&b->opts, err);
}
