// SPDX-License-Identifier: GPL-2.0-or-later
/* The product of a scenario's axes. */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "scenario/scenario.h"

/* Far above any sensible matrix; a typo must not fill the disk. */
#define CELLS_MAX 4096

/* Combinations that cannot exist, each with its reason. First match counts. */
static const struct {
	struct { enum axis axis; const char *value; } all[2];
	const char *reason;
} impossible[] = {
	{ { { AXIS_ARCH, "x86_64" }, { AXIS_TOPOLOGY, "dom0less" } },
	  "dom0less does not exist on x86: Xen starts no domU by itself there" },
	{ { { AXIS_ARCH, "x86_64" }, { AXIS_TOPOLOGY, "driver-dom0less" } },
	  "dom0less does not exist on x86: Xen starts no domU by itself there" },
	{ { { AXIS_TOPOLOGY, "driver-domain" }, { AXIS_XSM, "silo" } },
	  "SILO lets domUs share nothing: neither event channels nor grants reach a driver domain" },
	{ { { AXIS_TOPOLOGY, "driver-dom0less" }, { AXIS_XSM, "silo" } },
	  "SILO lets domUs share nothing: neither event channels nor grants reach a driver domain" },
	{ { { AXIS_TOPOLOGY, "dom0less" }, { AXIS_XSM, "flask" } },
	  "Xen starts domUs as unlabeled_t, and dom0 relabels them only where there is a driver domain" },
	{ { { AXIS_ARCH, "x86_64" }, { AXIS_IRQ, "spi" } },
	  "a PVH guest has no interrupt controller with lines: only event channels reach it" },
	{ { { AXIS_ARCH, "arm64" }, { AXIS_BINDING, "none-forced" } },
	  "arm64 guests have a tree: grants without one are x86's way" },
	{ { { AXIS_ARCH, "arm64" }, { AXIS_DOM0, "pvh" } },
	  "Xen on Arm has one kind of domain: there is no PV dom0 to be compared with" },
	/* xen/arch/arm/include/asm/grant_table.h: GNTTAB_MAX_VERSION is 1 */
	{ { { AXIS_ARCH, "arm64" }, { AXIS_GNTTAB, "v2" } },
	  "Xen has no version 2 of the grant table on Arm: GNTTAB_MAX_VERSION is 1 there" },
	{ { { AXIS_BINDING, "none" }, { AXIS_MAPPING, "map" } },
	  "without a binding the frontend grants nothing: only foreign mapping reaches its memory" },
	{ { { AXIS_BINDING, "none" }, { AXIS_MAPPING, "test-hold" } },
	  "without a binding the frontend grants nothing: only foreign mapping reaches its memory" },
	{ { { AXIS_BINDING, "none" }, { AXIS_MAPPING, "test-write" } },
	  "without a binding the frontend grants nothing: only foreign mapping reaches its memory" },
	{ { { AXIS_BINDING, "none" }, { AXIS_MAPPING, "batch" } },
	  "without a binding the frontend grants nothing: only foreign mapping reaches its memory" },
	{ { { AXIS_BINDING, "none" }, { AXIS_MAPPING, "copy" } },
	  "without a binding the frontend grants nothing: only foreign mapping reaches its memory" },
	{ { { AXIS_BINDING, "none" }, { AXIS_MAPPING, "adaptive" } },
	  "without a binding the frontend grants nothing: only foreign mapping reaches its memory" },
	{ { { AXIS_BINDING, "none" }, { AXIS_MAPPING, "persistent" } },
	  "without a binding the frontend grants nothing: only foreign mapping reaches its memory" },
	{ { { AXIS_BINDING, "dev-domid" }, { AXIS_MAPPING, "foreign" } },
	  "the frontend hands out grant addresses: a frame number cannot be read from them" },
	{ { { AXIS_BINDING, "iommus" }, { AXIS_MAPPING, "foreign" } },
	  "the frontend hands out grant addresses: a frame number cannot be read from them" },
	{ { { AXIS_BINDING, "iommus-dummy" }, { AXIS_MAPPING, "foreign" } },
	  "the frontend hands out grant addresses: a frame number cannot be read from them" },
	{ { { AXIS_BINDING, "iommus-nostub" }, { AXIS_MAPPING, "foreign" } },
	  "the frontend hands out grant addresses: a frame number cannot be read from them" },
	{ { { AXIS_BINDING, "iommus-nostub" }, { AXIS_ALLOCATOR, "iommu" } },
	  "the driver that iommus-nostub leaves out is the allocator" },
	{ { { AXIS_BINDING, "iommus-nostub" }, { AXIS_ALLOCATOR, "iommu-iova" } },
	  "the driver that iommus-nostub leaves out is the allocator" },
	{ { { AXIS_BINDING, "none-forced" }, { AXIS_ALLOCATOR, "iommu" } },
	  "without a tree nothing says that the device is behind an IOMMU: DMA is refused" },
	{ { { AXIS_BINDING, "none-forced" }, { AXIS_ALLOCATOR, "iommu-iova" } },
	  "without a tree nothing says that the device is behind an IOMMU: DMA is refused" },
	{ { { AXIS_BINDING, "none-forced" }, { AXIS_MAPPING, "foreign" } },
	  "the frontend hands out grant addresses: a frame number cannot be read from them" },
};

