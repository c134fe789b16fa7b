// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One machine and what is said of it: every row is a script of the fake QEMU and
 * the exact outcome, culprit and a piece of the reason that must come of it.
 */
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/spawn.h"
#include "tests/lib-check.h"
#include "tests/lib-fake.h"
#include "vm/vm.h"

#define PHASE(where, src, seq, name) \
	"record " where " " src " " seq " phase {\"phase\":\"" name "\",\"t_ns\":1000}\n"
#define DONE(where, src, seq) "record " where " " src " " seq " done {\"ok\":true}\n"
#define BOOT "boot\n" PHASE("dom0", "dom0", "1", "dom0-up")
#define DOMU PHASE("domu", "domu", "1", "domu-up")
#define FINISH DONE("domu", "domu", "2") DONE("dom0", "dom0", "2")
#define OFF "xen Hardware Dom0 halted: halting machine\nexit 0\n"
#define GOOD BOOT DOMU FINISH OFF

/* Short where a deadline is to pass, long where none may on a loaded machine. */
static const struct vm_phase short_phases[] = {
	{ "xen-up", 500 }, { "dom0-up", 500 }, { "domu-up", 500 },
};
static const struct vm_phase long_phases[] = {
	{ "xen-up", 9000 }, { "dom0-up", 9000 }, { "domu-up", 9000 },
};

