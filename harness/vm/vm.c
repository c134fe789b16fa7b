// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/spawn.h"
#include "vm/console.h"
#include "vm/logs.h"
#include "vm/splat.h"

#define TICK_MS 20
#define RSS_TICKS 10			/* look at the memory every so many ticks */
#define READ_MAX (4u << 20)		/* bytes of console per tick */
#define DRAIN_LONGEST 10		/* times drain_ms, however much is said */

enum state {
	RUNNING,	/* until something fatal, or everybody is done */
	DRAINING,	/* after a crash, until it is quiet */
	FINISHING,	/* everybody is done: wait for the power-off */
	ENDING,		/* TERM was sent */
	ENDED,
};

struct vm {
	struct vm_spec spec;
	struct loop *loop;
	struct loop_source *tick, *child;
	vm_done_fn done;
	void *done_arg;

	enum state state;
	struct proc proc;
	int console_fd;
	off_t console_size;	/* read so far */
	struct console *console;
	struct logs logs;
	unsigned int ticks;

	size_t next_phase;	/* index into spec.phases: the one awaited */
	int64_t phase_ns;	/* since when it is awaited */
	int64_t output_ns;	/* last byte on the console */
	int64_t state_ns;	/* when state began */
	bool killed;		/* KILL was sent */

	bool fatal;		/* result.outcome stands */
	bool soft;		/* a finding that matters if nothing fatal comes */
	enum vm_outcome soft_outcome;
	enum vm_domain soft_culprit, splat_domain;
	char *soft_reason;
	enum splat_class splat_class;	/* of result.splat */
	bool reason_goes_on;	/* Xen says why on the line behind "Panic on CPU" */
	enum vm_domain last_speaker;
	struct vm_result result;
};

const char *vm_outcome_name(enum vm_outcome outcome)
{
	static const char *const names[] = {
		[VM_PASS] = "pass",		  [VM_FAIL] = "fail",
		[VM_INVALID] = "invalid",	  [VM_GUEST_CRASH] = "guest-crash",
		[VM_XEN_CRASH] = "xen-crash",	  [VM_TIMEOUT] = "timeout",
		[VM_INFRA_ERROR] = "infra-error",
	};

	return names[outcome];
}

static int64_t scaled_ns(const struct vm *vm, int ms)
{
	return (int64_t)((double)ms * 1e6 * vm->spec.slowdown);
}

static double scaled_s(const struct vm *vm, int ms)
{
	return (double)scaled_ns(vm, ms) / 1e9;
}

static void enter(struct vm *vm, enum state state)
{
	vm->state = state;
	vm->state_ns = monotonic_ns();
}

/* TERM to the group; tick() follows with KILL. */
static void end_machine(struct vm *vm)
{
	if (vm->state >= ENDING)
		return;
	enter(vm, ENDING);
	kill(-vm->proc.pid, SIGTERM);
}

/* The first fatal finding is the outcome. */
static void __attribute__((format(printf, 4, 5)))
fatal(struct vm *vm, enum vm_outcome outcome, enum vm_domain culprit, const char *fmt, ...)
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
		end_machine(vm);
	else
		enter(vm, DRAINING);
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

static bool all_done(const struct vm *vm)
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
	if (!strncmp(name, "domu-", 5) || !strncmp(name, "disk-", 5) || !strncmp(name, "workload-", 9))
		return VM_DOMAIN_DOMU;
	return VM_DOMAIN_DOM0;
}

static enum vm_domain source_domain(enum report_source source)
{
	return source == REPORT_DOMU ? VM_DOMAIN_DOMU : VM_DOMAIN_DOM0;
}

