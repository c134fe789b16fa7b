// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The trees that we generate, as text, against harness/tests/golden/. After
 * a change that is meant, GOLDEN_UPDATE=1 writes the files anew (and the test
 * still fails, so that nobody forgets to look at the difference).
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/fs.h"
#include "tests/lib-check.h"
#include "tests/lib-dt.h"

/* The first line of each file. */
#define SPDX "// SPDX-License-Identifier: GPL-2.0-or-later\n"

static void print_tree(const struct buf *dtb, struct buf *text)
{
	struct err err = { 0 };

	ck_assert_msg(dt_check(dtb->data, dtb->size, &err) == 0, "%s", err.msg);
	ck_assert_msg(dt_print(dtb->data, dtb->size, text, &err) == 0, "%s", err.msg);
}

/* dtc must make the same tree of the text: the text is DTS, and nothing is lost in it. */
static void round_trip(const char *name, const struct buf *text)
{
	_cleanup_free_ char *dir = lib_check_tmpdir();
	_cleanup_free_ char *dts = xasprintf("%s/in.dts", dir), *dtb = xasprintf("%s/out.dtb", dir);
	_cleanup_free_ char *command = xasprintf("dtc -q -I dts -O dtb -o %s %s", dtb, dts);
	_cleanup_buf_ struct buf made = BUF_INIT, again = BUF_INIT;
	struct err err = { 0 };

	ck_assert_msg(fs_write_atomic(dts, text->data, text->size, 0644, &err) == 0, "%s", err.msg);
	ck_assert_msg(system(command) == 0, "%s: dtc refuses the text (is dtc installed?)", name);
	ck_assert_msg(fs_read(dtb, &made, &err) == 0, "%s", err.msg);
	buf_addstr(&again, SPDX);
	ck_assert_msg(dt_print(made.data, made.size, &again, &err) == 0, "%s", err.msg);
	ck_assert_msg(again.size == text->size && !memcmp(again.data, text->data, text->size),
		      "%s: dtc's tree prints differently:\n%s\n%s", name, text->data, again.data);
	fs_remove_tree(dir, NULL);
}

static void compare(const char *name, const struct buf *dtb)
{
	_cleanup_free_ char *path = xasprintf("harness/tests/golden/%s.dts", name);
	_cleanup_buf_ struct buf text = BUF_INIT, want = BUF_INIT;
	struct err err = { 0 };

	buf_addstr(&text, SPDX);
	print_tree(dtb, &text);
	round_trip(name, &text);
	if (getenv("GOLDEN_UPDATE")) {
		ck_assert_msg(fs_write_atomic(path, text.data, text.size, 0644, &err) == 0, "%s",
			      err.msg);
		ck_abort_msg("%s is written anew: look at the difference, then run without "
			     "GOLDEN_UPDATE", path);
	}
	ck_assert_msg(fs_read(path, &want, &err) == 0, "%s (GOLDEN_UPDATE=1 writes it)", err.msg);
	ck_assert_msg(want.size == text.size && !memcmp(want.data, text.data, text.size),
		      "%s differs from what is generated now:\n%s", path, text.data);
}

