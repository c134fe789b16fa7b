// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dt_check() seen red, once per fault; hosts that cannot be expressed; trees that
 * are damaged. The damage is random; its worth is in runs with sanitizers.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "stats/rng.h"
#include "tests/lib-check.h"
#include "tests/lib-dt.h"

#define OK(expr) ck_assert_int_eq(expr, 0)
#define GUEST_VIRTIO "/passthrough/virtio@2000000"

static void sound_host(struct buf *dtb)
{
	_cleanup_buf_ struct buf machine = BUF_INIT;
	struct lib_dt_host h;
	struct err err = { 0 };

	lib_dt_machine(&machine);
	lib_dt_host(&h, 2);
	h.host.keep_devices = true;
	ck_assert_msg(dt_host_build(machine.data, machine.size, &h.host, dtb, &err) == 0, "%s",
		      err.msg);
}

static void sound_guest(struct buf *dtb)
{
	struct dt_virtio v[2] = { { .binding = DT_BINDING_IOMMUS },
				  { .binding = DT_BINDING_DEV_DOMID } };
	struct dt_guest guest = { .virtio = v, .nr_virtio = 2, .iommu_cells = 1 };
	struct err err = { 0 };

	OK(dt_guest_assign(&guest, v, &err));
	OK(dt_guest_build(&guest, dtb, &err));
}

/* A property of one node, with other cells (or other text) in it. */
struct fault {
	const char *node, *prop;
	const char *text;	/* instead of cells */
	int nr;			/* cells; -1: delete the property */
	uint32_t cell[8];
	const char *want;
};

static const struct fault host_faults[] = {
	{ "/pl011@9000000", "interrupt-parent", NULL, 1, { 0x9999 }, "there is no phandle 0x9999" },
	{ "/pl011@9000000", "clocks", NULL, 1, { 0x1234 }, "clocks: there is no phandle 0x1234" },
	{ "/pl011@9000000", "clocks", NULL, 1, { 0x8003 }, "the target has no #clock-cells" },
	{ "/intc@8000000/its@8080000", "phandle", NULL, 1, { 0x8002 }, "is used twice" },
	{ "/intc@8000000/its@8080000", "phandle", NULL, 1, { 0 }, "phandle 0x0 is none" },
	{ "/intc@8000000", "#interrupt-cells", NULL, 2, { 3, 3 }, "8 bytes instead of 4" },
	{ "/intc@8000000", "#interrupt-cells", NULL, 1, { 99 }, "#interrupt-cells is 99" },
	{ "/virtio_mmio@a000200", "reg", NULL, 4, { 0, 0xa000100, 0, 0x200 }, "overlaps with" },
	{ "/virtio_mmio@a000200", "reg", NULL, 4, { 0, 0xa000200, 0, 0 }, "nothing at 0xa000200" },
	{ "/virtio_mmio@a000200", "reg", NULL, 3, { 0, 0xa000200, 0 }, "not a multiple of 16" },
	{ "/virtio_mmio@a000200", "reg", NULL, 4, { 0xffffffff, 0xfffffff0, 0, 0x20 },
	  "goes around the end" },
	{ "/virtio_mmio@a000200", "interrupts", NULL, 3, { 0, 16, 1 }, "<0 16> is used twice" },
	{ "/virtio_mmio@a000200", "interrupts", NULL, 2, { 0, 16 }, "not a multiple of 12" },
	{ "/pcie@10000000", "msi-map", NULL, 4, { 0, 0x77, 0, 1 }, "there is no phandle 0x77" },
	{ "/pcie@10000000", "interrupt-map", NULL, 7, { 0, 0, 0, 1, 0x8002, 0, 0 }, "ends within" },
	{ "/aliases", "serial0", "/nowhere", 0, { 0 }, "serial0 leads to no node" },
	{ "/chosen/module@4c000000", "reg", NULL, 4, { 0, 0x4c000000, 0, 0x2000000 },
	  "overlaps with /chosen/" },
	{ "/chosen/module@4c000000", "reg", NULL, 4, { 0, 0x4c000000, 1, 0 }, "is not in memory" },
	{ "/chosen/module@4c000000", "reg", NULL, 4, { 0, 0x4b000000, 0, 0x1000 },
	  "reg begins at 0x4b000000" },
	{ "/chosen/evtchn@a", "xen,evtchn", NULL, 2, { 10, 0x8002 }, "does not lead back" },
	{ "/chosen/evtchn@a", "xen,evtchn", NULL, 2, { 10, 0x8006 }, "does not lead back" },
	{ "/chosen/domU1", "compatible", "", 0, { 0 }, NULL },	/* an empty string is text */
	{ "/chosen/domU1", "memory", NULL, 1, { 128 }, "4 bytes instead of 8" },
	{ "/chosen", "xen,xen-bootargs", NULL, 1, { 0x41414141 }, "is not text" },
	{ "/chosen", "#address-cells", NULL, 1, { 0 }, "is none" },
};

