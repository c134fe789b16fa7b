// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "canary.h"
#include "report.h"
#include "sys.h"
#include "toolstack.h"
#include "xsnode.h"

#define STEADY_MS 60000
#define STEADY_ROUNDS 16
#define POLL_MS 20

static const char *const seen_names[] = { "holds", "fails", "not-applicable", "unknown" };

void judge_result(struct judge *j, const char *name, enum seen seen, const char *fmt, ...)
{
	char detail[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	jw_open(&j->jw, NULL, '{');
	jw_str(&j->jw, "name", name);
	jw_str(&j->jw, "seen", seen_names[seen]);
	jw_str(&j->jw, "detail", detail);
	jw_close(&j->jw, '}');
	report_log("grantbench: isolation: %s: %s: %s", name, seen_names[seen], detail);
}

void judge_sleep(struct judge *j, int ms)
{
	int64_t until = sys_now_ms() + ms;

	do {
		relay_poll(&j->driver->relay);
		relay_poll(j->relay);
		second_poll(j->second);
		sys_sleep_ms(ms < POLL_MS ? ms : POLL_MS);
	} while (sys_now_ms() < until);
}

void judge_send(struct judge *j, const char *fmt, ...)
{
	char text[128];
	va_list ap;
	int n = snprintf(text, sizeof(text), "%u ", ++j->seq);

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	xsnode_write(j->driver->xs, j->driver->domid, "do", text);
}

bool judge_wait(struct judge *j, int timeout_ms)
{
	int64_t until = sys_now_ms() + timeout_ms;
	unsigned int seq;
	int n;

	while (sys_now_ms() < until) {
		if (xsnode_read(j->driver->xs, j->driver->domid, "did", j->answer,
				sizeof(j->answer)) &&
		    sscanf(j->answer, "%u %n", &seq, &n) == 1 && seq == j->seq) {
			memmove(j->answer, j->answer + n, strlen(j->answer + n) + 1);
			return true;
		}
		judge_sleep(j, POLL_MS);
	}
	snprintf(j->answer, sizeof(j->answer), "no answer");
	return false;
}

bool judge_order(struct judge *j, int timeout_ms, const char *fmt, ...)
{
	char text[96];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	judge_send(j, "%s", text);
	return judge_wait(j, timeout_ms);
}

bool judge_victim(struct judge *j, struct victim_words *w)
{
	char text[160];

	return xsnode_read(j->driver->xs, j->domid, "victim", text, sizeof(text)) &&
	       sscanf(text, "%lu %lu %lu %lu %lu %lu", &w->beats, &w->rounds, &w->near, &w->readonly,
		      &w->stale, &w->errors) == 6;
}

bool judge_rounds(struct judge *j, unsigned long more, int timeout_ms)
{
	int64_t until = sys_now_ms() + timeout_ms;
	struct victim_words first = { 0 }, now;
	unsigned long beats;

	/* what it said last is of before: rounds until then are none of these */
	judge_victim(j, &first);
	beats = first.beats;
	while (first.beats < beats + 2) {
		if (sys_now_ms() >= until)
			return false;
		judge_sleep(j, POLL_MS);
		judge_victim(j, &first);
	}
	while (sys_now_ms() < until) {
		if (judge_victim(j, &now) && now.rounds - now.errors >= first.rounds - first.errors + more)
			return true;
		judge_sleep(j, POLL_MS);
	}
	return false;
}

bool judge_beats(struct judge *j, int ms)
{
	int64_t until = sys_now_ms() + ms;
	struct victim_words first = { 0 }, now;

	judge_victim(j, &first);
	while (sys_now_ms() < until) {
		judge_sleep(j, POLL_MS);
		if (judge_victim(j, &now) && now.beats > first.beats + 1)
			return true;
	}
	return false;
}

int judge_canaries(struct judge *j)
{
	unsigned int index;
	unsigned long long gfn;
	int broken = 0, seen = 0, n;
	char text[1024];
	const char *p = text;

	if (!xsnode_read(j->driver->xs, j->domid, "canaries", text, sizeof(text)))
		return -1;
	for (; sscanf(p, "%u:%llx %n", &index, &gfn, &n) == 2; p += n) {
		const uint8_t *page = trusted_map(&j->seen, gfn);

		if (!page)
			return -1;
		broken += !canary_ok(page, index);
		trusted_unmap(&j->seen, page);
		seen++;
	}
	return seen ? broken : -1;
}

bool judge_grants(const struct judge *j)
{
	return j->conf->grants;
}

static bool wait_steady(struct judge *j)
{
	int64_t until = sys_now_ms() + STEADY_MS;
	struct victim_words w;

	while (!judge_victim(j, &w) || w.rounds < STEADY_ROUNDS) {
		if (sys_now_ms() >= until)
			return false;
		judge_sleep(j, POLL_MS);
	}
	/* the first look finds all of them whole, or means nothing */
	return judge_canaries(j) == 0;
}

bool judge_open(struct judge *j)
{
	j->jw.out = open_memstream(&j->text, &j->size);
	if (!j->jw.out || trusted_open(&j->seen, j->xch, (uint32_t)j->domid) < 0) {
		report_error("the isolation run's judge: %s", strerror(errno));
		return false;
	}
	jw_open(&j->jw, NULL, '[');
	return true;
}

void judge_close(struct judge *j)
{
	jw_close(&j->jw, ']');
	if (fclose(j->jw.out) == 0)
		report_blob("isolation.json", j->text, j->size);
	free(j->text);
}

void judge_run(struct judge *j)
{
	const char *attack = j->conf->attack;

	if (!judge_open(j))
		return;
	if (!wait_steady(j)) {
		report_error("the frontend under attack does not get to its steady state");
	} else if (!strcmp(attack, "grants")) {
		judge_assault(j);
		if (judge_grants(j))
			judge_tables(j);
		judge_foreign(j);
	} else if (!strcmp(attack, "keep")) {
		judge_keep(j);
	} else if (!strcmp(attack, "die")) {
		judge_pause(j);
		judge_die(j);
	} else if (!strcmp(attack, "cross")) {
		judge_cross(j);
	} else {
		judge_ring(j);
	}
	judge_close(j);
	xsnode_write(j->driver->xs, j->domid, "stop", "1");
}
