// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qemu, qemu-x86_64: Debian's binary with its own closure of libraries down to libc, started
 * through its own ld.so, so that it runs on any Debian; or the user's.
 *
 *	lib/			every library, and ld.so
 *	share/			firmware (-L)
 *	qemu-system-*
 *
 * -nodefaults belongs to how it is started: for its default devices QEMU looks
 * for modules in the host's directories, and dies of those of another version.
 */
#include "build/recipe.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "build/debs.h"
#include "build/elf.h"
#include "lib/cleanup.h"
#include "lib/spawn.h"

#define MIN_MAJOR 7
#define MIN_MINOR 2

#ifdef __aarch64__
#define TRIPLET "aarch64-linux-gnu"
#define LOADER "ld-linux-aarch64.so.1"
#else
#define TRIPLET "x86_64-linux-gnu"
#define LOADER "ld-linux-x86-64.so.2"
#endif

int qemu_inputs(struct builder *b, const struct recipe *r, struct key *key, struct err *err)
{
	key_add(key, "host", TRIPLET);
	return builder_key_pins(b, key, r->name, err);
}

static int add_lib(const char *soname, const char *path, void *arg, struct err *err)
{
	const char *name = strrchr(soname, '/');
	_cleanup_free_ char *to = xasprintf("%s/%s", (const char *)arg, name ? name + 1 : soname);

	return fs_copy(path, to, err);
}

struct share_arg {
	const char *root, *from, *to;
};

/* Firmware that the machine can ask for; the rest is other machines'. */
static const char *const firmware[] = {
	"efi-*.rom", "bios-256k.bin", "multiboot*.bin", "linuxboot*.bin", "kvmvapic.bin",
};

static int add_share(const char *rel_path, void *p, struct err *err)
{
	struct share_arg *arg = p;
	_cleanup_free_ char *guest = xasprintf("%s/%s", arg->from, rel_path);
	_cleanup_free_ char *from = NULL;
	_cleanup_free_ char *to = xasprintf("%s/%s", arg->to, rel_path);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(firmware) && fnmatch(firmware[i], rel_path, FNM_PATHNAME); i++)
		;
	if (i == ARRAY_SIZE(firmware))
		return 0;
	from = root_resolve(arg->root, guest);
	return from ? fs_copy(from, to, err) : 0;
}

static int add_firmware(const char *root, const char *to, struct err *err)
{
	static const char *const dirs[] = { "usr/share/qemu", "usr/share/seabios" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct share_arg arg = { root, dirs[i], to };
		_cleanup_free_ char *dir = xasprintf("%s/%s", root, dirs[i]);

		if (fs_is_dir(dir) && fs_walk(dir, add_share, &arg, err) < 0)
			return -1;
	}
	return 0;
}

/* "QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2…)" to what is behind "version ". */
static int ask_version(const char *const *prefix, char **version, struct err *err)
{
	const char *argv[16] = { NULL };
	struct spawn_req req = SPAWN_REQ_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	unsigned int major, minor;
	const char *p;
	size_t nr;

	for (nr = 0; prefix[nr] && nr + 2 < ARRAY_SIZE(argv); nr++)
		argv[nr] = prefix[nr];
	argv[nr] = "--version";
	req.argv = argv;
	if (spawn_run(&req, 30000, &out, err) < 0)
		return -1;
	p = out.size ? strstr(out.data, "QEMU emulator version ") : NULL;
	if (!p || sscanf(p + 22, "%u.%u", &major, &minor) != 2)
		return err_set(err, "it says nothing of a \"QEMU emulator version\"");
	if (major < MIN_MAJOR || (major == MIN_MAJOR && minor < MIN_MINOR))
		return err_set(err, "it is version %u.%u, and %d.%d is the oldest that works",
			       major, minor, MIN_MAJOR, MIN_MINOR);
	p += 22;
	*version = xstrndup(p, strcspn(p, "\n"));
	return 0;
}

static int ask_machine(const char *const *prefix, const struct build_arch *arch, struct err *err)
{
	const char *argv[16] = { NULL };
	struct spawn_req req = SPAWN_REQ_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_free_ char *line = xasprintf("\n%s ", arch->qemu_machine);
	size_t nr;

	for (nr = 0; prefix[nr] && nr + 3 < ARRAY_SIZE(argv); nr++)
		argv[nr] = prefix[nr];
	argv[nr++] = "-machine";
	argv[nr] = "help";
	req.argv = argv;
	if (spawn_run(&req, 30000, &out, err) < 0)
		return -1;
	if (!out.size || !strstr(out.data, line))
		return err_set(err, "it has no machine \"%s\": not a QEMU for %s", arch->qemu_machine,
			       arch->name);
	return 0;
}

