// SPDX-License-Identifier: GPL-2.0-or-later
#include "limit.h"

void limit_init(struct limit *limit, unsigned int max, int64_t now_s)
{
	limit->max = max;
	limit->tokens = max;
	limit->at_s = now_s;
	limit->dropped = 0;
}

bool limit_take(struct limit *limit, int64_t now_s)
{
	if (now_s > limit->at_s) {
		uint64_t tokens = limit->tokens + (uint64_t)(now_s - limit->at_s);

		limit->tokens = tokens < limit->max ? (unsigned int)tokens : limit->max;
		limit->at_s = now_s;
	}
	if (!limit->tokens) {
		limit->dropped++;
		return false;
	}
	limit->tokens--;
	return true;
}
