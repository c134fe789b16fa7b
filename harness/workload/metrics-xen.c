// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers from the span of the timed part: rates, instructions, Xen's counters. */
#include <ctype.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "workload/metrics.h"

/* A kind of event in one of Xen's arrays of counters. */
struct kind {
	int number;
	const char *name;
	bool timed;	/* timers have a part in it where dom0 is PV and the domU PVH */
	bool x86;	/* happens there only */
};

/* xen/include/public/xen.h. Kinds that are 0 in most runs are summed up as "other". */
static const struct kind hypercalls[] = {
	{ 1, "mmu_update", false, true }, { 3, "stack_switch", true, true },
	{ 5, "fpu_taskswitch", true, true }, { 12, "memory_op", false, false },
	{ 13, "multicall", true, true }, { 14, "update_va_mapping", false, true },
	{ 17, "xen_version", true, false }, { 20, "grant_table_op", false, false },
	{ 23, "iret", true, true }, { 24, "vcpu_op", true, false },
	{ 25, "set_segment_base", true, true }, { 26, "mmuext_op", true, true },
	{ 29, "sched_op", true, true }, { 32, "event_channel_op", false, false },
	{ 41, "dm_op", false, false },
};

/*
 * Exits of the PVH domU, by SVM's exit codes as Xen folds them into its array
 * (xen/arch/x86/hvm/svm/svm.c). The domU sets its timer by a hypercall.
 */
static const struct kind exits[] = {
	{ 0, "cr0-read", false, true }, { 2, "cr2-read", false, true },
	{ 16, "cr0-write", false, true }, { 71, "device-not-available", true, true },
	{ 96, "intr", true, true },
	{ 100, "vintr", true, true }, { 110, "rdtsc", true, true }, { 114, "cpuid", false, true },
	{ 119, "pause", false, true }, { 120, "hlt", true, true },
	{ 121, "invlpg", false, true }, { 123, "ioio", false, true },
	{ 124, "msr", true, true }, { 129, "vmmcall", true, true },
	{ 143, "npf", false, true },
};

/* Exceptions that Xen itself took, most of them from the PV dom0. */
static const struct kind exceptions[] = {
	{ 6, "invalid-opcode", false, true }, { 7, "device-not-available", true, true },
	{ 13, "general-protection", true, true }, { 14, "page-fault", false, true },
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
	bool beside = json_object_get(moment(span, LAST), "dom0_ns") != NULL;

	if (ops <= 0)
		return;
	metric_add(metrics, "instructions_per_io", "insn", class, "less", all / ops);
	/*
	 * The backend's own time is dom0's, unless dom0's stands beside it: then dom0 looks at
	 * consoles now and then, which is neither better nor worse.
	 */
	if (beside)
		metric_add(metrics, "instructions_driver_per_io", "insn", class, "less",
			   within(span, xen_ns, "own_ns") / ops);
	metric_add(metrics, "instructions_dom0_per_io", "insn", class, beside ? "none" : "less",
		   within(span, xen_ns, beside ? "dom0_ns" : "own_ns") / ops);
	metric_add(metrics, "instructions_domu_per_io", "insn", class, "less",
		   within(span, xen_ns, "frontend_ns") / ops);
}

static const json_t *perfc(const json_t *at)
{
	return json_object_get(at, "perfc");
}

struct place {
	const char *array;
	size_t index;
};

static double in_array(const json_t *at, const void *arg)
{
	const struct place *place = arg;
	const json_t *list = json_object_get(perfc(at), place->array);

	return (double)json_integer_value(json_array_get(list, place->index));
}

/* All but the backend's questions, if those are hypercalls. */
static double whole_array(const json_t *at, const void *arg)
{
	const json_t *list = json_object_get(perfc(at), arg), *n;
	bool skip = !strcmp(arg, "hypercalls");
	double sum = 0;
	size_t i;

	json_array_foreach(list, i, n)
		if (!skip || (i != HYPERCALL_SYSCTL && i != HYPERCALL_DOMCTL))
			sum += (double)json_integer_value(n);
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

/* An array's sum, each kind that has a name, and the rest. */
static void add_kinds(const json_t *span, double ops, const char *array, const char *metric,
		      const struct kind *kinds, size_t nr, bool x86, json_t *metrics)
{
	_cleanup_free_ char *other = xasprintf("%s.other", metric);
	double all = within(span, whole_array, array), named = 0;
	size_t i;

	add_count(metrics, metric, x86, all, ops);
	for (i = 0; i < nr; i++) {
		_cleanup_free_ char *name = xasprintf("%s.%s", metric, kinds[i].name);
		struct place place = { array, (size_t)kinds[i].number };
		double n = within(span, in_array, &place);

		if (kinds[i].x86 && !x86)
			continue;
		add_count(metrics, name, x86 && kinds[i].timed, n, ops);
		named += n;
	}
	add_count(metrics, other, x86, all - named, ops);
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

int metrics_perfc(const json_t *span, double ops, bool x86, json_t *metrics, struct err *err)
{
	int which;

	for (which = BEFORE; which <= LAST; which++)
		if (!json_is_object(perfc(moment(span, which))))
			return err_subject(err, "backend.json: the span has no counters of Xen's, and this "
					   "is its count build");
	add_kinds(span, ops, "hypercalls", "hypercalls", hypercalls, ARRAY_SIZE(hypercalls), x86,
		  metrics);
	if (x86) {
		add_kinds(span, ops, "vmexits", "exits", exits, ARRAY_SIZE(exits), true, metrics);
		add_kinds(span, ops, "exceptions", "exceptions", exceptions, ARRAY_SIZE(exceptions), true,
			  metrics);
	} else {
		add_traps(span, ops, metrics);
	}
	add_ours(span, ops, metrics);
	return 0;
}
