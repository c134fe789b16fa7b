// SPDX-License-Identifier: GPL-2.0-or-later
/* Planning, hits, locks and commits: the part that all recipes share. */
#include "build/recipe.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/hosttools.h"
#include "lib/cleanup.h"
#include "lib/spawn.h"

#define META "artifact.json"
#define META_SCHEMA "grantbench.artifact/1"

void artifact_release(struct artifact *artifact)
{
	size_t i;

	free(artifact->name);
	free(artifact->version);
	free(artifact->dir);
	free(artifact->path);
	for (i = 0; artifact->argv && artifact->argv[i]; i++)
		free(artifact->argv[i]);
	free(artifact->argv);
	*artifact = (struct artifact)ARTIFACT_INIT;
}

static void artifact_copy(struct artifact *to, const struct artifact *from)
{
	size_t nr = 0, i;

	*to = *from;
	to->name = xstrdup(from->name);
	to->version = xstrdup(from->version ? from->version : "");
	to->dir = from->dir ? xstrdup(from->dir) : NULL;
	to->path = from->path ? xstrdup(from->path) : NULL;
	if (!from->argv)
		return;
	while (from->argv[nr])
		nr++;
	to->argv = xcalloc(nr + 1, sizeof(char *));
	for (i = 0; i < nr; i++)
		to->argv[i] = xstrdup(from->argv[i]);
}

const char *builder_name(size_t i, const char **what)
{
	size_t k;

	for (k = 0; k < nr_recipes; k++) {
		if (recipes[k].hidden || i--)
			continue;
		if (what)
			*what = recipes[k].what;
		return recipes[k].name;
	}
	return NULL;
}

static int find_recipe(const char *name, size_t *index, struct err *err)
{
	_cleanup_buf_ struct buf names = BUF_INIT;
	size_t i;

	for (i = 0; i < nr_recipes; i++) {
		if (!strcmp(recipes[i].name, name)) {
			*index = i;
			return 0;
		}
		if (!recipes[i].hidden)
			buf_addf(&names, "%s%s", names.size ? ", " : "", recipes[i].name);
	}
	return err_usage(err, "unknown artifact \"%s\"; there are: %s", name, names.data);
}

void builder_event(struct builder *b, enum build_event_type type, const char *name,
		   const char *text, const char *log_path, double seconds)
{
	struct build_event event = { type, name, text, log_path, seconds };

	if (b->opts.progress)
		b->opts.progress(&event, b->opts.progress_arg);
}

static char *dir_of(const struct builder *b, const struct recipe *r, const char *key)
{
	return xasprintf("%s/artifacts/%s/%.32s", b->cache, r->name, key);
}

/* What keys have of dependencies: their keys. */
static int plan(struct builder *b, size_t index, struct err *err)
{
	const struct recipe *r = &recipes[index];
	struct slot *slot = &b->slots[index];
	_cleanup_key_ struct key key = KEY_INIT;
	const char *const *dep;
	int ret;

	if (slot->known || (slot->planned && !b->may_resolve))
		return 0;
	slot->planned = true;
	key_add(&key, "recipe", "%s 1", r->name);
	for (dep = r->deps; dep && *dep; dep++) {
		size_t i;

		if (find_recipe(*dep, &i, err) < 0 || plan(b, i, err) < 0)
			return -1;
		if (!b->slots[i].known)
			return 0;
		key_add(&key, "artifact", "%s %s", *dep, b->slots[i].key);
	}
	ret = r->inputs(b, r, &key, err);
	if (ret < 0)
		return err_prefix(err, "%s", r->name);
	if (ret == 0)
		return 0;
	key_final(&key, slot->key);
	slot->inputs = buf_detach(&key.text);
	slot->known = true;
	return 0;
}

