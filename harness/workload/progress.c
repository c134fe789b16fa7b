// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/spawn.h"

void progress_init(struct progress *p, size_t total, bool quiet)
{
	*p = (struct progress){ .quiet = quiet, .tty = isatty(STDERR_FILENO), .total = total };
}

void progress_clear(struct progress *p)
{
	if (!p->drawn)
		return;
	/* up to the first live line, then clear to the end of the screen */
	fprintf(stderr, "\033[%uA\033[J", p->drawn);
	p->drawn = 0;
	fflush(stderr);
}

void progress_tick(struct progress *p)
{
	int64_t now = monotonic_ns();
	unsigned int i;

	if (p->quiet || !p->tty)
		return;
	progress_clear(p);
	for (i = 0; i < PROGRESS_SLOTS; i++) {
		const struct progress_slot *s = &p->slot[i];

		if (!s->name)
			continue;
		fprintf(stderr, "  %-56.56s %-14s %5.1f s", s->name, s->phase,
			(double)(now - s->start_ns) / 1e9);
		if (p->longest_ns)
			fprintf(stderr, " of about %.0f", (double)p->longest_ns / 1e9);
		fputc('\n', stderr);
		p->drawn++;
	}
	fflush(stderr);
}

void progress_start(struct progress *p, unsigned int slot, const char *name)
{
	p->slot[slot] = (struct progress_slot){ .name = name, .phase = "starting",
						.start_ns = monotonic_ns() };
	progress_tick(p);
}

void progress_phase(struct progress *p, unsigned int slot, const char *phase)
{
	snprintf(p->slot[slot].phase, sizeof(p->slot[slot].phase), "%s", phase);
	progress_tick(p);
}

void progress_end(struct progress *p, unsigned int slot, const char *text)
{
	struct progress_slot *s = &p->slot[slot];
	int64_t elapsed_ns = monotonic_ns() - s->start_ns;

	p->finished++;
	if (elapsed_ns > p->longest_ns)
		p->longest_ns = elapsed_ns;
	progress_note(p, "[%zu/%zu] %s: %s (%.1f s)", p->finished, p->total, s->name, text,
		      (double)elapsed_ns / 1e9);
	s->name = NULL;
	progress_tick(p);
}

static void print_line(struct progress *p, const char *fmt, va_list ap)
{
	progress_clear(p);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	progress_tick(p);
}

void progress_note(struct progress *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!p->quiet)
		print_line(p, fmt, ap);
	va_end(ap);
}

void progress_say(struct progress *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(p, fmt, ap);
	va_end(ap);
}
