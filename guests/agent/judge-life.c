// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of a frontend whose backend does not behave, or is no more: checks 6 to 8. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "sys.h"
#include "toolstack.h"

#define ORDER_MS 60000
#define ROUNDS 24
#define ROUNDS_MS 5000
#define BEAT_MS 3000
#define PAUSE_MS 60000
#define OWNER_TRIES 50
#define END_MS 5000

static unsigned int driver_of(const struct judge *j)
{
	return (unsigned int)j->driver->domid;
}

/* Entries that let the driver domain in. */
static unsigned int count_granted(struct judge *j)
{
	unsigned int i, n = 0;

	if (trusted_read_table(&j->seen) < 0)
		return 0;
	for (i = 0; i < j->seen.nr_refs; i++)
		n += trusted_grants(&j->seen, i, driver_of(j));
	return n;
}

static void alive(struct judge *j, const char *name)
{
	bool ok = judge_beats(j, BEAT_MS);

	judge_result(j, name, ok ? SEEN_HOLDS : SEEN_FAILS, "the frontend's heart %s within %d ms",
		     ok ? "beats" : "does not beat", BEAT_MS);
}

/* The page behind what is kept; 0: none is to be seen. */
static uint64_t kept_frame(struct judge *j)
{
	unsigned long page = strtoul(j->answer, NULL, 16);

	if (!judge_grants(j))
		return page;
	if (trusted_read_table(&j->seen) < 0 || page >= j->seen.nr_refs)
		return 0;
	return j->seen.table[page].frame;
}

static bool page_begins(struct judge *j, uint64_t gfn, const char *with)
{
	const uint8_t *page = trusted_map(&j->seen, gfn);
	bool ok = page && !memcmp(page + 8, with, 8);

	if (*with == 'c')
		ok = page && !memcmp(page, with, 8);
	trusted_unmap(&j->seen, page);
	return ok;
}

/*
 * Is the kept page its owner's again? The frontend is paused while we look, or it would
 * write over what the backend wrote before we see it; true: it still is.
 */
static bool catch_owner(struct judge *j, uint64_t frame)
{
	int i;

	for (i = 0; i < OWNER_TRIES; i++) {
		if (xc_domain_pause(j->xch, (uint32_t)j->domid))
			return false;
		if (page_begins(j, frame, "canary: "))
			return true;
		xc_domain_unpause(j->xch, (uint32_t)j->domid);
		judge_sleep(j, 7);
	}
	return false;
}

static void judge_reuse(struct judge *j, uint64_t frame, uint32_t ref)
{
	bool owned = catch_owner(j, frame), written, granted;

	judge_order(j, ORDER_MS, "scribble");
	written = page_begins(j, frame, "\xee\xee\xee\xee\xee\xee\xee\xee");
	if (owned)
		xc_domain_unpause(j->xch, (uint32_t)j->domid);
	granted = judge_grants(j) && trusted_read_table(&j->seen) == 0 &&
		  trusted_grants(&j->seen, ref, driver_of(j));
	if (!owned && granted)
		judge_result(j, "held-page-reuse", SEEN_HOLDS, "frame 0x%llx stays granted, and its owner "
			     "does not use it", (unsigned long long)frame);
	else
		judge_result(j, "held-page-reuse", !owned ? SEEN_UNKNOWN : written ? SEEN_FAILS : SEEN_HOLDS,
			     "frame 0x%llx, %s by its owner after completion; what the backend wrote to it "
			     "then %s", (unsigned long long)frame, owned ? "used" : "not seen to be used",
			     written ? "is there" : "is not");
}

void judge_keep(struct judge *j)
{
	unsigned int start, end;
	uint64_t frame;
	uint32_t ref;
	bool goes_on;

	start = count_granted(j);
	if (!judge_order(j, ORDER_MS, "keep") || !(frame = kept_frame(j))) {
		judge_result(j, "held-page-reuse", SEEN_UNKNOWN, "%.100s", j->answer);
		return;
	}
	ref = (uint32_t)strtoul(j->answer, NULL, 16);
	judge_order(j, ORDER_MS, "go");
	/* the request completes: its page is the frontend's again, and it uses it */
	goes_on = judge_rounds(j, ROUNDS, ROUNDS_MS);
	judge_reuse(j, frame, ref);
	alive(j, "held-alive");
	judge_result(j, "held-goes-on", goes_on ? SEEN_HOLDS : SEEN_FAILS, "%d more requests%s", ROUNDS,
		     goes_on ? "" : " did not come to an end");
	if (!judge_grants(j)) {
		judge_result(j, "held-recovers", SEEN_NOT_APPLICABLE, "no grants");
		return;
	}
	judge_order(j, ORDER_MS, "drop");
	goes_on = judge_rounds(j, ROUNDS, ROUNDS_MS);
	end = count_granted(j);
	judge_result(j, "held-recovers", goes_on && end <= start ? SEEN_HOLDS : SEEN_FAILS,
		     "after it was given back %d more requests%s; %u references are granted, %u were before",
		     ROUNDS, goes_on ? "" : " did not come to an end", end, start);
}

