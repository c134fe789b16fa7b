// SPDX-License-Identifier: GPL-2.0-or-later
#include "victim.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "canary.h"
#include "report.h"
#include "sys.h"
#include "xsnode.h"

#define AREA_PAGES 1024
#define SLOTS 8
#define DISK_PAGES 2048
#define MANY 4
#define FAR 8
#define END_MS 1000

struct victim {
	uint8_t *area;
	uint64_t gfn[AREA_PAGES];
	unsigned int slot[SLOTS];	/* index of each buffer; its neighbours are canaries */
	unsigned int nr_slots;
	bool broken[AREA_PAGES];
	int fd, other_fd;
	volatile bool stop, ended;
	volatile unsigned long rounds, near, readonly, stale, errors;
};

static void *page_at(struct victim *v, unsigned int index)
{
	return v->area + (size_t)index * CANARY_PAGE;
}

/* Where the pages are in guest memory; Documentation/admin-guide/mm/pagemap.rst. */
static int find_frames(struct victim *v)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	off_t at = (off_t)((uintptr_t)v->area / CANARY_PAGE * sizeof(uint64_t));
	ssize_t n = fd < 0 ? -1 : pread(fd, v->gfn, sizeof(v->gfn), at);
	unsigned int i;

	if (fd >= 0)
		close(fd);
	if (n != sizeof(v->gfn))
		return n < 0 ? -errno : -EIO;
	for (i = 0; i < AREA_PAGES; i++)
		v->gfn[i] &= (1ull << 55) - 1;
	return 0;
}

/* Three pages in a row, in guest memory: either way round. */
static bool in_a_row(const struct victim *v, unsigned int i)
{
	const uint64_t *g = &v->gfn[i];

	return (g[0] + 1 == g[1] && g[1] + 1 == g[2]) || (g[0] == g[1] + 1 && g[1] == g[2] + 1);
}

