// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/elf.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"

#define MAX_LINKS 40

struct view {
	const uint8_t *data;
	size_t size;
};

static const void *at(const struct view *v, uint64_t offset, uint64_t size)
{
	if (offset > v->size || size > v->size - offset)
		return NULL;
	return v->data + offset;
}

static bool get_phdr(const struct view *v, const Elf64_Ehdr *eh, unsigned int i, Elf64_Phdr *ph)
{
	const void *p = at(v, eh->e_phoff, (uint64_t)(i + 1) * sizeof(*ph));

	if (!p)
		return false;
	memcpy(ph, (const char *)p + (size_t)i * sizeof(*ph), sizeof(*ph));
	return true;
}

/* Offset in the file of a virtual address; UINT64_MAX when no segment has it. */
static uint64_t vaddr_offset(const struct view *v, const Elf64_Ehdr *eh, uint64_t vaddr)
{
	unsigned int i;

	for (i = 0; i < eh->e_phnum; i++) {
		Elf64_Phdr ph;

		if (get_phdr(v, eh, i, &ph) && ph.p_type == PT_LOAD && vaddr >= ph.p_vaddr &&
		    vaddr - ph.p_vaddr < ph.p_filesz)
			return ph.p_offset + (vaddr - ph.p_vaddr);
	}
	return UINT64_MAX;
}

static char *string_at(const struct view *v, uint64_t offset)
{
	const char *s;

	if (offset >= v->size)
		return NULL;
	s = (const char *)v->data + offset;
	return memchr(s, '\0', v->size - offset) ? xstrdup(s) : NULL;
}

static int parse_dynamic(const struct view *v, const Elf64_Ehdr *eh, const Elf64_Phdr *dyn,
			 struct elf_info *info)
{
	uint64_t nr = dyn->p_filesz / sizeof(Elf64_Dyn), strtab = UINT64_MAX, i;
	const void *table = at(v, dyn->p_offset, nr * sizeof(Elf64_Dyn));

	if (!table)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		Elf64_Dyn d;

		memcpy(&d, (const char *)table + i * sizeof(d), sizeof(d));
		if (d.d_tag == DT_STRTAB)
			strtab = vaddr_offset(v, eh, d.d_un.d_ptr);
	}
	for (i = 0; i < nr; i++) {
		Elf64_Dyn d;
		char *name;

		memcpy(&d, (const char *)table + i * sizeof(d), sizeof(d));
		if (d.d_tag == DT_NULL)
			break;
		if (d.d_tag != DT_NEEDED)
			continue;
		if (strtab == UINT64_MAX || d.d_un.d_val > UINT64_MAX - strtab)
			return -EINVAL;
		name = string_at(v, strtab + d.d_un.d_val);
		if (!name)
			return -EINVAL;
		info->needed = xrealloc(info->needed, (info->nr_needed + 2) * sizeof(char *));
		info->needed[info->nr_needed++] = name;
		info->needed[info->nr_needed] = NULL;
	}
	return 0;
}

int elf_parse(const void *data, size_t size, struct elf_info *info)
{
	struct elf_info parsed = { 0 };
	struct view v = { data, size };
	Elf64_Ehdr eh;
	unsigned int i;
	int ret = 0;

	if (size < SELFMAG || memcmp(data, ELFMAG, SELFMAG))
		return -ENOEXEC;
	if (size < sizeof(eh))
		return -EINVAL;
	memcpy(&eh, data, sizeof(eh));
	if (eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_ident[EI_DATA] != ELFDATA2LSB)
		return -EINVAL;
	if (eh.e_phnum && eh.e_phentsize != sizeof(Elf64_Phdr))
		return -EINVAL;
	parsed.machine = eh.e_machine;
	for (i = 0; i < eh.e_phnum && ret == 0; i++) {
		Elf64_Phdr ph;

		if (!get_phdr(&v, &eh, i, &ph))
			ret = -EINVAL;
		else if (ph.p_type == PT_DYNAMIC)
			ret = parse_dynamic(&v, &eh, &ph, &parsed);
		else if (ph.p_type == PT_INTERP && !parsed.interp) {
			parsed.interp = string_at(&v, ph.p_offset);
			if (!parsed.interp)
				ret = -EINVAL;
		}
	}
	if (ret < 0)
		elf_release(&parsed);
	else
		*info = parsed;
	return ret;
}

void elf_release(struct elf_info *info)
{
	size_t i;

	for (i = 0; i < info->nr_needed; i++)
		free(info->needed[i]);
	free(info->needed);
	free(info->interp);
	*info = (struct elf_info){ 0 };
}