static const struct row {
	const char *name;
	const char *script;
	enum vm_outcome outcome;
	enum vm_domain culprit;
	const char *reason;	/* NULL: "" */
} rows[] = {
	{ "good", GOOD, VM_PASS, VM_DOMAIN_NONE, NULL },
	{ "relayed domU",
	  BOOT PHASE("relay", "domu", "1", "domu-up") DONE("relay", "domu", "2")
		  DONE("dom0", "dom0", "2") OFF,
	  VM_PASS, VM_DOMAIN_NONE, NULL },
	{ "phase before its turn", "boot\n" DOMU PHASE("dom0", "dom0", "1", "dom0-up") FINISH OFF,
	  VM_PASS, VM_DOMAIN_NONE, NULL },
	{ "record with a Xen line inside",
	  "boot\n"
	  "split dom0 1 phase {\"phase\":\"dom0-up\",\"t_ns\":1000}\n" DOMU FINISH OFF,
	  VM_PASS, VM_DOMAIN_NONE, NULL },
	{ "repeated record", BOOT DOMU DOMU DOMU FINISH OFF, VM_PASS, VM_DOMAIN_NONE, NULL },
	{ "garbage between", BOOT "garbage 20000\nraw \\n\n" DOMU FINISH OFF, VM_PASS,
	  VM_DOMAIN_NONE, NULL },
	{ "foreign token",
	  BOOT "token ffff\n"
	       "record domu domu 1 error {\"what\":\"no\"}\n"
	       "token 0123456789abcdef\n" DOMU FINISH OFF,
	  VM_PASS, VM_DOMAIN_NONE, NULL },
	{ "reboot when done",
	  BOOT DOMU FINISH "xen Hardware Dom0 shutdown: rebooting machine\nexit 0\n", VM_PASS,
	  VM_DOMAIN_NONE, NULL },

	{ "silence", "hang\n", VM_TIMEOUT, VM_DOMAIN_XEN, "no \"xen-up\" from Xen within 0.5 s" },
	{ "garbage only", "garbage 5000\nhang\n", VM_TIMEOUT, VM_DOMAIN_XEN, "no \"xen-up\"" },
	{ "late banner", "sleep 1000\n" GOOD, VM_TIMEOUT, VM_DOMAIN_XEN, "no \"xen-up\"" },
	{ "dom0 hangs", "boot\nhang\n", VM_TIMEOUT, VM_DOMAIN_DOM0,
	  "no \"dom0-up\" from dom0 within 0.5 s; last phase: xen-up; last line: dom0: " },
	{ "domU hangs", BOOT "hang\n", VM_TIMEOUT, VM_DOMAIN_DOMU, "last phase: dom0-up" },
	{ "early phase is not awaited again", "boot\n" DOMU PHASE("dom0", "dom0", "1", "dom0-up")
	  "hang\n", VM_TIMEOUT, VM_DOMAIN_DOMU, "no \"done\" from domu" },
	{ "done missing", BOOT DOMU DONE("dom0", "dom0", "2") "hang\n", VM_TIMEOUT, VM_DOMAIN_DOMU,
	  "no \"done\" from domu" },
	{ "done with a bad checksum",
	  BOOT DOMU DONE("dom0", "dom0", "2") "badrecord domu domu 2 done {\"ok\":true}\nhang\n",
	  VM_TIMEOUT, VM_DOMAIN_DOMU, "no \"done\"" },
	{ "phase with a bad checksum",
	  "boot\n"
	  "badrecord dom0 dom0 1 phase {\"phase\":\"dom0-up\",\"t_ns\":1}\nhang\n",
	  VM_TIMEOUT, VM_DOMAIN_DOM0, "no \"dom0-up\"" },
	{ "timeout names an earlier warning",
	  BOOT "domu WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2\nhang\n", VM_TIMEOUT,
	  VM_DOMAIN_DOMU, "before that, domu: WARNING: CPU: 0" },

	{ "Xen panics",
	  "boot\nxen ****************************************\nxen Panic on CPU 0:\n"
	  "xen GNTTAB: out of luck\nxen ****************************************\nhang\n",
	  VM_XEN_CRASH, VM_DOMAIN_XEN, "Xen crashed: (XEN) Panic on CPU 0: GNTTAB: out of luck" },
	{ "Xen BUG", BOOT "xen Xen BUG at common/grant_table.c:1234\nhang\n", VM_XEN_CRASH,
	  VM_DOMAIN_XEN, "grant_table.c:1234" },
	{ "Xen assertion", BOOT "xen Assertion 'x > 0' failed at common/domain.c:12\nhang\n",
	  VM_XEN_CRASH, VM_DOMAIN_XEN, "Assertion" },
	{ "dom0 panics", "boot\ndom0 Kernel panic - not syncing: VFS: no root\nhang\n",
	  VM_GUEST_CRASH, VM_DOMAIN_DOM0,
	  "dom0 crashed: Kernel panic - not syncing: VFS: no root" },
	{ "dom0 panics and resets",
	  "boot\ndom0 [    1.5] Kernel panic - not syncing: oh\n"
	  "xen Hardware Dom0 shutdown: rebooting machine\nexit 0\n",
	  VM_GUEST_CRASH, VM_DOMAIN_DOM0, "Kernel panic - not syncing: oh" },
	{ "dom0 resets without a word",
	  BOOT "xen Hardware Dom0 shutdown: rebooting machine\nexit 0\n", VM_GUEST_CRASH,
	  VM_DOMAIN_DOM0, "reset the machine" },
	{ "dom0 powers off early", BOOT OFF, VM_FAIL, VM_DOMAIN_DOM0,
	  "powered the machine off before" },
	{ "reset unseen", BOOT DOMU "exit 0\n", VM_GUEST_CRASH, VM_DOMAIN_DOM0,
	  "went down before" },
	{ "domU panics", BOOT "domu [    0.5] Kernel panic - not syncing: no init\nhang\n",
	  VM_GUEST_CRASH, VM_DOMAIN_DOMU, "domu crashed: " },
	{ "relayed domU oopses",
	  BOOT "relay Internal error: Oops: 0000000096000004 [#1] SMP\nhang\n", VM_GUEST_CRASH,
	  VM_DOMAIN_DOMU, "Internal error" },
	{ "Xen kills the domU", BOOT "xen Domain 1 (vcpu#0) crashed on cpu#0:\nhang\n",
	  VM_GUEST_CRASH, VM_DOMAIN_DOMU, "Domain 1" },
	{ "panic when all is done",
	  BOOT DOMU FINISH "dom0 Kernel panic - not syncing: late\nexit 0\n", VM_GUEST_CRASH,
	  VM_DOMAIN_DOM0, "late" },

	{ "warning",
	  BOOT "dom0 WARNING: CPU: 0 PID: 1 at drivers/xen/x.c:3 f+0x0/0x10\n" DOMU FINISH OFF,
	  VM_FAIL, VM_DOMAIN_DOM0, "dom0: WARNING: CPU" },
	{ "platform DMA ops",
	  BOOT "domu virtio_blk virtio0: Cannot set up Xen grant DMA ops, "
	       "retain platform DMA ops\nhang\n",
	  VM_INVALID, VM_DOMAIN_DOMU, "retain platform" },
	{ "not what was asked for, and what comes of it",
	  BOOT "domu x: retain platform DMA ops\n"
	       "domu xen: Grant still in use by backend domain 0\n" DOMU FINISH OFF,
	  VM_INVALID, VM_DOMAIN_DOMU, "retain platform" },
	{ "guest's error",
	  BOOT "record domu domu 1 error {\"what\":\"/dev/vda is no block device\"}\nhang\n",
	  VM_FAIL, VM_DOMAIN_DOMU, "domu: /dev/vda is no block device" },
	{ "error, then its panic",
	  BOOT "record domu domu 1 error {\"what\":\"no disk\"}\n"
	       "domu Kernel panic - not syncing: Attempted to kill init!\nhang\n",
	  VM_FAIL, VM_DOMAIN_DOMU, "no disk" },
	{ "dom0 notices a panic first",
	  BOOT "record dom0 dom0 2 error {\"what\":\"the domU ended with shutdown reason 1\"}\n"
	       "relay Kernel panic - not syncing: Attempted to kill init!\nhang\n",
	  VM_GUEST_CRASH, VM_DOMAIN_DOMU, "domu crashed: Kernel panic" },
	{ "backend's error",
	  BOOT "record dom0 backend 1 error {\"what\":\"no ioreq server\"}\nhang\n", VM_FAIL,
	  VM_DOMAIN_DOM0, "backend: no ioreq server" },
	{ "failed check",
	  BOOT DOMU "record domu domu 2 check {\"name\":\"grefs\",\"ok\":false,\"detail\":\"3\"}\n"
	  DONE("domu", "domu", "3") DONE("dom0", "dom0", "2") OFF,
	  VM_FAIL, VM_DOMAIN_DOMU, "domu: check grefs: 3" },
	{ "done, not ok",
	  BOOT DOMU "record domu domu 2 done {\"ok\":false}\n" DONE("dom0", "dom0", "2") OFF,
	  VM_FAIL, VM_DOMAIN_DOMU, "not well" },
	{ "source started over", BOOT DOMU PHASE("domu", "domu", "1", "disk-ready") FINISH OFF,
	  VM_FAIL, VM_DOMAIN_DOMU, "started over" },
	{ "gap", BOOT DOMU DONE("domu", "domu", "4") DONE("dom0", "dom0", "2") OFF, VM_INVALID,
	  VM_DOMAIN_DOMU, "2 of 4 records of domu are lost" },
	{ "torn record",
	  BOOT DOMU "torn domu domu 2 check {\"name\":\"a\",\"ok\":true,\"detail\":\"b\"}\n"
	  DONE("domu", "domu", "3") DONE("dom0", "dom0", "2") OFF,
	  VM_INVALID, VM_DOMAIN_DOMU, "1 of 3 records of domu are lost" },
	{ "unknown type",
	  BOOT DOMU "record domu domu 2 surprise {}\n" DONE("domu", "domu", "3")
		  DONE("dom0", "dom0", "2") OFF,
	  VM_INVALID, VM_DOMAIN_NONE, "unknown type \"surprise\"" },
	{ "half a file",
	  BOOT DOMU "record domu domu 2 blob "
		    "{\"name\":\"fio.json\",\"part\":0,\"parts\":2,\"b64\":\"e30=\"}\n"
	  DONE("domu", "domu", "3") DONE("dom0", "dom0", "2") OFF,
	  VM_INVALID, VM_DOMAIN_DOMU, "fio.json is incomplete: 1 of 2" },
	{ "phase never told", BOOT DONE("domu", "domu", "1") DONE("dom0", "dom0", "2") OFF,
	  VM_INVALID, VM_DOMAIN_DOMU, "\"domu-up\" was never reported" },

	{ "endless output", "boot\nendless Out of paper, refill the printer\n", VM_FAIL,
	  VM_DOMAIN_DOM0, "more than 256 KiB of console output; dom0" },
	{ "exit 1", "stderr qemu-system-aarch64: -machine virt: unsupported\nexit 1\n",
	  VM_INFRA_ERROR, VM_DOMAIN_NONE,
	  "exit status 1 (qemu-system-aarch64: -machine virt: unsupported)" },
	{ "exit 0 at once", "exit 0\n", VM_INFRA_ERROR, VM_DOMAIN_NONE,
	  "before Xen said anything" },
	{ "segfault", BOOT "signal 11\n", VM_INFRA_ERROR, VM_DOMAIN_NONE, "killed by signal 11" },
	{ "killed when done", BOOT DOMU FINISH "signal 9\n", VM_INFRA_ERROR, VM_DOMAIN_NONE,
	  "killed by signal 9" },
	{ "Xen goes down silently", "boot\nxen last words\nexit 0\n", VM_XEN_CRASH, VM_DOMAIN_XEN,
	  "before dom0 was up" },
};

