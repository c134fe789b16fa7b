// SPDX-License-Identifier: GPL-2.0-or-later
/* What of the frontend's memory the driver domain reaches: checks 1 to 5, and 9. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

/* Emulated time. */
#define ASSAULT_MS 600000
#define ORDER_MS 120000
#define SETTLE_ROUNDS 24

#define RESERVED 8	/* drivers/xen/grant-table.c: GNTTAB_NR_RESERVED_ENTRIES */

static void verdict(struct judge *j, const char *name, unsigned long tried, unsigned long got,
		    unsigned long noticed, int broken)
{
	if (!tried || broken < 0)
		judge_result(j, name, SEEN_UNKNOWN, "%lu attempts, canaries %s", tried,
			     broken < 0 ? "not to be seen" : "whole");
	else if (noticed || broken)
		judge_result(j, name, SEEN_FAILS, "%lu attempts; the frontend noticed %lu times, dom0 "
			     "saw %d canaries broken", tried, noticed, broken);
	else
		judge_result(j, name, got ? SEEN_FAILS : SEEN_HOLDS, "%lu attempts%s", tried,
			     got ? ", some of which Xen let through" : "");
}

void judge_assault(struct judge *j)
{
	unsigned long tried[3] = { 0 }, got[3] = { 0 };
	struct victim_words before = { 0 }, after = { 0 };
	bool done;

	judge_victim(j, &before);
	done = judge_order(j, ASSAULT_MS, "assault %d", j->conf->assault) &&
	       sscanf(j->answer, "near %lu %lu readonly %lu %lu stale %lu %lu", &tried[0], &got[0],
		      &tried[1], &got[1], &tried[2], &got[2]) == 6;
	if (!done || !judge_rounds(j, SETTLE_ROUNDS, ORDER_MS) || !judge_victim(j, &after)) {
		judge_result(j, "in-flight-only", SEEN_UNKNOWN, "%.100s", j->answer);
		return;
	}
	verdict(j, "in-flight-only", tried[0], got[0], after.near - before.near, judge_canaries(j));
	verdict(j, "readable-not-writable", tried[1], got[1], after.readonly - before.readonly, 0);
	verdict(j, "stale-gref", tried[2], got[2], after.stale - before.stale, 0);
}

/* Of what kind an entry of the table is that the driver domain has no right to. */
enum kind { KIND_OURS, KIND_RESERVED, KIND_OTHERS, KIND_FREED, KIND_NEVER, NR_KINDS };

static const char *const kind_names[NR_KINDS] = {
	[KIND_RESERVED] = "map-reserved", [KIND_OTHERS] = "map-granted-to-others",
	[KIND_FREED] = "map-freed", [KIND_NEVER] = "map-never-granted",
};

static enum kind kind_of(const struct judge *j, uint32_t ref)
{
	const grant_entry_v1_t *e = &j->seen.table[ref];

	if (trusted_grants(&j->seen, ref, (unsigned int)j->driver->domid))
		return KIND_OURS;
	if (e->flags & GTF_type_mask)
		return KIND_OTHERS;
	if (ref < RESERVED)
		return KIND_RESERVED;
	return e->frame ? KIND_FREED : KIND_NEVER;
}

static void judge_map(struct judge *j, unsigned int nr_segs)
{
	unsigned int there[NR_KINDS] = { 0 }, pinned[NR_KINDS] = { 0 }, i;
	unsigned int readonly = 0, violated = 0, driver = (unsigned int)j->driver->domid;

	for (i = 0; i < j->seen.nr_refs; i++)
		there[kind_of(j, i)]++;
	for (i = 0; i < j->seen.nr_refs; i++)
		readonly += kind_of(j, i) == KIND_OURS && j->seen.table[i].flags & GTF_readonly;
	for (i = 0; i < j->seen.nr_pins; i++) {
		const struct pin *p = &j->seen.pins[i];

		if (p->domid != driver || p->ref >= j->seen.nr_refs)
			continue;
		pinned[kind_of(j, p->ref)]++;
		violated += j->seen.table[p->ref].flags & GTF_readonly && p->pin & PIN_WRITABLE;
	}
	/* the control of the attack itself: what is granted was mapped, or nothing was tried */
	if (pinned[KIND_OURS] < nr_segs) {
		judge_result(j, "map-control", SEEN_UNKNOWN, "%u grants mapped, of a request with %u",
			     pinned[KIND_OURS], nr_segs);
		return;
	}
	for (i = KIND_RESERVED; i < NR_KINDS; i++)
		judge_result(j, kind_names[i], !there[i] ? SEEN_NOT_APPLICABLE : pinned[i] ?
			     SEEN_FAILS : SEEN_HOLDS, "of %u such entries Xen has %u mapped; of the %u "
			     "granted ones %u", there[i], pinned[i], there[KIND_OURS], pinned[KIND_OURS]);
	judge_result(j, "map-readonly-writable", !readonly ? SEEN_NOT_APPLICABLE : violated ?
		     SEEN_FAILS : SEEN_HOLDS, "of %u entries granted read-only Xen has %u mapped "
		     "writable", readonly, violated);
}

