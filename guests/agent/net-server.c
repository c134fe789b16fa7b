// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net-proto.h"

#define FAMILIES 2

/* A socket of both families would make IPv4's addresses mapped ones: one each, IPv6 if there. */
static int bound(int family, int type)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(net_port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(net_port) };
	int fd = socket(family, type | SOCK_CLOEXEC, 0), one = 1, ret;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
		ret = bind(fd, (struct sockaddr *)&in6, sizeof(in6));
	} else {
		ret = bind(fd, (struct sockaddr *)&in, sizeof(in));
	}
	if (ret == 0 && type == SOCK_STREAM)
		ret = listen(fd, 16);
	if (ret == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static void sink(int fd, const struct net_request *req, uint8_t *block)
{
	struct net_verdict v = { 0, 0 };

	while (v.received < req->size) {
		uint64_t left = req->size - v.received;
		ssize_t n = read(fd, block, left < NET_BLOCK ? left : NET_BLOCK);

		if (n <= 0)
			return;
		v.bad += net_compare(block, req->seed, v.received, (size_t)n);
		v.received += (uint64_t)n;
	}
	net_write_all(fd, &v, sizeof(v));
}

static void source(int fd, const struct net_request *req, uint8_t *block)
{
	uint64_t at;
	size_t part;

	for (at = 0; at < req->size; at += part) {
		part = req->size - at < NET_BLOCK ? req->size - at : NET_BLOCK;
		net_fill(block, req->seed, at, part);
		if (net_write_all(fd, block, part) < 0)
			return;
	}
}

static void echo(int fd, const struct net_request *req, uint8_t *block)
{
	while (req->size && req->size <= NET_BLOCK && net_read_all(fd, block, req->size) == 0 &&
	       net_write_all(fd, block, req->size) == 0)
		;
}

static void connection(int fd)
{
	uint8_t *block = malloc(NET_BLOCK);
	struct net_request req;
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!block || net_read_all(fd, &req, sizeof(req)) < 0 || req.magic != NET_MAGIC)
		return;
	switch ((enum net_mode)req.mode) {
	case NET_ECHO:
		echo(fd, &req, block);
		break;
	case NET_SINK:
		sink(fd, &req, block);
		break;
	case NET_SOURCE:
		source(fd, &req, block);
		break;
	}
	free(block);
}

static void datagram(int fd)
{
	static uint8_t block[NET_BLOCK];
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(fd, block, sizeof(block), 0, (struct sockaddr *)&from, &len);

	if (n >= 0)
		sendto(fd, block, (size_t)n, 0, (struct sockaddr *)&from, len);
}

int net_serve(void)
{
	static const int families[FAMILIES] = { AF_INET, AF_INET6 };
	struct pollfd pfd[2 * FAMILIES];
	unsigned int i;

	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < FAMILIES; i++) {
		pfd[2 * i] = (struct pollfd){ .fd = bound(families[i], SOCK_STREAM), .events = POLLIN };
		pfd[2 * i + 1] = (struct pollfd){ .fd = bound(families[i], SOCK_DGRAM), .events = POLLIN };
	}
	if (pfd[0].fd < 0 || pfd[1].fd < 0)
		return pfd[0].fd < 0 ? pfd[0].fd : pfd[1].fd;
	for (;;) {
		if (poll(pfd, 2 * FAMILIES, -1) < 0 && errno != EINTR)
			return -errno;
		for (i = 0; i < 2 * FAMILIES; i++) {
			int fd;

			if (!(pfd[i].revents & POLLIN))
				continue;
			if (i % 2) {
				datagram(pfd[i].fd);
				continue;
			}
			fd = accept4(pfd[i].fd, NULL, NULL, SOCK_CLOEXEC);
			if (fd >= 0 && fork() == 0) {
				connection(fd);
				_exit(0);
			}
			if (fd >= 0)
				close(fd);
		}
	}
}
