/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dom0 can see for itself of a frontend's grants: the table that the frontend
 * wrote, what Xen says is mapped of it (debug key g), and the pages behind it.
 */
#ifndef GB_AGENT_TRUSTED_H
#define GB_AGENT_TRUSTED_H

#include <stdbool.h>
#include <stdint.h>

#include <xenctrl.h>
#include <xenforeignmemory.h>

#define TRUSTED_REFS 32768	/* 64 frames: Xen's default maximum */
#define TRUSTED_PINS 8192	/* a pool of them, mapped twice */

/* xen/common/grant_table.c: how often mapped for the host, writable and not, a byte each */
#define PIN_WRITABLE 0x000000ffu
#define PIN_READONLY 0x0000ff00u

struct pin {
	uint32_t ref, pin;
	unsigned int domid;	/* who maps it */
};

struct trusted {
	xc_interface *xch;
	xenforeignmemory_handle *fmem;
	uint32_t domid;				/* of the frontend */
	grant_entry_v1_t table[TRUSTED_REFS];	/* a copy */
	unsigned int nr_refs;
	struct pin pins[TRUSTED_PINS];		/* of the domain that was asked for */
	unsigned int nr_pins;
	uint32_t console_index;			/* how far Xen's ring was read */
};

int trusted_open(struct trusted *t, xc_interface *xch, uint32_t domid);

/* Copy the frontend's table. 0 or -errno. */
int trusted_read_table(struct trusted *t);
/* What is mapped of that domain's grants, by anybody. 0 or -errno. */
int trusted_read_pins(struct trusted *t, uint32_t domid);

/* Pins by that domain. */
unsigned int trusted_pinned_by(const struct trusted *t, unsigned int domid);
/* The entry lets domid in. */
bool trusted_grants(const struct trusted *t, uint32_t ref, unsigned int domid);

/* A page of the frontend's, read-only; NULL. Give back with trusted_unmap(). */
const uint8_t *trusted_map(struct trusted *t, uint64_t gfn);
void trusted_unmap(struct trusted *t, const uint8_t *page);

#endif
