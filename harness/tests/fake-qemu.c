// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands in for QEMU: takes any arguments, and does on its console what a script
 * says. The console is where QEMU's would be: -serial file:PATH, or standard
 * output and input with `-chardev stdio,id=ID -serial chardev:ID`.
 *
 *     fake-qemu [any QEMU argument]... -script TEXT
 *
 * TEXT holds one command per line:
 *
 *     xen TEXT | dom0 TEXT | domu TEXT   a line as each would print it; domu's as
 *                        Xen's vpl011 does, cut into chunks of 126
 *     relay TEXT         a domU line as the agent in dom0 relays it
 *     raw TEXT           bytes; \n \r \e \0 \\ and \xHH are understood
 *     boot               Xen's banner and dom0's first line
 *     token TOKEN        for the records that follow
 *     record WHERE SRC SEQ TYPE DATA    a good record; WHERE is dom0, domu, relay
 *     badrecord WHERE SRC SEQ TYPE DATA the same with a wrong checksum
 *     torn WHERE SRC SEQ TYPE DATA      the same, cut in the middle
 *     split SRC SEQ TYPE DATA           on dom0, with a Xen line inside it
 *     garbage N          N pseudo-random bytes
 *     endless TEXT       that line for ever
 *     sleep MS | hang | exit N | signal N | noterm
 *     stderr TEXT        on standard error
 *     linger FILE        a child that ignores TERM and outlives us; its pid in FILE
 *     chatter FILE       a child that says something on dom0 again and again; its pid in FILE
 *     pid FILE           our own
 *     alloc MIB          touch that much memory
 *     shell              serve standard input: lines are echoed as "got: LINE",
 *                        Ctrl-a three times moves the focus as Xen does, the line
 *                        "poweroff" exits with 0
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/record.h"

#define DOM_CHUNK 126

static int console = STDOUT_FILENO;
static const char *token = "0123456789abcdef";

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "fake-qemu: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void put(const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(console, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			usleep(1000);
			continue;
		}
		if (n < 0)
			die("console");
		data += n;
		size -= (size_t)n;
	}
}

static void puts_console(const char *text)
{
	put(text, strlen(text));
}

/* In one write, so that lines of two processes do not mix. Xen's serial code makes \r\n of \n. */
static void put_whole(const char *head, const char *text, size_t len)
{
	char line[4096];
	int n = snprintf(line, sizeof(line), "%s%.*s\r\n", head, (int)len, text);

	put(line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* printk("DOM%u: %s") */
static void put_domu(const char *head, const char *text)
{
	size_t len = strlen(text);

	for (;;) {
		size_t n = len < DOM_CHUNK ? len : DOM_CHUNK;

		put_whole(head, text, n);
		text += n;
		len -= n;
		if (n < DOM_CHUNK)
			return;
	}
}

static void put_line(const char *where, const char *text)
{
	if (!strcmp(where, "domu")) {
		put_domu("(XEN) DOM1: ", text);
	} else if (!strcmp(where, "relay")) {
		put_domu("DOM1: ", text);
	} else {
		put_whole(strcmp(where, "xen") ? "" : "(XEN) ", text, strlen(text));
	}
}

static int unescape(const char **text)
{
	char hex[3] = "";

	switch (*++*text) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 'e':
		return '\033';
	case '0':
		return '\0';
	case 'x':
		memcpy(hex, *text + 1, 2);
		*text += 2;
		return (int)strtol(hex, NULL, 16);
	default:
		return **text;
	}
}

static void put_raw(const char *text)
{
	for (; *text; text++) {
		char c = *text == '\\' ? (char)unescape(&text) : *text;

		put(&c, 1);
	}
}

static void put_boot(void)
{
	puts_console(" Xen 4.17 (no prefix yet)\r\n- UART enabled -\r\n");
	put_line("xen", "Xen version 4.17.5 (builder@) (aarch64-linux-gnu-gcc 12) debug=n");
	put_line("xen", "Command line: console=dtuart dom0_mem=768M noreboot");
	put_line("xen", "*** Serial input to DOM0 (type 'CTRL-a' three times to switch input)");
	put_line("dom0", "[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]");
	put_line("dom0",
		 "[    0.000000] Kernel command line: console=hvc0 panic=-1 WARNING: Oops: BUG:");
}

/* rest is "[WHERE] SRC SEQ TYPE DATA" */
static void put_record(const char *how, char *rest)
{
	const char *where = !strcmp(how, "split") ? "dom0" : strsep(&rest, " ");
	const char *src = strsep(&rest, " "), *seq = strsep(&rest, " "), *type = strsep(&rest, " ");
	char line[RECORD_MAX + 1];
	int len;

	if (!rest)
		die("record needs WHERE SRC SEQ TYPE DATA");
	len = record_format(line, sizeof(line), token, src, (unsigned int)atoi(seq), type, rest);
	if (len < 0)
		die("record");
	if (!strcmp(how, "badrecord"))
		line[len - 3] = line[len - 3] == '0' ? '1' : '0';
	if (!strcmp(how, "torn"))
		line[len / 2] = '\0';
	if (!strcmp(how, "split")) {
		put(line, 48);
		put_line("xen", "d0v0 something to say");
		put_line("domu", "and a line of a domU");
		put_line("dom0", line + 48);
		return;
	}
	put_line(where, line);
}

static void put_garbage(long n)
{
	uint32_t x = 2463534242u;

	while (n-- > 0) {
		char c;

		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		c = (char)(x >> 24);
		put(&c, 1);
	}
}

static void end_by(int signo)
{
	/* a sanitizer's handler would make an exit status of it */
	signal(signo, SIG_DFL);
	raise(signo);
}

static void write_pid(const char *path, pid_t pid)
{
	char *tmp;
	FILE *f;

	if (asprintf(&tmp, "%s.tmp", path) < 0)
		die(path);
	f = fopen(tmp, "we");
	if (!f || fprintf(f, "%d\n", (int)pid) < 0 || fclose(f) || rename(tmp, path))
		die(path);
	free(tmp);
}

static void linger(const char *path)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
	write_pid(path, pid);
}

