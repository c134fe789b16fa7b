/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bits and bitmaps. What the searches look at is counted, in words of a bitmap
 * (sim_stats.words): that is how O(table) work shows, whatever its name is.
 */
#ifndef GRANTBENCH_SIM_BITS_H
#define GRANTBENCH_SIM_BITS_H

#include "sim/base.h"
#include "sim/state.h"

#define BITS_PER_TYPE(t) (sizeof(t) * BITS_PER_BYTE)
#define BITS_TO_LONGS(n) DIV_ROUND_UP((unsigned long)(n), BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define BIT_MASK(n) (1UL << ((n) % BITS_PER_LONG))
#define BIT_WORD(n) ((n) / BITS_PER_LONG)
#define GENMASK(h, l) ((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))
#define BITMAP_FIRST_WORD_MASK(start) (~0UL << ((start) & (BITS_PER_LONG - 1)))
#define BITMAP_LAST_WORD_MASK(n) (~0UL >> (-(n) & (BITS_PER_LONG - 1)))

#define __ffs(x) ((unsigned long)__builtin_ctzl(x))
#define __fls(x) ((unsigned long)(BITS_PER_LONG - 1 - __builtin_clzl(x)))
#define ffz(x) __ffs(~(x))
#define ffs(x) __builtin_ffs(x)
#define hweight_long(x) ((unsigned long)__builtin_popcountl(x))
#define hweight64(x) ((unsigned int)__builtin_popcountll(x))

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls_long(unsigned long x)
{
	return x ? 64 - __builtin_clzl(x) : 0;
}

#define fls64(x) fls_long(x)
#define ilog2(x) (fls_long(x) - 1)
#define is_power_of_2(x) ((x) != 0 && ((x) & ((x) - 1)) == 0)
#define order_base_2(x) ((x) > 1 ? fls_long((unsigned long)(x) - 1) : 0)
#define roundup_pow_of_two(x) (1UL << order_base_2(x))
#define rounddown_pow_of_two(x) (1UL << ilog2(x))
#define get_order(size) order_base_2(DIV_ROUND_UP(size, PAGE_SIZE))

