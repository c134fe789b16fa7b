// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each command as a person runs it: help, bad input, and what the host lacks.
 * Exit status and the words that name what was wrong. test-compare-cli has
 * compare and digest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "tests/lib-check.h"
#include "tests/lib-cli.h"
#include "vm/kvm.h"

static struct cli cli = { .in_dir = true };

static void put(const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", cli.dir, name);

	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0644, NULL), 0);
}

static void setup(void)
{
	cli_setup(&cli);
	put("key.ini", "[variant]\nbinding = iommus\ncolour = red\n");
	put("value.ini", "[variant]\nbinding = iommus, iomu\n");
	put("range.ini", "[topology]\ndom0_mem_mib = 4096\n");
	put("twice.ini", "[variant]\nbinding = iommus\nbinding = none\n");
	put("empty.ini", "[variant]\nbinding =\n");
	put("later.ini", "[topology]\npeer = nobody\n");
	put("domid.ini", "[topology]\nbackend_domid = 1\n[variant]\ntopology = xl\n");
	put("job.ini", "[workload]\njob = nothing.fio\n");
	put("section.ini", "[varaint]\nbinding = iommus\n");
	put("noise.ini", "this is not a scenario\n");
}

static void teardown(void)
{
	cli_teardown(&cli);
}

static const char *const commands[] = {
	"doctor", "build", "dt", "boot", "run", "compare", "digest", "list",
};

START_TEST(help)
{
	_cleanup_free_ char *option = xasprintf("%s --help", commands[_i]);
	_cleanup_free_ char *command = xasprintf("help %s", commands[_i]);
	_cleanup_free_ char *want = xasprintf("usage: grantbench %s", commands[_i]);
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;

	ck_assert_int_eq(cli_line(&cli, option, NULL, &a), 0);
	ck_assert_int_eq(cli_line(&cli, command, NULL, &b), 0);
	ck_assert_msg(strstr(a.data, want) == a.data, "%s", a.data);
	ck_assert_str_eq(a.data, b.data);
}
END_TEST

