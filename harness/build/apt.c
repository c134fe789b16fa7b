// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/apt.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/spawn.h"

#define KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"
#define HELPER "/usr/lib/apt/apt-helper"
#define APT_TIMEOUT_MS (15 * 60 * 1000)
#define FETCH_BATCH 16

struct apt {
	char *dir;
	char *mirror;
	char *imported;		/* the host's Acquire:: settings (proxies) */
	char *updated;		/* views that were updated, "|name|name|" */
	bool unreachable;	/* no use in asking for the next suite */
	int lock_fd;
	void (*note)(const char *text, void *arg);
	void *note_arg;
};

void pkgfile_release(struct pkgfile *file)
{
	free(file->package);
	free(file->version);
	free(file->arch);
	free(file->suite);
	free(file->file);
	free(file->uri);
	*file = (struct pkgfile){ 0 };
}

void pkgfiles_release(struct pkgfiles *files)
{
	size_t i;

	for (i = 0; i < files->nr; i++)
		pkgfile_release(&files->v[i]);
	free(files->v);
	*files = (struct pkgfiles){ NULL, 0 };
}

void pkgfiles_add(struct pkgfiles *files, const struct pkgfile *file)
{
	struct pkgfile *to;

	files->v = xrealloc(files->v, (files->nr + 1) * sizeof(*files->v));
	to = &files->v[files->nr++];
	*to = *file;
	to->package = xstrdup(file->package);
	to->version = xstrdup(file->version);
	to->arch = xstrdup(file->arch);
	to->suite = xstrdup(file->suite ? file->suite : "");
	to->file = xstrdup(file->file);
	to->uri = xstrdup(file->uri);
}

char *apt_pick_mirror(const char *lines)
{
	_cleanup_free_ char *copy = xstrdup(lines);
	char *line, *save = NULL;

	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *origin = strchr(line, '\t'), *label;
		size_t len;

		if (!origin)
			continue;
		*origin++ = '\0';
		label = strchr(origin, '\t');
		if (!label)
			continue;
		*label++ = '\0';
		if (strcmp(origin, "Debian") || strcmp(label, "Debian"))
			continue;
		len = strlen(line);
		while (len && line[len - 1] == '/')
			len--;
		if (len)
			return xstrndup(line, len);
	}
	return NULL;
}

char *apt_host_mirror(struct err *err)
{
	static const char *const argv[] = {
		"apt-get", "indextargets", "--format", "$(REPO_URI)\t$(ORIGIN)\t$(LABEL)", NULL,
	};
	struct spawn_req req = SPAWN_REQ_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	const char *env = getenv("GRANTBENCH_MIRROR");
	char *mirror;

	if (env && *env) {
		size_t len = strlen(env);

		while (len && env[len - 1] == '/')
			len--;
		if (strpbrk(env, " \t\n[]#'\""))
			err_usage(err, "GRANTBENCH_MIRROR is no URI: \"%s\"", env);
		else
			return xstrndup(env, len);
		return NULL;
	}
	req.argv = argv;
	if (spawn_run(&req, 60000, &out, err) < 0) {
		err_prefix(err, "which mirror does this machine use");
		return NULL;
	}
	mirror = apt_pick_mirror(out.data ? out.data : "");
	if (!mirror)
		err_set(err, "the host's apt knows no Debian archive: run apt-get update once, or "
			"set GRANTBENCH_MIRROR to a mirror's URI");
	return mirror;
}

