/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network interfaces by ioctl and /proc/sys: what ip(8) and brctl(8) would do, without
 * them. Nothing here is left to a protocol: addresses, neighbours and the bridge's MAC
 * are given, so that two runs send the same frames. 0 or -errno.
 */
#ifndef GB_AGENT_NETCFG_H
#define GB_AGENT_NETCFG_H

#include <stdbool.h>
#include <stdint.h>

#define NETCFG_MAC_LEN 6

/*
 * No router solicitation, duplicate detection or made-up address on an interface, or on
 * those to come ("default").
 */
void netcfg_quiet(const char *name);

/* A bridge without spanning tree that forwards at once. */
int netcfg_bridge(const char *name);
int netcfg_mac(const char *name, const char *mac);
int netcfg_mtu(const char *name, int mtu);
/* "192.0.2.1/24" or "fd00::1/64". */
int netcfg_address(const char *name, const char *address);
/* A neighbour for good; IPv4. */
int netcfg_neighbour(const char *name, const char *ip, const char *mac);
int netcfg_up(const char *name, bool up);
/* No IPv6 on it from here on: nobody reports groups or looks for neighbours. */
int netcfg_no_ipv6(const char *name);
/* Put it into the bridge. */
int netcfg_join(const char *bridge, const char *name);
/* Has it a carrier? */
bool netcfg_link(const char *name);
/* ethtool -K: one of the words "tx", "sg", "tso", "gso", "gro", "rx". -EOPNOTSUPP: it is fixed. */
int netcfg_offload(const char *name, const char *feature, bool on);
/* ethtool -L combined. */
int netcfg_queues(const char *name, unsigned int nr);

int netcfg_parse_mac(const char *text, uint8_t mac[NETCFG_MAC_LEN]);

#endif
