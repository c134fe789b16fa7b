/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenarios: an INI file in, cells out.
 *
 * A scenario says which machines to compare. Every key that is an axis takes a
 * list; the cells are the product of the lists, in the order of the axes table
 * and, within an axis, of the file. Cells that cannot exist stay in the product
 * with the reason why (not_applicable), so that a report can print it.
 *
 * The table of keys (scenario_keys) is the only place that knows names, types,
 * ranges, defaults and help; the reader, `grantbench help scenario`, `grantbench
 * list --variants` and the man page scenario(5) all come from it.
 */
#ifndef GRANTBENCH_SCENARIO_SCENARIO_H
#define GRANTBENCH_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/err.h"

/* Axes, in the order in which they appear in a cell's id. */
enum axis {
	AXIS_ARCH,
	AXIS_TOPOLOGY,
	AXIS_BINDING,
	AXIS_PROBE_TIMEOUT,
	AXIS_IRQ,
	AXIS_GNTTAB,
	AXIS_DOM0,
	AXIS_XSM,
	AXIS_ALLOCATOR,
	AXIS_MAPPING,
	AXIS_INDIRECT,
	AXIS_DEVICE,
	AXIS_NET_TEST,
	AXIS_MSG,
	AXIS_BS,
	AXIS_RW,
	AXIS_IODEPTH,
	AXIS_PEER,
	AXIS_LOOP,
	AXIS_OFFLOADS,
	AXIS_MTU,
	AXIS_SECOND,
	AXIS_DISTURB,
	AXIS_ATTACK,
	NR_AXES
};

/* Single-valued settings. */
enum setting {
	SET_DESCRIPTION,
	SET_ENGINE,
	SET_SEEDS,
	SET_PAIRS,
	SET_COUNT,
	SET_ACCEL,
	SET_BACKEND_DOMID,
	SET_DOM0_MEM_MIB,
	SET_DOMU_MEM_MIB,
	SET_DRIVER_MEM_MIB,
	SET_RAM_MIB,
	SET_QUEUES,
	SET_QUEUE_SIZE,
	SET_COPY_MAX,
	SET_GRANT_FRAMES,
	SET_RESERVE_GREFS,
	SET_STORE,
	SET_DISK_MIB,
	SET_READONLY,
	SET_HOST_VIRTIO,
	SET_WORKLOAD,
	SET_JOB,
	SET_NUMBER_IOS,
	SET_INTERVAL_US,
	SET_VERIFY,
	SET_UNBIND,
	SET_TRACE,
	SET_PERF,
	SET_AGE_PERCENT,
	SET_AGE_SEED,
	NR_SETTINGS
};

enum key_type { KEY_TEXT, KEY_WORD, KEY_UINT, KEY_BOOL, KEY_SIZE, KEY_FILE };

/* A word that a key may take; later != NULL: refused, with that text as the reason. */
struct key_word {
	const char *word;
	const char *help;
	const char *later;
};

struct scenario_key {
	const char *section;
	const char *name;
	enum key_type type;
	bool is_axis;
	int index;			/* enum axis or enum setting */
	const struct key_word *words;	/* KEY_WORD: ends with a NULL word */
	unsigned long min, max;		/* KEY_UINT, and KEY_SIZE in bytes */
	const char *def;		/* default, as it would stand in the file; NULL: none */
	const char *help;
};

/* Ends with a NULL section. */
extern const struct scenario_key scenario_keys[];

const struct scenario_key *scenario_axis_key(enum axis axis);
const struct scenario_key *scenario_setting_key(enum setting setting);

struct budget {
	char *metric;
	bool at_most;		/* metric <= limit, else metric >= limit */
	double limit;
	int line;
};

/* One condition of an exclusion or of --only: axis is one of the values. */
struct axis_match {
	enum axis axis;
	char *value;
};

struct exclusion {
	struct axis_match *match;	/* all must hold */
	size_t nr_matches;
	char *reason;
	int line;
};

/*
 * Cells that are to fail, and what their reason then holds; word (result/result.h) is
 * what a report calls them if they do.
 */
struct expectation {
	struct exclusion which;		/* its reason: the text that the cell's holds */
	const char *word;
};

struct scenario {
	char *path;
	char *name;			/* file name without ".ini" */
	char **values[NR_AXES];		/* NULL-terminated */
	char *setting[NR_SETTINGS];	/* NULL where there is no default; paths made absolute */
	struct budget *budgets;
	size_t nr_budgets;
	struct exclusion *exclusions;
	size_t nr_exclusions;
	struct expectation *expectations;
	size_t nr_expectations;
};

struct cell {
	char *id;			/* the axes' values joined with "-", rare ones when not the default */
	const char *value[NR_AXES];	/* owned by the scenario */
	char *not_applicable;		/* why the cell does not run, or NULL */
};

struct cells {
	struct cell *cell;
	size_t nr;
};

/*
 * Read and check a file. name_or_path is a path, or the name of a shipped
 * scenario ("blk-smoke"). Errors carry GB_USAGE and name file, line and key;
 * nothing is returned then. Caller frees with scenario_free().
 */
int scenario_load(const char *name_or_path, struct scenario **out, struct err *err);
void scenario_free(struct scenario *s);
unsigned long scenario_uint(const struct scenario *s, enum setting setting);
bool scenario_bool(const struct scenario *s, enum setting setting);

/*
 * Put a value over the file's, as the command line does. option names the origin in
 * the error, such as "--seeds".
 */
int scenario_override(struct scenario *s, enum setting setting, const char *option,
		      const char *value, struct err *err);

/*
 * The product of the axes. only: NULL-terminated "AXIS=V[,V…]" conditions, all
 * must hold, NULL for none; selecting nothing is an error. Caller releases.
 */
int scenario_cells(const struct scenario *s, const char *const *only, struct cells *out,
		   struct err *err);
void cells_release(struct cells *cells);

/* What the scenario expects of the cell if not that it passes: the first that fits, or NULL. */
const struct expectation *scenario_expects(const struct scenario *s, const struct cell *cell);

/* Xen starts the domUs, from the host's tree: there is no toolstack, and no xenstore. */
bool cell_is_dom0less(const struct cell *cell);
/* The backend is in a domU of its own. */
bool cell_has_driver(const struct cell *cell);
/* Is the device under test a network interface, of whatever kind? */
bool cell_is_net(const struct cell *cell);
/*
 * Who else there is, of topology driver-domain: a second frontend of the same driver domain,
 * or a second driver domain for a second device of the frontend.
 */
enum second { SECOND_NONE, SECOND_FRONTEND, SECOND_DRIVER };

enum second cell_second(const struct cell *cell);
/* Some axes say nothing about a device of the other kind. */
bool cell_has_axis(const struct cell *cell, enum axis axis);

/* The one cell whose id is, or uniquely contains, text; text NULL: the first that can run. */
int cells_find(const struct cells *cells, const char *text, const struct cell **out,
	       struct err *err);

/* "8k", "1m" and plain bytes as fio reads them; 0 when malformed. */
unsigned long long scenario_parse_size(const char *text);

/* The table of keys as text for people (roff = false) or for scenario(5). */
void scenario_print_help(FILE *f, bool roff);

/* Folder of shipped files ("scenarios", "guests", "images"): beside the program or installed. */
char *shipped_path(const char *rel);

static inline bool cell_is(const struct cell *c, enum axis axis, const char *value)
{
	return !__builtin_strcmp(c->value[axis], value);
}

#endif