/* The host's settings of how to reach the network, and nothing else of them. */
static char *import_config(void)
{
	static const char *const argv[] = { "apt-config", "dump", "Acquire", NULL };
	struct spawn_req req = { .argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1,
				 .keep_fd = -1 };
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct buf keep = BUF_INIT;
	char *line, *save = NULL;

	if (spawn_run(&req, 60000, &out, NULL) == 0 && out.size) {
		for (line = strtok_r(out.data, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			if (!strncmp(line, "Acquire::http", 13) ||
			    !strncmp(line, "Acquire::https", 14) ||
			    !strncmp(line, "Acquire::ftp", 12))
				buf_addf(&keep, "%s\n", line);
		}
	}
	return buf_detach(&keep);
}

struct apt *apt_open(const char *dir, void (*note)(const char *text, void *arg), void *arg,
		     struct err *err)
{
	static const char *const subdirs[] = { "lists/partial", "cache/archives/partial", "state",
					       "views" };
	struct apt *apt = xcalloc(1, sizeof(*apt));
	size_t i;

	apt->lock_fd = -1;
	apt->note = note;
	apt->note_arg = arg;
	apt->dir = xstrdup(dir);
	apt->updated = xstrdup("|");
	for (i = 0; i < ARRAY_SIZE(subdirs); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, subdirs[i]);

		if (fs_mkdirs(path, err) < 0)
			goto fail;
	}
	apt->mirror = apt_host_mirror(err);
	if (!apt->mirror)
		goto fail;
	apt->imported = import_config();
	return apt;
fail:
	apt_close(apt);
	return NULL;
}

int apt_lock(struct apt *apt, struct err *err)
{
	_cleanup_free_ char *lock = xasprintf("%s/lock", apt->dir);

	return fs_lock(lock, true, true, &apt->lock_fd, err);
}

void apt_unlock(struct apt *apt)
{
	if (apt->lock_fd >= 0)
		close(take_fd(apt->lock_fd));
}

void apt_note(struct apt *apt, const char *fmt, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addvf(&text, fmt, ap);
	va_end(ap);
	apt->note(text.data, apt->note_arg);
}

void apt_close(struct apt *apt)
{
	if (!apt)
		return;
	apt_unlock(apt);
	free(apt->dir);
	free(apt->mirror);
	free(apt->imported);
	free(apt->updated);
	free(apt);
}

static char *view_name(const struct apt_view *view)
{
	return xasprintf("%s-%s%s", view->suite, view->arch, view->sources ? "-src" : "");
}

/* Write the view's configuration; its path is the caller's. */
static char *view_config(struct apt *apt, const struct apt_view *view, struct err *err)
{
	_cleanup_free_ char *name = view_name(view);
	_cleanup_free_ char *list_path = xasprintf("%s/views/%s.list", apt->dir, name);
	_cleanup_free_ char *status = xasprintf("%s/state/status", apt->dir);
	_cleanup_free_ char *path = xasprintf("%s/views/%s.conf", apt->dir, name);
	_cleanup_buf_ struct buf conf = BUF_INIT, list = BUF_INIT;
	const char *suites[2] = { view->base, view->suite };
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!suites[i])
			continue;
		buf_addf(&list, "deb [arch=%s signed-by=" KEYRING "] %s %s main\n", view->arch,
			 apt->mirror, suites[i]);
		if (view->sources)
			buf_addf(&list, "deb-src [signed-by=" KEYRING "] %s %s main\n", apt->mirror,
				 suites[i]);
	}
	buf_addstr(&conf, apt->imported);
	buf_addf(&conf,
		 "Dir::Etc::main \"/dev/null\";\n"
		 "Dir::Etc::parts \"/dev/null\";\n"
		 "Dir::Etc::sourcelist \"%s\";\n"
		 "Dir::Etc::sourceparts \"/dev/null\";\n"
		 "Dir::Etc::preferences \"/dev/null\";\n"
		 "Dir::Etc::preferencesparts \"/dev/null\";\n"
		 "Dir::State \"%s/state\";\n"
		 "Dir::State::lists \"%s/lists\";\n"
		 "Dir::State::status \"%s\";\n"
		 "Dir::Cache \"%s/cache\";\n"
		 "Dir::Cache::pkgcache \"\";\n"
		 "Dir::Cache::srcpkgcache \"\";\n"
		 "APT::Architecture \"%s\";\n"
		 "APT::Architectures { \"%s\"; };\n"
		 "APT::Default-Release \"%s\";\n"
		 "APT::Get::List-Cleanup \"false\";\n"
		 "APT::Install-Recommends \"false\";\n"
		 "APT::Update::Error-Mode \"any\";\n"
		 "Acquire::Languages \"none\";\n"
		 "Acquire::ForceHash \"SHA256\";\n"
		 "Acquire::Retries \"2\";\n"
		 "Acquire::http::Timeout \"30\";\n"
		 "Acquire::https::Timeout \"30\";\n",
		 list_path, apt->dir, apt->dir, status, apt->dir, view->arch, view->arch,
		 view->suite);
	if (geteuid() == 0)
		buf_addstr(&conf, "APT::Sandbox::User \"root\";\n");
	if (fs_write_atomic(list_path, list.data, list.size, 0600, err) < 0 ||
	    fs_write_atomic(path, conf.data, conf.size, 0600, err) < 0 ||
	    (!fs_exists(status) && fs_write_atomic(status, "", 0, 0644, err) < 0))
		return NULL;
	return take_ptr(path);
}

