// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "mem.h"
#include "virtq.h"

/* Offsets in the avail and used rings (2.7.6, 2.7.8). */
#define RING_FLAGS	0
#define RING_IDX	2
#define RING_ENTRIES	4

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

const char *virtq_fault_name(enum virtq_fault fault)
{
	switch (fault) {
	case VIRTQ_OK:
		break;
#define X(id, name)              \
	case VIRTQ_FAULT_##id:   \
		return name;
	VIRTQ_FAULTS(X)
#undef X
	}
	return "none";
}

static int fault(struct virtq *vq, enum virtq_fault what, uint32_t value)
{
	vq->fault = what;
	vq->fault_value = value;
	return -EPROTO;
}

int virtq_init(struct virtq *vq, unsigned int chain_max, unsigned int batch_max,
	       struct vq_stats *st)
{
	memset(vq, 0, sizeof(*vq));
	vq->chain_max = chain_max;
	vq->batch_max = batch_max;
	vq->st = st;
	vq->pool = calloc((size_t)chain_max * batch_max, sizeof(*vq->pool));
	vq->tables = calloc(batch_max, sizeof(*vq->tables));
	vq->table_of = calloc(batch_max, sizeof(*vq->table_of));
	if (!vq->pool || !vq->tables || !vq->table_of) {
		virtq_release(vq);
		return -ENOMEM;
	}
	return 0;
}

void virtq_release(struct virtq *vq)
{
	free(vq->pool);
	free(vq->tables);
	free(vq->table_of);
	vq->pool = NULL;
	vq->tables = NULL;
	vq->table_of = NULL;
}

static int check_address(struct virtq *vq, bool grants, uint64_t addr, uint32_t len)
{
	if (addr & DMA_GRANT_BIT)
		vq->st->addr_bit63++;
	else
		vq->st->addr_plain++;

	switch (dma_check(grants, addr, len)) {
	case DMA_OK:
		return 0;
	case DMA_NOT_A_GRANT:
		return fault(vq, VIRTQ_FAULT_NOT_A_GRANT, (uint32_t)(addr >> DMA_PAGE_SHIFT));
	case DMA_IS_A_GRANT:
		return fault(vq, VIRTQ_FAULT_IS_A_GRANT, (uint32_t)(addr >> DMA_PAGE_SHIFT));
	case DMA_RANGE:
		break;
	}
	return fault(vq, VIRTQ_FAULT_ADDRESS, (uint32_t)(addr >> DMA_PAGE_SHIFT));
}

int virtq_check(struct virtq *vq, unsigned int num, unsigned int num_max, bool grants,
		const uint64_t addr[3])
{
	static const unsigned int align[3] = { 16, 2, 4 };
	size_t size[3];
	int i, rc;

	if (num == 0 || num > num_max || (num & (num - 1)))
		return fault(vq, VIRTQ_FAULT_SIZE, num);

	size[0] = virtq_desc_bytes(num);
	size[1] = virtq_avail_bytes(num);
	size[2] = virtq_used_bytes(num);
	for (i = 0; i < 3; i++) {
		if (addr[i] & (align[i] - 1))
			return fault(vq, VIRTQ_FAULT_ALIGNMENT, (uint32_t)addr[i]);
		rc = check_address(vq, grants, addr[i], (uint32_t)size[i]);
		if (rc)
			return rc;
	}
	return 0;
}

void virtq_start(struct virtq *vq, uint16_t num, bool grants, bool event_idx, bool indirect,
		 const void *desc, const void *avail, void *used)
{
	vq->num = num;
	vq->grants = grants;
	vq->event_idx = event_idx;
	vq->indirect = indirect;
	vq->desc = desc;
	vq->avail = avail;
	vq->used = used;
	vq->last_avail = 0;
	vq->used_idx = 0;
	vq->notified_used = 0;
	vq->fault = VIRTQ_OK;
	vq->fault_value = 0;
}

void virtq_stop(struct virtq *vq)
{
	vq->num = 0;
	vq->desc = NULL;
	vq->avail = NULL;
	vq->used = NULL;
}

static void read_desc(struct desc *d, const uint8_t *table, unsigned int i)
{
	uint8_t raw[VIRTQ_DESC_SIZE];

	shared_copy(raw, table + (size_t)i * VIRTQ_DESC_SIZE, sizeof(raw));
	d->addr = get_le64(raw);
	d->len = get_le32(raw + 8);
	d->flags = get_le16(raw + 12);
	d->next = get_le16(raw + 14);
}