static const struct {
	const char *name;
	enum dt_binding binding;
	size_t nr;
	bool late;
	unsigned int domid;
	enum dt_irq irq;
	bool overlay;
} guests[] = {
	{ "guest-none", DT_BINDING_NONE, 1, false, 0, DT_IRQ_SPI, false },
	{ "guest-dev-domid", DT_BINDING_DEV_DOMID, 1, false, 0, DT_IRQ_SPI, false },
	{ "guest-iommus", DT_BINDING_IOMMUS, 1, false, 0, DT_IRQ_SPI, false },
	{ "guest-iommus-dummy", DT_BINDING_IOMMUS_DUMMY, 1, false, 0, DT_IRQ_SPI, false },
	/* the stub is switched off on the kernel's command line, not in the tree */
	{ "guest-iommus", DT_BINDING_IOMMUS_NOSTUB, 1, false, 0, DT_IRQ_SPI, false },
	{ "guest-late-dev-domid-domain-1", DT_BINDING_DEV_DOMID, 1, true, 1, DT_IRQ_SPI, false },
	{ "guest-late-iommus-3", DT_BINDING_IOMMUS, 3, true, 1, DT_IRQ_SPI, false },
	{ "guest-evtchn-iommus-2", DT_BINDING_IOMMUS, 2, false, 1, DT_IRQ_EVTCHN, false },
	{ "guest-evtchn-late", DT_BINDING_DEV_DOMID, 1, true, 0, DT_IRQ_EVTCHN, false },
	{ "guest-overlay-iommus-2", DT_BINDING_IOMMUS, 2, false, 1, DT_IRQ_EVTCHN, true },
	{ "guest-overlay-dev-domid", DT_BINDING_DEV_DOMID, 1, false, 0, DT_IRQ_EVTCHN, true },
	{ "guest-overlay-none", DT_BINDING_NONE, 1, false, 0, DT_IRQ_EVTCHN, true },
};

START_TEST(guest_trees)
{
	struct dt_virtio virtio[3] = { { .binding = DT_BINDING_NONE } };
	struct dt_guest guest = { .virtio = virtio, .nr_virtio = guests[_i].nr,
				  .late_probe = guests[_i].late, .irq = guests[_i].irq,
				  .overlay = guests[_i].overlay, .iommu_cells = 1 };
	_cleanup_buf_ struct buf dtb = BUF_INIT;
	struct err err = { 0 };
	size_t i;

	for (i = 0; i < guest.nr_virtio; i++) {
		virtio[i].binding = guests[_i].binding;
		virtio[i].backend_domid = guests[_i].domid;
	}
	ck_assert_int_eq(dt_guest_assign(&guest, virtio, &err), 0);
	ck_assert_msg(dt_guest_build(&guest, &dtb, &err) == 0, "%s", err.msg);
	compare(guests[_i].name, &dtb);
}
END_TEST

START_TEST(host_trees)
{
	static const char *const names[] = { "host-xl", "host-dom0less", "host-two-domus" };
	_cleanup_buf_ struct buf machine = BUF_INIT, dtb = BUF_INIT;
	struct lib_dt_host h;
	struct err err = { 0 };

	lib_dt_machine(&machine);
	lib_dt_host(&h, (size_t)_i);
	ck_assert_msg(dt_host_build(machine.data, machine.size, &h.host, &dtb, &err) == 0, "%s",
		      err.msg);
	compare(names[_i], &dtb);
}
END_TEST

START_TEST(devices_are_kept_when_asked)
{
	_cleanup_buf_ struct buf machine = BUF_INIT, dtb = BUF_INIT;
	struct lib_dt_host h;
	struct err err = { 0 };

	lib_dt_machine(&machine);
	lib_dt_host(&h, 1);
	h.host.keep_devices = true;
	ck_assert_msg(dt_host_build(machine.data, machine.size, &h.host, &dtb, &err) == 0, "%s",
		      err.msg);
	ck_assert_msg(dt_check(dtb.data, dtb.size, &err) == 0, "%s", err.msg);
	ck_assert_int_ge(fdt_path_offset(dtb.data, "/pcie@10000000"), 0);
	ck_assert_int_ge(fdt_path_offset(dtb.data, "/virtio_mmio@a000000"), 0);
	/* what changes from start to start goes all the same */
	ck_assert_ptr_null(fdt_getprop(dtb.data, fdt_path_offset(dtb.data, "/chosen"), "rng-seed",
				       NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dt-golden");
	TCase *tc = tcase_create("golden");

	tcase_add_loop_test(tc, guest_trees, 0, ARRAY_SIZE(guests));
	tcase_add_loop_test(tc, host_trees, 0, 3);
	tcase_add_test(tc, devices_are_kept_when_asked);
	suite_add_tcase(suite, tc);
	return lib_check_main(suite);
}
