/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a device's probe went, read from the kernel's own log. With initcall_debug
 * on the kernel's command line the driver core logs every attempt and its result
 * (really_probe_debug(), drivers/base/dd.c), and why it stopped waiting for
 * a supplier (driver_deferred_probe_check_state(), same file).
 */
#ifndef GB_AGENT_PROBE_H
#define GB_AGENT_PROBE_H

/*
 * Report "probe": {"device", "attempts", "deferrals", "first_us", "probe_us",
 * "ready_us", "request_us", "gave_up"}. Times are the log's, microseconds since the
 * kernel's clock began (not CLOCK_MONOTONIC, which loses ticks until the kernel
 * has its clock source): the end of the first attempt, of the one that succeeded,
 * and the agent's own phases "disk-ready" and "first-request"; -1 where there was
 * none. gave_up is the kernel's sentence, "" if it did not give up on anything.
 */
void probe_report(const char *device);

#endif
