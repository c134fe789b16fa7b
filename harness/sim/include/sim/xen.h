/* SPDX-License-Identifier: GPL-2.0-or-later */
/* include/xen/grant_table.h, as far as who hands out references goes. */
#ifndef GRANTBENCH_SIM_XEN_H
#define GRANTBENCH_SIM_XEN_H

#include "sim/base.h"

typedef u32 grant_ref_t;
typedef u16 domid_t;

#define GNTTAB_NR_RESERVED_ENTRIES 8

struct gnttab_free_callback {
	struct gnttab_free_callback *next;
	void (*fn)(void *);
	void *arg;
	u16 count;
};

int gnttab_alloc_grant_references(u16 count, grant_ref_t *head);
int gnttab_alloc_grant_reference_seq(unsigned int count, grant_ref_t *first);
void gnttab_free_grant_reference(grant_ref_t ref);
void gnttab_free_grant_references(grant_ref_t head);
void gnttab_free_grant_reference_seq(grant_ref_t head, unsigned int count);
int gnttab_empty_grant_references(const grant_ref_t *private_head);
int gnttab_claim_grant_reference(grant_ref_t *private_head);
void gnttab_release_grant_reference(grant_ref_t *private_head, grant_ref_t release);
void gnttab_request_free_callback(struct gnttab_free_callback *callback, void (*fn)(void *),
				  void *arg, u16 count);
void gnttab_cancel_free_callback(struct gnttab_free_callback *callback);
unsigned int gnttab_max_grant_frames(void);

#endif
