/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scope cleanup. A variable that carries one of these attributes is released
 * when it leaves its scope; initialise it with its sentinel (-1, NULL) where
 * it is declared. Hand ownership on with take_ptr() or take_fd().
 */
#ifndef GRANTBENCH_LIB_CLEANUP_H
#define GRANTBENCH_LIB_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define _cleanup_free_ __attribute__((cleanup(cleanup_free)))
#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))
#define _cleanup_fclose_ __attribute__((cleanup(cleanup_fclose)))
#define _cleanup_closedir_ __attribute__((cleanup(cleanup_closedir)))

/* Value of the pointer or fd; the variable is left at its sentinel. */
#define take_ptr(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})
#define take_fd(fd)              \
	({                       \
		int taken_ = (fd); \
		(fd) = -1;       \
		taken_;          \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
