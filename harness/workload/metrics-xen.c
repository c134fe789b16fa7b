// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers from the span of the timed part: rates, instructions, Xen's counters. */
#include <ctype.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "workload/metrics.h"

/* xen/include/public/xen.h. Kinds that are 0 in most runs are summed up as "other". */
static const struct {
	int number;
	const char *name;
	bool timed;	/* a PV dom0 makes it for its timer interrupts, too */
} hypercalls[] = {
	{ 12, "memory_op", false }, { 17, "xen_version", true },
	{ 20, "grant_table_op", false }, { 24, "vcpu_op", true },
	{ 32, "event_channel_op", false }, { 41, "dm_op", false },
};

/* The backend's own questions to Xen. */
#define HYPERCALL_SYSCTL 35
#define HYPERCALL_DOMCTL 36

/* The moments of a span: guests/backend/device.h. */
enum { BEFORE, FIRST, LAST };

static const json_t *moment(const json_t *span, int which)
{
	return json_array_get(json_object_get(span, "xen"), (size_t)which);
}

/*
 * What happened in the span, less what looking costs, which the two moments at its
 * beginning show: nothing lies between them. get() reads one counter of a moment.
 */
static double within(const json_t *span, double (*get)(const json_t *at, const void *arg),
		     const void *arg)
{
	double before = get(moment(span, BEFORE), arg), first = get(moment(span, FIRST), arg);

	return get(moment(span, LAST), arg) - first - (first - before);
}

int metrics_span(const json_t *device, unsigned long ios, const json_t **span, double *ops,
		 struct err *err)
{
	const json_t *marks = json_object_get(device, "nr_marks");
	double lead, bytes;

	*span = json_object_get(device, "span");
	if (!json_is_true(json_object_get(*span, "done")))
		return err_subject(err, "backend.json: the timed part moved %" JSON_INTEGER_FORMAT
				   " bytes, fewer than the workload has",
				   json_integer_value(json_object_get(*span, "bytes")) +
				   json_integer_value(json_object_get(*span, "lead_bytes")));
	/* the mark behind the timed part was taken since: the span is of the one before */
	if (json_integer_value(json_object_get(*span, "mark")) != json_integer_value(marks) - 1)
		return err_subject(err, "backend.json: the span is not of the last timed part");
	lead = (double)json_integer_value(json_object_get(*span, "lead_bytes"));
	bytes = (double)json_integer_value(json_object_get(*span, "bytes"));
	*ops = lead + bytes > 0 ? (double)ios * bytes / (lead + bytes) : 0;
	return 0;
}

int metrics_rates(const json_t *span, const char *prefix, double ops,
		  enum metric_class class, json_t *metrics, struct err *err)
{
	_cleanup_free_ char *iops = xasprintf("%s.iops", prefix), *bw = xasprintf("%s.bw", prefix);
	const json_t *first = json_object_get(span, "first_ns"), *last = json_object_get(span, "last_ns");
	double ns = (double)(json_integer_value(last) - json_integer_value(first));

	if (!json_is_integer(first) || !json_is_integer(last) || ns <= 0 || ops <= 0)
		return err_subject(err, "backend.json: the span has no length");
	metric_add(metrics, iops, "1/s", class, "more", ops * 1e9 / ns);
	metric_add(metrics, bw, "B/s", class, "more",
		   (double)json_integer_value(json_object_get(span, "bytes")) * 1e9 / ns);
	return 0;
}

static double xen_ns(const json_t *at, const void *arg)
{
	return (double)json_integer_value(json_object_get(at, arg));
}

static double busy_ns(const json_t *at, const void *arg)
{
	(void)arg;
	return xen_ns(at, "now_ns") - xen_ns(at, "idle_ns");
}

bool metrics_have_xen(const json_t *span)
{
	return json_array_size(json_object_get(span, "xen")) == LAST + 1;
}

void metrics_instructions(const json_t *span, double ops, enum metric_class class,
			  json_t *metrics)
{
	double all = within(span, busy_ns, NULL);

	if (ops <= 0)
		return;
	metric_add(metrics, "instructions_per_io", "insn", class, "less", all / ops);
	/* the backend's own time is dom0's, unless dom0's stands beside it */
	if (json_object_get(moment(span, LAST), "dom0_ns"))
		metric_add(metrics, "instructions_driver_per_io", "insn", class, "less",
			   within(span, xen_ns, "own_ns") / ops);
	metric_add(metrics, "instructions_dom0_per_io", "insn", class, "less",
		   within(span, xen_ns, json_object_get(moment(span, LAST), "dom0_ns") ? "dom0_ns" :
			  "own_ns") / ops);
	metric_add(metrics, "instructions_domu_per_io", "insn", class, "less",
		   within(span, xen_ns, "frontend_ns") / ops);
}

