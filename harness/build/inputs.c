// SPDX-License-Identifier: GPL-2.0-or-later
/* What recipes share: pinned files, toolchain, the environment of builds. */
#include "build/recipe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/hosttools.h"
#include "build/repro.h"
#include "lib/cleanup.h"
#include "lib/spawn.h"

#define BUILD_TIMEOUT_MS (4 * 3600 * 1000)

/* What a caller's make, CI or shell has set must not steer a build. */
static const char *const environment[] = {
	"LC_ALL=C", "LANG=C", "TZ=UTC", "MAKEFLAGS=", "MFLAGS=", "MAKEOVERRIDES=",
	"MAKELEVEL=", "CFLAGS=", "CPPFLAGS=", "CXXFLAGS=", "LDFLAGS=", "KCFLAGS=",
	"KAFLAGS=", "KCPPFLAGS=", "ARCH=", "O=", "V=", "KBUILD_OUTPUT=", "LOCALVERSION=",
	"CPATH=", "C_INCLUDE_PATH=", "LIBRARY_PATH=", "GCC_COLORS=",
	"SOURCE_DATE_EPOCH=" REPRO_EPOCH_TEXT,
	"KBUILD_BUILD_TIMESTAMP=" REPRO_DATE, "KBUILD_BUILD_USER=" REPRO_USER,
	"KBUILD_BUILD_HOST=" REPRO_HOST, "KBUILD_BUILD_VERSION=1",
	"XEN_BUILD_DATE=" REPRO_DATE, "XEN_BUILD_TIME=" REPRO_TIME,
	"XEN_BUILD_HOST=" REPRO_HOST, "XEN_WHOAMI=" REPRO_USER, "XEN_DOMAIN=" REPRO_HOST,
	"GIT_DIR=/nonexistent", "PYTHON=/bin/false",
	/* with a base directory, ccache changes the paths that the compiler sees */
	"CCACHE_BASEDIR=",
};

static void note(const char *text, void *arg)
{
	struct builder *b = arg;

	builder_event(b, BUILD_FETCH, b->current, text, NULL, 0);
}

static int lock_apt(struct builder *b, struct err *err)
{
	_cleanup_free_ char *dir = xasprintf("%s/apt", b->cache);

	/* all of what is missing at once, before minutes of downloads */
	if (!b->apt && hosttools_check(err) < 0)
		return -1;
	if (!b->apt)
		b->apt = apt_open(dir, note, b, err);
	return b->apt ? apt_lock(b->apt, err) : -1;
}

/* Resolve and pin, unless another builder did while we waited for apt. */
static int resolve(struct builder *b, const struct pin_set *set, struct pins *pins,
		   struct err *err)
{
	int ret = 0;

	if (lock_apt(b, err) < 0)
		return -1;
	if (!b->opts.refresh)
		ret = pins_load(b->pins_path, set, pins, err);
	if (ret == 0 && (pins_resolve(b->apt, set, b->downloads, pins, err) < 0 ||
			 pins_store(b->pins_path, set, pins, err) < 0))
		ret = -1;
	apt_unlock(b->apt);
	if (ret < 0)
		pins_release(pins);
	return ret < 0 ? -1 : 0;
}

int builder_pins(struct builder *b, const char *name, const struct pins **out, struct err *err)
{
	const struct pin_set *set = pin_set_find(name);
	struct pins pins = PINS_INIT;
	int ret = 0;
	size_t i;

	for (i = 0; i < b->nr_pins; i++) {
		if (b->pins[i].set == set) {
			*out = &b->pins[i].pins;
			return 1;
		}
	}
	if (!(b->opts.refresh && b->may_resolve))
		ret = pins_load(b->pins_path, set, &pins, err);
	if (ret < 0 || (ret == 0 && !b->may_resolve))
		return ret;
	if (ret == 0 && resolve(b, set, &pins, err) < 0)
		return -1;
	/* the table must not move: recipes hold pointers into it */
	if (!b->pins)
		b->pins = xcalloc(16, sizeof(*b->pins));
	b->pins[b->nr_pins] = (struct pin_slot){ set, pins };
	*out = &b->pins[b->nr_pins++].pins;
	return 1;
}

