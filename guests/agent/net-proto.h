/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gb-net: the two ends of the network workload that is ours, because its counts must
 * be exact and every byte of it known.
 *
 *	UDP	each datagram comes back as it is
 *	TCP	a struct net_request, then as its mode says
 *
 * The same port for both. Content is a function of seed and place, so that each side knows
 * what it must receive.
 */
#ifndef GB_AGENT_NET_PROTO_H
#define GB_AGENT_NET_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 7001; tests take another. */
extern unsigned short net_port;

#define NET_MAGIC 0x47424e31u	/* "GBN1" */
#define NET_BLOCK (64u << 10)

enum net_mode {
	NET_ECHO,	/* messages of size bytes come back */
	NET_SINK,	/* size bytes to the server, which answers with what it got */
	NET_SOURCE,	/* size bytes from it */
};

struct net_request {
	uint32_t magic, mode;
	uint64_t size, seed;
};

/* The answer to NET_SINK. */
struct net_verdict {
	uint64_t received, bad;		/* bytes; and those that were not what they should be */
};

/* Bytes [at, at + len) of the content that seed stands for. */
void net_fill(uint8_t *p, uint64_t seed, uint64_t at, size_t len);
/* How many of them are something else. */
size_t net_compare(const uint8_t *p, uint64_t seed, uint64_t at, size_t len);

/* All of it, or -errno; a connection's end is -EPIPE. */
int net_write_all(int fd, const void *p, size_t len);
int net_read_all(int fd, void *p, size_t len);

/* Serve until killed; -errno when it cannot. */
int net_serve(void);

struct net_test {
	const char *peer;	/* IPv4 or IPv6 address */
	bool tcp;
	uint64_t size;		/* of a message */
	uint64_t count;		/* of round trips */
	unsigned int in_flight;
	uint64_t interval_ns;	/* 0: closed loop; else the mean time between sends, Poisson's */
	uint64_t seed;
};

struct net_result {
	uint64_t done, bad, lost;
	uint64_t total_ns;
	uint64_t *ns;		/* done of them; the caller frees */
};

/* Round trips. 0, or -errno with a sentence in error. */
int net_rr(const struct net_test *t, struct net_result *r, char *error, size_t err_size);

/* Content by TCP in one direction, in pieces of chunk bytes; and by UDP. *bad: wrong bytes. */
int net_stream(const char *peer, bool up, uint64_t bytes, size_t chunk, uint64_t seed,
	       uint64_t *bad);
int net_datagrams(const char *peer, size_t size, unsigned int count, size_t skew, uint64_t seed,
		  uint64_t *bad);

/*
 * The answer as a JSON object, for people and for the harness: latency's quantiles (nearest
 * rank) and histogram. Sorts r->ns. NULL without memory; the caller frees.
 */
char *net_rr_json(const struct net_test *t, struct net_result *r, const char *error);

/*
 * Streams both ways, written in pieces around page and segment sizes, and datagrams up to
 * the largest, at places that are not aligned. all: or a few of them. 0, or -1 with
 * a sentence. net_verify_echo(): of a peer that echoes UDP and does no more.
 */
int net_verify(const char *peer, unsigned int mtu, bool all, char *error, size_t err_size);
int net_verify_echo(const char *peer, unsigned int mtu, char *error, size_t err_size);

#endif
