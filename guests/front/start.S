/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entered at EL1 with the MMU off; header: Documentation/arch/arm64/booting.rst. */
	.section .head, "ax"
	.globl	_start
_start:
	b	begin
	.long	0
	.quad	0			/* text_offset */
	.quad	_end - _start		/* image_size */
	.quad	0xa			/* little endian, 4 KiB pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

begin:
	ldr	x1, =_stack
	mov	sp, x1
	ldr	x1, =_bss
	ldr	x2, =_bss_end
1:	cmp	x1, x2
	b.hs	2f
	str	xzr, [x1], #8
	b	1b
2:	ldr	x1, =vectors
	msr	vbar_el1, x1
	isb
	bl	front_main
3:	wfi
	b	3b

	.ltorg

	/* whatever it is, it is the end */
	.balign	2048
vectors:
	.rept	16
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	b	exception
	.balign	128
	.endr

	/* x0 to x4: arguments; x5: which */
	.text
	.globl	xen_hypercall
xen_hypercall:
	mov	x16, x5
	hvc	#0xea1
	ret
