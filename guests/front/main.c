// SPDX-License-Identifier: GPL-2.0-or-later
/* gb-front: front.h says what it is. */
#include "front.h"

#include <xen/xen.h>

/* texts-second.c: two devices, DT_VIRTIO_STRIDE apart. */
#define DISK_REGS 0x02000000u
#define OTHER_REGS 0x02000200u

#define ROUNDS 2u
#define RANDOM_PROGRAMS 8u
#define RANDOM_STEPS 60u
/* What is random asks for no answer, as a rule. */
#define RANDOM_WAIT_US 2000u

static uint8_t pages[2][NR_PAGES][PAGE] __attribute__((aligned(4096)));
static struct disk disk, other;
static unsigned int tried, broke, answered, silent;

static void give_up(const char *what, const char *why)
{
	say("front: ");
	say(what);
	say(": ");
	say(why);
	say("\n");
	end(false);
}

/* The device comes back, and its neighbour never was away. */
static void check(const char *what)
{
	disk_reset(&disk);
	if (!disk_start(&disk) || !disk_works(&disk, tried % 64, (uint8_t)(0x40 + tried)))
		give_up(what, "the device does not come back");
	if (!disk_works(&other, tried % 64, (uint8_t)tried))
		give_up(what, "the other device does not work any more");
}

static void count(const char *name, bool loud, unsigned int timeout_us)
{
	enum answer a = disk_wait(&disk, timeout_us);

	tried++;
	broke += a == ANSWER_BROKEN;
	answered += a == ANSWER_USED;
	silent += a == ANSWER_NONE;
	if (!loud)
		return;
	say("front: ");
	say(name);
	say(a == ANSWER_BROKEN ? ": broken\n" : a == ANSWER_USED ? ": answered\n" : ": no answer\n");
}

static void attack(const struct attack *a, bool loud)
{
	disk_reset(&disk);
	if (a->set_up)
		a->set_up(&disk);
	if (!disk_start(&disk))
		give_up(a->name, "the device cannot be set up");
	if (a->spoil) {
		disk_request(&disk, false, 0);
		a->spoil(&disk);
		disk_kick(&disk);
	}
	if (a->race)
		a->race(&disk);
	count(a->name, loud, WAIT_US);
	check(a->name);
}

void front_main(void);

void front_main(void)
{
	unsigned int i, r;

	if (!grants_open())
		give_up("grant table", "refused");
	disk_open(&disk, DISK_REGS, FIRST_REF, pages[0]);
	disk_open(&other, OTHER_REGS, FIRST_REF + NR_PAGES, pages[1]);
	disk_reset(&other);
	if (!disk_start(&other))
		give_up("second device", "it cannot be set up");
	check("start");
	for (r = 0; r < ROUNDS; r++) {
		for (i = 0; i < nr_attacks; i++)
			attack(&attacks[i], r == 0);
		for (i = 0; i < RANDOM_PROGRAMS; i++) {
			attack_random(&disk, r * RANDOM_PROGRAMS + i + 1, RANDOM_STEPS);
			count("random", r == 0, RANDOM_WAIT_US);
			check("random");
		}
	}
	/* nothing is mapped any more when it ends */
	disk_reset(&disk);
	disk_reset(&other);
	say("front: attacks ");
	say_hex(tried);
	say(", broken ");
	say_hex(broke);
	say(", answered ");
	say_hex(answered);
	say(", no answer ");
	say_hex(silent);
	say("\n");
	end(true);
}
