// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/pins.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"

#define PINS_SCHEMA "grantbench.pins/1"

#ifdef __aarch64__
#define HOST_ARCH "arm64"
#else
#define HOST_ARCH "amd64"
#endif

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct pin_candidate linux_6_12[] = {
	{ "6.12", { "trixie", NULL, "arm64", false }, NULL, NULL, NULL, LIST("linux-source-6.12") },
	{ "6.12", { "bookworm-backports", NULL, "arm64", false }, NULL, NULL, NULL,
	  LIST("linux-source-6.12") },
};

static const struct pin_candidate linux_6_1[] = {
	{ "6.1", { "bookworm", NULL, "arm64", false }, NULL, NULL, NULL, LIST("linux-source-6.1") },
};

static const struct pin_candidate xen[] = {
	{ "4.20", { "trixie", NULL, "arm64", true }, "xen", "4.20",
	  LIST("xen-utils-4.20", "xenstore-utils"), LIST("libxen-dev") },
	{ "4.17", { "bookworm", NULL, "arm64", true }, "xen", "4.17",
	  LIST("xen-utils-4.17", "xenstore-utils"), LIST("libxen-dev") },
};

static const struct pin_candidate xen_amd64[] = {
	{ "4.20", { "trixie", NULL, "amd64", true }, "xen", "4.20",
	  LIST("xen-utils-4.20", "xenstore-utils"), LIST("libxen-dev") },
	{ "4.17", { "bookworm", NULL, "amd64", true }, "xen", "4.17",
	  LIST("xen-utils-4.17", "xenstore-utils"), LIST("libxen-dev") },
};

static const struct pin_candidate fio[] = {
	{ "3.39", { "trixie", NULL, "arm64", true }, "fio", "3.39", NULL, NULL },
	{ "3.33", { "bookworm", NULL, "arm64", true }, "fio", "3.33", NULL, NULL },
};

static const struct pin_candidate iperf3[] = {
	{ "3.18", { "trixie", NULL, "arm64", true }, "iperf3", "3.18", NULL, NULL },
	{ "3.12", { "bookworm", NULL, "arm64", true }, "iperf3", "3.12", NULL, NULL },
	{ "3.9", { "bullseye", NULL, "arm64", true }, "iperf3", "3.9", NULL, NULL },
};

static const struct pin_candidate busybox[] = {
	{ "1.37", { "trixie", NULL, "arm64", false }, NULL, NULL, NULL, LIST("busybox-static") },
	{ "1.35", { "bookworm", NULL, "arm64", false }, NULL, NULL, NULL, LIST("busybox-static") },
};

static const struct pin_candidate busybox_amd64[] = {
	{ "1.37", { "trixie", NULL, "amd64", false }, NULL, NULL, NULL, LIST("busybox-static") },
	{ "1.35", { "bookworm", NULL, "amd64", false }, NULL, NULL, NULL, LIST("busybox-static") },
};

static const struct pin_candidate qemu[] = {
	{ "10.0", { "bookworm-backports", "bookworm", HOST_ARCH, false }, NULL, NULL,
	  LIST("qemu-system-arm"), NULL },
	{ "10.0", { "trixie", NULL, HOST_ARCH, false }, NULL, NULL, LIST("qemu-system-arm"), NULL },
};

static const struct pin_candidate qemu_x86[] = {
	{ "10.0", { "bookworm-backports", "bookworm", HOST_ARCH, false }, NULL, NULL,
	  LIST("qemu-system-x86"), NULL },
	{ "10.0", { "trixie", NULL, HOST_ARCH, false }, NULL, NULL, LIST("qemu-system-x86"), NULL },
};

/* the toolstack's Python parts are not used */
#define XEN_EXCLUDE								\
	LIST("*python3*", "dpkg", "tar", "udev", "passwd", "adduser", "ucf", "debconf*", \
	     "media-types", "libdb5.3*", "libpam*", "libsemanage*", "libsepol*", "sysvinit-utils")
#define QEMU_EXCLUDE LIST("debconf*", "adduser", "passwd", "libpam-modules*")

static const struct pin_set sets[] = {
	{ "linux-6.12", linux_6_12, ARRAY_SIZE(linux_6_12), NULL },
	{ "linux-6.1", linux_6_1, ARRAY_SIZE(linux_6_1), NULL },
	{ "xen", xen, ARRAY_SIZE(xen), XEN_EXCLUDE },
	{ "xen-amd64", xen_amd64, ARRAY_SIZE(xen_amd64), XEN_EXCLUDE },
	{ "fio", fio, ARRAY_SIZE(fio), NULL },
	{ "iperf3", iperf3, ARRAY_SIZE(iperf3), NULL },
	{ "busybox", busybox, ARRAY_SIZE(busybox), NULL },
	{ "busybox-amd64", busybox_amd64, ARRAY_SIZE(busybox_amd64), NULL },
	{ "qemu", qemu, ARRAY_SIZE(qemu), QEMU_EXCLUDE },
	{ "qemu-x86_64", qemu_x86, ARRAY_SIZE(qemu_x86), QEMU_EXCLUDE },
};

