/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports to the harness: records (lib/record.h) written through /dev/kmsg, so
 * that a record and the kernel's own messages never mix on the console.
 */
#ifndef GB_AGENT_REPORT_H
#define GB_AGENT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* src: "dom0" or "domu". Opens /dev/kmsg; -errno if it cannot. */
int report_init(const char *token, const char *src);

/* data_json: one object. What does not fit a record is reported as an error instead. */
void report(const char *type, const char *data_json);
void report_phase(const char *phase);
void report_check(const char *name, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The guest gives up. Records the error; the caller ends the guest. */
void report_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void report_done(bool ok);

/* Send bytes, or a file, as a blob. A file that cannot be read is an error record, -errno. */
void report_blob(const char *name, const void *data, size_t size);
int report_file(const char *name, const char *path);

/* A line for people, not a record: goes to the console as it is. */
void report_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
