// SPDX-License-Identifier: GPL-2.0-or-later
/* The host's tree: QEMU's own, and /chosen for Xen. */
#include "dt/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dt/grow.h"
#include "lib/cleanup.h"

#define MODULE_ALIGN (2ull << 20)
#define ROOM 4096	/* for what is added, in the first try */

/* What of QEMU's machine only costs dom0 boot time: beginnings of names below the root. */
static const char *const unused[] = {
	"virtio_mmio@", "pcie@", "flash@", "fw-cfg@", "gpio-keys", "pl061@", "platform-bus@",
};

/* What changes from start to start, or takes Xen's console from it. */
static const char *const stale[] = { "rng-seed", "kaslr-seed", "stdout-path" };

int dt_host_layout(struct dt_module *const *modules, size_t n, unsigned int ram_mib,
		   struct err *err)
{
	uint64_t ram_end = DT_RAM_BASE + ((uint64_t)ram_mib << 20), end = DT_MODULES_BASE;
	size_t i;

	for (i = 0; i < n; i++) {
		/* the order matters: a size beyond memory would wrap further down */
		if (modules[i]->size > ram_end || end + modules[i]->size > ram_end)
			return err_usage(err, "the boot modules do not fit into %u MiB of memory: "
					 "module %zu has %" PRIu64 " bytes", ram_mib, i,
					 modules[i]->size);
		end += (modules[i]->size + MODULE_ALIGN - 1) & ~(MODULE_ALIGN - 1);
	}
	for (i = 0, end = DT_MODULES_BASE; i < n; i++) {
		if (!modules[i]->size)
			continue;
		modules[i]->addr = end;
		end += (modules[i]->size + MODULE_ALIGN - 1) & ~(MODULE_ALIGN - 1);
	}
	return 0;
}

/*
 * libfdt puts a new subnode in front of its siblings and a new property in front
 * of the others: below, what is to come first is added last.
 */

static int set_cells(void *fdt, int node)
{
	TRY(fdt_setprop_u32(fdt, node, "#size-cells", 2));
	return fdt_setprop_u32(fdt, node, "#address-cells", 2);
}

/* kind: "multiboot,kernel", … */
static int add_module(void *fdt, int parent, const struct dt_module *m, const char *kind,
		      const char *bootargs)
{
	fdt64_t reg[2] = { cpu_to_fdt64(m->addr), cpu_to_fdt64(m->size) };
	char name[40];
	int node;

	if (!m->size)
		return 0;
	snprintf(name, sizeof(name), "module@%" PRIx64, m->addr);
	node = fdt_add_subnode(fdt, parent, name);
	if (node < 0)
		return node;
	if (bootargs)
		TRY(fdt_setprop_string(fdt, node, "bootargs", bootargs));
	TRY(fdt_setprop(fdt, node, "reg", reg, sizeof(reg)));
	TRY(fdt_setprop_string(fdt, node, "compatible", kind));
	return fdt_appendprop_string(fdt, node, "compatible", "multiboot,module");
}

/* One side of a static event channel. */
static int add_evtchn(void *fdt, int parent, unsigned int port, uint32_t phandle, uint32_t other)
{
	fdt32_t value[2] = { cpu_to_fdt32(port), cpu_to_fdt32(other) };
	char name[24];
	int node;

	snprintf(name, sizeof(name), "evtchn@%x", port);
	node = fdt_add_subnode(fdt, parent, name);
	if (node < 0)
		return node;
	TRY(fdt_setprop_u32(fdt, node, "phandle", phandle));
	TRY(fdt_setprop(fdt, node, "xen,evtchn", value, sizeof(value)));
	return fdt_setprop_string(fdt, node, "compatible", "xen,evtchn-v1");
}

/* phandle: of the domain's side of its first channel; dom0's side has the next one. */
static int add_domu(void *fdt, int chosen, const struct dt_domu *u, uint32_t phandle)
{
	int node = fdt_add_subnode(fdt, chosen, u->name);
	unsigned int i;

	if (node < 0)
		return node;
	for (i = u->nr_evtchn; i-- > 0; )
		TRY(add_evtchn(fdt, node, u->evtchn + i, phandle + 2 * i, phandle + 2 * i + 1));
	TRY(add_module(fdt, node, &u->dtb, "multiboot,device-tree", NULL));
	TRY(add_module(fdt, node, &u->ramdisk, "multiboot,ramdisk", NULL));
	TRY(add_module(fdt, node, &u->kernel, "multiboot,kernel", u->bootargs));
	TRY(fdt_setprop_string(fdt, node, "xen,enhanced", "no-xenstore"));
	TRY(fdt_setprop_u32(fdt, node, "nr_spis", u->nr_spis));
	TRY(fdt_setprop_empty(fdt, node, "vpl011"));
	TRY(fdt_setprop_u32(fdt, node, "cpus", u->cpus));
	TRY(fdt_setprop_u64(fdt, node, "memory", (uint64_t)u->mem_mib << 10));
	TRY(set_cells(fdt, node));
	return fdt_setprop_string(fdt, node, "compatible", "xen,domain");
}

