// SPDX-License-Identifier: GPL-2.0-or-later
/* backend-*, agents-* (our own C), fio-*. All static, all stripped. */
#include "build/recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/unpack.h"
#include "lib/cleanup.h"
#include "version.h"

#define CFLAGS_OWN "CFLAGS=-O2"

/* SysV shared memory is not in our kernels; no engine needs a library. */
#define FIO_FLAGS "--build-static", "--disable-native", "--disable-shm", "--disable-numa", "--disable-rdma", "--disable-rados",     \
		  "--disable-rbd", "--disable-http", "--disable-gfapi", "--disable-libnfs",   \
		  "--disable-lex", "--disable-pmem", "--disable-xnvme", "--disable-libzbc",   \
		  "--disable-tcmalloc", "--disable-dfs"

struct guest {
	const char *name;		/* the artifact's, up to the architecture */
	const char *dir;		/* below the data directory */
	const char *const *programs;
	bool raw;			/* no ELF: nothing to strip */
};

#define PROGRAMS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct guest programs[] = {
	{ "backend-", "guests/backend", PROGRAMS("gb-backend"), false },
	{ "hostile-", "guests/hostile", PROGRAMS("gb-hostile"), false },
	{ "front-", "guests/front", PROGRAMS("gb-front"), true },
	{ "agents-", "guests/agent", PROGRAMS("gb-dom0", "gb-domu", "gb-net", "gb-driver"), false },
};

static const struct guest *find_guest(const struct recipe *r)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(programs); i++)
		if (!strncmp(programs[i].name, r->name, strlen(programs[i].name)))
			return &programs[i];
	abort();
}

int guest_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	const struct guest *g = find_guest(r);
	_cleanup_free_ char *dir = builder_data(b, g->dir);
	_cleanup_free_ char *guests = builder_data(b, "guests");
	_cleanup_free_ char *lib = builder_data(b, "harness/lib");
	_cleanup_free_ char *backend = builder_data(b, "guests/backend");

	if (!fs_is_dir(dir))
		return err_set(err, "there is no %s", dir);
	if (key_add_dir(key, &b->memo, "source", dir, "*.[ch]", err) < 0 ||
	    key_add_dir(key, &b->memo, "source", dir, "Makefile", err) < 0 ||
	    key_add_dir(key, &b->memo, "source", guests, "common.mk", err) < 0 ||
	    /* of a program without an operating system */
	    (g->raw && (key_add_dir(key, &b->memo, "source", dir, "*.S", err) < 0 ||
			key_add_dir(key, &b->memo, "source", dir, "*.lds", err) < 0)) ||
	    key_add_dir(key, &b->memo, "source", lib, "record.[ch]", err) < 0 ||
	    /* dom0's agent asks Xen as the backend does, where that may not */
	    key_add_dir(key, &b->memo, "source", backend, "*.[ch]", err) < 0)
		return -1;
	builder_key_flags(key, (const char *const[]){ CFLAGS_OWN, NULL });
	return builder_key_toolchain(b, r, key, err);
}

static int strip(struct builder *b, struct build_ctx *ctx, const char *from, const char *name,
		 struct err *err)
{
	_cleanup_free_ char *to = xasprintf("%s/%s", ctx->stage, name);
	_cleanup_free_ char *program = xasprintf("%sstrip", ctx->recipe->arch->cross);
	const char *argv[] = { program, "-s", "-o", to, from, NULL };

	return builder_run(b, ctx, ctx->stage, argv, NULL, -1, err);
}

int guest_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	const struct guest *g = find_guest(ctx->recipe);
	_cleanup_free_ char *dep = xasprintf("debs-xen-%s", ctx->recipe->arch->name);
	_cleanup_free_ char *cross = xasprintf("CROSS_COMPILE=%s", ctx->recipe->arch->cross);
	const struct artifact *debs = builder_dep(b, dep);
	_cleanup_free_ char *dir = builder_data(b, g->dir);
	_cleanup_free_ char *obj = xasprintf("%s/obj", ctx->stage);
	_cleanup_free_ char *o = xasprintf("O=%s", obj);
	_cleanup_free_ char *xen = xasprintf("XEN_PREFIX=%s/root", debs->dir);
	_cleanup_free_ char *map = xasprintf("EXTRA_CFLAGS=-ffile-prefix-map=%s=.", b->data_dir);
	_cleanup_free_ char *jobs = builder_jobs(b);
	const char *argv[] = {
		"make", "-C", dir, o, cross, xen, CFLAGS_OWN, map, jobs, NULL,
	};
	const char *const *p;

	if (fs_mkdirs(obj, err) < 0 || builder_run(b, ctx, dir, argv, NULL, -1, err) < 0)
		return -1;
	for (p = g->programs; *p; p++) {
		_cleanup_free_ char *from = xasprintf("%s/%s", obj, *p);

		_cleanup_free_ char *to = xasprintf("%s/%s", ctx->stage, *p);

		if (g->raw ? fs_copy(from, to, err) < 0 : strip(b, ctx, from, *p, err) < 0)
			return -1;
	}
	ctx->version = xstrdup(GB_VERSION);
	return fs_remove_tree(obj, err);
}

int fio_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	int ret = builder_key_pins(b, key, "fio", err);

	builder_key_flags(key, (const char *const[]){ r->arch->fio_cpu, FIO_FLAGS, NULL });
	return ret <= 0 ? ret : builder_key_toolchain(b, r, key, err);
}

int fio_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	static const struct unpack_opts opts = { .strip = 1 };
	/* Without CC in the environment, parts of it are built for the host. */
	const struct build_arch *arch = ctx->recipe->arch;
	_cleanup_free_ char *cc = xasprintf("CC=%sgcc", arch->cross);
	_cleanup_free_ char *cc_flag = xasprintf("--cc=%sgcc", arch->cross);
	_cleanup_free_ char *cpu = xasprintf("--cpu=%s", arch->fio_cpu);
	const char *const env[] = { cc, NULL };
	_cleanup_free_ char *src = xasprintf("%s/src", ctx->stage);
	_cleanup_free_ char *map = xasprintf("--extra-cflags=-ffile-prefix-map=%s=.", src);
	_cleanup_free_ char *bin = xasprintf("%s/fio", src);
	_cleanup_free_ char *script = xasprintf("%s/configure", src);
	_cleanup_free_ char *jobs = builder_jobs(b);
	const char *configure[] = { script, cc_flag, cpu, FIO_FLAGS, map, NULL };
	const char *make[] = { "make", jobs, "fio", NULL };
	_cleanup_free_ char *tar = NULL;
	const struct pins *pins;

	if (builder_pins(b, "fio", &pins, err) != 1)
		return -1;
	tar = builder_file(b, &pins->files.v[0], err);
	if (!tar || fs_mkdirs(src, err) < 0 || unpack_tar(tar, src, &opts, err) < 0)
		return -1;
	if (builder_run(b, ctx, src, configure, env, -1, err) < 0 ||
	    builder_run(b, ctx, src, make, env, -1, err) < 0 || strip(b, ctx, bin, "fio", err) < 0)
		return -1;
	ctx->version = xstrdup(pins->files.v[0].version);
	return fs_remove_tree(src, err);
}