/* Beyond the table there is no entry to pin: that Xen lives, and has none more, is the answer. */
static void judge_beyond(struct judge *j)
{
	unsigned int tried = 0, got = 0, pins, i;

	if (sscanf(j->answer, "tried %u got %u", &tried, &got) != 2 || !tried) {
		judge_result(j, "map-out-of-range", SEEN_UNKNOWN, "%.100s", j->answer);
		return;
	}
	for (i = pins = 0; i < j->seen.nr_pins; i++)
		pins += j->seen.pins[i].domid == (unsigned int)j->driver->domid &&
			j->seen.pins[i].ref >= j->seen.nr_refs;
	/* each grant can be mapped twice in the sweep, writable or not */
	judge_result(j, "map-out-of-range", pins || got > 2 * trusted_pinned_by(&j->seen,
		     (unsigned int)j->driver->domid) ? SEEN_FAILS : SEEN_HOLDS,
		     "%u attempts on %u entries and beyond; %u mapped beyond", tried, j->seen.nr_refs,
		     pins);
}

/* dom0's own grants: to its own backends none, but the table is there. */
static void judge_others(struct judge *j)
{
	unsigned int tried = 0, got = 0;

	if (!judge_order(j, ORDER_MS, "map0 %u", j->seen.nr_refs) ||
	    sscanf(j->answer, "tried %u got %u", &tried, &got) != 2 || !tried ||
	    trusted_read_pins(&j->seen, 0) < 0) {
		judge_result(j, "map-other-domain", SEEN_UNKNOWN, "%.100s", j->answer);
		return;
	}
	judge_result(j, "map-other-domain", trusted_pinned_by(&j->seen, (unsigned int)j->driver->domid) ?
		     SEEN_FAILS : SEEN_HOLDS, "%u attempts on dom0's references; Xen has %u mapped", tried,
		     trusted_pinned_by(&j->seen, (unsigned int)j->driver->domid));
	judge_order(j, ORDER_MS, "unmap");
}

static uint32_t fnv(const uint8_t *p, size_t n)
{
	uint32_t hash = 2166136261u;

	while (n--)
		hash = (hash ^ *p++) * 16777619u;
	return hash;
}

uint32_t judge_page_sum(struct judge *j, uint32_t ref)
{
	const uint8_t *page = trusted_map(&j->seen, j->seen.table[ref].frame);
	uint32_t sum = page ? fnv(page, 4096) : 0;

	trusted_unmap(&j->seen, page);
	return sum;
}

bool judge_page_stamped(struct judge *j, uint32_t ref, uint8_t with)
{
	const uint8_t *page = trusted_map(&j->seen, j->seen.table[ref].frame);
	bool stamped = page && page[0] == with && !memcmp(page, page + 1, 4095);

	trusted_unmap(&j->seen, page);
	return stamped;
}

/* Pages behind entries that let nobody in, and of which one begins with the stamp. */
static unsigned int stamped_pages(struct judge *j)
{
	unsigned int i, n = 0;

	for (i = 0; i < j->seen.nr_refs; i++)
		if (kind_of(j, i) != KIND_OURS && j->seen.table[i].frame)
			n += judge_page_stamped(j, i, JUDGE_STAMP);
	return n;
}

/* Grants to the driver domain, as the table has them; those that it may write to. */
static unsigned int granted(const struct judge *j, unsigned int *writable)
{
	unsigned int i, n = 0;

	for (i = *writable = 0; i < j->seen.nr_refs; i++) {
		if (kind_of(j, i) != KIND_OURS)
			continue;
		n++;
		*writable += !(j->seen.table[i].flags & GTF_readonly);
	}
	return n;
}

/*
 * The attacker names some of the pages that it read, with what stands in them, and dom0
 * compares. More pages than there are grants are told by their number alone. To what is
 * granted writable it may copy: a pool is all of it, whatever is in flight.
 */