/* Read an artifact's record. 1: a hit. 0: none, or it does not fit its files. */
static int lookup(struct builder *b, size_t index, struct artifact *out)
{
	const struct recipe *r = &recipes[index];
	_cleanup_free_ char *dir = dir_of(b, r, b->slots[index].key);
	_cleanup_free_ char *meta = xasprintf("%s/" META, dir);
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, r->main_file);
	_cleanup_json_ json_t *doc = NULL;
	const char *schema, *version, *key, *sha256;
	char now[FS_SHA256_HEX];
	double seconds;

	if (!fs_exists(meta))
		return 0;
	doc = json_load_file(meta, 0, NULL);
	if (!doc || json_unpack(doc, "{s:s,s:s,s:s,s:s,s:F}", "schema", &schema, "version",
				&version, "key", &key, "sha256", &sha256, "seconds",
				&seconds) < 0 ||
	    strcmp(schema, META_SCHEMA) || strcmp(key, b->slots[index].key))
		return 0;
	if (memo_sha256(&b->memo, path, now, NULL) < 0 || strcmp(now, sha256))
		return 0;
	*out = (struct artifact){
		.name = xstrdup(r->name), .version = xstrdup(version), .dir = xstrdup(dir),
		.path = xstrdup(path), .hit = true, .seconds = seconds,
	};
	memcpy(out->key, b->slots[index].key, FS_SHA256_HEX);
	memcpy(out->sha256, sha256, FS_SHA256_HEX);
	if (r->argv)
		r->argv(r, out);
	return 1;
}

/* Files of builders that were killed. Only whoever has the lock makes new ones. */
static void collect_stale(struct builder *b, const struct recipe *r)
{
	_cleanup_free_ char *tmp = xasprintf("%s/tmp", b->cache);
	_cleanup_closedir_ DIR *d = opendir(tmp);
	size_t len = strlen(r->name);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		_cleanup_free_ char *path = NULL;

		if (strncmp(e->d_name, r->name, len) || e->d_name[len] != '.')
			continue;
		path = xasprintf("%s/%s", tmp, e->d_name);
		fs_remove_tree(path, NULL);
	}
}

static int write_meta(struct builder *b, size_t index, const char *stage, const char *version,
		      double seconds, struct err *err)
{
	const struct recipe *r = &recipes[index];
	_cleanup_free_ char *main_path = xasprintf("%s/%s", stage, r->main_file);
	_cleanup_free_ char *meta = xasprintf("%s/" META, stage);
	_cleanup_free_ char *inputs = xasprintf("%s/inputs", stage);
	_cleanup_json_ json_t *doc = NULL;
	_cleanup_free_ char *text = NULL;
	char sha256[FS_SHA256_HEX];

	if (fs_sha256_file(main_path, sha256, err) < 0)
		return err_prefix(err, "the build made no %s", r->main_file);
	doc = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:f}", "schema", META_SCHEMA, "name", r->name,
			"version", version ? version : "", "key", b->slots[index].key, "main",
			r->main_file, "sha256", sha256, "seconds", seconds);
	text = doc ? json_dumps(doc, JSON_INDENT(1)) : NULL;
	if (!text)
		return err_set(err, "cannot write %s: no memory", meta);
	if (fs_write_atomic(inputs, b->slots[index].inputs, strlen(b->slots[index].inputs), 0644,
			    err) < 0)
		return -1;
	return fs_write_atomic(meta, text, strlen(text), 0644, err);
}

/* Move the stage into its place; what is there already is damaged, or lookup() had taken it. */
static int commit(const char *stage, const char *dir, struct err *err)
{
	_cleanup_free_ char *parent = xstrndup(dir, (size_t)(strrchr(dir, '/') - dir));

	if (fs_mkdirs(parent, err) < 0 || fs_remove_tree(dir, err) < 0)
		return -1;
	if (rename(stage, dir) < 0)
		return err_errno(err, errno, "cannot rename %s to %s", stage, dir);
	return 0;
}

static int build_locked(struct builder *b, size_t index, int lock_fd, struct err *err)
{
	const struct recipe *r = &recipes[index];
	_cleanup_free_ char *stage = xasprintf("%s/tmp/%s.XXXXXX", b->cache, r->name);
	_cleanup_free_ char *log = xasprintf("%s/logs/%s.log", b->cache, r->name);
	_cleanup_free_ char *dir = dir_of(b, r, b->slots[index].key);
	struct build_ctx ctx = { .recipe = r, .stage = stage, .log = log, .lock_fd = lock_fd };
	int64_t start = monotonic_ns();
	double seconds;
	int ret;

	if (!mkdtemp(stage))
		return err_errno(err, errno, "cannot make directory %s", stage);
	chmod(stage, 0755);
	unlink(log);
	builder_event(b, BUILD_START, r->name, NULL, log, 0);
	ret = r->build(b, &ctx, err);
	seconds = (double)(monotonic_ns() - start) / 1e9;
	if (ret == 0)
		ret = write_meta(b, index, stage, ctx.version, seconds, err);
	if (ret == 0)
		ret = commit(stage, dir, err);
	if (ret < 0) {
		fs_remove_tree(stage, NULL);
		builder_event(b, BUILD_FAILED, r->name, err ? err->msg : NULL, log, seconds);
	} else {
		builder_event(b, BUILD_DONE, r->name, ctx.version, log, seconds);
	}
	free(ctx.version);
	return ret;
}

