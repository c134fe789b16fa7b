// SPDX-License-Identifier: GPL-2.0-or-later
/* Orders from dom0, by xenstore. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

void hostile_answer(struct hostile *h, const char *fmt, ...)
{
	char text[3072];
	va_list ap;
	int n = snprintf(text, sizeof(text), "%u ", h->seq);

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	if (!xs_write(h->xs, XBT_NULL, "data/did", text, (unsigned int)strlen(text)))
		fprintf(stderr, "gb-hostile: cannot answer\n");
}

static void scribble(struct hostile *h)
{
	if (h->kept.va)
		memset(h->kept.va, STAMP, h->kept.len);
	hostile_answer(h, "%s", h->kept.va ? "written" : "nothing is kept");
}

static void drop(struct hostile *h)
{
	if (h->kept.va)
		h->real->unmap(xen_dma(&h->dev->dma), &h->dev->vdev->setup, &h->kept, 1);
	hostile_answer(h, "dropped");
}

static void carry_out(struct hostile *h, const char *verb, const char *arg)
{
	char *rest;
	unsigned int nr = (unsigned int)strtoul(arg, &rest, 10);
	unsigned long with = strtoul(rest, NULL, 10);
	struct tally none = { 0, 0 };

	if (!strcmp(verb, "assault")) {
		h->near = h->readonly = h->stale = none;
		h->left = strtoul(arg, NULL, 10);
	} else if (!strcmp(verb, "hold")) {
		h->hold = true;
	} else if (!strcmp(verb, "go")) {
		h->go = true;
		hostile_answer(h, "gone");
	} else if (!strcmp(verb, "map")) {
		sweep_map(h, h->be->domid, nr);
	} else if (!strcmp(verb, "map0")) {
		sweep_map(h, 0, nr);
	} else if (!strcmp(verb, "unmap")) {
		sweep_unmap(h);
	} else if (!strcmp(verb, "copy")) {
		sweep_copy(h, nr, with ? (uint8_t)with : STAMP);
	} else if (!strcmp(verb, "peek")) {
		sweep_peek(h);
	} else if (!strcmp(verb, "foreign")) {
		sweep_foreign(h);
	} else if (!strcmp(verb, "keep")) {
		h->keep = true;
	} else if (!strcmp(verb, "scribble")) {
		scribble(h);
	} else if (!strcmp(verb, "drop")) {
		drop(h);
	} else if (!strcmp(verb, "ring")) {
		ring_attack(h, arg);
	} else if (!strcmp(verb, "die")) {
		/* in the middle of a request: hostile_map() does it */
		h->die = true;
	} else {
		hostile_answer(h, "unknown order %s", verb);
	}
}

void hostile_obey(struct hostile *h)
{
	unsigned int len = 0, seq = 0;
	char verb[32] = "", arg[32] = "";
	char *order = xs_read(h->xs, XBT_NULL, "data/do", &len);

	if (order && sscanf(order, "%u %31s %31[^\n]", &seq, verb, arg) >= 2 && seq != h->seq) {
		h->seq = seq;
		carry_out(h, verb, arg);
	}
	free(order);
}
