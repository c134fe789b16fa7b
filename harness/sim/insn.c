// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instructions, counted by single-stepping a child: no counter of the processor
 * is needed, and the result does not depend on what else the host does. Repeated
 * string instructions count once per repetition.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mix.h"

static void stop(void)
{
	raise(SIGSTOP);
}

static void child(const struct mix *mix, int fd)
{
	const char *why;
	uint64_t requests;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(1);
	if (mix_bracketed(mix, stop, &requests, &why) < 0)
		_exit(2);
	_exit(write(fd, &requests, sizeof(requests)) == sizeof(requests) ? 0 : 1);
}

/* Wait for the next stop; its signal, or -1 when the child ended. */
static int next_stop(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFSTOPPED(*status) ? WSTOPSIG(*status) : -1;
}

/* From the first SIGSTOP to the second; -1: the child ended in between. */
static int64_t count_steps(pid_t pid, int *status)
{
	int64_t n = 0;
	int sig = next_stop(pid, status);

	if (sig != SIGSTOP || ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0)
		return -1;
	while ((sig = next_stop(pid, status)) == SIGTRAP) {
		n++;
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0)
			return -1;
	}
	return sig == SIGSTOP ? n : -1;
}

int mix_instructions(const struct mix *mix, double *per_request, const char **why)
{
	uint64_t requests = 0;
	int64_t n;
	int fds[2], status = 0;
	pid_t pid;

	*why = "the child could not be traced";
	if (pipe(fds) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		child(mix, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return -EAGAIN;
	}
	n = count_steps(pid, &status);
	if (n >= 0)
		ptrace(PTRACE_CONT, pid, NULL, NULL);
	while (n >= 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n < 0 && !WIFEXITED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	if (read(fds[0], &requests, sizeof(requests)) != sizeof(requests) || !requests)
		n = -1;
	close(fds[0]);
	if (n < 0)
		return -EPERM;
	*per_request = (double)n / (double)requests;
	return 0;
}
