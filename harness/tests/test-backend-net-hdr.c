// SPDX-License-Identifier: GPL-2.0-or-later
/* What a driver may say about a packet, and what is done to packets that are turned round. */
#include <string.h>

#include "tests/lib-check.h"
#include "tests/lib-netfront.h"

#define CSUM VNET_F_NEEDS_CSUM
#define ALL VNET_OFFLOADS
#define TCP4_END (14u + 20 + 20)
#define TCP6_END (14u + 40 + 20)

enum kind { UDP4, TCP4, TCP6, RAW };

static uint8_t frame[70000];

/* An edit of the frame, at a place. */
static const struct row {
	enum kind kind;
	uint32_t payload;
	struct vnet_hdr h;	/* flags, type, hdr_len, gso_size, csum_start, csum_offset */
	uint64_t features;
	enum vnet_drop want;
	uint32_t at;		/* where value goes; 0: nowhere */
	uint8_t value;
} rows[] = {
	{ UDP4, 100, { 0, 0, 0, 0, 0, 0, 0 }, ALL, VNET_PASS, 0, 0 },
	{ UDP4, 100, { 0, 0, 0, 0, 0, 0, 0 }, 0, VNET_PASS, 0, 0 },
	{ UDP4, 100, { 0xfe, 0, 0, 0, 0, 0, 0 }, 0, VNET_PASS, 0, 0 },	/* unknown flags: ignored */
	{ UDP4, 1472, { 0, 0, 0, 0, 0, 0, 0 }, ALL, VNET_PASS, 0, 0 },
	{ UDP4, 1476, { 0, 0, 0, 0, 0, 0, 0 }, ALL, VNET_PASS, 0, 0 },	/* a VLAN tag's room */
	{ UDP4, 1477, { 0, 0, 0, 0, 0, 0, 0 }, ALL, VNET_DROP_giant, 0, 0 },
	{ RAW, 13, { 0, 0, 0, 0, 0, 0, 0 }, ALL, VNET_DROP_runt, 0, 0 },
	{ RAW, 14, { 0, 0, 0, 0, 0, 0, 0 }, ALL, VNET_PASS, 0, 0 },
	/* checksums */
	{ UDP4, 100, { CSUM, 0, 0, 0, 34, 6, 0 }, ALL, VNET_PASS, 0, 0 },
	{ UDP4, 100, { CSUM, 0, 0, 0, 34, 6, 0 }, 0, VNET_DROP_csum, 0, 0 },
	{ UDP4, 100, { CSUM, 0, 0, 0, 13, 6, 0 }, ALL, VNET_DROP_csum, 0, 0 },
	{ UDP4, 100, { CSUM, 0, 0, 0, 134, 6, 0 }, ALL, VNET_PASS, 0, 0 },	/* 142 bytes: the last two */
	{ UDP4, 100, { CSUM, 0, 0, 0, 135, 6, 0 }, ALL, VNET_DROP_csum, 0, 0 },
	{ UDP4, 100, { CSUM, 0, 0, 0, 65535, 65535, 0 }, ALL, VNET_DROP_csum, 0, 0 },
	{ UDP4, 100, { CSUM, 0, 0, 0, 34, 65534, 0 }, ALL, VNET_DROP_csum, 0, 0 },
	/* large packets */
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_PASS, 0, 0 },
	{ TCP4, 65481, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_PASS, 0, 0 },
	{ TCP4, 65500, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_giant, 0, 0 },
	{ TCP6, 4000, { CSUM, 4, 74, 1440, 54, 16, 0 }, ALL, VNET_PASS, 0, 0 },
	{ TCP4, 4000, { CSUM, 1, 54, 1461, 34, 16, 0 }, ALL, VNET_DROP_gso_size, 0, 0 },
	{ TCP6, 4000, { CSUM, 4, 74, 1441, 54, 16, 0 }, ALL, VNET_DROP_gso_size, 0, 0 },
	{ TCP4, 4000, { CSUM, 1, 54, 0, 34, 16, 0 }, ALL, VNET_DROP_gso_size, 0, 0 },
	{ TCP4, 4000, { CSUM, 1, 54, 47, 34, 16, 0 }, ALL, VNET_DROP_gso_size, 0, 0 },
	{ TCP4, 4000, { CSUM, 1, 54, 48, 34, 16, 0 }, ALL, VNET_PASS, 0, 0 },
	{ TCP4, 4000, { CSUM, 1, 0, 1460, 34, 16, 0 }, ALL, VNET_PASS, 0, 0 },	/* hdr_len: a hint */
	{ TCP4, 4000, { CSUM, 1, 4055, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 0, 0 },
	{ TCP4, 4000, { 0, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_csum, 0, 0 },
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 35, 16, 0 }, ALL, VNET_DROP_gso_packet, 0, 0 },
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 34, 6, 0 }, ALL, VNET_DROP_gso_packet, 0, 0 },
	{ TCP4, 4000, { CSUM, 4, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 0, 0 },
	{ TCP6, 4000, { CSUM, 1, 74, 1440, 54, 16, 0 }, ALL, VNET_DROP_gso_packet, 0, 0 },
	{ UDP4, 1400, { CSUM, 1, 42, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 0, 0 },
	{ TCP4, 4000, { CSUM, 3, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_type, 0, 0 },	/* UDP */
	{ TCP4, 4000, { CSUM, 0x81, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_type, 0, 0 },	/* ECN */
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL & ~VIRTIO_NET_F_HOST_TSO4,
	  VNET_DROP_gso_type, 0, 0 },
	{ TCP6, 4000, { CSUM, 4, 74, 1440, 54, 16, 0 }, ALL & ~VIRTIO_NET_F_HOST_TSO6,
	  VNET_DROP_gso_type, 0, 0 },
	{ TCP4, 0, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 0, 0 },
	/* headers that lie about themselves */
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 14, 0x44 },
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 14, 0x65 },
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 20, 0x20 },	/* more fragments */
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 21, 1 },
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 23, 17 },
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 46, 4 << 4 },
	{ TCP4, 20, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 46, 15 << 4 },
	{ TCP4, 4000, { CSUM, 1, 54, 1460, 34, 16, 0 }, ALL, VNET_DROP_gso_packet, 12, 0x81 },
	{ TCP6, 4000, { CSUM, 4, 74, 1440, 54, 16, 0 }, ALL, VNET_DROP_gso_packet, 20, 44 },
	/* an extension header of 8 bytes, where TCP was: then TCP's place is wrong */
	{ TCP6, 4000, { CSUM, 4, 74, 1440, 54, 16, 0 }, ALL, VNET_DROP_gso_packet, 20, 60 },
};

