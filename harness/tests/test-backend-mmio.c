// SPDX-License-Identifier: GPL-2.0-or-later
/* The virtio-mmio register file, with callbacks that take notes. */
#include <errno.h>
#include <string.h>

#include "backend/mmio.h"
#include "tests/lib-check.h"

#define FEATURES (1ull << 9 | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM)

static struct notes {
	unsigned int enabled, disabled, resets, driver_ok, kicks, irqs;
	unsigned int last_queue;
	bool line;
	int refuse;
	bool ready_at_disable;
} notes;

static struct vmmio vm;

static int on_enable(void *dev, unsigned int queue)
{
	ck_assert_ptr_eq(dev, &notes);
	notes.enabled++;
	notes.last_queue = queue;
	if (notes.refuse)
		vmmio_needs_reset(&vm);
	return notes.refuse;
}

static void on_disable(void *dev, unsigned int queue)
{
	notes.disabled++;
	notes.last_queue = queue;
	notes.ready_at_disable = vm.queue[queue].ready;
}

static void on_reset(void *dev)
{
	notes.resets++;
}

static void on_driver_ok(void *dev)
{
	notes.driver_ok++;
}

static void on_kick(void *dev, unsigned int queue)
{
	notes.kicks++;
	notes.last_queue = queue;
}

static void on_irq(void *dev, bool level)
{
	notes.irqs += level;
	notes.line = level;
}

static uint64_t on_config_read(void *dev, unsigned int offset, unsigned int size)
{
	return offset * 0x10 + size;
}

static uint64_t written;

static void on_config_write(void *dev, unsigned int offset, unsigned int size, uint64_t value)
{
	written = value;
}

static uint32_t pool[3];	/* first, count, calls */

static int on_set_pool(void *dev, uint32_t first, uint32_t count)
{
	ck_assert_ptr_eq(dev, &notes);
	pool[0] = first;
	pool[1] = count;
	pool[2]++;
	return count ? notes.refuse : 0;
}

static const struct vmmio_ops ops = {
	on_enable, on_disable, on_reset, on_driver_ok, on_kick, on_irq, on_config_read,
	on_config_write, on_set_pool,
};

static void set_up(void)
{
	memset(&notes, 0, sizeof(notes));
	memset(pool, 0, sizeof(pool));
	memset(&vm, 0, sizeof(vm));
	vm.ops = &ops;
	vm.dev = &notes;
	vm.device_id = 2;
	vm.features = FEATURES;
	vm.nr_queues = 2;
	vm.queue_num_max = 256;
	vm.config_size = 60;
	vmmio_init(&vm);
}

static uint32_t rd(unsigned int reg)
{
	return (uint32_t)vmmio_read(&vm, reg, 4);
}

static void wr(unsigned int reg, uint32_t value)
{
	vmmio_write(&vm, reg, 4, value);
}

