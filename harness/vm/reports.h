/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest reports: what comes out of the records (lib/record.h) that guests print,
 * after everything about them has been checked.
 *
 * A guest is not trusted. Frame and checksum first (record_check()), then the
 * JSON (no duplicate keys, exactly the contract's), then what the type asks for
 * (docs/ARCHITECTURE.md, "Guest reports"). What fails is counted, described in
 * `problem`, and believed in no part.
 *
 * Sequence numbers count from 1 per source. A line that comes again word for
 * word is dropped; the same number with another content means that the source
 * started over, which no run may hide. Missing numbers are lost records.
 *
 * No clock, no files, no printing.
 */
#ifndef GRANTBENCH_VM_REPORTS_H
#define GRANTBENCH_VM_REPORTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

#define REPORTS_SEQ_MAX 100000u
#define REPORTS_BLOB_PARTS 4096u	/* per blob */
#define REPORTS_BLOB_TOTAL (16u << 20)	/* bytes, of all blobs together */
#define REPORTS_BLOBS 64u
#define REPORTS_NAME_MAX 64		/* a blob's name: [A-Za-z0-9._-], no dot first */

/* Behind the first three: a second frontend, a second driver domain, the other end of a network. */
enum report_source {
	REPORT_DOM0, REPORT_DOMU, REPORT_BACKEND, REPORT_DOMU2, REPORT_BACKEND2, REPORT_PEER,
	REPORT_SOURCES
};

const char *report_source_name(enum report_source source);

/* Is this one of the contract's phases? */
bool report_phase_known(const char *name);

struct source_stats {
	unsigned int records;	/* distinct, valid */
	unsigned int max_seq;
	unsigned int lost;	/* numbers below max_seq that never came whole */
	unsigned int repeated;	/* came again, dropped */
	unsigned int conflicts;	/* same number, other content */
	bool done;		/* its "done" came */
	bool done_ok;
};

/* A file that a guest sent. complete: all parts came; otherwise data is NULL. */
struct blob {
	char name[REPORTS_NAME_MAX + 1];
	enum report_source source;
	bool complete;
	unsigned int parts, parts_seen;
	char *data;		/* NUL behind it */
	size_t size;
	struct blob_part *part;	/* private: while not complete */
};

/* What a line turned out to be. */
enum report_kind {
	REPORT_NONE,		/* no record of ours */
	REPORT_DROPPED,		/* repeated, torn or invalid; counted */
	REPORT_PHASE,		/* text: the phase; t_ns */
	REPORT_BLOB,
	REPORT_PROOF,
	REPORT_PROBE,
	REPORT_CHECK,		/* text: "name: detail"; ok */
	REPORT_ERROR,		/* text: the guest's words */
	REPORT_DONE,		/* ok */
};

struct report {
	enum report_kind kind;
	enum report_source source;
	const char *text;	/* valid until the next call */
	int64_t t_ns;
	bool ok;
};

struct reports {
	char token[REPORT_SOURCES][33];
	json_t *records;	/* [{"src","seq","type","data"}, ...] as they came, no blobs */
	struct source_stats sources[REPORT_SOURCES];
	struct blob *blobs;
	size_t nr_blobs;
	size_t blob_bytes;
	unsigned int torn;	/* ours, cut or with a bad checksum */
	unsigned int foreign;	/* a record with another token */
	unsigned int oversized;
	unsigned int rejected;	/* whole, but breaking the contract */
	char problem[256];	/* the first rejected record: what is wrong with it */
	/* private */
	struct buf text;
	uint32_t *seen[REPORT_SOURCES];	/* checksum of record seq - 1, where have */
	uint8_t *have[REPORT_SOURCES];
};

void reports_init(struct reports *reports, const char *token);
/*
 * A source gets a token of its own. A record has its source's token, or it breaks the
 * contract: a domain that speaks for another one is found out.
 */
void reports_set_token(struct reports *reports, enum report_source source, const char *token);
void reports_release(struct reports *reports);

/* Look at one console line (vm/console.h). */
void reports_line(struct reports *reports, const char *text, size_t len, struct report *report);

/* A complete blob by name, of the first source (in the enum's order) that sent it; or NULL. */
const struct blob *reports_blob(const struct reports *reports, const char *name);
/* The same of one source. */
const struct blob *reports_blob_of(const struct reports *reports, enum report_source source,
				   const char *name);

/* The number of the first record that is missing; one more than the last if none is. */
unsigned int reports_first_lost(const struct reports *reports, enum report_source source);

#endif