static void fill_argv(struct artifact *out, const char *dir, const struct build_arch *arch)
{
	out->argv = xcalloc(9, sizeof(char *));
	out->argv[0] = xasprintf("%s/lib/" LOADER, dir);
	out->argv[1] = xstrdup("--library-path");
	out->argv[2] = xasprintf("%s/lib", dir);
	out->argv[3] = xasprintf("%s/%s", dir, arch->qemu);
	out->argv[4] = xstrdup("-L");
	out->argv[5] = xasprintf("%s/share", dir);
	out->argv[6] = xstrdup("-nodefaults");
	out->argv[7] = xstrdup("-no-user-config");
}

void qemu_argv(const struct recipe *r, struct artifact *out)
{
	fill_argv(out, out->dir, r->arch);
}

int qemu_build(struct builder *b, struct build_ctx *ctx, struct err *err)
{
	const struct recipe *r = ctx->recipe;
	_cleanup_lib_dirs_ struct lib_dirs libs = lib_dirs(TRIPLET);
	_cleanup_free_ char *root = xasprintf("%s/root", ctx->stage);
	_cleanup_free_ char *lib = xasprintf("%s/lib", ctx->stage);
	_cleanup_free_ char *share = xasprintf("%s/share", ctx->stage);
	_cleanup_free_ char *to = xasprintf("%s/%s", ctx->stage, r->arch->qemu);
	_cleanup_free_ char *list = xasprintf("%s/packages.json", ctx->stage);
	_cleanup_artifact_ struct artifact trial = ARTIFACT_INIT;
	_cleanup_free_ char *program = NULL, *rel = xasprintf("usr/bin/%s", r->arch->qemu);
	const struct pins *pins;
	const char *programs[2] = { NULL, NULL };

	if (builder_pins(b, r->name, &pins, err) != 1 ||
	    debs_unpack(b, pins, root, err) < 0 || debs_write_list(pins, list, err) < 0)
		return -1;
	program = root_resolve(root, rel);
	if (!program)
		return err_set(err, "the packages bring no %s", r->arch->qemu);
	programs[0] = program;
	if (fs_mkdirs(lib, err) < 0 || fs_mkdirs(share, err) < 0 || fs_copy(program, to, err) < 0 ||
	    elf_closure(root, libs.dir, programs, add_lib, lib, err) < 0 ||
	    add_firmware(root, share, err) < 0 || fs_remove_tree(root, err) < 0)
		return -1;
	fill_argv(&trial, ctx->stage, r->arch);
	if (chmod(trial.argv[0], 0755) < 0)
		return err_errno(err, errno, "cannot use %s", trial.argv[0]);
	if (ask_version((const char *const *)trial.argv, &ctx->version, err) < 0 ||
	    ask_machine((const char *const *)trial.argv, r->arch, err) < 0)
		return err_prefix(err, "the unpacked QEMU");
	return 0;
}

int qemu_external(struct builder *b, const struct recipe *r, struct artifact *out, struct err *err)
{
	_cleanup_artifact_ struct artifact found = ARTIFACT_INIT;
	_cleanup_free_ char *program = NULL;
	_cleanup_key_ struct key key = KEY_INIT;
	const char *argv[2] = { NULL, NULL };

	if (!b->opts.qemu)
		return 0;
	program = spawn_find_program(b->opts.qemu);
	if (!program || fs_is_dir(program))
		return err_usage(err, "--qemu %s: no such program", b->opts.qemu);
	found.path = realpath(program, NULL);
	if (!found.path)
		return err_usage(err, "--qemu %s: no such program", b->opts.qemu);
	argv[0] = found.path;
	if (ask_version(argv, &found.version, err) < 0 || ask_machine(argv, r->arch, err) < 0) {
		err_prefix(err, "--qemu %s", b->opts.qemu);
		if (err)
			err->code = GB_USAGE;
		return -1;
	}
	if (memo_sha256(&b->memo, found.path, found.sha256, err) < 0)
		return -1;
	key_add(&key, "qemu", "%s", found.sha256);
	key_final(&key, found.key);
	found.name = xstrdup(r->name);
	found.dir = xstrndup(found.path, (size_t)(strrchr(found.path, '/') - found.path));
	found.argv = xcalloc(4, sizeof(char *));
	found.argv[0] = xstrdup(found.path);
	found.argv[1] = xstrdup("-nodefaults");
	found.argv[2] = xstrdup("-no-user-config");
	found.hit = true;
	*out = found;
	found = (struct artifact)ARTIFACT_INIT;
	return 1;
}
