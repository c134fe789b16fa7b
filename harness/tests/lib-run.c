// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lib-run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "lib/record.h"
#include "tests/lib-check.h"
#include "tests/lib-fake.h"

#define BACKEND \
	"{\"devices\":[{\"mapping\":\"map\",\"io\":{\"addr_bit63\":9,\"addr_plain\":0}," \
	"\"setup\":{\"addr_bit63\":3,\"addr_plain\":0}}],\"balanced\":true,\"maps\":4,\"unmaps\":4}"

static void add_blob(struct buf *script, const char *src, unsigned int seq, const char *name,
		     const char *text)
{
	char b64[RECORD_BLOB_CHUNK * 2];

	record_b64_encode(b64, text, strlen(text));
	buf_addf(script, "record %s %s %u blob {\"name\":\"%s\",\"part\":0,\"parts\":1,\"b64\":\"%s\"}\n",
		 src, src, seq, name, b64);
}

/* Everything that a cell must show to pass, and times that depend on the sample. */
static void good_script(const struct fake_run *run, const struct plan *plan, struct buf *script)
{
	const struct machine *m = &plan->machine;
	unsigned int us = 40000 + (unsigned int)strlen(m->cell->id) + 10 * m->sample.nr;
	_cleanup_free_ char *table = xasprintf("grefs_granting %d\n", run->granting);

	buf_addf(script, "boot\nrecord dom0 dom0 1 phase {\"phase\":\"dom0-up\",\"t_ns\":1}\n");
	buf_addf(script, "record domu domu 1 probe {\"device\":\"2000000.virtio\",\"attempts\":1,"
		 "\"deferrals\":0,\"first_us\":%u,\"probe_us\":%u,\"ready_us\":%u,\"request_us\":%u,"
		 "\"gave_up\":\"\"}\n", us, us, us + 1, us + 2);
	buf_addf(script, "record domu domu 2 proof {\"device\":\"2000000.virtio\",\"is_block\":true,"
		 "\"features\":\"0x330006644\",\"binding\":\"%s\","
		 "\"allocator\":\"upstream\",\"grant_dma\":true,"
		 "\"backend_domid\":%d,\"gnttab_version\":%d,\"grefs_start\":3}\n", m->cell->value[AXIS_BINDING],
		 run->backend_domid, run->gnttab_version);
	add_blob(script, "domu", 3, "grant-dma-after.txt", "grefs_peak 7\ngrefs_in_use 3\n");
	add_blob(script, "dom0", 2, "backend.json", BACKEND);
	/* the domU's as well, but the numbers of its records are the tests' */
	add_blob(script, "dom0", 3, "grant-table-after.txt", table);
	buf_addstr(script, "record domu domu 4 done {\"ok\":true}\n"
			   "record dom0 dom0 4 done {\"ok\":true}\nexit 0\n");
}

static int prepare(void *arg, const struct cell *cell, const struct sample *sample,
		   const char *dir, double slowdown, struct plan *plan, struct err *err)
{
	struct fake_run *run = arg;
	_cleanup_free_ char *name = sample_name(cell->id, sample);
	_cleanup_free_ char *inputs = xasprintf("%s %s", name, run->salt);

	(void)slowdown;
	(void)err;
	*plan = (struct plan){ .spec = VM_SPEC_INIT, .dir = xstrdup(dir) };
	plan->machine = (struct machine){ .scenario = run->scenario, .cell = cell,
					  .token = { FAKE_TOKEN, FAKE_TOKEN, FAKE_TOKEN }, .icount = true, .cpus = 1, .sample = *sample,
					  .count = sample->kind == SAMPLE_COUNT };
	fs_sha256(inputs, strlen(inputs), plan->key);
	plan->phases[0] = (struct vm_phase){ "xen-up", run->phase_ms };
	plan->phases[1] = (struct vm_phase){ "dom0-up", run->phase_ms };
	plan->spec.phases = plan->phases;
	plan->spec.nr_phases = 2;
	plan->spec.token = FAKE_TOKEN;
	plan->spec.drain_ms = 60;
	plan->spec.term_ms = 300;
	plan->spec.poweroff_ms = 300;
	plan->spec.done_ms = run->phase_ms;
	return 0;
}

