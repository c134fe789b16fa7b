/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trusted side of an isolation run, in dom0: gives the hostile backend its
 * orders, and says what became of them by what it sees itself (trusted.h), by the
 * canaries, and by what the frontend noticed. The attacker's own word only tells
 * whether it tried, and, where it claims to have read something, what: that is
 * compared with the page.
 *
 * The results are sent as isolation.json: [{"name", "seen", "detail"}, ...], seen being
 * "holds", "fails", "not-applicable" or "unknown".
 */
#ifndef GB_AGENT_JUDGE_H
#define GB_AGENT_JUDGE_H

#include <stdbool.h>
#include <stdio.h>

#include "backend/stats.h"
#include "conf.h"
#include "driver.h"
#include "relay.h"
#include "second.h"
#include "trusted.h"

enum seen { SEEN_HOLDS, SEEN_FAILS, SEEN_NOT_APPLICABLE, SEEN_UNKNOWN };

struct victim_words {
	unsigned long beats, rounds, near, readonly, stale, errors;
};

/* judge-front.c: how far a hostile frontend has come. */
struct front_watch {
	enum { FRONT_WAITS, FRONT_ATTACKS, FRONT_ENDED } state;
	int64_t at;			/* sys_now_ms(): when to look next; 0: not yet known */
	int64_t until;
	unsigned int looks;
	unsigned int pins;		/* most grants of its own that the driver domain had mapped */
	bool overlapped;		/* the other frontend was at work */
};

/* guests/hostile/hostile.h: STAMP */
#define JUDGE_STAMP 0xee

struct judge {
	const struct conf *conf;
	struct driver *driver;
	struct second *second;		/* who else there is */
	struct relay *relay;		/* the frontend's */
	xc_interface *xch;
	int domid;			/* of the frontend */
	struct trusted seen;
	struct front_watch front;
	unsigned int seq;		/* of the last order */
	char answer[3200];
	struct jw jw;
	char *text;
	size_t size;
};

/* judge.c */
void judge_result(struct judge *j, const char *name, enum seen seen, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Give an order, wait for its answer (j->answer). False: there was none in time. */
bool judge_order(struct judge *j, int timeout_ms, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Give it and do not wait; then wait. */
void judge_send(struct judge *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool judge_wait(struct judge *j, int timeout_ms);

/* Let time pass, and the consoles be read. */
void judge_sleep(struct judge *j, int ms);
/* What the frontend said last. False: nothing yet. */
bool judge_victim(struct judge *j, struct victim_words *w);
/* Until the frontend has done that many more rounds without an error; false: not in time. */
bool judge_rounds(struct judge *j, unsigned long more, int timeout_ms);
/* Did the frontend's heart beat within ms? */
bool judge_beats(struct judge *j, int ms);
/* Canaries of the frontend that are broken, as dom0 sees them; -1: it cannot. */
int judge_canaries(struct judge *j);
bool judge_grants(const struct judge *j);	/* the frontend uses any */
/* judge-grants.c: the page behind an entry: what it sums up to; does it carry the attacker's stamp? */
uint32_t judge_page_sum(struct judge *j, uint32_t ref);
bool judge_page_stamped(struct judge *j, uint32_t ref, uint8_t with);

/* judge-grants.c: checks 1 to 5 and 9. judge-life.c: 6, 7, 8. */
void judge_assault(struct judge *j);
void judge_tables(struct judge *j);
void judge_foreign(struct judge *j);
void judge_keep(struct judge *j);
void judge_pause(struct judge *j);
void judge_die(struct judge *j);
void judge_ring(struct judge *j);

/* judge-cross.c: 10, two driver domains. */
void judge_cross(struct judge *j);

/*
 * judge-front.c: 11, a hostile frontend. Called again and again while the other frontend
 * runs; lets it loose when that one works, and looks what is left when it has ended.
 */
void judge_front(struct judge *j);

/* Begin, end and send the results. False: reported. */
bool judge_open(struct judge *j);
void judge_close(struct judge *j);

/*
 * The whole run, from the frontend's start on: to its "steady", the attack that the
 * configuration names, and the word to stop where it can still do so. Sends the results.
 */
void judge_run(struct judge *j);

#endif