char *builder_file(struct builder *b, const struct pkgfile *file, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", b->downloads, file->file);
	char sha256[FS_SHA256_HEX];

	if (!fs_exists(path)) {
		struct pkgfiles one = { (struct pkgfile *)file, 1 };

		int ret = lock_apt(b, err);

		if (ret == 0) {
			ret = apt_fetch(b->apt, &one, b->downloads, err);
			apt_unlock(b->apt);
		}
		if (ret < 0) {
			err_prefix(err, "%s is pinned and not in the cache (--refresh asks the "
				   "mirror for what it has now)", file->file);
			return NULL;
		}
	}
	if (memo_sha256(&b->memo, path, sha256, err) < 0)
		return NULL;
	if (strcmp(sha256, file->sha256)) {
		err_set(err, "%s is damaged: its SHA-256 is %s, the signed index says %s; remove "
			"it to have it fetched again", path, sha256, file->sha256);
		return NULL;
	}
	return take_ptr(path);
}

char *builder_data(struct builder *b, const char *rel)
{
	return xasprintf("%s/%s", b->data_dir, rel);
}

int builder_key_pins(struct builder *b, struct key *key, const char *set, struct err *err)
{
	const struct pins *pins;
	int ret = builder_pins(b, set, &pins, err);
	size_t i;

	if (ret <= 0)
		return ret;
	key_add(key, "set", "%s %s", set, pins->series);
	for (i = 0; i < pins->files.nr; i++) {
		const struct pkgfile *f = &pins->files.v[i];

		key_add(key, "package", "%s %s %s %s", f->package, f->version, f->arch, f->sha256);
	}
	return 1;
}

static int first_line(const char *const *argv, struct buf *out, struct err *err)
{
	static const char *const env[] = { "LC_ALL=C", NULL };
	struct spawn_req req = SPAWN_REQ_INIT;
	size_t start = out->size, len;

	req.argv = argv;
	req.env = env;
	if (spawn_run(&req, 10000, out, err) < 0)
		return -1;
	len = out->size > start ? strcspn(out->data + start, "\n") : 0;
	out->size = start + len;
	if (out->data)
		out->data[out->size] = '\0';
	return 0;
}

int builder_key_toolchain(struct builder *b, const struct recipe *r, struct key *key,
			  struct err *err)
{
	_cleanup_free_ char *cc = xasprintf("%sgcc", r->arch->cross);
	_cleanup_free_ char *linker = xasprintf("%sld", r->arch->cross);
	const char *const gcc[] = { cc, "--version", NULL };
	const char *const ld[] = { linker, "--version", NULL };
	const char *const libc[] = { cc, "-print-file-name=libc.a", NULL };
	char **toolchain = &b->toolchain[r->arch == &arch_x86_64];
	_cleanup_buf_ struct buf text = BUF_INIT, path = BUF_INIT, vars = BUF_INIT;
	char sha256[FS_SHA256_HEX];
	size_t i;

	if (!*toolchain) {
		/* without a compiler there is no key either: say what to install */
		if (hosttools_check(err) < 0)
			return -1;
		if (first_line(gcc, &text, err) < 0)
			return -1;
		buf_addstr(&text, "; ");
		if (first_line(ld, &text, err) < 0 || first_line(libc, &path, err) < 0)
			return -1;
		if (path.data && *path.data == '/' &&
		    memo_sha256(&b->memo, path.data, sha256, NULL) == 0)
			buf_addf(&text, "; libc.a %s", sha256);
		*toolchain = buf_detach(&text);
	}
	for (i = 0; i < ARRAY_SIZE(environment); i++)
		buf_addf(&vars, "%s\n", environment[i]);
	fs_sha256(vars.data, vars.size, sha256);
	key_add(key, "environment", "%s", sha256);
	key_add(key, "toolchain", "%s", *toolchain);
	return 1;
}

void builder_key_flags(struct key *key, const char *const *flags)
{
	for (; *flags; flags++)
		key_add(key, "flag", "%s", *flags);
}

void builder_stamp(struct builder *b, const struct build_ctx *ctx, char out[FS_SHA256_HEX])
{
	static const char *const tags[] = { "toolchain ", "environment ", "flag " };
	_cleanup_free_ char *copy = xstrdup(b->slots[ctx->recipe - recipes].inputs);
	_cleanup_buf_ struct buf text = BUF_INIT;
	char *line, *save = NULL;
	size_t i;

	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		for (i = 0; i < ARRAY_SIZE(tags); i++)
			if (!strncmp(line, tags[i], strlen(tags[i])))
				buf_addf(&text, "%s\n", line);
	fs_sha256(text.data ? text.data : "", text.size, out);
}

