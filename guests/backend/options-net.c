// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "options.h"

int options_parse_mac(const char *text, uint8_t mac[VNET_ETH_ALEN])
{
	unsigned int i, any = 0;

	for (i = 0; i < VNET_ETH_ALEN; i++, text += 3) {
		char hex[5] = { '0', 'x', text[0], text[0] ? text[1] : '\0', '\0' };
		uint64_t v;

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (i + 1 < VNET_ETH_ALEN ? ':' : '\0') ||
		    parse_number(hex, 0, 255, false, &v))
			return -EINVAL;
		mac[i] = (uint8_t)v;
		any |= mac[i];
	}
	return !any || (mac[0] & 1) ? -EINVAL : 0;
}

int options_parse_offloads(const char *text, uint64_t *features)
{
	static const struct {
		const char *word;
		uint64_t features;
	} words[] = {
		{ "all", VNET_OFFLOADS }, { "none", 0 }, { "csum", VIRTIO_NET_F_CSUM },
		{ "tso4", VIRTIO_NET_F_HOST_TSO4 }, { "tso6", VIRTIO_NET_F_HOST_TSO6 },
		{ "guest-csum", VIRTIO_NET_F_GUEST_CSUM },
		{ "guest-tso4", VIRTIO_NET_F_GUEST_TSO4 },
		{ "guest-tso6", VIRTIO_NET_F_GUEST_TSO6 }, { "mrg", VIRTIO_NET_F_MRG_RXBUF },
	};
	bool alone = false;
	uint64_t sum = 0;
	size_t n = 0;

	for (;; text++) {
		size_t len = strcspn(text, "+"), i;

		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strlen(words[i].word) == len && !strncmp(words[i].word, text, len))
				break;
		if (i == sizeof(words) / sizeof(words[0]))
			return -EINVAL;
		sum |= words[i].features;
		alone |= i < 2;
		n++;
		text += len;
		if (!*text)
			break;
	}
	/* 5.1.3.1: what needs a checksum's offload */
	if ((alone && n > 1) ||
	    (!(sum & VIRTIO_NET_F_CSUM) && (sum & (VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6))) ||
	    (!(sum & VIRTIO_NET_F_GUEST_CSUM) &&
	     (sum & (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6))))
		return -EINVAL;
	*features = sum;
	return 0;
}

int options_parse_ifname(const char *text, char name[IFNAMSIZ])
{
	size_t i;

	for (i = 0; text[i]; i++)
		if (i == IFNAMSIZ - 1 ||
		    (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_'))
			return -EINVAL;
	if (!i)
		return -EINVAL;
	memcpy(name, text, i + 1);
	return 0;
}
