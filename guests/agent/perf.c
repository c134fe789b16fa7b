// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

#define PERF "/bin/perf"
#define DATA "/tmp/perf.data"
#define COUNTS "/tmp/perf.csv"
#define SCRIPT "/tmp/perf.script"
#define HZ "999"	/* not a multiple of the tick's */
#define END_MS 120000
#define WORD_MS 20000

/* Read until perf has answered a word; -ETIMEDOUT. */
static int wait_ack(int fd)
{
	int64_t until = sys_now_ms() + WORD_MS;
	char c;

	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n == 1 && c == '\n')
			return 0;
		if (n == 0)
			return -EPIPE;
		if (n < 0 && sys_now_ms() >= until)
			return -ETIMEDOUT;
		if (n < 0)
			sys_sleep_ms(2);
	}
}

int perf_start(struct perf *p, const char *kind)
{
	const char *record[] = {
		PERF, "record", "--all-cpus", "--event=cpu-clock", "--freq=" HZ, "--call-graph=fp",
		"--kernel-callchains", "--no-buildid", "--no-buildid-cache", "--delay=-1",
		"--output=" DATA, NULL, NULL,
	};
	const char *stat[] = {
		PERF, "stat", "--all-cpus", "--no-big-num", "--field-separator=,", "--delay=-1",
		"--event=cpu-clock,context-switches,cpu-migrations,page-faults", "--output=" COUNTS, NULL,
		NULL,
	};
	const char **argv;
	char control[32];
	int to[2], from[2], ret;
	size_t n;

	*p = (struct perf)PERF_INIT;
	if (!*kind)
		return 0;
	p->record = !strcmp(kind, "record");
	argv = p->record ? record : stat;
	/* perf's ends stay open in it: it knows them by number */
	if (pipe(to) < 0 || pipe(from) < 0) {
		report_error("perf: no pipe: %s", strerror(errno));
		return -1;
	}
	fcntl(to[1], F_SETFD, FD_CLOEXEC);
	fcntl(from[0], F_SETFD, FD_CLOEXEC);
	fcntl(from[0], F_SETFL, O_NONBLOCK);
	snprintf(control, sizeof(control), "--control=fd:%d,%d", to[0], from[1]);
	for (n = 0; argv[n]; n++)
		;
	argv[n] = control;
	ret = sys_spawn(&p->child, argv, true, true);
	close(to[0]);
	close(from[1]);
	p->control = to[1];
	/* stays open: perf answers each word, and dies where nobody could hear it */
	p->answer = from[0];
	/* it answers once its events are open: what it does until then is not timed */
	if (ret == 0 && dprintf(p->control, "ping\n") < 0)
		ret = -errno;
	if (ret == 0)
		ret = wait_ack(from[0]);
	if (ret == 0)
		return 0;
	report_error("perf %s does not start: %s", kind, strerror(-ret));
	return -1;
}

void perf_enable(struct perf *p, bool on)
{
	if (!p->child.pid || p->enabled == on || (on && p->spans))
		return;
	p->enabled = on;
	p->spans += on;
	if (dprintf(p->control, on ? "enable\n" : "disable\n") < 0)
		report_error("perf takes no order: %s", strerror(errno));
}

/* A stack and how often it was seen. */
struct seen {
	char *stack;
	unsigned long count;
};

static int by_stack(const void *a, const void *b)
{
	return strcmp(((const struct seen *)a)->stack, ((const struct seen *)b)->stack);
}

struct folded {
	void *root;
	unsigned long samples, idle, lost;
	FILE *out;
};

static int count_stack(struct folded *f, struct perf_stack *s)
{
	struct seen key = { .stack = (char *)s->text }, *mine, **found;

	f->samples++;
	if (perf_is_idle(s)) {
		size_t len = strlen(s->text);

		f->idle++;
		snprintf(s->text + len, sizeof(s->text) - len, ";" PERF_IDLE);
	}
	found = tfind(&key, &f->root, by_stack);
	if (!found) {
		mine = malloc(sizeof(*mine));
		if (!mine)
			return -ENOMEM;
		*mine = (struct seen){ .stack = strdup(s->text) };
		if (!mine->stack)
			return -ENOMEM;
		found = tsearch(mine, &f->root, by_stack);
		if (!found)
			return -ENOMEM;
	}
	(*found)->count++;
	return 0;
}