static struct vm_spec make_spec(const char *const *argv, const char *dir, bool timeout)
{
	struct vm_spec spec = VM_SPEC_INIT;

	spec.argv = argv;
	spec.workdir = dir;
	spec.token = FAKE_TOKEN;
	spec.phases = timeout ? short_phases : long_phases;
	spec.nr_phases = ARRAY_SIZE(long_phases);
	spec.done_ms = timeout ? 400 : 9000;
	spec.poweroff_ms = 9000;
	spec.drain_ms = 60;
	spec.term_ms = 200;
	spec.console_max = 256u << 10;
	return spec;
}

static void run(const char *script, bool timeout, struct vm_result *result, char **dir)
{
	_cleanup_free_ char *qemu = fake_program("fake-qemu");
	const char *argv[] = { qemu, "-nodefaults", "-script", script, NULL };
	struct err err = { 0 };
	struct vm_spec spec;

	*dir = lib_check_tmpdir();
	spec = make_spec(argv, *dir, timeout);
	ck_assert_msg(vm_run(&spec, result, &err) == 0, "%s", err.msg);
}

START_TEST(outcome)
{
	const struct row *row = &rows[_i];
	struct vm_result r;
	char *dir;

	run(row->script, row->outcome == VM_TIMEOUT, &r, &dir);
	ck_assert_msg(r.outcome == row->outcome && r.culprit == row->culprit,
		      "%s: %s, culprit \"%s\": %s", row->name, vm_outcome_name(r.outcome),
		      vm_domain_name(r.culprit), r.reason);
	if (row->reason)
		ck_assert_msg(strstr(r.reason, row->reason) != NULL, "%s: reason: %s", row->name,
			      r.reason);
	else
		ck_assert_msg(!*r.reason, "%s: reason: %s", row->name, r.reason);
	ck_assert_msg(!strchr(r.reason, '\n'), "%s: reason: %s", row->name, r.reason);
	vm_result_release(&r);
	fake_rmdir(dir);
}
END_TEST

