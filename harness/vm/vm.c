// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "vm/machine.h"

#define TICK_MS 20
#define RSS_TICKS 10			/* look at the memory every so many ticks */
#define READ_MAX (4u << 20)		/* bytes of console per tick */
#define DRAIN_LONGEST 10		/* times drain_ms, however much is said */

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

int64_t machine_scaled_ns(const struct vm *vm, int ms)
{
	return (int64_t)((double)ms * 1e6 * vm->spec.slowdown);
}

void machine_enter(struct vm *vm, enum machine_state state)
{
	vm->state = state;
	vm->state_ns = monotonic_ns();
}

/* TERM to the group; tick() follows with KILL. */
void machine_end(struct vm *vm)
{
	if (vm->state >= ENDING)
		return;
	machine_enter(vm, ENDING);
	kill(-vm->proc.pid, SIGTERM);
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
			judge_fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE, "cannot read %s: %s",
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
		judge_fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE,
			    "cannot write the console logs in %s: %s", vm->spec.workdir,
			    strerror(vm->logs.error));
	if ((size_t)vm->console_size > vm->spec.console_max) {
		judge_fatal(vm, VM_FAIL, vm->last_speaker,
			    "more than %zu KiB of console output; %s speaks last",
			    vm->spec.console_max >> 10, vm_domain_name(vm->last_speaker));
		machine_end(vm);
	}
}

static void sample_rss(struct vm *vm)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/status", (int)vm->proc.pid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	unsigned long kib;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lu kB", &kib) == 1 &&
		    kib * 1024 > vm->result.peak_rss_bytes)
			vm->result.peak_rss_bytes = kib * 1024;
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
		if (judge_all_done(vm))
			machine_enter(vm, FINISHING);
		else
			judge_deadlines(vm, now);
		break;
	case DRAINING:
		last = vm->output_ns > vm->state_ns ? vm->output_ns : vm->state_ns;
		if (now - last >= machine_scaled_ns(vm, vm->spec.drain_ms) ||
		    now - vm->state_ns >= DRAIN_LONGEST * machine_scaled_ns(vm, vm->spec.drain_ms))
			machine_end(vm);
		break;
	case FINISHING:
		if (now - vm->state_ns >= machine_scaled_ns(vm, vm->spec.poweroff_ms))
			machine_end(vm);
		break;
	case ENDING:
		if (!vm->killed && now - vm->state_ns >= machine_scaled_ns(vm, vm->spec.term_ms)) {
			vm->killed = true;
			kill(-vm->proc.pid, SIGKILL);
		}
		break;
	case ENDED:
		break;
	}
}

static void on_exit_of_qemu(void *arg)
{
	struct vm *vm = arg;
	struct vm_result *result = &vm->result;
	enum machine_state state = vm->state;

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
	judge_end(vm);
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
	_cleanup_close_ int log =
		open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	struct spawn_req req = SPAWN_REQ_INIT;
	size_t nr = 0;

	if (log < 0)
		return err_errno(err, errno, "cannot write %s", log_path);
	/* made here, so that it is there when we look; QEMU truncates the same file */
	vm->console_fd =
		open(vm->result.console_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
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
	req.cwd = vm->spec.workdir;
	req.stdout_fd = log;
	req.stderr_fd = log;
	return spawn_start(&vm->proc, &req, err);
}

struct vm *vm_start(struct loop *loop, const struct vm_spec *spec, vm_done_fn done, void *arg,
		    struct err *err)
{
	struct vm *vm = xcalloc(1, sizeof(*vm));
	int i;

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
	for (i = 0; i < REPORT_SOURCES; i++)
		if (spec->source_token[i])
			reports_set_token(&vm->result.reports, (enum report_source)i,
					  spec->source_token[i]);
	vm->console = console_new(spec->token, judge_line, vm);
	if (logs_open(&vm->logs, spec->workdir, err) < 0 || start_qemu(vm, err) < 0) {
		vm->state = ENDED;
		vm_free(vm);
		return NULL;
	}
	vm->phase_ns = vm->proc.start_ns;
	vm->output_ns = vm->proc.start_ns;
	machine_enter(vm, RUNNING);
	vm->tick = loop_timer(loop, 0, TICK_MS, on_tick, vm);
	vm->child = loop_child(loop, vm->proc.pid, on_exit_of_qemu, vm);
	return vm;
}

void vm_stop(struct vm *vm, const char *why)
{
	if (vm->state >= ENDING)
		return;
	vm->result.interrupted = true;
	judge_fatal(vm, VM_INFRA_ERROR, VM_DOMAIN_NONE, "interrupted: %s", why);
	machine_end(vm);
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
