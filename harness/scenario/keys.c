// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of scenario keys: the only place that knows them. */
#include <stddef.h>

#include "scenario/scenario.h"

static const struct key_word archs[] = {
	{ "arm64", "QEMU virt, Cortex-A57, GICv3, EL2", NULL },
	{ "x86_64", "QEMU q35, SVM with nested paging; PV dom0, PVH domU", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word topologies[] = {
	{ "xl", "dom0 creates the domU with xl, backend in dom0", NULL },
	{ "dom0less", "Xen starts the domU itself, backend in dom0, no toolstack", NULL },
	{ "driver-domain", "dom0 creates two domUs with xl: the backend in the first, domain 1", NULL },
	{ "driver-dom0less", "Xen starts both domUs: the backend in domain 1, the frontend in domain 2", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word bindings[] = {
	{ "dev-domid", "xen,dev-domid = <N> on the device (series V2)", NULL },
	{ "iommus", "iommus = <&xen_iommu N>, compatible \"xen,grant-dma\" (upstream)", NULL },
	{ "iommus-dummy", "iommus with compatible \"xen,dummy-iommu\" (the thread's sketch)", NULL },
	{ "iommus-nostub", "iommus, with the stub IOMMU driver switched off", NULL },
	{ "none-forced", "x86: no tree; xen_grant_dma.force=1 makes the kernel grant to dom0", NULL },
	{ "none", "no binding: plain DMA, no grants", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word irqs[] = {
	{ "native", "spi on arm64, evtchn on x86_64", NULL },
	{ "spi", "a line of the emulated GIC, raised by dm_op", NULL },
	{ "evtchn", "an event channel of the device's own, named through its doorbell", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word gnttabs[] = {
	{ "v1", "version 1, Linux' default for guests of less than 16 TiB", NULL },
	{ "v2", "version 2, with status frames of its own: x86_64 only, Xen on Arm has none", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word xsms[] = {
	{ "native", "flask for topology driver-domain, silo otherwise", NULL },
	{ "silo", "domUs share nothing with each other: Xen's default on Arm", NULL },
	{ "dummy", "a driver domain has its frontend as target, and with it all its memory", NULL },
	{ "flask", "a policy says what a driver domain may do: guests/xen/policy", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word dom0s[] = {
	{ "pv", "x86_64: paravirtualised; arm64 has one kind of dom0 only", NULL },
	{ "pvh", "x86_64: in a hardware container, behind an emulated AMD IOMMU", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word allocators[] = {
	{ "upstream", "the grant table's own free list, as it is", NULL },
	{ "nextfit", "a bitmap of the device's own regions, next-fit", NULL },
	{ "magazine", "per-CPU stacks of runs, by powers of two, over nextfit", NULL },
	{ "iommu", "an IOMMU driver: dma-iommu's IOVAs are references of one region", NULL },
	{ "iommu-iova", "the same, and nextfit hands out the IOVAs", NULL },
	{ "pool", "a bounce pool, granted once; with mapping persistent alone", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word mappings[] = {
	{ "map", "map each descriptor's grants, unmap after use", NULL },
	{ "test-hold", "a test: as map, but grants of completed requests stay mapped for a while", NULL },
	{ "test-write", "a test: as map, but tries to write to what is granted read-only", NULL },
	{ "foreign", "no grants: map guest frames by number", NULL },
	{ "batch", "two mappings, one per direction, for all requests popped", NULL },
	{ "copy", "nothing is mapped: GNTTABOP_copy in and out of a bounce buffer", NULL },
	{ "adaptive", "copy requests up to copy_max, batch larger ones", NULL },
	{ "persistent", "mapped once, kept: the pool of allocator pool; blkfront's persistent grants", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word indirects[] = {
	{ "auto", "as suits the mapping: no for copy and adaptive, yes for the others", NULL },
	{ "yes", "INDIRECT_DESC is offered", NULL },
	{ "no", "descriptors are in the ring alone, which is mapped anyhow", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word devices[] = {
	{ "blk", "virtio-blk", NULL },
	{ "net", "virtio-net", NULL },
	{ "blkfront", "Xen's PV block device: xen-blkfront, and xen-blkback over a RAM disk in dom0", NULL },
	{ "netfront", "Xen's PV network device: xen-netfront, and xen-netback in dom0", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word engines[] = {
	{ "exact", "icount, one CPU, everything pinned: bit-identical runs", NULL },
	{ "seeded", "icount, several machines that differ by a seed; sides are paired on it", NULL },
	{ "noisy", "real time: two CPUs, multi-threaded TCG or KVM, in ABBA pairs", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word accels[] = {
	{ "auto", "kvm for machines that the host can nest, tcg for all others", NULL },
	{ "tcg", "emulation, a thread per CPU", NULL },
	{ "kvm", "where the host has nested virtualisation for the machine's architecture", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word stores[] = {
	{ "ram", "memory of the backend", NULL },
	{ "null", "no data is touched; reads return what the buffer held", NULL },
	{ "file", "a file in dom0's tmpfs", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word patterns[] = {
	{ "job", "as the job file says", NULL },
	{ "read", "sequential reads", NULL },
	{ "write", "sequential writes", NULL },
	{ "randread", "random reads", NULL },
	{ "randwrite", "random writes", NULL },
	{ "randrw", "random reads and writes", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word net_tests[] = {
	{ "udp-rr", "round trips of UDP datagrams", NULL },
	{ "tcp-rr", "round trips of messages over one TCP connection", NULL },
	{ "tcp-up", "iperf3, TCP from the domU", NULL },
	{ "tcp-down", "iperf3, TCP to the domU", NULL },
	{ "udp-up", "iperf3, UDP from the domU, as fast as the device takes it", NULL },
	{ "udp-down", "iperf3, UDP to the domU, a datagram each interval_us: nothing holds the sender back", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word peers[] = {
	{ "dom0", "the stack of the backend's domain, dom0 or the driver domain, over a bridge and a tap", NULL },
	{ "domu", "another domU on the same bridge, with a backend of its own; topology xl", NULL },
	{ "loop", "nobody: the backend itself sends UDP back, without a stack", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word loops[] = {
	{ "closed", "the next message goes when an answer has come", NULL },
	{ "open", "messages go at Poisson's times, interval_us apart in the mean", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word offloads[] = {
	{ "all", "checksums and segmentation both ways, mergeable buffers", NULL },
	{ "none", "none of them", NULL },
	{ "csum", "checksums from the domU", NULL },
	{ "csum+guest-csum", "checksums both ways", NULL },
	{ "csum+guest-csum+mrg", "checksums both ways, mergeable buffers", NULL },
	{ "csum+tso4+tso6", "checksums and segmentation from the domU", NULL },
	{ "mrg", "mergeable buffers alone", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word workloads[] = {
	{ "fio", "the job file, in the domU", NULL },
	{ "selftest", "the frontend maps and unmaps iodepth mappings of 1 to 256 pages, number_ios times; bs and rw mean nothing", NULL },
	{ "net", "net_test, between the domU and peer", NULL },
	{ "isolate", "the backend turns against the frontend, number_ios times: `grantbench isolate`", NULL },
	{ "none", "the device comes up and is checked, nothing is timed", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word perfs[] = {
	{ "none", "nothing of it runs", NULL },
	{ "stat", "count software events", NULL },
	{ "record", "sample the software clock: top symbols, and perf-*.folded for flame graphs", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word disturbances[] = {
	{ "none", "the workload runs to its end", NULL },
	{ "crash", "the domU is made to crash in the middle of the timed part", NULL },
	{ "destroy", "the domU is destroyed in the middle of the timed part", NULL },
	{ "backend", "device = net: the backend is killed in mid-traffic, and another one started", NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word attacks[] = {
	{ "none", "the backend does its work", NULL },
	{ "grants", "reach for memory that is not, not yet or no longer granted", NULL },
	{ "keep", "keep a mapping behind the request's completion", NULL },
	{ "die", "be paused, be killed in mid-I/O, be destroyed", NULL },
	{ "ring", "bogus used entries, a rewritten table, interrupts by the thousand", NULL },
	{ "cross", "two driver domains, one device each: reach for what is granted to the other", NULL },
	{ "front", "none: a second frontend turns against it with hostile rings, while the first one works",
	  NULL },
	{ NULL, NULL, NULL },
};

static const struct key_word seconds[] = {
	{ "none", "one driver domain, one frontend, one device", NULL },
	{ "frontend", "a second frontend, served by the same driver domain, doing the same work", NULL },
	{ "driver", "a second driver domain, which serves a second device of the same frontend", NULL },
	{ NULL, NULL, NULL },
};

#define AXIS(sec, nm, ty, ix, ...) \
	{ .section = sec, .name = nm, .type = ty, .is_axis = true, .index = ix, __VA_ARGS__ }
#define SET(sec, nm, ty, ix, ...) \
	{ .section = sec, .name = nm, .type = ty, .is_axis = false, .index = ix, __VA_ARGS__ }

const struct scenario_key scenario_keys[] = {
	SET("scenario", "description", KEY_TEXT, SET_DESCRIPTION, .def = "",
	    .help = "one line that `grantbench list` prints"),
	SET("scenario", "engine", KEY_WORD, SET_ENGINE, .words = engines, .def = "exact",
	    .help = "how the machine's time passes; --engine on the command line wins"),

	SET("scenario", "seeds", KEY_UINT, SET_SEEDS, .min = 1, .max = 1000, .def = "10",
	    .help = "seeded engine: machines per cell; fewer than 10 give no verdict"),
	SET("scenario", "pairs", KEY_UINT, SET_PAIRS, .min = 1, .max = 1000, .def = "10",
	    .help = "noisy engine: runs of each cell, in ABBA order"),
	SET("scenario", "count", KEY_BOOL, SET_COUNT, .def = "yes",
	    .help = "run each cell once more with Xen's count build: hypercalls and traps by kind"),
	SET("scenario", "accel", KEY_WORD, SET_ACCEL, .words = accels, .def = "auto",
	    .help = "noisy engine: what runs the machine"),

	SET("topology", "backend_domid", KEY_UINT, SET_BACKEND_DOMID, .min = 0, .max = 0x7fef,
	    .def = "0", .help = "domain that serves the devices, as the trees and kernels are told; driver-domain: 0 is 1"),
	SET("topology", "dom0_mem_mib", KEY_UINT, SET_DOM0_MEM_MIB, .min = 128, .max = 768,
	    .def = "384", .help = "memory of dom0, MiB"),
	SET("topology", "domu_mem_mib", KEY_UINT, SET_DOMU_MEM_MIB, .min = 64, .max = 256,
	    .def = "128", .help = "memory of the domU, MiB"),
	SET("topology", "driver_mem_mib", KEY_UINT, SET_DRIVER_MEM_MIB, .min = 96, .max = 384,
	    .def = "160", .help = "memory of a driver domain, MiB; store = ram is part of it"),
	SET("topology", "ram_mib", KEY_UINT, SET_RAM_MIB, .min = 512, .max = 2048, .def = "1024",
	    .help = "memory of the machine, MiB"),
	SET("topology", "queues", KEY_UINT, SET_QUEUES, .min = 1, .max = 4, .def = "1",
	    .help = "virtqueues that the backend offers; of net: pairs of them"),
	SET("topology", "queue_size", KEY_UINT, SET_QUEUE_SIZE, .min = 4, .max = 1024, .def = "256",
	    .help = "largest queue size that the backend offers, a power of two"),
	SET("topology", "copy_max", KEY_SIZE, SET_COPY_MAX, .min = 1, .max = 128ul << 20,
	    .def = "128k", .help = "mapping adaptive: bytes of a request that is copied at most"),
	SET("topology", "grant_frames", KEY_UINT, SET_GRANT_FRAMES, .min = 1, .max = 64, .def = "64",
	    .help = "largest grant table of a domU, in frames of 512 references"),
	SET("topology", "reserve_grefs", KEY_UINT, SET_RESERVE_GREFS, .min = 0, .max = 32000,
	    .def = "0", .help = "references taken at probe by all but upstream; 0: the kernel's 384, iommu 4095, pool 2048"),
	SET("topology", "store", KEY_WORD, SET_STORE, .words = stores, .def = "ram",
	    .help = "what stands behind the disk"),
	SET("topology", "disk_mib", KEY_UINT, SET_DISK_MIB, .min = 1, .max = 256, .def = "32",
	    .help = "size of the disk, MiB"),
	SET("topology", "readonly", KEY_BOOL, SET_READONLY, .def = "no",
	    .help = "offer the disk read-only"),
	SET("topology", "host_virtio", KEY_BOOL, SET_HOST_VIRTIO, .def = "no",
	    .help = "x86_64: the machine has a virtio disk of its own, which dom0 must be able to read"),
	AXIS("topology", "second", KEY_WORD, AXIS_SECOND, .words = seconds, .def = "none",
	     .help = "topology = driver-domain: who else there is"),
	AXIS("topology", "peer", KEY_WORD, AXIS_PEER, .words = peers, .def = "dom0",
	     .help = "device = net: who is at the other end"),
	AXIS("topology", "offloads", KEY_WORD, AXIS_OFFLOADS, .words = offloads, .def = "all",
	     .help = "device = net: what the backend offers"),
	AXIS("topology", "mtu", KEY_UINT, AXIS_MTU, .min = 576, .max = 9000, .def = "1500",
	     .help = "device = net: largest packet"),

	AXIS("variant", "arch", KEY_WORD, AXIS_ARCH, .words = archs, .def = "arm64",
	     .help = "architecture of the machine"),
	AXIS("variant", "topology", KEY_WORD, AXIS_TOPOLOGY, .words = topologies,
	     .def = "dom0less", .help = "who starts the domU, and where the backend runs"),
	AXIS("variant", "binding", KEY_WORD, AXIS_BINDING, .words = bindings, .def = "iommus",
	     .help = "how the device tree says that a device uses grants"),
	AXIS("variant", "deferred_probe_timeout", KEY_WORD, AXIS_PROBE_TIMEOUT, .words =
	     (const struct key_word[]){
		     { "default", "what the kernel was built with", NULL },
		     { "0", "deferred_probe_timeout=0", NULL },
		     { "1", "deferred_probe_timeout=1", NULL },
		     { "10", "deferred_probe_timeout=10", NULL },
		     { NULL, NULL, NULL } },
	     .def = "default", .help = "the domU kernel's patience with missing suppliers, seconds"),
	AXIS("variant", "irq", KEY_WORD, AXIS_IRQ, .words = irqs, .def = "native",
	     .help = "how the backend interrupts the frontend"),
	AXIS("variant", "gnttab", KEY_WORD, AXIS_GNTTAB, .words = gnttabs, .def = "v1",
	     .help = "version of the domU's grant table"),
	AXIS("variant", "dom0", KEY_WORD, AXIS_DOM0, .words = dom0s, .def = "pv",
	     .help = "kind of dom0"),
	AXIS("variant", "xsm", KEY_WORD, AXIS_XSM, .words = xsms, .def = "native",
	     .help = "Xen's access control: who may do what to whom"),
	AXIS("variant", "allocator", KEY_WORD, AXIS_ALLOCATOR, .words = allocators,
	     .def = "upstream", .help = "who hands out grant references in the frontend"),
	AXIS("variant", "mapping", KEY_WORD, AXIS_MAPPING, .words = mappings, .def = "map",
	     .help = "how the backend reaches the frontend's memory"),
	AXIS("variant", "indirect", KEY_WORD, AXIS_INDIRECT, .words = indirects, .def = "auto",
	     .help = "whether the backend offers indirect descriptors"),
	AXIS("variant", "device", KEY_WORD, AXIS_DEVICE, .words = devices, .def = "blk",
	     .help = "the device under test"),
	AXIS("workload", "net_test", KEY_WORD, AXIS_NET_TEST, .words = net_tests, .def = "udp-rr",
	     .help = "kind = net: what is done"),
	AXIS("workload", "msg", KEY_SIZE, AXIS_MSG, .min = 1, .max = 65507, .def = "1k",
	     .help = "kind = net: bytes of a message, or of a write of iperf3's"),

	SET("workload", "kind", KEY_WORD, SET_WORKLOAD, .words = workloads, .def = "fio",
	    .help = "what the domU does"),
	SET("workload", "job", KEY_FILE, SET_JOB, .def = "blk-randread.fio",
	    .help = "fio job file, relative to the scenario's folder"),
	AXIS("workload", "bs", KEY_SIZE, AXIS_BS, .min = 512, .max = 8ul << 20, .def = "4k",
	     .help = "block size, over the job's"),
	AXIS("workload", "rw", KEY_WORD, AXIS_RW, .words = patterns, .def = "job",
	     .help = "pattern, over the job's"),
	AXIS("workload", "iodepth", KEY_UINT, AXIS_IODEPTH, .min = 1, .max = 256, .def = "1",
	     .help = "requests in flight, over the job's; of net: messages, or iperf3's streams"),
	AXIS("workload", "loop", KEY_WORD, AXIS_LOOP, .words = loops, .def = "closed",
	     .help = "kind = net: what round trips wait for"),
	SET("workload", "number_ios", KEY_UINT, SET_NUMBER_IOS, .min = 1, .max = 10000000,
	    .def = "300", .help = "operations in the timed part: a count, never a time"),
	SET("workload", "interval_us", KEY_UINT, SET_INTERVAL_US, .min = 1, .max = 1000000,
	    .def = "1000", .help = "loop = open: mean time between messages; udp-down: between datagrams of all streams"),
	SET("workload", "verify", KEY_BOOL, SET_VERIFY, .def = "no",
	    .help = "check content before the timed part: fio's verify=crc32c; of net: both ends, all offloads"),
	SET("workload", "unbind", KEY_BOOL, SET_UNBIND, .def = "yes",
	    .help = "unbind the device at the end and count grant references"),
	SET("workload", "trace", KEY_BOOL, SET_TRACE, .def = "no",
	    .help = "record the driver's maps and unmaps (trace.txt), for `grantbench alloc`; it costs"),
	SET("workload", "perf", KEY_WORD, SET_PERF, .words = perfs, .def = "none",
	    .help = "perf beside the workload, in the domU and where the backend runs; it costs"),
	SET("workload", "age_percent", KEY_UINT, SET_AGE_PERCENT, .min = 0, .max = 90, .def = "0",
	    .help = "part of the domU's grant references that is in use, one by one, during the workload"),
	SET("workload", "age_seed", KEY_UINT, SET_AGE_SEED, .min = 1, .max = 1000000, .def = "1",
	    .help = "which ones these are"),
	AXIS("workload", "disturb", KEY_WORD, AXIS_DISTURB, .words = disturbances, .def = "none",
	    .help = "what happens to the domU (not dom0less); such a cell tests, and measures nothing"),
	AXIS("workload", "attack", KEY_WORD, AXIS_ATTACK, .words = attacks, .def = "none",
	     .help = "what the backend does to the frontend (kind = isolate, driver-domain); cross and front bring "
		     "their own second"),
	{ .section = NULL },
};

const struct scenario_key *scenario_axis_key(enum axis axis)
{
	const struct scenario_key *k;

	for (k = scenario_keys; k->section; k++)
		if (k->is_axis && k->index == (int)axis)
			return k;
	return NULL;
}

const struct scenario_key *scenario_setting_key(enum setting setting)
{
	const struct scenario_key *k;

	for (k = scenario_keys; k->section; k++)
		if (!k->is_axis && k->index == (int)setting)
			return k;
	return NULL;
}
