// SPDX-License-Identifier: GPL-2.0-or-later
/* Two devices of one frontend, in two driver domains: neither reaches the other's. Check 10. */
#include <stdio.h>
#include <string.h>

#include "judge.h"

#define ORDER_MS 120000

/* What one of them got. */
struct reach {
	unsigned int own, others;		/* entries granted to it, to the other one */
	unsigned int own_mapped, others_mapped;	/* of these, as Xen has it */
	unsigned int own_shown, others_shown;	/* pages whose content it could tell */
	unsigned int others_stamped;		/* pages with its mark */
	bool mapped, copied;			/* it tried */
};

/* Orders go to j->driver. */
static void try_map(struct judge *j, struct reach *r, unsigned int other)
{
	unsigned int own = (unsigned int)j->driver->domid, tried, i;

	r->mapped = judge_order(j, ORDER_MS, "map %u", j->seen.nr_refs) &&
		    sscanf(j->answer, "tried %u", &tried) == 1 && tried &&
		    trusted_read_pins(&j->seen, (uint32_t)j->domid) == 0;
	for (i = 0; i < j->seen.nr_refs; i++) {
		r->own += trusted_grants(&j->seen, i, own);
		r->others += trusted_grants(&j->seen, i, other);
	}
	for (i = 0; r->mapped && i < j->seen.nr_pins; i++) {
		const struct pin *p = &j->seen.pins[i];

		if (p->domid != own)
			continue;
		r->own_mapped += trusted_grants(&j->seen, p->ref, own);
		r->others_mapped += !trusted_grants(&j->seen, p->ref, own);
	}
	judge_order(j, ORDER_MS, "unmap");
}

/* Each has a stamp of its own: what it does to its own pool is no concern of the other's. */
static void try_copy(struct judge *j, struct reach *r, unsigned int other, uint8_t stamp)
{
	unsigned int own = (unsigned int)j->driver->domid, tried, from, to, ref, sum, i;
	const char *p;
	int n;

	if (!judge_order(j, ORDER_MS, "copy %u %u", j->seen.nr_refs, stamp) ||
	    sscanf(j->answer, "tried %u from %u to %u %n", &tried, &from, &to, &n) != 3 || !tried)
		return;
	r->copied = true;
	for (p = j->answer + n; sscanf(p, "%x:%x %n", &ref, &sum, &n) == 2; p += n) {
		if (ref >= j->seen.nr_refs || sum != judge_page_sum(j, ref))
			continue;
		r->own_shown += trusted_grants(&j->seen, ref, own);
		r->others_shown += !trusted_grants(&j->seen, ref, own);
	}
	for (i = 0; i < j->seen.nr_refs; i++)
		if (trusted_grants(&j->seen, i, other))
			r->others_stamped += judge_page_stamped(j, i, stamp);
}

static void say(struct judge *j, const struct reach r[2])
{
	bool tried = r[0].mapped && r[1].mapped && r[0].others && r[1].others && r[0].own_mapped &&
		     r[1].own_mapped;
	bool copied = r[0].copied && r[1].copied && r[0].own_shown && r[1].own_shown;

	judge_result(j, "cross-map", r[0].others_mapped || r[1].others_mapped ? SEEN_FAILS :
		     tried ? SEEN_HOLDS : SEEN_UNKNOWN,
		     "domain %d mapped %u of its %u grants and %u of %u of the other's; domain %d %u of %u "
		     "and %u of %u", j->conf->backend_domid, r[0].own_mapped, r[0].own,
		     r[0].others_mapped, r[0].others, j->conf->second_domid, r[1].own_mapped, r[1].own,
		     r[1].others_mapped, r[1].others);
	judge_result(j, "cross-copy", r[0].others_shown || r[1].others_shown || r[0].others_stamped ||
		     r[1].others_stamped ? SEEN_FAILS : copied ? SEEN_HOLDS : SEEN_UNKNOWN,
		     "domain %d read %u pages of its own and %u of the other's, of which %u carry its "
		     "stamp; domain %d %u, %u and %u", j->conf->backend_domid, r[0].own_shown,
		     r[0].others_shown, r[0].others_stamped, j->conf->second_domid, r[1].own_shown,
		     r[1].others_shown, r[1].others_stamped);
}

void judge_cross(struct judge *j)
{
	struct driver *both[2] = { j->driver, &j->second->driver };
	struct reach r[2] = { { 0 }, { 0 } };
	bool held = true;
	int i;

	/* both have a request in flight, so that both have grants beside their rings */
	for (i = 0; i < 2; i++) {
		j->driver = both[i];
		held = held && judge_order(j, ORDER_MS, "hold");
	}
	if (!held || trusted_read_table(&j->seen) < 0)
		judge_result(j, "cross-map", SEEN_UNKNOWN, "no request was held: %.100s", j->answer);
	for (i = 0; held && i < 2; i++) {
		j->driver = both[i];
		try_map(j, &r[i], (unsigned int)both[!i]->domid);
		try_copy(j, &r[i], (unsigned int)both[!i]->domid, (uint8_t)(JUDGE_STAMP - i));
	}
	for (i = 0; i < 2; i++) {
		j->driver = both[i];
		judge_order(j, ORDER_MS, "go");
	}
	j->driver = both[0];
	if (held)
		say(j, r);
}