static uint32_t make(enum kind kind, uint32_t payload)
{
	switch (kind) {
	case UDP4: return nf_udp4(frame, payload);
	case TCP4: return nf_tcp4(frame, payload);
	case TCP6: return nf_tcp6(frame, payload);
	case RAW: break;
	}
	memset(frame, 0, payload);
	return payload;
}

START_TEST(checks)
{
	const struct row *r = &rows[_i];
	uint32_t len = make(r->kind, r->payload), end = r->kind == TCP6 ? TCP6_END : TCP4_END;
	struct vnet_hdr h = r->h;
	enum vnet_drop got;

	if (r->at)
		frame[r->at] = r->value;
	got = vnet_check(&h, frame, len, r->features, 1500);
	ck_assert_int_eq(got, r->want);
	if (got != VNET_PASS)
		return;
	/* what goes on is what was checked, and nothing else */
	ck_assert_uint_eq(h.flags, r->h.flags & CSUM);
	ck_assert_uint_eq(h.num_buffers, 0);
	ck_assert_uint_eq(h.hdr_len, h.gso_type ? end : 0);
	ck_assert_uint_eq(h.gso_size, h.gso_type ? r->h.gso_size : 0);
	ck_assert_uint_eq(h.csum_start, h.flags ? r->h.csum_start : 0);
}
END_TEST

START_TEST(vlan_tag)
{
	struct vnet_hdr h = { CSUM, 1, 58, 1460, 38, 16, 0 };
	uint32_t len = nf_tcp4(frame, 3000);

	memmove(frame + 16, frame + 12, len - 12);
	memcpy(frame + 12, "\x81\0\0\x05", 4);
	ck_assert_int_eq(vnet_check(&h, frame, len + 4, ALL, 1500), VNET_PASS);
	ck_assert_uint_eq(h.hdr_len, 58);
}
END_TEST

