// SPDX-License-Identifier: GPL-2.0-or-later
/* What a disk's workload came to. */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "workload/evaluate-internal.h"

static const char *pattern_of(const struct machine *m, const json_t *fio)
{
	const char *rw = m->cell->value[AXIS_RW], *said;
	const json_t *job = json_array_get(json_object_get(fio, "jobs"), 0);

	if (strcmp(rw, "job"))
		return rw;
	said = json_string_value(json_object_get(json_object_get(job, "job options"), "rw"));
	return said ? said : "job";
}

int eval_blk(const struct machine *m, const struct vm_result *r, enum metric_class class,
	     json_t *metrics, struct err *err)
{
	_cleanup_json_ json_t *fio = NULL, *backend = NULL, *unused = json_array();
	_cleanup_free_ char *prefix = NULL;
	const json_t *span;
	unsigned long ios;
	double ops;

	fio = eval_blob_json(r, "fio.json", err);
	backend = fio ? eval_blob_json(r, "backend.json", err) : NULL;
	if (!backend || eval_take_marks(m, r, backend, err) < 0 ||
	    metrics_fio(fio, pattern_of(m, fio), machine_ios(m), class,
			m->count ? unused : metrics, &prefix, &ios, err) < 0 ||
	    (machine_is_pv(m) ?
	     eval_pv_counts(m, r, backend, ios, class, metrics, &span, &ops, err) :
	     eval_counts(m, r, eval_device(backend), ios, class, metrics, &span, &ops, err)) < 0)
		return -1;
	return m->count ? 0 : metrics_rates(span, prefix, ops, class, metrics, err);
}
