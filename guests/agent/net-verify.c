// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "net-proto.h"

/* Bytes of a stream: an odd number, and several segments even of the largest. */
#define STREAM_BYTES 200003u

struct step {
	const char *what;
	size_t size;		/* of a piece, or of a datagram */
	bool few;		/* also where there is no time for all */
};

static int failed(const char *peer, const struct step *s, int ret, uint64_t bad, char *error,
		  size_t err_size)
{
	if (ret == 0 && !bad)
		return 0;
	snprintf(error, err_size, "%s %s %zu: %s, %llu bytes wrong", peer, s->what, s->size,
		 ret < 0 ? strerror(-ret) : "done", (unsigned long long)bad);
	return -1;
}

int net_verify(const char *peer, unsigned int mtu, bool all, char *error, size_t err_size)
{
	static const struct step streams[] = {
		{ "tcp pieces of", 1461, false }, { "tcp pieces of", 4097, false },
		{ "tcp pieces of", 65536, true },
	};
	/* a datagram beyond the MTU goes in fragments */
	const struct step datagrams[] = {
		{ "udp", 1, true }, { "udp", 17, false }, { "udp", mtu - 48, false },
		{ "udp", mtu - 28, true }, { "udp", mtu - 27, false }, { "udp", 4096, false },
		{ "udp", 8193, true }, { "udp", 65487, false },
	};
	uint64_t bad;
	size_t i;
	int ret;

	for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		if (!all && !streams[i].few)
			continue;
		ret = net_stream(peer, true, STREAM_BYTES, streams[i].size, i, &bad);
		if (failed(peer, &streams[i], ret, bad, error, err_size) < 0)
			return -1;
		ret = net_stream(peer, false, STREAM_BYTES, streams[i].size, i + 100, &bad);
		if (failed(peer, &streams[i], ret, bad, error, err_size) < 0)
			return -1;
	}
	for (i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
		if (!all && !datagrams[i].few)
			continue;
		ret = net_datagrams(peer, datagrams[i].size, 2, i * 337 % 4096, i + 200, &bad);
		if (failed(peer, &datagrams[i], ret, bad, error, err_size) < 0)
			return -1;
	}
	return 0;
}

int net_verify_echo(const char *peer, unsigned int mtu, char *error, size_t err_size)
{
	const struct step sizes[] = {
		{ "udp", 1, true }, { "udp", 2, true }, { "udp", 19, true }, { "udp", 511, true },
		{ "udp", 1000, true }, { "udp", mtu - 28, true }, { "udp", mtu - 27, true },
		{ "udp", 8193, true }, { "udp", 20001, true },
	};
	uint64_t bad;
	size_t i;
	int ret;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ret = net_datagrams(peer, sizes[i].size, 3, i * 1237 % 4096, i + 300, &bad);
		if (failed(peer, &sizes[i], ret, bad, error, err_size) < 0)
			return -1;
	}
	return 0;
}