static void check_file(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_buf_ struct buf buf = BUF_INIT;
	struct err err = { 0 };

	ck_assert_msg(fs_read(path, &buf, &err) == 0, "%s", err.msg);
	ck_assert_msg(strstr(buf.data, text) != NULL, "%s lacks \"%s\":\n%s", name, text, buf.data);
}

START_TEST(everything_in_the_result)
{
	struct vm_result r;
	char *dir;

	run(BOOT
	    "alloc 32\nsleep 300\n" DOMU
	    "record domu domu 2 blob {\"name\":\"a.txt\",\"part\":1,\"parts\":2,\"b64\":\"bG8K\"}\n"
	    "record domu domu 3 blob {\"name\":\"a.txt\",\"part\":0,\"parts\":2,\"b64\":\"aGVs\"}\n"
	    "record domu domu 4 proof "
	    "{\"device\":\"2000000.virtio\",\"grant_dma\":true,\"grefs_start\":7}\n"
	    DONE("domu", "domu", "5") DONE("dom0", "dom0", "2") OFF,
	    false, &r, &dir);
	ck_assert_msg(r.outcome == VM_PASS, "%s", r.reason);
	ck_assert(r.exited && r.powered_off && !r.interrupted);
	/* a power-off at the end is no splat */
	ck_assert(!r.splat && !r.context);
	ck_assert_uint_eq(r.nr_phases, 3);
	ck_assert_str_eq(r.phases[0].name, "xen-up");
	ck_assert_int_eq(r.phases[0].guest_ns, -1);
	ck_assert_str_eq(r.phases[2].name, "domu-up");
	ck_assert_int_eq(r.phases[2].guest_ns, 1000);
	ck_assert_int_gt(r.phases[2].host_ns, 250000000);
	ck_assert_int_gt(r.elapsed_ns, r.phases[2].host_ns);
	ck_assert_uint_gt(r.peak_rss_bytes, 32u << 20);
	/* blobs are not among the records */
	ck_assert_uint_eq(json_array_size(r.reports.records), 5);
	ck_assert_str_eq(reports_blob(&r.reports, "a.txt")->data, "hello\n");
	ck_assert_uint_eq(r.reports.sources[REPORT_DOMU].records, 5);
	ck_assert_msg(strstr(r.command, "-serial file:") != NULL, "%s", r.command);
	check_file(dir, "xen.log", "(XEN) Xen version 4.17.5");
	check_file(dir, "xen.log", "UART enabled");
	check_file(dir, "dom0.log", "Booting Linux");
	check_file(dir, "domu.log", "grefs_start");
	check_file(dir, "console.log", "(XEN) DOM1: {\"gb\":1");
	vm_result_release(&r);
	fake_rmdir(dir);
}
END_TEST