static void take_report(struct vm *vm, const struct report *report)
{
	enum vm_domain domain = source_domain(report->source);
	const char *who = report_source_name(report->source);

	switch (report->kind) {
	case REPORT_PHASE:
		phase(vm, report->text, report->t_ns);
		break;
	case REPORT_CHECK:
		if (!report->ok)
			soft(vm, VM_FAIL, domain, "%s: check %s", who, report->text);
		break;
	case REPORT_ERROR:
		fatal(vm, VM_FAIL, domain, "%s: %s", who, report->text);
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
		vm->reason_goes_on = !vm->fatal && strstr(text, "Panic on CPU");
		fatal(vm, culprit == VM_DOMAIN_XEN ? VM_XEN_CRASH : VM_GUEST_CRASH, culprit,
		      "%s crashed: %s", domain_word(culprit), text);
		break;
	case SPLAT_HALT:
		if (all_done(vm))
			break;
		if (strstr(text, "rebooting"))
			fatal(vm, VM_GUEST_CRASH, culprit, "%s reset the machine before it was done: %s",
			      domain_word(culprit), text);
		else
			fatal(vm, VM_FAIL, culprit, "%s powered the machine off before it was done: %s",
			      domain_word(culprit), text);
		break;
	case SPLAT_FAIL:
		soft(vm, VM_FAIL, culprit, "%s: %s", domain_word(culprit), text);
		break;
	case SPLAT_INVALID:
		soft(vm, VM_INVALID, culprit, "%s: %s", domain_word(culprit), text);
		break;
	}
}

static void on_line(const struct console_line *line, void *arg)
{
	struct vm *vm = arg;
	struct vm_result *result = &vm->result;
	struct report report;
	struct splat splat;
	bool found, first;

	vm->last_speaker = line->domain;
	reports_line(&result->reports, line->text, line->len, &report);
	found = splat_scan(line->domain, line->text, line->len, &splat);
	/* a normal power-off is no splat */
	if (found && splat.class == SPLAT_HALT && all_done(vm))
		found = false;
	first = found && (!result->splat || splat.class > vm->splat_class);
	logs_line(&vm->logs, line, first);
	if (vm->reason_goes_on && line->domain == VM_DOMAIN_XEN) {
		char *more = xasprintf("%s %s", result->reason, line->text + strcspn(line->text, " ") + 1);

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

/* Read what the console has grown by, at most max bytes. */
static void read_console(struct vm *vm, size_t max)
{
	char block[65536];
	bool any = false;

	while (max) {
		ssize_t n = pread(vm->console_fd, block, sizeof(block) < max ? sizeof(block) : max,
				  vm->console_size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE, "cannot read %s: %s",
			      vm->result.console_path, strerror(errno));
		if (n <= 0)
			break;
		vm->console_size += n;
		max -= (size_t)n;
		console_feed(vm->console, block, (size_t)n);
		any = true;
	}
	if (!any)
		return;
	vm->output_ns = monotonic_ns();
	logs_flush(&vm->logs);
	if (vm->logs.error)
		fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE, "cannot write the console logs in %s: %s",
		      vm->spec.workdir, strerror(vm->logs.error));
	if ((size_t)vm->console_size > vm->spec.console_max) {
		fatal(vm, VM_FAIL, vm->last_speaker, "more than %zu KiB of console output; %s speaks last",
		      vm->spec.console_max >> 10, domain_word(vm->last_speaker));
		end_machine(vm);
	}
}

static void sample_rss(struct vm *vm)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/status", (int)vm->proc.pid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	unsigned long kib;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lu kB", &kib) == 1 && kib * 1024 > vm->result.peak_rss_bytes)
			vm->result.peak_rss_bytes = kib * 1024;
}

static void timed_out(struct vm *vm, enum vm_domain culprit, char *what)
{
	_cleanup_free_ char *reason = what;
	struct vm_result *result = &vm->result;
	const char *last = result->nr_phases ? result->phases[result->nr_phases - 1].name : "none";
	const char *line = vm->logs.nr_lines ? vm->logs.tail[(vm->logs.nr_lines - 1) % LOGS_TAIL]
					     : "nothing";

	if (disk_full(vm))
		fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE, "no space left in %s (%s)",
		      vm->spec.workdir, reason);
	else
		fatal(vm, VM_TIMEOUT, culprit, "%s; last phase: %s; last line: %s%s%s", reason, last, line,
		      vm->soft ? "; before that, " : "", vm->soft ? vm->soft_reason : "");
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

