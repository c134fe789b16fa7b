// SPDX-License-Identifier: GPL-2.0-or-later
/* Does the frontend's table grant what its driver has mapped, and nothing else? */
#include "agent/perturb.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "workload/evaluate-internal.h"

/*
 * Looked at between two requests: what the device's counters say is in use (its rings,
 * its pool, what is in quarantine, a network's buffers) is what the table's entries grant.
 * More, and an unmap did not end access, although the driver may clean up when the device is
 * unbound. The frontend of two driver domains has another device, and one that is attacked
 * is left with what it may have. On the noisy engine a packet may come between the looks at
 * a network's two counts. A seed's perturbation of the table (guests/agent/perturb.c) grants
 * pages of its own, from before the timed part until behind it: so many are not the device's.
 */
int eval_access(const struct machine *m, const struct vm_result *r, struct err *err)
{
	_cleanup_json_ json_t *device = NULL, *table = NULL;
	json_int_t in_use, granting, others = 0;

	if ((cell_is_net(m->cell) && !m->icount) || cell_second(m->cell) == SECOND_DRIVER ||
	    machine_is_attacked(m))
		return 0;
	if (m->perturb.table_seed)
		others = perturb_held(m->perturb.table_seed);
	device = eval_blob_kv(r, "grant-dma-after.txt", err);
	table = device ? eval_blob_kv(r, "grant-table-after.txt", err) : NULL;
	if (!table)
		return -1;
	in_use = eval_int(device, "grefs_in_use");
	granting = eval_int(table, "grefs_granting");
	if (granting > in_use + others)
		return err_subject(err, "%" JSON_INTEGER_FORMAT " entries of the grant table grant access, "
				   "of which the device has %" JSON_INTEGER_FORMAT " in use: an unmap did "
				   "not end access", granting - others, in_use);
	return 0;
}
