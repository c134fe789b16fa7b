// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/evaluate.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "workload/evaluate-internal.h"
#include "workload/evaluate-peer.h"
#include "workload/perf.h"
#include "workload/texts-net.h"

/* virtio 1.2, section 6 */
#define F_VERSION_1 (1ull << 32)
#define F_ACCESS_PLATFORM (1ull << 33)

static const enum outcome from_vm[] = {
	[VM_PASS] = OUTCOME_PASS,
	[VM_FAIL] = OUTCOME_FAIL,
	[VM_INVALID] = OUTCOME_INVALID,
	[VM_GUEST_CRASH] = OUTCOME_GUEST_CRASH,
	[VM_XEN_CRASH] = OUTCOME_XEN_CRASH,
	[VM_TIMEOUT] = OUTCOME_TIMEOUT,
	[VM_INFRA_ERROR] = OUTCOME_INFRA_ERROR,
};

static json_t *axes_json(const struct cell *cell)
{
	json_t *axes = json_object();
	int i;

	for (i = 0; i < NR_AXES; i++)
		if (cell_has_axis(cell, (enum axis)i))
			json_object_set_new(axes, scenario_axis_key(i)->name, json_string(cell->value[i]));
	return axes;
}

json_t *evaluate_not_applicable(const struct cell *cell)
{
	return json_pack("{s:s,s:o,s:s,s:s}", "id", cell->id, "axes", axes_json(cell), "outcome",
			 outcome_name(OUTCOME_NOT_APPLICABLE), "reason", cell->not_applicable);
}

const json_t *eval_record(const struct vm_result *r, const char *type, const char *name)
{
	const json_t *rec, *found = NULL;
	size_t i;

	json_array_foreach(r->reports.records, i, rec) {
		const json_t *data = json_object_get(rec, "data");
		const char *t = json_string_value(json_object_get(rec, "type"));
		const char *n = json_string_value(json_object_get(data, name ? "name" : ""));

		if (t && !strcmp(t, type) && (!name || (n && !strcmp(n, name))))
			found = data;
	}
	return found;
}

json_t *eval_blob_json(const struct vm_result *r, const char *name, struct err *err)
{
	const struct blob *b = reports_blob(&r->reports, name);
	json_error_t jerr;
	json_t *json;

	if (!b) {
		err_subject(err, "the guests sent no complete %s", name);
		return NULL;
	}
	/* iperf3 says the size of its sockets' buffers once per stream */
	json = json_loadb(b->data, b->size, strcmp(name, "iperf3.json") ? JSON_REJECT_DUPLICATES : 0, &jerr);
	if (!json)
		err_subject(err, "%s:%d: %s", name, jerr.line, jerr.text);
	return json;
}

json_t *eval_blob_kv(const struct vm_result *r, const char *name, struct err *err)
{
	const struct blob *b = reports_blob(&r->reports, name);
	json_t *kv = NULL;

	if (!b)
		err_subject(err, "the guests sent no complete %s", name);
	else
		metrics_parse_kv(name, b->data, b->size, &kv, err);
	return kv;
}

/* The binding that the driver must say it consumed; NULL: none. */
static const char *expected_binding(const struct machine *m)
{
	if (cell_is(m->cell, AXIS_BINDING, "none"))
		return "none";
	if (machine_is_treeless(m))
		return "forced";
	return cell_is(m->cell, AXIS_BINDING, "dev-domid") ? "dev-domid" : "iommus";
}