static bool ends_in(const char *s, const char *end)
{
	size_t a = strlen(s), b = strlen(end);

	return a >= b && !strcmp(s + a - b, end);
}

static int write_machine(void *arg, struct plan *plan, struct err *err)
{
	struct fake_run *run = arg;
	const struct fake_behaviour *b;
	_cleanup_buf_ struct buf good = BUF_INIT, script = BUF_INIT;

	run->started++;
	if (fs_mkdirs(plan->dir, err) < 0)
		return -1;
	good_script(run, plan, &good);
	for (b = run->behaviour; b && b->sample; b++)
		if (ends_in(plan->dir, b->sample))
			break;
	if (b && b->sample && b->instead)
		buf_addstr(&script, b->instead);
	else
		buf_addf(&script, "%s%s", b && b->sample ? b->before : "", good.data);
	plan->argv = xcalloc(4, sizeof(*plan->argv));
	plan->argv[0] = xstrdup(run->qemu);
	plan->argv[1] = xstrdup("-script");
	plan->argv[2] = buf_detach(&script);
	plan->spec.argv = (const char *const *)plan->argv;
	plan->spec.workdir = plan->dir;
	return 0;
}

static json_t *artifacts(void *arg)
{
	(void)arg;
	return json_object();
}

void fake_run_setup(struct fake_run *run, const char *ini)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	struct err err = { 0 };

	*run = (struct fake_run){
		.dir = lib_check_tmpdir(),
		.qemu = fake_program("fake-qemu"),
		.salt = "",
		.phase_ms = 20000,
		.gnttab_version = 1,
		.granting = 3,
	};
	run->out = xasprintf("%s/out", run->dir);
	path = xasprintf("%s/fake.ini", run->dir);
	text = xasprintf("%s\n[workload]\nkind = none\nunbind = no\n", ini);
	ck_assert_int_eq(fs_write_atomic(path, text, strlen(text), 0644, NULL), 0);
	ck_assert_msg(scenario_load(path, &run->scenario, &err) == 0, "%s", err.msg);
	run->source = (struct run_source){ run, prepare, write_machine, artifacts };
	run->opts = (struct run_opts){ .source = &run->source, .out = run->out, .quiet = true,
				       .canary = true, .jobs = 2 };
}

void fake_run_teardown(struct fake_run *run)
{
	scenario_free(run->scenario);
	free(run->out);
	free(run->qemu);
	fake_rmdir(run->dir);
}

int fake_run(struct fake_run *run, struct run_summary *summary, struct err *err)
{
	run->started = 0;
	return run_scenario(run->scenario, &run->opts, summary, err);
}

pid_t fake_run_fork(struct fake_run *run)
{
	struct run_summary summary;
	struct err err = { 0 };
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	if (fake_run(run, &summary, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		_exit(9);
	}
	_exit(summary.interrupted ? 2 : summary.failed > 0);
}

int fake_run_wait(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

pid_t fake_run_pid(const struct fake_run *run, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", run->dir, name);
	pid_t pid = fake_read_pid(path, 15000);

	ck_assert_msg(pid > 0, "%s did not come", path);
	return pid;
}

json_t *fake_run_result(const struct fake_run *run)
{
	_cleanup_free_ char *path = xasprintf("%s/result.json", run->out);
	json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);

	ck_assert_msg(json != NULL, "%s is missing or no JSON", path);
	return json;
}

const char *fake_run_outcome(const json_t *result, const char *text)
{
	const json_t *cell;
	size_t i;

	json_array_foreach(json_object_get(result, "cells"), i, cell)
		if (strstr(json_string_value(json_object_get(cell, "id")), text))
			return json_string_value(json_object_get(cell, "outcome"));
	return "";
}

void fake_run_digest(const struct fake_run *run, char hex[FS_SHA256_HEX])
{
	struct err err = { 0 };

	ck_assert_msg(result_digest(run->out, hex, &err) == 0, "%s", err.msg);
}
