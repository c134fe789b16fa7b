// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of keys as text, and as the man page grantbench-scenario(5). */
#include <string.h>

#include "scenario/scenario.h"

static const char *type_text(const struct scenario_key *k)
{
	switch (k->type) {
	case KEY_TEXT: return "text";
	case KEY_WORD: return "one of the words below";
	case KEY_UINT: return "number";
	case KEY_BOOL: return "yes or no";
	case KEY_SIZE: return "size such as 4k or 1m";
	case KEY_FILE: return "file";
	}
	return "";
}

static void print_type(FILE *f, const struct scenario_key *k)
{
	fprintf(f, "%s%s", k->is_axis ? "axis: a list; each a " : "", type_text(k));
	if (k->type == KEY_UINT)
		fprintf(f, " from %lu to %lu", k->min, k->max);
	if (k->def && *k->def)
		fprintf(f, ", default %s", k->def);
}

static void print_text(FILE *f)
{
	const struct scenario_key *k;
	const struct key_word *w;
	const char *section = "";

	for (k = scenario_keys; k->section; k++) {
		if (strcmp(section, k->section))
			fprintf(f, "[%s]\n", section = k->section);
		fprintf(f, "  %-24s%s\n  %24s", k->name, k->help, "");
		print_type(f, k);
		fputc('\n', f);
		for (w = k->words; w && w->word; w++)
			fprintf(f, "  %26s%-15s%s%s%s%s\n", "", w->word, w->help, w->later ? " (" : "",
				w->later ? w->later : "", w->later ? ")" : "");
	}
	fputs("[budget]\n"
	      "  METRIC <= NUMBER        a limit that makes a run fail with exit status 1;\n"
	      "  METRIC >= NUMBER        named as in result.json, for each cell that has the metric\n"
	      "[exclude]\n"
	      "  leave_out               AXIS=VALUE ...: reason (may be repeated)\n"
	      "[expect]\n"
	      "  fail                    AXIS=VALUE ...: text (may be repeated): a known defect, these cells\n"
	      "                          are to fail, with a reason that holds the text\n"
	      "  refuse                  likewise, where failing is what is right\n", f);
}

static const char page_head[] =
	".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	".\\\" Made by \"grantbench help scenario --roff\"; the keys' table is harness/scenario/keys.c.\n"
	".TH GRANTBENCH\\-SCENARIO 5 \"2026\" \"grantbench 0.1\" \"File Formats\"\n"
	".SH NAME\n"
	"grantbench\\-scenario \\- which machines grantbench compares\n"
	".SH DESCRIPTION\n"
	"A scenario is an INI file: sections in brackets,\n"
	".IR \"key \" = \" value\" ,\n"
	"comments from # to the end of a line. A key that is an axis takes a list with commas;\n"
	"the cells of the scenario are the product of all lists. A cell that cannot exist stays\n"
	"in the product as not applicable, with the reason. An unknown section or key, a key that\n"
	"stands twice, a value of the wrong type or out of range, and an empty list are errors\n"
	"that name file, line and key; nothing runs then.\n"
	".PP\n"
	"The shipped scenarios are in the folder\n"
	".IR scenarios ;\n"
	".B grantbench list\n"
	"names them, and the command line takes these names as well as paths.\n"
	".SH KEYS\n";

static const char page_tail[] =
	".SS [budget]\n.TP\n.I METRIC <= NUMBER\n.TQ\n.I METRIC >= NUMBER\n"
	"A limit that makes a run fail with exit status 1. METRIC is named as in result.json;\n"
	"the limit holds for each cell that has the metric.\n"
	".SS [exclude]\n.TP\n.B leave_out\nAXIS=VALUE ...: reason. "
	"Cells for which every condition holds are not run; the reason is printed. "
	"May be given more than once.\n"
	".SS [expect]\n.TP\n.B fail\nAXIS=VALUE ...: text. "
	"A known defect: cells for which every condition holds are to fail, with a reason that\n"
	"holds the text. Such a cell is reported as\n.IR expected\\-fail\n"
	"and leaves the exit status alone; one that passes is reported as\n.IR unexpected\\-pass ,\n"
	"and the exit status is 1. Failing in another way counts as for any cell. May be given\n"
	"more than once.\n"
	".TP\n.B refuse\nLikewise, of cells that are right to fail; reported as\n.IR refused .\n"
	".SH EXAMPLE\n.nf\n"
	"[scenario]\n"
	"description = what does iommus cost against xen,dev\\-domid?\n"
	"engine = exact\n"
	"\n"
	"[variant]\n"
	"topology = dom0less\n"
	"binding = dev\\-domid, iommus\n"
	"\n"
	"[workload]\n"
	"job = blk\\-randread.fio\n"
	"number_ios = 300\n"
	".fi\n"
	".SH SEE ALSO\n"
	".BR grantbench (1),\n"
	".BR fio (1)\n";

/* Hyphens as they are typed, so that a value can be copied out of the page. */
static void roff_word(FILE *f, const char *s)
{
	for (; *s; s++)
		fprintf(f, *s == '-' ? "\\-" : "%c", *s);
}

static void print_page(FILE *f)
{
	const struct scenario_key *k;
	const struct key_word *w;
	const char *section = "";

	fputs(page_head, f);
	for (k = scenario_keys; k->section; k++) {
		if (strcmp(section, k->section))
			fprintf(f, ".SS [%s]\n", section = k->section);
		fprintf(f, ".TP\n.B %s\n%s (", k->name, k->help);
		print_type(f, k);
		fputs(").\n", f);
		for (w = k->words; w && w->word; w++) {
			fputs(".RS\n.TP\n.I ", f);
			roff_word(f, w->word);
			fprintf(f, "\n%s%s%s%s\n.RE\n", w->help, w->later ? " (" : "",
				w->later ? w->later : "", w->later ? ")" : "");
		}
	}
	fputs(page_tail, f);
}

void scenario_print_help(FILE *f, bool roff)
{
	if (roff)
		print_page(f);
	else
		print_text(f);
}