static void check_deadlines(struct vm *vm, int64_t now)
{
	enum vm_domain domain;
	int ms;
	const char *what = awaited(vm, &domain, &ms);

	if (ms > 0 && now - vm->phase_ns >= scaled_ns(vm, ms))
		timed_out(vm, domain, xasprintf("no \"%s\" from %s within %.3g s", what,
						domain_word(domain), scaled_s(vm, ms)));
	else if (vm->spec.silence_ms > 0 && now - vm->output_ns >= scaled_ns(vm, vm->spec.silence_ms))
		timed_out(vm, domain, xasprintf("no output at all for %.3g s, waiting for \"%s\"",
						scaled_s(vm, vm->spec.silence_ms), what));
	else if (vm->spec.total_ms > 0 &&
		 now - vm->proc.start_ns >= scaled_ns(vm, vm->spec.total_ms))
		timed_out(vm, domain, xasprintf("not done within %.3g s in all, waiting for \"%s\"",
						scaled_s(vm, vm->spec.total_ms), what));
}

static void on_tick(void *arg)
{
	struct vm *vm = arg;
	int64_t now, last;

	if (vm->ticks++ % RSS_TICKS == 0)
		sample_rss(vm);
	read_console(vm, READ_MAX);
	now = monotonic_ns();
	switch (vm->state) {
	case RUNNING:
		if (all_done(vm))
			enter(vm, FINISHING);
		else
			check_deadlines(vm, now);
		break;
	case DRAINING:
		last = vm->output_ns > vm->state_ns ? vm->output_ns : vm->state_ns;
		if (now - last >= scaled_ns(vm, vm->spec.drain_ms) ||
		    now - vm->state_ns >= DRAIN_LONGEST * scaled_ns(vm, vm->spec.drain_ms))
			end_machine(vm);
		break;
	case FINISHING:
		if (now - vm->state_ns >= scaled_ns(vm, vm->spec.poweroff_ms))
			end_machine(vm);
		break;
	case ENDING:
		if (!vm->killed && now - vm->state_ns >= scaled_ns(vm, vm->spec.term_ms)) {
			vm->killed = true;
			kill(-vm->proc.pid, SIGKILL);
		}
		break;
	case ENDED:
		break;
	}
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
	_cleanup_free_ char *words = qemu_words(vm);
	char status[64];

	spawn_status(&vm->proc, status, sizeof(status));
	if (!spawn_ok(&vm->proc))
		fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE, "QEMU ended by itself: %s%s%s", status, words,
		      disk_full(vm) ? ", no space left on the disk" : "");
	else if (!phase_seen(vm, "xen-up"))
		fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE,
		      "QEMU ended by itself before Xen said anything: %s%s", status, words);
	else if (vm->last_speaker == VM_DOMAIN_XEN && !phase_seen(vm, "dom0-up"))
		fatal(vm, VM_XEN_CRASH, VM_DOMAIN_XEN,
		      "the machine went down before dom0 was up, and no crash was seen");
	else
		fatal(vm, VM_GUEST_CRASH, VM_DOMAIN_DOM0,
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
			soft(vm, VM_FAIL, domain, "%s sent different records under one number: it started over",
			     who);
		if (stats->lost)
			soft(vm, VM_INVALID, domain, "%u of %u records of %s are lost", stats->lost,
			     stats->max_seq, who);
	}
	if (reports->rejected)
		soft(vm, VM_INVALID, VM_DOMAIN_NONE, "a record breaks the contract: %s", reports->problem);
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

static void on_exit_of_qemu(void *arg)
{
	struct vm *vm = arg;
	struct vm_result *result = &vm->result;
	enum state state = vm->state;

	/* while the leader is not reaped, its group's id is nobody else's */
	kill(-vm->proc.pid, SIGKILL);
	spawn_wait(&vm->proc, -1);
	vm->state = ENDED;
	read_console(vm, vm->spec.console_max + READ_MAX);
	console_finish(vm->console);
	logs_flush(&vm->logs);
	result->exited = state < ENDING;
	result->qemu_status = vm->proc.status;
	result->elapsed_ns = monotonic_ns() - vm->proc.start_ns;
	if (!vm->fatal && !all_done(vm))
		early_end(vm);
	if (!vm->fatal && result->exited && !spawn_ok(&vm->proc))
		early_end(vm);
	if (!vm->fatal) {
		judge(vm);
		result->powered_off = result->exited;
		result->outcome = vm->soft ? vm->soft_outcome : VM_PASS;
		result->culprit = vm->soft ? vm->soft_culprit : VM_DOMAIN_NONE;
		result->reason = vm->soft ? take_ptr(vm->soft_reason) : xstrdup("");
	}
	if (result->splat)
		result->context = buf_detach(&vm->logs.context);
	else if (result->outcome != VM_PASS)
		result->context = logs_tail(&vm->logs, LOGS_TAIL);
	logs_close(&vm->logs);
	loop_remove(&vm->tick);
	loop_remove(&vm->child);
	vm->done(vm, vm->done_arg);
}

