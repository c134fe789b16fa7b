/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands. Each gets its own argv (argv[0] is the command's name),
 * prints its own messages, and returns the program's exit status (lib/err.h).
 */
#ifndef GRANTBENCH_COMMANDS_H
#define GRANTBENCH_COMMANDS_H

/*
 * "grantbench COMMAND: MESSAGE", and where help is. fmt NULL: getopt has said what was
 * wrong. Returns GB_USAGE.
 */
int bad_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* At a command's end: status, or GB_INFRA (and a message) when what was printed got lost. */
int end_output(const char *command, int status);

int cmd_alloc(int argc, char **argv);
int cmd_boot(int argc, char **argv);
int cmd_build(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_digest(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_dt(int argc, char **argv);
int cmd_isolate(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_run(int argc, char **argv);

#endif
