// SPDX-License-Identifier: GPL-2.0-or-later
/* iperf3-*: static, without encryption and SCTP, which nothing here asks for. */
#include "build/recipe.h"

#include <stdlib.h>
#include <string.h>

#include "build/unpack.h"
#include "lib/cleanup.h"

/* Of 3.9; later versions have them. */
#define PATCHED "3.9"
static const char *const patches[] = {
	"images/iperf3-0001-end-a-reverse-test-by-its-bytes.patch",
	"images/iperf3-0002-no-delay-on-the-control-connection.patch",
};

#define FLAGS "--disable-shared", "--enable-static-bin", "--without-openssl", "--without-sctp", \
	      "--disable-profiling", "--disable-dependency-tracking"

int iperf3_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	int ret = builder_key_pins(b, key, "iperf3", err);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patches); i++) {
		_cleanup_free_ char *path = builder_data(b, patches[i]);

		if (key_add_file(key, &b->memo, "patch", patches[i], path, err) < 0)
			return -1;
	}
	builder_key_flags(key, (const char *const[]){ FLAGS, NULL });
	return ret <= 0 ? ret : builder_key_toolchain(b, r, key, err);
}

static int patch(struct builder *b, struct build_ctx *ctx, const char *src, struct err *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patches); i++) {
		_cleanup_free_ char *path = builder_data(b, patches[i]);
		const char *argv[] = { "patch", "-p1", "--batch", "--fuzz=0", "-i", path, NULL };

		if (builder_run(b, ctx, src, argv, NULL, -1, err) < 0)
			return -1;
	}
	return 0;
}

int iperf3_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	static const struct unpack_opts opts = { .strip = 1 };
	const struct build_arch *arch = ctx->recipe->arch;
	_cleanup_free_ char *src = xasprintf("%s/src", ctx->stage);
	_cleanup_free_ char *script = xasprintf("%s/configure", src);
	_cleanup_free_ char *host = xasprintf("--host=%s", arch->triplet);
	_cleanup_free_ char *cc = xasprintf("CC=%sgcc", arch->cross);
	/* debug information would name the place it was built in */
	_cleanup_free_ char *cflags = xasprintf("CFLAGS=-O2 -ffile-prefix-map=%s=.", src);
	_cleanup_free_ char *bin = xasprintf("%s/src/iperf3", src);
	_cleanup_free_ char *to = xasprintf("%s/iperf3", ctx->stage);
	_cleanup_free_ char *strip = xasprintf("%sstrip", arch->cross);
	_cleanup_free_ char *jobs = builder_jobs(b);
	const char *configure[] = { script, host, cc, cflags, FLAGS, NULL };
	const char *make[] = { "make", jobs, "-C", "src", "iperf3", NULL };
	const char *strip_argv[] = { strip, "-s", "-o", to, bin, NULL };
	_cleanup_free_ char *tar = NULL;
	const struct pins *pins;

	if (builder_pins(b, "iperf3", &pins, err) != 1)
		return -1;
	tar = builder_file(b, &pins->files.v[0], err);
	if (!tar || fs_mkdirs(src, err) < 0 || unpack_tar(tar, src, &opts, err) < 0 ||
	    (!strcmp(pins->series, PATCHED) && patch(b, ctx, src, err) < 0) ||
	    builder_run(b, ctx, src, configure, NULL, -1, err) < 0 ||
	    builder_run(b, ctx, src, make, NULL, -1, err) < 0 ||
	    builder_run(b, ctx, ctx->stage, strip_argv, NULL, -1, err) < 0)
		return -1;
	ctx->version = xstrdup(pins->files.v[0].version);
	return fs_remove_tree(src, err);
}