static const struct {
	const char *line;
	int status;
	const char *says;
} runs[] = {
	{ "", 2, "usage: grantbench COMMAND" },
	{ "help", 0, "usage: grantbench COMMAND" },
	{ "help scenario", 0, "deferred_probe_timeout" },
	{ "help nothing", 2, "no command \"nothing\"" },
	{ "frobnicate", 2, "there is no command \"frobnicate\"" },
	{ "--version", 0, "grantbench " },

	{ "doctor --frob", 2, "grantbench doctor: unrecognized option '--frob'" },
	{ "doctor here", 2, "here: no argument is expected" },
	{ "doctor --format xml", 2, "--format xml" },

	{ "list", 0, "blk-bindings" },
	{ "list --variants", 0, "dev-domid" },
	{ "list --format xml", 2, "--format xml" },
	{ "list --frob", 2, "unrecognized option '--frob'" },
	{ "list nothing", 2, "there is no scenario \"nothing\"" },
	{ "list --only binding=iommus", 2, "--only needs a SCENARIO" },
	{ "list blk-smoke --only binding=iommu", 2, "has no cell with binding \"iommu\"" },
	{ "list blk-smoke --only colour=red", 2, "there is no axis \"colour\"" },
	{ "list blk-smoke --only binding", 2, "not AXIS=VALUE" },
	{ "list key.ini", 2, "key.ini:3: " },
	{ "list key.ini", 2, "colour" },
	{ "list value.ini", 2, "value.ini:2: " },
	{ "list value.ini", 2, "iomu" },
	{ "list range.ini", 2, "range.ini:2: " },
	{ "list range.ini", 2, "768" },
	{ "list twice.ini", 2, "twice.ini:3: " },
	{ "list empty.ini", 2, "empty.ini:2: " },
	{ "list later.ini", 2, "is not one of: dom0, domu, loop" },
	{ "list job.ini", 2, "nothing.fio" },
	{ "list section.ini", 2, "section.ini:" },
	{ "list noise.ini", 2, "noise.ini:1: " },

	{ "build --frob", 2, "unrecognized option '--frob'" },
	{ "build nothing", 2, "unknown artifact \"nothing\"; there are: qemu" },
	{ "build --jobs 0", 2, "--jobs 0: not a number" },
	{ "build --format xml", 2, "--format xml" },
	{ "build --linux nowhere linux-arm64", 2, "--linux nowhere" },
	{ "build --xen nowhere xen-arm64", 2, "--xen nowhere" },
	{ "build --qemu nowhere qemu", 2, "--qemu nowhere" },
	{ "build --test-patch nowhere.patch linux-arm64", 2, "nowhere.patch" },

	{ "dt", 2, "which SCENARIO?" },
	{ "dt blk-smoke --guest", 0, "xen,dev-domid = <0x0>" },
	{ "dt blk-smoke --guest", 0, "compatible = \"xen,grant-dma\"" },
	/* a tree that many cells get is printed once, under the ids of all of them */
	{ "dt blk-matrix --guest", 0, "iommus-upstream-map-blk-1m-read-qd32\n/dts-v1/;" },
	{ "dt blk-smoke --guest --cell xl-iommus", 0, "compatible = \"xen,grant-dma\"" },
	{ "dt blk-smoke --guest --host", 2, "exclude each other" },
	{ "dt blk-smoke --guest --cell nothing", 2, "no cell has an id like this" },
	{ "dt blk-smoke --guest --cell iommus", 2, "more than one cell" },
	{ "dt blk-smoke --guest -o no/such/dir/f", 4, "no/such/dir" },
	{ "dt nothing", 2, "there is no scenario \"nothing\"" },
	{ "dt blk-smoke blk-bindings", 2, "blk-bindings: one SCENARIO at a time" },
	{ "dt value.ini", 2, "value.ini:2: " },

	{ "boot", 2, "which SCENARIO?" },
	{ "boot nothing", 2, "there is no scenario \"nothing\"" },
	{ "boot blk-smoke --cell nothing", 2, "no cell has an id like this" },
	{ "boot range.ini", 2, "range.ini:2: " },
	{ "boot --frob", 2, "unrecognized option '--frob'" },

	{ "run", 2, "which SCENARIO?" },
	{ "run nothing -o out", 2, "there is no scenario \"nothing\"" },
	{ "run key.ini -o out", 2, "key.ini:3: " },
	{ "run domid.ini -o out", 2, "backend_domid" },
	{ "isolate --resume nowhere", 2, "nowhere: there is no such directory" },
	{ "isolate --debug everything -o out", 2, "everything" },
	{ "isolate --from nowhere --from out", 2, "nowhere" },
	{ "isolate --from nowhere -o out", 2, "--from runs nothing" },
	{ "run blk-smoke --jobs 0 -o out", 2, "--jobs 0: not a number from 1 to 64" },
	{ "run blk-smoke --jobs two -o out", 2, "--jobs two" },
	{ "run blk-smoke --engine fast -o out", 2, "--engine fast" },
	{ "run blk-smoke --accel xyz -o out", 2, "--accel xyz" },
	{ "run blk-smoke --resume nowhere", 2, "--resume nowhere: there is no such directory" },
	{ "run blk-smoke --only binding=none -o out", 2, "has no cell with binding \"none\"" },
	{ "run blk-smoke --frob -o out", 2, "unrecognized option '--frob'" },
};

START_TEST(command)
{
	_cleanup_free_ char *out_dir = xasprintf("%s/out", cli.dir);
	_cleanup_buf_ struct buf out = BUF_INIT;
	int status = cli_line(&cli, runs[_i].line, NULL, &out);

	ck_assert_msg(status == runs[_i].status, "%s: exit status %d, want %d\n%s", runs[_i].line,
		      status, runs[_i].status, out.data);
	ck_assert_msg(strstr(out.data, runs[_i].says) != NULL, "%s lacks \"%s\":\n%s",
		      runs[_i].line, runs[_i].says, out.data);
	/* bad input leaves nothing behind */
	ck_assert_msg(!fs_exists(out_dir), "%s made %s", runs[_i].line, out_dir);
}
END_TEST