static int prepare(struct victim *v, const struct disk *disk)
{
	unsigned int i;
	int ret;

	v->area = mmap(NULL, (size_t)AREA_PAGES * CANARY_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (v->area == MAP_FAILED || mlock(v->area, (size_t)AREA_PAGES * CANARY_PAGE) < 0)
		return -errno;
	for (i = 0; i < AREA_PAGES; i++)
		canary_fill(page_at(v, i), i);
	ret = find_frames(v);
	for (i = 0; ret == 0 && i + 3 <= AREA_PAGES - FAR && v->nr_slots < SLOTS; i++) {
		if (!in_a_row(v, i))
			continue;
		v->slot[v->nr_slots++] = i + 1;
		i += 2;
	}
	if (ret == 0 && v->nr_slots < SLOTS)
		ret = -ENOSPC;
	v->fd = ret ? -1 : open(disk->node, O_RDWR | O_DIRECT | O_CLOEXEC);
	return ret ? ret : v->fd < 0 ? -errno : 0;
}

static void look_near(struct victim *v, unsigned int index)
{
	unsigned int i;

	/* once each, and left as it is, so that dom0 finds it, too */
	for (i = index - 1; i <= index + 1; i += 2) {
		if (v->broken[i] || canary_ok(page_at(v, i), i))
			continue;
		v->near++;
		v->broken[i] = true;
	}
}

/*
 * Every fourth transfer is of several pages, so that a request has more references
 * than the next one: those are former ones then.
 */
static unsigned int nr_buffers(const struct victim *v)
{
	return v->rounds % 4 == 3 ? MANY : 1;
}

static void one_round(struct victim *v)
{
	static uint8_t copy[MANY][CANARY_PAGE];
	unsigned int i, nr = nr_buffers(v), index[MANY];
	off_t at = (off_t)(v->rounds / 2 % DISK_PAGES) * CANARY_PAGE;
	bool write = v->rounds % 2 == 0 || v->rounds % 8 == 7;
	struct iovec iov[MANY];
	ssize_t n;

	for (i = 0; i < nr; i++) {
		index[i] = v->slot[(v->rounds + i) % v->nr_slots];
		iov[i] = (struct iovec){ page_at(v, index[i]), CANARY_PAGE };
		v->stale += !canary_ok(iov[i].iov_base, index[i]);
		if (!write)
			continue;
		memset(iov[i].iov_base, (int)(v->rounds & 0x7f), CANARY_PAGE);
		memcpy(copy[i], iov[i].iov_base, CANARY_PAGE);
	}
	n = write ? pwritev(v->fd, iov, (int)nr, at) : preadv(v->fd, iov, (int)nr, at);
	v->errors += n != (ssize_t)nr * CANARY_PAGE;
	for (i = 0; i < nr; i++) {
		v->readonly += write && memcmp(copy[i], iov[i].iov_base, CANARY_PAGE);
		look_near(v, index[i]);
		canary_fill(iov[i].iov_base, index[i]);
	}
	v->rounds++;
	/* do not spin on a device that fails at once */
	if (n != (ssize_t)nr * CANARY_PAGE)
		sys_sleep_ms(10);
}

static void *io_thread(void *arg)
{
	struct victim *v = arg;

	while (!v->stop)
		one_round(v);
	v->ended = true;
	return NULL;
}

static void publish_canaries(struct victim *v, struct xs_handle *xs)
{
	char text[1024] = "";
	unsigned int i;
	size_t n = 0;

	/* some that are far from all buffers, too */
	for (i = AREA_PAGES - FAR; i < AREA_PAGES; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%u:%llx ", i,
				      (unsigned long long)v->gfn[i]);
	for (i = 0; i < v->nr_slots; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%u:%llx %u:%llx ", v->slot[i] - 1,
				      (unsigned long long)v->gfn[v->slot[i] - 1], v->slot[i] + 1,
				      (unsigned long long)v->gfn[v->slot[i] + 1]);
	xsnode_write(xs, -1, "canaries", text);
}

/* A second device, of another backend's: reads, so that there is always a request. */
static void *other_thread(void *arg)
{
	struct victim *v = arg;
	void *block = NULL;
	off_t at;

	if (posix_memalign(&block, CANARY_PAGE, CANARY_PAGE))
		return NULL;
	for (at = 0; !v->stop; at = (at + CANARY_PAGE) % ((off_t)DISK_PAGES * CANARY_PAGE))
		v->errors += pread(v->other_fd, block, CANARY_PAGE, at) != CANARY_PAGE;
	free(block);
	return NULL;
}

static int start_threads(struct victim *v, const struct disk *other, pthread_t thread[2])
{
	int ret = pthread_create(&thread[0], NULL, io_thread, v);

	if (ret || !other)
		return -ret;
	v->other_fd = open(other->node, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (v->other_fd < 0)
		return -errno;
	return -pthread_create(&thread[1], NULL, other_thread, v);
}

bool victim_run(const struct disk *disk, const struct disk *other)
{
	static struct victim v;
	struct xs_handle *xs = xsnode_open();
	unsigned long beats = 0;
	char text[160];
	pthread_t thread[2];
	int64_t until;
	int ret = xs ? prepare(&v, disk) : -errno;

	if (ret == 0)
		ret = start_threads(&v, other, thread);
	if (ret < 0) {
		report_error("the isolation run's frontend: %s", strerror(-ret));
		return false;
	}
	publish_canaries(&v, xs);
	while (!xsnode_read(xs, -1, "stop", text, sizeof(text))) {
		snprintf(text, sizeof(text), "%lu %lu %lu %lu %lu %lu", ++beats, v.rounds, v.near,
			 v.readonly, v.stale, v.errors);
		xsnode_write(xs, -1, "victim", text);
		sys_sleep_ms(VICTIM_BEAT_MS);
	}
	v.stop = true;
	until = sys_now_ms() + END_MS;
	while (!v.ended && sys_now_ms() < until)
		sys_sleep_ms(5);
	if (v.ended) {
		pthread_join(thread[0], NULL);
		close(v.fd);
	}
	if (v.ended && other) {
		pthread_join(thread[1], NULL);
		close(v.other_fd);
	}
	report_log("grantbench: isolation: %lu rounds, near %lu, readonly %lu, stale %lu, errors %lu",
		   v.rounds, v.near, v.readonly, v.stale, v.errors);
	return v.ended;
}