int eval_guest_proof(const struct machine *m, const json_t *proof, struct err *err)
{
	const char *features = json_string_value(json_object_get(proof, "features"));
	const char *binding = json_string_value(json_object_get(proof, "binding"));
	const char *allocator = json_string_value(json_object_get(proof, "allocator"));
	unsigned long long bits = features ? strtoull(features, NULL, 16) : 0;
	bool grants = machine_uses_grants(m);
	json_int_t asked = atoi(m->cell->value[AXIS_GNTTAB] + 1);

	if (!proof)
		return err_subject(err, "the domU sent no proof that the path was live");
	if (cell_is_net(m->cell) && (!json_is_true(json_object_get(proof, "is_net")) ||
				     !json_is_true(json_object_get(proof, "link"))))
		return err_subject(err, "the network interface has no link");
	if (!cell_is_net(m->cell) && !json_is_true(json_object_get(proof, "is_block")))
		return err_subject(err, "the disk is not a block device");
	if (!(bits & F_VERSION_1))
		return err_subject(err, "VERSION_1 was not negotiated (features %s)",
				   features ? features : "missing");
	if (grants != !!(bits & F_ACCESS_PLATFORM))
		return err_subject(err, "ACCESS_PLATFORM was %snegotiated (features %s)",
				   grants ? "not " : "", features);
	if (grants != json_is_true(json_object_get(proof, "grant_dma")))
		return err_subject(err, grants ? "the driver did not set up grant DMA ops" :
						 "the driver set up grant DMA ops without a binding");
	if (grants && eval_int(proof, "backend_domid") != m->backend_domid)
		return err_subject(err, "the driver grants to domain %" JSON_INTEGER_FORMAT ", not %u",
				   eval_int(proof, "backend_domid"), m->backend_domid);
	if (grants && (!binding || strcmp(binding, expected_binding(m))))
		return err_subject(err, "the driver consumed binding \"%s\" instead of \"%s\"",
				   binding ? binding : "(none said)", expected_binding(m));
	if (grants && (!allocator || strcmp(allocator, m->cell->value[AXIS_ALLOCATOR])))
		return err_subject(err, "allocator \"%s\" hands out the grant references instead of \"%s\"",
				   allocator ? allocator : "(none said)",
				   m->cell->value[AXIS_ALLOCATOR]);
	if (grants && eval_int(proof, "gnttab_version") != asked)
		return err_subject(err, "the guest's grant table has version %" JSON_INTEGER_FORMAT
				   " instead of %" JSON_INTEGER_FORMAT, eval_int(proof, "gnttab_version"),
				   asked);
	return 0;
}

const json_t *eval_device(const json_t *backend)
{
	return json_array_get(json_object_get(backend, "devices"), 0);
}

int eval_take_marks(const struct machine *m, const struct vm_result *r, json_t *backend,
		    struct err *err)
{
	json_t *span = json_object_get((json_t *)eval_device(backend), "span");
	_cleanup_json_ json_t *marks = NULL;

	if (!machine_has_driver(m) || !span)
		return 0;
	marks = eval_blob_json(r, "marks.json", err);
	if (!marks)
		return -1;
	if (json_object_get(marks, "xen"))
		json_object_set(span, "xen", json_object_get(marks, "xen"));
	return 0;
}

