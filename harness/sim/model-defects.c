// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sequences of calls that are known to break upstream's table, as short as they
 * get. docs/ALLOCATORS-NUMBERS.md tells what happens in each. Each runs in a
 * child: what it breaks may be the process.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "model.h"

#define FIRST SIM_RESERVED_REFS

struct seen {
	int fd;
};

static void say(const struct seen *s, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0 && write(s->fd, text, (size_t)n) != n)
		_exit(1);
}

/* Say what the table's structures contradict each other in, if they do. */
static void check(const struct seen *s)
{
	char why[160];

	if (!sim_table_check(why, sizeof(why)))
		say(s, "%s; ", why);
}

static uint32_t must(int ret, uint32_t first)
{
	if (ret < 0)
		_exit(1);
	return first;
}

static uint32_t seq(unsigned int count)
{
	uint32_t first = 0;
	int ret = sim_table_alloc(count, &first);

	return must(ret, first);
}

/* Taking exactly the tail leaves gnttab_last_free at a reference in use; growth appends there. */
static void stale_last_free(const struct seen *s)
{
	uint32_t refs[16], a, b;

	sim_table_reset(4);
	a = seq(1);
	b = seq(1);
	sim_table_free(a, 1);
	sim_table_free(b, 1);
	seq(SIM_REFS_PER_FRAME - FIRST - 2);
	check(s);
	if (sim_table_alloc_list(16, refs) == 0)
		check(s);
}

/* Growth after a search that found nothing begins one entry late. */
static void late_growth(const struct seen *s)
{
	uint32_t a, b, first;

	sim_table_reset(4);
	a = seq(SIM_REFS_PER_FRAME - FIRST);
	seq(1);
	b = seq(SIM_REFS_PER_FRAME - 2);
	seq(1);
	sim_table_free(a, SIM_REFS_PER_FRAME - FIRST);
	sim_table_free(b, SIM_REFS_PER_FRAME - 2);
	first = seq(SIM_REFS_PER_FRAME);
	if (first + SIM_REFS_PER_FRAME > sim_table_refs())
		say(s, "%u references from %u on, in a table of %u; ", SIM_REFS_PER_FRAME, first,
		    sim_table_refs());
	check(s);
}

/* Nothing keeps a caller from asking for none. */
static void none_asked(const struct seen *s)
{
	uint32_t first = 0;

	sim_table_reset(4);
	if (sim_table_alloc(0, &first) == 0)
		say(s, "none are asked for, and granted from %u on; ", first);
	check(s);
}

/* The array of list pages is sized for whole pages: two frames. */
static void odd_frames(const struct seen *s)
{
	uint32_t first;

	sim_table_reset(5);
	while (sim_table_alloc(1, &first) == 0)
		;
	check(s);
}

static const struct defect {
	const char *name;
	void (*run)(const struct seen *s);
	const char *how;
} defects[] = {
	{ "stale-last-free", stale_last_free,
	  "1, 1, free both, the 502 of the tail, then 16 from the list" },
	{ "late-growth", late_growth,
	  "504, 1, 510, 1, free the 504 and the 510, then 512" },
	{ "none-asked", none_asked, "0 consecutive references" },
	{ "odd-frames", odd_frames, "a limit of 5 frames, 1 until there are no more" },
};

/* What the child wrote, and how it ended, into seen. */
static void run_child(const struct defect *d, char *seen, size_t size)
{
	struct rlimit none = { 0, 0 };
	size_t len = 0;
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	*seen = '\0';
	if (pipe(fds) < 0)
		return;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct seen s = { fds[1] };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		alarm(20);
		d->run(&s);
		_exit(0);
	}
	close(fds[1]);
	while (len + 1 < size && (n = read(fds[0], seen + len, size - len - 1)) > 0)
		len += (size_t)n;
	seen[len] = '\0';
	close(fds[0]);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status))
		snprintf(seen + len, size - len, "killed by signal %d; ", WTERMSIG(status));
	len = strlen(seen);
	if (len > 2)
		seen[len - 2] = '\0';
}

int model_defects(void)
{
	char seen[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(defects); i++) {
		run_child(&defects[i], seen, sizeof(seen));
		printf("{\"defect\":\"%s\",\"how\":\"%s\",\"reproduced\":%s,\"seen\":\"%s\"}\n",
		       defects[i].name, defects[i].how, *seen ? "true" : "false", seen);
	}
	return 0;
}
