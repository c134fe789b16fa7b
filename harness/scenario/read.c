// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading and checking of scenario files, over inih. */
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "result/result.h"
#include "scenario/scenario.h"

/* inih keeps lines in a buffer of INI_MAX_LINE bytes and cuts what is longer. */
#define LINE_MAX_BYTES 190

struct reader {
	struct scenario *s;
	const char *text;		/* rest of the file */
	int line;			/* that inih works on */
	int set_line[2][NR_AXES > (int)NR_SETTINGS ? NR_AXES : (int)NR_SETTINGS];
	bool failed;
	struct err *err;
};

static int fail(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The first error wins. Returns 0, which is what tells inih about an error. */
static int fail(struct reader *r, const char *fmt, ...)
{
	struct buf msg = BUF_INIT;
	va_list ap;

	if (r->failed)
		return 0;
	r->failed = true;
	va_start(ap, fmt);
	buf_addvf(&msg, fmt, ap);
	va_end(ap);
	err_usage(r->err, "%s:%d: %s", r->s->path, r->line, msg.data);
	buf_release(&msg);
	return 0;
}

unsigned long long scenario_parse_size(const char *text)
{
	unsigned long long v;
	char *end;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || v > 1ull << 50)
		return 0;
	switch (*end) {
	case 'k': case 'K': v <<= 10; end++; break;
	case 'm': case 'M': v <<= 20; end++; break;
	case 'g': case 'G': v <<= 30; end++; break;
	}
	return *end ? 0 : v;
}

static bool parse_bool(const char *v, bool *out)
{
	if (!strcmp(v, "yes") || !strcmp(v, "true") || !strcmp(v, "1"))
		*out = true;
	else if (!strcmp(v, "no") || !strcmp(v, "false") || !strcmp(v, "0"))
		*out = false;
	else
		return false;
	return true;
}

static void add_words(struct buf *msg, const struct key_word *w)
{
	const char *sep = "";

	for (; w->word; w++) {
		if (w->later)
			continue;
		buf_addf(msg, "%s%s", sep, w->word);
		sep = ", ";
	}
}

/* Check one value of a key; the message for a person goes to msg. */
static bool value_ok(const struct scenario_key *k, const char *v, struct buf *msg)
{
	const struct key_word *w;
	unsigned long long n;
	bool dummy;
	char *end;

	switch (k->type) {
	case KEY_TEXT:
	case KEY_FILE:
		return true;
	case KEY_WORD:
		for (w = k->words; w->word; w++) {
			if (strcmp(w->word, v))
				continue;
			if (w->later)
				buf_addf(msg, "%s = %s: %s", k->name, v, w->later);
			return !w->later;
		}
		buf_addf(msg, "%s: \"%s\" is not one of: ", k->name, v);
		add_words(msg, k->words);
		return false;
	case KEY_BOOL:
		if (parse_bool(v, &dummy))
			return true;
		buf_addf(msg, "%s: \"%s\" is neither yes nor no", k->name, v);
		return false;
	case KEY_UINT:
		errno = 0;
		n = strtoull(v, &end, 10);
		if (*v < '0' || *v > '9' || *end || errno) {
			buf_addf(msg, "%s: \"%s\" is not a whole number", k->name, v);
			return false;
		}
		if (n < k->min || n > k->max) {
			buf_addf(msg, "%s: %s is out of range (%lu to %lu)", k->name, v, k->min, k->max);
			return false;
		}
		return true;
	case KEY_SIZE:
		n = scenario_parse_size(v);
		if (!n) {
			buf_addf(msg, "%s: \"%s\" is not a size (such as 4k or 1m)", k->name, v);
			return false;
		}
		/* disks have sectors, messages do not */
		if (n < k->min || n > k->max || (k->min >= 512 && n % 512)) {
			buf_addf(msg, "%s: %s is out of range (%lu to %lu bytes%s)", k->name, v, k->min,
				 k->max, k->min >= 512 ? ", a multiple of 512" : "");
			return false;
		}
		return true;
	}
	return false;
}