int eval_backend_proof(const struct machine *m, const json_t *backend, json_t *proof, struct err *err)
{
	const json_t *dev = eval_device(backend);
	const json_t *io = json_object_get(dev, "io"), *setup = json_object_get(dev, "setup");
	const char *mapping = m->cell->value[AXIS_MAPPING];
	json_int_t grants, plain;

	if (!json_is_object(io) || !json_is_object(setup))
		return err_subject(err, "backend.json: no counters of the first device");
	grants = eval_int(io, "addr_bit63") + eval_int(setup, "addr_bit63");
	plain = eval_int(io, "addr_plain") + eval_int(setup, "addr_plain");
	json_object_set_new(proof, "ring_addresses_bit63", json_integer(grants));
	json_object_set_new(proof, "ring_addresses_plain", json_integer(plain));
	if (machine_uses_grants(m) ? !grants || plain : grants || !plain)
		return err_subject(err, "the backend saw %" JSON_INTEGER_FORMAT " addresses with bit 63 "
				   "and %" JSON_INTEGER_FORMAT " without", grants, plain);
	if (strcmp(json_string_value(json_object_get(dev, "mapping")) ?: "", mapping))
		return err_subject(err, "the backend used another mapping than \"%s\"", mapping);
	if (!strcmp(mapping, "copy") && (eval_int(io, "maps") || !eval_int(io, "copies")))
		return err_subject(err, "the backend copied %" JSON_INTEGER_FORMAT " times and mapped "
				   "%" JSON_INTEGER_FORMAT " times with mapping \"copy\"",
				   eval_int(io, "copies"), eval_int(io, "maps"));
	if (eval_int(io, "readonly_writable"))
		return err_subject(err, "the backend could map %" JSON_INTEGER_FORMAT " read-only grants "
				   "writable", eval_int(io, "readonly_writable"));
	if (eval_int(io, "beside"))
		return err_subject(err, "the backend found %" JSON_INTEGER_FORMAT " bytes beside requests "
				   "in the frontend's pool", eval_int(io, "beside"));
	if (!strcmp(mapping, "persistent") &&
	    (eval_int(io, "maps") || eval_int(io, "grant_hypercalls") || !eval_int(dev, "pool_grants")))
		return err_subject(err, "the backend keeps a pool of %" JSON_INTEGER_FORMAT " grants, and "
				   "made %" JSON_INTEGER_FORMAT " hypercalls for grants besides",
				   eval_int(dev, "pool_grants"), eval_int(io, "grant_hypercalls"));
	if (!json_is_true(json_object_get(backend, "balanced")))
		return err_subject(err, "the backend mapped %" JSON_INTEGER_FORMAT " times and unmapped "
				   "%" JSON_INTEGER_FORMAT, eval_int(backend, "maps"),
				   eval_int(backend, "unmaps"));
	return cell_is_net(m->cell) ? eval_net_proof(m, backend, proof, err) : 0;
}

static int check_grefs_of(const struct vm_result *r, const char *name, json_t *proof,
			  struct err *err)
{
	_cleanup_json_ json_t *after = eval_blob_kv(r, name, err);

	if (!after)
		return -1;
	json_object_set_new(proof, "grefs_peak", json_integer(eval_int(after, "grefs_peak")));
	if (eval_int(after, "grefs_peak") <= 0)
		return err_subject(err, "no grant reference was ever in use");
	return 0;
}

static int check_grefs(const struct machine *m, const struct vm_result *r, json_t *proof,
		       struct err *err)
{
	if (!machine_uses_grants(m))
		return 0;
	return check_grefs_of(r, "grant-dma-after.txt", proof, err) < 0 ? -1 : eval_access(m, r, err);
}

/* When the disk came, by the clock of the guest's kernel log: since its kernel started. */
static void probe_metrics(const struct machine *m, const struct vm_result *r, enum metric_class class,
			  json_t *proof, json_t *metrics)
{
	/*
	 * The frontend waits until dom0 and the driver domain, which start beside it on the same
	 * CPU, have started: when its disk comes is a matter of their time slices.
	 */
	bool alone = machine_is_xl(m) || !machine_has_driver(m);
	const struct { const char *key, *metric; } times[] = {
		{ "probe_us", "probe.device_probe" },
		{ "ready_us", cell_is_net(m->cell) ? "probe.nic_ready" : "probe.disk_ready" },
		{ "request_us", "probe.first_request" },
	};
	const json_t *probe = eval_record(r, "probe", NULL);
	const char *gave_up = json_string_value(json_object_get(probe, "gave_up"));
	size_t i;

	if (!probe)
		return;
	for (i = 0; alone && i < ARRAY_SIZE(times); i++)
		if (eval_int(probe, times[i].key) >= 0)
			metric_add(metrics, times[i].metric, "ns", class, "less",
				   (double)eval_int(probe, times[i].key) * 1000);
	metric_add(metrics, "probe.deferrals", "1", METRIC_EXACT, "less", (double)eval_int(probe, "deferrals"));
	if (gave_up && *gave_up)
		json_object_set_new(proof, "gave_up", json_string(gave_up));
}

