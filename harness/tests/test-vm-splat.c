// SPDX-License-Identifier: GPL-2.0-or-later
/* Which lines are crashes, of whom, and which only look like it. */
#include <string.h>

#include "lib/cleanup.h"
#include "tests/lib-check.h"
#include "vm/splat.h"

#define X VM_DOMAIN_XEN
#define D0 VM_DOMAIN_DOM0
#define DU VM_DOMAIN_DOMU

/* As the sources print them: Xen 4.17, Linux 6.12. */
static const struct {
	enum vm_domain domain;
	const char *line;
	enum splat_class class;
	enum vm_domain culprit;
} hits[] = {
	{ X, "(XEN) Panic on CPU 0:", SPLAT_CRASH, X },
	{ X, "(XEN) [    1.234567] Panic on CPU 1:", SPLAT_CRASH, X },
	{ X, "(XEN) Xen BUG at common/sched/core.c:123", SPLAT_CRASH, X },
	{ X, "(XEN) Assertion 'spin_is_locked(&lock)' failed at arch/arm/vpl011.c:53", SPLAT_CRASH,
	  X },
	{ X, "(XEN) CPU0: Unexpected Trap: Data Abort", SPLAT_CRASH, X },
	{ X, "(XEN) FATAL TRAP: vec 6, #UD[0000]", SPLAT_CRASH, X },
	{ X, "(XEN) FATAL PAGE FAULT", SPLAT_CRASH, X },
	{ X, "(XEN) *** DOUBLE FAULT ***", SPLAT_CRASH, X },
	{ X, "(XEN) Watchdog timer detects that CPU1 is stuck!", SPLAT_CRASH, X },
	{ X, "(XEN) Xen WARN at common/domain.c:77", SPLAT_FAIL, X },
	{ X, "(XEN) UBSAN: Undefined behaviour in common/x.c:1:2", SPLAT_FAIL, X },
	{ X, "(XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.", SPLAT_CRASH, D0 },
	{ X, "(XEN) Hardware Dom0 shutdown: rebooting machine", SPLAT_HALT, D0 },
	{ X, "(XEN) Hardware Dom0 shutdown: watchdog rebooting machine", SPLAT_CRASH, D0 },
	{ X, "(XEN) Hardware Dom0 shutdown (unknown reason 7): rebooting machine", SPLAT_CRASH,
	  D0 },
	{ X, "(XEN) Hardware Dom0 halted: halting machine", SPLAT_HALT, D0 },
	{ X, "(XEN) Domain 0 (vcpu#0) crashed on cpu#0:", SPLAT_CRASH, D0 },
	{ X, "(XEN) Domain 1 (vcpu#0) crashed on cpu#0:", SPLAT_CRASH, DU },
	{ X, "(XEN) Domain 12 reported crashed by domain 0 on cpu#0:", SPLAT_CRASH, DU },
	{ X, "(XEN) Watchdog timer fired for domain 0", SPLAT_CRASH, D0 },
	{ X, "(XEN) Watchdog timer fired for domain 3", SPLAT_CRASH, DU },
	{ D0, "Kernel panic - not syncing: VFS: Unable to mount root fs", SPLAT_CRASH, D0 },
	{ DU, "[    1.234567] Kernel panic - not syncing: Attempted to kill init!", SPLAT_CRASH,
	  DU },
	{ DU, "[    1.234567][    T1] Internal error: Oops: 0000000096000004 [#1] SMP", SPLAT_CRASH,
	  DU },
	{ DU, "Unable to handle kernel NULL pointer dereference at virtual address 08", SPLAT_CRASH,
	  DU },
	{ DU, "Internal error: synchronous external abort: 0000000096000010 [#1] SMP", SPLAT_CRASH,
	  DU },
	{ DU, "SError Interrupt on CPU0, code 0x00000000be000000 -- SError", SPLAT_CRASH, DU },
	{ D0, "Oops: 0002 [#1] PREEMPT SMP NOPTI", SPLAT_CRASH, D0 },
	{ D0, "BUG: kernel NULL pointer dereference, address: 0000000000000008", SPLAT_CRASH, D0 },
	{ D0, "BUG: unable to handle page fault for address: ffff8880", SPLAT_CRASH, D0 },
	{ D0, "general protection fault, probably for non-canonical address", SPLAT_CRASH, D0 },
	{ D0, "kernel BUG at drivers/xen/grant-table.c:123!", SPLAT_CRASH, D0 },
	{ D0, "watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [fio:99]", SPLAT_FAIL, D0 },
	{ D0, "BUG: KASAN: slab-out-of-bounds in f+0x1/0x2", SPLAT_FAIL, D0 },
	{ D0, "BUG: sleeping function called from invalid context at mm/x.c:1", SPLAT_FAIL, D0 },
	{ DU, "WARNING: CPU: 0 PID: 1 at drivers/xen/grant-dma-ops.c:227 f+0x0/0x10", SPLAT_FAIL,
	  DU },
	{ DU, "WARNING: possible circular locking dependency detected", SPLAT_FAIL, DU },
	{ DU, "WARNING: possible irq lock inversion dependency detected", SPLAT_FAIL, DU },
	{ DU, "rcu: INFO: rcu_preempt self-detected stall on CPU", SPLAT_FAIL, DU },
	{ DU, "INFO: task fio:77 blocked for more than 120 seconds.", SPLAT_FAIL, DU },
	{ DU, "UBSAN: array-index-out-of-bounds in drivers/x.c:1:2", SPLAT_FAIL, DU },
	{ DU, "Out of memory: Killed process 12 (fio)", SPLAT_FAIL, DU },
	{ DU, "virtio_blk virtio0: Grant still in use by backend domain, disabled for further use",
	  SPLAT_DEAD, DU },
	{ DU, "xen:grant_table: WARNING: g.e. 0x1f still in use!", SPLAT_FAIL, DU },
	{ DU,
	  "virtio-mmio 2000000.virtio: Cannot set up Xen grant DMA ops, retain platform DMA ops",
	  SPLAT_INVALID, DU },
};