static void write_features(uint64_t features)
{
	wr(VMMIO_DRIVER_FEATURES_SEL, 0);
	wr(VMMIO_DRIVER_FEATURES, (uint32_t)features);
	wr(VMMIO_DRIVER_FEATURES_SEL, 1);
	wr(VMMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
}

static void negotiate(void)
{
	wr(VMMIO_STATUS, 1);
	wr(VMMIO_STATUS, 3);
	write_features(FEATURES);
	wr(VMMIO_STATUS, 0xb);
}

static void enable_queue(unsigned int q)
{
	wr(VMMIO_QUEUE_SEL, q);
	wr(VMMIO_QUEUE_NUM, 64);
	wr(VMMIO_QUEUE_READY, 1);
}

START_TEST(identity)
{
	ck_assert_uint_eq(rd(VMMIO_MAGIC_VALUE), 0x74726976);
	ck_assert_uint_eq(rd(VMMIO_VERSION), 2);
	ck_assert_uint_eq(rd(VMMIO_DEVICE_ID), 2);
	ck_assert_uint_eq(rd(VMMIO_VENDOR_ID), VMMIO_VENDOR);
	ck_assert_uint_eq(rd(VMMIO_CONFIG_GENERATION), 0);
	/* no shared memory region, whichever is asked for: length -1 */
	wr(VMMIO_SHM_SEL, 1);
	ck_assert_uint_eq(rd(VMMIO_SHM_LEN_LOW), 0xffffffff);
	ck_assert_uint_eq(rd(VMMIO_SHM_LEN_HIGH), 0xffffffff);
	ck_assert_uint_eq(vm.bad_accesses, 0);
}
END_TEST

START_TEST(features_by_halves)
{
	ck_assert_uint_eq(rd(VMMIO_DEVICE_FEATURES), (uint32_t)FEATURES);
	wr(VMMIO_DEVICE_FEATURES_SEL, 1);
	ck_assert_uint_eq(rd(VMMIO_DEVICE_FEATURES), FEATURES >> 32);
	wr(VMMIO_DEVICE_FEATURES_SEL, 2);
	ck_assert_uint_eq(rd(VMMIO_DEVICE_FEATURES), 0);
	wr(VMMIO_DEVICE_FEATURES_SEL, 0xffffffff);
	ck_assert_uint_eq(rd(VMMIO_DEVICE_FEATURES), 0);
	ck_assert_uint_eq(vm.bad_accesses, 0);
}
END_TEST

static const struct {
	uint64_t features;
	bool accepted;
} choices[] = {
	{ FEATURES, true },
	{ VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM, true },
	{ FEATURES & ~VIRTIO_F_VERSION_1, false },
	{ FEATURES & ~VIRTIO_F_ACCESS_PLATFORM, false },	/* would give physical addresses */
	{ FEATURES | 1, false },				/* not offered */
	{ FEATURES | 1ull << 63, false },
	{ 0, false },
};

START_TEST(negotiation)
{
	wr(VMMIO_STATUS, 1);
	wr(VMMIO_STATUS, 3);
	write_features(choices[_i].features);
	wr(VMMIO_STATUS, 0xb);
	ck_assert_uint_eq(rd(VMMIO_STATUS), choices[_i].accepted ? 0xb : 3);
	ck_assert_uint_eq(vm.features_negotiated, choices[_i].accepted ? choices[_i].features : 0);
	ck_assert_uint_eq(vm.features_refused, !choices[_i].accepted);

	/* a driver that does not look goes no further */
	wr(VMMIO_STATUS, 0xf);
	ck_assert_uint_eq(vmmio_running(&vm), choices[_i].accepted);
	ck_assert_uint_eq(notes.driver_ok, choices[_i].accepted);
}
END_TEST

START_TEST(features_are_final)
{
	negotiate();
	write_features(0);
	ck_assert_uint_eq(vm.driver_features, FEATURES);
	ck_assert_uint_eq(vm.bad_accesses, 2);
	wr(VMMIO_DRIVER_FEATURES_SEL, 2);
	wr(VMMIO_DRIVER_FEATURES, 0);
	ck_assert_uint_eq(vm.bad_accesses, 2);
}
END_TEST

START_TEST(driver_ok_needs_features)
{
	wr(VMMIO_STATUS, 7);
	ck_assert_uint_eq(rd(VMMIO_STATUS), 3);
	ck_assert_uint_eq(notes.driver_ok, 0);
	ck_assert(!vm.driver_ok_seen);
}
END_TEST

START_TEST(status_bits_stay)
{
	negotiate();
	wr(VMMIO_STATUS, 4);
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0xf);
	ck_assert_uint_eq(vm.bad_accesses, 1);
	wr(VMMIO_STATUS, 0xf);		/* again: not a second DRIVER_OK */
	ck_assert_uint_eq(notes.driver_ok, 1);
	wr(VMMIO_STATUS, 0x4f);		/* NEEDS_RESET is not the driver's to set */
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0xf);
	wr(VMMIO_STATUS, 0x8f);
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0x8f);
}
END_TEST

