// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/fiojob.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "lib/cleanup.h"
#include "scenario/scenario.h"

/* Decided by the cell or by the engine: taken out of the user's file. */
static const char *const ours[] = {
	"filename", "direct", "bs", "blocksize", "rw", "readwrite", "iodepth", "number_ios",
	"randseed", "randrepeat", "allrandrepeat", "norandommap", "lat_percentiles",
	"clat_percentiles", "slat_percentiles", "group_reporting", "thread",
};

static const struct {
	const char *key;
	const char *why;
} refused[] = {
	{ "runtime", "runs do a fixed number of operations, never a time" },
	{ "timeout", "runs do a fixed number of operations, never a time" },
	{ "time_based", "runs do a fixed number of operations, never a time" },
	{ "ramp_time", "runs do a fixed number of operations, never a time" },
	{ "startdelay", "a start delay has no place in a counted run" },
	{ "size", "number_ios says how much is done" },
	{ "io_size", "number_ios says how much is done" },
	{ "directory", "the job works on the disk under test" },
	{ "filename_format", "the job works on the disk under test" },
	{ "exec_prerun", "the guest has nothing but fio" },
	{ "exec_postrun", "the guest has nothing but fio" },
	{ "include", "the guest gets this one file" },
	{ "write_bw_log", "logs go through the report, not to files in the guest" },
	{ "write_lat_log", "logs go through the report, not to files in the guest" },
	{ "write_iops_log", "logs go through the report, not to files in the guest" },
};

/* ioengines that keep no more than one request in flight */
static const char *const sync_engines[] = { "sync", "psync", "vsync", "pvsync", "pvsync2", "mmap" };

struct line {
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

static struct line split(const char *s, size_t len)
{
	struct line l = { s, len, s + len, 0 };
	const char *eq = memchr(s, '=', len);

	if (eq) {
		l.key_len = (size_t)(eq - s);
		l.value = eq + 1;
		l.value_len = len - l.key_len - 1;
	}
	while (l.key_len && isspace((unsigned char)l.key[l.key_len - 1]))
		l.key_len--;
	while (l.value_len && isspace((unsigned char)*l.value)) {
		l.value++;
		l.value_len--;
	}
	return l;
}

static bool is(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && !strncmp(text, word, len);
}

static bool taken_out(const struct line *l)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ours); i++)
		if (is(l->key, l->key_len, ours[i]))
			return true;
	return false;
}

static int check_line(const char *path, int nr, const struct line *l,
		      const struct fio_overrides *o, struct err *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++)
		if (is(l->key, l->key_len, refused[i].key))
			return err_usage(err, "%s:%d: %s: %s", path, nr, refused[i].key,
					 refused[i].why);
	if (!is(l->key, l->key_len, "ioengine"))
		return 0;
	for (i = 0; i < ARRAY_SIZE(sync_engines) && o->iodepth > 1; i++)
		if (is(l->value, l->value_len, sync_engines[i]))
			return err_usage(err, "%s:%d: ioengine %s keeps one request in flight, but the "
					 "scenario asks for iodepth %lu (use io_uring)", path, nr,
					 sync_engines[i], o->iodepth);
	return 0;
}

int fio_job_build(const char *path, const char *text, const struct fio_overrides *o,
		  struct buf *out, struct err *err)
{
	_cleanup_buf_ struct buf job = BUF_INIT;
	bool rw_seen = strcmp(o->rw, "job") != 0, in_section = false;
	int nr, sections = 0;
	const char *next;

	buf_addf(&job, "[global]\nfilename=/dev/%s\ndirect=1\nbs=%s\niodepth=%lu\nnumber_ios=%lu\n"
		 /* without it fio stops at the end of the disk */
		 "io_size=%llu\nrandrepeat=1\nrandseed=%lu\nnorandommap\nlat_percentiles=1\nclat_percentiles=0\n"
		 "thread\n", o->disk ? o->disk : "vda", o->bs, o->iodepth, o->number_ios,
		 o->number_ios * scenario_parse_size(o->bs), o->randseed);
	if (rw_seen)
		buf_addf(&job, "rw=%s\n", o->rw);
	for (nr = 1; *text; text = next, nr++) {
		size_t len = strcspn(text, "\n");
		const char *s = text;
		struct line l;

		next = text + len + (text[len] == '\n');
		while (len && isspace((unsigned char)*s)) {
			s++;
			len--;
		}
		while (len && isspace((unsigned char)s[len - 1]))
			len--;
		if (!len || *s == ';' || *s == '#')
			continue;
		if (*s == '[') {
			if (s[len - 1] != ']' || len < 3)
				return err_usage(err, "%s:%d: not a [section]", path, nr);
			in_section = true;
			sections += !is(s, len, "[global]");
			buf_addf(&job, "%.*s\n", (int)len, s);
			continue;
		}
		if (!in_section)
			return err_usage(err, "%s:%d: \"%.*s\" before any [section]", path, nr, (int)len, s);
		l = split(s, len);
		if (check_line(path, nr, &l, o, err) < 0)
			return -1;
		if (is(l.key, l.key_len, "rw") || is(l.key, l.key_len, "readwrite")) {
			if (!strcmp(o->rw, "job"))
				buf_addf(&job, "rw=%.*s\n", (int)l.value_len, l.value);
			rw_seen = true;
		} else if (!taken_out(&l)) {
			buf_addf(&job, "%.*s\n", (int)len, s);
		}
	}
	if (sections != 1)
		return err_usage(err, "%s: %d job sections, but a cell times exactly one", path, sections);
	if (!rw_seen)
		return err_usage(err, "%s: neither the job nor the scenario says rw=", path);
	buf_add(out, job.data, job.size);
	return 0;
}
