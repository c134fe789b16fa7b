// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzing a whole disk without Xen: registers, rings, descriptors, requests.
 *
 * The input is a program for a hostile frontend: it writes registers, memory,
 * descriptors, and it changes memory while the backend has it mapped. "make
 * fuzz" builds this with libFuzzer; harness/tests/test-backend-fuzz.c includes
 * it and feeds it random programs, so that every build runs some.
 */
#define FUZZ_QUEUES 2u
#include "fuzz-front.h"

#define STORE_SIZE	(64u << 10)

/* A request as a driver would make it, direct or indirect; then made available. */
static void add_request(struct machine *m, unsigned int q)
{
	struct virtq *vq = &m->dev->queue[q].vq;
	uint32_t header = DATA + 64u * next8(m), table = ring_offset(q, 0);
	uint8_t type = next8(m), shape = next8(m), nr_data = shape & 3, i, n = 0;
	uint32_t len = 16u * next16(m) % (3 * DMA_PAGE_SIZE) + 1;
	uint16_t num = vq->num, write, idx;
	uint32_t first = (DATA + 2 * DMA_PAGE_SIZE) + (shape >> 2 & 15) * 64u, j;
	uint8_t *avail = m->mem + ring_offset(q, 1);

	if (num < 8)
		return;
	put_le32(m->mem + header, type & 15);
	put_le64(m->mem + header + 8, next8(m));
	write = type & 1 || type > 8 ? 0 : VIRTQ_DESC_F_WRITE;
	if (shape & 0x80) {
		table = TABLE;
		put_desc(m, ring_offset(q, 0), 0, address(m, table),
			 VIRTQ_DESC_SIZE * (nr_data + 2u), VIRTQ_DESC_F_INDIRECT, 0);
	}
	if (shape & 0x40)
		len = (len + 511) & ~511u;
	if ((type & 15) > 8) {	/* ranges, mostly sane */
		len = 16 * (1u + len % 17);
		for (j = 0; j < len; j += 16) {
			put_le64(m->mem + first + j, next8(m) * 8u);
			put_le32(m->mem + first + j + 8, next8(m) % 32);
			put_le32(m->mem + first + j + 12, next8(m) > 250);
		}
	}
	put_desc(m, table, n, address(m, header), 16, VIRTQ_DESC_F_NEXT, n + 1);
	n++;
	for (i = 0; i < nr_data; i++, n++)
		put_desc(m, table, n, address(m, first + 3u * i * DMA_PAGE_SIZE),
			 len, VIRTQ_DESC_F_NEXT | write, n + 1);
	put_desc(m, table, n, address(m, header + 32), 1, VIRTQ_DESC_F_WRITE, 0);

	rings_to_memory(m);
	idx = get_le16(avail + 2);
	put_le16(avail + 4 + 2 * (idx & (num - 1u)), 0);
	put_le16(avail + 2, (uint16_t)(idx + 1 + (shape >> 4 & 3 ? 0 : next8(m) % 4)));
}

static void set_config(struct machine *m, struct vblk_config *config)
{
	uint8_t flags = next8(m);

	set_strategy(m, flags);
	config->readonly = flags & 8;
	config->nr_queues = flags & 16 ? 2 : 1;
	config->queue_size = 64;
	config->seg_max = flags & 32 ? 2 : 62;
	config->blk_size = flags & 64 ? 4096 : 512;
	config->discard = !(flags & 128);
	strcpy(config->serial, "fuzz");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *m = machine_new(data, size);
	struct vblk_config config;

	memset(&config, 0, sizeof(config));
	set_config(m, &config);
	m->store.kind = VSTORE_RAM;
	m->store.fd = -1;
	m->store.size = STORE_SIZE;
	/* of the heap, for the sanitizer's sake: so no vstore_open() */
	m->store.ram = aligned_alloc(DMA_PAGE_SIZE, STORE_SIZE);
	must(m->store.ram);
	memset(m->store.ram, 0, STORE_SIZE);

	machine_attach(m, &m->blk.dev);
	must(vblk_init(&m->blk, &config, m->use, &m->store) == 0);
	machine_run(m);
	vblk_release(&m->blk);
	free(m->store.ram);
	machine_free(m);
	return 0;
}
