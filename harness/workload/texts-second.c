// SPDX-License-Identifier: GPL-2.0-or-later
/* The texts of a second driver domain, or of a second frontend. */
#include <string.h>

#include "workload/texts.h"

/* A hostile frontend needs next to nothing; its second device is there to be left alone. */
#define FRONT_MEM_MIB 16

static enum second second_of(const struct machine *m)
{
	return cell_second(m->cell);
}

/* The machine as the second device sees it. */
static struct machine second_device(const struct machine *m)
{
	struct machine other = *m;

	other.mmio_base = m->mmio_second;
	other.spi = m->spi_second;
	return other;
}

void text_second_conf(const struct machine *m, struct buf *out)
{
	struct machine other = second_device(m);

	if (second_of(m) == SECOND_FRONTEND && !machine_has_hostile_front(m))
		text_domu_conf(m, REPORT_DOMU2, out);
	if (second_of(m) != SECOND_DRIVER)
		return;
	text_common_conf(m, REPORT_BACKEND2, out);
	buf_addf(out, "frontend_domid=%u\ndevice=", m->frontend_domid);
	text_backend_device(&other, false, out);
	buf_addstr(out, "\n");
	if (machine_is_attacked(m))
		buf_addf(out, "attack=%s\n", m->cell->value[AXIS_ATTACK]);
}

void text_second_config(const struct machine *m, struct buf *out)
{
	const struct scenario *s = m->scenario;

	switch (second_of(m)) {
	case SECOND_NONE:
		break;
	case SECOND_DRIVER:
		text_xl_common(m, SECOND_NAME, "Image", "second.cpio", scenario_uint(s, SET_DRIVER_MEM_MIB),
			       true, out);
		text_label(m, "driver2_t", out);
		buf_addstr(out, "extra = \"");
		text_driver_args(m, out);
		buf_addstr(out, "\"\n");
		break;
	case SECOND_FRONTEND:
		if (machine_has_hostile_front(m)) {
			text_xl_common(m, SECOND_NAME, "front", NULL, FRONT_MEM_MIB, false, out);
			text_label(m, text_frontend_type(m), out);
			break;
		}
		text_frontend_config(m, SECOND_NAME, "second.cpio", out);
		break;
	}
}

void text_second_dom0_conf(const struct machine *m, struct buf *out)
{
	if (second_of(m) == SECOND_NONE)
		return;
	buf_addf(out, "second=%s\nsecond_domid=%u\nsecond_config=/grantbench/second.cfg\n"
		 "second_name=" SECOND_NAME "\n", second_of(m) == SECOND_DRIVER ? "driver" :
		 machine_has_hostile_front(m) ? "front" : "frontend", m->second_domid);
}

void text_second_driver_conf(const struct machine *m, struct buf *out)
{
	struct machine other = second_device(m);

	if (second_of(m) != SECOND_FRONTEND)
		return;
	buf_addf(out, "second_domid=%u\nsecond_device=", m->second_domid);
	text_backend_device(m, false, out);
	buf_addstr(out, "\n");
	if (!machine_has_hostile_front(m))
		return;
	buf_addstr(out, "second_device=");
	text_backend_device(&other, false, out);
	buf_addstr(out, "\n");
}
