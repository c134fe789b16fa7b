// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

#define PAGE 4096ull

const char *vstore_kind_name(enum vstore_kind kind)
{
	static const char *const names[] = { "ram", "null", "file" };

	return names[kind];
}

static int open_file(struct vstore *store, const char *path, uint64_t size_bytes, bool readonly)
{
	struct stat stat;
	int flags = O_CLOEXEC, err;

	if (readonly)
		flags |= O_RDONLY;
	else
		flags |= O_RDWR | (size_bytes ? O_CREAT : 0);

	store->fd = open(path, flags, 0600);
	if (store->fd < 0 || fstat(store->fd, &stat) < 0)
		goto fail;
	if (!S_ISREG(stat.st_mode)) {
		errno = EINVAL;
		goto fail;
	}
	if (!size_bytes)
		size_bytes = (uint64_t)stat.st_size & ~511ull;
	if ((uint64_t)stat.st_size < size_bytes) {
		if (readonly) {
			errno = EFBIG;
			goto fail;
		}
		if (ftruncate(store->fd, (off_t)size_bytes) < 0)
			goto fail;
	}
	store->size = size_bytes;
	return 0;

fail:
	err = -errno;
	if (store->fd >= 0)
		close(store->fd);
	store->fd = -1;
	return err;
}

int vstore_open(struct vstore *store, enum vstore_kind kind, const char *path,
		uint64_t size_bytes, bool readonly)
{
	void *ram;

	store->kind = kind;
	store->size = 0;
	store->ram = NULL;
	store->fd = -1;

	if (size_bytes % 512 || size_bytes > INT64_MAX)
		return -EINVAL;
	switch (kind) {
	case VSTORE_FILE:
		if (!path)
			return -EINVAL;
		return open_file(store, path, size_bytes, readonly);
	case VSTORE_RAM:
		if (!size_bytes || size_bytes > SIZE_MAX)
			return -EINVAL;
		ram = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (ram == MAP_FAILED)
			return -errno;
		store->ram = ram;
		break;
	case VSTORE_NULL:
		if (!size_bytes)
			return -EINVAL;
		break;
	}
	store->size = size_bytes;
	return 0;
}

void vstore_close(struct vstore *store)
{
	if (store->ram)
		munmap(store->ram, store->size);
	if (store->fd >= 0)
		close(store->fd);
	store->ram = NULL;
	store->fd = -1;
	store->size = 0;
}

/* preadv or pwritev until everything is through; iov is consumed. */
static int file_transfer(struct vstore *store, struct vq_stats *st, struct iovec *iov,
			 unsigned int nr, uint64_t offset, bool out)
{
	while (nr) {
		int n = nr < IOV_MAX ? (int)nr : IOV_MAX;
		ssize_t done;

		st->syscalls++;
		if (out)
			done = pwritev(store->fd, iov, n, (off_t)offset);
		else
			done = preadv(store->fd, iov, n, (off_t)offset);
		if (done < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (done == 0)
			return -EIO;	/* somebody made the file shorter */
		offset += (uint64_t)done;
		while (nr && (size_t)done >= iov->iov_len) {
			done -= (ssize_t)iov->iov_len;
			iov++;
			nr--;
		}
		if (nr) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

static int ram_transfer(struct vstore *store, const struct iovec *iov, unsigned int nr,
			uint64_t offset, bool out)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (out)
			memcpy(store->ram + offset, iov[i].iov_base, iov[i].iov_len);
		else
			memcpy(iov[i].iov_base, store->ram + offset, iov[i].iov_len);
		offset += iov[i].iov_len;
	}
	return 0;
}

static int transfer(struct vstore *store, struct vq_stats *st, struct iovec *iov, unsigned int nr,
		    uint64_t offset, bool out)
{
	switch (store->kind) {
	case VSTORE_RAM:
		return ram_transfer(store, iov, nr, offset, out);
	case VSTORE_FILE:
		return file_transfer(store, st, iov, nr, offset, out);
	case VSTORE_NULL:
		break;
	}
	return 0;
}

int vstore_read(struct vstore *store, struct vq_stats *st, struct iovec *iov, unsigned int nr,
		uint64_t offset)
{
	return transfer(store, st, iov, nr, offset, false);
}

int vstore_write(struct vstore *store, struct vq_stats *st, struct iovec *iov, unsigned int nr,
		 uint64_t offset)
{
	return transfer(store, st, iov, nr, offset, true);
}

/* Whole pages inside the range go back to the kernel and read as zeroes. */
static int ram_drop_pages(struct vstore *store, struct vq_stats *st, uint64_t offset, uint64_t len)
{
	uint64_t first = (offset + PAGE - 1) & ~(PAGE - 1);
	uint64_t end = (offset + len) & ~(PAGE - 1);

	if (first >= end)
		return 0;
	st->syscalls++;
	return madvise(store->ram + first, end - first, MADV_DONTNEED) < 0 ? -errno : 0;
}

static int file_write_zeroes(struct vstore *store, struct vq_stats *st, uint64_t offset,
			     uint64_t len)
{
	static uint8_t zeroes[65536];	/* never written */
	struct iovec iov;
	int rc;

	while (len) {
		iov.iov_base = zeroes;
		iov.iov_len = len < sizeof(zeroes) ? len : sizeof(zeroes);
		len -= iov.iov_len;
		offset += iov.iov_len;
		rc = file_transfer(store, st, &iov, 1, offset - iov.iov_len, true);
		if (rc)
			return rc;
	}
	return 0;
}

static int file_fallocate(struct vstore *store, struct vq_stats *st, int mode, uint64_t offset,
			  uint64_t len)
{
	st->syscalls++;
	return fallocate(store->fd, mode, (off_t)offset, (off_t)len) < 0 ? -errno : 0;
}

int vstore_zero(struct vstore *store, struct vq_stats *st, uint64_t offset, uint64_t len,
		bool unmap)
{
	int rc;

	if (!len)
		return 0;
	switch (store->kind) {
	case VSTORE_RAM:
		/* no unmapping: pages that come back later would be page faults */
		memset(store->ram + offset, 0, len);
		return 0;
	case VSTORE_FILE:
		rc = file_fallocate(store, st,
				    FALLOC_FL_KEEP_SIZE |
				    (unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE),
				    offset, len);
		if (rc == -EOPNOTSUPP || rc == -ENOSYS)
			rc = file_write_zeroes(store, st, offset, len);
		return rc;
	case VSTORE_NULL:
		break;
	}
	return 0;
}

int vstore_discard(struct vstore *store, struct vq_stats *st, uint64_t offset, uint64_t len)
{
	int rc;

	if (!len)
		return 0;
	switch (store->kind) {
	case VSTORE_RAM:
		return ram_drop_pages(store, st, offset, len);
	case VSTORE_FILE:
		rc = file_fallocate(store, st, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, offset,
				    len);
		return rc == -EOPNOTSUPP || rc == -ENOSYS ? 0 : rc;
	case VSTORE_NULL:
		break;
	}
	return 0;
}

int vstore_flush(struct vstore *store, struct vq_stats *st)
{
	if (store->kind != VSTORE_FILE)
		return 0;
	st->syscalls++;
	return fdatasync(store->fd) < 0 ? -errno : 0;
}