const struct pin_set *pin_set_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sets); i++)
		if (!strcmp(sets[i].name, name))
			return &sets[i];
	return NULL;
}

void pins_release(struct pins *pins)
{
	free(pins->series);
	free(pins->suite);
	pkgfiles_release(&pins->files);
	*pins = (struct pins)PINS_INIT;
}

const struct pkgfile *pins_find(const struct pins *pins, const char *package)
{
	size_t i;

	for (i = 0; i < pins->files.nr; i++)
		if (!strcmp(pins->files.v[i].package, package))
			return &pins->files.v[i];
	return NULL;
}

static void add_list(struct buf *text, const char *tag, const char *const *list)
{
	for (; list && *list; list++)
		buf_addf(text, "%s %s\n", tag, *list);
}

/* Changes when the set's definition does: pins of another definition do not count. */
static void definition(const struct pin_set *set, char out[FS_SHA256_HEX])
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	size_t i;

	add_list(&text, "exclude", set->exclude);
	for (i = 0; i < set->nr_candidates; i++) {
		const struct pin_candidate *c = &set->candidates[i];

		buf_addf(&text, "candidate %s %s %s %s %s\n", c->series, c->view.suite,
			 c->view.base ? c->view.base : "-", c->view.arch,
			 c->source ? c->source : "-");
		add_list(&text, "package", c->packages);
		add_list(&text, "plain", c->plain);
	}
	fs_sha256(text.data, text.size, out);
}

static int parse_file(json_t *value, struct pkgfiles *out)
{
	const char *package, *version, *arch, *suite, *file, *uri, *sha256;
	struct pkgfile f = { 0 };
	json_int_t size;

	if (json_unpack(value, "{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s}", "package", &package, "version",
			&version, "arch", &arch, "suite", &suite, "file", &file, "uri", &uri,
			"size", &size, "sha256", &sha256) < 0 ||
	    strlen(sha256) != FS_SHA256_HEX - 1 || size < 0 || strchr(file, '/') || *file == '.')
		return -1;
	f.package = (char *)package;
	f.version = (char *)version;
	f.arch = (char *)arch;
	f.suite = (char *)suite;
	f.file = (char *)file;
	f.uri = (char *)uri;
	f.size = (uint64_t)size;
	memcpy(f.sha256, sha256, FS_SHA256_HEX);
	pkgfiles_add(out, &f);
	return 0;
}

/* The whole document, or NULL when there is none. A damaged one is an error. */
static int load_document(const char *path, json_t **out, struct err *err)
{
	json_error_t jerr;
	const char *schema = NULL;

	*out = NULL;
	if (!fs_exists(path))
		return 0;
	*out = json_load_file(path, JSON_REJECT_DUPLICATES, &jerr);
	if (!*out)
		return err_set(err, "%s:%d: %s; remove the file to resolve all sources anew", path,
			       jerr.line, jerr.text);
	if (json_unpack(*out, "{s:s}", "schema", &schema) < 0 || strcmp(schema, PINS_SCHEMA)) {
		json_decref(*out);
		*out = NULL;
		return err_set(err, "%s: schema is not " PINS_SCHEMA "; remove the file to resolve "
			       "all sources anew", path);
	}
	return 0;
}

int pins_load(const char *path, const struct pin_set *set, struct pins *out, struct err *err)
{
	_cleanup_json_ json_t *doc = NULL;
	_cleanup_pins_ struct pins pins = PINS_INIT;
	const char *series, *suite, *def;
	char want[FS_SHA256_HEX];
	json_t *entry, *files;
	size_t i;

	if (load_document(path, &doc, err) < 0)
		return -1;
	entry = doc ? json_object_get(json_object_get(doc, "sets"), set->name) : NULL;
	if (!entry)
		return 0;
	if (json_unpack(entry, "{s:s,s:s,s:s,s:o}", "series", &series, "suite", &suite,
			"definition", &def, "files", &files) < 0 || !json_is_array(files))
		return err_set(err, "%s: entry \"%s\" is damaged", path, set->name);
	definition(set, want);
	if (strcmp(def, want))
		return 0;
	for (i = 0; i < json_array_size(files); i++)
		if (parse_file(json_array_get(files, i), &pins.files) < 0)
			return err_set(err, "%s: entry \"%s\": file %zu is damaged", path,
				       set->name, i);
	pins.series = xstrdup(series);
	pins.suite = xstrdup(suite);
	*out = pins;
	pins = (struct pins)PINS_INIT;
	return 1;
}

int pins_store(const char *path, const struct pin_set *set, const struct pins *pins,
	       struct err *err)
{
	_cleanup_json_ json_t *doc = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *line = NULL;
	char def[FS_SHA256_HEX];
	json_t *files, *all;
	size_t i;