bool cell_is_dom0less(const struct cell *c)
{
	return cell_is(c, AXIS_TOPOLOGY, "dom0less") || cell_is(c, AXIS_TOPOLOGY, "driver-dom0less");
}

bool cell_has_driver(const struct cell *c)
{
	return cell_is(c, AXIS_TOPOLOGY, "driver-domain") || cell_is(c, AXIS_TOPOLOGY, "driver-dom0less");
}

bool cell_is_net(const struct cell *c)
{
	return cell_is(c, AXIS_DEVICE, "net") || cell_is(c, AXIS_DEVICE, "netfront");
}

/* What a network device cannot do that a driver domain serves: dom0 has no part in its network. */
static const char *why_not_driver_net(const struct cell *c)
{
	if (!cell_has_driver(c))
		return NULL;
	if (cell_is(c, AXIS_DISTURB, "backend"))
		return "disturb = backend: dom0's agent kills the backend and starts another one: not in a "
		       "driver domain";
	if (cell_is(c, AXIS_PEER, "domu"))
		return "peer = domu: both backends are dom0's, on one bridge; a driver domain has a bridge of "
		       "its own";
	if (!cell_is(c, AXIS_SECOND, "none"))
		return "second: a frontend has one interface, and all have one address; disks show what a second "
		       "one is for";
	return NULL;
}

/* What network devices cannot do, and disks cannot. */
static const char *why_not_net(const struct scenario *s, const struct cell *c)
{
	const char *kind = s->setting[SET_WORKLOAD], *driver = why_not_driver_net(c);
	unsigned long msg = scenario_parse_size(c->value[AXIS_MSG]);
	bool rr = strstr(c->value[AXIS_NET_TEST], "-rr") != NULL;

	if (!cell_is_net(c))
		return !strcmp(kind, "net") ? "kind = net is for network devices" :
		       cell_is(c, AXIS_DISTURB, "backend") ?
		       "disturb = backend: a disk's driver waits for its requests without end" : NULL;
	if (strcmp(kind, "net") && strcmp(kind, "none"))
		return "a network device has nothing to read or write: kind = net";
	if (driver)
		return driver;
	if (cell_is(c, AXIS_DISTURB, "backend") && !cell_is(c, AXIS_NET_TEST, "udp-rr"))
		return "disturb = backend: round trips of UDP say when nobody answers";
	if (cell_is(c, AXIS_DISTURB, "backend") && (cell_is(c, AXIS_ARCH, "x86_64") || cell_is(c, AXIS_IRQ, "evtchn")))
		return "disturb = backend: the frontend names its event channel once, to the backend that is gone";
	if (!cell_is(c, AXIS_DISTURB, "none") && !cell_is(c, AXIS_DISTURB, "backend"))
		return "disturb counts a disk's requests";
	if (cell_is(c, AXIS_PEER, "domu") && !cell_is(c, AXIS_TOPOLOGY, "xl"))
		return "peer = domu: dom0's toolstack creates the second domU: topology xl";
	if (cell_is(c, AXIS_PEER, "domu") && cell_is(c, AXIS_DEVICE, "netfront"))
		return "peer = domu: gb-backend serves both ends";
	if (cell_is(c, AXIS_PEER, "loop") && !cell_is(c, AXIS_NET_TEST, "udp-rr"))
		return "peer = loop sends UDP back and does no more";
	if (!cell_is(c, AXIS_LOOP, "closed") && (!cell_is(c, AXIS_NET_TEST, "udp-rr") || msg < 8))
		return "loop = open: UDP round trips, of 8 bytes or more";
	if (strstr(c->value[AXIS_NET_TEST], "udp") && !rr && msg < 16)
		return "iperf3's datagrams have 16 bytes at least";
	return NULL;
}

