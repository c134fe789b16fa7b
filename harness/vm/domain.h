/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who speaks, or who is to blame: Xen, dom0, or a domU. */
#ifndef GRANTBENCH_VM_DOMAIN_H
#define GRANTBENCH_VM_DOMAIN_H

enum vm_domain {
	VM_DOMAIN_NONE,		/* nobody inside the machine: QEMU or the host */
	VM_DOMAIN_XEN,
	VM_DOMAIN_DOM0,
	VM_DOMAIN_DOMU,
};

/* "xen", "dom0", "domu"; "" for VM_DOMAIN_NONE. */
const char *vm_domain_name(enum vm_domain domain);

#endif
