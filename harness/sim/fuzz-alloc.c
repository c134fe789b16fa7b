// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer over the allocators, by the model's script, and over traces.
 *
 * Byte 0: 0 a trace, else which variant; byte 1: the table's size and the limit.
 *
 * With the kernel's source (make fuzz-alloc-kernel) the table is upstream's, of which
 * defects are known: it is not asked for lists, does not grow, and has an even number of frames.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/trace.h"
#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Parsed or refused; what was parsed keeps its own promises. */
static void fuzz_trace(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct trace_error where = { 0, NULL };
	struct trace t;
	size_t i;

	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (trace_parse(text, size, &t, &where) < 0) {
		if (!where.what)
			abort();
	} else {
		for (i = 0; i < t.nr_events; i++)
			if (t.events[i].slot >= t.nr_slots || t.events[i].pages > TRACE_PAGES_MAX)
				abort();
		trace_release(&t);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model_opts opts = { .script = data + 2, .script_size = size - 2 };
	struct model_report r;
	size_t nr = 0;

	if (size < 2)
		return 0;
	if (!data[0]) {
		fuzz_trace(data + 1, size - 1);
		return 0;
	}
	/* the last ones are no allocators */
	while (strcmp(sim_variants[nr]->name, "locks") && strcmp(sim_variants[nr]->name, "null"))
		nr++;
	opts.variant = sim_variants[(data[0] - 1u) % nr];
	opts.frames = 2 + data[1] % 6;
#ifdef SIM_KERNEL_SOURCE
	sim_known_defects = true;
	opts.no_list = true;
	opts.frames &= ~1u;
#endif
	opts.max_refs = data[1] & 0x80 ? opts.frames * SIM_REFS_PER_FRAME : 300 + 40u * (data[1] & 0x1f);
	/* an aperture is one run, and the first few references are nobody's */
	if (opts.max_refs > (opts.frames - 1) * SIM_REFS_PER_FRAME && !strcmp(opts.variant->name, "iommu"))
		opts.max_refs = (opts.frames - 1) * SIM_REFS_PER_FRAME;
	if (model_run(&opts, &r) < 0) {
		fprintf(stderr, "%s: %s\n", opts.variant->name, r.why);
		abort();
	}
	return 0;
}
