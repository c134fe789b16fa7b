// SPDX-License-Identifier: GPL-2.0-or-later
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <xenstore.h>

#include "backend/clock.h"
#include "report.h"
#include "sys.h"
#include "xsnode.h"

#define RAM_DISK "/dev/ram0"
#define XVDA 51712		/* xen/include/public/io/blkif.h's number of xvda: 202 << 8 */
/* How often to look for a mark; as long as a span is open, that would be in it. */
#define LOOK_MS 20
#define LOOK_IN_SPAN_MS 200
#define TRACING "/sys/kernel/debug/tracing/events/"
#define BIO_COMPLETE "block/block_bio_complete"
#define RECEIVE "net/netif_receive_skb"

int peer_prepare(const struct conf *conf)
{
	size_t size = 1 << 20;
	ssize_t n = 0;
	void *zero;
	int fd, ret = 0;

	if (strcmp(conf->pv, "blkfront"))
		return 0;
	fd = open(RAM_DISK, O_WRONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	zero = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (zero == MAP_FAILED) {
		close(fd);
		return -ENOMEM;
	}
	while ((n = write(fd, zero, size)) > 0)
		;
	if (n < 0 && errno != ENOSPC)
		ret = -errno;
	munmap(zero, size);
	close(fd);
	return ret;
}

static long read_number(const char *path)
{
	char *text;
	long n;

	if (sys_read_file(path, &text, NULL) < 0)
		return -1;
	n = strtol(text, NULL, 10);
	free(text);
	return n;
}

static uint64_t stat_of(const struct peer *p, const char *name)
{
	char path[128];
	long n;

	snprintf(path, sizeof(path), "/sys/bus/xen-backend/devices/vbd-%d-%d/statistics/%s", p->domid,
		 XVDA, name);
	n = read_number(path);
	return n < 0 ? 0 : (uint64_t)n;
}

static void read_stats(const struct peer *p, struct peer_stats *st)
{
	st->rd_req = stat_of(p, "rd_req");
	st->wr_req = stat_of(p, "wr_req");
	st->f_req = stat_of(p, "f_req");
	st->rd_sect = stat_of(p, "rd_sect");
	st->wr_sect = stat_of(p, "wr_sect");
}

static unsigned int node_of(const struct peer *p, bool front, const char *key)
{
	const char *class = p->is_net ? "vif" : "vbd";
	int id = p->is_net ? 0 : XVDA;
	unsigned int len = 0, n = 0;
	char path[128], *value;

	if (front)
		snprintf(path, sizeof(path), "/local/domain/%d/device/%s/%d/%s", p->domid, class, id, key);
	else
		snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%d/%d/%s", class, p->domid, id, key);
	value = xs_read(p->xs, XBT_NULL, path, &len);
	if (value)
		n = (unsigned int)strtoul(value, NULL, 10);
	free(value);
	return n;
}

/* One wake-up behind every period-th time that the tracepoint is passed. */
static int event_open(struct peer_event *e, const char *tracepoint, unsigned long period)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.sample_period = period,
		.wakeup_events = 1,
		.disabled = 1,
	};
	long page = sysconf(_SC_PAGESIZE), id;
	char path[128];

	snprintf(path, sizeof(path), TRACING "%s/id", tracepoint);
	id = read_number(path);
	if (id < 0)
		return -ENOENT;
	attr.config = (uint64_t)id;
	e->fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (e->fd < 0)
		return -errno;
	e->base = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_SHARED, e->fd, 0);
	return e->base == MAP_FAILED ? -errno : 0;
}

static void event_arm(struct peer_event *e)
{
	ioctl(e->fd, PERF_EVENT_IOC_RESET, 0);
	ioctl(e->fd, PERF_EVENT_IOC_ENABLE, 0);
}

static void event_stop(struct peer_event *e)
{
	struct pollfd pfd = { .fd = e->fd, .events = POLLIN };

	ioctl(e->fd, PERF_EVENT_IOC_DISABLE, 0);
	poll(&pfd, 1, 0);	/* what it has to say is no longer of interest */
}