static const struct fault guest_faults[] = {
	{ GUEST_VIRTIO, "iommus", NULL, 2, { 65003, 0 }, "there is no phandle 0xfdeb" },
	{ GUEST_VIRTIO, "iommus", NULL, 1, { 65002 }, "#iommu-cells is 1, but only 0 cells follow" },
	{ GUEST_VIRTIO, "iommus", NULL, 2, { 65000, 0 }, "the target has no #iommu-cells" },
	{ GUEST_VIRTIO, "interrupt-parent", NULL, 1, { 64999 }, "there is no phandle" },
	{ GUEST_VIRTIO, "reg", NULL, 4, { 0, 0x2000200, 0, 0x200 }, "reg begins at 0x2000200" },
	{ GUEST_VIRTIO, "dma-coherent", NULL, 1, { 1 }, "4 bytes instead of 0" },
	{ GUEST_VIRTIO, "interrupts", NULL, 3, { 0, 2, 1 }, "is used twice" },
	{ "/passthrough/virtio@2000200", "xen,dev-domid", NULL, 2, { 0, 0 }, "8 bytes instead of 4" },
	{ "/gic", "#interrupt-cells", NULL, -1, { 0 }, "there is no interrupt parent" },
	{ "/passthrough", "#size-cells", NULL, 1, { 1 }, "not a multiple of 12" },
};

static void apply(void *fdt, const struct fault *f)
{
	int node = fdt_path_offset(fdt, f->node), i;
	fdt32_t value[8];

	ck_assert_msg(node >= 0, "%s is missing", f->node);
	for (i = 0; i < f->nr; i++)
		value[i] = cpu_to_fdt32(f->cell[i]);
	if (f->text)
		OK(fdt_setprop_string(fdt, node, f->prop, f->text));
	else if (f->nr < 0)
		OK(fdt_delprop(fdt, node, f->prop));
	else
		OK(fdt_setprop(fdt, node, f->prop, value, f->nr * 4));
	OK(fdt_pack(fdt));
}

static void expect_fault(const struct buf *dtb, const struct fault *f)
{
	_cleanup_free_ void *fdt = lib_dt_open(dtb, 1024);
	struct err err = { 0 };
	int ret;

	apply(fdt, f);
	ret = dt_check(fdt, fdt_totalsize(fdt), &err);
	if (!f->want) {
		ck_assert_msg(ret == 0, "%s", err.msg);
		return;
	}
	ck_assert_msg(ret < 0, "%s: %s: not seen (%s)", f->node, f->prop, f->want);
	ck_assert_msg(strstr(err.msg, f->want), "\"%s\" lacks \"%s\"", err.msg, f->want);
	/* which node it is, for whoever must mend it */
	ck_assert_msg(!strncmp(err.msg, "node /", 6), "%s", err.msg);
}

START_TEST(each_fault_of_a_host_is_seen)
{
	_cleanup_buf_ struct buf dtb = BUF_INIT;
	struct err err = { 0 };

	sound_host(&dtb);
	ck_assert_msg(dt_check(dtb.data, dtb.size, &err) == 0, "%s", err.msg);
	expect_fault(&dtb, &host_faults[_i]);
}
END_TEST

START_TEST(each_fault_of_a_guest_is_seen)
{
	_cleanup_buf_ struct buf dtb = BUF_INIT;
	struct err err = { 0 };

	sound_guest(&dtb);
	ck_assert_msg(dt_check(dtb.data, dtb.size, &err) == 0, "%s", err.msg);
	expect_fault(&dtb, &guest_faults[_i]);
}
END_TEST

START_TEST(names_and_depth)
{
	_cleanup_buf_ struct buf dtb = BUF_INIT;
	struct err err = { 0 };
	int node = 0, i;
	void *fdt;

	sound_guest(&dtb);
	fdt = lib_dt_open(&dtb, 4096);
	for (i = 0; i < 16; i++)
		node = fdt_add_subnode(fdt, node, "deep");
	ck_assert_int_ge(node, 0);
	ck_assert_int_lt(dt_check(fdt, fdt_totalsize(fdt), &err), 0);
	ck_assert_msg(strstr(err.msg, "deeper than 15"), "%s", err.msg);
	free(fdt);

	fdt = lib_dt_open(&dtb, 4096);
	ck_assert_int_ge(fdt_add_subnode(fdt, 0, "a bad name"), 0);
	ck_assert_int_lt(dt_check(fdt, fdt_totalsize(fdt), &err), 0);
	ck_assert_msg(strstr(err.msg, "is not a node's name"), "%s", err.msg);
	free(fdt);

	fdt = lib_dt_open(&dtb, 4096);
	OK(fdt_setprop_u32(fdt, 0, "a b", 1));
	ck_assert_int_lt(dt_check(fdt, fdt_totalsize(fdt), &err), 0);
	ck_assert_msg(strstr(err.msg, "is not a property's name"), "%s", err.msg);
	free(fdt);
}
END_TEST

