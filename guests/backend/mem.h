/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that another domain writes at the same time: ordering, little-endian
 * access, and the one way to take a copy.
 *
 * virtio 1.2 data is little-endian. Both ends are SMP domains of one machine,
 * so the barriers are the SMP ones (dmb ish on arm64, mfence on x86), which is
 * what Linux' virtio_mb() and friends use without VIRTIO_F_ORDER_PLATFORM.
 */
#ifndef GB_BACKEND_MEM_H
#define GB_BACKEND_MEM_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Order earlier loads and stores before later ones, stores before loads included. */
static inline void mem_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Shared 16-bit fields of the rings. p is 2-byte aligned: checked when a ring is set up. */
static inline uint16_t shared_load16(const void *p)
{
	return le16toh(__atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED));
}

/* Loads after it see what the writer stored before its matching store. */
static inline uint16_t shared_load16_acquire(const void *p)
{
	return le16toh(__atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE));
}

static inline void shared_store16(void *p, uint16_t value)
{
	__atomic_store_n((uint16_t *)p, htole16(value), __ATOMIC_RELAXED);
}

/* Everything stored before it is visible to who sees the new value. */
static inline void shared_store16_release(void *p, uint16_t value)
{
	__atomic_store_n((uint16_t *)p, htole16(value), __ATOMIC_RELEASE);
}

/*
 * Copy shared memory once. The empty asm makes the compiler believe that the
 * copy may have been changed, so it cannot go back to the source for a second
 * look, which the other side could answer differently.
 */
static inline void shared_copy(void *copy, const void *shared, size_t size)
{
	memcpy(copy, shared, size);
	__asm__ __volatile__("" : : "r"(copy) : "memory");
}

/* Little-endian fields at any alignment, in memory of our own. */
static inline uint16_t get_le16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline uint32_t get_le32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline uint64_t get_le64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline void put_le16(void *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_le32(void *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_le64(void *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

#endif