/* What any console prints and what nobody may take for a crash. */
static const struct {
	enum vm_domain domain;
	const char *line;
} misses[] = {
	{ D0, "Kernel command line: console=hvc0 panic=-1 oops=panic Oops: BUG: WARNING: Kernel "
	      "panic" },
	{ D0, "[    0.000000] Kernel command line: initcall_blacklist=grant_dma_iommu_init "
	      "WARNING: CPU: 0" },
	{ D0, "[    0.000000] Unknown kernel command line parameters \"BUG: \", will be passed to "
	      "user space." },
	{ X, "(XEN) Command line: console=dtuart Panic on CPU Xen BUG at" },
	{ X, "(XEN) WARNING: SILO mode is not enabled." },
	{ X, "(XEN) ***************************************************" },
	{ X, "(XEN) WARNING: CONSOLE OUTPUT IS SYNCHRONOUS" },
	{ X, "(XEN) d0v0 Kernel panic - not syncing: only quoted" },
	{ D0, "(XEN) is what Xen prints; Panic on CPU 0:" },
	{ D0, "Panic on CPU 0:" },
	{ DU, "{\"gb\":1,\"tok\":\"00\",\"src\":\"domu\",\"seq\":1,\"type\":\"error\",\"data\":"
	      "{\"what\":\"Kernel panic - not syncing: retain platform DMA ops\"},\"crc\":\"0\"}" },
	{ DU, "[    1.0] {\"gb\":1,\"tok\":\"00\",torn Grant still in use by backend" },
	{ DU, "fio: this prints BUG: and WARNING: inside" },
	{ DU, "Rebooting in 1 seconds.." },
	{ DU, "---[ end Kernel panic - not syncing: x ]---" },
	{ DU, "Call trace:" },
	{ DU, "rcu: Hierarchical RCU implementation." },
	{ DU, "Warning: unable to open an initial console." },
	{ DU, "" },
};

START_TEST(hit)
{
	struct splat splat;

	ck_assert_msg(splat_scan(hits[_i].domain, hits[_i].line, strlen(hits[_i].line), &splat),
		      "missed: %s", hits[_i].line);
	ck_assert_msg(splat.class == hits[_i].class && splat.culprit == hits[_i].culprit,
		      "%s: class %d, culprit %s", hits[_i].line, splat.class,
		      vm_domain_name(splat.culprit));
}
END_TEST

START_TEST(miss)
{
	struct splat splat;

	ck_assert_msg(
		!splat_scan(misses[_i].domain, misses[_i].line, strlen(misses[_i].line), &splat),
		"\"%s\" taken for \"%s\"", misses[_i].line, splat.what);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vm-splat");
	TCase *c = tcase_create("patterns");

	tcase_add_loop_test(c, hit, 0, (int)ARRAY_SIZE(hits));
	tcase_add_loop_test(c, miss, 0, (int)ARRAY_SIZE(misses));
	suite_add_tcase(s, c);
	return lib_check_main(s);
}