/* What xen-netback cannot do, and gb-backend can. */
static const char *why_not_netfront(const struct cell *c)
{
	if (!cell_is(c, AXIS_MAPPING, "map"))
		return "xen-netback maps what it sends and copies what it receives, and keeps nothing mapped: "
		       "mapping map stands for that";
	if (cell_is(c, AXIS_PEER, "loop"))
		return "peer = loop is gb-backend's: xen-netback gives all packets to dom0's stack";
	if (!cell_is(c, AXIS_OFFLOADS, "all"))
		return "what xen-netback offers is not ours to choose: offloads all";
	return NULL;
}

/* Xen's own devices know no tree, and have their own ways of mapping. */
static const char *why_not_pv(const struct scenario *s, const struct cell *c)
{
	bool net = cell_is(c, AXIS_DEVICE, "netfront");
	const char *reason = net ? why_not_netfront(c) : NULL;

	if (!cell_is(c, AXIS_TOPOLOGY, "xl"))
		return "a PV device is set up by dom0's toolstack over xenstore: topology xl";
	if (!cell_is(c, AXIS_BINDING, "none"))
		return "a PV device has no node in a tree: binding none";
	if (reason)
		return reason;
	if (!cell_is(c, AXIS_MAPPING, "map") && !cell_is(c, AXIS_MAPPING, "persistent"))
		return "xen-blkback maps each request's grants or keeps them: mapping map or persistent";
	if (!cell_is(c, AXIS_IRQ, "native") || !cell_is(c, AXIS_INDIRECT, "auto") ||
	    !cell_is(c, AXIS_ALLOCATOR, "upstream"))
		return "irq, indirect and allocator are about virtio devices";
	if (!cell_is(c, AXIS_DISTURB, "none"))
		return "disturb: that it was in mid-I/O is only known of gb-backend's requests";
	if (!strcmp(s->setting[SET_WORKLOAD], "selftest"))
		return "the self-test is of the grant DMA ops, which a PV device does not use";
	if (!net && strcmp(s->setting[SET_STORE], "ram"))
		return "a PV disk's store is ram: blkback needs a block device in dom0";
	return NULL;
}

/* Does every condition hold for the cell? */
static bool fits(const struct cell *c, const struct exclusion *x)
{
	size_t i;

	for (i = 0; i < x->nr_matches; i++)
		if (!cell_is(c, x->match[i].axis, x->match[i].value))
			return false;
	return true;
}

enum second cell_second(const struct cell *c)
{
	if (cell_is(c, AXIS_SECOND, "driver") || cell_is(c, AXIS_ATTACK, "cross"))
		return SECOND_DRIVER;
	if (cell_is(c, AXIS_SECOND, "frontend") || cell_is(c, AXIS_ATTACK, "front"))
		return SECOND_FRONTEND;
	return SECOND_NONE;
}

/* A driver domain on x86: PV, and with rights that leave nothing to be shown of grants. */
static const char *why_not_x86_driver(const struct cell *c)
{
	if (!cell_is(c, AXIS_ARCH, "x86_64") || !cell_is(c, AXIS_TOPOLOGY, "driver-domain"))
		return NULL;
	/*
	 * arch_acquire_resource_check() (xen/arch/x86/include/asm/p2m.h) lets no translated domain
	 * but the hardware domain have an ioreq page; a PV one maps it by mmu_update as a foreign
	 * frame, of the frontend's (ioreq_server_alloc_mfn(), flask_mmu_update()).
	 */
	if (!cell_is(c, AXIS_ATTACK, "none"))
		return "x86: a driver domain is PV there, and must be allowed to map any frame of its "
		       "frontend to get at the ioreq page: grants protect nothing";
	return NULL;
}