START_TEST(ipv6_extension)
{
	struct vnet_hdr h = { CSUM, 4, 82, 1400, 62, 16, 0 };
	uint32_t len = nf_tcp6(frame, 3000);

	memmove(frame + 62, frame + 54, len - 54);
	frame[20] = 60;
	memcpy(frame + 54, "\x06\0\0\0\0\0\0\0", 8);
	ck_assert_int_eq(vnet_check(&h, frame, len + 8, ALL, 1500), VNET_PASS);
	ck_assert_uint_eq(h.hdr_len, 82);
	/* and one that reaches beyond what is looked at */
	frame[55] = 255;
	h.csum_start = 62;
	ck_assert_int_eq(vnet_check(&h, frame, len + 8, ALL, 1500), VNET_DROP_gso_packet);
}
END_TEST

/* RFC 1071, section 3: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2. */
START_TEST(sums)
{
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	uint8_t out[2];
	uint32_t sum;
	unsigned int cut;

	ck_assert_uint_eq(vnet_sum(0, example, 8, false), 0xddf2);
	for (cut = 0; cut <= 8; cut++) {
		sum = vnet_sum(0, example, cut, false);
		sum = vnet_sum(sum, example + cut, 8 - cut, cut & 1);
		ck_assert_uint_eq(sum, 0xddf2);
	}
	vnet_sum_put(out, 0xddf2);
	ck_assert_uint_eq(out[0], 0x22);
	ck_assert_uint_eq(out[1], 0x0d);
}
END_TEST

START_TEST(turns_round)
{
	static uint8_t before[2000];
	uint32_t len = nf_udp4(frame, 50);

	memcpy(before, frame, len);
	vnet_turn(frame, len);
	ck_assert_mem_eq(frame, before + 6, 6);
	ck_assert_mem_eq(frame + 6, before, 6);
	ck_assert_mem_eq(frame + 26, before + 30, 4);
	ck_assert_mem_eq(frame + 30, before + 26, 4);
	ck_assert_mem_eq(frame + 34, before + 36, 2);
	ck_assert_mem_eq(frame + 36, before + 34, 2);
	ck_assert_mem_eq(frame + 38, before + 38, len - 38);
	/* the sums are still right */
	ck_assert_uint_eq(vnet_sum(0, frame + 14, 20, false), 0xffff);
	vnet_turn(frame, len);
	ck_assert_mem_eq(frame, before, len);
	/* a later fragment has no ports */
	frame[21] = 7;
	memcpy(before, frame, len);
	vnet_turn(frame, len);
	ck_assert_mem_eq(frame + 34, before + 34, len - 34);
	/* even one that is shorter than a header would be */
	memcpy(before, frame, len);
	vnet_turn(frame, 35);
	ck_assert_mem_eq(frame + 26, before + 30, 4);
	ck_assert_mem_eq(frame + 34, before + 34, 1);
	/* the first one has them */
	frame[20] = 0x20;
	frame[21] = 0;
	memcpy(before, frame, len);
	vnet_turn(frame, len);
	ck_assert_mem_eq(frame + 26, before + 30, 4);
	ck_assert_mem_eq(frame + 34, before + 36, 2);
	ck_assert_mem_eq(frame + 36, before + 34, 2);
	/* and what is cut short is left alone */
	memcpy(before, frame, len);
	vnet_turn(frame, 41);
	ck_assert_mem_eq(frame + 12, before + 12, len - 12);
	/* TCP stays TCP: only Ethernet's addresses */
	len = nf_tcp4(frame, 50);
	memcpy(before, frame, len);
	vnet_turn(frame, len);
	ck_assert_mem_eq(frame + 12, before + 12, len - 12);
	ck_assert_mem_eq(frame, before + 6, 6);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("backend-net-hdr");
	TCase *tc = tcase_create("headers");

	tcase_add_loop_test(tc, checks, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, vlan_tag);
	tcase_add_test(tc, ipv6_extension);
	tcase_add_test(tc, sums);
	tcase_add_test(tc, turns_round);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