static int run_apt(struct apt *apt, const struct apt_view *view, const char *const *argv,
		   struct buf *out, struct err *err)
{
	_cleanup_free_ char *conf = view_config(apt, view, err);
	_cleanup_free_ char *var = NULL;
	const char *env[] = { NULL, "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", NULL };
	struct spawn_req req = SPAWN_REQ_INIT;

	if (!conf)
		return -1;
	var = xasprintf("APT_CONFIG=%s", conf);
	env[0] = var;
	req.argv = argv;
	req.env = env;
	req.keep_fd = apt->lock_fd;
	return spawn_run(&req, APT_TIMEOUT_MS, out, err);
}

int apt_update(struct apt *apt, const struct apt_view *view, struct err *err)
{
	static const char *const argv[] = { "apt-get", "update", "-q", NULL };
	_cleanup_free_ char *name = view_name(view);
	_cleanup_free_ char *mark = xasprintf("|%s|", name);
	struct err why = { 0 };
	char *updated;

	if (strstr(apt->updated, mark))
		return 0;
	if (apt->unreachable)
		return err_set(err, "not tried, the mirror cannot be reached");
	apt_note(apt, "package index of %s (%s)", view->suite, view->arch);
	if (run_apt(apt, view, argv, NULL, &why) < 0) {
		apt->unreachable = strstr(why.msg, "Could not connect") ||
				   strstr(why.msg, "Temporary failure resolving") ||
				   strstr(why.msg, "Could not resolve");
		return err_set(err, "cannot fetch the package index of suite %s from the mirror "
			       "that this machine uses: %s", view->suite, why.msg);
	}
	updated = xasprintf("%s%s|", apt->updated, name);
	free(apt->updated);
	apt->updated = updated;
	return 0;
}

