// SPDX-License-Identifier: GPL-2.0-or-later
/* What a second frontend, or a second driver domain, has to show. */
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "workload/evaluate-internal.h"

static const char *str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

const json_t *eval_proof(const struct vm_result *r, enum report_source source, const char *device)
{
	const json_t *rec, *found = NULL;
	size_t i;

	json_array_foreach(r->reports.records, i, rec) {
		const json_t *data = json_object_get(rec, "data");

		if (!strcmp(str(rec, "type"), "proof") && !strcmp(str(rec, "src"), report_source_name(source)) &&
		    (!device || !strcmp(str(data, "device"), device)))
			found = data;
	}
	return found;
}

static json_t *blob_json(const struct vm_result *r, enum report_source source, const char *name,
			 struct err *err)
{
	const struct blob *b = reports_blob_of(&r->reports, source, name);
	json_t *json = b ? json_loadb(b->data, b->size, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (!json)
		err_subject(err, "%s sent no complete %s", report_source_name(source), name);
	return json;
}

/* Operations between the marks, less what the marks themselves are: as metrics.c counts. */
static json_int_t requests_between(const json_t *device)
{
	const json_t *marks = json_object_get(device, "marks");
	size_t n = json_array_size(marks);
	json_int_t at[3];
	size_t i;

	if (n < 3)
		return -1;
	for (i = 0; i < 3; i++)
		at[i] = eval_int(json_array_get(marks, n - 3 + i), "requests");
	return at[2] - at[1] - (at[1] - at[0]);
}

static int check_frontend(const struct machine *m, const struct vm_result *r, json_t *second,
			  struct err *err)
{
	_cleanup_json_ json_t *backend = blob_json(r, REPORT_BACKEND, "backend-second.json", err);
	const json_t *said = eval_proof(r, REPORT_DOMU2, NULL);
	json_int_t ios = requests_between(eval_device(backend));

	if (!backend || eval_guest_proof(m, said, err) < 0 ||
	    eval_backend_proof(m, backend, second, err) < 0)
		return -1;
	json_object_set_new(second, "requests", json_integer(ios));
	json_object_set(second, "backend_domid", json_object_get(said, "backend_domid"));
	if (!strcmp(machine_workload(m), "fio") && ios != (json_int_t)machine_ios(m))
		return err_subject(err, "%" JSON_INTEGER_FORMAT " requests were served, not %lu", ios,
				   machine_ios(m));
	return 0;
}

static int check_driver(const struct machine *m, const struct vm_result *r, json_t *second,
			struct err *err)
{
	_cleanup_json_ json_t *backend = blob_json(r, REPORT_BACKEND2, "backend.json", err);
	_cleanup_free_ char *device = xasprintf("%llx.virtio", (unsigned long long)m->mmio_second);
	const json_t *said = eval_proof(r, REPORT_DOMU, device);
	struct machine other = *m;

	other.backend_domid = m->second_domid;
	if (!backend || eval_guest_proof(&other, said, err) < 0 ||
	    eval_backend_proof(&other, backend, second, err) < 0)
		return -1;
	json_object_set(second, "backend_domid", json_object_get(said, "backend_domid"));
	json_object_set(second, "requests",
			json_object_get(json_object_get(eval_device(backend), "io"), "requests"));
	return 0;
}

int eval_second(const struct machine *m, const struct vm_result *r, json_t *proof, struct err *err)
{
	enum second kind = cell_second(m->cell);
	json_t *second;

	if (kind == SECOND_NONE || machine_has_hostile_front(m))
		return 0;
	second = json_object();
	json_object_set_new(proof, "second", second);
	if ((kind == SECOND_DRIVER ? check_driver(m, r, second, err) : check_frontend(m, r, second, err)) < 0)
		return err_prefix(err, kind == SECOND_DRIVER ? "the second driver domain" :
				  "the second frontend");
	return 0;
}

/* Which faults of its rings the backend must have found (guests/front/attacks.c). */
static const char *const expected_faults[] = {
	"size", "alignment", "ring-map", "avail-jump", "head-range", "next-range", "chain-loop",
	"zero-length", "direction-order", "byte-sum", "address-not-a-grant", "address-range",
	"indirect-not-negotiated", "indirect-with-next", "indirect-nested", "indirect-length",
	"indirect-map", "request",
};

static void add(json_t *rows, const char *name, bool holds, char *detail)
{
	_cleanup_free_ char *text = detail;

	json_array_append_new(rows, json_pack("{s:s,s:s,s:s}", "name", name, "seen",
					      holds ? "holds" : "fails", "detail", text));
}

static void judge_breaks(const json_t *device, json_t *rows)
{
	const json_t *faults = json_object_get(device, "faults");
	const char *missing = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(expected_faults); i++)
		if (eval_int(faults, expected_faults[i]) <= 0)
			missing = expected_faults[i];
	add(rows, "front-breaks", !missing, missing ?
	    xasprintf("no break by \"%s\": %" JSON_INTEGER_FORMAT " of %zu kinds", missing,
		      eval_int(device, "breaks"), json_object_size(faults)) :
	    xasprintf("the device broke %" JSON_INTEGER_FORMAT " times, by %zu kinds of fault, and served "
		      "%" JSON_INTEGER_FORMAT " requests in between", eval_int(device, "breaks"),
		      json_object_size(faults), eval_int(json_object_get(device, "io"), "requests")));
}

int eval_front(const struct machine *m, const struct vm_result *r, const json_t *backend, json_t *rows,
	       struct err *err)
{
	_cleanup_json_ json_t *hostile = blob_json(r, REPORT_BACKEND, "backend-second.json", err);
	json_int_t ios = requests_between(eval_device(backend));
	const json_t *io = json_object_get(eval_device(backend), "io"), *other;

	if (!hostile)
		return -1;
	other = json_array_get(json_object_get(hostile, "devices"), 1);
	judge_breaks(eval_device(hostile), rows);
	add(rows, "front-other-device", eval_int(other, "breaks") == 0 &&
	    eval_int(json_object_get(other, "io"), "requests") > 0,
	    xasprintf("the same backend's other device broke %" JSON_INTEGER_FORMAT " times and served "
		      "%" JSON_INTEGER_FORMAT " requests", eval_int(other, "breaks"),
		      eval_int(json_object_get(other, "io"), "requests")));
	add(rows, "front-balanced", json_is_true(json_object_get(hostile, "balanced")),
	    xasprintf("its backend mapped %" JSON_INTEGER_FORMAT " times and unmapped %" JSON_INTEGER_FORMAT,
		      eval_int(hostile, "maps"), eval_int(hostile, "unmaps")));
	/* that its data were right is fio's check; it comes to no verdict without */
	add(rows, "front-other-frontend", ios == (json_int_t)machine_ios(m) && !eval_int(io, "errors") &&
	    !eval_int(eval_device(backend), "breaks") && !eval_int(io, "map_failures"),
	    xasprintf("data verified; %" JSON_INTEGER_FORMAT " requests of %lu, %" JSON_INTEGER_FORMAT
		      " errors, %" JSON_INTEGER_FORMAT " maps refused", ios, machine_ios(m),
		      eval_int(io, "errors"), eval_int(io, "map_failures")));
	return 0;
}