/* One step: resolve the first link among the components, or say there is none. */
char *root_resolve(const char *root, const char *path)
{
	_cleanup_free_ char *rest = xstrdup(path);
	_cleanup_free_ char *done = xstrdup("");
	int links = 0;

	while (*rest) {
		size_t skip = strspn(rest, "/");
		size_t len = strcspn(rest + skip, "/");
		_cleanup_free_ char *part = xstrndup(rest + skip, len);
		_cleanup_free_ char *full = NULL;
		char target[PATH_MAX], *next;
		struct stat st;
		ssize_t n;

		memmove(rest, rest + skip + len, strlen(rest + skip + len) + 1);
		if (!len || !strcmp(part, "."))
			continue;
		if (!strcmp(part, "..")) {
			char *slash = strrchr(done, '/');

			if (slash)
				*slash = '\0';
			continue;
		}
		full = xasprintf("%s%s/%s", root, done, part);
		if (lstat(full, &st) < 0)
			return NULL;
		if (!S_ISLNK(st.st_mode)) {
			next = xasprintf("%s/%s", done, part);
			free(done);
			done = next;
			continue;
		}
		n = readlink(full, target, sizeof(target) - 1);
		if (n <= 0 || ++links > MAX_LINKS)
			return NULL;
		target[n] = '\0';
		if (*target == '/')
			*done = '\0';
		next = xasprintf("%s/%s", target, rest);
		free(rest);
		rest = next;
	}
	return xasprintf("%s%s", root, done);
}

struct lib {
	char *soname, *path;
};

struct closure {
	const char *root;
	const char *const *search;
	struct lib *libs;
	size_t nr;
	char *interp;
};

static char *find_lib(const struct closure *c, const char *soname)
{
	size_t i;

	for (i = 0; c->search[i]; i++) {
		_cleanup_free_ char *name = xasprintf("%s/%s", c->search[i], soname);
		char *path = root_resolve(c->root, name);
		struct stat st;

		if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode))
			return path;
		free(path);
	}
	return NULL;
}

static int add_needs(struct closure *c, const char *program, struct err *err)
{
	_cleanup_elf_ struct elf_info info = { 0 };
	_cleanup_buf_ struct buf data = BUF_INIT;
	size_t i, j;
	int ret;

	if (fs_read(program, &data, err) < 0)
		return -1;
	ret = elf_parse(data.data, data.size, &info);
	if (ret == -ENOEXEC)
		return 0;
	if (ret < 0)
		return err_errno(err, -ret, "%s: damaged ELF file", program);
	if (info.interp && !c->interp)
		c->interp = take_ptr(info.interp);
	for (i = 0; i < info.nr_needed; i++) {
		const char *soname = info.needed[i];
		char *path;

		for (j = 0; j < c->nr; j++)
			if (!strcmp(c->libs[j].soname, soname))
				break;
		if (j < c->nr)
			continue;
		path = strchr(soname, '/') ? NULL : find_lib(c, soname);
		if (!path)
			return err_set(err, "library %s, which %s needs, is in none of the "
				       "packages", soname, program);
		c->libs = xrealloc(c->libs, (c->nr + 1) * sizeof(*c->libs));
		c->libs[c->nr++] = (struct lib){ xstrdup(soname), path };
	}
	return 0;
}

static int by_soname(const void *a, const void *b)
{
	return strcmp(((const struct lib *)a)->soname, ((const struct lib *)b)->soname);
}

int elf_closure(const char *root, const char *const *search, const char *const *programs,
		int (*fn)(const char *soname, const char *path, void *arg, struct err *err),
		void *arg, struct err *err)
{
	struct closure c = { .root = root, .search = search };
	int ret = 0;
	size_t i;

	for (i = 0; programs[i] && ret == 0; i++)
		ret = add_needs(&c, programs[i], err);
	for (i = 0; i < c.nr && ret == 0; i++) {
		_cleanup_free_ char *path = xstrdup(c.libs[i].path);

		ret = add_needs(&c, path, err);
	}
	if (c.nr)
		qsort(c.libs, c.nr, sizeof(*c.libs), by_soname);
	for (i = 0; i < c.nr && ret == 0; i++) {
		/* the loader is a library of itself; it comes last */
		if (c.interp && !strcmp(strrchr(c.interp, '/') + 1, c.libs[i].soname))
			continue;
		ret = fn(c.libs[i].soname, c.libs[i].path, arg, err);
	}
	if (ret == 0 && c.interp) {
		_cleanup_free_ char *path = root_resolve(root, c.interp);

		/* usrmerge: the package may have it as /usr/lib, the program asks for /lib */
		if (!path) {
			_cleanup_free_ char *usr = xasprintf("/usr%s", c.interp);

			path = root_resolve(root, usr);
		}
		if (!path)
			path = find_lib(&c, strrchr(c.interp, '/') + 1);
		if (!path)
			ret = err_set(err, "program interpreter %s is in none of the packages",
				      c.interp);
		else
			ret = fn(c.interp, path, arg, err);
	}
	for (i = 0; i < c.nr; i++) {
		free(c.libs[i].soname);
		free(c.libs[i].path);
	}
	free(c.libs);
	free(c.interp);
	return ret;
}
