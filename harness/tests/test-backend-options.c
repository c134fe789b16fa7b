// SPDX-License-Identifier: GPL-2.0-or-later
/* The backend's --device argument, addresses as DMA sees them, the log limit. */
#include <string.h>

#include "backend/dma.h"
#include "backend/limit.h"
#include "backend/options.h"
#include "tests/lib-check.h"

START_TEST(defaults)
{
	struct device_options o;
	char error[256] = "";

	ck_assert_int_eq(device_options_parse(&o, "mmio=0x2000000,irq=33", error,
					      sizeof(error)), 0);
	ck_assert_uint_eq(o.mmio, 0x2000000);
	ck_assert_uint_eq(o.irq, 33);
	ck_assert(!o.irq_level);
	ck_assert_int_eq(o.store, VSTORE_RAM);
	ck_assert_uint_eq(o.size_bytes, 64 << 20);
	ck_assert_int_eq(o.mapping, MAPPING_MAP);
	ck_assert(o.grants);
	ck_assert_uint_eq(o.blk.nr_queues, 1);
	ck_assert_uint_eq(o.blk.queue_size, 256);
	ck_assert_uint_eq(o.blk.seg_max, 254);
	ck_assert_uint_eq(o.blk.blk_size, 512);
	ck_assert_uint_eq(o.blk.size_max, 0);
	ck_assert(!o.blk.readonly);
	ck_assert(o.blk.discard);
	ck_assert_str_eq(o.blk.serial, "grantbench");
	ck_assert_str_eq(error, "");
}
END_TEST

START_TEST(everything)
{
	struct device_options o;
	char error[256] = "";

	ck_assert_int_eq(device_options_parse(&o,
		"mmio=33554944,irq=1019,irq-type=level,type=blk,store=file,size=1G,path=/tmp/a b,"
		"queues=16,queue-size=1024,readonly=1,mapping=foreign,grants=0,seg-max=1024,"
		"size-max=65536,blk-size=4096,discard=0,span=3M,serial=12345678901234567890",
		error, sizeof(error)), 0);
	ck_assert_uint_eq(o.mmio, 0x2000200);
	ck_assert_uint_eq(o.irq, 1019);
	ck_assert(o.irq_level);
	ck_assert_int_eq(o.store, VSTORE_FILE);
	ck_assert_uint_eq(o.size_bytes, 1ull << 30);
	ck_assert_str_eq(o.path, "/tmp/a b");
	ck_assert_uint_eq(o.blk.nr_queues, 16);
	ck_assert_uint_eq(o.blk.queue_size, 1024);
	ck_assert(o.blk.readonly);
	ck_assert_int_eq(o.mapping, MAPPING_FOREIGN);
	ck_assert(!o.grants);
	ck_assert_uint_eq(o.blk.seg_max, 1024);
	ck_assert_uint_eq(o.blk.size_max, 65536);
	ck_assert_uint_eq(o.blk.blk_size, 4096);
	ck_assert(!o.blk.discard);
	ck_assert_str_eq(o.blk.serial, "12345678901234567890");
	ck_assert_uint_eq(o.span_bytes, 3u << 20);
}
END_TEST

/* What copies finds its descriptors in the ring: a table would be one call more. */
START_TEST(mappings)
{
	static const struct {
		const char *text;
		enum mapping_kind kind;
		bool direct_only;
		uint32_t copy_max;
	} rows[] = {
		{ "mapping=map", MAPPING_MAP, false, COPY_MAX_DEFAULT },
		{ "mapping=map,indirect=0", MAPPING_MAP, true, COPY_MAX_DEFAULT },
		{ "mapping=batch", MAPPING_BATCH, false, COPY_MAX_DEFAULT },
		{ "mapping=copy", MAPPING_COPY, true, COPY_MAX_DEFAULT },
		{ "indirect=1,mapping=copy", MAPPING_COPY, false, COPY_MAX_DEFAULT },
		{ "mapping=adaptive,copy-max=1M", MAPPING_ADAPTIVE, true, 1 << 20 },
		{ "mapping=adaptive,copy-max=0", MAPPING_ADAPTIVE, true, 0 },
	};
	char text[128], error[256] = "";
	struct device_options o;

	snprintf(text, sizeof(text), "mmio=0x2000000,irq=33,%s", rows[_i].text);
	ck_assert_int_eq(device_options_parse(&o, text, error, sizeof(error)), 0);
	ck_assert_int_eq(o.mapping, rows[_i].kind);
	ck_assert_int_eq(o.direct_only, rows[_i].direct_only);
	ck_assert_uint_eq(o.copy_max, rows[_i].copy_max);
}
END_TEST

