// SPDX-License-Identifier: GPL-2.0-or-later
#include "xen-mark.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

static int query(struct xen_marks *m, xc_perfc_desc_t *descs, uint32_t *values)
{
	DECLARE_HYPERCALL_BUFFER(xc_perfc_desc_t, desc);
	DECLARE_HYPERCALL_BUFFER(xc_perfc_val_t, val);
	int ret = -1;

	desc = xc_hypercall_buffer_alloc(m->xch, desc, sizeof(*desc) * (size_t)m->nr_desc);
	val = xc_hypercall_buffer_alloc(m->xch, val, sizeof(*val) * (size_t)m->nr_values);
	if (desc && val)
		ret = xc_perfc_query(m->xch, HYPERCALL_BUFFER(desc), HYPERCALL_BUFFER(val));
	if (!ret && descs)
		memcpy(descs, desc, sizeof(*desc) * (size_t)m->nr_desc);
	if (!ret && values)
		memcpy(values, val, sizeof(*val) * (size_t)m->nr_values);
	xc_hypercall_buffer_free(m->xch, desc);
	xc_hypercall_buffer_free(m->xch, val);
	return ret;
}

/* Without PERF_COUNTERS the query is refused, and that is how one finds out. */
static void open_perfc(struct xen_marks *m)
{
	unsigned int i;

	if (xc_perfc_query_number(m->xch, &m->nr_desc, &m->nr_values) || m->nr_desc <= 0)
		return;
	m->desc = calloc((size_t)m->nr_desc, sizeof(*m->desc));
	if (!m->desc || query(m, m->desc, NULL)) {
		free(m->desc);
		m->desc = NULL;
		return;
	}
	for (i = 0; i < VDEV_SNAPSHOTS; i++) {
		m->mark[i].perfc = calloc((size_t)m->nr_values, sizeof(*m->mark[i].perfc));
		m->whole[i].perfc = calloc((size_t)m->nr_values, sizeof(*m->mark[i].perfc));
	}
}

void xen_marks_open(struct xen_marks *m, uint32_t own_domid, uint32_t frontend_domid)
{
	m->own_domid = own_domid;
	m->frontend_domid = frontend_domid;
	m->xch = xc_interface_open(NULL, NULL, 0);
	if (m->xch)
		open_perfc(m);
}

void xen_marks_close(struct xen_marks *m)
{
	unsigned int i;

	for (i = 0; i < VDEV_SNAPSHOTS; i++) {
		free(m->mark[i].perfc);
		free(m->whole[i].perfc);
	}
	free(m->desc);
	if (m->xch)
		xc_interface_close(m->xch);
	memset(m, 0, sizeof(*m));
}

static uint64_t cpu_time(struct xen_marks *m, uint32_t domid)
{
	xc_domaininfo_t info;

	if (xc_domain_getinfolist(m->xch, domid, 1, &info) != 1 || info.domain != domid)
		return 0;
	return info.cpu_time;
}

static bool take(struct xen_marks *m, struct xen_mark *mark)
{
	xc_cpuinfo_t cpu[XEN_MARK_CPUS];
	int nr = 0, i;

	if (!m->xch || xc_getcpuinfo(m->xch, XEN_MARK_CPUS, cpu, &nr))
		return false;
	mark->now_ns = clock_ticks_to_ns(clock_ticks());
	mark->idle_ns = 0;
	for (i = 0; i < nr; i++)
		mark->idle_ns += cpu[i].idletime;
	mark->own_ns = cpu_time(m, m->own_domid);
	mark->frontend_ns = cpu_time(m, m->frontend_domid);
	mark->dom0_ns = m->own_domid ? cpu_time(m, 0) : 0;
	return !mark->perfc || !query(m, NULL, mark->perfc);
}

void xen_marks_take(struct xen_marks *m, enum vdev_snapshot which)
{
	unsigned int i;

	m->mark[which].taken = take(m, &m->mark[which]);
	/* it is whole: the next one may never be */
	for (i = 0; which == VDEV_SNAPSHOT_LAST && i < VDEV_SNAPSHOTS; i++) {
		struct xen_mark old = m->whole[i];

		m->whole[i] = m->mark[i];
		m->mark[i] = old;
	}
}

static void write_perfc(const struct xen_marks *m, const uint32_t *value, struct jw *jw)
{
	unsigned int j, cpus = m->desc[0].nr_vals;
	uint64_t sum;
	int i;

	/* counters that are no arrays have the fewest places; the first may be an array */
	for (i = 1; i < m->nr_desc; i++)
		if (m->desc[i].nr_vals < cpus)
			cpus = m->desc[i].nr_vals;
	jw_open(jw, "perfc", '{');
	for (i = 0; i < m->nr_desc; i++) {
		const xc_perfc_desc_t *d = &m->desc[i];
		char name[sizeof(d->name) + 1] = "";

		memcpy(name, d->name, sizeof(d->name));
		for (j = 0, sum = 0; j < d->nr_vals; j++)
			sum += value[j];
		/* an array has its sum over the CPUs in each place, anything else a place per CPU */
		if (sum && d->nr_vals > cpus) {
			jw_open(jw, name, '[');
			for (j = 0; j < d->nr_vals; j++)
				jw_u64(jw, NULL, value[j]);
			jw_close(jw, ']');
		} else if (sum) {
			jw_u64(jw, name, sum);
		}
		value += d->nr_vals;
	}
	jw_close(jw, '}');
}

static void write_one(const struct xen_marks *m, const struct xen_mark *mark, struct jw *jw)
{
	jw_open(jw, NULL, '{');
	jw_u64(jw, "now_ns", mark->now_ns);
	jw_u64(jw, "idle_ns", mark->idle_ns);
	jw_u64(jw, "own_ns", mark->own_ns);
	jw_u64(jw, "frontend_ns", mark->frontend_ns);
	if (m->own_domid)
		jw_u64(jw, "dom0_ns", mark->dom0_ns);
	if (mark->perfc)
		write_perfc(m, mark->perfc, jw);
	jw_close(jw, '}');
}

void xen_marks_write(const struct xen_marks *m, struct jw *jw)
{
	unsigned int i;

	for (i = 0; i < VDEV_SNAPSHOTS; i++)
		if (!m->whole[i].taken)
			return;
	jw_open(jw, "xen", '[');
	for (i = 0; i < VDEV_SNAPSHOTS; i++)
		write_one(m, &m->whole[i], jw);
	jw_close(jw, ']');
}
