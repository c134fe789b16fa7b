// SPDX-License-Identifier: GPL-2.0-or-later
#include "perturb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Linux' <xen/gntalloc.h> */
struct gntalloc_alloc_gref {
	uint16_t domid;
	uint16_t flags;
	uint32_t count;
	uint64_t index;
	uint32_t gref_ids[1];
};
#define ALLOC_GREF _IOC(_IOC_NONE, 'G', 5, sizeof(struct gntalloc_alloc_gref))
#define FLAG_WRITABLE 1

struct gntalloc_dealloc_gref {
	uint64_t index;
	uint32_t count;
};
#define DEALLOC_GREF _IOC(_IOC_NONE, 'G', 6, sizeof(struct gntalloc_dealloc_gref))

void perturb_jitter(int instructions)
{
	volatile int left;

	/* load, subtract, store, compare and branch */
	for (left = instructions / 5; left > 0; left--)
		;
}

int perturb_table(unsigned int seed, int domid)
{
	uint64_t index[PERTURB_GRANTS_MAX], state = seed;
	int fd = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);
	unsigned int n, i;

	if (fd < 0)
		return -errno;
	n = perturb_grants(&state);
	for (i = 0; i < n; i++) {
		struct gntalloc_alloc_gref alloc = {
			.domid = (uint16_t)domid, .flags = FLAG_WRITABLE, .count = 1,
		};

		if (ioctl(fd, ALLOC_GREF, &alloc) < 0)
			goto fail;
		index[i] = alloc.index;
	}
	/* Fisher and Yates; the first half of the shuffled ones goes */
	for (i = n - 1; i > 0; i--) {
		unsigned int j = (unsigned int)(perturb_next(&state) % (i + 1));
		uint64_t t = index[i];

		index[i] = index[j];
		index[j] = t;
	}
	for (i = 0; i < n / 2; i++) {
		struct gntalloc_dealloc_gref dealloc = { .index = index[i], .count = 1 };

		if (ioctl(fd, DEALLOC_GREF, &dealloc) < 0)
			goto fail;
	}
	return fd;
fail:
	i = (unsigned int)errno;
	close(fd);
	return -(int)i;
}

void perturb_table_end(int fd)
{
	if (fd >= 0)
		close(fd);
}