static char *why_not(const struct scenario *s, const struct cell *c)
{
	const char *net = why_not_net(s, c), *x86 = why_not_x86_driver(c);
	bool pv = cell_is(c, AXIS_DEVICE, "blkfront") || cell_is(c, AXIS_DEVICE, "netfront");
	const char *reason = pv ? why_not_pv(s, c) : NULL;
	size_t i;

	if (reason)
		return xstrdup(reason);
	for (i = 0; i < ARRAY_SIZE(impossible); i++)
		if (!(pv && impossible[i].all[0].axis == AXIS_BINDING) &&
		    cell_is(c, impossible[i].all[0].axis, impossible[i].all[0].value) &&
		    cell_is(c, impossible[i].all[1].axis, impossible[i].all[1].value))
			return xstrdup(impossible[i].reason);
	if (!cell_is(c, AXIS_SECOND, "none") && !cell_is(c, AXIS_TOPOLOGY, "driver-domain"))
		return xstrdup("second: only driver domains that xl creates come with another one");
	if (!cell_is(c, AXIS_SECOND, "none") && !cell_is(c, AXIS_ATTACK, "none"))
		return xstrdup("second: each attack says itself who else there is");
	if (cell_second(c) == SECOND_FRONTEND && cell_is(c, AXIS_XSM, "dummy"))
		return xstrdup("with xsm = dummy a driver domain serves its target, and it has one");
	if (cell_second(c) != SECOND_NONE && !cell_is(c, AXIS_ATTACK, "none") &&
	    cell_is(c, AXIS_BINDING, "none"))
		return xstrdup("without a binding nothing is granted to one and not to another");
	if (!cell_is(c, AXIS_ATTACK, "none") && !cell_is(c, AXIS_TOPOLOGY, "driver-domain"))
		return xstrdup(cell_is(c, AXIS_TOPOLOGY, "driver-dom0less") ?
			       "attack: the judge gives its orders by xenstore, which dom0less has not" :
			       "attack: dom0 may map all memory, so that its backend shows nothing");
	if (!cell_is(c, AXIS_DISTURB, "none") && cell_is_dom0less(c))
		return xstrdup("disturb: only a dom0 with a toolstack reads when the workload starts");
	if (cell_is(c, AXIS_BINDING, "none") && !cell_is(c, AXIS_ALLOCATOR, "upstream"))
		return xstrdup("without a binding the frontend grants nothing: there is nothing to allocate");
	if (net || x86)
		return xstrdup(net ? net : x86);
	if (!pv && cell_is(c, AXIS_MAPPING, "persistent") && !cell_is(c, AXIS_ALLOCATOR, "pool"))
		return xstrdup("the frontend ends its grants with each request: a backend that keeps "
			       "them mapped would hold pages that are used for something else");
	if (cell_is(c, AXIS_ALLOCATOR, "pool") && !cell_is(c, AXIS_MAPPING, "persistent"))
		return xstrdup("the frontend uses a pool only if the backend offers to keep it mapped");
	for (i = 0; i < s->nr_exclusions; i++)
		if (fits(c, &s->exclusions[i]))
			/* the file's name alone: results are the same wherever it lies */
			return xasprintf("left out by %s.ini:%d: %s", s->name, s->exclusions[i].line,
					 s->exclusions[i].reason);
	return NULL;
}

const struct expectation *scenario_expects(const struct scenario *s, const struct cell *cell)
{
	size_t i;

	for (i = 0; i < s->nr_expectations; i++)
		if (fits(cell, &s->expectations[i].which))
			return &s->expectations[i];
	return NULL;
}

bool cell_has_axis(const struct cell *c, enum axis axis)
{
	switch (axis) {
	case AXIS_NET_TEST: case AXIS_MSG: case AXIS_PEER: case AXIS_LOOP: case AXIS_OFFLOADS:
	case AXIS_MTU:
		return cell_is_net(c);
	case AXIS_BS: case AXIS_RW:
		return !cell_is_net(c);
	case AXIS_SECOND:
		return cell_has_driver(c);
	default:
		return true;
	}
}

static char *cell_id(const struct cell *c)
{
	/* said only where it is not the default, behind this */
	static const char *const rare[NR_AXES] = {
		[AXIS_PROBE_TIMEOUT] = "dpt", [AXIS_IRQ] = "irq-", [AXIS_GNTTAB] = "gnttab-", [AXIS_DOM0] = "dom0-",
		[AXIS_XSM] = "xsm-", [AXIS_INDIRECT] = "indirect-", [AXIS_DISTURB] = "",
		[AXIS_PEER] = "peer-", [AXIS_LOOP] = "", [AXIS_OFFLOADS] = "offer-", [AXIS_MTU] = "mtu",
		[AXIS_SECOND] = "second-", [AXIS_ATTACK] = "attack-",
	};
	struct buf id = BUF_INIT;
	int i;

	for (i = 0; i < NR_AXES; i++) {
		if (!cell_has_axis(c, i))
			continue;
		if (rare[i]) {
			if (!cell_is(c, i, scenario_axis_key(i)->def))
				buf_addf(&id, "-%s%s", rare[i], c->value[i]);
			continue;
		}
		buf_addf(&id, "%s%s%s", i ? "-" : "", i == AXIS_IODEPTH ? "qd" : "", c->value[i]);
	}
	return buf_detach(&id);
}

