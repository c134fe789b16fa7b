// SPDX-License-Identifier: GPL-2.0-or-later
/* What a domU without a kernel needs of Xen: public/arch-arm.h has the numbers. */
#include "front.h"

#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>

#define BACKEND_DOMID 1u	/* DRIVER_DOMID */
#define TABLE_GFN (GUEST_GNTTAB_BASE >> 12)

static volatile grant_entry_v1_t *const table = (grant_entry_v1_t *)GUEST_GNTTAB_BASE;

static void barrier(void)
{
	__asm__ volatile("dmb sy" : : : "memory");
}

void say(const char *text)
{
	volatile uint32_t *data = (uint32_t *)GUEST_PL011_BASE;

	for (; *text; text++)
		*data = (uint8_t)*text;
}

void say_hex(uint64_t value)
{
	char text[20] = "0x0";
	int n = 2, shift = 60;

	while (shift && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		text[n++] = "0123456789abcdef"[value >> shift & 15];
	text[n] = '\0';
	say(text);
}

void put(void *to, uint8_t byte, uint32_t n)
{
	volatile uint8_t *p = to;

	while (n--)
		*p++ = byte;
}

uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint64_t now_us(void)
{
	uint64_t count, freq;

	__asm__ volatile("isb; mrs %0, cntvct_el0; mrs %1, cntfrq_el0" : "=r"(count), "=r"(freq));
	return count / (freq / 1000000);
}

void yield(void)
{
	xen_hypercall(SCHEDOP_yield, 0, 0, 0, 0, __HYPERVISOR_sched_op);
}

void end(bool ok)
{
	struct sched_shutdown how = { .reason = ok ? SHUTDOWN_poweroff : SHUTDOWN_crash };

	xen_hypercall(SCHEDOP_shutdown, (unsigned long)&how, 0, 0, 0, __HYPERVISOR_sched_op);
	for (;;)
		yield();
}

void exception(unsigned long esr, unsigned long elr, unsigned long far)
{
	say("front: exception ");
	say_hex(esr);
	say(" at ");
	say_hex(elr);
	say(", address ");
	say_hex(far);
	say("\n");
	end(false);
}

bool grants_open(void)
{
	struct xen_add_to_physmap add = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .idx = 0, .gpfn = TABLE_GFN,
	};

	return xen_hypercall(XENMEM_add_to_physmap, (unsigned long)&add, 0, 0, 0,
			     __HYPERVISOR_memory_op) == 0;
}

void grant(uint32_t ref, const void *page, bool readonly)
{
	if (!page) {
		table[ref].flags = 0;
		barrier();
		return;
	}
	table[ref].frame = (uint32_t)((uintptr_t)page >> 12);
	table[ref].domid = BACKEND_DOMID;
	barrier();
	table[ref].flags = GTF_permit_access | (readonly ? GTF_readonly : 0);
	barrier();
}
