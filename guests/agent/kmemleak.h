/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel built with --debug kmemleak looks for memory that nobody points to. */
#ifndef GB_AGENT_KMEMLEAK_H
#define GB_AGENT_KMEMLEAK_H

/*
 * To be called when the devices are gone: check kmemleak-SRC, and blob kmemleak-SRC.txt with
 * what is lost and who allocated it. With any other kernel nothing happens.
 */
void kmemleak_check(const char *src);

#endif