/* The axis that "AXIS=V[,V…]" is about, or -1. */
static int only_axis(const char *cond)
{
	size_t len = strcspn(cond, "=");
	int i;

	for (i = 0; i < NR_AXES; i++) {
		const char *name = scenario_axis_key(i)->name;

		if (strlen(name) == len && !strncmp(name, cond, len))
			return i;
	}
	return -1;
}

/* Is value, up to the next comma, what is wanted? */
static bool word_is(const char *p, const char *value)
{
	size_t len = strcspn(p, ",");

	return strlen(value) == len && !strncmp(p, value, len);
}

static const char *next_word(const char *p)
{
	p += strcspn(p, ",");
	return *p ? p + 1 : NULL;
}

/* A word that no cell has would select nothing and say nothing: it is a typo. */
static int check_only(const struct scenario *s, const char *cond, struct err *err)
{
	const char *eq = strchr(cond, '='), *p;
	int axis = only_axis(cond);

	if (!eq || eq == cond || !eq[1])
		return err_usage(err, "--only %s: not AXIS=VALUE", cond);
	if (axis < 0)
		return err_usage(err, "--only %s: there is no axis \"%.*s\" (`grantbench list "
				 "--variants` names them)", cond, (int)(eq - cond), cond);
	for (p = eq + 1; p; p = next_word(p)) {
		char **v = s->values[axis];

		while (*v && !word_is(p, *v))
			v++;
		if (!*v)
			return err_usage(err, "--only %s: %s has no cell with %s \"%.*s\" (`grantbench "
					 "list %s` shows its cells)", cond, s->path,
					 scenario_axis_key(axis)->name, (int)strcspn(p, ","), p, s->name);
	}
	return 0;
}

/* Does a checked condition hold for the cell? */
static bool holds(const char *cond, const struct cell *c)
{
	const char *value = c->value[only_axis(cond)], *p;

	for (p = strchr(cond, '=') + 1; p; p = next_word(p))
		if (word_is(p, value))
			return true;
	return false;
}

int scenario_cells(const struct scenario *s, const char *const *only, struct cells *out,
		   struct err *err)
{
	struct cells cells = { NULL, 0 };
	size_t pos[NR_AXES] = { 0 };
	const char *const *cond;
	size_t total = 1;
	int i;

	for (cond = only; cond && *cond; cond++)
		if (check_only(s, *cond, err) < 0)
			return -1;

	for (i = 0; i < NR_AXES; i++) {
		size_t n = 0;

		while (s->values[i][n])
			n++;
		total *= n;
		if (total > CELLS_MAX)
			return err_usage(err, "%s: more than %d cells", s->path, CELLS_MAX);
	}
	for (;;) {
		struct cell c = { NULL, { NULL }, NULL };
		bool keep = true;

		for (i = 0; i < NR_AXES; i++)
			c.value[i] = s->values[i][pos[i]];
		for (cond = only; cond && *cond && keep; cond++)
			keep = holds(*cond, &c);
		if (keep) {
			c.id = cell_id(&c);
			c.not_applicable = why_not(s, &c);
			cells.cell = xrealloc(cells.cell, (cells.nr + 1) * sizeof(c));
			cells.cell[cells.nr++] = c;
		}
		for (i = NR_AXES - 1; i >= 0; i--) {
			if (s->values[i][++pos[i]])
				break;
			pos[i] = 0;
		}
		if (i < 0)
			break;
	}
	if (!cells.nr)
		return err_usage(err, "%s: --only selects no cell (`grantbench list %s` shows them)",
				 s->path, s->name);
	*out = cells;
	return 0;
}

void cells_release(struct cells *cells)
{
	size_t i;

	for (i = 0; i < cells->nr; i++) {
		free(cells->cell[i].id);
		free(cells->cell[i].not_applicable);
	}
	free(cells->cell);
	*cells = (struct cells){ NULL, 0 };
}

int cells_find(const struct cells *cells, const char *text, const struct cell **out,
	       struct err *err)
{
	const struct cell *found = NULL;
	size_t i;

	for (i = 0; i < cells->nr; i++) {
		const struct cell *c = &cells->cell[i];

		if (!text) {
			if (c->not_applicable)
				continue;
			*out = c;
			return 0;
		}
		if (!strcmp(c->id, text)) {
			*out = c;
			return 0;
		}
		if (!strstr(c->id, text))
			continue;
		if (found)
			return err_usage(err, "--cell %s: fits more than one cell, %s and %s", text,
					 found->id, c->id);
		found = c;
	}
	if (!found)
		return err_usage(err, text ? "--cell %s: no cell has an id like this" :
				 "%s: no cell of the scenario can run", text ? text : "scenario");
	*out = found;
	return 0;
}
