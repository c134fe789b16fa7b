// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * grantbench doctor: what this machine can and cannot do, and what mends it. It
 * looks and asks, but fetches nothing, builds nothing and boots nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "build/apt.h"
#include "build/artifact.h"
#include "build/hosttools.h"
#include "commands.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "vm/kvm.h"

/* What a cold build of everything left behind here was 2.0 GiB; trees grow while they build. */
#define CACHE_MIN_MIB 4096
/* One machine: 1 GiB of RAM, QEMU's translation buffers, and some for dom0's images in the page cache */
#define MACHINE_MIB 1536

static const char usage_text[] =
	"usage: grantbench doctor [--format text|json]\n"
	"What this machine can and cannot do, one line each, and for what is missing the command\n"
	"that mends it. Nothing is fetched, built or booted.\n\n"
	"  ok        there\n"
	"  note      works, but you may want to know\n"
	"  no        cannot be done on this machine, and need not be\n"
	"  MISSING   has to be mended first; the exit status is 4 then\n";

enum state { STATE_OK, STATE_NOTE, STATE_NO, STATE_MISSING };
static const char *const state_name[] = { "ok", "note", "no", "MISSING" };

struct report {
	json_t *rows;
	bool missing;
};

__attribute__((format(printf, 5, 6)))
static void say(struct report *r, enum state state, const char *what, const char *mend,
		const char *fmt, ...)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	json_t *row;
	va_list ap;

	va_start(ap, fmt);
	buf_addvf(&text, fmt, ap);
	va_end(ap);
	row = json_pack("{s:s,s:s,s:s}", "check", what, "state", state_name[state], "text", text.data);
	if (mend)
		json_object_set_new(row, "mend", json_string(mend));
	json_array_append_new(r->rows, row);
	r->missing |= state == STATE_MISSING;
}

/* The value of KEY=value in os-release(5), quotes off; caller frees; NULL when there is none. */
static char *os_release(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *line;

	for (line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t n;

		if (strncmp(line, key, len) || line[len] != '=')
			continue;
		line += len + 1;
		line += *line == '"';
		n = strcspn(line, "\"\n");
		return xstrndup(line, n);
	}
	return NULL;
}

static void check_system(struct report *r)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_free_ char *id = NULL, *version = NULL;

	if (fs_read("/etc/os-release", &text, NULL) == 0 && text.size) {
		id = os_release(text.data, "ID");
		version = os_release(text.data, "VERSION_ID");
	}
	if (id && version && !strcmp(id, "debian") && (!strcmp(version, "12") || !strcmp(version, "13")))
		say(r, STATE_OK, "system", NULL, "Debian %s", version);
	else
		say(r, STATE_NOTE, "system", NULL, "%s %s; Debian 12 and 13 are what is tested",
		    id ? id : "unknown", version ? version : "");
}

static void check_size(struct report *r)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	long page = sysconf(_SC_PAGESIZE), pages = sysconf(_SC_PHYS_PAGES);
	long mib = pages > 0 && page > 0 ? pages / (1048576 / page) : 0;

	if (mib < MACHINE_MIB)
		say(r, STATE_MISSING, "memory", NULL, "%ld MiB, and one machine takes %d", mib, MACHINE_MIB);
	else if (mib < cpus * MACHINE_MIB)
		say(r, STATE_NOTE, "memory", NULL, "%ld MiB for %ld CPUs: use --jobs %ld, a machine takes "
		    "%d MiB", mib, cpus, mib / MACHINE_MIB, MACHINE_MIB);
	else
		say(r, STATE_OK, "memory", NULL, "%ld MiB, %ld CPU%s", mib, cpus, cpus == 1 ? "" : "s");
}

/* False when builds cannot run. One command brings everything. */
static bool check_tools(struct report *r)
{
	_cleanup_buf_ struct buf mend = BUF_INIT;
	size_t nr, i, found = 0;
	const struct hosttool *tool = hosttools(&nr);
	bool able = true;

	for (i = 0; i < nr; i++) {
		_cleanup_free_ char *word = xasprintf(" %s", tool[i].package);

		if (hosttool_present(&tool[i])) {
			found++;
			continue;
		}
		able &= tool[i].optional;
		say(r, tool[i].optional ? STATE_NOTE : STATE_MISSING, "tool", NULL, "%s (%s), of package %s",
		    tool[i].name, tool[i].why, tool[i].package);
		if (!mend.size)
			buf_addstr(&mend, "apt-get install -y --no-install-recommends");
		if (!strstr(mend.data, word))
			buf_addstr(&mend, word);
	}
	say(r, STATE_OK, "tools", mend.size ? mend.data : NULL, "%zu of the %zu that builds use", found, nr);
	return able;
}

/* What killed builders left in tmp/. */
static unsigned int leftovers(const char *cache)
{
	_cleanup_free_ char *tmp = xasprintf("%s/tmp", cache);
	_cleanup_closedir_ DIR *d = opendir(tmp);
	struct dirent *e;
	unsigned int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	return n;
}

