/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Could this host run a machine under KVM? Xen needs a hypervisor mode inside
 * the machine, so KVM alone is not enough: it must nest.
 */
#ifndef GRANTBENCH_VM_KVM_H
#define GRANTBENCH_VM_KVM_H

#include <stdbool.h>

/*
 * NULL when it can; otherwise one sentence that says what is missing, and what
 * mends it where anything does. arch: the machine's, "arm64" or "x86_64".
 * root: "" for this host; tests put a directory with dev/kvm and sys/ there.
 * Caller frees.
 */
char *kvm_refusal(const char *arch, const char *root);

/*
 * Does a machine in real time run under KVM? accel: the scenario's, "auto", "tcg"
 * or "kvm"; auto picks KVM where kvm_refusal() has nothing against it.
 */
bool kvm_picked(const char *accel, const char *arch, const char *root);

#endif
