/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The error object of the orchestration layer.
 *
 * Functions that fail for a reason a person must read return -1 and describe
 * the failure in a caller-owned struct err, always their last parameter.
 * Each level on the way up adds its own prefix (err_prefix()), so that the
 * command's top level, which alone prints, has a message such as
 *
 *     scenario blk-smoke: cell 2: boot dom0: no "dom0-up" within 60 s
 *
 * Success never touches the object, failure never touches outputs. Leaf code
 * (parsers, rings) returns -errno instead and does not know this type.
 * Passing NULL is allowed where nobody will read the message.
 */
#ifndef GRANTBENCH_LIB_ERR_H
#define GRANTBENCH_LIB_ERR_H

#include <stdarg.h>

/* Exit statuses of the program (docs/ARCHITECTURE.md, "Contracts"). */
enum gb_exit {
	GB_OK = 0,		/* pass */
	GB_REGRESSION = 1,	/* a regression or an unmet budget */
	GB_USAGE = 2,		/* usage or bad input */
	GB_SUBJECT = 3,		/* the subject failed: crash, hang, invalid run */
	GB_INFRA = 4,		/* the harness or the host failed */
};

struct err {
	enum gb_exit code;	/* 0 until the first err_set*(), which defaults to GB_INFRA */
	char msg[2048];		/* NUL-terminated; cut with "..." when longer */
};

/* Replace the message. All return -1, so "return err_set(err, ...)" reads well. */
int err_set(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_usage(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_subject(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As err_set(), with ": strerror(errnum)" behind it. errnum is positive. */
int err_errno(struct err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "text: " in front of the message; the code stays. Returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The exit status that the error asks for: its code, GB_INFRA when it has none. */
enum gb_exit err_exit(const struct err *err);

#endif