static int build(struct builder *b, size_t index, struct artifact *out, struct err *err)
{
	const struct recipe *r = &recipes[index];
	_cleanup_free_ char *lock = xasprintf("%s/locks/%s", b->cache, r->name);
	_cleanup_close_ int fd = -1;
	struct err busy = { 0 };

	if (r->compiles && hosttools_check(err) < 0)
		return -1;
	if (fs_lock(lock, true, false, &fd, &busy) < 0) {
		/* waiting for another is no failure, and must not be told as one */
		if (errno != EWOULDBLOCK) {
			*err = busy;
			return -1;
		}
		builder_event(b, BUILD_WAIT, r->name, NULL, NULL, 0);
		if (fs_lock(lock, true, true, &fd, err) < 0)
			return -1;
	}
	collect_stale(b, r);
	/* another builder may have made it meanwhile */
	if (lookup(b, index, out))
		return 0;
	if (build_locked(b, index, fd, err) < 0)
		return -1;
	if (!lookup(b, index, out))
		return err_set(err, "the result cannot be read back");
	out->hit = false;
	return 0;
}

static int get(struct builder *b, size_t index, struct err *err)
{
	const struct recipe *r = &recipes[index];
	struct slot *slot = &b->slots[index];
	const char *const *dep;
	int ret = 0;

	if (slot->done)
		return 0;
	if (r->external)
		ret = r->external(b, r, &slot->artifact, err);
	if (ret < 0)
		return -1;
	if (ret == 0) {
		if (plan(b, index, err) < 0)
			return -1;
		if (!slot->known)
			return err_set(err, "%s: its sources could not be resolved", r->name);
		if (!lookup(b, index, &slot->artifact)) {
			for (dep = r->deps; dep && *dep; dep++) {
				size_t i;

				if (find_recipe(*dep, &i, err) < 0 || get(b, i, err) < 0)
					return -1;
			}
			b->current = r->name;
			if (build(b, index, &slot->artifact, err) < 0)
				return err_prefix(err, "%s", r->name);
		}
	}
	if (slot->artifact.hit && !r->hidden)
		builder_event(b, BUILD_HIT, r->name, slot->artifact.version, NULL, 0);
	slot->done = true;
	return 0;
}

int builder_get(struct builder *b, const char *name, struct artifact *out, struct err *err)
{
	size_t index;

	if (find_recipe(name, &index, err) < 0)
		return -1;
	b->may_resolve = true;
	b->current = name;
	if (get(b, index, err) < 0)
		return -1;
	artifact_copy(out, &b->slots[index].artifact);
	return 0;
}

int builder_plan(struct builder *b, const char *name, struct artifact *out, struct err *err)
{
	struct artifact found = ARTIFACT_INIT;
	size_t index;
	int ret = 0;

	if (find_recipe(name, &index, err) < 0)
		return -1;
	b->may_resolve = false;
	b->current = name;
	if (recipes[index].external)
		ret = recipes[index].external(b, &recipes[index], &found, err);
	if (ret == 0)
		ret = plan(b, index, err);
	if (ret < 0)
		return -1;
	if (!found.name && b->slots[index].known && !lookup(b, index, &found)) {
		found.name = xstrdup(name);
		memcpy(found.key, b->slots[index].key, FS_SHA256_HEX);
	} else if (!found.name) {
		found.name = xstrdup(name);
	}
	*out = found;
	return 0;
}

const struct artifact *builder_dep(struct builder *b, const char *name)
{
	size_t i;

	for (i = 0; i < nr_recipes; i++)
		if (!strcmp(recipes[i].name, name) && b->slots[i].done)
			return &b->slots[i].artifact;
	return NULL;
}

char *builder_cache_dir(struct err *err)
{
	const char *env = getenv("GRANTBENCH_CACHE");

	if (env && *env)
		return xstrdup(env);
	env = getenv("XDG_CACHE_HOME");
	if (env && *env == '/')
		return xasprintf("%s/grantbench", env);
	env = getenv("HOME");
	if (env && *env == '/')
		return xasprintf("%s/.cache/grantbench", env);
	err_set(err, "no place for the cache: none of GRANTBENCH_CACHE, XDG_CACHE_HOME and HOME is "
		"set");
	return NULL;
}

