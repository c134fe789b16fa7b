// SPDX-License-Identifier: GPL-2.0-or-later
/* Can this host be expressed? Nothing is built before all of it is known to fit. */
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "dt/dt.h"
#include "dt/host.h"
#include "lib/cleanup.h"

#define LINUX_ARGS_MAX 2047u	/* arm64's COMMAND_LINE_SIZE, with its NUL */
#define NODE_NAME_MAX 31u	/* devicetree specification 2.2.1 */

struct place {
	const char *domain, *kind;
	const struct dt_module *module;
};

struct places {
	struct place place[3 + 3 * DT_MAX_DOMU];
	size_t nr;
};

static void add_place(struct places *p, const char *domain, const char *kind,
		      const struct dt_module *module)
{
	if (module->size)
		p->place[p->nr++] = (struct place){ domain, kind, module };
}

static bool contains(const struct dt_module *range, const struct dt_module *m)
{
	return m->addr >= range->addr && m->size <= range->size &&
	       m->addr - range->addr <= range->size - m->size;
}

/* Neither end wraps: contains() has been asked first. */
static bool overlap(const struct dt_module *a, const struct dt_module *b)
{
	return a->addr < b->addr + b->size && b->addr < a->addr + a->size;
}

/* One bank of a memory node; -FDT_ERR_NOTFOUND behind the last. */
static int memory_bank(const void *fdt, int node, int i, struct dt_module *bank)
{
	int ac = fdt_address_cells(fdt, 0), sc = fdt_size_cells(fdt, 0), len;
	const void *p = fdt_getprop(fdt, node, "reg", &len);

	if (!p || ac < 1 || ac > 2 || sc < 1 || sc > 2)
		return -FDT_ERR_NOTFOUND;
	if (i >= len / 4 / (ac + sc))
		return -FDT_ERR_NOTFOUND;
	bank->addr = dt_cells(p, i * (ac + sc), ac);
	bank->size = dt_cells(p, i * (ac + sc) + ac, sc);
	return 0;
}

bool dt_in_memory(const void *fdt, const struct dt_module *m)
{
	struct dt_module bank;
	int node, i;

	fdt_for_each_subnode(node, fdt, 0) {
		int len;
		const char *type = fdt_getprop(fdt, node, "device_type", &len);

		if (!type || len != sizeof("memory") || memcmp(type, "memory", sizeof("memory")))
			continue;
		for (i = 0; memory_bank(fdt, node, i, &bank) == 0; i++)
			if (contains(&bank, m))
				return true;
	}
	return false;
}

static int check_place(const void *fdt, const struct places *p, size_t i, struct err *err)
{
	const struct place *new = &p->place[i];
	const struct dt_module *m = new->module;
	size_t j;

	if (m->addr < DT_MODULES_BASE)
		return err_usage(err, "%s's %s at 0x%" PRIx64 ": below 0x%llx is the place of Xen "
				 "and its device tree", new->domain, new->kind, m->addr,
				 DT_MODULES_BASE);
	if (!dt_in_memory(fdt, m))
		return err_usage(err, "%s's %s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " are not in "
				 "memory", new->domain, new->kind, m->size, m->addr);
	for (j = 0; j < i; j++) {
		const struct place *old = &p->place[j];

		if (overlap(old->module, m))
			return err_usage(err, "%s's %s at 0x%" PRIx64 " overlaps with %s's %s at "
					 "0x%" PRIx64, new->domain, new->kind, m->addr, old->domain,
					 old->kind, old->module->addr);
	}
	return 0;
}

static int check_places(const void *fdt, const struct dt_host *host, struct err *err)
{
	struct places p = { .nr = 0 };
	size_t i;

	add_place(&p, "dom0", "kernel", &host->kernel);
	add_place(&p, "dom0", "ramdisk", &host->ramdisk);
	add_place(&p, "Xen", "policy", &host->policy);
	for (i = 0; i < host->nr_domu; i++) {
		const struct dt_domu *u = &host->domu[i];

		add_place(&p, u->name, "kernel", &u->kernel);
		add_place(&p, u->name, "ramdisk", &u->ramdisk);
		add_place(&p, u->name, "device tree", &u->dtb);
	}
	for (i = 0; i < p.nr; i++)
		if (check_place(fdt, &p, i, err) < 0)
			return -1;
	return 0;
}