/* A host without any tool, and a cache that is empty: what is missing, and the line that mends it. */
START_TEST(no_tools)
{
	_cleanup_free_ char *cache = xasprintf("GRANTBENCH_CACHE=%s/cache", cli.dir);
	const char *const env[] = { "PATH=/nowhere", cache, NULL };
	_cleanup_buf_ struct buf build = BUF_INIT, doctor = BUF_INIT;
	int status = cli_line(&cli, "build xen-arm64", env, &build);

	ck_assert_msg(status == 4, "exit status %d\n%s", status, build.data);
	ck_assert_msg(strstr(build.data, "apt-get install") || strstr(build.data, "apt install"), "%s",
		      build.data);
	ck_assert_msg(strstr(build.data, "aarch64-linux-gnu"), "%s", build.data);
	ck_assert_int_eq(cli_line(&cli, "doctor", env, &doctor), 4);
	ck_assert_msg(strstr(doctor.data, "MISSING") &&
		      strstr(doctor.data, "to mend it: apt-get install"), "%s", doctor.data);
	ck_assert_msg(strstr(doctor.data, "cannot run here yet"), "%s", doctor.data);
}
END_TEST

/* A cache that cannot be written. */
START_TEST(bad_cache)
{
	static const char *const env[] = { "GRANTBENCH_CACHE=/proc/grantbench", NULL };
	_cleanup_buf_ struct buf build = BUF_INIT, doctor = BUF_INIT;

	ck_assert_int_eq(cli_line(&cli, "build xen-arm64", env, &build), 4);
	ck_assert_msg(strstr(build.data, "/proc/grantbench"), "%s", build.data);
	ck_assert_int_eq(cli_line(&cli, "doctor", env, &doctor), 4);
	ck_assert_msg(strstr(doctor.data, "GRANTBENCH_CACHE"), "%s", doctor.data);
}
END_TEST

START_TEST(doctor_json)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	_cleanup_json_ json_t *rows = NULL;
	int status = cli_line(&cli, "doctor --format json", NULL, &out);
	bool missing = false;
	const json_t *row;
	size_t i;

	rows = json_loads(out.data, 0, NULL);
	ck_assert_msg(json_is_array(rows) && json_array_size(rows) >= 6, "%s", out.data);
	json_array_foreach(rows, i, row) {
		const char *state = json_string_value(json_object_get(row, "state"));

		ck_assert_ptr_nonnull(json_string_value(json_object_get(row, "check")));
		ck_assert_ptr_nonnull(state);
		missing |= !strcmp(state, "MISSING");
	}
	ck_assert_int_eq(status, missing ? 4 : 0);
}
END_TEST

/* /dev/full takes nothing: what was to be printed is lost, and the status must say so. */
START_TEST(output_is_lost)
{
	static const char *const lines[] = {
		"list", "dt blk-smoke --guest", "digest result.json", "compare result.json result.json",
		"build --dry-run", "doctor",
	};
	_cleanup_free_ char *shell = NULL;
	int status;

	put("result.json", "{\"schema\":\"grantbench.result/1\",\"scenario\":\"s\",\"engine\":\"exact\","
	    "\"cells\":[{\"id\":\"x\",\"axes\":{\"binding\":\"x\"},\"outcome\":\"pass\",\"metrics\":["
	    "{\"name\":\"maps\",\"unit\":\"1\",\"class\":\"exact\",\"better\":\"less\",\"value\":1}]}],"
	    "\"canary\":{\"ran\":true,\"identical\":true},\"host\":{}}");
	shell = xasprintf("cd %s && %s %s >/dev/full 2>err", cli.dir, cli.program, lines[_i]);
	status = system(shell);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 4, "%s: status %d", lines[_i],
		      WEXITSTATUS(status));
}
END_TEST

