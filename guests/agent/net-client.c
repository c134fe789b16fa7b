// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net-proto.h"

/* Emulated time: long beyond any retransmission that still ends well. */
#define PATIENCE_S 20

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int connect_to(const char *peer, bool tcp)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(net_port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(net_port) };
	bool six = strchr(peer, ':') != NULL;
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd, one = 1, ret;

	if (inet_pton(six ? AF_INET6 : AF_INET, peer, six ? (void *)&in6.sin6_addr :
							  (void *)&in.sin_addr) != 1)
		return -EINVAL;
	fd = socket(six ? AF_INET6 : AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (tcp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	ret = six ? connect(fd, (struct sockaddr *)&in6, sizeof(in6)) :
		    connect(fd, (struct sockaddr *)&in, sizeof(in));
	if (ret == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static int ask(int fd, enum net_mode mode, uint64_t size, uint64_t seed)
{
	struct net_request req = { NET_MAGIC, mode, size, seed };

	return net_write_all(fd, &req, sizeof(req));
}

/* One run of round trips. */
struct run {
	const struct net_test *t;
	struct net_result *r;
	uint64_t *sent_ns;	/* when each was, or should have been, sent */
	uint64_t sent;
	uint8_t *out, *in;
	uint64_t random;
	int fd;
};

/* xorshift64*, Vigna 2016; in (0, 1] */
static double uniform(struct run *run)
{
	run->random ^= run->random >> 12;
	run->random ^= run->random << 25;
	run->random ^= run->random >> 27;
	return (double)((run->random * 0x2545f4914f6cdd1dull >> 11) + 1) / 9007199254740992.0;
}

static int send_one(struct run *run, uint64_t when)
{
	net_fill(run->out, run->t->seed + run->sent, 0, run->t->size);
	run->sent_ns[run->sent++] = when;
	return net_write_all(run->fd, run->out, run->t->size);
}

/* The next answer. UDP: answers come in order, or what comes is counted as bad. */
static int receive_one(struct run *run)
{
	struct net_result *r = run->r;
	size_t bad;
	ssize_t n;

	if (run->t->tcp) {
		int ret = net_read_all(run->fd, run->in, run->t->size);

		if (ret < 0)
			return ret;
		n = (ssize_t)run->t->size;
	} else {
		n = recv(run->fd, run->in, NET_BLOCK, 0);
	}
	if (n < 0)
		return -errno;
	r->ns[r->done] = now_ns() - run->sent_ns[r->done];
	bad = (uint64_t)n == run->t->size ?
	      net_compare(run->in, run->t->seed + r->done, 0, run->t->size) : 1;
	r->bad += bad != 0;
	r->done++;
	return 0;
}

static int closed_loop(struct run *run)
{
	const struct net_test *t = run->t;
	int ret = 0;

	while (ret == 0 && run->r->done < t->count) {
		while (ret == 0 && run->sent < t->count && run->sent - run->r->done < t->in_flight)
			ret = send_one(run, now_ns());
		if (ret == 0)
			ret = receive_one(run);
	}
	return ret;
}

/*
 * Sends at times that nobody's answer changes. An answer counts from when its request
 * should have been sent, so that a stall is seen by all that it held up.
 */
static int open_loop(struct run *run)
{
	const struct net_test *t = run->t;
	uint64_t next = now_ns(), now;
	int ret = 0;

	while (ret == 0 && run->r->done < t->count) {
		struct pollfd pfd = { .fd = run->fd, .events = POLLIN };
		struct timespec wait = { .tv_sec = PATIENCE_S };

		now = now_ns();
		if (run->sent < t->count && now >= next) {
			ret = send_one(run, next);
			next += (uint64_t)(-log(uniform(run)) * (double)t->interval_ns);
			continue;
		}
		if (run->sent < t->count) {
			wait.tv_sec = (time_t)((next - now) / 1000000000u);
			wait.tv_nsec = (long)((next - now) % 1000000000u);
		}
		ret = ppoll(&pfd, 1, &wait, NULL);
		if (ret > 0)
			ret = receive_one(run);
		else if (ret == 0 && run->sent == t->count)
			ret = -ETIMEDOUT;
		else if (ret < 0)
			ret = -errno;
	}
	return ret;
}

int net_rr(const struct net_test *t, struct net_result *r, char *error, size_t err_size)
{
	struct run run = { .t = t, .r = r, .random = t->seed * 2 + 1 };
	uint64_t start;
	int ret;

	*r = (struct net_result){ 0 };
	run.fd = connect_to(t->peer, t->tcp);
	if (run.fd < 0) {
		snprintf(error, err_size, "cannot reach %s: %s", t->peer, strerror(-run.fd));
		return run.fd;
	}
	r->ns = calloc(t->count, sizeof(*r->ns));
	run.sent_ns = calloc(t->count, sizeof(*run.sent_ns));
	run.out = malloc(NET_BLOCK);
	run.in = malloc(NET_BLOCK);
	ret = r->ns && run.sent_ns && run.out && run.in ? 0 : -ENOMEM;
	if (ret == 0 && t->tcp)
		ret = ask(run.fd, NET_ECHO, t->size, 0);
	start = now_ns();
	if (ret == 0)
		ret = t->interval_ns ? open_loop(&run) : closed_loop(&run);
	r->total_ns = now_ns() - start;
	r->lost = run.sent - r->done;
	if (ret < 0)
		snprintf(error, err_size, "after %llu of %llu round trips: %s",
			 (unsigned long long)r->done, (unsigned long long)t->count, strerror(-ret));
	free(run.sent_ns);
	free(run.out);
	free(run.in);
	close(run.fd);
	return ret;
}

static int upload(int fd, uint64_t bytes, size_t chunk, uint64_t seed, uint8_t *block, uint64_t *bad)
{
	struct net_verdict v;
	uint64_t at;
	size_t part;
	int ret = 0;

	for (at = 0; at < bytes && ret == 0; at += part) {
		part = bytes - at < chunk ? bytes - at : chunk;
		net_fill(block, seed, at, part);
		ret = net_write_all(fd, block, part);
	}
	if (ret == 0)
		ret = net_read_all(fd, &v, sizeof(v));
	if (ret == 0)
		*bad = v.bad + (bytes - v.received);
	return ret;
}

static int download(int fd, uint64_t bytes, size_t chunk, uint64_t seed, uint8_t *block, uint64_t *bad)
{
	uint64_t at = 0;

	while (at < bytes) {
		ssize_t n = read(fd, block, bytes - at < chunk ? bytes - at : chunk);

		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		*bad += net_compare(block, seed, at, (size_t)n);
		at += (uint64_t)n;
	}
	return 0;
}

int net_stream(const char *peer, bool up, uint64_t bytes, size_t chunk, uint64_t seed,
	       uint64_t *bad)
{
	/* odd places: whatever depends on alignment shall meet the worst */
	uint8_t *block = malloc(NET_BLOCK + 8);
	int fd = connect_to(peer, true), ret;

	*bad = 0;
	if (!block)
		return -ENOMEM;
	ret = fd < 0 ? fd : ask(fd, up ? NET_SINK : NET_SOURCE, bytes, seed);
	if (ret == 0)
		ret = up ? upload(fd, bytes, chunk, seed, block + 3, bad) :
			   download(fd, bytes, chunk, seed, block + 3, bad);
	if (fd >= 0)
		close(fd);
	free(block);
	return ret;
}

int net_datagrams(const char *peer, size_t size, unsigned int count, size_t skew, uint64_t seed,
		  uint64_t *bad)
{
	uint8_t *block = malloc(2 * NET_BLOCK);
	int fd = connect_to(peer, false), ret = fd < 0 ? fd : 0;
	unsigned int i;

	*bad = 0;
	if (!block)
		return -ENOMEM;
	for (i = 0; i < count && ret == 0; i++) {
		ssize_t n;

		net_fill(block + skew, seed + i, 0, size);
		if (send(fd, block + skew, size, 0) < 0) {
			ret = -errno;
			break;
		}
		memset(block, 0, 2 * NET_BLOCK);
		n = recv(fd, block + skew, NET_BLOCK, 0);
		if (n < 0)
			ret = -errno;
		else
			*bad += (size_t)n == size ? net_compare(block + skew, seed + i, 0, size) : 1;
	}
	if (fd >= 0)
		close(fd);
	free(block);
	return ret;
}