START_TEST(queue_registers)
{
	negotiate();
	ck_assert_uint_eq(rd(VMMIO_QUEUE_NUM_MAX), 256);
	wr(VMMIO_QUEUE_SEL, 1);
	ck_assert_uint_eq(rd(VMMIO_QUEUE_READY), 0);
	wr(VMMIO_QUEUE_NUM, 128);
	wr(VMMIO_QUEUE_DESC_LOW, 0x11111000);
	wr(VMMIO_QUEUE_DESC_HIGH, 0x80000001);
	wr(VMMIO_QUEUE_DRIVER_HIGH, 0x80000002);
	wr(VMMIO_QUEUE_DRIVER_LOW, 0x22222000);
	wr(VMMIO_QUEUE_DEVICE_LOW, 0x33333000);
	wr(VMMIO_QUEUE_DEVICE_HIGH, 0x80000003);
	wr(VMMIO_QUEUE_READY, 1);
	ck_assert_uint_eq(notes.enabled, 1);
	ck_assert_uint_eq(notes.last_queue, 1);
	ck_assert_uint_eq(rd(VMMIO_QUEUE_READY), 1);
	ck_assert_uint_eq(vm.queue[1].num, 128);
	ck_assert_uint_eq(vm.queue[1].addr[0], 0x8000000111111000);
	ck_assert_uint_eq(vm.queue[1].addr[1], 0x8000000222222000);
	ck_assert_uint_eq(vm.queue[1].addr[2], 0x8000000333333000);
	ck_assert_uint_eq(vm.queue[0].addr[0], 0);
	ck_assert_uint_eq(vm.bad_accesses, 0);

	/* in use: not to be changed, nor enabled twice */
	wr(VMMIO_QUEUE_NUM, 64);
	wr(VMMIO_QUEUE_DESC_LOW, 0);
	wr(VMMIO_QUEUE_READY, 1);
	ck_assert_uint_eq(vm.queue[1].num, 128);
	ck_assert_uint_eq(vm.queue[1].addr[0], 0x8000000111111000);
	ck_assert_uint_eq(notes.enabled, 1);
	ck_assert_uint_eq(vm.bad_accesses, 3);

	/* disabled, it is told once and can be changed again */
	wr(VMMIO_QUEUE_READY, 0);
	wr(VMMIO_QUEUE_READY, 0);
	ck_assert_uint_eq(notes.disabled, 1);
	ck_assert_uint_eq(rd(VMMIO_QUEUE_READY), 0);
	wr(VMMIO_QUEUE_NUM, 64);
	ck_assert_uint_eq(vm.queue[1].num, 64);
}
END_TEST

START_TEST(queue_that_is_not_there)
{
	negotiate();
	wr(VMMIO_QUEUE_SEL, 2);
	ck_assert_uint_eq(rd(VMMIO_QUEUE_NUM_MAX), 0);
	ck_assert_uint_eq(rd(VMMIO_QUEUE_READY), 0);
	wr(VMMIO_QUEUE_NUM, 8);
	wr(VMMIO_QUEUE_READY, 1);
	wr(VMMIO_QUEUE_SEL, 0xffffffff);
	wr(VMMIO_QUEUE_READY, 1);
	wr(VMMIO_QUEUE_NOTIFY, 2);
	wr(VMMIO_QUEUE_NOTIFY, 0xffffffff);
	ck_assert_uint_eq(notes.enabled, 0);
	ck_assert_uint_eq(notes.kicks, 0);
	ck_assert_uint_eq(vm.bad_accesses, 5);
	wr(VMMIO_QUEUE_NOTIFY, 1);
	ck_assert_uint_eq(notes.kicks, 1);
	ck_assert_uint_eq(notes.last_queue, 1);
}
END_TEST

START_TEST(queue_before_features)
{
	wr(VMMIO_STATUS, 3);
	enable_queue(0);
	ck_assert_uint_eq(notes.enabled, 0);
	ck_assert_uint_eq(rd(VMMIO_QUEUE_READY), 0);
}
END_TEST

START_TEST(queue_refused)
{
	negotiate();
	enable_queue(0);
	notes.refuse = -1;
	enable_queue(1);
	ck_assert_uint_eq(rd(VMMIO_QUEUE_READY), 0);
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0x4b);
	ck_assert_uint_eq(notes.disabled, 1);	/* the other one */
	ck_assert_uint_eq(notes.line, false);	/* DRIVER_OK was not set: no interrupt */
	wr(VMMIO_STATUS, 0x4f);
	ck_assert_uint_eq(notes.driver_ok, 0);
}
END_TEST

START_TEST(interrupts)
{
	negotiate();
	wr(VMMIO_STATUS, 0xf);
	vmmio_notify(&vm);
	ck_assert_uint_eq(rd(VMMIO_INTERRUPT_STATUS), VMMIO_INT_VRING);
	ck_assert(notes.line);
	vmmio_notify(&vm);	/* an edge for each */
	ck_assert_uint_eq(notes.irqs, 2);
	wr(VMMIO_INTERRUPT_ACK, VMMIO_INT_CONFIG);
	ck_assert(notes.line);
	vmmio_needs_reset(&vm);
	ck_assert_uint_eq(rd(VMMIO_INTERRUPT_STATUS), 3);
	ck_assert_uint_eq(notes.irqs, 3);
	wr(VMMIO_INTERRUPT_ACK, VMMIO_INT_VRING);
	ck_assert(notes.line);
	wr(VMMIO_INTERRUPT_ACK, VMMIO_INT_CONFIG);
	ck_assert(!notes.line);
	ck_assert_uint_eq(rd(VMMIO_INTERRUPT_STATUS), 0);
}
END_TEST

