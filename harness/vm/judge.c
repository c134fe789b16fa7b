// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "vm/machine.h"

static double scaled_s(const struct vm *vm, int ms)
{
	return (double)machine_scaled_ns(vm, ms) / 1e9;
}

void judge_fatal(struct vm *vm, enum vm_outcome outcome, enum vm_domain culprit, const char *fmt,
		 ...)
{
	struct buf reason = BUF_INIT;
	va_list ap;

	if (vm->fatal)
		return;
	va_start(ap, fmt);
	buf_addvf(&reason, fmt, ap);
	va_end(ap);
	vm->fatal = true;
	vm->result.outcome = outcome;
	vm->result.culprit = culprit;
	vm->result.reason = buf_detach(&reason);
	if (vm->state >= ENDING)
		return;
	if (outcome == VM_TIMEOUT || outcome == VM_INFRA_ERROR)
		machine_end(vm);
	else
		machine_enter(vm, DRAINING);
}

/* Not the end, but no pass either. The first counts, and a failure before an invalid one. */
static void __attribute__((format(printf, 4, 5)))
soft(struct vm *vm, enum vm_outcome outcome, enum vm_domain culprit, const char *fmt, ...)
{
	struct buf reason = BUF_INIT;
	va_list ap;

	if (vm->soft && (vm->soft_outcome == VM_FAIL || outcome == VM_INVALID))
		return;
	va_start(ap, fmt);
	buf_addvf(&reason, fmt, ap);
	va_end(ap);
	free(vm->soft_reason);
	vm->soft = true;
	vm->soft_outcome = outcome;
	vm->soft_culprit = culprit;
	vm->soft_reason = buf_detach(&reason);
}

static bool disk_full(const struct vm *vm)
{
	struct statvfs st;

	return statvfs(vm->spec.workdir, &st) == 0 && st.f_blocks && st.f_bavail == 0;
}

static unsigned int done_mask(const struct vm *vm)
{
	unsigned int mask = 0, i;

	for (i = 0; i < REPORT_SOURCES; i++)
		if (vm->result.reports.sources[i].done)
			mask |= 1u << i;
	return mask;
}

bool judge_all_done(const struct vm *vm)
{
	return (done_mask(vm) & vm->spec.done_from) == vm->spec.done_from;
}

static bool phase_seen(const struct vm *vm, const char *name)
{
	size_t i;

	for (i = 0; i < vm->result.nr_phases; i++)
		if (!strcmp(vm->result.phases[i].name, name))
			return true;
	return false;
}

static void phase(struct vm *vm, const char *name, int64_t guest_ns)
{
	struct vm_result *result = &vm->result;
	int64_t now = monotonic_ns();
	struct vm_phase_seen *seen;

	if (phase_seen(vm, name))
		return;
	result->phases = xrealloc(result->phases, (result->nr_phases + 1) * sizeof(*seen));
	seen = &result->phases[result->nr_phases++];
	*seen = (struct vm_phase_seen){ .host_ns = now - vm->proc.start_ns, .guest_ns = guest_ns };
	snprintf(seen->name, sizeof(seen->name), "%s", name);
	while (vm->next_phase < vm->spec.nr_phases &&
	       phase_seen(vm, vm->spec.phases[vm->next_phase].name)) {
		vm->next_phase++;
		vm->phase_ns = now;
	}
	if (vm->spec.on_phase)
		vm->spec.on_phase(seen->name, seen->host_ns, vm->spec.arg);
}

/* The domain that should have reported it. */
static enum vm_domain phase_domain(const char *name)
{
	if (!strcmp(name, "xen-up"))
		return VM_DOMAIN_XEN;
	if (!strncmp(name, "domu-", 5) || !strncmp(name, "disk-", 5) ||
	    !strncmp(name, "workload-", 9))
		return VM_DOMAIN_DOMU;
	return VM_DOMAIN_DOM0;
}

static enum vm_domain source_domain(enum report_source source)
{
	return source == REPORT_DOMU || source == REPORT_DOMU2 ? VM_DOMAIN_DOMU : VM_DOMAIN_DOM0;
}

static void take_report(struct vm *vm, const struct report *report)
{
	enum vm_domain domain = source_domain(report->source);
	const char *who = report_source_name(report->source);

	switch (report->kind) {
	case REPORT_PHASE:
		/* those of the second ones are for people */
		if (report->source == REPORT_DOMU2 || report->source == REPORT_BACKEND2)
			break;
		phase(vm, report->text, report->t_ns);
		break;
	case REPORT_CHECK:
		if (!report->ok)
			soft(vm, VM_FAIL, domain, "%s: check %s", who, report->text);
		break;
	case REPORT_ERROR:
		vm->told = !vm->fatal;
		judge_fatal(vm, VM_FAIL, domain, "%s: %s", who, report->text);
		break;
	case REPORT_DONE:
		if (!report->ok)
			soft(vm, VM_FAIL, domain, "%s says that it is done, but not well", who);
		break;
	default:
		break;
	}
}