/* The grant DMA driver's counters of its device, if there is one, and the table's. */
static int guest_counters(const struct vm_result *r, bool device, unsigned long ios,
			  json_t *metrics, struct err *err)
{
	static const struct {
		const char *empty, *before, *after;
		const struct counter_metric *table;
	} sources[] = {
		{ "grant-dma-empty.txt", "grant-dma-before.txt", "grant-dma-after.txt",
		  grant_counters },
		{ "grant-table-empty.txt", "grant-table-before.txt", "grant-table-after.txt",
		  table_counters },
	};
	size_t i;

	for (i = device ? 0 : 1; i < ARRAY_SIZE(sources); i++) {
		_cleanup_json_ json_t *before = eval_blob_kv(r, sources[i].before, err);
		_cleanup_json_ json_t *after = before ? eval_blob_kv(r, sources[i].after, err) : NULL;

		_cleanup_json_ json_t *empty = NULL;

		/* a network's marks are packets that grant; a disk's lie outside */
		if (after && reports_blob(&r->reports, sources[i].empty))
			empty = eval_blob_kv(r, sources[i].empty, err);
		if (!after || metrics_counters(sources[i].table, empty, before, after, ios, metrics,
					       err) < 0)
			return -1;
	}
	return 0;
}

static int selftest_metrics(const struct machine *m, const struct vm_result *r,
			    enum metric_class class, json_t *metrics, struct err *err)
{
	_cleanup_json_ json_t *kv = NULL;

	if (m->count)
		return 0;
	kv = eval_blob_kv(r, "selftest.txt", err);
	if (!kv || metrics_selftest(kv, m->icount, class, metrics, err) < 0)
		return -1;
	return guest_counters(r, true, 0, metrics, err);
}

static struct peer_want peer_want(const struct machine *m)
{
	const struct scenario *s = m->scenario;
	struct peer_want want = { .persistent = cell_is(m->cell, AXIS_MAPPING, "persistent") };

	if (!strcmp(s->setting[SET_WORKLOAD], "fio"))
		want.bytes = machine_ios(m) *
			     scenario_parse_size(m->cell->value[AXIS_BS]);
	return want;
}

int eval_pv_counts(const struct machine *m, const struct vm_result *r, json_t *backend,
		   unsigned long ios, enum metric_class class, json_t *metrics, const json_t **span,
		   double *ops, struct err *err)
{
	if (peer_span(backend, ios, span, ops, err) < 0)
		return -1;
	if (m->count)
		return metrics_perfc(*span, *ops, m->x86, metrics, err);
	if (guest_counters(r, false, ios, metrics, err) < 0)
		return -1;
	if (m->icount && metrics_have_xen(*span))
		metrics_instructions(*span, *ops, class, metrics);
	return peer_counters(backend, ios, metrics, err);
}

int eval_counts(const struct machine *m, const struct vm_result *r, const json_t *device,
		unsigned long ios, enum metric_class class, json_t *metrics, const json_t **span,
		double *ops, struct err *err)
{
	const json_t *marks = json_object_get(device, "marks");
	size_t n = json_array_size(marks);

	if (n < 3 && !machine_is_pv_net(m))
		return err_subject(err, "backend.json: no marks around the timed part");
	if (metrics_span(device, ios, span, ops, err) < 0)
		return -1;
	if (m->count)
		return metrics_perfc(*span, *ops, m->x86, metrics, err);
	if ((machine_uses_grants(m) || machine_is_pv_net(m)) &&
	    guest_counters(r, machine_uses_grants(m), ios, metrics, err) < 0)
		return -1;
	if (m->icount && metrics_have_xen(*span))
		metrics_instructions(*span, *ops, class, metrics);
	/* xen-netback keeps no account of its work */
	if (machine_is_pv_net(m))
		return 0;
	return metrics_counters(backend_counters, json_array_get(marks, n - 3),
				json_array_get(marks, n - 2), json_array_get(marks, n - 1), ios,
				metrics, err);
}

static int workload_metrics(const struct machine *m, const struct vm_result *r,
			    enum metric_class class, json_t *metrics, struct err *err)
{
	const char *kind = machine_workload(m);

	if (!strcmp(kind, "selftest"))
		return selftest_metrics(m, r, class, metrics, err);
	if (!strcmp(kind, "fio"))
		return eval_blk(m, r, class, metrics, err);
	return strcmp(kind, "net") ? 0 : eval_net(m, r, class, metrics, err);
}

