// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *p)
{
	if (!p) {
		fputs("grantbench: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	return check(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t size)
{
	return check(realloc(p, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return check(strdup(s));
}

char *xstrndup(const char *s, size_t size)
{
	return check(strndup(s, size));
}

char *xasprintf(const char *fmt, ...)
{
	struct buf buf = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addvf(&buf, fmt, ap);
	va_end(ap);
	return buf_detach(&buf);
}

void buf_release(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf)BUF_INIT;
}

void buf_reserve(struct buf *buf, size_t extra)
{
	size_t need = buf->size + extra + 1;

	if (need < extra)
		check(NULL);
	if (need <= buf->alloc)
		return;
	if (need < 2 * buf->alloc)
		need = 2 * buf->alloc;
	if (need < 64)
		need = 64;
	buf->data = xrealloc(buf->data, need);
	buf->alloc = need;
}

void buf_add(struct buf *buf, const void *data, size_t size)
{
	buf_reserve(buf, size);
	if (size)
		memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void buf_addstr(struct buf *buf, const char *s)
{
	buf_add(buf, s, strlen(s));
}

void buf_addvf(struct buf *buf, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len < 0)
		check(NULL);
	buf_reserve(buf, (size_t)len);
	vsnprintf(buf->data + buf->size, (size_t)len + 1, fmt, again);
	va_end(again);
	buf->size += (size_t)len;
}

void buf_addf(struct buf *buf, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addvf(buf, fmt, ap);
	va_end(ap);
}

void buf_remove_front(struct buf *buf, size_t size)
{
	if (!size)
		return;
	memmove(buf->data, buf->data + size, buf->size - size + 1);
	buf->size -= size;
}

void buf_reset(struct buf *buf)
{
	buf->size = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

char *buf_detach(struct buf *buf)
{
	char *data;

	buf_reserve(buf, 0);
	data = buf->data;
	data[buf->size] = '\0';
	*buf = (struct buf)BUF_INIT;
	return data;
}
