// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/hosttools.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/spawn.h"

static const struct hosttool tools[] = {
	{ HOSTTOOL_PROGRAM, "apt-get", "apt", "fetches sources and packages", false },
	{ HOSTTOOL_FILE, "/usr/lib/apt/apt-helper", "apt", "fetches and verifies files", false },
	{ HOSTTOOL_FILE, "/usr/share/keyrings/debian-archive-keyring.gpg",
	  "debian-archive-keyring", "signatures of the package index", false },
	{ HOSTTOOL_PROGRAM, "make", "make", "drives all builds", false },
	{ HOSTTOOL_PROGRAM, "gcc", "gcc", "the kernel's and Xen's build tools", false },
	{ HOSTTOOL_FILE, "/usr/include/stdio.h", "libc6-dev",
	  "the kernel's and Xen's build tools", false },
	{ HOSTTOOL_PROGRAM, "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu",
	  "compiles for the guests", false },
	{ HOSTTOOL_PROGRAM, "aarch64-linux-gnu-ld", "binutils-aarch64-linux-gnu",
	  "links for the guests", false },
#ifdef __aarch64__
	{ HOSTTOOL_FILE, "/usr/lib/aarch64-linux-gnu/libc.a", "libc6-dev",
	  "static programs for the guests", false },
#else
	{ HOSTTOOL_FILE, "/usr/aarch64-linux-gnu/lib/libc.a", "libc6-dev-arm64-cross",
	  "static programs for the guests", false },
#endif
#ifdef __x86_64__
	{ HOSTTOOL_PROGRAM, "x86_64-linux-gnu-gcc", "gcc", "compiles for x86_64 guests", false },
	{ HOSTTOOL_FILE, "/usr/lib/x86_64-linux-gnu/libc.a", "libc6-dev",
	  "static programs for x86_64 guests", false },
#else
	{ HOSTTOOL_PROGRAM, "x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu",
	  "compiles for x86_64 guests", false },
	{ HOSTTOOL_FILE, "/usr/x86_64-linux-gnu/lib/libc.a", "libc6-dev-amd64-cross",
	  "static programs for x86_64 guests", false },
#endif
	{ HOSTTOOL_FILE, "/usr/include/gelf.h", "libelf-dev", "objtool, for x86_64 kernels", false },
	{ HOSTTOOL_FILE, "/usr/bin/python3", "python3", "Xen's own build for x86_64", false },
	{ HOSTTOOL_PROGRAM, "m4", "m4", "FLASK's policy", false },
	{ HOSTTOOL_PROGRAM, "checkpolicy", "checkpolicy", "FLASK's policy", false },
	{ HOSTTOOL_PROGRAM, "flex", "flex", "Kconfig", false },
	{ HOSTTOOL_PROGRAM, "bison", "bison", "Kconfig", false },
	{ HOSTTOOL_PROGRAM, "bc", "bc", "the kernel's time constants", false },
	{ HOSTTOOL_PROGRAM, "patch", "patch", "applies kernel patches", false },
	{ HOSTTOOL_PROGRAM, "cmp", "diffutils", "the kernel's build", false },
	{ HOSTTOOL_PROGRAM, "ccache", "ccache", "makes repeated builds quick", true },
};

const struct hosttool *hosttools(size_t *nr)
{
	*nr = ARRAY_SIZE(tools);
	return tools;
}

bool hosttool_present(const struct hosttool *tool)
{
	_cleanup_free_ char *path = NULL;

	if (tool->kind == HOSTTOOL_FILE)
		return fs_exists(tool->name);
	path = spawn_find_program(tool->name);
	return path != NULL;
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (; (text = strstr(text, word)); text += len)
		if (text[-1] == ' ' && (text[len] == ' ' || text[len] == '\0'))
			return true;
	return false;
}

int hosttools_check(struct err *err)
{
	_cleanup_buf_ struct buf missing = BUF_INIT, packages = BUF_INIT;
	size_t i;

	buf_addstr(&packages, "");
	for (i = 0; i < ARRAY_SIZE(tools); i++) {
		if (tools[i].optional || hosttool_present(&tools[i]))
			continue;
		buf_addf(&missing, "%s%s", missing.size ? ", " : "", tools[i].name);
		if (!packages.data || !has_word(packages.data, tools[i].package))
			buf_addf(&packages, " %s", tools[i].package);
	}
	if (!missing.size)
		return 0;
	return err_set(err, "missing on this machine: %s; to mend it: apt-get install%s",
		       missing.data, packages.data);
}
