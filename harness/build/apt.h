/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetching from the Debian archive, with apt itself and beside the host's apt:
 * own state, lists and sources, no root, nothing installed.
 *
 * The mirror is the one that the host's apt uses ($GRANTBENCH_MIRROR overrides
 * it), asked at run time and stored nowhere. Indexes are verified against the
 * host's debian-archive-keyring; every file is verified against the SHA-256 of
 * the signed index.
 */
#ifndef GRANTBENCH_BUILD_APT_H
#define GRANTBENCH_BUILD_APT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/fs.h"

/* One file of the archive. */
struct pkgfile {
	char *package;
	char *version;
	char *arch;		/* "arm64", "all", "source" */
	char *suite;
	char *file;		/* name in downloads/ */
	char *uri;		/* relative to the mirror: "pool/main/…" */
	uint64_t size;
	char sha256[FS_SHA256_HEX];
};

struct pkgfiles {
	struct pkgfile *v;
	size_t nr;
};

void pkgfiles_release(struct pkgfiles *files);
#define _cleanup_pkgfiles_ __attribute__((cleanup(pkgfiles_release)))
void pkgfiles_add(struct pkgfiles *files, const struct pkgfile *file);	/* copies */

/* What apt is to see: one architecture, one or two suites, sources or not. */
struct apt_view {
	const char *suite;	/* preferred */
	const char *base;	/* the suite it builds on, or NULL */
	const char *arch;
	bool sources;
};

struct apt;

/* The private apt below dir. note is called with a line of text when something slow begins. */
struct apt *apt_open(const char *dir, void (*note)(const char *text, void *arg), void *arg,
		     struct err *err);
void apt_close(struct apt *apt);
/* Tell the caller's note function. */
void apt_note(struct apt *apt, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * One process at a time uses the directory: hold the lock around all that
 * follows, and no longer, since others wait for it while they hold their own.
 */
int apt_lock(struct apt *apt, struct err *err);
void apt_unlock(struct apt *apt);

/*
 * Bring the view's indexes up to date; once per apt_open() and view. When the
 * mirror's host cannot be reached, later calls fail at once.
 */
int apt_update(struct apt *apt, const struct apt_view *view, struct err *err);

/*
 * Append the packages and, with closure, all they depend on down to libc,
 * without recommendations. Needs apt_update() before.
 */
int apt_packages(struct apt *apt, const struct apt_view *view, const char *const *packages,
		 bool closure, struct pkgfiles *out, struct err *err);

/*
 * Append the file of the source package whose name ends so (".orig.tar.xz" or
 * ".orig.tar.gz" for suffix ".orig.tar."), for every version that starts with
 * version_prefix, newest first.
 */
int apt_sources(struct apt *apt, const struct apt_view *view, const char *source,
		const char *version_prefix, const char *suffix, struct pkgfiles *out,
		struct err *err);

/* Download those that are not in dir yet; verified, renamed into place. */
int apt_fetch(struct apt *apt, const struct pkgfiles *files, const char *dir, struct err *err);

/*
 * Parsing, apart from apt itself (for tests). A line of `apt-get --print-uris`;
 * false when it is not one of the form 'URI' NAME SIZE SHA256:HASH below mirror.
 */
bool apt_parse_uri_line(const char *line, const char *mirror, struct pkgfile *out);
void pkgfile_release(struct pkgfile *file);

/*
 * The mirror that this host uses, without contacting it; caller frees, NULL with
 * err filled when apt knows none.
 */
char *apt_host_mirror(struct err *err);

/*
 * The mirror in the lines "URI\tORIGIN\tLABEL" of apt-get indextargets: the first
 * that is Debian's main archive; caller frees, NULL when there is none.
 */
char *apt_pick_mirror(const char *lines);

#endif
