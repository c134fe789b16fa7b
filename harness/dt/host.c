// SPDX-License-Identifier: GPL-2.0-or-later
/* The host's tree: QEMU's own, and /chosen for Xen. */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "dt/dt.h"
#include "dt/grow.h"
#include "lib/cleanup.h"

#define MODULE_ALIGN (2ull << 20)
/* Phandles of the static event channels' nodes; QEMU's start at 0x8000. */
#define PHANDLE_EVTCHN_DOM0 0x9000u
#define PHANDLE_EVTCHN_DOMU 0x9100u

/* What of QEMU's machine only costs dom0 boot time: name prefixes below the root. */
static const char *const unused[] = {
	"virtio_mmio@", "pcie@", "flash@", "fw-cfg@", "gpio-keys", "pl061@", "platform-bus@",
};

int dt_host_layout(struct dt_module *const *modules, size_t n, unsigned int ram_mib,
		   struct err *err)
{
	uint64_t end = DT_RAM_BASE + ((uint64_t)ram_mib << 20);
	uint64_t addr = DT_MODULES_BASE;
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t room = (modules[i]->size + MODULE_ALIGN - 1) & ~(MODULE_ALIGN - 1);

		if (!modules[i]->size)
			continue;
		if (modules[i]->size > end || addr + room > end)
			return err_usage(err, "the boot modules do not fit into %u MiB of memory: module "
					 "%zu has %" PRIu64 " bytes", ram_mib, i, modules[i]->size);
		modules[i]->addr = addr;
		addr += room;
	}
	return 0;
}

static int set_cells(void *fdt, int node)
{
	TRY(fdt_setprop_u32(fdt, node, "#address-cells", 2));
	return fdt_setprop_u32(fdt, node, "#size-cells", 2);
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

/* One side of a static event channel: booting.txt, "Static Event Channel". */
static int add_evtchn(void *fdt, int parent, unsigned int port, uint32_t phandle, uint32_t other)
{
	fdt32_t value[2] = { cpu_to_fdt32(port), cpu_to_fdt32(other) };
	char name[24];
	int node;

	snprintf(name, sizeof(name), "evtchn@%u", port);
	node = fdt_add_subnode(fdt, parent, name);
	if (node < 0)
		return node;
	TRY(fdt_setprop(fdt, node, "xen,evtchn", value, sizeof(value)));
	TRY(fdt_setprop_u32(fdt, node, "phandle", phandle));
	return fdt_setprop_string(fdt, node, "compatible", "xen,evtchn-v1");
}

static int add_domu(void *fdt, int chosen, const struct dt_host *host, size_t i)
{
	const struct dt_domu *u = &host->domu[i];
	int node = fdt_add_subnode(fdt, chosen, u->name);

	if (node < 0)
		return node;
	/* libfdt puts a new subnode in front of its siblings: the last one here comes first */
	if (u->evtchn)
		TRY(add_evtchn(fdt, node, u->evtchn, PHANDLE_EVTCHN_DOMU + (uint32_t)i,
			       PHANDLE_EVTCHN_DOM0 + (uint32_t)i));
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

static bool is_unused(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unused); i++)
		if (!strncmp(name, unused[i], strlen(unused[i])))
			return true;
	return false;
}

static int drop_unused(void *fdt)
{
	int node, next;

	for (node = fdt_first_subnode(fdt, 0); node >= 0; node = next) {
		const char *name = fdt_get_name(fdt, node, NULL);

		next = fdt_next_subnode(fdt, node);
		if (!name || !is_unused(name))
			continue;
		TRY(fdt_del_node(fdt, node));
		/* offsets have moved: what came next now stands where this one stood, or nothing */
		next = fdt_first_subnode(fdt, 0);
	}
	return 0;
}

/* Seeds change from start to start; Xen and dom0 are to see the same tree each time. */
static int drop_seeds(void *fdt, int chosen)
{
	static const char *const seeds[] = { "rng-seed", "kaslr-seed", "stdout-path" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(seeds); i++) {
		int ret = fdt_delprop(fdt, chosen, seeds[i]);

		if (ret < 0 && ret != -FDT_ERR_NOTFOUND)
			return ret;
	}
	return 0;
}

struct source {
	const void *qemu_dtb;
	const struct dt_host *host;
};

static int build(void *fdt, int size, const void *arg)
{
	const struct source *src = arg;
	const struct dt_host *host = src->host;
	int chosen;
	size_t i;

	TRY(fdt_open_into(src->qemu_dtb, fdt, size));
	if (!host->keep_devices)
		TRY(drop_unused(fdt));
	chosen = fdt_path_offset(fdt, "/chosen");
	if (chosen == -FDT_ERR_NOTFOUND)
		chosen = fdt_add_subnode(fdt, 0, "chosen");
	if (chosen < 0)
		return chosen;
	TRY(drop_seeds(fdt, chosen));
	/*
	 * New subnodes go in front: dom0's side of the channels is added before
	 * the domUs, so that each waiting domU's node is met first. Xen leaves
	 * the side that it meets first pending at boot otherwise.
	 */
	for (i = 0; i < host->nr_domu; i++)
		if (host->domu[i].evtchn)
			TRY(add_evtchn(fdt, chosen, host->dom0_evtchn + (unsigned int)i,
				       PHANDLE_EVTCHN_DOM0 + (uint32_t)i,
				       PHANDLE_EVTCHN_DOMU + (uint32_t)i));
	TRY(add_module(fdt, chosen, &host->ramdisk, "multiboot,ramdisk", NULL));
	TRY(add_module(fdt, chosen, &host->kernel, "multiboot,kernel", NULL));
	for (i = host->nr_domu; i-- > 0; )
		TRY(add_domu(fdt, chosen, host, i));
	TRY(set_cells(fdt, chosen));
	TRY(fdt_setprop_string(fdt, chosen, "xen,dom0-bootargs", host->dom0_bootargs));
	TRY(fdt_setprop_string(fdt, chosen, "xen,xen-bootargs", host->xen_bootargs));
	return fdt_pack(fdt);
}

int dt_host_build(const void *qemu_dtb, size_t size, const struct dt_host *host, struct buf *out,
		  struct err *err)
{
	struct source src = { qemu_dtb, host };
	int ret;

	if (size < sizeof(struct fdt_header) || fdt_check_full(qemu_dtb, size) != 0)
		return err_set(err, "the machine's device tree is damaged (%zu bytes)", size);
	ret = dt_grow(build, &src, (int)size + 4096, out);
	if (ret < 0)
		return err_set(err, "the host's device tree: %s", fdt_strerror(ret));
	return 0;
}
