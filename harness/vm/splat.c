// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm/splat.h"

#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/record.h"

struct pattern {
	const char *text;
	bool at_start;		/* of the message, behind "(XEN) " and timestamps */
	enum splat_class class;
	enum vm_domain culprit;	/* VM_DOMAIN_NONE: whoever says it */
};

/* The first that matches counts. */
static const struct pattern xen_patterns[] = {
	/* drivers/char/console.c: panic() */
	{ "Panic on CPU", true, SPLAT_CRASH, VM_DOMAIN_XEN },
	/* arch/{arm,x86}/traps.c; the panic follows, but say it by its first line */
	{ "Xen BUG at", false, SPLAT_CRASH, VM_DOMAIN_XEN },
	{ "Assertion '", true, SPLAT_CRASH, VM_DOMAIN_XEN },
	{ "Unexpected Trap:", false, SPLAT_CRASH, VM_DOMAIN_XEN },
	{ "FATAL TRAP", false, SPLAT_CRASH, VM_DOMAIN_XEN },
	{ "FATAL PAGE FAULT", false, SPLAT_CRASH, VM_DOMAIN_XEN },
	{ "*** DOUBLE FAULT ***", true, SPLAT_CRASH, VM_DOMAIN_XEN },
	/* arch/x86/nmi.c */
	{ "Watchdog timer detects that CPU", true, SPLAT_CRASH, VM_DOMAIN_XEN },
	/* arch/{arm,x86}/traps.c */
	{ "Xen WARN at", false, SPLAT_FAIL, VM_DOMAIN_XEN },
	/* common/ubsan/ubsan.c */
	{ "UBSAN: Undefined behaviour", true, SPLAT_FAIL, VM_DOMAIN_XEN },
	/* common/shutdown.c: hwdom_shutdown() */
	{ "Hardware Dom0 crashed", true, SPLAT_CRASH, VM_DOMAIN_DOM0 },
	{ "Hardware Dom0 shutdown: watchdog", true, SPLAT_CRASH, VM_DOMAIN_DOM0 },
	{ "Hardware Dom0 shutdown (unknown reason", true, SPLAT_CRASH, VM_DOMAIN_DOM0 },
	{ "Hardware Dom0 shutdown: rebooting machine", true, SPLAT_HALT, VM_DOMAIN_DOM0 },
	{ "Hardware domain 0 did unsupported soft reset", true, SPLAT_CRASH, VM_DOMAIN_DOM0 },
	{ "Hardware Dom0 halted", true, SPLAT_HALT, VM_DOMAIN_DOM0 },
	/* common/domain.c: __domain_crash() */
	{ "Domain 0 (vcpu#", true, SPLAT_CRASH, VM_DOMAIN_DOM0 },
	{ "Domain 0 reported crashed", true, SPLAT_CRASH, VM_DOMAIN_DOM0 },
	{ ") crashed on cpu#", false, SPLAT_CRASH, VM_DOMAIN_DOMU },
	{ " reported crashed by domain ", false, SPLAT_CRASH, VM_DOMAIN_DOMU },
	/* common/sched/core.c: domain_watchdog_timeout() */
	{ "Watchdog timer fired for domain 0", true, SPLAT_CRASH, VM_DOMAIN_DOM0 },
	{ "Watchdog timer fired for domain", true, SPLAT_CRASH, VM_DOMAIN_DOMU },
};