#define GOOD "mmio=0x2000000,irq=33,"

static void parse(const char *text, struct device_options *o)
{
	char error[256] = "";

	ck_assert_msg(device_options_parse(o, text, error, sizeof(error)) == 0, "%s", error);
}

START_TEST(network)
{
	static const uint8_t mac[] = { 0x02, 0xab, 0, 0, 0, 0x1f };
	struct device_options o;

	parse(GOOD "type=net", &o);
	ck_assert(o.net);
	ck_assert_int_eq(o.net_store, VNET_STORE_NULL);
	ck_assert_uint_eq(o.net_config.nr_pairs, 1);
	ck_assert_uint_eq(o.net_config.mtu, 1500);
	ck_assert_uint_eq(o.net_config.offloads, VNET_OFFLOADS);
	parse(GOOD "type=net,store=tap,tap=vif1,bridge=br0,queues=4,queue-size=64,mtu=9000,span=mark,"
	      "mac=02:ab:00:00:00:1F,offloads=csum+tso4+mrg", &o);
	ck_assert_int_eq(o.net_store, VNET_STORE_TAP);
	ck_assert_str_eq(o.tap, "vif1");
	ck_assert_str_eq(o.bridge, "br0");
	ck_assert_uint_eq(o.net_config.nr_pairs, 4);
	ck_assert_uint_eq(o.net_config.queue_size, 64);
	ck_assert_uint_eq(o.net_config.mtu, 9000);
	ck_assert(o.span_by_mark);
	ck_assert_mem_eq(o.net_config.mac, mac, 6);
	ck_assert_uint_eq(o.net_config.offloads, VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4 |
			  VIRTIO_NET_F_MRG_RXBUF);
	parse(GOOD "type=net,offloads=none", &o);
	ck_assert_uint_eq(o.net_config.offloads, 0);
}
END_TEST