static char *trimmed(const char *s, size_t len)
{
	while (len && (s[0] == ' ' || s[0] == '\t')) {
		s++;
		len--;
	}
	while (len && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	return xstrndup(s, len);
}

static void add_value(char ***values, char *v)
{
	size_t n = 0;

	while (*values && (*values)[n])
		n++;
	*values = xrealloc(*values, (n + 2) * sizeof(**values));
	(*values)[n] = v;
	(*values)[n + 1] = NULL;
}

/* Split a list at its commas into *values; every value is checked. */
static bool parse_list(const struct scenario_key *k, const char *text, char ***values,
		       struct buf *msg)
{
	for (;;) {
		size_t len = strcspn(text, ",");
		char *v = trimmed(text, len);
		char **old;

		if (!*v) {
			free(v);
			buf_addf(msg, "%s: empty value in the list", k->name);
			return false;
		}
		for (old = *values; old && *old; old++) {
			if (strcmp(*old, v))
				continue;
			buf_addf(msg, "%s: \"%s\" stands twice in the list", k->name, v);
			free(v);
			return false;
		}
		if (!value_ok(k, v, msg)) {
			free(v);
			return false;
		}
		add_value(values, v);
		if (!text[len])
			return true;
		text += len + 1;
	}
}

static const struct scenario_key *find_key(const char *section, const char *name, bool *known)
{
	const struct scenario_key *k;

	*known = false;
	for (k = scenario_keys; k->section; k++) {
		if (strcmp(k->section, section))
			continue;
		*known = true;
		if (!strcmp(k->name, name))
			return k;
	}
	return NULL;
}

static int read_budget(struct reader *r, const char *name, const char *value)
{
	size_t len = strlen(name);
	struct budget *b;
	double limit;
	char *end;

	if (len < 2 || (name[len - 1] != '<' && name[len - 1] != '>'))
		return fail(r, "[budget] %s: write \"METRIC <= NUMBER\" or \"METRIC >= NUMBER\"", name);
	limit = strtod(value, &end);
	if (end == value || *end || !isfinite(limit))
		return fail(r, "[budget] %s: \"%s\" is not a number", name, value);
	r->s->budgets = xrealloc(r->s->budgets, (r->s->nr_budgets + 1) * sizeof(*b));
	b = &r->s->budgets[r->s->nr_budgets++];
	*b = (struct budget){
		.metric = trimmed(name, len - 1),
		.at_most = name[len - 1] == '<',
		.limit = limit,
		.line = r->line,
	};
	return 1;
}

/* "AXIS=V AXIS=V: reason" behind key, into *x. */
static int read_matches(struct reader *r, const char *key, const char *value, struct exclusion *x)
{
	const char *colon = strchr(value, ':');
	const char *p = value;

	*x = (struct exclusion){ .line = r->line };
	if (!colon || !colon[strspn(colon, ": \t")])
		return fail(r, "%s: no reason (AXIS=VALUE ...: reason)", key);
	x->reason = trimmed(colon + 1, strlen(colon + 1));
	while (p < colon) {
		size_t len = strcspn(p, " \t:");
		const char *eq = memchr(p, '=', len);
		_cleanup_free_ char *name = NULL, *val = NULL;
		_cleanup_buf_ struct buf msg = BUF_INIT;
		const struct scenario_key *k = NULL;
		int i;

		if (!len) {
			p++;
			continue;
		}
		if (!eq)
			return fail(r, "%s: \"%.*s\" is not AXIS=VALUE", key, (int)len, p);
		name = xstrndup(p, (size_t)(eq - p));
		val = xstrndup(eq + 1, len - (size_t)(eq + 1 - p));
		for (i = 0; i < NR_AXES && !k; i++)
			if (!strcmp(scenario_axis_key(i)->name, name))
				k = scenario_axis_key(i);
		if (!k)
			return fail(r, "%s: there is no axis \"%s\"", key, name);
		if (!value_ok(k, val, &msg))
			return fail(r, "%s: %s", key, msg.data);
		x->match = xrealloc(x->match, (x->nr_matches + 1) * sizeof(*x->match));
		x->match[x->nr_matches++] = (struct axis_match){ k->index, take_ptr(val) };
		p += len;
	}
	if (!x->nr_matches)
		return fail(r, "%s: no condition (AXIS=VALUE ...: reason)", key);
	return 1;
}

static int read_exclusion(struct reader *r, const char *name, const char *value)
{
	struct scenario *s = r->s;

	if (strcmp(name, "leave_out"))
		return fail(r, "unknown key \"%s\" in [exclude]", name);
	s->exclusions = xrealloc(s->exclusions, (s->nr_exclusions + 1) * sizeof(*s->exclusions));
	return read_matches(r, name, value, &s->exclusions[s->nr_exclusions++]);
}

static int read_expectation(struct reader *r, const char *name, const char *value)
{
	struct scenario *s = r->s;
	struct expectation *x;

	if (strcmp(name, "fail") && strcmp(name, "refuse"))
		return fail(r, "unknown key \"%s\" in [expect]", name);
	s->expectations = xrealloc(s->expectations, (s->nr_expectations + 1) * sizeof(*x));
	x = &s->expectations[s->nr_expectations++];
	x->word = strcmp(name, "fail") ? result_refused : result_expected_fail;
	return read_matches(r, name, value, &x->which);
}

static int on_value(void *arg, const char *section, const char *name, const char *value)
{
	struct reader *r = arg;
	_cleanup_buf_ struct buf msg = BUF_INIT;
	const struct scenario_key *k;
	bool known;
	int *line;

	if (r->failed)
		return 0;
	if (!strcmp(section, "budget"))
		return read_budget(r, name, value);
	if (!strcmp(section, "exclude"))
		return read_exclusion(r, name, value);
	if (!strcmp(section, "expect"))
		return read_expectation(r, name, value);
	k = find_key(section, name, &known);
	if (!known && !*section)
		return fail(r, "key \"%s\" before any [section]", name);
	if (!known)
		return fail(r, "unknown section [%s]", section);
	if (!k)
		return fail(r, "unknown key \"%s\" in [%s]", name, section);
	line = &r->set_line[k->is_axis][k->index];
	if (*line)
		return fail(r, "%s stands twice in [%s], first in line %d", name, section, *line);
	*line = r->line;
	if (k->is_axis) {
		if (!parse_list(k, value, &r->s->values[k->index], &msg))
			return fail(r, "%s", msg.data);
		return 1;
	}
	if (!*value && k->type != KEY_TEXT)
		return fail(r, "%s: no value", name);
	if (!value_ok(k, value, &msg))
		return fail(r, "%s", msg.data);
	r->s->setting[k->index] = xstrdup(value);
	return 1;
}

/* Hands inih one line at a time, so that we know which one it works on. */
static char *next_line(char *out, int size, void *arg)
{
	struct reader *r = arg;
	size_t len = strcspn(r->text, "\n");
	size_t copy = len < (size_t)size - 2 ? len : (size_t)size - 2;

	if (!*r->text || r->failed)
		return NULL;
	r->line++;
	if (len > LINE_MAX_BYTES) {
		fail(r, "line is longer than %d bytes", LINE_MAX_BYTES);
		return NULL;
	}
	if (*r->text == ' ' || *r->text == '\t') {
		size_t blank = strspn(r->text, " \t");

		/* inih would take it for a continuation, which no key has */
		if (blank < len && r->text[blank] != '#' && r->text[blank] != ';') {
			fail(r, "line starts with white space");
			return NULL;
		}
	}
	memcpy(out, r->text, copy);
	out[copy] = '\n';
	out[copy + 1] = '\0';
	r->text += len + (r->text[len] == '\n');
	return out;
}

static bool has_value(const struct scenario *s, enum axis axis, const char *value)
{
	char **v = s->values[axis];

	while (*v && strcmp(*v, value))
		v++;
	return *v;
}

/* Of the larger of the second domains that there are. */
static unsigned long second_mem(const struct scenario *s)
{
	unsigned long driver = scenario_uint(s, SET_DRIVER_MEM_MIB), domu = scenario_uint(s, SET_DOMU_MEM_MIB);
	bool frontend = has_value(s, AXIS_SECOND, "frontend");

	if (!has_value(s, AXIS_TOPOLOGY, "driver-domain"))
		return 0;
	if (has_value(s, AXIS_SECOND, "driver") || has_value(s, AXIS_ATTACK, "cross"))
		return frontend && domu > driver ? domu : driver;
	return frontend || has_value(s, AXIS_ATTACK, "front") ? domu : 0;
}

static int check_whole(struct scenario *s, struct err *err)
{
	bool driver = has_value(s, AXIS_TOPOLOGY, "driver-domain") ||
		      has_value(s, AXIS_TOPOLOGY, "driver-dom0less");
	unsigned long size = scenario_uint(s, SET_QUEUE_SIZE);
	unsigned long mem = scenario_uint(s, SET_DOM0_MEM_MIB) + scenario_uint(s, SET_DOMU_MEM_MIB) +
			    (driver ? scenario_uint(s, SET_DRIVER_MEM_MIB) : 0) + second_mem(s);

	if (size & (size - 1))
		return err_usage(err, "%s: queue_size: %lu is not a power of two", s->path, size);
	/* Xen itself, its frame table and the modules want their share */
	if (mem + 192 > scenario_uint(s, SET_RAM_MIB))
		return err_usage(err, "%s: ram_mib: %lu is too small for dom0_mem_mib + domu_mem_mib + %s192",
				 s->path, scenario_uint(s, SET_RAM_MIB), driver ? "driver_mem_mib + " : "");
	if (scenario_uint(s, SET_BACKEND_DOMID) != 0 && (!driver || s->values[AXIS_TOPOLOGY][1]))
		return err_usage(err, "%s: backend_domid: %lu: only topology driver-domain has a backend "
				 "outside dom0, and only alone", s->path, scenario_uint(s, SET_BACKEND_DOMID));
	if (strcmp(s->setting[SET_WORKLOAD], "isolate") == 0 ? has_value(s, AXIS_ATTACK, "none") :
							       !has_value(s, AXIS_ATTACK, "none") ||
							       s->values[AXIS_ATTACK][1])
		return err_usage(err, "%s: attack: kind = isolate needs attacks, and only it has any", s->path);
	if (strcmp(s->setting[SET_PERF], "none") && strcmp(s->setting[SET_WORKLOAD], "fio") &&
	    strcmp(s->setting[SET_WORKLOAD], "net"))
		return err_usage(err, "%s: perf: kind = %s has no timed part for it: fio and net have", s->path,
				 s->setting[SET_WORKLOAD]);
	if (!strcmp(s->setting[SET_WORKLOAD], "fio") && !fs_exists(s->setting[SET_JOB]))
		return err_usage(err, "%s: job: there is no file %s", s->path, s->setting[SET_JOB]);
	return 0;
}

static void fill_defaults(struct scenario *s)
{
	const struct scenario_key *k;
	const char *slash = strrchr(s->path, '/');
	char *job;

	for (k = scenario_keys; k->section; k++) {
		if (!k->def)
			continue;
		if (k->is_axis && !s->values[k->index])
			add_value(&s->values[k->index], xstrdup(k->def));
		else if (!k->is_axis && !s->setting[k->index])
			s->setting[k->index] = xstrdup(k->def);
	}
	job = s->setting[SET_JOB];
	if (*job != '/') {
		s->setting[SET_JOB] = xasprintf("%.*s%s", slash ? (int)(slash + 1 - s->path) : 0,
						s->path, job);
		free(job);
	}
}

char *shipped_path(const char *rel)
{
	_cleanup_free_ char *dir = fs_program_dir();
	static const char *const up[] = { "..", "../..", "../share/grantbench", "../../.." };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(up); i++) {
		char *path = xasprintf("%s/%s/%s", dir, up[i], rel);
		char real[PATH_MAX];

		if (fs_exists(path) && realpath(path, real)) {
			free(path);
			return xstrdup(real);
		}
		free(path);
	}
	return xstrdup(rel);
}