static const struct pattern linux_patterns[] = {
	/* kernel/panic.c */
	{ "Kernel panic - not syncing", true, SPLAT_CRASH, VM_DOMAIN_NONE },
	/* arch/arm64/mm/fault.c, arch/arm64/kernel/traps.c */
	{ "Unable to handle kernel", true, SPLAT_CRASH, VM_DOMAIN_NONE },
	{ "Internal error:", true, SPLAT_CRASH, VM_DOMAIN_NONE },
	/* arch/arm64/kernel/entry-common.c: __panic_unhandled() */
	{ "Unhandled exception", true, SPLAT_CRASH, VM_DOMAIN_NONE },
	{ "SError Interrupt on CPU", true, SPLAT_CRASH, VM_DOMAIN_NONE },
	/* arch/x86/kernel/dumpstack.c, arch/x86/mm/fault.c, arch/x86/kernel/traps.c */
	{ "Oops: ", true, SPLAT_CRASH, VM_DOMAIN_NONE },
	{ "BUG: kernel NULL pointer dereference", true, SPLAT_CRASH, VM_DOMAIN_NONE },
	{ "BUG: unable to handle", true, SPLAT_CRASH, VM_DOMAIN_NONE },
	{ "general protection fault", true, SPLAT_CRASH, VM_DOMAIN_NONE },
	/* lib/bug.c */
	{ "kernel BUG at", true, SPLAT_CRASH, VM_DOMAIN_NONE },
	/* kernel/watchdog.c */
	{ "Watchdog detected hard LOCKUP", false, SPLAT_CRASH, VM_DOMAIN_NONE },
	{ "BUG: soft lockup", false, SPLAT_FAIL, VM_DOMAIN_NONE },
	/* mm/kasan/report.c, mm/kfence/report.c, kernel/locking/, mm/page_alloc.c, ... */
	{ "BUG: ", true, SPLAT_FAIL, VM_DOMAIN_NONE },
	/* kernel/panic.c: __warn(); kernel/locking/lockdep.c; kernel/rcu/update.c */
	{ "WARNING: CPU: ", true, SPLAT_FAIL, VM_DOMAIN_NONE },
	{ "WARNING: possible circular locking", true, SPLAT_FAIL, VM_DOMAIN_NONE },
	{ "WARNING: ", true, SPLAT_FAIL, VM_DOMAIN_NONE },
	{ "INFO: possible circular locking", true, SPLAT_FAIL, VM_DOMAIN_NONE },
	{ "INFO: trying to register non-static key", true, SPLAT_FAIL, VM_DOMAIN_NONE },
	/* kernel/rcu/tree_stall.h ("rcu: INFO: rcu_preempt self-detected stall on CPU") */
	{ "INFO: rcu_", false, SPLAT_FAIL, VM_DOMAIN_NONE },
	/* kernel/hung_task.c */
	{ "blocked for more than", false, SPLAT_FAIL, VM_DOMAIN_NONE },
	/* lib/ubsan.c */
	{ "UBSAN: ", true, SPLAT_FAIL, VM_DOMAIN_NONE },
	/* mm/oom_kill.c */
	{ "Out of memory: Killed process", true, SPLAT_FAIL, VM_DOMAIN_NONE },
	/* drivers/xen/grant-dma-ops.c */
	{ "Grant still in use by backend", false, SPLAT_DEAD, VM_DOMAIN_NONE },
	{ "retain platform DMA ops", false, SPLAT_INVALID, VM_DOMAIN_NONE },
	/* drivers/xen/grant-table.c */
	{ "WARNING: g.e. ", false, SPLAT_FAIL, VM_DOMAIN_NONE },
	{ "leaking g.e. ", false, SPLAT_FAIL, VM_DOMAIN_NONE },
};

/* Lines that quote a command line, on which any word may stand. */
static const char *const echoes[] = {
	"Kernel command line:",
	"Unknown kernel command line parameters",
	"Command line:",
	"bootargs",
};

/* Behind "(XEN) " and any number of "[...] " (timestamp, printk's caller). */
static const char *message(const char *text)
{
	if (!strncmp(text, "(XEN) ", 6))
		text += 6;
	while (*text == '[') {
		const char *p = text + 1;

		while (*p && (isdigit((unsigned char)*p) || strchr(" .:-TC", *p)))
			p++;
		if (*p != ']')
			break;
		text = p[1] == ' ' ? p + 2 : p + 1;
	}
	return text;
}

static bool is_echo(const char *msg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(echoes); i++)
		if (strstr(msg, echoes[i]))
			return true;
	return false;
}

bool splat_scan(enum vm_domain domain, const char *text, size_t len, struct splat *splat)
{
	const struct pattern *p = domain == VM_DOMAIN_XEN ? xen_patterns : linux_patterns;
	size_t nr = domain == VM_DOMAIN_XEN ? ARRAY_SIZE(xen_patterns)
					    : ARRAY_SIZE(linux_patterns);
	const char *msg = message(text);

	if (record_find(text, len) >= 0 || is_echo(msg))
		return false;
	for (; nr; nr--, p++) {
		if (p->at_start ? strncmp(msg, p->text, strlen(p->text)) : !strstr(msg, p->text))
			continue;
		splat->class = p->class;
		splat->culprit = p->culprit == VM_DOMAIN_NONE ? domain : p->culprit;
		splat->what = p->text;
		return true;
	}
	return false;
}
