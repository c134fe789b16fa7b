/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that nobody but the frontend has any business with, full of words that the
 * frontend and dom0 can tell and that a page of another index does not have.
 */
#ifndef GB_AGENT_CANARY_H
#define GB_AGENT_CANARY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CANARY_PAGE 4096
#define CANARY_WORDS (CANARY_PAGE / sizeof(uint64_t))

static inline uint64_t canary_word(unsigned int index, size_t i)
{
	uint64_t x = ((uint64_t)index << 32 | (uint64_t)i) * 0x9e3779b97f4a7c15ull;

	return x ^ x >> 29;
}

static inline void canary_fill(void *page, unsigned int index)
{
	uint64_t *w = page;
	size_t i;

	memcpy(page, "canary: ", sizeof(*w));
	for (i = 1; i < CANARY_WORDS; i++)
		w[i] = canary_word(index, i);
}

static inline bool canary_ok(const void *page, unsigned int index)
{
	const uint64_t *w = page;
	size_t i;

	if (memcmp(page, "canary: ", sizeof(*w)))
		return false;
	for (i = 1; i < CANARY_WORDS; i++)
		if (w[i] != canary_word(index, i))
			return false;
	return true;
}

#endif
