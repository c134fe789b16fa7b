// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "net-proto.h"

unsigned short net_port = 7001;

/* splitmix64, Steele, Lea and Flood 2014: eight bytes of content for each place */
static uint64_t word(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

void net_fill(uint8_t *p, uint64_t seed, uint64_t at, size_t len)
{
	while (len) {
		uint64_t w = word(seed, at / 8);
		size_t from = at % 8, part = 8 - from < len ? 8 - from : len;

		memcpy(p, (const uint8_t *)&w + from, part);
		p += part;
		at += part;
		len -= part;
	}
}

size_t net_compare(const uint8_t *p, uint64_t seed, uint64_t at, size_t len)
{
	uint8_t want[4096];
	size_t bad = 0, part, i;

	while (len) {
		part = len < sizeof(want) ? len : sizeof(want);
		net_fill(want, seed, at, part);
		if (memcmp(want, p, part))
			for (i = 0; i < part; i++)
				bad += want[i] != p[i];
		p += part;
		at += part;
		len -= part;
	}
	return bad;
}

int net_write_all(int fd, const void *p, size_t len)
{
	const uint8_t *from = p;

	while (len) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

int net_read_all(int fd, void *p, size_t len)
{
	uint8_t *to = p;

	while (len) {
		ssize_t n = read(fd, to, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EPIPE;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}