static int start_qemu(struct vm *vm, struct err *err)
{
	_cleanup_free_ const char **argv = NULL;
	_cleanup_free_ char *serial = xasprintf("file:%s", vm->result.console_path);
	_cleanup_free_ char *log_path = xasprintf("%s/qemu.log", vm->spec.workdir);
	_cleanup_close_ int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	struct spawn_req req = SPAWN_REQ_INIT;
	size_t nr = 0;

	if (log < 0)
		return err_errno(err, errno, "cannot write %s", log_path);
	/* made here, so that it is there when we look; QEMU truncates the same file */
	vm->console_fd = open(vm->result.console_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (vm->console_fd < 0)
		return err_errno(err, errno, "cannot write %s", vm->result.console_path);
	while (vm->spec.argv[nr])
		nr++;
	argv = xcalloc(nr + 3, sizeof(*argv));
	memcpy(argv, vm->spec.argv, nr * sizeof(*argv));
	argv[nr] = "-serial";
	argv[nr + 1] = serial;
	vm->result.command = spawn_argv_text(argv);
	req.argv = argv;
	req.stdout_fd = log;
	req.stderr_fd = log;
	return spawn_start(&vm->proc, &req, err);
}

struct vm *vm_start(struct loop *loop, const struct vm_spec *spec, vm_done_fn done, void *arg,
		    struct err *err)
{
	struct vm *vm = xcalloc(1, sizeof(*vm));

	vm->spec = *spec;
	if (!(vm->spec.slowdown > 1))
		vm->spec.slowdown = 1;
	vm->loop = loop;
	vm->done = done;
	vm->done_arg = arg;
	vm->proc = (struct proc)PROC_INIT;
	vm->console_fd = -1;
	vm->result.console_path = xasprintf("%s/console.log", spec->workdir);
	reports_init(&vm->result.reports, spec->token);
	vm->console = console_new(spec->token, on_line, vm);
	if (logs_open(&vm->logs, spec->workdir, err) < 0 || start_qemu(vm, err) < 0) {
		vm->state = ENDED;
		vm_free(vm);
		return NULL;
	}
	vm->phase_ns = vm->proc.start_ns;
	vm->output_ns = vm->proc.start_ns;
	enter(vm, RUNNING);
	vm->tick = loop_timer(loop, 0, TICK_MS, on_tick, vm);
	vm->child = loop_child(loop, vm->proc.pid, on_exit_of_qemu, vm);
	return vm;
}

void vm_stop(struct vm *vm, const char *why)
{
	if (vm->state >= ENDING)
		return;
	vm->result.interrupted = true;
	fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE, "interrupted: %s", why);
	end_machine(vm);
}

const struct vm_result *vm_result(const struct vm *vm)
{
	return &vm->result;
}

void vm_take_result(struct vm *vm, struct vm_result *result)
{
	*result = vm->result;
	memset(&vm->result, 0, sizeof(vm->result));
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	if (vm->state != ENDED)
		spawn_end(&vm->proc, 0);
	loop_remove(&vm->tick);
	loop_remove(&vm->child);
	logs_close(&vm->logs);
	console_free(vm->console);
	if (vm->console_fd >= 0)
		close(vm->console_fd);
	free(vm->soft_reason);
	vm_result_release(&vm->result);
	free(vm);
}

void vm_result_release(struct vm_result *result)
{
	free(result->reason);
	free(result->splat);
	free(result->context);
	free(result->phases);
	free(result->command);
	free(result->console_path);
	reports_release(&result->reports);
	memset(result, 0, sizeof(*result));
}
