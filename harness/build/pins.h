/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source sets: files of the Debian archive that belong together, and which
 * versions of them are in use.
 *
 * A set names candidates (a series in a suite) in order of preference. The
 * first whose files can all be fetched is taken and pinned in pins.json, so
 * that later builds neither ask the mirror nor change under the user's hands.
 * A file that the cache lost is fetched again in its pinned version.
 */
#ifndef GRANTBENCH_BUILD_PINS_H
#define GRANTBENCH_BUILD_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "build/apt.h"
#include "lib/err.h"

struct pin_candidate {
	const char *series;		/* "4.17"; what the recipe tells its variants by */
	struct apt_view view;
	const char *source;		/* source package: its original archive; or NULL */
	const char *version_prefix;	/* of the source package */
	/*
	 * Packages, NULL-terminated or NULL. With a source, they must be of the
	 * source's version: tools and hypervisor of one build.
	 */
	const char *const *packages;	/* with all they depend on */
	const char *const *plain;	/* alone */
};

struct pin_set {
	const char *name;
	const struct pin_candidate *candidates;
	size_t nr_candidates;
	const char *const *exclude;	/* fnmatch(3) patterns of unwanted packages, or NULL */
};

/* What a set resolved to. */
struct pins {
	char *series, *suite;
	struct pkgfiles files;
};
#define PINS_INIT { 0 }

void pins_release(struct pins *pins);
#define _cleanup_pins_ __attribute__((cleanup(pins_release)))

/* The file that the source package or the named package brought; NULL: none. */
const struct pkgfile *pins_find(const struct pins *pins, const char *package);

const struct pin_set *pin_set_find(const char *name);

/* The set's pins from path. 1: found, 0: not pinned yet (or pinned for other candidates). */
int pins_load(const char *path, const struct pin_set *set, struct pins *out, struct err *err);

/* Write the set's pins into path, whole, beside those of other sets. */
int pins_store(const char *path, const struct pin_set *set, const struct pins *pins,
	       struct err *err);

/*
 * Ask the mirror, candidate by candidate, and fetch the files into downloads.
 * The error names every candidate with the reason why it was not taken.
 */
int pins_resolve(struct apt *apt, const struct pin_set *set, const char *downloads,
		 struct pins *out, struct err *err);

#endif