/* "Xen", "dom0", "domu", as a sentence starts with it. */
static const char *domain_word(enum vm_domain domain)
{
	return domain == VM_DOMAIN_XEN ? "Xen" : vm_domain_name(domain);
}

static void take_splat(struct vm *vm, const struct splat *splat, const char *text)
{
	enum vm_domain culprit = splat->culprit;

	switch (splat->class) {
	case SPLAT_CRASH:
		/* one guest's complaint about what another's crash did to it: the crash counts */
		if (vm->told && culprit != vm->result.culprit) {
			free(take_ptr(vm->result.reason));
			vm->fatal = vm->told = false;
		}
		vm->reason_goes_on = !vm->fatal && strstr(text, "Panic on CPU");
		judge_fatal(vm, culprit == VM_DOMAIN_XEN ? VM_XEN_CRASH : VM_GUEST_CRASH, culprit,
		      "%s crashed: %s", domain_word(culprit), text);
		break;
	case SPLAT_HALT:
		if (strstr(text, "rebooting"))
			judge_fatal(vm, VM_GUEST_CRASH, culprit,
				    "%s reset the machine before it was done: %s",
				    domain_word(culprit), text);
		else
			judge_fatal(vm, VM_FAIL, culprit,
				    "%s powered the machine off before it was done: %s",
				    domain_word(culprit), text);
		break;
	case SPLAT_DEAD:
		judge_fatal(vm, VM_FAIL, culprit, "%s: %s", domain_word(culprit), text);
		break;
	case SPLAT_FAIL:
		soft(vm, VM_FAIL, culprit, "%s: %s", domain_word(culprit), text);
		break;
	case SPLAT_INVALID:
		/* what it does now is not what was asked for, and may never end */
		judge_fatal(vm, VM_INVALID, culprit, "%s: %s", domain_word(culprit), text);
		break;
	}
}

void judge_line(const struct console_line *line, void *arg)
{
	struct vm *vm = arg;
	struct vm_result *result = &vm->result;
	struct report report;
	struct splat splat;
	bool found, first;

	vm->last_speaker = line->domain;
	reports_line(&result->reports, line->text, line->len, &report);
	found = splat_scan(line->domain, line->text, line->len, &splat);
	if (found && (splat.class == SPLAT_FAIL || splat.class == SPLAT_DEAD) && vm->spec.expected &&
	    strstr(line->text, vm->spec.expected))
		found = false;
	/* a normal power-off is no splat */
	if (found && splat.class == SPLAT_HALT && judge_all_done(vm))
		found = false;
	first = found && (!result->splat || splat.class > vm->splat_class);
	logs_line(&vm->logs, line, first);
	if (vm->reason_goes_on && line->domain == VM_DOMAIN_XEN) {
		char *more = xasprintf("%s %s", result->reason,
				       line->text + strcspn(line->text, " ") + 1);

		free(result->reason);
		result->reason = more;
		vm->reason_goes_on = false;
	}
	if (first) {
		free(result->splat);
		result->splat = xstrndup(line->text, line->len);
		vm->splat_class = splat.class;
	}
	if (found)
		take_splat(vm, &splat, line->text);
	take_report(vm, &report);
	if (line->domain == VM_DOMAIN_XEN && !strncmp(line->text, "(XEN) Xen version ", 18))
		phase(vm, "xen-up", -1);
}

static void timed_out(struct vm *vm, enum vm_domain culprit, char *what)
{
	_cleanup_free_ char *reason = what;
	struct vm_result *result = &vm->result;
	const char *last = result->nr_phases ? result->phases[result->nr_phases - 1].name : "none";
	const char *line = vm->logs.nr_lines ? vm->logs.tail[(vm->logs.nr_lines - 1) % LOGS_TAIL]
					     : "nothing";

	if (disk_full(vm))
		judge_fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE, "no space left in %s (%s)",
		      vm->spec.workdir, reason);
	else
		judge_fatal(vm, VM_TIMEOUT, culprit, "%s; last phase: %s; last line: %s%s%s",
			    reason, last, line, vm->soft ? "; before that, " : "",
			    vm->soft ? vm->soft_reason : "");
}

/* What is awaited, and who should have said it. */
static const char *awaited(const struct vm *vm, enum vm_domain *domain, int *deadline_ms)
{
	const struct reports *reports = &vm->result.reports;

	if (vm->next_phase < vm->spec.nr_phases) {
		const struct vm_phase *next = &vm->spec.phases[vm->next_phase];

		*domain = phase_domain(next->name);
		*deadline_ms = next->deadline_ms;
		return next->name;
	}
	*domain = vm->spec.done_from & 1u << REPORT_DOMU && !reports->sources[REPORT_DOMU].done ?
		  VM_DOMAIN_DOMU : VM_DOMAIN_DOM0;
	*deadline_ms = vm->spec.done_ms;
	return "done";
}