/* %2b and its kind. In place. */
static void percent_decode(char *s)
{
	char *to = s;

	for (; *s; s++) {
		unsigned int c;

		if (*s == '%' && isxdigit((unsigned char)s[1]) && isxdigit((unsigned char)s[2]) &&
		    sscanf(s + 1, "%2x", &c) == 1 && c) {
			*to++ = (char)c;
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* A file's name becomes a name in our directory: it must be nothing but a name. */
static bool plain_file_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') && strlen(name) < 200;
}

bool apt_parse_uri_line(const char *line, const char *mirror, struct pkgfile *out)
{
	char uri[1024], name[256], hash[80], version[200], arch[32];
	_cleanup_free_ char *decoded = NULL;
	size_t mirror_len = strlen(mirror);
	uint64_t size;
	char *p, *q;

	if (sscanf(line, "'%1023[^']' %255s %" SCNu64 " SHA256:%79s", uri, name, &size, hash) != 4)
		return false;
	if (strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64 || !plain_file_name(name))
		return false;
	if (strncmp(uri, mirror, mirror_len) || uri[mirror_len] != '/')
		return false;
	decoded = xstrdup(name);
	percent_decode(decoded);
	p = strchr(decoded, '_');
	q = strrchr(decoded, '_');
	if (!p || p == q || sscanf(p + 1, "%199[^_]", version) != 1 ||
	    sscanf(q + 1, "%31[^.]", arch) != 1)
		return false;
	*out = (struct pkgfile){
		.package = xstrndup(decoded, (size_t)(p - decoded)),
		.version = xstrdup(version),
		.arch = xstrdup(arch),
		.suite = xstrdup(""),
		.file = xstrdup(name),
		.uri = xstrdup(uri + mirror_len + 1),
		.size = size,
	};
	memcpy(out->sha256, hash, FS_SHA256_HEX);
	return true;
}

int apt_packages(struct apt *apt, const struct apt_view *view, const char *const *packages,
		 bool closure, struct pkgfiles *out, struct err *err)
{
	const char *argv[32] = { "apt-get", closure ? "install" : "download", "--print-uris", "-y",
				 "-q" };
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t i, nr = 5, before = out->nr;
	char *line, *save = NULL;

	for (i = 0; packages[i]; i++) {
		if (nr + 1 >= ARRAY_SIZE(argv))
			return err_set(err, "too many packages at once");
		argv[nr++] = packages[i];
	}
	if (run_apt(apt, view, argv, &text, err) < 0)
		return err_prefix(err, "%s in suite %s (%s)", packages[0], view->suite, view->arch);
	buf_addstr(&text, "\n");
	for (line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct pkgfile file;

		if (*line != '\'')
			continue;
		if (!apt_parse_uri_line(line, apt->mirror, &file))
			return err_set(err, "apt says something not understood: %s", line);
		free(file.suite);
		file.suite = xstrdup(view->suite);
		pkgfiles_add(out, &file);
		pkgfile_release(&file);
	}
	if (out->nr == before)
		return err_set(err, "%s in suite %s (%s): apt names no file", packages[0],
			       view->suite, view->arch);
	return 0;
}

/* One stanza of showsrc: lines of the Checksums-Sha256 field that end as wanted. */
static void parse_source(char *stanza, const char *source, const char *version_prefix,
			 const char *suffix, const char *suite, struct pkgfiles *out)
{
	char *line, *save = NULL, *version = NULL, *dir = NULL;
	struct pkgfile file = { 0 };
	char name[256] = "", hash[80] = "";
	bool in_sums = false, found = false;
	uint64_t size = 0;

	for (line = strtok_r(stanza, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (*line != ' ')
			in_sums = !strncmp(line, "Checksums-Sha256:", 17);
		if (!strncmp(line, "Version: ", 9))
			version = line + 9;
		else if (!strncmp(line, "Directory: ", 11))
			dir = line + 11;
		else if (*line == ' ' && in_sums && !found) {
			const char *p;

			if (sscanf(line, " %79s %" SCNu64 " %255s", hash, &size, name) != 3)
				continue;
			p = strstr(name, suffix);
			/* a detached signature is not it */
			found = p && !strchr(p + strlen(suffix), '.') && plain_file_name(name) &&
				strlen(hash) == 64;
		}
	}
	if (!version || !dir || !found || strncmp(version, version_prefix, strlen(version_prefix)))
		return;
	file.package = (char *)source;
	file.version = version;
	file.arch = (char *)"source";
	file.suite = (char *)suite;
	file.file = name;
	file.uri = xasprintf("%s/%s", dir, name);
	file.size = size;
	memcpy(file.sha256, hash, FS_SHA256_HEX);
	pkgfiles_add(out, &file);
	free(file.uri);
}

int apt_sources(struct apt *apt, const struct apt_view *view, const char *source,
		const char *version_prefix, const char *suffix, struct pkgfiles *out,
		struct err *err)
{
	const char *argv[] = { "apt-cache", "showsrc", "--only-source", source, NULL };
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t before = out->nr, i, j;
	char *p;

	if (run_apt(apt, view, argv, &text, err) < 0)
		return err_prefix(err, "source package %s in suite %s", source, view->suite);
	p = text.data;
	while (p && *p) {
		char *end = strstr(p, "\n\n");

		if (end)
			*end = '\0';
		parse_source(p, source, version_prefix, suffix, view->suite, out);
		p = end ? end + 2 : NULL;
	}
	if (out->nr == before)
		return err_set(err, "suite %s has no source package %s of version %s", view->suite,
			       source, *version_prefix ? version_prefix : "(any)");
	/* newest first; strverscmp() is near enough to dpkg's order within one series */
	for (i = before; i < out->nr; i++) {
		for (j = i + 1; j < out->nr; j++) {
			if (strverscmp(out->v[i].version, out->v[j].version) < 0) {
				struct pkgfile t = out->v[i];

				out->v[i] = out->v[j];
				out->v[j] = t;
			}
		}
	}
	return 0;
}

/* '+' and ':' are escaped in apt's own URIs; do likewise. */
static char *mirror_uri(const struct apt *apt, const char *rel)
{
	struct buf uri = BUF_INIT;

	buf_addf(&uri, "%s/", apt->mirror);
	for (; *rel; rel++) {
		if (*rel == '+' || *rel == ' ')
			buf_addf(&uri, "%%%02x", (unsigned char)*rel);
		else
			buf_add(&uri, rel, 1);
	}
	return buf_detach(&uri);
}

static int fetch_batch(struct apt *apt, const struct pkgfile *const *files, size_t nr,
		       const char *dir, struct err *err)
{
	static const struct apt_view any = { "stable", NULL, "all", false };
	const char *argv[2 + 3 * FETCH_BATCH + 1] = { HELPER, "download-file" };
	char *owned[3 * FETCH_BATCH];
	struct err fetch_err = { 0 };
	size_t i, a = 2;
	int ret;

	for (i = 0; i < nr; i++) {
		owned[3 * i] = mirror_uri(apt, files[i]->uri);
		owned[3 * i + 1] = xasprintf("%s/partial-%s", dir, files[i]->file);
		owned[3 * i + 2] = xasprintf("SHA256:%s", files[i]->sha256);
		/* apt-helper leaves the result of a failed try under the name with .FAILED */
		unlink(owned[3 * i + 1]);
		argv[a++] = owned[3 * i];
		argv[a++] = owned[3 * i + 1];
		argv[a++] = owned[3 * i + 2];
	}
	argv[a] = NULL;
	ret = run_apt(apt, &any, argv, NULL, &fetch_err);
	for (i = 0; i < nr; i++) {
		_cleanup_free_ char *final = xasprintf("%s/%s", dir, files[i]->file);
		_cleanup_free_ char *failed = xasprintf("%s.FAILED", owned[3 * i + 1]);
		char sha256[FS_SHA256_HEX];

		unlink(failed);
		if (ret == 0 && (fs_sha256_file(owned[3 * i + 1], sha256, &fetch_err) < 0 ||
				 strcmp(sha256, files[i]->sha256)))
			ret = err_set(&fetch_err, "%s: not what the signed index says",
				      files[i]->file);
		if (ret == 0 && rename(owned[3 * i + 1], final) < 0)
			ret = err_errno(&fetch_err, errno, "cannot write %s", final);
		if (ret < 0)
			unlink(owned[3 * i + 1]);
	}
	for (i = 0; i < 3 * nr; i++)
		free(owned[i]);
	return ret == 0 ? 0 : err_set(err, "%s", fetch_err.msg);
}

static bool have_file(const char *dir, const struct pkgfile *file)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, file->file);
	struct stat st;

	return stat(path, &st) == 0 && (uint64_t)st.st_size == file->size;
}

int apt_fetch(struct apt *apt, const struct pkgfiles *files, const char *dir, struct err *err)
{
	const struct pkgfile *batch[FETCH_BATCH];
	uint64_t bytes = 0;
	size_t i, nr = 0, missing = 0, last = 0;

	if (fs_mkdirs(dir, err) < 0)
		return -1;
	for (i = 0; i < files->nr; i++) {
		if (have_file(dir, &files->v[i]))
			continue;
		missing++;
		last = i;
		bytes += files->v[i].size;
	}
	if (missing) {
		if (missing == 1)
			apt_note(apt, "%s, %.1f MB", files->v[last].file, (double)bytes / 1e6);
		else
			apt_note(apt, "%zu files, %.1f MB", missing, (double)bytes / 1e6);
	}
	for (i = 0; i < files->nr; i++) {
		if (!have_file(dir, &files->v[i]))
			batch[nr++] = &files->v[i];
		if (nr == FETCH_BATCH || (nr && i + 1 == files->nr)) {
			if (fetch_batch(apt, batch, nr, dir, err) < 0)
				return -1;
			nr = 0;
		}
	}
	return 0;
}