START_TEST(needs_reset)
{
	negotiate();
	enable_queue(0);
	enable_queue(1);
	wr(VMMIO_STATUS, 0xf);
	vmmio_needs_reset(&vm);
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0x4f);
	ck_assert_uint_eq(notes.disabled, 2);
	ck_assert(!vmmio_running(&vm));
	vmmio_needs_reset(&vm);		/* only once */
	ck_assert_uint_eq(notes.irqs, 1);

	/* it stays; the queues cannot come back, and DRIVER_OK means nothing */
	enable_queue(0);
	ck_assert_uint_eq(notes.enabled, 2);
	wr(VMMIO_STATUS, 0x4f);
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0x4f);
	ck_assert_uint_eq(notes.driver_ok, 1);

	wr(VMMIO_STATUS, 0);
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0);
}
END_TEST

START_TEST(reset)
{
	unsigned int i;

	negotiate();
	enable_queue(0);
	enable_queue(1);
	wr(VMMIO_STATUS, 0xf);
	vmmio_notify(&vm);
	wr(VMMIO_STATUS, 0);
	ck_assert_uint_eq(notes.resets, 1);
	ck_assert_uint_eq(notes.disabled, 2);
	ck_assert(!notes.ready_at_disable);
	ck_assert(!notes.line);
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0);
	ck_assert_uint_eq(rd(VMMIO_INTERRUPT_STATUS), 0);
	for (i = 0; i < 2; i++) {
		wr(VMMIO_QUEUE_SEL, i);
		ck_assert_uint_eq(rd(VMMIO_QUEUE_READY), 0);
		ck_assert_uint_eq(vm.queue[i].num, 0);
	}
	ck_assert_uint_eq(vm.driver_features, 0);
	/* for the report: what there was */
	ck_assert_uint_eq(vm.features_negotiated, FEATURES);
	ck_assert(vm.driver_ok_seen);
	negotiate();
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0xb);
}
END_TEST

static const struct {
	unsigned int offset, size;
} odd[] = {
	{ 0x000, 1 }, { 0x000, 2 }, { 0x000, 8 }, { 0x002, 4 }, { 0x070, 1 }, { 0x070, 0 },
	{ 0x01c, 4 }, { 0x028, 4 }, { 0x040, 4 }, { 0x0fd, 4 }, { 0x0c8, 4 }, { 0x100, 3 },
	{ 0x100 + 60, 1 }, { 0x100 + 57, 4 }, { 0x1fc, 8 }, { 0x1ff, 1 }, { 0x070, 0xffffffff },
};

START_TEST(odd_access)
{
	ck_assert_uint_eq(vmmio_read(&vm, odd[_i].offset, odd[_i].size), 0);
	vmmio_write(&vm, odd[_i].offset, odd[_i].size, UINT64_MAX);
	ck_assert_uint_eq(vm.bad_accesses, 2);
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0);
}
END_TEST

/* Registers of one direction, used in the other. */
START_TEST(wrong_way)
{
	ck_assert_uint_eq(rd(VMMIO_QUEUE_NOTIFY), 0);
	ck_assert_uint_eq(rd(VMMIO_QUEUE_NUM), 0);
	wr(VMMIO_MAGIC_VALUE, 1);
	wr(VMMIO_INTERRUPT_STATUS, 1);
	ck_assert_uint_eq(vm.bad_accesses, 4);
	ck_assert_uint_eq(rd(VMMIO_INTERRUPT_STATUS), 0);
}
END_TEST

START_TEST(config_space)
{
	ck_assert_uint_eq(vmmio_read(&vm, 0x100 + 8, 4), 0x84);
	ck_assert_uint_eq(vmmio_read(&vm, 0x100 + 59, 1), 59 * 0x10 + 1);
	ck_assert_uint_eq(vmmio_read(&vm, 0x100 + 52, 8), 52 * 0x10 + 8);
	vmmio_write(&vm, 0x100 + 32, 1, 0x5a);
	ck_assert_uint_eq(written, 0x5a);
	ck_assert_uint_eq(vm.bad_accesses, 0);
}
END_TEST

/* Without a pool the registers are what they are for any device: nothing. */
START_TEST(no_pool)
{
	ck_assert_uint_eq(rd(VMMIO_POOL_MAGIC), 0);
	wr(VMMIO_POOL_FIRST, 1);
	wr(VMMIO_POOL_COUNT, 1);
	ck_assert_uint_eq(vm.bad_accesses, 3);
	ck_assert_uint_eq(pool[2], 0);
	negotiate();
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0xb);
}
END_TEST