/* True when all artifacts are there, so that neither tools nor network matter. */
static bool check_artifacts(struct report *r, struct builder *b, bool able)
{
	_cleanup_buf_ struct buf missing = BUF_INIT;
	size_t i, found = 0, nr = 0;
	const char *name;

	for (i = 0; (name = builder_name(i, NULL)); i++, nr++) {
		_cleanup_artifact_ struct artifact a = ARTIFACT_INIT;
		struct err err = { 0 };

		if (builder_plan(b, name, &a, &err) == 0 && a.hit) {
			found++;
			if (!strcmp(name, "qemu"))
				say(r, STATE_OK, "qemu", NULL, "%s", a.version);
			continue;
		}
		buf_addf(&missing, "%s%s", missing.size ? " " : "", name);
		if (err.msg[0] && able)
			say(r, STATE_MISSING, name, NULL, "%s", err.msg);
	}
	if (found == nr)
		say(r, STATE_OK, "artifacts", NULL, "all %zu are built", nr);
	else
		say(r, STATE_NOTE, "artifacts", "grantbench build", "%zu of %zu are built, not: %s", found,
		    nr, missing.data);
	return found == nr;
}

static bool check_cache(struct report *r, bool able)
{
	struct build_opts opts = { 0 };
	struct err err = { 0 };
	_cleanup_free_ char *cache = builder_cache_dir(&err), *probe = NULL;
	struct builder *b;
	struct statvfs vfs;
	unsigned long mib;
	unsigned int left;
	bool all;

	b = cache ? builder_new(&opts, &err) : NULL;
	if (b) {
		probe = xasprintf("%s/tmp/doctor", cache);
		if (fs_write_atomic(probe, "", 0, 0644, &err) < 0 || unlink(probe) < 0) {
			builder_free(b);
			b = NULL;
		}
	}
	if (!b) {
		say(r, STATE_MISSING, "cache", "export GRANTBENCH_CACHE=DIRECTORY", "%s", err.msg);
		return false;
	}
	all = check_artifacts(r, b, able);
	builder_free(b);
	if (statvfs(cache, &vfs) < 0) {
		say(r, STATE_MISSING, "cache", NULL, "%s: %s", cache, strerror(errno));
		return all;
	}
	mib = (unsigned long)((unsigned long long)vfs.f_bavail * vfs.f_frsize >> 20);
	say(r, all || mib >= CACHE_MIN_MIB ? STATE_OK : STATE_MISSING, "cache",
	    all || mib >= CACHE_MIN_MIB ? NULL : "export GRANTBENCH_CACHE=DIRECTORY-WITH-MORE-SPACE",
	    "%s, %lu MiB free; building everything takes %d", cache, mib, CACHE_MIN_MIB);
	left = leftovers(cache);
	if (left)
		say(r, STATE_NOTE, "cache", NULL, "%u unfinished build%s in tmp/: running now, or killed; "
		    "the next build of the same artifact removes those", left, left == 1 ? "" : "s");
	return all;
}

static void check_mirror(struct report *r, bool needed)
{
	struct err err = { 0 };
	_cleanup_free_ char *mirror = apt_host_mirror(&err);

	if (mirror)
		say(r, STATE_OK, "mirror", NULL, "%s (asked of apt; not contacted)", mirror);
	else
		say(r, needed ? STATE_MISSING : STATE_NOTE, "mirror", "apt-get update", "%s", err.msg);
}

static void check_kvm(struct report *r)
{
	static const char *const archs[] = { "arm64", "x86_64" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(archs); i++) {
		_cleanup_free_ char *refusal = kvm_refusal(archs[i], "");
		_cleanup_free_ char *what = xasprintf("kvm %s", archs[i]);

		say(r, refusal ? STATE_NO : STATE_OK, what, NULL, "%s",
		    refusal ? refusal : "nested virtualisation is there: the noisy engine picks it");
	}
}

static void print_text(const struct report *r)
{
	const json_t *row;
	size_t i;

	json_array_foreach(r->rows, i, row) {
		const char *mend = json_string_value(json_object_get(row, "mend"));

		printf("%-8s %-11s %s\n", json_string_value(json_object_get(row, "state")),
		       json_string_value(json_object_get(row, "check")),
		       json_string_value(json_object_get(row, "text")));
		if (mend)
			printf("%-8s %-11s to mend it: %s\n", "", "", mend);
	}
	puts(r->missing ? "grantbench cannot run here yet: mend what is MISSING." :
			  "grantbench can run here.");
}

int cmd_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	_cleanup_json_ json_t *rows = json_array();
	struct report report = { rows, false };
	bool as_json = false, all;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			as_json = !strcmp(optarg, "json");
			if (as_json || !strcmp(optarg, "text"))
				break;
			return bad_usage("doctor", "--format %s: neither text nor json", optarg);
		case 'h':
			fputs(usage_text, stdout);
			return GB_OK;
		default:
			return bad_usage("doctor", NULL);
		}
	}
	if (optind < argc)
		return bad_usage("doctor", "%s: no argument is expected", argv[optind]);
	check_system(&report);
	check_size(&report);
	all = check_cache(&report, check_tools(&report));
	check_mirror(&report, !all);
	check_kvm(&report);
	if (as_json) {
		json_dumpf(rows, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_text(&report);
	}
	return end_output("doctor", report.missing ? GB_INFRA : GB_OK);
}