static void judge_copy(struct judge *j)
{
	unsigned int tried = 0, from = 0, to = 0, ref, sum, right = 0, leaked = 0, stamped, ours, writable;
	const char *p;
	int n;

	if (!judge_order(j, ORDER_MS, "copy %u", j->seen.nr_refs) ||
	    sscanf(j->answer, "tried %u from %u to %u %n", &tried, &from, &to, &n) != 3 || !tried) {
		judge_result(j, "copy-from", SEEN_UNKNOWN, "%.100s", j->answer);
		return;
	}
	stamped = stamped_pages(j);
	for (p = j->answer + n; sscanf(p, "%x:%x %n", &ref, &sum, &n) == 2; p += n) {
		if (ref >= j->seen.nr_refs || sum != judge_page_sum(j, ref))
			continue;
		if (kind_of(j, ref) == KIND_OURS)
			right++;
		else
			leaked++;
	}
	ours = granted(j, &writable);
	if (from > ours && from - ours > leaked)
		leaked = from - ours;
	judge_result(j, "copy-from", leaked ? SEEN_FAILS : right ? SEEN_HOLDS : SEEN_UNKNOWN,
		     "%u attempts, %u went through; of %u grants %u were shown, of other pages %u", tried,
		     from, ours, right, leaked);
	judge_result(j, "copy-to", stamped || to > writable ? SEEN_FAILS : SEEN_HOLDS,
		     "%u pages of entries not granted carry the stamp; %u copies claimed, to %u writable "
		     "grants", stamped, to, writable);
}

/* Check 9: what stands beside a header or a status byte. The attacker shows it, dom0 compares. */
static void judge_peek(struct judge *j)
{
	unsigned int ref, other, nonzero, sum, bytes = 0, full = 0, pages = 0;
	const char *p;
	int n;

	if (!judge_order(j, ORDER_MS, "peek")) {
		judge_result(j, "sub-page", SEEN_UNKNOWN, "%.100s", j->answer);
		return;
	}
	for (p = j->answer + 4; sscanf(p, "%x:%u:%u:%x %n", &ref, &other, &nonzero, &sum, &n) == 4; p += n) {
		if (ref >= j->seen.nr_refs || sum != judge_page_sum(j, ref))
			continue;
		pages++;
		bytes += other;
		full += nonzero;
	}
	if (pages)
		judge_result(j, "sub-page", SEEN_FAILS, "%u bytes that are not the request's can be read "
			     "in %u pages of one request, %u of them not 0", bytes, pages, full);
	else
		judge_result(j, "sub-page", SEEN_HOLDS, "nothing beside the request was shown");
}

void judge_tables(struct judge *j)
{
	unsigned int nr_segs = 0;
	const char *p;

	if (!judge_order(j, ORDER_MS, "hold")) {
		judge_result(j, "map-control", SEEN_UNKNOWN, "no request was held: %.100s", j->answer);
		return;
	}
	for (p = j->answer; *p; p++)
		nr_segs += *p == ' ';
	nr_segs++;
	if (trusted_read_table(&j->seen) < 0 || !judge_order(j, ORDER_MS, "map %u", j->seen.nr_refs) ||
	    trusted_read_pins(&j->seen, (uint32_t)j->domid) < 0) {
		judge_result(j, "map-control", SEEN_UNKNOWN, "%.100s", j->answer);
	} else {
		judge_map(j, nr_segs);
		judge_beyond(j);
		judge_order(j, ORDER_MS, "unmap");
		judge_others(j);
		judge_copy(j);
		judge_peek(j);
	}
	judge_order(j, ORDER_MS, "go");
}

void judge_foreign(struct judge *j)
{
	unsigned int tried = 0, got = 0, stamped = 0;
	struct victim_words before = { 0 }, after = { 0 };
	int broken, already = judge_canaries(j);

	judge_victim(j, &before);
	if (!judge_order(j, ASSAULT_MS, "foreign") ||
	    sscanf(j->answer, "tried %u got %u stamped %u", &tried, &got, &stamped) != 3 || !tried) {
		judge_result(j, "foreign-map", SEEN_UNKNOWN, "%.100s", j->answer);
		return;
	}
	broken = judge_canaries(j) - already;
	judge_rounds(j, SETTLE_ROUNDS, ORDER_MS);
	judge_victim(j, &after);
	if (broken < 0 || already < 0 || !got != !broken)
		judge_result(j, "foreign-map", SEEN_UNKNOWN, "%u mapped by its own account, %d canaries "
			     "broken as dom0 sees them", got, broken);
	else
		judge_result(j, "foreign-map", broken || got || after.near > before.near ? SEEN_FAILS :
			     SEEN_HOLDS, "%u frames tried, %u mapped, %d canaries broken as dom0 sees them",
			     tried, got, broken);
}
