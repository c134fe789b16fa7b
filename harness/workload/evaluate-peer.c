// SPDX-License-Identifier: GPL-2.0-or-later
#include "workload/evaluate-peer.h"

#include <string.h>

#include "workload/metrics.h"

/* xen/include/public/io/xenbus.h */
#define XENBUS_CONNECTED 4
#define SECTOR_BYTES 512

static json_int_t integer(const json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}

/* What one of blkback's statistics grew by in the timed part. */
static json_int_t served(const json_t *backend, const char *key)
{
	return integer(json_object_get(backend, "after"), key) -
	       integer(json_object_get(backend, "before"), key);
}

static json_int_t requests(const json_t *backend)
{
	return served(backend, "rd_req") + served(backend, "wr_req");
}

static json_int_t bytes(const json_t *backend)
{
	return (served(backend, "rd_sect") + served(backend, "wr_sect")) * SECTOR_BYTES;
}

static int check_persistent(bool want, const json_t *backend, struct err *err)
{
	json_int_t back = integer(backend, "persistent"), front = integer(backend, "persistent_front");

	if (back == want && front == want)
		return 0;
	return err_subject(err, "persistent grants: the backend says %" JSON_INTEGER_FORMAT ", the "
			   "frontend %" JSON_INTEGER_FORMAT ", instead of %d", back, front, want);
}

static int check_states(const json_t *backend, json_t *proof, struct err *err)
{
	json_int_t state = integer(backend, "state"), front = integer(backend, "state_front");

	json_object_set_new(proof, "backend_state", json_integer(state));
	if (state == XENBUS_CONNECTED && front == XENBUS_CONNECTED)
		return 0;
	return err_subject(err, "not connected: the backend's state is %" JSON_INTEGER_FORMAT
			   ", the frontend's %" JSON_INTEGER_FORMAT, state, front);
}

int peer_check(const struct peer_want *want, const json_t *said, const json_t *backend,
	       json_t *proof, struct err *err)
{
	const char *driver = json_string_value(json_object_get(said, "driver"));

	if (!said)
		return err_subject(err, "the domU sent no proof that the path was live");
	if (!json_is_true(json_object_get(said, "is_block")))
		return err_subject(err, "the disk is not a block device");
	if (!driver || strcmp(driver, "vbd"))
		return err_subject(err, "the disk's driver is \"%s\", not Xen's \"vbd\"",
				   driver ? driver : "(none said)");
	if (!want->bytes)
		return 0;
	json_object_set_new(proof, "persistent_grants", json_boolean(integer(backend, "persistent") != 0));
	json_object_set_new(proof, "backend_bytes", json_integer(bytes(backend)));
	if (check_states(backend, proof, err) < 0)
		return -1;
	if (check_persistent(want->persistent, backend, err) < 0)
		return -1;
	/* a plain file in the domU would leave these where they were */
	if (bytes(backend) < 0 || (unsigned long long)bytes(backend) != want->bytes)
		return err_subject(err, "blkback served %" JSON_INTEGER_FORMAT " bytes in the timed part, "
				   "and the workload moved %llu", bytes(backend), want->bytes);
	return 0;
}

int peer_check_net(const json_t *said, const json_t *backend, json_t *proof, struct err *err)
{
	const json_t *device = json_array_get(json_object_get(backend, "devices"), 0);
	const json_t *marks = json_object_get(json_object_get(device, "net"), "marks");
	const json_t *last = json_array_get(marks, json_array_size(marks) - 1);
	const char *driver = json_string_value(json_object_get(said, "driver"));

	if (!said)
		return err_subject(err, "the domU sent no proof that the path was live");
	if (!json_is_true(json_object_get(said, "is_net")) || !json_is_true(json_object_get(said, "link")))
		return err_subject(err, "the network interface has no link");
	if (!driver || strcmp(driver, "vif"))
		return err_subject(err, "the interface's driver is \"%s\", not Xen's \"vif\"",
				   driver ? driver : "(none said)");
	if (check_states(backend, proof, err) < 0)
		return -1;
	if (!last)
		return 0;
	json_object_set_new(proof, "packets_tx", json_integer(integer(last, "tx_packets")));
	json_object_set_new(proof, "packets_rx", json_integer(integer(last, "rx_packets")));
	if (integer(last, "tx_packets") <= 0 || integer(last, "rx_packets") <= 0)
		return err_subject(err, "the vif had %" JSON_INTEGER_FORMAT " packets from the domU and gave "
				   "it %" JSON_INTEGER_FORMAT, integer(last, "tx_packets"),
				   integer(last, "rx_packets"));
	return 0;
}

int peer_span(json_t *backend, unsigned long ios, const json_t **span, double *ops,
	      struct err *err)
{
	json_t *found = json_object_get(backend, "span");
	double all = (double)requests(backend), in = (double)integer(found, "requests");

	if (!json_is_true(json_object_get(found, "done")) || in <= 0)
		return err_subject(err, "backend.json: the timed part made %.0f requests, too few for its "
				   "span to end", all);
	*ops = (double)ios * in / all;
	/* requests are alike: so many bytes were in it */
	json_object_set_new(found, "bytes", json_integer((json_int_t)((double)bytes(backend) * in / all)));
	*span = found;
	return 0;
}

int peer_counters(const json_t *backend, unsigned long ios, json_t *metrics, struct err *err)
{
	static const struct counter_metric table[] = {
		{ "requests", "backend_requests", "none" },
		{ NULL, NULL, NULL },
	};
	json_t *before = json_pack("{s:i}", "requests", 0);
	json_t *after = json_pack("{s:I}", "requests", requests(backend));
	int ret = metrics_counters(table, NULL, before, after, ios, metrics, err);

	json_decref(before);
	json_decref(after);
	return ret;
}
