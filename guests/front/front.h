/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gb-front: a frontend that means harm. A domU of its own without a kernel: it grants
 * pages to the driver domain, drives a virtio disk by hand and puts into its rings what
 * no driver would. After each attack the device is reset and has to serve a request as
 * if nothing had been; a second device of the same backend is asked now and then.
 *
 * What it prints decides nothing (guests/agent/judge-front.c, and the backend's own
 * statistics); a device that does not come back makes it end with a crash, which counts.
 */
#ifndef GB_FRONT_FRONT_H
#define GB_FRONT_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096u

/* xen.c */
long xen_hypercall(unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
		   unsigned long a4, unsigned long nr);
void exception(unsigned long esr, unsigned long elr, unsigned long far) __attribute__((noreturn));
void end(bool ok) __attribute__((noreturn));
void yield(void);
uint64_t now_us(void);
bool grants_open(void);
/* Entry ref of our table: let the driver domain in, or nobody (page NULL). */
void grant(uint32_t ref, const void *page, bool readonly);

/* Text on the console; numbers in hex. */
void say(const char *text);
void say_hex(uint64_t value);

void put(void *to, uint8_t byte, uint32_t n);
uint64_t next_random(uint64_t *state);	/* splitmix64, Steele et al. 2014 */

/* blk.c: one disk. Its pages, and which entry of the table each has. */
enum page { DESC, AVAIL, USED, HEADER, DATA, STATUS, TABLE, RDONLY, NR_PAGES };

#define NUM 16u			/* of the ring */
#define FIRST_REF 16u		/* behind those that are reserved */
#define REF_NOBODY 400u		/* never granted */

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

#define F_NEXT 1u
#define F_WRITE 2u
#define F_INDIRECT 4u

struct disk {
	uint64_t regs;
	uint32_t ref;			/* of the first page */
	uint8_t (*page)[PAGE];
	struct desc *desc;
	volatile uint16_t *avail;	/* flags, index, entries */
	volatile uint16_t *used;	/* flags, index, ... */
	uint16_t idx;			/* next available */
	uint16_t seen;			/* used entries taken */
	bool no_indirect;		/* do not negotiate it */
	/* what the next set-up tells the device */
	uint32_t num;
	uint64_t ring[3];
};

void disk_open(struct disk *d, uint64_t regs, uint32_t ref, uint8_t (*page)[PAGE]);
uint32_t disk_read32(const struct disk *d, unsigned int offset);
void disk_write32(const struct disk *d, unsigned int offset, uint32_t value);
/* Up to DRIVER_OK. False: the device does not go along. */
bool disk_start(struct disk *d);
void disk_reset(struct disk *d);
/* As a grant: the address of a byte of a page. */
uint64_t disk_addr(const struct disk *d, enum page page, uint32_t offset);
/* A request as a driver makes it: three descriptors, and its head in the ring. Not told yet. */
void disk_request(struct disk *d, bool write, uint64_t sector);
void disk_kick(struct disk *d);

enum answer { ANSWER_NONE, ANSWER_USED, ANSWER_BROKEN };
/* Until a request is completed, or the device is broken, or that time has passed. */
#define WAIT_US 1000000u
enum answer disk_wait(struct disk *d, unsigned int timeout_us);
/* Write a block and read it back. False: it did not, or holds something else. */
bool disk_works(struct disk *d, uint64_t sector, uint8_t byte);

/* attacks.c */
struct attack {
	const char *name;
	/* Before the set-up: what it is told. NULL: as it should be. */
	void (*set_up)(struct disk *d);
	/* A proper request is in the ring; spoil it. NULL: nothing is kicked. */
	void (*spoil)(struct disk *d);
	/* Behind the kick. */
	void (*race)(struct disk *d);
};

extern const struct attack attacks[];
extern const unsigned int nr_attacks;
/* A program of random accesses to registers and rings. */
void attack_random(struct disk *d, uint64_t seed, unsigned int steps);

#endif
