/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kconfig fragments and what became of them; versions of kernel trees. */
#ifndef GRANTBENCH_BUILD_KCONFIG_H
#define GRANTBENCH_BUILD_KCONFIG_H

#include "lib/buf.h"
#include "lib/err.h"

/*
 * Compare texts: each "CONFIG_X=…" line of fragment must be in config as it is;
 * "CONFIG_X=n" and "# CONFIG_X is not set" must not be set there. Lines that did
 * not take effect are appended to lost, with ", " between; returns their number.
 */
size_t kconfig_lost(const char *fragment, const char *config, struct buf *lost);

/* The same for files: fragment and out_dir/.config. The error names the lines. */
int kconfig_check(const char *fragment_path, const char *out_dir, struct err *err);

/* "6.12.117" from the Makefile of a kernel tree; caller frees. */
int kernel_version(const char *tree, char **version, struct err *err);

/* "4.20.1" from xen/Makefile of a Xen tree; caller frees. */
int xen_version(const char *tree, char **version, struct err *err);

#endif