static const json_t *perfc(const json_t *at)
{
	return json_object_get(at, "perfc");
}

static double hypercall(const json_t *at, const void *arg)
{
	const json_t *list = json_object_get(perfc(at), "hypercalls");

	return (double)json_integer_value(json_array_get(list, (size_t) * (const int *)arg));
}

/* All but the backend's questions. */
static double all_hypercalls(const json_t *at, const void *arg)
{
	const json_t *list = json_object_get(perfc(at), "hypercalls");
	double sum = 0;
	size_t i;

	(void)arg;
	for (i = 0; i < json_array_size(list); i++)
		if (i != HYPERCALL_SYSCTL && i != HYPERCALL_DOMCTL)
			sum += (double)json_integer_value(json_array_get(list, i));
	return sum;
}

static double counter(const json_t *at, const void *arg)
{
	return (double)json_integer_value(json_object_get(perfc(at), arg));
}

static void add_per_io(json_t *metrics, const char *name, const char *better, double value,
		       double ops)
{
	_cleanup_free_ char *per_io = xasprintf("%s_per_io", name);

	if (ops > 0)
		metric_add(metrics, per_io, "1", METRIC_EXACT, better, value / ops);
}

/* A count that timers have a part in. */
static void add_ticks(json_t *metrics, const char *name, double per_io)
{
	_cleanup_free_ char *full = xasprintf("%s_per_io", name);

	metric_add(metrics, full, "tick", METRIC_EXACT, "none", per_io);
}

/* A count; or, where timers have a part in it, as exact as time is: unit "tick". */
static void add_count(json_t *metrics, const char *name, bool timed, double n, double ops)
{
	if (timed && ops > 0)
		add_ticks(metrics, name, n / ops);
	else
		add_per_io(metrics, name, "less", n, ops);
}

static void add_hypercalls(const json_t *span, double ops, bool pv_dom0, json_t *metrics)
{
	double all = within(span, all_hypercalls, NULL), named = 0;
	size_t i;

	add_count(metrics, "hypercalls", pv_dom0, all, ops);
	for (i = 0; i < ARRAY_SIZE(hypercalls); i++) {
		_cleanup_free_ char *name = xasprintf("hypercalls.%s", hypercalls[i].name);
		double n = within(span, hypercall, &hypercalls[i].number);

		add_count(metrics, name, pv_dom0 && hypercalls[i].timed, n, ops);
		named += n;
	}
	/* a PV kernel's iret, among others */
	add_count(metrics, "hypercalls.other", pv_dom0, all - named, ops);
}

/* "trap: guest data abort" as "traps.guest-data-abort". */
static char *trap_name(const char *text)
{
	char *name = xasprintf("traps.%s", text), *p;

	for (p = name; *p; p++)
		*p = (char)(*p == ' ' ? '-' : tolower((unsigned char)*p));
	return name;
}

static void add_traps(const json_t *span, double ops, json_t *metrics)
{
	const char *key;
	const json_t *value;
	double all = 0;

	json_object_foreach((json_t *)perfc(moment(span, LAST)), key, value) {
		_cleanup_free_ char *name = NULL;
		/* how often a CPU with nothing to do looked for work is a matter of its timers */
		bool idle = !strcmp(key, "trap: wfi") || !strcmp(key, "trap: wfe");
		double n;

		if (strncmp(key, "trap: ", 6) || !json_is_integer(value))
			continue;
		n = within(span, counter, key);
		all += idle ? 0 : n;
		name = trap_name(key + 6);
		/* also where it is 0: the other side may have it */
		if (ops > 0 && idle)
			add_ticks(metrics, name, n / ops);
		else
			add_per_io(metrics, name, "less", n, ops);
	}
	add_per_io(metrics, "traps", "less", all, ops);
}

/* Counters that our patch of Xen adds (guests/xen/patches). */
static void add_ours(const json_t *span, double ops, json_t *metrics)
{
	static const struct {
		const char *counter, *metric;
	} ours[] = {
		{ "evtchn: sent by a domain", "evtchn_sends" },
		{ "evtchn: sent by Xen", "evtchn_sends_xen" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		double n = within(span, counter, ours[i].counter);

		add_per_io(metrics, ours[i].metric, "less", n, ops);
	}
}

int metrics_perfc(const json_t *span, double ops, bool pv_dom0, json_t *metrics, struct err *err)
{
	int which;

	for (which = BEFORE; which <= LAST; which++)
		if (!json_is_object(perfc(moment(span, which))))
			return err_subject(err, "backend.json: the span has no counters of Xen's, and this "
					   "is its count build");
	add_hypercalls(span, ops, pv_dom0, metrics);
	/* x86 counts exits and exceptions by other names: none are collected yet */
	if (!pv_dom0)
		add_traps(span, ops, metrics);
	add_ours(span, ops, metrics);
	return 0;
}