START_TEST(crash_is_drained)
{
	struct vm_result r;
	char *dir;

	run(BOOT "dom0 before\ndomu Unable to handle kernel NULL pointer dereference\nsleep 30\n"
	    "domu Call trace:\nsleep 30\ndomu  some_function+0x10/0x20\nhang\n", false, &r, &dir);
	ck_assert_int_eq(r.outcome, VM_GUEST_CRASH);
	ck_assert_str_eq(r.splat, "Unable to handle kernel NULL pointer dereference");
	ck_assert_msg(strstr(r.context, "dom0: before\ndomu: Unable to handle") != NULL, "%s",
		      r.context);
	ck_assert_msg(strstr(r.context, "some_function+0x10") != NULL, "%s", r.context);
	ck_assert(!r.exited);
	vm_result_release(&r);
	fake_rmdir(dir);
}
END_TEST

START_TEST(counts)
{
	_cleanup_buf_ struct buf script = BUF_INIT;
	struct vm_result r;
	char *dir;
	int i;

	buf_addstr(&script, BOOT DOMU DOMU DOMU "token ffff\n" DOMU "token 0123456789abcdef\n"
						"badrecord domu domu 9 done {\"ok\":true}\nraw "
						"{\"gb\":1,\"tok\":\"0123456789abcdef\",");
	for (i = 0; i < 1000; i++)
		buf_addstr(&script, "x");
	buf_addstr(&script, "\\n\n" FINISH OFF);
	run(script.data, false, &r, &dir);
	ck_assert_msg(r.outcome == VM_PASS, "%s", r.reason);
	ck_assert_uint_eq(r.reports.sources[REPORT_DOMU].repeated, 2);
	ck_assert_uint_eq(r.reports.foreign, 1);
	ck_assert_uint_eq(r.reports.torn, 1);
	ck_assert_uint_eq(r.reports.oversized, 1);
	ck_assert_uint_eq(r.reports.rejected, 0);
	vm_result_release(&r);
	fake_rmdir(dir);
}
END_TEST