static inline void __set_bit(unsigned long nr, unsigned long *map)
{
	map[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static inline void __clear_bit(unsigned long nr, unsigned long *map)
{
	map[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static inline bool __test_and_set_bit(unsigned long nr, unsigned long *map)
{
	bool old = map[BIT_WORD(nr)] & BIT_MASK(nr);

	__set_bit(nr, map);
	return old;
}

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *map)
{
	bool old = map[BIT_WORD(nr)] & BIT_MASK(nr);

	__clear_bit(nr, map);
	return old;
}

static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
	return __atomic_load_n(&map[BIT_WORD(nr)], __ATOMIC_RELAXED) & BIT_MASK(nr);
}

static inline void set_bit(unsigned long nr, unsigned long *map)
{
	__atomic_fetch_or(&map[BIT_WORD(nr)], BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline void clear_bit(unsigned long nr, unsigned long *map)
{
	__atomic_fetch_and(&map[BIT_WORD(nr)], ~BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline bool test_and_set_bit(unsigned long nr, unsigned long *map)
{
	return __atomic_fetch_or(&map[BIT_WORD(nr)], BIT_MASK(nr), __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

static inline bool test_and_clear_bit(unsigned long nr, unsigned long *map)
{
	return __atomic_fetch_and(&map[BIT_WORD(nr)], ~BIT_MASK(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

/*
 * Known-bad allocators, to see that the models notice: the last of several bits is
 * forgotten. With SIM_MUTANTS only, in the unit tests.
 */
#ifdef SIM_MUTANTS
#define sim_forget(what, n) ((n) > 1 && sim_mutant == (what))
#else
#define sim_forget(what, n) 0
#endif

static inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int n)
{
	unsigned int end = start + n - sim_forget(SIM_LOSE, n);

	while (start < end) {
		unsigned int bit = start % BITS_PER_LONG;
		unsigned int len = min(end - start, (unsigned int)BITS_PER_LONG - bit);

		map[BIT_WORD(start)] |= BITMAP_LAST_WORD_MASK(len) << bit;
		start += len;
	}
}

static inline void bitmap_clear(unsigned long *map, unsigned int start, unsigned int n)
{
	unsigned int end = start + n - sim_forget(SIM_TWICE, n);

	while (start < end) {
		unsigned int bit = start % BITS_PER_LONG;
		unsigned int len = min(end - start, (unsigned int)BITS_PER_LONG - bit);

		map[BIT_WORD(start)] &= ~(BITMAP_LAST_WORD_MASK(len) << bit);
		start += len;
	}
}

static inline void bitmap_zero(unsigned long *map, unsigned int nbits)
{
	memset(map, 0, BITS_TO_LONGS(nbits) * sizeof(long));
}

static inline void bitmap_fill(unsigned long *map, unsigned int nbits)
{
	memset(map, 0xff, BITS_TO_LONGS(nbits) * sizeof(long));
}

/* The first bit from start on that is set in map ^ flip, or size. */
static inline unsigned long sim_find_next(const unsigned long *map, unsigned long size,
					  unsigned long start, unsigned long flip)
{
	unsigned long w, word;

	if (start >= size)
		return size;
	w = BIT_WORD(start);
	word = (map[w] ^ flip) & BITMAP_FIRST_WORD_MASK(start);
	sim_stats.words++;
	while (!word) {
		if (++w * BITS_PER_LONG >= size)
			return size;
		sim_stats.words++;
		word = map[w] ^ flip;
	}
	return min(w * BITS_PER_LONG + __ffs(word), size);
}

#define find_next_bit(map, size, start) sim_find_next(map, size, start, 0)
#define find_next_zero_bit(map, size, start) sim_find_next(map, size, start, ~0UL)
#define find_first_bit(map, size) sim_find_next(map, size, 0, 0)
#define find_first_zero_bit(map, size) sim_find_next(map, size, 0, ~0UL)
#define for_each_set_bit(bit, map, size) \
	for ((bit) = find_first_bit(map, size); (bit) < (size); \
	     (bit) = find_next_bit(map, size, (bit) + 1))

static inline unsigned long find_last_bit(const unsigned long *map, unsigned long size)
{
	unsigned long bit = size;

	while (bit-- > 0)
		if (test_bit(bit, map))
			return bit;
	return size;
}

static inline unsigned int bitmap_weight(const unsigned long *map, unsigned int nbits)
{
	unsigned int i, n = 0;

	for (i = 0; i < nbits / BITS_PER_LONG; i++)
		n += hweight_long(map[i]);
	sim_stats.words += BITS_TO_LONGS(nbits);
	if (nbits % BITS_PER_LONG)
		n += hweight_long(map[i] & BITMAP_LAST_WORD_MASK(nbits));
	return n;
}

#define bitmap_empty(map, nbits) (find_first_bit(map, nbits) == (nbits))
#define bitmap_full(map, nbits) (find_first_zero_bit(map, nbits) == (nbits))

/* As lib/bitmap.c has it: the next n zero bits at (return + offset) & mask == 0, or beyond size. */
static inline unsigned long bitmap_find_next_zero_area_off(unsigned long *map, unsigned long size,
							   unsigned long start, unsigned int n,
							   unsigned long mask, unsigned long offset)
{
	unsigned long at, end, i;

	for (;; start = i + 1) {
		at = find_next_zero_bit(map, size, start);
		at = ((at + offset + mask) & ~mask) - offset;
		end = at + n;
		if (end > size)
			return end;
		i = find_next_bit(map, end, at);
		if (i >= end)
			return at;
	}
}

#define bitmap_find_next_zero_area(map, size, start, n, mask) \
	bitmap_find_next_zero_area_off(map, size, start, n, mask, 0)

#endif