static const struct {
	const char *text;
	const char *want;	/* in the message */
} bad[] = {
	{ "", "not KEY=VALUE" },
	{ "mmio=0x2000000", "irq is missing" },
	{ "irq=33", "mmio is missing" },
	{ GOOD "colour=red", "unknown key \"colour\"" },
	{ GOOD "mmio=0x2000200", "mmio is given twice" },
	{ GOOD "readonly", "not KEY=VALUE" },
	{ GOOD "", "not KEY=VALUE" },
	{ GOOD ",", "not KEY=VALUE" },
	{ "mmio=0x2000001,irq=33", "mmio=0x2000001" },
	{ "mmio=0x2000100,irq=33", "multiple of 512" },
	{ "mmio=0,irq=33", "mmio=0" },
	{ "mmio=0x1000000000000,irq=33", "mmio=" },
	{ "mmio=-512,irq=33", "mmio=-512" },
	{ "mmio= 512,irq=33", "mmio= 512" },
	{ "mmio=0x,irq=33", "mmio=0x" },
	{ "mmio=99999999999999999999,irq=33", "mmio=9999" },
	{ "mmio=0x2000000,irq=31", "irq=31: must be 32 to 1019" },
	{ "mmio=0x2000000,irq=1020", "irq=1020" },
	{ "mmio=0x2000000,irq=", "irq=" },
	{ GOOD "irq-type=rising", "edge or level" },
	{ GOOD "type=gpu", "blk or net" },
	{ GOOD "type=net,size=1M", "a key of a disk" },
	{ GOOD "mtu=1500", "a key of type=net" },
	{ GOOD "type=net,store=ram", "null, loop or tap" },
	{ GOOD "store=loop", "ram, null or file" },
	{ GOOD "type=net,queues=5", "at most 4 pairs" },
	{ GOOD "type=net,mtu=67", "mtu=67" },
	{ GOOD "type=net,mac=02:00:00:00:00", "mac=" },
	{ GOOD "type=net,mac=02:00:00:00:00:0", "mac=" },
	{ GOOD "type=net,mac=02:00:00:00:00:01:", "mac=" },
	{ GOOD "type=net,mac=01:00:00:00:00:01", "mac=" },
	{ GOOD "type=net,mac=00:00:00:00:00:00", "mac=" },
	{ GOOD "type=net,offloads=", "offloads=" },
	{ GOOD "type=net,offloads=csum+", "offloads=" },
	{ GOOD "type=net,offloads=all+csum", "offloads=" },
	{ GOOD "type=net,offloads=tso4", "offloads=tso4" },
	{ GOOD "type=net,offloads=guest-tso6+csum", "offloads=" },
	{ GOOD "type=net,tap=x", "store=tap" },
	{ GOOD "type=net,store=tap,tap=a/b", "tap=a/b" },
	{ GOOD "type=net,store=tap,tap=1234567890123456", "tap=" },
	{ GOOD "type=net,span=1M", "0 or mark" },
	{ GOOD "span=mark", "span=mark is for type=net" },
	{ GOOD "store=disk", "ram, null or file" },
	{ GOOD "size=0", "size=0" },
	{ GOOD "size=1000", "multiple of 512" },
	{ GOOD "size=1T", "size=1T" },
	{ GOOD "size=1KK", "size=1KK" },
	{ GOOD "size=17179869184G", "size=" },
	{ GOOD "size=17179869185G", "size=" },	/* 1G in 64 bits */
	{ GOOD "size=64m", "size=64m" },
	{ GOOD "queues=0", "queues=0" },
	{ GOOD "queues=17", "queues=17" },
	{ GOOD "queue-size=1", "queue-size=1" },
	{ GOOD "queue-size=100", "power of two" },
	{ GOOD "queue-size=2048", "queue-size=2048" },
	{ GOOD "readonly=yes", "0 or 1" },
	{ GOOD "readonly=2", "0 or 1" },
	{ GOOD "mapping=persist", "map, batch, copy" },
	{ GOOD "mapping=batch,grants=0", "needs grants=1" },
	{ GOOD "copy-max=4K", "copy-max is for mapping=adaptive" },
	{ GOOD "mapping=adaptive,copy-max=129M", "copy-max=129M" },
	{ GOOD "indirect=2", "0 or 1" },
	{ GOOD "mapping=foreign", "mapping=foreign needs grants=0" },
	{ GOOD "mapping=map,grants=0", "this mapping needs grants=1" },
	{ GOOD "seg-max=0", "seg-max=0" },
	{ GOOD "seg-max=1025", "seg-max=1025" },
	{ GOOD "blk-size=256", "blk-size=256" },
	{ GOOD "blk-size=1536", "blk-size=1536" },
	{ GOOD "blk-size=4096,size=512", "not a multiple of blk-size" },
	{ GOOD "store=file", "store=file needs path" },
	{ GOOD "path=/x", "path is for store=file" },
	{ GOOD "path=", "path=" },
	{ GOOD "serial=123456789012345678901", "up to 20" },
};

START_TEST(refuses)
{
	struct device_options o, before;
	char error[256] = "";

	memset(&o, 0x5a, sizeof(o));
	before = o;
	ck_assert_int_lt(device_options_parse(&o, bad[_i].text, error, sizeof(error)), 0);
	ck_assert_msg(strstr(error, bad[_i].want), "\"%s\" lacks \"%s\"", error, bad[_i].want);
	ck_assert(!memcmp(&o, &before, sizeof(o)));	/* failure does not touch outputs */
}
END_TEST

START_TEST(refuses_long)
{
	struct device_options o;
	char error[64], text[1024] = GOOD "path=/";

	memset(text + strlen(text), 'x', 600);
	ck_assert_int_lt(device_options_parse(&o, text, error, sizeof(error)), 0);
	ck_assert_ptr_nonnull(strstr(error, "too long"));
	strcpy(text, GOOD "store=file,path=/");
	memset(text + strlen(text), 'x', 255);
	ck_assert_int_lt(device_options_parse(&o, text, error, sizeof(error)), 0);
}
END_TEST

START_TEST(without_grants)
{
	struct device_options o;
	char error[256];

	ck_assert_int_eq(device_options_parse(&o, GOOD "grants=0", error, sizeof(error)), 0);
	ck_assert_int_eq(o.mapping, MAPPING_FOREIGN);
}
END_TEST

