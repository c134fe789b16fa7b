// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * perf-*: from the kernel's own tools/perf, static. Of what it can be built with only the
 * software is left that a guest's kernel needs: symbols come from /proc/kallsyms, stacks from
 * frame pointers.
 */
#include "build/recipe.h"

#include <stdlib.h>

#include "build/kernel-source.h"
#include "build/sources.h"
#include "lib/cleanup.h"

#define FLAGS "NO_LIBELF=1", "NO_LIBDW=1", "NO_LIBTRACEEVENT=1", "NO_JEVENTS=1",                \
	      "NO_LIBPYTHON=1", "NO_LIBPERL=1", "NO_SLANG=1", "NO_GTK2=1", "NO_LIBBPF=1",       \
	      "BUILD_BPF_SKEL=0", "NO_LIBCRYPTO=1", "NO_LIBNUMA=1", "NO_LIBAUDIT=1",            \
	      "NO_LIBCAP=1", "NO_LIBUNWIND=1", "NO_LIBDW_DWARF_UNWIND=1", "NO_LIBBABELTRACE=1", \
	      "NO_LIBZSTD=1", "NO_LIBLZMA=1", "NO_ZLIB=1", "NO_LIBBIONIC=1", "NO_DEMANGLE=1",   \
	      "NO_SDT=1", "NO_AUXTRACE=1", "NO_LIBPFM4=1", "NO_LIBDEBUGINFOD=1",                \
	      "NO_CAPSTONE=1", "NO_LZMA=1", "NO_JVMTI=1", "NO_BACKTRACE=1", "NO_LIBTRACEFS=1",  \
	      "NO_SHELLCHECK=1", "WERROR=0", "PYTHON_CONFIG=/bin/false"

int perf_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	/* our patches change nothing below tools/ */
	int ret = kernel_source_key(b, r, key, err);

	builder_key_flags(key, (const char *const[]){ FLAGS, NULL });
	return ret <= 0 ? ret : builder_key_toolchain(b, r, key, err);
}

static int compile(struct builder *b, struct build_ctx *ctx, const struct tree *tree,
		   const char *out, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/tools/perf", tree->src);
	_cleanup_free_ char *o = xasprintf("O=%s", out);
	_cleanup_free_ char *gcc = builder_cross_cc(ctx->recipe);
	_cleanup_free_ char *cc = xasprintf("CC=%s", gcc);
	_cleanup_free_ char *arch = xasprintf("ARCH=%s", ctx->recipe->arch->linux_arch);
	_cleanup_free_ char *cross = xasprintf("CROSS_COMPILE=%s", ctx->recipe->arch->cross);
	/* no path of the cache in the program */
	_cleanup_free_ char *map = xasprintf("EXTRA_CFLAGS=-O2 -ffile-prefix-map=%s=. "
					     "-ffile-prefix-map=%s=.", tree->src, out);
	_cleanup_free_ char *jobs = builder_jobs(b);
	const char *argv[] = {
		"make", "-C", dir, o, cc, map, arch, cross, "LDFLAGS=-static", FLAGS, jobs, "perf",
		NULL,
	};

	return builder_run(b, ctx, tree->dir, argv, NULL, tree->lock_fd, err);
}

int perf_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	_cleanup_tree_ struct tree tree = TREE_INIT;
	const struct build_arch *arch = ctx->recipe->arch;
	_cleanup_free_ char *name = xasprintf("perf-%s", arch->name);
	_cleanup_free_ char *strip = xasprintf("%sstrip", arch->cross);
	_cleanup_free_ char *to = xasprintf("%s/perf", ctx->stage);
	_cleanup_free_ char *out = NULL, *bin = NULL;
	char stamp[FS_SHA256_HEX];
	int ret;

	builder_stamp(b, ctx, stamp);
	if (kernel_source_open(b, &tree, &ctx->version, err) < 0 ||
	    tree_build_dir(&tree, name, stamp, &out, err) < 0)
		return -1;
	ret = compile(b, ctx, &tree, out, err);
	if (sources_build_ended(b, &tree, name, ret == 0, err) < 0)
		return -1;
	bin = xasprintf("%s/perf", out);
	return builder_run(b, ctx, ctx->stage, (const char *const[]){ strip, "-s", "-o", to, bin, NULL },
			   NULL, -1, err);
}