static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
		;
}

static void chatter(const char *path)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		for (;;) {
			put_line("dom0", "tick");
			sleep_ms(100);
		}
	}
	write_pid(path, pid);
}

static void alloc(size_t mib)
{
	static char *volatile p;
	size_t size = mib << 20;
	size_t i;

	p = malloc(size);
	for (i = 0; p && i < size; i += 4096)
		p[i] = 1;
	/* kept: the peak is what a test looks for */
}

/* 0: Xen, 1: dom0, 2: domU 1; as Xen's console_rx */
static void switch_focus(int *focus)
{
	*focus = (*focus + 1) % 3;
	if (*focus == 0)
		puts_console("(XEN) *** Serial input to Xen (type 'CTRL-a' three times)\r\n");
	else
		put_line("xen", *focus == 1
					? "*** Serial input to DOM0 (type 'CTRL-a' three times)"
					: "*** Serial input to DOM1 (type 'CTRL-a' three times)");
}

static void serve_shell(void)
{
	int focus = 1, keys = 0;
	char line[256], out[300];
	size_t len = 0;
	ssize_t n;
	char c;

	for (;;) {
		n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			usleep(2000);
			continue;
		}
		if (n <= 0)
			return;
		if (c == 1) {
			if (++keys == 3) {
				switch_focus(&focus);
				keys = 0;
			}
			continue;
		}
		if (keys && len < sizeof(line) - 4)
			len += (size_t)sprintf(line + len, "^A");
		keys = 0;
		if (c != '\n' && c != '\r') {
			if (len < sizeof(line) - 1)
				line[len++] = c;
			continue;
		}
		line[len] = '\0';
		len = 0;
		if (!strcmp(line, "poweroff"))
			exit(0);
		snprintf(out, sizeof(out), "got: %s", line);
		/* with the focus a domU's text comes as Xen's own line */
		put_line(focus == 1 ? "dom0" : "xen", out);
	}
}

static void run(char *line)
{
	const char *cmd;
	char *rest = line;

	cmd = strsep(&rest, " ");
	if (!rest)
		rest = line + strlen(line);
	if (!*cmd)
		return;
	if (!strcmp(cmd, "xen") || !strcmp(cmd, "dom0") || !strcmp(cmd, "domu") ||
	    !strcmp(cmd, "relay"))
		put_line(cmd, rest);
	else if (!strcmp(cmd, "raw"))
		put_raw(rest);
	else if (!strcmp(cmd, "boot"))
		put_boot();
	else if (!strcmp(cmd, "token"))
		token = rest;
	else if (!strcmp(cmd, "record") || !strcmp(cmd, "badrecord") || !strcmp(cmd, "torn") ||
		 !strcmp(cmd, "split"))
		put_record(cmd, rest);
	else if (!strcmp(cmd, "garbage"))
		put_garbage(atol(rest));
	else if (!strcmp(cmd, "endless"))
		for (;;)
			put_line("dom0", rest);
	else if (!strcmp(cmd, "sleep"))
		sleep_ms(atol(rest));
	else if (!strcmp(cmd, "hang"))
		for (;;)
			pause();
	else if (!strcmp(cmd, "exit"))
		exit(atoi(rest));
	else if (!strcmp(cmd, "signal"))
		end_by(atoi(rest));
	else if (!strcmp(cmd, "noterm"))
		signal(SIGTERM, SIG_IGN);
	else if (!strcmp(cmd, "stderr"))
		fprintf(stderr, "%s\n", rest);
	else if (!strcmp(cmd, "linger"))
		linger(rest);
	else if (!strcmp(cmd, "chatter"))
		chatter(rest);
	else if (!strcmp(cmd, "pid"))
		write_pid(rest, getpid());
	else if (!strcmp(cmd, "alloc"))
		alloc((size_t)atol(rest));
	else if (!strcmp(cmd, "shell"))
		serve_shell();
	else {
		errno = EINVAL;
		die(cmd);
	}
}

int main(int argc, char **argv)
{
	const char *script = "";
	char *copy, *line;
	int i;

	for (i = 1; i + 1 < argc; i++) {
		if (!strcmp(argv[i], "-script"))
			script = argv[++i];
		else if (!strcmp(argv[i], "-serial") && !strncmp(argv[i + 1], "file:", 5))
			console =
				open(argv[++i] + 5, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0666);
	}
	if (console < 0)
		die("-serial");
	copy = strdup(script);
	if (!copy)
		die("script");
	while ((line = strsep(&copy, "\n")))
		run(line);
	return 0;
}