/* KVM where it cannot be: refused before anything is built, with doctor's own reason. */
START_TEST(kvm_is_refused)
{
	_cleanup_free_ char *why = kvm_refusal("arm64", "");
	_cleanup_buf_ struct buf out = BUF_INIT, doctor = BUF_INIT;
	int status;

	if (!why)
		return;		/* here it can be: nothing to refuse */
	status = cli_line(&cli, "run blk-smoke --engine noisy --accel kvm -o out", NULL, &out);
	ck_assert_int_eq(status, 2);
	ck_assert_msg(strstr(out.data, why), "%s", out.data);
	cli_line(&cli, "doctor", NULL, &doctor);
	ck_assert_msg(strstr(doctor.data, why), "%s", doctor.data);
}
END_TEST

/* What stands between a host and KVM, from the outside in. */
START_TEST(kvm)
{
	_cleanup_free_ char *dev = xasprintf("%s/dev", cli.dir), *mode = NULL, *dir = NULL;
	_cleanup_free_ char *other = kvm_refusal("s390x", cli.dir);
	_cleanup_free_ char *no_dev = NULL, *no_nested = NULL, *nested = NULL, *off = NULL;
	const char *host, *module;
	struct utsname uts;

	uname(&uts);
	host = !strcmp(uts.machine, "aarch64") ? "arm64" : uts.machine;
	ck_assert_msg(other && strstr(other, "only the host's architecture"), "%s", other);
	if (strcmp(host, "arm64") && strcmp(host, "x86_64")) {
		fprintf(stderr, "SKIP: kvm: this host is %s\n", host);
		return;
	}
	no_dev = kvm_refusal(host, cli.dir);
	ck_assert_msg(no_dev && strstr(no_dev, "there is no /dev/kvm"), "%s", no_dev);
	ck_assert_int_eq(fs_mkdirs(dev, NULL), 0);
	put("dev/kvm", "");
	no_nested = kvm_refusal(host, cli.dir);
	ck_assert_msg(no_nested && strstr(no_nested, "KVM does not nest"), "%s", no_nested);
	module = strcmp(host, "arm64") ? "kvm_amd/parameters/nested" : "kvm/parameters/mode";
	mode = xasprintf("sys/module/%s", module);
	dir = xasprintf("%s/%s", cli.dir, mode);
	*strrchr(dir, '/') = '\0';
	ck_assert_int_eq(fs_mkdirs(dir, NULL), 0);
	put(mode, strcmp(host, "arm64") ? "0\n" : "vhe\n");
	off = kvm_refusal(host, cli.dir);
	ck_assert_ptr_nonnull(off);
	put(mode, strcmp(host, "arm64") ? "1\n" : "nested\n");
	nested = kvm_refusal(host, cli.dir);
	ck_assert_msg(!nested, "%s", nested);
	ck_assert(kvm_picked("auto", host, cli.dir) && kvm_picked("kvm", host, cli.dir));
	ck_assert(!kvm_picked("tcg", host, cli.dir));
	/* what cannot be is not picked; who asks for it by name is told so by the run */
	ck_assert(!kvm_picked("auto", "s390x", cli.dir));
	put(mode, strcmp(host, "arm64") ? "0\n" : "vhe\n");
	ck_assert(!kvm_picked("auto", host, cli.dir));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli");
	TCase *tc = tcase_create("cli");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, help, 0, ARRAY_SIZE(commands));
	tcase_add_loop_test(tc, command, 0, ARRAY_SIZE(runs));
	tcase_add_test(tc, no_tools);
	tcase_add_test(tc, bad_cache);
	tcase_add_test(tc, doctor_json);
	tcase_add_loop_test(tc, output_is_lost, 0, 6);
	tcase_add_test(tc, kvm);
	tcase_add_test(tc, kvm_is_refused);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