	/* what cannot be read is replaced */
	load_document(path, &doc, NULL);
	if (!doc)
		doc = json_pack("{s:s}", "schema", PINS_SCHEMA);
	all = json_object_get(doc, "sets");
	if (!json_is_object(all)) {
		all = json_object();
		json_object_set_new(doc, "sets", all);
	}
	files = json_array();
	for (i = 0; i < pins->files.nr; i++) {
		const struct pkgfile *f = &pins->files.v[i];

		json_array_append_new(files, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s}",
						       "package", f->package, "version", f->version,
						       "arch", f->arch, "suite", f->suite, "file",
						       f->file, "uri", f->uri, "size",
						       (json_int_t)f->size, "sha256", f->sha256));
	}
	definition(set, def);
	json_object_set_new(all, set->name,
			    json_pack("{s:s,s:s,s:s,s:o}", "series", pins->series, "suite",
				      pins->suite, "definition", def, "files", files));
	text = json_dumps(doc, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (!text)
		return err_set(err, "cannot write %s: no memory", path);
	line = xasprintf("%s\n", text);
	return fs_write_atomic(path, line, strlen(line), 0644, err);
}

/* Without the Debian revision: "4.17.5+72-g01140da4e8". Epochs stay. */
static size_t upstream_len(const char *version)
{
	const char *dash = strrchr(version, '-');

	return dash ? (size_t)(dash - version) : strlen(version);
}

static bool excluded(const struct pin_set *set, const char *package)
{
	const char *const *p;

	for (p = set->exclude; p && *p; p++)
		if (!fnmatch(*p, package, 0))
			return true;
	return false;
}

static int add_packages(struct apt *apt, const struct pin_set *set, const struct pin_candidate *c,
			const char *const *packages, bool closure, const char *source_version,
			struct pkgfiles *out, struct err *err)
{
	_cleanup_pkgfiles_ struct pkgfiles all = { 0 };
	size_t i, j, len;

	if (!packages)
		return 0;
	if (apt_packages(apt, &c->view, packages, closure, &all, err) < 0)
		return -1;
	len = source_version ? upstream_len(source_version) : 0;
	for (i = 0; i < all.nr; i++) {
		const struct pkgfile *f = &all.v[i];

		for (j = 0; source_version && packages[j]; j++)
			if (!strcmp(packages[j], f->package) &&
			    (upstream_len(f->version) != len ||
			     strncmp(f->version, source_version, len)))
				return err_set(err, "%s is of version %s, its source of %s",
					       f->package, f->version, source_version);
		if (!excluded(set, f->package))
			pkgfiles_add(out, f);
	}
	return 0;
}

static int try_with_source(struct apt *apt, const struct pin_set *set,
			   const struct pin_candidate *c, const struct pkgfile *source,
			   const char *downloads, struct pkgfiles *out, struct err *err)
{
	const char *version = source ? source->version : NULL;

	if (source)
		pkgfiles_add(out, source);
	/* the source first: it is the file that mirrors lose */
	if (source && apt_fetch(apt, out, downloads, err) < 0)
		return -1;
	if (add_packages(apt, set, c, c->packages, true, version, out, err) < 0 ||
	    add_packages(apt, set, c, c->plain, false, version, out, err) < 0)
		return -1;
	return apt_fetch(apt, out, downloads, err);
}

static int try_candidate(struct apt *apt, const struct pin_set *set, const struct pin_candidate *c,
			 const char *downloads, struct pins *out, struct err *err)
{
	_cleanup_pkgfiles_ struct pkgfiles sources = { 0 };
	_cleanup_pkgfiles_ struct pkgfiles files = { 0 };
	struct err first = { 0 };
	int ret = -1;
	size_t i;

	if (apt_update(apt, &c->view, err) < 0)
		return -1;
	if (c->source && apt_sources(apt, &c->view, c->source, c->version_prefix, ".orig.tar.",
				     &sources, err) < 0)
		return -1;
	for (i = 0; ret < 0 && (i < sources.nr || (!c->source && i == 0)); i++) {
		struct err one = { 0 };

		pkgfiles_release(&files);
		ret = try_with_source(apt, set, c, c->source ? &sources.v[i] : NULL, downloads,
				      &files, &one);
		if (ret < 0 && i == 0)
			first = one;
	}
	if (ret < 0)
		return err_set(err, "%s", first.msg);
	out->series = xstrdup(c->series);
	out->suite = xstrdup(c->view.suite);
	out->files = files;
	files = (struct pkgfiles){ 0 };
	return 0;
}

int pins_resolve(struct apt *apt, const struct pin_set *set, const char *downloads,
		 struct pins *out, struct err *err)
{
	_cleanup_buf_ struct buf reasons = BUF_INIT;
	size_t i;

	for (i = 0; i < set->nr_candidates; i++) {
		const struct pin_candidate *c = &set->candidates[i];
		struct err one = { 0 };

		if (try_candidate(apt, set, c, downloads, out, &one) == 0)
			return 0;
		apt_note(apt, "%s of %s cannot be had: %s", c->series, c->view.suite, one.msg);
		buf_addf(&reasons, "%s%s of %s: %s", i ? "; " : "", c->series, c->view.suite,
			 one.msg);
	}
	return err_set(err, "no source for %s; tried %s", set->name, reasons.data);
}
