/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an ELF program asks of its surroundings: DT_NEEDED and PT_INTERP, read
 * from 64-bit little-endian files (arm64, x86-64), every offset checked.
 * Source: System V gABI, chapters 4 and 5.
 */
#ifndef GRANTBENCH_BUILD_ELF_H
#define GRANTBENCH_BUILD_ELF_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct elf_info {
	uint16_t machine;	/* EM_AARCH64, EM_X86_64 */
	char *interp;		/* NULL: static, or a library */
	char **needed;		/* sonames; NULL-terminated */
	size_t nr_needed;
};

/* 0, -ENOEXEC: not an ELF file, -EINVAL: damaged, or not 64-bit little-endian. */
int elf_parse(const void *data, size_t size, struct elf_info *info);
void elf_release(struct elf_info *info);
#define _cleanup_elf_ __attribute__((cleanup(elf_release)))

/*
 * The libraries that the programs need, directly and through each other.
 *
 * root is an unpacked set of packages; sonames are looked up in its library
 * directories (search: NULL-terminated, relative to root). Symbolic links are
 * followed inside root. Programs that are not ELF need nothing. fn gets each
 * library once, in byte order of the sonames, with the file's host path; the
 * program interpreter comes last, its name being the absolute path (in the
 * guest) that programs ask for. A library that is nowhere is an error that
 * names it and who needs it.
 */
int elf_closure(const char *root, const char *const *search, const char *const *programs,
		int (*fn)(const char *soname, const char *path, void *arg, struct err *err),
		void *arg, struct err *err);

/*
 * Host path of guest path `path` under root, links followed as in a chroot.
 * Caller frees; NULL when there is no such file.
 */
char *root_resolve(const char *root, const char *path);

#endif
