/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dom0's side of who else there is beside a driver domain and its frontend: a second
 * frontend that the same driver domain serves, which may be a hostile one, or a
 * second driver domain that serves the frontend's second device.
 *
 * Domain ids are given in the order of creation: driver domains, then frontends.
 */
#ifndef GB_AGENT_SECOND_H
#define GB_AGENT_SECOND_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "driver.h"
#include "relay.h"

enum second_kind { SECOND_NONE, SECOND_FRONTEND, SECOND_FRONT, SECOND_DRIVER };

struct second {
	enum second_kind kind;
	int domid;			/* 0: not created yet */
	struct driver driver;		/* SECOND_DRIVER */
	struct relay relay;		/* the others */
};

/* Before anything is created. False: the configuration names no kind that there is. */
bool second_init(struct second *s, const struct conf *conf);

/* When the turn of drivers, or of frontends, has come: create it, paused, if it is one. 0 or -1. */
int second_create(struct second *s, const struct conf *conf, bool drivers, xc_interface *xch,
		  char *error, size_t err_size);

/* A driver domain: start it and wait until its backend is ready. 0 or -1. */
int second_serve(struct second *s, int frontend_domid, char *error, size_t err_size);

/* A frontend, unless it is hostile: that one waits for its moment. 0 or -1. */
int second_unpause(struct second *s, char *error, size_t err_size);

/* Pass on what it says. */
void second_poll(struct second *s);
void second_drain(struct second *s);

/* A frontend that has not come to its end yet. */
bool second_runs(const struct second *s, xc_interface *xch);

/* Its end, when the first frontend was destroyed. False: reported. */
bool second_end_frontend(struct second *s, xc_interface *xch);
bool second_end_driver(struct second *s, xc_interface *xch);

#endif
