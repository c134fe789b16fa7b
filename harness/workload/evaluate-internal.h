/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of evaluate.h: what they read of a machine's reports. */
#ifndef GRANTBENCH_WORKLOAD_EVALUATE_INTERNAL_H
#define GRANTBENCH_WORKLOAD_EVALUATE_INTERNAL_H

#include "workload/evaluate.h"
#include "workload/metrics.h"

/* The data of the last record of a type, or with that name in its data; borrowed. */
const json_t *eval_record(const struct vm_result *r, const char *type, const char *name);
/* A blob as JSON, or as "key value" lines; the caller's reference, NULL with err. */
json_t *eval_blob_json(const struct vm_result *r, const char *name, struct err *err);
json_t *eval_blob_kv(const struct vm_result *r, const char *name, struct err *err);

static inline json_int_t eval_int(const json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}

/* The backend's statistics of the device under test, from the end of the run; borrowed. */
const json_t *eval_device(const json_t *backend);

/* A driver domain may not ask Xen what it counted: dom0 did, and its answers are the span's. */
int eval_take_marks(const struct machine *m, const struct vm_result *r, json_t *backend,
		    struct err *err);

/*
 * What all workloads have that stand between marks: of the count build's sample, what Xen
 * counted, and nothing else; of the others, counts per operation of the drivers and the
 * backend, and instructions. ios: operations; *span gets the span, *ops what it holds of them.
 */
int eval_counts(const struct machine *m, const struct vm_result *r, const json_t *device,
		unsigned long ios, enum metric_class class, json_t *metrics, const json_t **span,
		double *ops, struct err *err);

/* The same of a PV device, which is not served by gb-backend. */
int eval_pv_counts(const struct machine *m, const struct vm_result *r, json_t *backend,
		   unsigned long ios, enum metric_class class, json_t *metrics, const json_t **span,
		   double *ops, struct err *err);

/* The workload's own numbers: evaluate-blk.c, evaluate-net.c. */
int eval_blk(const struct machine *m, const struct vm_result *r, enum metric_class class,
	     json_t *metrics, struct err *err);
int eval_net(const struct machine *m, const struct vm_result *r, enum metric_class class,
	     json_t *metrics, struct err *err);

/* What a source said of a device, the last time; device NULL: of any. Borrowed, or NULL. */
const json_t *eval_proof(const struct vm_result *r, enum report_source source, const char *device);

/* Is the path live, by the frontend's word and by the backend's? The latter adds to proof. */
int eval_guest_proof(const struct machine *m, const json_t *said, struct err *err);
int eval_backend_proof(const struct machine *m, const json_t *backend, json_t *proof, struct err *err);

/* evaluate-second.c: the same of who else there is; adds "second" to proof. */
int eval_second(const struct machine *m, const struct vm_result *r, json_t *proof, struct err *err);
/*
 * Beside a hostile frontend: what its backend found in its rings, and what became of the
 * others, as rows of an isolation run. -1: there is nothing to be judged.
 */
int eval_front(const struct machine *m, const struct vm_result *r, const json_t *backend, json_t *rows,
	       struct err *err);

/* A network device's part of the proof. */
int eval_net_proof(const struct machine *m, const json_t *backend, json_t *proof,
		   struct err *err);

/* evaluate-access.c: the table grants no more than the device has in use. */
int eval_access(const struct machine *m, const struct vm_result *r, struct err *err);

#endif
