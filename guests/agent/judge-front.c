// SPDX-License-Identifier: GPL-2.0-or-later
/* What a hostile frontend does to who serves it, and to who else is served: check 11. */
#include "judge.h"
#include "report.h"
#include "sys.h"
#include "toolstack.h"

/* From the other frontend's word that its timed part begins to where fio has started. */
#define START_MS 200
/* When to look what is mapped: it is printed, and that takes its time. */
#define LOOK_MS 30
#define LOOKS 4
#define END_MS 20000

static unsigned int count_pins(struct judge *j)
{
	if (trusted_read_pins(&j->seen, (uint32_t)j->second->domid) < 0)
		return 0;
	return trusted_pinned_by(&j->seen, (unsigned int)j->driver->domid);
}

static void let_loose(struct judge *j)
{
	struct front_watch *f = &j->front;

	if (!f->at)
		f->at = sys_now_ms() + START_MS;
	if (sys_now_ms() < f->at)
		return;
	if (!judge_open(j) || xc_domain_unpause(j->xch, (uint32_t)j->second->domid)) {
		report_error("the hostile frontend cannot be started");
		f->state = FRONT_ENDED;
		return;
	}
	f->state = FRONT_ATTACKS;
	f->at = sys_now_ms() + LOOK_MS;
	f->until = sys_now_ms() + END_MS;
	f->overlapped = !j->relay->done;
}

static void say(struct judge *j)
{
	const struct front_watch *f = &j->front;
	bool down = driver_is_down(j->driver, j->xch);
	unsigned int left = count_pins(j);

	judge_result(j, "front-unmapped", !f->pins ? SEEN_UNKNOWN : left ? SEEN_FAILS : SEEN_HOLDS,
		     "while it attacked the driver domain had up to %u of its grants mapped, and %u "
		     "when it had ended", f->pins, left);
	judge_result(j, "front-driver-alive", down ? SEEN_FAILS : f->overlapped ? SEEN_HOLDS : SEEN_UNKNOWN,
		     "the driver domain %s behind the attack, which began while the other frontend %s",
		     down ? "is down" : "runs", f->overlapped ? "was at work" : "had ended");
}

void judge_front(struct judge *j)
{
	struct front_watch *f = &j->front;
	bool late;

	if (f->state == FRONT_WAITS && j->relay->workload)
		let_loose(j);
	if (f->state != FRONT_ATTACKS)
		return;
	if (second_runs(j->second, j->xch)) {
		late = sys_now_ms() >= f->until;
		if (late)
			report_error("the hostile frontend comes to no end");
		if ((sys_now_ms() >= f->at && f->looks < LOOKS) || late) {
			unsigned int pins = count_pins(j);

			f->pins = pins > f->pins ? pins : f->pins;
			f->at = sys_now_ms() + LOOK_MS;
			f->looks++;
		}
		if (!late)
			return;
	}
	second_drain(j->second);
	say(j);
	judge_close(j);
	f->state = FRONT_ENDED;
}