static int add_domains(void *fdt, int chosen, const struct dt_host *host, uint32_t max_phandle)
{
	/* two for each channel, behind the greatest one that QEMU uses */
	uint32_t phandle = max_phandle + 1;
	unsigned int n;
	size_t i;

	/* dom0's side of the channels behind all domUs: see dt.h */
	for (n = dt_evtchns_before(host, host->nr_domu); n-- > 0; )
		TRY(add_evtchn(fdt, chosen, host->dom0_evtchn + n, phandle + 2 * n + 1, phandle + 2 * n));
	for (i = host->nr_domu; i-- > 0; )
		TRY(add_domu(fdt, chosen, &host->domu[i], phandle + 2 * dt_evtchns_before(host, i)));
	TRY(add_module(fdt, chosen, &host->policy, "xen,xsm-policy", NULL));
	TRY(add_module(fdt, chosen, &host->ramdisk, "multiboot,ramdisk", NULL));
	return add_module(fdt, chosen, &host->kernel, "multiboot,kernel", NULL);
}

static bool is_unused(const char *name)
{
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(unused); i++)
		if (!strncmp(name, unused[i], strlen(unused[i])))
			return true;
	return false;
}

static int drop_unused(void *fdt)
{
	int node = fdt_first_subnode(fdt, 0);

	while (node >= 0) {
		if (!is_unused(fdt_get_name(fdt, node, NULL))) {
			node = fdt_next_subnode(fdt, node);
			continue;
		}
		TRY(fdt_del_node(fdt, node));
		node = fdt_first_subnode(fdt, 0);	/* offsets have moved */
	}
	return node == -FDT_ERR_NOTFOUND ? 0 : node;
}

static int drop_stale(void *fdt, int chosen)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stale); i++) {
		int ret = fdt_delprop(fdt, chosen, stale[i]);

		if (ret < 0 && ret != -FDT_ERR_NOTFOUND)
			return ret;
	}
	return 0;
}

struct source {
	const void *qemu_dtb;
	const struct dt_host *host;
	uint32_t max_phandle;
};

static int build(void *fdt, int size, const void *arg)
{
	const struct source *src = arg;
	const struct dt_host *host = src->host;
	int chosen;

	TRY(fdt_open_into(src->qemu_dtb, fdt, size));
	if (!host->keep_devices)
		TRY(drop_unused(fdt));
	chosen = fdt_path_offset(fdt, "/chosen");
	if (chosen == -FDT_ERR_NOTFOUND)
		chosen = fdt_add_subnode(fdt, 0, "chosen");
	if (chosen < 0)
		return chosen;
	TRY(drop_stale(fdt, chosen));
	TRY(add_domains(fdt, chosen, host, src->max_phandle));
	TRY(set_cells(fdt, chosen));
	TRY(fdt_setprop_string(fdt, chosen, "xen,dom0-bootargs", host->dom0_bootargs));
	TRY(fdt_setprop_string(fdt, chosen, "xen,xen-bootargs", host->xen_bootargs));
	return fdt_pack(fdt);
}

int dt_host_build(const void *qemu_dtb, size_t size, const struct dt_host *host, struct buf *out,
		  struct err *err)
{
	struct source src = { .qemu_dtb = qemu_dtb, .host = host };
	int ret = dt_sound(qemu_dtb, size);

	if (ret == 0)
		ret = fdt_find_max_phandle(qemu_dtb, &src.max_phandle);
	if (ret < 0)
		return err_set(err, "the machine's device tree (%zu bytes): %s", size,
			       fdt_strerror(ret));
	if (src.max_phandle > FDT_MAX_PHANDLE - 2 * DT_MAX_DOMU * DT_DOMU_EVTCHNS)
		return err_set(err, "the machine's device tree leaves no phandles");
	if (dt_host_check(qemu_dtb, host, err) < 0)
		return -1;
	ret = dt_grow(build, &src, (int)fdt_totalsize(qemu_dtb) + ROOM, out);
	if (ret < 0)
		return err_set(err, "the host's device tree: %s", fdt_strerror(ret));
	return 0;
}