static void event_close(struct peer_event *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
}

int peer_open(struct peer *p, const struct conf *conf, int domid, char *error, size_t err_size)
{
	const char *tracepoint = BIO_COMPLETE;
	int ret;

	*p = (struct peer){ .domid = domid, .requests = (unsigned long)conf->pv_requests,
			    .first = { .fd = -1 }, .last = { .fd = -1 }, .net = { .fd = -1 },
			    .is_net = !strcmp(conf->pv, "netfront") };
	p->xs = xsnode_open();
	if (!p->xs) {
		snprintf(error, err_size, "xenstore: %s", strerror(errno));
		return -1;
	}
	if (p->is_net && net_peer_open(&p->net, conf, domid, error, err_size) < 0)
		return -1;
	if (p->is_net)
		tracepoint = RECEIVE;
	ret = event_open(&p->first, tracepoint, 1);
	if (ret == 0 && !p->is_net)
		ret = event_open(&p->last, tracepoint, p->requests ? p->requests : 1);
	if (ret < 0) {
		snprintf(error, err_size, "a perf event on %s: %s", tracepoint, strerror(-ret));
		return -1;
	}
	if (p->is_net)
		return 0;
	xen_marks_open(&p->marks, 0, (uint32_t)domid);
	return 0;
}

void peer_poll_fds(const struct peer *p, struct pollfd pfds[PEER_FDS])
{
	int fds[PEER_FDS] = { p->first.fd, p->last.fd }, i;

	if (p->is_net)
		fds[1] = p->net.fd;
	for (i = 0; i < PEER_FDS; i++)
		pfds[i] = (struct pollfd){ .fd = p->domid ? fds[i] : -1, .events = POLLIN };
}

/* What wakes us comes before what else there is to do, as long as something is timed. */
static void set_realtime(bool on)
{
	struct sched_param param = { .sched_priority = on ? 1 : 0 };

	if (sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param) < 0)
		report_log("grantbench: sched_setscheduler: %s", strerror(errno));
}

static void take_word(struct peer *p, const char *word)
{
	if (!strcmp(word, "start")) {
		read_stats(p, &p->before);
		p->state = node_of(p, false, "state");
		p->state_front = node_of(p, true, "state");
		p->persistent = node_of(p, false, "feature-persistent");
		p->persistent_front = node_of(p, true, "feature-persistent");
		p->first_ns = p->last_ns = 0;
		set_realtime(true);
		event_arm(&p->first);
		event_arm(&p->last);
	} else {
		ioctl(p->first.fd, PERF_EVENT_IOC_DISABLE, 0);
		ioctl(p->last.fd, PERF_EVENT_IOC_DISABLE, 0);
		set_realtime(false);
		read_stats(p, &p->after);
	}
	p->nr_marks++;
}

static bool look_for_mark(struct peer *p)
{
	char word[sizeof(p->mark)] = "";
	int64_t now = sys_now_ms();

	if (now < p->look_at)
		return false;
	p->look_at = now + (p->first_ns && !p->last_ns ? LOOK_IN_SPAN_MS : LOOK_MS);
	if (!xsnode_read(p->xs, p->domid, "mark", word, sizeof(word)) || !strcmp(word, p->mark))
		return false;
	strcpy(p->mark, word);
	take_word(p, word);
	if (!xsnode_write(p->xs, p->domid, "marked", word))
		report_error("xenstore: the domU gets no answer to \"%s\": %s", word, strerror(errno));
	return true;
}

static void read_states(struct peer *p)
{
	p->state = node_of(p, false, "state");
	p->state_front = node_of(p, true, "state");
}

/*
 * The first frame says that the domU is at work, and comes before anything is timed. A mark is
 * received, too: what comes behind it is the first of what is timed.
 */