void judge_pause(struct judge *j)
{
	bool beats, goes_on;

	if (xc_domain_pause(j->xch, driver_of(j))) {
		judge_result(j, "paused-alive", SEEN_UNKNOWN, "the driver domain cannot be paused");
		return;
	}
	judge_sleep(j, PAUSE_MS);
	beats = judge_beats(j, BEAT_MS);
	judge_result(j, "paused-alive", beats ? SEEN_HOLDS : SEEN_FAILS,
		     "after %d s of pause the frontend's heart %s", PAUSE_MS / 1000, beats ? "beats" :
		     "stands still: its only CPU waits for the answer to a register access");
	xc_domain_unpause(j->xch, driver_of(j));
	goes_on = judge_rounds(j, ROUNDS, ROUNDS_MS);
	judge_result(j, "paused-recovers", goes_on ? SEEN_HOLDS : SEEN_FAILS, "%d more requests%s after "
		     "%d s of pause", ROUNDS, goes_on ? "" : " did not come to an end", PAUSE_MS / 1000);
}

static bool domain_there(struct judge *j, unsigned int domid)
{
	xc_domaininfo_t info;

	return xc_domain_getinfolist(j->xch, domid, 1, &info) == 1 && info.domain == domid;
}

static void judge_pins(struct judge *j, const char *name)
{
	if (!judge_grants(j))
		judge_result(j, name, SEEN_NOT_APPLICABLE, "no grants");
	else if (trusted_read_pins(&j->seen, (uint32_t)j->domid) < 0)
		judge_result(j, name, SEEN_UNKNOWN, "Xen's table of grants cannot be read");
	else
		judge_result(j, name, trusted_pinned_by(&j->seen, driver_of(j)) ? SEEN_FAILS : SEEN_HOLDS,
			     "Xen has %u grants mapped by the driver domain; %u are granted to it",
			     trusted_pinned_by(&j->seen, driver_of(j)), count_granted(j));
}

void judge_die(struct judge *j)
{
	int64_t until;
	unsigned int id = driver_of(j);

	judge_send(j, "die");
	judge_sleep(j, 1000);
	judge_pins(j, "killed-unmapped");
	alive(j, "killed-alive");
	toolstack_destroy(j->driver->domid);
	until = sys_now_ms() + END_MS;
	while (domain_there(j, id) && sys_now_ms() < until)
		judge_sleep(j, 20);
	judge_result(j, "destroyed-gone", domain_there(j, id) ? SEEN_FAILS : SEEN_HOLDS,
		     "the driver domain %s", domain_there(j, id) ? "stays as a zombie" : "is gone");
	judge_pins(j, "destroyed-unmapped");
	alive(j, "destroyed-alive");
}

void judge_ring(struct judge *j)
{
	/* in this order: the later ones break the device */
	static const struct { const char *kind, *name; bool in_flight; } attacks[] = {
		{ "irqs", "ring-interrupts", false }, { "table", "ring-table", true },
		{ "length", "ring-length", true }, { "ids", "ring-ids", false },
	};
	struct victim_words w = { 0 };
	size_t i;

	for (i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		char answer[64] = "";
		bool beats;

		if ((attacks[i].in_flight && !judge_order(j, ORDER_MS, "hold")) ||
		    !judge_order(j, ORDER_MS, "ring %s", attacks[i].kind)) {
			judge_result(j, attacks[i].name, SEEN_UNKNOWN, "%.100s", j->answer);
			continue;
		}
		snprintf(answer, sizeof(answer), "%.60s", j->answer);
		if (attacks[i].in_flight)
			judge_order(j, ORDER_MS, "go");
		judge_sleep(j, 200);
		beats = judge_beats(j, BEAT_MS);
		judge_victim(j, &w);
		judge_result(j, attacks[i].name, beats ? SEEN_HOLDS : SEEN_FAILS, "%s; the frontend's "
			     "heart %s, %lu rounds, %lu errors", answer, beats ? "beats" :
			     "does not beat", w.rounds, w.errors);
	}
}