static int check_args(const char *whose, const char *args, size_t max, struct err *err)
{
	if (!args)
		return err_usage(err, "%s has no arguments", whose);
	if (strlen(args) > max)
		return err_usage(err, "%s's arguments have %zu characters, %zu are possible", whose,
				 strlen(args), max);
	return 0;
}

static int check_port(const char *whose, unsigned int port, struct err *err)
{
	if (port < 1 || port > DT_EVTCHN_MAX)
		return err_usage(err, "%s's event channel %u is not from 1 to %u", whose, port,
				 DT_EVTCHN_MAX);
	return 0;
}

/* Its channels, and dom0's side of them. */
static int check_evtchns(const struct dt_host *host, size_t i, struct err *err)
{
	const struct dt_domu *u = &host->domu[i];
	unsigned int first = host->dom0_evtchn + dt_evtchns_before(host, i);

	if (!u->nr_evtchn)
		return 0;
	if (u->nr_evtchn > DT_DOMU_EVTCHNS)
		return err_usage(err, "%s: %u event channels are more than %u", u->name, u->nr_evtchn,
				 DT_DOMU_EVTCHNS);
	return check_port(u->name, u->evtchn, err) < 0 ||
	       check_port(u->name, u->evtchn + u->nr_evtchn - 1, err) < 0 ||
	       check_port("dom0", first, err) < 0 ||
	       check_port("dom0", first + u->nr_evtchn - 1, err) < 0 ? -1 : 0;
}

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* The domU's own tree, as Xen will build it. */
static int check_fdt_room(const struct dt_domu *u, struct err *err)
{
	size_t args = u->bootargs ? align4(strlen(u->bootargs) + 1) : 0;
	uint64_t need = DT_DOMU_FDT_OWN + (u->cpus - 1) * DT_DOMU_FDT_PER_CPU + args + u->dtb.size;

	if (u->dtb.size > DT_DOMU_FDT_BYTES || need > DT_DOMU_FDT_BYTES)
		return err_usage(err, "%s: a device tree of %" PRIu64 " bytes and arguments of %zu "
				 "do not fit into the %u bytes that Xen has for all of it", u->name,
				 u->dtb.size, args, DT_DOMU_FDT_BYTES);
	return 0;
}

/* What fdt_add_subnode() would take as it is. */
static bool good_name(const char *name)
{
	size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789,._+-") : 0;

	return n && n <= NODE_NAME_MAX && !name[n];
}

static int check_domu(const struct dt_host *host, size_t i, struct err *err)
{
	const struct dt_domu *u = &host->domu[i];
	size_t j;

	if (!good_name(u->name))
		return err_usage(err, "domain %zu: \"%s\" is not a node's name", i + 1,
				 u->name ? u->name : "");
	for (j = 0; j < i; j++)
		if (!strcmp(host->domu[j].name, u->name))
			return err_usage(err, "two domains are called %s", u->name);
	if (!u->kernel.size)
		return err_usage(err, "%s has no kernel", u->name);
	if (!u->mem_mib || !u->cpus || u->cpus > DT_MAX_CPUS)
		return err_usage(err, "%s: %u MiB of memory and %u CPUs make no domain", u->name,
				 u->mem_mib, u->cpus);
	if (u->bootargs && check_args(u->name, u->bootargs, DT_BOOTARGS_MAX, err) < 0)
		return -1;
	if (check_evtchns(host, i, err) < 0)
		return -1;
	return check_fdt_room(u, err);
}

int dt_host_check(const void *qemu_dtb, const struct dt_host *host, struct err *err)
{
	size_t i;

	if (!host->kernel.size)
		return err_usage(err, "dom0 has no kernel");
	if (check_args("Xen", host->xen_bootargs, DT_BOOTARGS_MAX, err) < 0 ||
	    check_args("dom0", host->dom0_bootargs, LINUX_ARGS_MAX, err) < 0)
		return -1;
	if (host->nr_domu > DT_MAX_DOMU)
		return err_usage(err, "%zu domains are more than %u", host->nr_domu, DT_MAX_DOMU);
	for (i = 0; i < host->nr_domu; i++)
		if (check_domu(host, i, err) < 0)
			return -1;
	return check_places(qemu_dtb, host, err);
}