char *builder_jobs(const struct builder *b)
{
	return xasprintf("-j%d", b->opts.jobs);
}

char *builder_cross_cc(const struct recipe *r)
{
	_cleanup_free_ char *ccache = spawn_find_program("ccache");

	return xasprintf("%s%sgcc", ccache ? "ccache " : "", r->arch->cross);
}

int builder_run(struct builder *b, struct build_ctx *ctx, const char *cwd,
		const char *const *argv, const char *const *env, int keep_fd, struct err *err)
{
	_cleanup_free_ char *text = spawn_argv_text(argv);
	_cleanup_free_ const char **all = NULL;
	_cleanup_fclose_ FILE *log = fopen(ctx->log, "ae");
	struct spawn_req req = SPAWN_REQ_INIT;
	size_t nr = 0, i, j;

	while (env && env[nr])
		nr++;
	all = xcalloc(ARRAY_SIZE(environment) + nr + 1, sizeof(*all));
	for (i = 0; i < ARRAY_SIZE(environment); i++)
		all[i] = environment[i];
	for (j = 0; j < nr; j++)
		all[i + j] = env[j];
	if (log) {
		fprintf(log, "$ cd %s && %s\n", cwd ? cwd : ".", text);
		fflush(log);
	}
	req.argv = argv;
	req.env = all;
	req.cwd = cwd;
	req.keep_fd = keep_fd >= 0 ? keep_fd : ctx->lock_fd;
	/* killed half-way, no part of the build may go on with the lock in hand */
	req.guard = true;
	return spawn_run_logged(&req, BUILD_TIMEOUT_MS, ctx->log, err);
}

struct hash_arg {
	struct builder *b;
	const char *dir;
	struct buf stats;	/* path, size, mtime of each file */
	struct buf content;	/* path, SHA-256 of each file */
	bool read;
};

static int hash_one(const char *rel_path, void *p, struct err *err)
{
	struct hash_arg *arg = p;
	_cleanup_free_ char *path = NULL;
	char sha256[FS_SHA256_HEX], target[4096];
	struct stat st;
	ssize_t n;

	if (!strncmp(rel_path, ".git/", 5))
		return 0;
	path = xasprintf("%s/%s", arg->dir, rel_path);
	if (lstat(path, &st) < 0)
		return err_errno(err, errno, "cannot read %s", path);
	if (!arg->read) {
		buf_addf(&arg->stats, "%s %lld %lld.%09ld %" PRIu64 "\n", rel_path,
			 (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			 (uint64_t)st.st_ino);
		return 0;
	}
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, target, sizeof(target));
		fs_sha256(target, n > 0 ? (size_t)n : 0, sha256);
	} else if (fs_sha256_file(path, sha256, err) < 0) {
		return -1;
	}
	buf_addf(&arg->content, "%s %s\n", rel_path, sha256);
	return 0;
}

int builder_tree_hash(struct builder *b, const char *dir, char out[FS_SHA256_HEX],
		      struct err *err)
{
	struct hash_arg arg = { b, dir, BUF_INIT, BUF_INIT, false };
	_cleanup_free_ char *memo = NULL;
	_cleanup_buf_ struct buf saved = BUF_INIT;
	char stats[FS_SHA256_HEX];
	int ret = fs_walk(dir, hash_one, &arg, err);

	fs_sha256(arg.stats.data ? arg.stats.data : "", arg.stats.size, stats);
	memo = xasprintf("%s/locks/tree-%s", b->cache, stats);
	if (ret == 0 && fs_exists(memo) && fs_read(memo, &saved, NULL) == 0 &&
	    saved.size == FS_SHA256_HEX - 1) {
		memcpy(out, saved.data, FS_SHA256_HEX);
		goto out;
	}
	arg.read = true;
	if (ret == 0)
		ret = fs_walk(dir, hash_one, &arg, err);
	if (ret == 0) {
		fs_sha256(arg.content.data ? arg.content.data : "", arg.content.size, out);
		fs_write_atomic(memo, out, FS_SHA256_HEX - 1, 0644, NULL);
	}
out:
	buf_release(&arg.stats);
	buf_release(&arg.content);
	return ret < 0 ? -1 : 0;
}
