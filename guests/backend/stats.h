/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the backend counts, and the JSON writer that prints it.
 *
 * One struct vq_stats per queue for the I/O path, and one per device ("setup")
 * for what happens outside of it: mapping rings, configuration interrupts.
 * README.md documents every field; the tables below are the only list of them.
 *
 * System calls and hypercalls are counted where a Xen library or a file is
 * called, from what that library and the kernel behind it do for one call
 * (xen-cost.h). They are the backend's own; Xen's side of the story comes from
 * xenperf.
 */
#ifndef GB_BACKEND_STATS_H
#define GB_BACKEND_STATS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Sums. */
#define VQ_COUNTERS(X)                                                             \
	X(requests)	/* completed, whatever their status */                     \
	X(req_in)	/* VIRTIO_BLK_T_IN: reads */                               \
	X(req_out)	/* VIRTIO_BLK_T_OUT: writes */                             \
	X(req_flush)                                                               \
	X(req_discard)                                                             \
	X(req_write_zeroes)                                                        \
	X(req_get_id)                                                              \
	X(req_other)	/* a type that we do not know */                           \
	X(errors)	/* completed with VIRTIO_BLK_S_IOERR */                    \
	X(unsupported)	/* completed with VIRTIO_BLK_S_UNSUPP */                   \
	X(descriptors)	/* buffers: direct or from an indirect table */            \
	X(indirect)	/* indirect tables */                                      \
	X(maps)		/* map operations that succeeded */                        \
	X(unmaps)	/* map operations undone */                                \
	X(map_failures)                                                            \
	X(readonly_writable) /* test-write: read-only grants that could be mapped writable */ \
	X(pages_mapped)                                                            \
	X(pages_unmapped)                                                          \
	X(beside)	/* bytes beside buffers in a pool that were not 0 */       \
	X(copies)	/* operations of GNTTABOP_copy */                          \
	X(bytes_copied)	/* by them */                                              \
	X(bytes_in)	/* data given to the frontend */                           \
	X(bytes_out)	/* data taken from the frontend */                         \
	X(kicks)	/* QueueNotify writes */                                   \
	X(notifies)	/* used buffer notifications sent */                       \
	X(notifies_suppressed) /* not sent: the frontend did not want them */      \
	X(yields)	/* turns cut short: a CPU of the frontend waited */   \
	X(addr_bit63)	/* ring and buffer addresses with bit 63: grants */        \
	X(addr_plain)	/* ring and buffer addresses without it */                 \
	X(syscalls)                                                                \
	X(hypercalls)                                                              \
	X(grant_hypercalls) /* of these, GNTTABOP_* */

/* High-water marks. */
#define VQ_PEAKS(X)                                                                \
	X(in_flight_max)	/* requests popped and not yet in the used ring */ \
	X(descriptors_max)	/* buffers of one request */                       \
	X(request_bytes_max)

struct vq_stats {
#define X(name) uint64_t name;
	VQ_COUNTERS(X)
	VQ_PEAKS(X)
#undef X
};

/* The event loop: everything that no queue can be charged with. */
#define LOOP_COUNTERS(X)                                                           \
	X(wakeups)	/* returns of poll() with something to do */               \
	X(ioreqs)	/* I/O requests of the frontend's CPUs answered */         \
	X(ioreqs_bad)	/* of a kind or size that no device handles */             \
	X(spurious)	/* events without an I/O request behind them */            \
	X(alive_checks)	/* looks whether the domain still lives, when idle */      \
	X(syscalls)                                                                \
	X(hypercalls)

struct loop_stats {
#define X(name) uint64_t name;
	LOOP_COUNTERS(X)
#undef X
};

/* sum += st, peaks by maximum. */
void vq_stats_add(struct vq_stats *sum, const struct vq_stats *st);

static inline void stats_peak(uint64_t *peak, uint64_t value)
{
	if (value > *peak)
		*peak = value;
}

/*
 * A writer for one JSON object on one line. Commas are its business, nesting is
 * the caller's: every open is closed. Write errors stick to the FILE.
 */
struct jw {
	FILE *out;
	bool comma;
};

void jw_open(struct jw *jw, const char *key, char bracket);	/* '{' or '['; key NULL in arrays */
void jw_close(struct jw *jw, char bracket);			/* '}' or ']' */
void jw_u64(struct jw *jw, const char *key, uint64_t value);
void jw_hex(struct jw *jw, const char *key, uint64_t value);	/* as the string "0x…" */
void jw_bool(struct jw *jw, const char *key, bool value);
void jw_str(struct jw *jw, const char *key, const char *value);	/* NULL: null; escaped */

/* The fields of the tables, into the open object. */
void jw_vq_stats(struct jw *jw, const struct vq_stats *st);
void jw_loop_stats(struct jw *jw, const struct loop_stats *st);

#endif