START_TEST(pool_registers)
{
	vm.pool_max = 100;
	ck_assert_uint_eq(rd(VMMIO_POOL_MAGIC), 0x70746e67);
	ck_assert_uint_eq(rd(VMMIO_POOL_MAX), 100);
	/* a frontend that announces none gets no further */
	negotiate();
	ck_assert_uint_eq(rd(VMMIO_STATUS), 3);
	ck_assert_uint_eq(vm.features_refused, 1);

	wr(VMMIO_POOL_FIRST, 0xffffffff - 98);
	wr(VMMIO_POOL_COUNT, 101);
	ck_assert_uint_eq(rd(VMMIO_POOL_STATUS), EINVAL);
	wr(VMMIO_POOL_COUNT, 100);
	ck_assert_uint_eq(rd(VMMIO_POOL_STATUS), EINVAL);
	ck_assert_uint_eq(pool[2], 0);
	notes.refuse = -EFAULT;
	wr(VMMIO_POOL_COUNT, 99);
	ck_assert_uint_eq(rd(VMMIO_POOL_STATUS), EFAULT);
	ck_assert_uint_eq(rd(VMMIO_POOL_COUNT), 0);
	notes.refuse = 0;
	wr(VMMIO_POOL_COUNT, 99);
	ck_assert_uint_eq(rd(VMMIO_POOL_STATUS), 0);
	ck_assert_uint_eq(rd(VMMIO_POOL_COUNT), 99);
	ck_assert_uint_eq(pool[0], 0xffffffff - 98);
	wr(VMMIO_POOL_COUNT, 9);
	ck_assert_uint_eq(rd(VMMIO_POOL_STATUS), EBUSY);

	wr(VMMIO_STATUS, 0xb);
	ck_assert_uint_eq(rd(VMMIO_STATUS), 0xb);
	/* the rings may be in it */
	enable_queue(0);
	wr(VMMIO_POOL_COUNT, 0);
	ck_assert_uint_eq(rd(VMMIO_POOL_STATUS), EBUSY);
	ck_assert_uint_eq(rd(VMMIO_POOL_COUNT), 99);
	wr(VMMIO_QUEUE_READY, 0);
	wr(VMMIO_POOL_COUNT, 0);
	ck_assert_uint_eq(rd(VMMIO_POOL_STATUS), 0);
	ck_assert_uint_eq(pool[1], 0);
	ck_assert_uint_eq(vm.bad_accesses, 0);
}
END_TEST

/* After the queues, before the write is answered. */
START_TEST(reset_withdraws_the_pool)
{
	vm.pool_max = 100;
	wr(VMMIO_POOL_FIRST, 7);
	wr(VMMIO_POOL_COUNT, 10);
	negotiate();
	enable_queue(1);
	memset(pool, 0, sizeof(pool));
	pool[1] = 1;
	wr(VMMIO_STATUS, 0);
	ck_assert_uint_eq(notes.disabled, 1);
	ck_assert_uint_eq(pool[1], 0);
	ck_assert_uint_eq(pool[2], 1);
	ck_assert_uint_eq(rd(VMMIO_POOL_COUNT), 0);
	ck_assert_uint_eq(vm.pool_peak, 10);
	wr(VMMIO_STATUS, 0);
	ck_assert_uint_eq(pool[2], 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-mmio");
	TCase *tc = tcase_create("mmio");

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, identity);
	tcase_add_test(tc, features_by_halves);
	tcase_add_loop_test(tc, negotiation, 0, sizeof(choices) / sizeof(choices[0]));
	tcase_add_test(tc, features_are_final);
	tcase_add_test(tc, driver_ok_needs_features);
	tcase_add_test(tc, status_bits_stay);
	tcase_add_test(tc, queue_registers);
	tcase_add_test(tc, queue_that_is_not_there);
	tcase_add_test(tc, queue_before_features);
	tcase_add_test(tc, queue_refused);
	tcase_add_test(tc, interrupts);
	tcase_add_test(tc, needs_reset);
	tcase_add_test(tc, reset);
	tcase_add_loop_test(tc, odd_access, 0, sizeof(odd) / sizeof(odd[0]));
	tcase_add_test(tc, wrong_way);
	tcase_add_test(tc, config_space);
	tcase_add_test(tc, no_pool);
	tcase_add_test(tc, pool_registers);
	tcase_add_test(tc, reset_withdraws_the_pool);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