static json_t *checks_json(const struct vm_result *r)
{
	json_t *checks = json_object();
	const json_t *rec;
	size_t i;

	json_array_foreach(r->reports.records, i, rec) {
		const json_t *data = json_object_get(rec, "data");
		const char *type = json_string_value(json_object_get(rec, "type"));
		const char *name = json_string_value(json_object_get(data, "name"));

		if (type && name && !strcmp(type, "check"))
			json_object_set_new(checks, name,
					    json_boolean(json_is_true(json_object_get(data, "ok"))));
	}
	return checks;
}

static json_t *host_json(const struct vm_result *r)
{
	json_t *phases = json_object();
	size_t i;

	for (i = 0; i < r->nr_phases; i++)
		json_object_set_new(phases, r->phases[i].name,
				    json_real((double)r->phases[i].host_ns / 1e9));
	return json_pack("{s:f,s:I,s:o,s:s}", "seconds", (double)r->elapsed_ns / 1e9, "qemu_peak_rss_bytes",
			 (json_int_t)r->peak_rss_bytes, "phase_seconds", phases, "command",
			 r->command ? r->command : "");
}

/* A domU that was ended in the middle: was it the middle? Nothing is measured. */
static int check_disturbed(const struct machine *m, const json_t *backend, json_t *proof,
			   struct err *err)
{
	json_int_t served = eval_int(json_object_get(eval_device(backend), "io"), "requests");
	unsigned long ios = scenario_uint(m->scenario, SET_NUMBER_IOS);

	json_object_set_new(proof, "requests_served", json_integer(served));
	if (served <= 0 || (unsigned long)served >= ios)
		return err_subject(err, "the backend had served %" JSON_INTEGER_FORMAT " of %lu requests "
				   "when the domU ended: not in mid-I/O", served, ios);
	return 0;
}

/* The second domU's backend: by the same rules, its findings under "peer". */
static int check_peer_backend(const struct machine *m, const struct vm_result *r, json_t *proof,
				struct err *err)
{
	_cleanup_json_ json_t *backend = NULL, *own = json_object();

	if (!machine_has_peer(m))
		return 0;
	backend = eval_blob_json(r, "peer-backend.json", err);
	if (!backend || eval_backend_proof(m, backend, own, err) < 0)
		return err_prefix(err, "the second domU");
	json_object_set(proof, "peer", own);
	return 0;
}

static int check_virtio(const struct machine *m, const struct vm_result *r, const json_t *said,
			const json_t *backend, json_t *proof, struct err *err)
{
	if (eval_guest_proof(m, said, err) < 0 || eval_backend_proof(m, backend, proof, err) < 0 ||
	    eval_second(m, r, proof, err) < 0 || check_peer_backend(m, r, proof, err) < 0)
		return -1;
	/* the counters of a device that was bound anew say nothing of the one before */
	if (machine_is_restarted(m))
		return 0;
	return machine_is_disturbed(m) ? check_disturbed(m, backend, proof, err) :
					 check_grefs(m, r, proof, err);
}

static int check_pv(const struct machine *m, const struct vm_result *r, const json_t *said,
		    const json_t *backend, json_t *proof, struct err *err)
{
	struct peer_want want = peer_want(m);
	int ret = machine_is_pv_net(m) ? peer_check_net(said, backend, proof, err) :
					 peer_check(&want, said, backend, proof, err);

	return ret < 0 ? -1 : check_grefs_of(r, "grant-table-after.txt", proof, err);
}

/* What dom0's judge saw: the driver domain's word for it would be worth nothing. */
static int take_isolation(const struct machine *m, const struct vm_result *r, const json_t *said,
			  json_t *proof, struct err *err)
{
	const struct blob *b = reports_blob(&r->reports, "isolation.json");
	json_t *seen;

	if (eval_guest_proof(m, said, err) < 0)
		return -1;
	if (b && b->source != REPORT_DOM0)
		return err_subject(err, "isolation.json is not from dom0");
	seen = eval_blob_json(r, "isolation.json", err);
	if (!seen)
		return -1;
	json_object_set_new(proof, "isolation", seen);
	return json_array_size(seen) ? 0 : err_subject(err, "isolation.json is empty");
}

