// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX (1u << 20)

static int mount_one(const char *type, const char *dir, const char *options)
{
	mkdir(dir, 0755);
	/* devtmpfs may be there already, by CONFIG_DEVTMPFS_MOUNT */
	if (mount(type, dir, type, 0, options) < 0 && errno != EBUSY)
		return -errno;
	return 0;
}

int sys_mount_all(bool xenfs)
{
	static const struct {
		const char *type, *dir, *options;
	} mounts[] = {
		{ "proc", "/proc", NULL },	   { "sysfs", "/sys", NULL },
		{ "devtmpfs", "/dev", NULL },	   { "devpts", "/dev/pts", NULL },
		{ "debugfs", "/sys/kernel/debug", NULL },
	};
	size_t i;
	int ret;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		ret = mount_one(mounts[i].type, mounts[i].dir, mounts[i].options);
		if (ret < 0)
			return ret;
	}
	/* the kernel makes its directory when it finds a xenstore: not in a domain that Xen started */
	return xenfs && access("/proc/xen", F_OK) == 0 ? mount_one("xenfs", "/proc/xen", NULL) : 0;
}

int sys_read_file(const char *path, char **data, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0, alloc = 4096;
	char *buf;

	if (fd < 0)
		return -errno;
	buf = malloc(alloc);
	while (buf) {
		ssize_t got = read(fd, buf + n, alloc - n - 1);
		char *more;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int saved = errno;

			free(buf);
			close(fd);
			return -saved;
		}
		n += (size_t)got;
		if (got == 0 || n >= FILE_MAX)
			break;
		if (alloc - n - 1 >= 1024)
			continue;
		more = realloc(buf, alloc *= 2);
		if (!more)
			free(buf);
		buf = more;
	}
	close(fd);
	if (!buf)
		return -ENOMEM;
	buf[n] = '\0';
	*data = buf;
	if (size)
		*size = n;
	return 0;
}

int sys_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int ret = 0;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, strlen(text));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int64_t sys_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void sys_sleep_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		;
}

int sys_spawn(struct child *child, const char *const *argv, bool want_out, bool err_too)
{
	int fds[2] = { -1, -1 };
	pid_t pid;

	if (want_out && pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		int saved = errno;

		close(fds[0]);
		close(fds[1]);
		return -saved;
	}
	if (pid == 0) {
		int in = open("/dev/null", O_RDONLY);

		if (in >= 0)
			dup2(in, 0);
		if (want_out)
			dup2(fds[1], 1);
		if (want_out && err_too)
			dup2(fds[1], 2);
		setsid();
		execv(argv[0], (char *const *)argv);
		dprintf(2, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	if (want_out) {
		close(fds[1]);
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
	}
	*child = (struct child){ .pid = pid, .out = fds[0] };
	return 0;
}

ssize_t sys_drain(struct child *child, char *to, size_t size)
{
	return read(child->out, to, size);
}

bool sys_child_ended(struct child *child)
{
	if (!child->ended && child->pid &&
	    waitpid(child->pid, &child->status, WNOHANG) == child->pid)
		child->ended = true;
	return child->ended;
}

bool sys_child_wait(struct child *child, int timeout_ms)
{
	int64_t until = sys_now_ms() + timeout_ms;

	while (!sys_child_ended(child)) {
		if (sys_now_ms() >= until)
			return false;
		sys_sleep_ms(5);
	}
	return true;
}

const char *sys_child_text(const struct child *child, char *out, size_t size)
{
	if (!child->ended)
		snprintf(out, size, "still running");
	else if (WIFSIGNALED(child->status))
		snprintf(out, size, "signal %d", WTERMSIG(child->status));
	else
		snprintf(out, size, "exit status %d", WEXITSTATUS(child->status));
	return out;
}

int sys_run(const char *const *argv, char *out, size_t size, int timeout_ms)
{
	int64_t until = sys_now_ms() + timeout_ms;
	struct child child;
	size_t n = 0;
	int ret = sys_spawn(&child, argv, true, true);

	if (ret < 0)
		return ret;
	for (;;) {
		struct pollfd pfd = { .fd = child.out, .events = POLLIN };
		char block[512];
		ssize_t got;

		if (sys_now_ms() >= until) {
			kill(child.pid, SIGKILL);
			waitpid(child.pid, NULL, 0);
			close(child.out);
			return -ETIMEDOUT;
		}
		poll(&pfd, 1, 100);
		got = read(child.out, block, sizeof(block));
		if (got == 0)
			break;
		if (got < 0) {
			/* a daemon that it left behind may keep the pipe open */
			if (sys_child_ended(&child))
				break;
			continue;
		}
		if (size && n < size - 1) {
			size_t copy = (size_t)got < size - 1 - n ? (size_t)got : size - 1 - n;

			memcpy(out + n, block, copy);
			n += copy;
		}
	}
	close(child.out);
	if (size)
		out[n] = '\0';
	while (!child.ended && waitpid(child.pid, &child.status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(child.status) ? WEXITSTATUS(child.status) : 128 + WTERMSIG(child.status);
}

int sys_seed_random(void)
{
	struct {
		int entropy_count, buf_size;	/* struct rand_pool_info */
		char buf[33];
	} pool = { 8 * 32, 32, "grantbench: a seed, not a secret" };
	int fd = open("/dev/random", O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, RNDADDENTROPY, &pool) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

void sys_poweroff(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

void sys_shell(const char *tty)
{
	static const char *const argv[] = { "/bin/busybox", "sh", "-l", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		int fd;

		setsid();
		fd = open(tty, O_RDWR);
		if (fd >= 0) {
			dup2(fd, 0);
			dup2(fd, 1);
			dup2(fd, 2);
			ioctl(0, TIOCSCTTY, 1);
		}
		setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
		setenv("HOME", "/", 1);
		setenv("TERM", "vt100", 1);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}