static void print_stack(const void *node, VISIT visit, void *arg)
{
	const struct seen *s = *(struct seen *const *)node;
	struct folded *f = arg;

	if (visit == postorder || visit == leaf)
		fprintf(f->out, "%s %lu\n", s->stack, s->count);
}

/* perf's own text into folded stacks. 0 or -errno. */
static int fold(struct folded *f)
{
	static struct perf_stack s;
	static char line[4096];
	FILE *in = fopen(SCRIPT, "re");
	int ret = 0;

	if (!in)
		return -errno;
	while (ret == 0 && fgets(line, sizeof(line), in)) {
		if (strstr(line, "PERF_RECORD_LOST"))
			f->lost++;
		else if (perf_fold_line(&s, line))
			ret = count_stack(f, &s);
	}
	if (ret == 0 && perf_fold_line(&s, NULL))
		ret = count_stack(f, &s);
	fclose(in);
	return ret;
}

static bool send_record(const char *src)
{
	static const char *const script[] = {
		"/bin/sh", "-c", PERF " script -i " DATA " --show-lost-events -F comm,pid,ip,sym >" SCRIPT,
		NULL,
	};
	struct folded f = { .root = NULL };
	char name[64], counts[160], said[256] = "", *text = NULL;
	size_t size = 0;
	int ret;

	ret = sys_run(script, said, sizeof(said), END_MS);
	if (ret == 0)
		ret = fold(&f);
	f.out = open_memstream(&text, &size);
	if (ret != 0 || !f.out || !f.samples) {
		said[strcspn(said, "\n")] = '\0';
		report_error("perf-%s: no samples (%d): %s", src, ret, said);
		return false;
	}
	twalk_r(f.root, print_stack, &f);
	fclose(f.out);
	snprintf(name, sizeof(name), "perf-%s.folded", src);
	report_blob(name, text, size);
	free(text);
	snprintf(name, sizeof(name), "perf-%s.txt", src);
	snprintf(counts, sizeof(counts), "hz " HZ "\nsamples %lu\nidle %lu\nlost %lu\n", f.samples,
		 f.idle, f.lost);
	report_blob(name, counts, strlen(counts));
	return true;
}

/* "VALUE,UNIT,EVENT,..." lines into "EVENT VALUE"; a clock's is milliseconds, ours ns. */
static bool send_stat(const char *src)
{
	char line[256], name[64], *text = NULL;
	FILE *in = fopen(COUNTS, "re"), *out;
	size_t size = 0;
	int n = 0;

	out = open_memstream(&text, &size);
	while (in && out && fgets(line, sizeof(line), in)) {
		char unit[16] = "", event[48] = "";
		double value;

		if (sscanf(line, "%lf,%15[^,],%47[^,]", &value, unit, event) != 3 &&
		    sscanf(line, "%lf,,%47[^,]", &value, event) != 2)
			continue;
		n++;
		fprintf(out, "%s %.0f\n", event, strcmp(unit, "msec") ? value : value * 1e6);
	}
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	snprintf(name, sizeof(name), "perf-%s.txt", src);
	if (n)
		report_blob(name, text, size);
	else
		report_error("perf-%s: perf stat counted nothing", src);
	free(text);
	return n > 0;
}

/* What perf had to say, for people. */
static void log_words(struct perf *p, const char *src)
{
	char text[512], *line, *rest = text;
	ssize_t n = sys_drain(&p->child, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (*line)
			report_log("perf-%s: %s", src, line);
	close(p->child.out);
}

bool perf_send(struct perf *p, const char *src)
{
	char text[64];

	if (!p->child.pid)
		return true;
	if (sys_child_ended(&p->child)) {
		report_error("perf-%s: it ended before its time: %s", src,
			     sys_child_text(&p->child, text, sizeof(text)));
		return false;
	}
	perf_enable(p, false);
	kill(p->child.pid, SIGINT);
	if (!sys_child_wait(&p->child, END_MS)) {
		report_error("perf-%s: perf does not end", src);
		return false;
	}
	/* not before: perf takes an end that is gone for an error, and finishes nothing */
	close(p->control);
	close(p->answer);
	log_words(p, src);
	if (!p->spans) {
		report_error("perf-%s: the timed part never began (%s)", src,
			     sys_child_text(&p->child, text, sizeof(text)));
		return false;
	}
	return p->record ? send_record(src) : send_stat(src);
}