static const struct {
	const char *want;
} refusals[] = {
	{ "dom0 has no kernel" }, { "dom0 has no arguments" }, { "Xen has no arguments" },
	{ "Xen's arguments have 1024 characters, 1023 are possible" },
	{ "domU1's arguments have 1024 characters" },
	{ "9 domains are more than 8" }, { "is not a node's name" }, { "two domains are called domU1" },
	{ "domU1 has no kernel" }, { "0 MiB of memory" }, { "event channel 1024" },
	{ "dom0's event channel 0" }, { "do not fit into the 4096 bytes" },
	{ "overlaps with dom0's kernel" }, { "below 0x4c000000" }, { "are not in memory" },
	{ "event channel 1024" }, { "9 event channels are more than 8" },
};

static void spoil(int kind, struct lib_dt_host *h, const char *long_text)
{
	struct dt_domu *u = h->domu;

	switch (kind) {
	case 0: h->host.kernel.size = 0; break;
	case 1: h->host.dom0_bootargs = NULL; break;
	case 2: h->host.xen_bootargs = NULL; break;
	case 3: h->host.xen_bootargs = long_text; break;
	case 4: u[0].bootargs = long_text; break;
	case 5: h->host.nr_domu = 9; break;
	case 6: u[0].name = "dom U"; break;
	case 7: u[1].name = u[0].name; break;
	case 8: u[0].kernel.size = 0; break;
	case 9: u[0].mem_mib = 0; break;
	case 10: u[0].evtchn = 1024; break;
	case 11: h->host.dom0_evtchn = 0; break;
	case 12: u[0].dtb.size = 2000; u[0].bootargs = long_text + 24; break;
	case 13: u[0].kernel.addr = h->host.kernel.addr + 4096; break;
	case 14: u[0].kernel.addr = 0x40200000; break;
	case 15: u[0].kernel.addr = 0x7ff00000; break;
	case 16: u[0].evtchn = 1021; break;
	case 17: u[0].nr_evtchn = 9; break;
	}
}

START_TEST(hosts_that_cannot_be)
{
	_cleanup_buf_ struct buf machine = BUF_INIT, dtb = BUF_INIT;
	struct dt_domu nine[9] = { { .name = "a" } };
	struct lib_dt_host h;
	struct err err = { 0 };
	char long_text[1025];

	memset(long_text, 'a', 1024);
	long_text[1024] = '\0';
	lib_dt_machine(&machine);
	lib_dt_host(&h, 2);
	spoil(_i, &h, long_text);
	if (h.host.nr_domu == 9)
		h.host.domu = nine;
	ck_assert_msg(dt_host_build(machine.data, machine.size, &h.host, &dtb, &err) < 0,
		      "not refused: %s", refusals[_i].want);
	ck_assert_int_eq(err.code, GB_USAGE);
	ck_assert_msg(strstr(err.msg, refusals[_i].want), "\"%s\" lacks \"%s\"", err.msg,
		      refusals[_i].want);
	ck_assert_uint_eq(dtb.size, 0);
}
END_TEST

/* Everything that takes a tree from outside; whatever it says, it must come back. */
static void swallow(const void *dtb, size_t size)
{
	_cleanup_buf_ struct buf out = BUF_INIT, text = BUF_INIT;
	struct lib_dt_host h;
	struct err err = { 0 };

	lib_dt_host(&h, 1);
	if (dt_check(dtb, size, &err) < 0)
		ck_assert(err.msg[0]);
	dt_print(dtb, size, &text, &err);
	dt_host_build(dtb, size, &h.host, &out, &err);
}

START_TEST(cut_anywhere)
{
	_cleanup_buf_ struct buf dtb = BUF_INIT;
	struct err err = { 0 };
	size_t size;

	sound_host(&dtb);
	for (size = 0; size < dtb.size; size++) {
		/* a fresh allocation of just these bytes: a reader behind them is seen */
		_cleanup_free_ char *cut = xcalloc(1, size ? size : 1);

		memcpy(cut, dtb.data, size);
		ck_assert_msg(dt_check(cut, size, &err) < 0, "%zu of %zu bytes pass", size, dtb.size);
		swallow(cut, size);
	}
}
END_TEST

START_TEST(damaged_anywhere)
{
	_cleanup_buf_ struct buf dtb = BUF_INIT;
	struct rng rng;
	int round;

	sound_host(&dtb);
	rng_init(&rng, 99);
	for (round = 0; round < 4000; round++) {
		_cleanup_free_ char *bad = xcalloc(1, dtb.size);
		int n = 1 + (int)rng_below(&rng, 4);

		memcpy(bad, dtb.data, dtb.size);
		while (n--) {
			size_t at = (size_t)rng_below(&rng, dtb.size);

			bad[at] = rng_below(&rng, 2) ? (char)rng_next(&rng) :
						       (char)(bad[at] ^ 1 << rng_below(&rng, 8));
		}
		swallow(bad, dtb.size);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dt-check");
	TCase *tc = tcase_create("check");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, each_fault_of_a_host_is_seen, 0, ARRAY_SIZE(host_faults));
	tcase_add_loop_test(tc, each_fault_of_a_guest_is_seen, 0, ARRAY_SIZE(guest_faults));
	tcase_add_test(tc, names_and_depth);
	tcase_add_loop_test(tc, hosts_that_cannot_be, 0, ARRAY_SIZE(refusals));
	tcase_add_test(tc, cut_anywhere);
	tcase_add_test(tc, damaged_anywhere);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
