/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists in images/: what goes into a root file system. images/README.md has the format. */
#ifndef GRANTBENCH_BUILD_IMAGE_H
#define GRANTBENCH_BUILD_IMAGE_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

enum image_type { IMAGE_DIR, IMAGE_FILE, IMAGE_LINK, IMAGE_NODE, IMAGE_LIBS };

struct image_entry {
	enum image_type type;
	unsigned int line;	/* in the list, for errors */
	char *to;		/* in the guest, absolute; LIBS: the directory for libraries */
	char *artifact;		/* FILE, LIBS: where from; "data" is our own tree */
	char *from;		/* FILE: path there; LINK: the target */
	mode_t mode;
	char node_type;		/* NODE: 'c', 'b' */
	unsigned int dev_major, dev_minor;
};

struct image {
	char *path;		/* of the list */
	struct image_entry *entries;
	size_t nr;
};

/* Errors are GB_USAGE and name file and line. */
int image_load(struct image *image, const char *path, struct err *err);
int image_parse(struct image *image, const char *path, const char *text, struct err *err);
void image_release(struct image *image);
#define _cleanup_image_ __attribute__((cleanup(image_release)))

#endif