char *builder_data_dir(struct err *err)
{
	static const char *const places[] = { "..", "../..", "../share/grantbench" };
	_cleanup_free_ char *program = fs_program_dir();
	const char *env = getenv("GRANTBENCH_DATA");
	size_t i;

	if (env && *env)
		return xstrdup(env);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *guests = xasprintf("%s/%s/guests", program, places[i]);
		_cleanup_free_ char *images = xasprintf("%s/%s/images", program, places[i]);
		_cleanup_free_ char *dir = xasprintf("%s/%s", program, places[i]);

		if (fs_is_dir(guests) && fs_is_dir(images))
			return realpath(dir, NULL);
	}
	err_set(err, "grantbench's own files (guests/, images/) are not beside the program in %s; "
		"GRANTBENCH_DATA can name their place", program);
	return NULL;
}

static char *dup_opt(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static void copy_opts(struct build_opts *to, const struct build_opts *from)
{
	size_t nr = 0, i;
	char **patches;

	*to = *from;
	to->data_dir = NULL;
	to->cache_dir = NULL;
	to->linux_src = dup_opt(from->linux_src);
	to->xen_src = dup_opt(from->xen_src);
	to->qemu = dup_opt(from->qemu);
	to->debug = dup_opt(from->debug);
	while (from->test_patches && from->test_patches[nr])
		nr++;
	patches = xcalloc(nr + 1, sizeof(char *));
	for (i = 0; i < nr; i++)
		patches[i] = xstrdup(from->test_patches[i]);
	to->test_patches = (const char *const *)patches;
	if (to->jobs <= 0)
		to->jobs = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (to->jobs <= 0)
		to->jobs = 1;
}

struct builder *builder_new(const struct build_opts *opts, struct err *err)
{
	static const char *const subdirs[] = { "artifacts", "downloads", "work", "tmp", "logs",
					       "locks" };
	struct builder *b = xcalloc(1, sizeof(*b));
	_cleanup_free_ char *memo = NULL;
	_cleanup_free_ char *cache = NULL;
	size_t i;

	copy_opts(&b->opts, opts);
	b->slots = xcalloc(nr_recipes, sizeof(*b->slots));
	b->data_dir = opts->data_dir ? xstrdup(opts->data_dir) : builder_data_dir(err);
	cache = opts->cache_dir ? xstrdup(opts->cache_dir) : builder_cache_dir(err);
	if (!b->data_dir || !cache)
		goto fail;
	for (i = 0; i < ARRAY_SIZE(subdirs); i++) {
		_cleanup_free_ char *dir = xasprintf("%s/%s", cache, subdirs[i]);

		if (fs_mkdirs(dir, err) < 0) {
			err_prefix(err, "the cache cannot be used");
			goto fail;
		}
	}
	b->cache = realpath(cache, NULL);
	if (!b->cache) {
		err_errno(err, errno, "the cache %s cannot be used", cache);
		goto fail;
	}
	b->downloads = xasprintf("%s/downloads", b->cache);
	b->work = xasprintf("%s/work", b->cache);
	b->pins_path = xasprintf("%s/pins.json", b->cache);
	memo = xasprintf("%s/hashes", b->cache);
	memo_load(&b->memo, memo);
	return b;
fail:
	builder_free(b);
	return NULL;
}

void builder_free(struct builder *b)
{
	size_t i;

	if (!b)
		return;
	if (b->memo.file)
		memo_save(&b->memo);
	memo_release(&b->memo);
	apt_close(b->apt);
	for (i = 0; i < b->nr_pins; i++)
		pins_release(&b->pins[i].pins);
	free(b->pins);
	for (i = 0; i < nr_recipes; i++) {
		free(b->slots[i].inputs);
		artifact_release(&b->slots[i].artifact);
	}
	free(b->slots);
	free((char *)b->opts.linux_src);
	free((char *)b->opts.xen_src);
	free((char *)b->opts.qemu);
	free((char *)b->opts.debug);
	tree_free_list((char **)b->opts.test_patches);
	free(b->data_dir);
	free(b->cache);
	free(b->downloads);
	free(b->work);
	free(b->pins_path);
	free(b->toolchain[0]);
	free(b->toolchain[1]);
	free(b);
}
