/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Xen's own PV devices, held against virtio's: what proves that the path was the one
 * under test, and numbers of the same names as virtio's where they mean the same.
 * Pure: what the guests said in, numbers out (guests/agent/peer.h says how dom0
 * comes by it).
 */
#ifndef GRANTBENCH_WORKLOAD_EVALUATE_PEER_H
#define GRANTBENCH_WORKLOAD_EVALUATE_PEER_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/err.h"
#include "result/result.h"

struct peer_want {
	bool persistent;		/* mapping = persistent */
	unsigned long long bytes;	/* of the timed part; 0: there was none */
};

/*
 * said: the domU's proof; backend: dom0's backend.json. The front driver is bound,
 * both ends are connected, persistent grants are as asked for, and blkback served just
 * what the workload moved. Its findings go into proof.
 */
int peer_check(const struct peer_want *want, const json_t *said, const json_t *backend,
	       json_t *proof, struct err *err);

/*
 * The same of a network device: its front driver is bound and has a link, both ends are
 * connected, and packets went both ways through the vif.
 */
int peer_check_net(const json_t *said, const json_t *backend, json_t *proof, struct err *err);

/*
 * The span as metrics_rates(), metrics_instructions() and metrics_perfc() read it
 * (borrowed, from backend), and the operations in it of the ios that were done.
 */
int peer_span(json_t *backend, unsigned long ios, const json_t **span, double *ops,
	      struct err *err);

/* Requests of the ring that blkback served in the timed part. */
int peer_counters(const json_t *backend, unsigned long ios, json_t *metrics, struct err *err);

#endif
