/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte buffer, and the one place that allocates strings.
 *
 * The data is always followed by a NUL that size does not count, so that text
 * can be handed to C functions. Running out of memory ends the process: the
 * harness runs beside a machine with gigabytes, there is nothing to save.
 */
#ifndef GRANTBENCH_LIB_BUF_H
#define GRANTBENCH_LIB_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;	/* NULL while empty and never written */
	size_t size;	/* bytes, without the NUL */
	size_t alloc;
};

#define BUF_INIT { NULL, 0, 0 }

void buf_release(struct buf *buf);			/* frees, back to BUF_INIT */
void buf_reserve(struct buf *buf, size_t extra);	/* room for extra more bytes */
void buf_add(struct buf *buf, const void *data, size_t size);
void buf_addstr(struct buf *buf, const char *s);
void buf_addf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_addvf(struct buf *buf, const char *fmt, va_list ap);
void buf_remove_front(struct buf *buf, size_t size);	/* size <= buf->size */
void buf_reset(struct buf *buf);			/* size 0, memory kept */
char *buf_detach(struct buf *buf);			/* caller frees; never NULL */

#define _cleanup_buf_ __attribute__((cleanup(buf_release)))

/* Allocation that cannot fail; the caller frees. */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t size);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
