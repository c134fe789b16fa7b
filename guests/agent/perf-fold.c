// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "perf.h"

/* Where Linux waits for an interrupt on arm64, on PVH and on PV. */
static const char *const idle_functions[] = {
	"cpu_do_idle", "arch_cpu_idle", "default_idle", "default_idle_call", "pv_native_safe_halt",
	"native_safe_halt", "xen_safe_halt", "cpuidle_idle_call",
};

/* "ADDR NAME": the name without what perf puts behind it. */
static void take_frame(struct perf_stack *s, const char *p)
{
	char *to, *end;
	size_t n;

	while (isxdigit((unsigned char)*p))
		p++;
	while (*p == ' ' || *p == '\t')
		p++;
	if (s->nr >= sizeof(s->frame) / sizeof(s->frame[0]))
		return;
	n = strcspn(p, " \t\n;");
	to = s->frame[s->nr++];
	snprintf(to, sizeof(s->frame[0]), "%.*s", n ? (int)n : 1, n ? p : "?");
	end = strchr(to, '+');
	if (end && end != to)
		*end = '\0';
}

static void add(struct perf_stack *s, const char *name)
{
	size_t len = strlen(s->text), n = strlen(name);

	if (n > sizeof(s->text) - 1 - len)
		n = sizeof(s->text) - 1 - len;
	memcpy(s->text + len, name, n);
	s->text[len + n] = '\0';
}

static void finish(struct perf_stack *s)
{
	unsigned int i;

	/* interrupted in user mode: the kernel has no stack then */
	if (!s->nr)
		strcpy(s->frame[s->nr++], "[user]");
	s->text[0] = '\0';
	add(s, s->comm);
	for (i = s->nr; i--;) {
		add(s, ";");
		add(s, s->frame[i]);
	}
	s->in_sample = false;
}

/* "comm   pid": comm may hold blanks and digits. */
static void take_head(struct perf_stack *s, const char *line)
{
	size_t n = strcspn(line, "\n"), start = strspn(line, " "), i;

	while (n > start && line[n - 1] == ' ')
		n--;
	while (n > start && isdigit((unsigned char)line[n - 1]))
		n--;
	while (n > start && line[n - 1] == ' ')
		n--;
	s->nr = 0;
	s->in_sample = true;
	snprintf(s->comm, sizeof(s->comm), "%.*s", (int)(n - start), line + start);
	for (i = 0; s->comm[i]; i++)
		if (s->comm[i] == ';' || s->comm[i] == ' ')
			s->comm[i] = '_';
}

bool perf_fold_line(struct perf_stack *s, const char *line)
{
	bool blank = !line || !line[strspn(line, " \t\n")];

	if (blank && s->in_sample) {
		finish(s);
		return true;
	}
	if (!blank && *line == '\t' && s->in_sample)
		take_frame(s, line + strspn(line, " \t"));
	else if (!blank && *line != '\t')
		take_head(s, line);
	return false;
}

bool perf_is_idle(const struct perf_stack *s)
{
	unsigned int leaf = 0;
	size_t i;

	/* a PV guest waits in Xen */
	if (s->nr > 1 && !strncmp(s->frame[0], "xen_hypercall_", 14))
		leaf++;
	for (i = 0; leaf < s->nr && i < sizeof(idle_functions) / sizeof(idle_functions[0]); i++)
		if (!strcmp(s->frame[leaf], idle_functions[i]))
			return true;
	return false;
}