static char *find_file(const char *name)
{
	_cleanup_free_ char *rel = xasprintf("scenarios/%s.ini", name);
	_cleanup_free_ char *shipped = NULL;

	if (strchr(name, '/') || strstr(name, ".ini") || fs_exists(name))
		return xstrdup(name);
	shipped = shipped_path(rel);
	return xstrdup(fs_exists(shipped) ? shipped : name);
}

int scenario_load(const char *name_or_path, struct scenario **out, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	_cleanup_free_ char *path = find_file(name_or_path);
	struct reader r = { .err = err };
	const char *base;
	int bad_line;

	if (!fs_exists(path))
		return err_usage(err, "there is no scenario \"%s\" (`grantbench list` names the shipped ones)",
				 name_or_path);
	if (fs_is_dir(path) || fs_read(path, &text, err) < 0)
		return err_usage(err, "scenario \"%s\" cannot be read", path);
	r.s = xcalloc(1, sizeof(*r.s));
	r.s->path = take_ptr(path);
	base = strrchr(r.s->path, '/');
	base = base ? base + 1 : r.s->path;
	r.s->name = xstrndup(base, strlen(base) - (strlen(base) > 4 ? 4 : 0));
	if (memchr(text.data, '\0', text.size)) {
		r.line = 1;
		fail(&r, "not a text file");
	}
	r.text = text.data;
	bad_line = ini_parse_stream(next_line, &r, on_value, &r);
	if (bad_line && !r.failed) {
		r.line = bad_line;
		fail(&r, "neither [section] nor \"key = value\"");
	}
	if (!r.failed) {
		fill_defaults(r.s);
		if (check_whole(r.s, err) == 0) {
			*out = r.s;
			return 0;
		}
	}
	scenario_free(r.s);
	return -1;
}