/* One buffer at the end of the chain. */
static int add_segment(struct virtq *vq, struct virtq_chain *chain, const struct desc *d)
{
	unsigned int nr = chain->nr_out + chain->nr_in;
	bool writable = d->flags & VIRTQ_DESC_F_WRITE;
	struct dma_seg *seg;
	int rc;

	if (nr >= vq->chain_max)
		return fault(vq, VIRTQ_FAULT_CHAIN, nr + 1);
	if (d->len == 0)
		return fault(vq, VIRTQ_FAULT_ZERO, nr);
	if (!writable && chain->nr_in)
		return fault(vq, VIRTQ_FAULT_ORDER, nr);
	if (chain->out_bytes + chain->in_bytes + d->len > VIRTQ_BYTES_MAX)
		return fault(vq, VIRTQ_FAULT_BYTES, d->len);
	rc = check_address(vq, vq->grants, d->addr, d->len);
	if (rc)
		return rc;

	seg = &chain->segs[nr];
	memset(seg, 0, sizeof(*seg));
	seg->addr = d->addr;
	seg->len = d->len;
	seg->writable = writable;
	if (writable) {
		chain->nr_in++;
		chain->in_bytes += d->len;
	} else {
		chain->nr_out++;
		chain->out_bytes += d->len;
	}
	return 0;
}

/*
 * Walk descriptors from index i of a table of n. Returns 0 when the chain
 * ended, 1 when it ended in *indirect (a descriptor that names a table), or
 * -EPROTO. nested: the table is itself an indirect one.
 */
static int walk(struct virtq *vq, struct virtq_chain *chain, const uint8_t *table, unsigned int n,
		unsigned int i, bool nested, struct desc *indirect)
{
	unsigned int seen;
	struct desc d;
	int rc;

	for (seen = 0; seen < n; seen++) {
		read_desc(&d, table, i);

		if (d.flags & VIRTQ_DESC_F_INDIRECT) {
			if (nested)
				return fault(vq, VIRTQ_FAULT_INDIRECT_NESTED, i);
			if (!vq->indirect)
				return fault(vq, VIRTQ_FAULT_INDIRECT_OFF, i);
			if (d.flags & VIRTQ_DESC_F_NEXT)
				return fault(vq, VIRTQ_FAULT_INDIRECT_NEXT, i);
			*indirect = d;
			return 1;
		}

		rc = add_segment(vq, chain, &d);
		if (rc)
			return rc;
		if (!(d.flags & VIRTQ_DESC_F_NEXT))
			return 0;
		if (d.next >= n)
			return fault(vq, VIRTQ_FAULT_NEXT, d.next);
		i = d.next;
	}
	return fault(vq, VIRTQ_FAULT_LOOP, i);
}

/* A descriptor that names an indirect table: note the table for mapping. */
static int add_table(struct virtq *vq, unsigned int *nr_tables, unsigned int chain_index,
		     const struct desc *d)
{
	struct dma_seg *seg = &vq->tables[*nr_tables];
	int rc;

	if (d->len == 0 || d->len % VIRTQ_DESC_SIZE ||
	    d->len / VIRTQ_DESC_SIZE > vq->chain_max)
		return fault(vq, VIRTQ_FAULT_INDIRECT_LENGTH, d->len);
	rc = check_address(vq, vq->grants, d->addr, d->len);
	if (rc)
		return rc;
	memset(seg, 0, sizeof(*seg));
	seg->addr = d->addr;
	seg->len = d->len;	/* 2.7.5.3.2: its write flag is to be ignored */
	seg->request = (uint16_t)chain_index;
	vq->table_of[(*nr_tables)++] = (uint16_t)chain_index;
	return 0;
}

static int read_tables(struct virtq *vq, struct dma *dma, struct virtq_chain *chains,
		       unsigned int nr_tables)
{
	unsigned int i, failed;
	struct desc unused;
	int rc = 0;

	failed = dma->ops->map(dma, vq->st, vq->tables, nr_tables);
	if (failed)
		rc = fault(vq, VIRTQ_FAULT_INDIRECT_MAP, failed);
	for (i = 0; i < nr_tables && !rc; i++)
		rc = walk(vq, &chains[vq->table_of[i]], vq->tables[i].va,
			  vq->tables[i].len / VIRTQ_DESC_SIZE, 0, true, &unused);
	dma->ops->unmap(dma, vq->st, vq->tables, nr_tables);
	vq->st->indirect += nr_tables;
	return rc;
}

/*
 * Chains are walked with room for the longest each, then moved together so that
 * the segments of all of them lie side by side for the dma strategy.
 */
static void close_ranks(struct virtq *vq, struct virtq_chain *chains, unsigned int nr)
{
	struct dma_seg *to = vq->pool;
	unsigned int i, j, n;

	for (i = 0; i < nr; i++) {
		n = chains[i].nr_out + chains[i].nr_in;
		if (to != chains[i].segs)
			memmove(to, chains[i].segs, n * sizeof(*to));
		chains[i].segs = to;
		for (j = 0; j < n; j++)
			(to++)->request = (uint16_t)i;
		vq->st->descriptors += n;
		stats_peak(&vq->st->descriptors_max, n);
		stats_peak(&vq->st->request_bytes_max, chains[i].out_bytes + chains[i].in_bytes);
	}
}

