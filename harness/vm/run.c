// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>

#include "vm/vm.h"

struct run {
	struct loop *loop;
	struct vm *vm;
};

static void on_done(struct vm *vm, void *arg)
{
	struct run *run = arg;

	(void)vm;
	loop_stop(run->loop);
}

static void on_signal(void *arg)
{
	struct run *run = arg;

	vm_stop(run->vm, "signal");
}

int vm_run(const struct vm_spec *spec, struct vm_result *result, struct err *err)
{
	struct run run = { .loop = loop_new() };
	int ret = -1, loop_err;

	/* before the machine starts: what comes from now on must end it */
	if (!loop_signal(run.loop, SIGINT, on_signal, &run) ||
	    !loop_signal(run.loop, SIGTERM, on_signal, &run) ||
	    !loop_signal(run.loop, SIGHUP, on_signal, &run)) {
		err_errno(err, errno, "cannot take signals");
		goto out;
	}
	run.vm = vm_start(run.loop, spec, on_done, &run, err);
	if (!run.vm)
		goto out;
	loop_err = loop_run(run.loop);
	if (loop_err < 0) {
		err_errno(err, -loop_err, "event loop");
		goto out;
	}
	vm_take_result(run.vm, result);
	ret = 0;
out:
	vm_free(run.vm);
	loop_free(run.loop);
	return ret;
}