START_TEST(devices_differ)
{
	struct device_options o[2];
	char error[256] = "";

	ck_assert_int_eq(device_options_parse(&o[0], GOOD "size=1M", error, sizeof(error)), 0);
	ck_assert_int_eq(device_options_parse(&o[1], "mmio=0x2000200,irq=34", error, sizeof(error)),
			 0);
	ck_assert_int_eq(device_options_check(o, 2, error, sizeof(error)), 0);
	o[1].irq = 33;
	ck_assert_int_lt(device_options_check(o, 2, error, sizeof(error)), 0);
	ck_assert_str_eq(error, "devices 0 and 1 have the same irq");
	o[1].irq = 34;
	o[1].mmio = o[0].mmio;
	ck_assert_int_lt(device_options_check(o, 2, error, sizeof(error)), 0);
	ck_assert_str_eq(error, "the registers of devices 0 and 1 overlap");
}
END_TEST

#define BIT63 DMA_GRANT_BIT

static const struct {
	bool grants;
	uint64_t addr;
	uint32_t len;
	enum dma_check want;
	uint32_t pages;
} addresses[] = {
	{ true, BIT63 | 0x1000, 1, DMA_OK, 1 },
	{ true, BIT63 | 0x1fff, 1, DMA_OK, 1 },
	{ true, BIT63 | 0x1fff, 2, DMA_OK, 2 },
	{ true, BIT63 | 0x1001, 4096, DMA_OK, 2 },
	{ true, BIT63 | 0x1000, 0xffffffff, DMA_OK, 0x100000 },
	{ true, 0x1000, 1, DMA_NOT_A_GRANT, 1 },
	{ true, BIT63 | 0xffffffffull << 12, 4096, DMA_OK, 1 },
	{ true, BIT63 | 0xffffffffull << 12, 4097, DMA_RANGE, 2 },
	{ true, BIT63 | 1ull << 44, 1, DMA_RANGE, 1 },
	{ true, UINT64_MAX, 1, DMA_RANGE, 1 },
	{ true, UINT64_MAX, 0xffffffff, DMA_RANGE, 0x100001 },
	{ false, 0x40000000, 4096, DMA_OK, 1 },
	{ false, BIT63 | 0x1000, 1, DMA_IS_A_GRANT, 1 },
	{ false, (1ull << 48) - 1, 1, DMA_OK, 1 },
	{ false, (1ull << 48) - 1, 2, DMA_RANGE, 2 },
	{ false, BIT63 - 1, 0xffffffff, DMA_RANGE, 0x100001 },
};

START_TEST(dma_addresses)
{
	ck_assert_int_eq(dma_check(addresses[_i].grants, addresses[_i].addr, addresses[_i].len),
			 addresses[_i].want);
	ck_assert_uint_eq(dma_nr_pages(addresses[_i].addr, addresses[_i].len), addresses[_i].pages);
}
END_TEST

START_TEST(log_limit)
{
	struct limit limit;
	unsigned int i, n;

	limit_init(&limit, 3, 100);
	for (i = 0, n = 0; i < 10; i++)
		n += limit_take(&limit, 100);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(limit.dropped, 7);
	/* one per second, saved up to three */
	ck_assert(limit_take(&limit, 101));
	ck_assert(!limit_take(&limit, 101));
	for (i = 0, n = 0; i < 10; i++)
		n += limit_take(&limit, 1000000000000);
	ck_assert_uint_eq(n, 3);
	/* a clock that stands still or goes back gives nothing */
	ck_assert(!limit_take(&limit, 5));

	limit_init(&limit, 0, 0);
	ck_assert(!limit_take(&limit, 1000));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-options");
	TCase *tc = tcase_create("options");

	tcase_add_test(tc, defaults);
	tcase_add_test(tc, everything);
	tcase_add_test(tc, network);
	tcase_add_loop_test(tc, mappings, 0, 7);
	tcase_add_loop_test(tc, refuses, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tc, refuses_long);
	tcase_add_test(tc, without_grants);
	tcase_add_test(tc, devices_differ);
	tcase_add_test(tc, log_limit);
	tcase_add_loop_test(tc, dma_addresses, 0, sizeof(addresses) / sizeof(addresses[0]));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
