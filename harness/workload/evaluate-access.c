// SPDX-License-Identifier: GPL-2.0-or-later
/* Does the frontend's table grant what its driver has mapped, and nothing else? */
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "workload/evaluate-internal.h"

/* What the device has in use, and what the table grants. */
static int read_grants(const struct vm_result *r, const char *when, json_int_t *in_use,
		       json_int_t *granting, struct err *err)
{
	_cleanup_free_ char *device_name = xasprintf("grant-dma-%s.txt", when);
	_cleanup_free_ char *table_name = xasprintf("grant-table-%s.txt", when);
	_cleanup_json_ json_t *device = eval_blob_kv(r, device_name, err);
	_cleanup_json_ json_t *table = device ? eval_blob_kv(r, table_name, err) : NULL;

	if (!table)
		return -1;
	*in_use = eval_int(device, "grefs_in_use");
	*granting = eval_int(table, "grefs_granting");
	return 0;
}

/*
 * Looked at between two requests: what the device's counters say is in use (its rings,
 * its pool, what is in quarantine) is what the table's entries grant. More, and an unmap
 * did not end access, although the driver may clean up when the device is unbound.
 * A driver domain's frontend may have other devices. A seed's perturbation of the table
 * (guests/agent/perturb.c) grants pages of its own, from before the timed part until behind it:
 * there what is beyond the device must not grow.
 */
int eval_access(const struct machine *m, const struct vm_result *r, struct err *err)
{
	json_int_t in_use, granting, others = 0;

	if (cell_is_net(m->cell) || machine_has_driver(m))
		return 0;
	if (m->perturb.table_seed) {
		if (read_grants(r, "before", &in_use, &granting, err) < 0)
			return -1;
		others = granting - in_use;
	}
	if (read_grants(r, "after", &in_use, &granting, err) < 0)
		return -1;
	if (granting > in_use + others)
		return err_subject(err, "%" JSON_INTEGER_FORMAT " entries of the grant table grant access, "
				   "of which the device has %" JSON_INTEGER_FORMAT " in use: an unmap did "
				   "not end access", granting - others, in_use);
	return 0;
}
