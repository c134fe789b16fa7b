// SPDX-License-Identifier: GPL-2.0-or-later
#include "netcfg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys.h"

/* linux/ipv6.h's struct in6_ifreq, which glibc's headers do not go with */
struct in6_request {
	struct in6_addr addr;
	uint32_t prefix;
	int ifindex;
};

void netcfg_quiet(const char *name)
{
	static const char *const zero[] = { "accept_ra", "accept_dad", "dad_transmits", "autoconf",
					    "router_solicitations" };
	char path[96];
	size_t i;

	for (i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", name, zero[i]);
		sys_write_file(path, "0");
	}
	/* groups are reported once, and at once */
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/mldv2_unsolicited_report_interval", name);
	sys_write_file(path, "1");
	sys_write_file("/proc/sys/net/ipv6/mld_qrv", "1");
	/* IN6_ADDR_GEN_MODE_NONE: no link-local address, so nobody to announce */
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/addr_gen_mode", name);
	sys_write_file(path, "1");
}

int netcfg_no_ipv6(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	return sys_write_file(path, "1");
}

/* One ioctl on an interface. data is the struct ifreq, or goes through ifr_data. */
static int request(const char *name, unsigned long op, struct ifreq *ifr)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = 0;

	if (s < 0)
		return -errno;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	if (ioctl(s, op, ifr) < 0)
		ret = -errno;
	close(s);
	return ret;
}

int netcfg_parse_mac(const char *text, uint8_t mac[NETCFG_MAC_LEN])
{
	unsigned int b[NETCFG_MAC_LEN], i;
	char end;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6)
		return -EINVAL;
	for (i = 0; i < NETCFG_MAC_LEN; i++)
		mac[i] = (uint8_t)b[i];
	return 0;
}

int netcfg_bridge(const char *name)
{
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret = 0;

	if (s < 0)
		return -errno;
	if (ioctl(s, SIOCBRADDBR, name) < 0)
		ret = -errno;
	close(s);
	return ret;
}

int netcfg_join(const char *bridge, const char *name)
{
	struct ifreq ifr = { .ifr_ifindex = (int)if_nametoindex(name) };

	return ifr.ifr_ifindex ? request(bridge, SIOCBRADDIF, &ifr) : -ENODEV;
}

int netcfg_mac(const char *name, const char *mac)
{
	struct ifreq ifr = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };
	int ret = netcfg_parse_mac(mac, (uint8_t *)ifr.ifr_hwaddr.sa_data);

	return ret < 0 ? ret : request(name, SIOCSIFHWADDR, &ifr);
}

int netcfg_mtu(const char *name, int mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };

	return request(name, SIOCSIFMTU, &ifr);
}

static int address6(const char *name, const char *ip, int prefix)
{
	struct in6_request req = { .prefix = (uint32_t)prefix };
	int s, ret = 0;

	req.ifindex = (int)if_nametoindex(name);
	if (!req.ifindex || inet_pton(AF_INET6, ip, &req.addr) != 1)
		return -EINVAL;
	s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -errno;
	if (ioctl(s, SIOCSIFADDR, &req) < 0)
		ret = -errno;
	close(s);
	return ret;
}

int netcfg_address(const char *name, const char *address)
{
	struct ifreq ifr = { .ifr_name = "" };
	struct sockaddr_in *in = (struct sockaddr_in *)&ifr.ifr_addr;
	char ip[64], *slash;
	int prefix, ret;

	snprintf(ip, sizeof(ip), "%s", address);
	slash = strchr(ip, '/');
	if (!slash)
		return -EINVAL;
	*slash++ = '\0';
	prefix = atoi(slash);
	if (strchr(ip, ':'))
		return address6(name, ip, prefix);
	in->sin_family = AF_INET;
	if (inet_pton(AF_INET, ip, &in->sin_addr) != 1 || prefix < 1 || prefix > 32)
		return -EINVAL;
	ret = request(name, SIOCSIFADDR, &ifr);
	in->sin_addr.s_addr = htonl(0xffffffffu << (32 - prefix));
	return ret < 0 ? ret : request(name, SIOCSIFNETMASK, &ifr);
}

int netcfg_neighbour(const char *name, const char *ip, const char *mac)
{
	struct arpreq req = { .arp_flags = ATF_PERM | ATF_COM };
	struct sockaddr_in *in = (struct sockaddr_in *)&req.arp_pa;
	int s, ret;

	ret = netcfg_parse_mac(mac, (uint8_t *)req.arp_ha.sa_data);
	in->sin_family = AF_INET;
	if (ret < 0 || inet_pton(AF_INET, ip, &in->sin_addr) != 1)
		return -EINVAL;
	req.arp_ha.sa_family = ARPHRD_ETHER;
	snprintf(req.arp_dev, sizeof(req.arp_dev), "%s", name);
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -errno;
	if (ioctl(s, SIOCSARP, &req) < 0)
		ret = -errno;
	close(s);
	return ret;
}

int netcfg_up(const char *name, bool up)
{
	struct ifreq ifr = { .ifr_flags = 0 };
	int ret = request(name, SIOCGIFFLAGS, &ifr);

	if (up)
		ifr.ifr_flags |= IFF_UP;
	else
		ifr.ifr_flags &= ~IFF_UP;
	return ret < 0 ? ret : request(name, SIOCSIFFLAGS, &ifr);
}

bool netcfg_link(const char *name)
{
	struct ifreq ifr = { .ifr_flags = 0 };

	return request(name, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_RUNNING);
}

int netcfg_offload(const char *name, const char *feature, bool on)
{
	static const struct {
		const char *word;
		unsigned int get, set;
	} words[] = {
		{ "tx", ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM }, { "rx", ETHTOOL_GRXCSUM, ETHTOOL_SRXCSUM },
		{ "sg", ETHTOOL_GSG, ETHTOOL_SSG }, { "tso", ETHTOOL_GTSO, ETHTOOL_STSO },
		{ "gso", ETHTOOL_GGSO, ETHTOOL_SGSO }, { "gro", ETHTOOL_GGRO, ETHTOOL_SGRO },
	};
	struct ethtool_value value = { 0, on };
	struct ifreq ifr = { .ifr_data = (char *)&value };
	size_t i;
	int ret;

	for (i = 0; i < sizeof(words) / sizeof(words[0]) && strcmp(words[i].word, feature); i++)
		;
	if (i == sizeof(words) / sizeof(words[0]))
		return -EINVAL;
	value.cmd = words[i].set;
	ret = request(name, SIOCETHTOOL, &ifr);
	if (ret < 0)
		return ret;
	/* a driver may accept and do nothing */
	value.cmd = words[i].get;
	ret = request(name, SIOCETHTOOL, &ifr);
	return ret < 0 ? ret : !!value.data == on ? 0 : -EOPNOTSUPP;
}

int netcfg_queues(const char *name, unsigned int nr)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq ifr = { .ifr_data = (char *)&channels };
	int ret = request(name, SIOCETHTOOL, &ifr);

	if (ret < 0)
		return ret;
	if (channels.combined_count == nr)
		return 0;
	channels.cmd = ETHTOOL_SCHANNELS;
	channels.combined_count = nr;
	return request(name, SIOCETHTOOL, &ifr);
}
