// SPDX-License-Identifier: GPL-2.0-or-later
#include "peer-net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/clock.h"
#include "nic.h"
#include "report.h"
#include "sys.h"

static int listen_on(const char *bridge)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(NIC_MARK_TYPE),
		.sll_ifindex = (int)if_nametoindex(bridge),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(NIC_MARK_TYPE));
	int ret;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int net_peer_open(struct net_peer *p, const struct conf *conf, int domid, char *error,
		  size_t err_size)
{
	*p = (struct net_peer){ .fd = -1 };
	snprintf(p->vif, sizeof(p->vif), "vif%d.0", domid);
	p->fd = listen_on(conf->net_bridge);
	if (p->fd < 0) {
		snprintf(error, err_size, "%s: cannot hear marks: %s", conf->net_bridge, strerror(-p->fd));
		return -1;
	}
	xen_marks_open(&p->marks, 0, (uint32_t)domid);
	return 0;
}

static uint64_t stat_of(const struct net_peer *p, const char *name)
{
	char path[96], *text;
	uint64_t n;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", p->vif, name);
	if (sys_read_file(path, &text, NULL) < 0)
		return 0;
	n = strtoull(text, NULL, 10);
	free(text);
	return n;
}

/* What a vif receives the domU has sent. */
static void read_stats(const struct net_peer *p, struct net_peer_stats *st)
{
	*st = (struct net_peer_stats){
		.tx_packets = stat_of(p, "rx_packets"), .rx_packets = stat_of(p, "tx_packets"),
		.tx_bytes = stat_of(p, "rx_bytes"), .rx_bytes = stat_of(p, "tx_bytes"),
		.rx_drops = stat_of(p, "tx_dropped"),
	};
}

static int answer(const struct net_peer *p, unsigned char *frame, size_t size)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(NIC_MARK_TYPE), .sll_halen = 6,
		.sll_ifindex = (int)if_nametoindex(p->vif),
	};
	unsigned char from[6];

	memcpy(from, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, from, 6);
	return sendto(p->fd, frame, size, 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

/* As gb-backend does: what was open ends with a mark. */
static void take_mark(struct net_peer *p)
{
	uint64_t now = clock_ticks_to_ns(clock_ticks());

	if (p->nr_marks >= NET_PEER_MARKS)
		memmove(&p->st[0], &p->st[1], sizeof(p->st) - sizeof(p->st[0]));
	read_stats(p, &p->st[p->nr_marks < NET_PEER_MARKS ? p->nr_marks : NET_PEER_MARKS - 1]);
	if (p->open) {
		p->first_ns = p->open_ns;
		p->last_ns = now;
		p->span_mark = p->nr_marks;
		xen_marks_take(&p->marks, VDEV_SNAPSHOT_LAST);
	}
	p->nr_marks++;
	p->open = false;
}

void net_peer_first(struct net_peer *p)
{
	if (p->open || !p->nr_marks)
		return;
	p->open = true;
	p->open_ns = clock_ticks_to_ns(clock_ticks());
	/* twice: the difference is what looking costs */
	xen_marks_take(&p->marks, VDEV_SNAPSHOT_BEFORE);
	xen_marks_take(&p->marks, VDEV_SNAPSHOT_FIRST);
}

bool net_peer_serve(struct net_peer *p)
{
	unsigned char frame[128];
	ssize_t n = recv(p->fd, frame, sizeof(frame), 0);
	int ret;

	if (n < NIC_FRAME_SIZE || frame[6] != 0x02)
		return n >= 0;
	if (!memcmp(frame + NIC_ETH_SIZE, NIC_MARK_MAGIC, sizeof(NIC_MARK_MAGIC) - 1))
		take_mark(p);
	else if (memcmp(frame + NIC_ETH_SIZE, NIC_PING_MAGIC, sizeof(NIC_PING_MAGIC) - 1))
		return true;
	ret = answer(p, frame, (size_t)n);
	if (ret < 0)
		report_error("%s: cannot answer a mark: %s", p->vif, strerror(-ret));
	return true;
}

static void write_stats(struct jw *jw, const struct net_peer_stats *st)
{
	jw_open(jw, NULL, '{');
	jw_u64(jw, "tx_packets", st->tx_packets);
	jw_u64(jw, "rx_packets", st->rx_packets);
	jw_u64(jw, "tx_bytes", st->tx_bytes);
	jw_u64(jw, "rx_bytes", st->rx_bytes);
	jw_u64(jw, "rx_drops", st->rx_drops);
	jw_close(jw, '}');
}

static uint64_t bytes(const struct net_peer_stats *st)
{
	return st->tx_bytes + st->rx_bytes;
}

void net_peer_write(const struct net_peer *p, struct jw *jw)
{
	unsigned int kept = p->nr_marks < NET_PEER_MARKS ? p->nr_marks : NET_PEER_MARKS, i;

	jw_str(jw, "type", "netback");
	jw_u64(jw, "nr_marks", p->nr_marks);
	jw_open(jw, "net", '{');
	jw_open(jw, "marks", '[');
	for (i = 0; i < kept; i++)
		write_stats(jw, &p->st[i]);
	jw_close(jw, ']');
	jw_close(jw, '}');
	jw_open(jw, "span", '{');
	jw_bool(jw, "done", p->span_mark != 0);
	jw_u64(jw, "mark", p->span_mark);
	jw_u64(jw, "bytes", kept > 1 ? bytes(&p->st[kept - 1]) - bytes(&p->st[kept - 2]) : 0);
	jw_u64(jw, "lead_bytes", 0);
	jw_u64(jw, "first_ns", p->first_ns);
	jw_u64(jw, "last_ns", p->last_ns);
	xen_marks_write(&p->marks, jw);
	jw_close(jw, '}');
}

void net_peer_close(struct net_peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	xen_marks_close(&p->marks);
}
