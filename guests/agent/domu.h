/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of gb-domu: what disks and network interfaces share. */
#ifndef GB_AGENT_DOMU_H
#define GB_AGENT_DOMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

void domu_finish(bool ok) __attribute__((noreturn));

/* References in use; table -1: nobody could look. */
struct domu_counts {
	long device;		/* references that the device holds */
	long table;		/* that anybody holds */
	long granting;		/* entries of the table through which somebody has access */
};

/* dom0less: wait for the backend. *start gets the counts before any device. */
void domu_wait_backend(const struct conf *conf, struct domu_counts *start);

/* Give the i-th of the devices its driver, if that is for us to do. 0 or -errno. */
int domu_bind(const struct conf *conf, const char *device, size_t i);

/* Report "proof"; kind is a member of it, such as "\"is_block\":true". */
void domu_report_proof(const char *device, uint64_t features, const char *kind,
		       long grefs_start);

/*
 * Unbind, count, bind again, unbind, count: the device must hold no reference,
 * and the table must be where it was. start: the counts before the
 * device was first bound, table -1 when nobody could look (xl: it is bound at boot).
 * wait: until it is there again.
 */
void domu_unbind_and_count(const struct conf *conf, const char *device, struct domu_counts *start,
			   int (*wait)(const struct conf *conf, const char *device));

/* The same of a PV device, which is not bound again. */
void domu_unbind_pv(const char *device);

/* What the seed asks for in front of a timed part. A handle for domu_end_perturb(), or -errno. */
int domu_perturb(const struct conf *conf);
void domu_end_perturb(const struct conf *conf, int handle);

/* domu-net.c: everything about a network interface, to the end. */
void domu_net(const struct conf *conf) __attribute__((noreturn));
/* The other end: serve until the domain is destroyed. */
void domu_net_serve(const struct conf *conf) __attribute__((noreturn));

#endif