unsigned long scenario_uint(const struct scenario *s, enum setting setting)
{
	return strtoul(s->setting[setting], NULL, 10);
}

bool scenario_bool(const struct scenario *s, enum setting setting)
{
	bool v = false;

	parse_bool(s->setting[setting], &v);
	return v;
}

static void release_matches(struct exclusion *x)
{
	size_t i;

	for (i = 0; i < x->nr_matches; i++)
		free(x->match[i].value);
	free(x->match);
	free(x->reason);
}

void scenario_free(struct scenario *s)
{
	size_t i, j;

	if (!s)
		return;
	for (i = 0; i < NR_AXES; i++) {
		for (j = 0; s->values[i] && s->values[i][j]; j++)
			free(s->values[i][j]);
		free(s->values[i]);
	}
	for (i = 0; i < NR_SETTINGS; i++)
		free(s->setting[i]);
	for (i = 0; i < s->nr_budgets; i++)
		free(s->budgets[i].metric);
	for (i = 0; i < s->nr_exclusions; i++)
		release_matches(&s->exclusions[i]);
	for (i = 0; i < s->nr_expectations; i++)
		release_matches(&s->expectations[i].which);
	free(s->expectations);
	free(s->budgets);
	free(s->exclusions);
	free(s->name);
	free(s->path);
	free(s);
}

int scenario_override(struct scenario *s, enum setting setting, const char *option,
		      const char *value, struct err *err)
{
	const struct scenario_key *k = scenario_setting_key(setting);
	_cleanup_buf_ struct buf msg = BUF_INIT;

	if (!value_ok(k, value, &msg))
		return err_usage(err, "%s %s: %s", option, value, msg.data);
	free(s->setting[setting]);
	s->setting[setting] = xstrdup(value);
	return 0;
}