int virtq_pop(struct virtq *vq, struct dma *dma, struct virtq_chain *chains, unsigned int max)
{
	unsigned int i, nr, nr_tables = 0;
	struct desc indirect;
	uint16_t avail_idx;
	int rc;

	if (!vq->num)
		return 0;

	/* pairs with the driver's barrier between its entries and the index */
	avail_idx = shared_load16_acquire(vq->avail + RING_IDX);
	nr = (uint16_t)(avail_idx - vq->last_avail);
	if (nr > vq->num)
		return fault(vq, VIRTQ_FAULT_AVAIL_JUMP, nr);
	if (nr > max)
		nr = max;
	if (nr > vq->batch_max)
		nr = vq->batch_max;

	for (i = 0; i < nr; i++) {
		struct virtq_chain *chain = &chains[i];
		unsigned int slot = (uint16_t)(vq->last_avail + i) & (vq->num - 1u);

		memset(chain, 0, sizeof(*chain));
		chain->segs = vq->pool + (size_t)i * vq->chain_max;
		chain->head = shared_load16(vq->avail + RING_ENTRIES + 2 * slot);
		if (chain->head >= vq->num)
			return fault(vq, VIRTQ_FAULT_HEAD, chain->head);
		rc = walk(vq, chain, vq->desc, vq->num, chain->head, false, &indirect);
		if (rc > 0)
			rc = add_table(vq, &nr_tables, i, &indirect);
		if (rc < 0)
			return rc;
	}
	if (nr_tables) {
		rc = read_tables(vq, dma, chains, nr_tables);
		if (rc)
			return rc;
	}
	close_ranks(vq, chains, nr);
	vq->last_avail += nr;
	stats_peak(&vq->st->in_flight_max, nr);
	return (int)nr;
}

void virtq_unpop(struct virtq *vq, const struct virtq_chain *chains, unsigned int nr)
{
	unsigned int i;

	vq->last_avail -= (uint16_t)nr;
	for (i = 0; i < nr; i++)
		vq->st->descriptors -= chains[i].nr_out + chains[i].nr_in;
}

void virtq_push(struct virtq *vq, uint16_t head, uint32_t len)
{
	uint8_t *entry = vq->used + RING_ENTRIES + 8 * (size_t)(vq->used_idx & (vq->num - 1u));

	put_le32(entry, head);
	put_le32(entry + 4, len);
	vq->used_idx++;
}

void virtq_flush(struct virtq *vq)
{
	shared_store16_release(vq->used + RING_IDX, vq->used_idx);
}

/* The event fields sit behind the entries of the other ring (2.7.7, 2.7.10). */
static const uint8_t *used_event(const struct virtq *vq)
{
	return vq->avail + RING_ENTRIES + 2 * (size_t)vq->num;
}

static uint8_t *avail_event(struct virtq *vq)
{
	return vq->used + RING_ENTRIES + 8 * (size_t)vq->num;
}

bool virtq_should_notify(struct virtq *vq)
{
	uint16_t event, then = vq->notified_used, now = vq->used_idx;

	if (then == now)
		return false;
	/* The index first, then the question: or both sides wait for each other. */
	mem_mb();
	vq->notified_used = now;
	if (!vq->event_idx)
		return !(shared_load16(vq->avail + RING_FLAGS) & VIRTQ_AVAIL_F_NO_INTERRUPT);
	event = shared_load16(used_event(vq));
	return (uint16_t)(now - event - 1) < (uint16_t)(now - then);
}

bool virtq_enable_kick_beyond(struct virtq *vq, uint16_t nr)
{
	uint16_t seen = (uint16_t)(vq->last_avail + nr);

	if (!vq->num)
		return false;
	if (vq->event_idx)
		shared_store16(avail_event(vq), seen);
	else
		shared_store16(vq->used + RING_FLAGS, 0);
	/* Ask first, then look: what came in before the driver saw it gets no kick. */
	mem_mb();
	return shared_load16(vq->avail + RING_IDX) != seen;
}

bool virtq_enable_kick(struct virtq *vq)
{
	return virtq_enable_kick_beyond(vq, 0);
}

void virtq_disable_kick(struct virtq *vq)
{
	/* With EVENT_IDX the stale avail_event does it. */
	if (!vq->event_idx)
		shared_store16(vq->used + RING_FLAGS, VIRTQ_USED_F_NO_NOTIFY);
}