void judge_deadlines(struct vm *vm, int64_t now)
{
	enum vm_domain domain;
	int ms;
	const char *what = awaited(vm, &domain, &ms);

	if (ms > 0 && now - vm->phase_ns >= machine_scaled_ns(vm, ms))
		timed_out(vm, domain, xasprintf("no \"%s\" from %s within %.3g s", what,
						domain_word(domain), scaled_s(vm, ms)));
	else if (vm->spec.silence_ms > 0 &&
		 now - vm->output_ns >= machine_scaled_ns(vm, vm->spec.silence_ms))
		timed_out(vm, domain, xasprintf("no output at all for %.3g s, waiting for \"%s\"",
						scaled_s(vm, vm->spec.silence_ms), what));
	else if (vm->spec.total_ms > 0 &&
		 now - vm->proc.start_ns >= machine_scaled_ns(vm, vm->spec.total_ms))
		timed_out(vm, domain, xasprintf("not done within %.3g s in all, waiting for \"%s\"",
						scaled_s(vm, vm->spec.total_ms), what));
}

/* Last line of qemu.log, as " (text)", or "". */
static char *qemu_words(const struct vm *vm)
{
	_cleanup_free_ char *path = xasprintf("%s/qemu.log", vm->spec.workdir);
	_cleanup_buf_ struct buf log = BUF_INIT;
	const char *line;

	if (fs_read(path, &log, NULL) < 0 || !log.size)
		return xstrdup("");
	while (log.size && (log.data[log.size - 1] == '\n' || log.data[log.size - 1] == '\r'))
		log.data[--log.size] = '\0';
	line = strrchr(log.data, '\n');
	line = line ? line + 1 : log.data;
	return *line ? xasprintf(" (%.400s)", line) : xstrdup("");
}

/* QEMU ended while we still waited for something. */
static void early_end(struct vm *vm)
{
	_cleanup_free_ char *words = NULL;
	char status[64];

	if (vm->fatal)
		return;
	words = qemu_words(vm);
	spawn_status(&vm->proc, status, sizeof(status));
	if (!spawn_ok(&vm->proc))
		judge_fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE, "QEMU ended by itself: %s%s%s",
			    status, words, disk_full(vm) ? ", no space left on the disk" : "");
	else if (!phase_seen(vm, "xen-up"))
		judge_fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE,
		      "QEMU ended by itself before Xen said anything: %s%s", status, words);
	else if (vm->last_speaker == VM_DOMAIN_XEN && !phase_seen(vm, "dom0-up"))
		judge_fatal(vm, VM_XEN_CRASH, VM_DOMAIN_XEN,
		      "the machine went down before dom0 was up, and no crash was seen");
	else
		judge_fatal(vm, VM_GUEST_CRASH, VM_DOMAIN_DOM0,
		      "the machine went down before everybody was done, and no crash was seen");
}

/* The machine finished: is what it said worth anything? */
static void judge(struct vm *vm)
{
	const struct reports *reports = &vm->result.reports;
	size_t i;

	for (i = 0; i < REPORT_SOURCES; i++) {
		const struct source_stats *stats = &reports->sources[i];
		enum vm_domain domain = source_domain((enum report_source)i);
		const char *who = report_source_name((enum report_source)i);

		if (stats->conflicts)
			soft(vm, VM_FAIL, domain,
			     "%s sent different records under one number: it started over", who);
		if (stats->lost)
			soft(vm, VM_INVALID, domain,
			     "%u of %u records of %s are lost, number %u first (%u lines torn)",
			     stats->lost, stats->max_seq, who,
			     reports_first_lost(reports, (enum report_source)i), reports->torn);
	}
	if (reports->rejected)
		soft(vm, VM_INVALID, VM_DOMAIN_NONE, "a record breaks the contract: %s",
		     reports->problem);
	for (i = 0; i < reports->nr_blobs; i++)
		if (!reports->blobs[i].complete)
			soft(vm, VM_INVALID, source_domain(reports->blobs[i].source),
			     "file %s is incomplete: %u of %u parts", reports->blobs[i].name,
			     reports->blobs[i].parts_seen, reports->blobs[i].parts);
	for (i = 0; i < vm->spec.nr_phases; i++)
		if (!phase_seen(vm, vm->spec.phases[i].name))
			soft(vm, VM_INVALID, phase_domain(vm->spec.phases[i].name),
			     "done, but phase \"%s\" was never reported", vm->spec.phases[i].name);
}

void judge_end(struct vm *vm)
{
	struct vm_result *result = &vm->result;

	if (vm->logs.error)
		judge_fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE,
			    "cannot write the console logs in %s: %s", vm->spec.workdir,
			    strerror(vm->logs.error));
	if (!judge_all_done(vm) || (result->exited && !spawn_ok(&vm->proc)))
		early_end(vm);
	if (vm->fatal)
		return;
	judge(vm);
	result->powered_off = result->exited;
	result->outcome = vm->soft ? vm->soft_outcome : VM_PASS;
	result->culprit = vm->soft ? vm->soft_culprit : VM_DOMAIN_NONE;
	result->reason = vm->soft ? take_ptr(vm->soft_reason) : xstrdup("");
}