/* Beside a hostile frontend: dom0's rows, and what the backends' statistics say. */
static int take_front(const struct machine *m, const struct vm_result *r, const json_t *backend,
		      json_t *proof, struct err *err)
{
	json_t *rows = eval_blob_json(r, "isolation.json", err);

	if (!rows)
		return -1;
	json_object_set_new(proof, "isolation", rows);
	return eval_front(m, r, backend, rows, err);
}

/* Of the device under test, by the frontend; the others are eval_second()'s. */
static const json_t *first_proof(const struct machine *m, const struct vm_result *r)
{
	_cleanup_buf_ struct buf device = BUF_INIT;

	if (cell_second(m->cell) == SECOND_DRIVER)
		text_device_name(m, &device);
	return eval_proof(r, REPORT_DOMU, device.size ? device.data : NULL);
}

void evaluate(const struct machine *m, const struct vm_result *r, struct evaluation *out)
{
	enum metric_class class = !m->icount ? METRIC_NOISY :
				  m->sample.kind == SAMPLE_SEED ? METRIC_SEEDED : METRIC_EXACT;
	_cleanup_json_ json_t *metrics = json_array(), *proof = NULL, *backend = NULL;
	json_t *perf = NULL;
	const json_t *said = first_proof(m, r);
	struct err err = { 0 };

	*out = (struct evaluation){ .outcome = from_vm[r->outcome], .host = host_json(r) };
	proof = said ? json_deep_copy(said) : json_object();
	if (out->outcome == OUTCOME_PASS && machine_is_attacked(m)) {
		if (take_isolation(m, r, said, proof, &err) < 0)
			out->outcome = OUTCOME_INVALID;
	} else if (out->outcome == OUTCOME_PASS) {
		backend = eval_blob_json(r, "backend.json", &err);
		if (backend && machine_has_hostile_front(m) && take_front(m, r, backend, proof, &err) < 0)
			out->outcome = OUTCOME_INVALID;
		else if (!backend || (machine_is_pv(m) ? check_pv(m, r, said, backend, proof, &err) :
						    check_virtio(m, r, said, backend, proof, &err)) < 0)
			out->outcome = OUTCOME_INVALID;
	}
	/* one that was restarted tests, and measures nothing */
	if (out->outcome == OUTCOME_PASS && machine_is_restarted(m) && !eval_record(r, "check", "recovered")) {
		err_subject(&err, "the domU does not say whether its device recovered");
		out->outcome = OUTCOME_INVALID;
	}
	if (out->outcome == OUTCOME_PASS && !machine_is_disturbed(m) && !machine_is_restarted(m)) {
		if (!m->count)
			probe_metrics(m, r, class, proof, metrics);
		if (workload_metrics(m, r, class, metrics, &err) < 0)
			out->outcome = OUTCOME_FAIL;
	}
	if (out->outcome == OUTCOME_PASS && perf_evaluate(m, r, class, metrics, &perf, &err) < 0)
		out->outcome = OUTCOME_FAIL;
	if (out->outcome != OUTCOME_PASS)
		json_array_clear(metrics);
	out->reason = xstrdup(err.msg[0] ? err.msg : r->reason ? r->reason : "");
	out->cell = json_pack("{s:s,s:o,s:s,s:O,s:o,s:O}", "id", m->cell->id, "axes",
			      axes_json(m->cell), "outcome", outcome_name(out->outcome), "proof", proof,
			      "checks", checks_json(r), "metrics", metrics);
	if (perf)
		json_object_set_new(out->cell, "perf", perf);
	if (*out->reason)
		json_object_set_new(out->cell, "reason", json_string(out->reason));
	if (r->culprit != VM_DOMAIN_NONE)
		json_object_set_new(out->cell, "culprit", json_string(vm_domain_name(r->culprit)));
}