static bool serve_net(struct peer *p, const struct pollfd pfds[PEER_FDS])
{
	unsigned int marks = p->net.nr_marks;

	if (pfds[1].revents) {
		event_stop(&p->first);
		if (net_peer_serve(&p->net) && !p->state)
			read_states(p);
		if (p->net.nr_marks != marks)
			event_arm(&p->first);
		return true;
	}
	if (!pfds[0].revents)
		return false;
	event_stop(&p->first);
	net_peer_first(&p->net);
	return true;
}

bool peer_serve(struct peer *p, const struct pollfd pfds[PEER_FDS])
{
	if (!p->domid)
		return false;
	if (p->is_net)
		return serve_net(p, pfds);
	if (pfds[0].revents && !p->first_ns) {
		p->first_ns = clock_ticks_to_ns(clock_ticks());
		ioctl(p->first.fd, PERF_EVENT_IOC_DISABLE, 0);
		/* twice: the difference is what looking costs */
		xen_marks_take(&p->marks, VDEV_SNAPSHOT_BEFORE);
		xen_marks_take(&p->marks, VDEV_SNAPSHOT_FIRST);
		p->look_at = sys_now_ms() + LOOK_IN_SPAN_MS;
		return true;
	}
	if (pfds[1].revents && !p->last_ns) {
		p->last_ns = clock_ticks_to_ns(clock_ticks());
		ioctl(p->last.fd, PERF_EVENT_IOC_DISABLE, 0);
		xen_marks_take(&p->marks, VDEV_SNAPSHOT_LAST);
		return true;
	}
	return look_for_mark(p);
}

bool peer_is_timed(const struct peer *p)
{
	/* of a network: between the second mark and the third */
	return p->is_net ? p->net.nr_marks == 2 : p->first_ns && !p->last_ns;
}

static void write_stats(struct jw *jw, const char *key, const struct peer_stats *st)
{
	jw_open(jw, key, '{');
	jw_u64(jw, "rd_req", st->rd_req);
	jw_u64(jw, "wr_req", st->wr_req);
	jw_u64(jw, "f_req", st->f_req);
	jw_u64(jw, "rd_sect", st->rd_sect);
	jw_u64(jw, "wr_sect", st->wr_sect);
	jw_close(jw, '}');
}

static void write_span(const struct peer *p, struct jw *jw)
{
	jw_open(jw, "span", '{');
	jw_bool(jw, "done", p->first_ns && p->last_ns);
	jw_u64(jw, "requests", p->requests - 1);
	jw_u64(jw, "first_ns", p->first_ns);
	jw_u64(jw, "last_ns", p->last_ns);
	xen_marks_write(&p->marks, jw);
	jw_close(jw, '}');
}

static void write_blk(const struct peer *p, struct jw *jw)
{
	jw_str(jw, "type", "blkback");
	jw_u64(jw, "marks", (uint64_t)p->nr_marks);
	jw_u64(jw, "persistent", p->persistent);
	jw_u64(jw, "persistent_front", p->persistent_front);
	write_stats(jw, "before", &p->before);
	write_stats(jw, "after", &p->after);
	write_span(p, jw);
}

/* As gb-backend reports its devices. */
static void write_net(const struct peer *p, struct jw *jw)
{
	jw_open(jw, "devices", '[');
	jw_open(jw, NULL, '{');
	net_peer_write(&p->net, jw);
	jw_close(jw, '}');
	jw_close(jw, ']');
}

void peer_end(struct peer *p)
{
	struct jw jw = { 0 };
	char *text = NULL;
	size_t size = 0;

	event_close(&p->first);
	event_close(&p->last);
	jw.out = open_memstream(&text, &size);
	if (!jw.out)
		return;
	jw_open(&jw, NULL, '{');
	if (p->is_net)
		write_net(p, &jw);
	else
		write_blk(p, &jw);
	jw_u64(&jw, "state", p->state);
	jw_u64(&jw, "state_front", p->state_front);
	jw_close(&jw, '}');
	if (fclose(jw.out) == 0)
		report_blob("backend.json", text, size);
	free(text);
	net_peer_close(&p->net);
	xen_marks_close(&p->marks);
}