START_TEST(silence_watchdog)
{
	_cleanup_free_ char *qemu = fake_program("fake-qemu");
	const char *argv[] = { qemu, "-script", BOOT "hang\n", NULL };
	struct err err = { 0 };
	char *dir = lib_check_tmpdir();
	struct vm_spec spec = make_spec(argv, dir, false);
	struct vm_result r;

	spec.silence_ms = 150;
	spec.slowdown = 2;
	ck_assert_msg(vm_run(&spec, &r, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(r.outcome, VM_TIMEOUT);
	ck_assert_msg(strstr(r.reason, "no output at all for 0.3 s, waiting for \"domu-up\"") !=
			      NULL,
		      "%s", r.reason);
	ck_assert_int_ge(r.elapsed_ns, 300000000);
	vm_result_release(&r);

	argv[2] = BOOT "domu a\nsleep 100\ndomu b\nsleep 100\ndomu c\nsleep 100\ndomu d\nhang\n";
	spec.slowdown = 1;
	spec.total_ms = 250;
	ck_assert_msg(vm_run(&spec, &r, &err) == 0, "%s", err.msg);
	ck_assert_msg(strstr(r.reason, "not done within 0.25 s in all") != NULL, "%s", r.reason);
	vm_result_release(&r);
	fake_rmdir(dir);
}
END_TEST

START_TEST(cannot_start)
{
	const char *argv[] = { "/nonexistent/qemu", NULL };
	char *dir = lib_check_tmpdir();
	struct vm_spec spec = make_spec(argv, dir, false);
	struct vm_result r;
	struct err err = { 0 };

	ck_assert_int_eq(vm_run(&spec, &r, &err), -1);
	ck_assert_msg(strstr(err.msg, "/nonexistent/qemu") != NULL, "%s", err.msg);
	spec.workdir = "/nonexistent";
	ck_assert_int_eq(vm_run(&spec, &r, &err), -1);
	ck_assert_msg(strstr(err.msg, "/nonexistent/xen.log") != NULL, "%s", err.msg);
	fake_rmdir(dir);
}
END_TEST

/* The disk fills up under the logs. */
START_TEST(no_space)
{
	_cleanup_free_ char *qemu = fake_program("fake-qemu");
	const char *argv[] = { qemu, "-script", GOOD, NULL };
	char *dir = lib_check_tmpdir();
	_cleanup_free_ char *log = xasprintf("%s/dom0.log", dir);
	struct vm_spec spec = make_spec(argv, dir, false);
	struct err err = { 0 };
	struct vm_result r;

	ck_assert_int_eq(symlink("/dev/full", log), 0);
	ck_assert_msg(vm_run(&spec, &r, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(r.outcome, VM_INFRA_ERROR);
	ck_assert_int_eq(r.culprit, VM_DOMAIN_NONE);
	ck_assert_msg(strstr(r.reason, "No space left") != NULL, "%s", r.reason);
	vm_result_release(&r);
	fake_rmdir(dir);
}
END_TEST

START_TEST(slowdown)
{
	double s = vm_measure_slowdown(1);

	ck_assert_double_ge(s, 1);
	ck_assert_double_le(s, 20);
	ck_assert_double_eq(vm_slowdown(0.5, 1, 0, 2), 1);
	ck_assert_double_eq(vm_slowdown(1.5, 2, 0, 2), 1.5);
	ck_assert_double_eq(vm_slowdown(1, 2, 2, 2), 2);
	ck_assert_double_eq(vm_slowdown(3, 4, 0, 2), 6);
	ck_assert_double_eq(vm_slowdown(9, 8, 4, 2), 20);
	ck_assert_double_eq(vm_slowdown(1, 1, -1, 0), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vm-outcome");
	TCase *table = tcase_create("table"), *rest = tcase_create("rest");

	tcase_add_loop_test(table, outcome, 0, (int)ARRAY_SIZE(rows));
	tcase_set_timeout(table, 30);
	suite_add_tcase(s, table);
	tcase_add_test(rest, everything_in_the_result);
	tcase_add_test(rest, crash_is_drained);
	tcase_add_test(rest, counts);
	tcase_add_test(rest, silence_watchdog);
	tcase_add_test(rest, cannot_start);
	tcase_add_test(rest, no_space);
	tcase_add_test(rest, slowdown);
	tcase_set_timeout(rest, 30);
	suite_add_tcase(s, rest);
	return lib_check_main(s);
}
