/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The moment, the user and the machine that all builds pretend: two builds of
 * the same inputs have the same bytes, wherever and whenever they ran.
 */
#ifndef GRANTBENCH_BUILD_REPRO_H
#define GRANTBENCH_BUILD_REPRO_H

#define REPRO_EPOCH 1735689600	/* Wed Jan  1 00:00:00 UTC 2025 */
#define REPRO_EPOCH_TEXT "1735689600"
#define REPRO_DATE "Wed Jan  1 00:00:00 UTC 2025"
#define REPRO_TIME "00:00:00"
#define REPRO_USER "grantbench"
#define REPRO_HOST "grantbench"

#endif
