// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mmio.h"
#include "options.h"

enum key {
	KEY_MMIO, KEY_IRQ, KEY_IRQ_TYPE, KEY_TYPE, KEY_STORE, KEY_SIZE, KEY_PATH, KEY_QUEUES,
	KEY_QUEUE_SIZE, KEY_READONLY, KEY_MAPPING, KEY_GRANTS, KEY_SEG_MAX, KEY_SIZE_MAX,
	KEY_BLK_SIZE, KEY_DISCARD, KEY_SERIAL, KEY_SHORT_ID,
	KEY_SPAN, KEY_MTU, KEY_MAC, KEY_OFFLOADS, KEY_TAP, KEY_BRIDGE, KEY_INDIRECT, KEY_COPY_MAX,
};

static const struct {
	const char *name;
	enum key key;
	const char *range;	/* what is allowed, for messages and the help text */
	const char *help;
} keys[] = {
	{ "mmio", KEY_MMIO, "an address, a multiple of 512", "registers in the guest; required" },
	{ "irq", KEY_IRQ, "32 to 1019, or evtchn", "interrupt (SPI) number, or the frontend's event channel; required" },
	{ "irq-type", KEY_IRQ_TYPE, "edge or level", "as the device tree says; default edge" },
	{ "type", KEY_TYPE, "blk or net", "kind of device; default blk" },
	{ "store", KEY_STORE, "ram, null or file; net: null, loop or tap",
	  "where data lives, or packets go; default ram, and null" },
	{ "size", KEY_SIZE, "bytes, K, M or G; a multiple of 512", "default 64M; a file's own" },
	{ "path", KEY_PATH, "up to 255 characters, no comma", "the file of store=file" },
	{ "queues", KEY_QUEUES, "1 to 16; net: 1 to 4", "virtqueues, or pairs of them; default 1" },
	{ "queue-size", KEY_QUEUE_SIZE, "2 to 1024, a power of two", "entries; default 256" },
	{ "readonly", KEY_READONLY, "0 or 1", "default 0" },
	{ "mapping", KEY_MAPPING, "map, batch, copy, adaptive, persistent, foreign; test-hold, test-write",
	  "default map, foreign without grants" },
	{ "copy-max", KEY_COPY_MAX, "0 to 134217728; K or M", "adaptive: larger requests are mapped; default 128K" },
	{ "indirect", KEY_INDIRECT, "0 or 1", "offer INDIRECT_DESC; default 1, 0 for copy and adaptive" },
	{ "grants", KEY_GRANTS, "0 or 1", "offer ACCESS_PLATFORM, expect grants; default 1" },
	{ "seg-max", KEY_SEG_MAX, "1 to 1024", "data segments; default queue-size - 2" },
	{ "size-max", KEY_SIZE_MAX, "512 to 134217728", "bytes of a segment; default: no limit" },
	{ "blk-size", KEY_BLK_SIZE, "512, 1024, 2048 or 4096", "logical block; default 512" },
	{ "discard", KEY_DISCARD, "0 or 1", "offer DISCARD and WRITE_ZEROES; default 1" },
	{ "serial", KEY_SERIAL, "up to 20 characters", "answer to GET_ID; default grantbench" },
	{ "short-id", KEY_SHORT_ID, "0 or 1", "a test: GET_ID does not write what is behind the serial; default 0" },
	{ "span", KEY_SPAN, "bytes, K, M or G; net: 0 or mark",
	  "data of the timed part behind a mark, or up to the next mark; default 0: none" },
	{ "mtu", KEY_MTU, "68 to 65535", "net: default 1500" },
	{ "mac", KEY_MAC, "six bytes as 02:00:00:00:00:01, no group's",
	  "net: default 02:67:62:00:00:01 and so on" },
	{ "offloads", KEY_OFFLOADS,
	  "all, none, or csum, tso4, tso6, guest-csum, guest-tso4, guest-tso6, mrg joined with +",
	  "net: what is offered; default all" },
	{ "tap", KEY_TAP, "1 to 15 letters, digits, - or _", "net: the tap's name; default gbtap0 and so on" },
	{ "bridge", KEY_BRIDGE, "1 to 15 letters, digits, - or _", "net: what the tap joins; default none" },
};

#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

int parse_number(const char *text, uint64_t min, uint64_t max, bool suffix, uint64_t *value)
{
	unsigned long long v;
	unsigned int shift = 0;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;		/* strtoull would take signs and blanks */
	errno = 0;
	v = strtoull(text, &end, text[0] == '0' && text[1] == 'x' ? 16 : 10);
	if (errno || end == text || (text[1] == 'x' && end == text + 1))
		return -EINVAL;
	if (suffix && *end) {
		switch (*end++) {
		case 'K':
			shift = 10;
			break;
		case 'M':
			shift = 20;
			break;
		case 'G':
			shift = 30;
			break;
		default:
			return -EINVAL;
		}
	}
	if (*end || v > UINT64_MAX >> shift)
		return -EINVAL;
	v <<= shift;
	if (v < min || v > max)
		return -EINVAL;
	*value = v;
	return 0;
}

/* value to the index of the name in a NULL-terminated list, or -EINVAL. */
static int parse_choice(const char *value, const char *const *names)
{
	int i;

	for (i = 0; names[i]; i++)
		if (!strcmp(value, names[i]))
			return i;
	return -EINVAL;
}

static int parse_string(char *to, size_t size, const char *value)
{
	if (!*value || strlen(value) >= size)
		return -EINVAL;
	memset(to, 0, size);
	memcpy(to, value, strlen(value));
	return 0;
}

static int is_power_of_two(uint64_t v)
{
	return v && !(v & (v - 1));
}

static int set_key(struct device_options *opt, enum key key, const char *value)
{
	static const char *const irq_types[] = { "edge", "level", NULL };
	static const char *const types[] = { "blk", "net", NULL };
	static const char *const mappings[] = { "map", "batch", "copy", "adaptive", "persistent",
		"test-hold", "test-write", "foreign", NULL };
	uint64_t v = 0;
	int rc;

	switch (key) {
	case KEY_MMIO:
		rc = parse_number(value, VMMIO_SIZE, (1ull << DMA_PHYS_BITS) - VMMIO_SIZE, false,
				  &v);
		opt->mmio = v;
		return rc || v % VMMIO_SIZE ? -EINVAL : 0;
	case KEY_IRQ:
		opt->irq_evtchn = !strcmp(value, "evtchn");
		if (opt->irq_evtchn)
			return 0;
		rc = parse_number(value, 32, 1019, false, &v);
		opt->irq = (unsigned int)v;
		return rc;
	case KEY_IRQ_TYPE:
		rc = parse_choice(value, irq_types);
		opt->irq_level = rc == 1;
		return rc < 0 ? rc : 0;
	case KEY_TYPE:
		rc = parse_choice(value, types);
		opt->net = rc == 1;
		return rc < 0 ? rc : 0;
	case KEY_STORE:
		/* which words there are depends on the type: finish() */
		return parse_string(opt->store_name, sizeof(opt->store_name), value);
	case KEY_SIZE:
		rc = parse_number(value, 512, INT64_MAX, true, &opt->size_bytes);
		return rc || opt->size_bytes % 512 ? -EINVAL : 0;
	case KEY_PATH:
		return parse_string(opt->path, sizeof(opt->path), value);
	case KEY_QUEUES:
		rc = parse_number(value, 1, VMMIO_QUEUES_MAX, false, &v);
		opt->blk.nr_queues = (unsigned int)v;
		opt->net_config.nr_pairs = (unsigned int)v;
		return rc;
	case KEY_QUEUE_SIZE:
		rc = parse_number(value, 2, VIRTQ_SIZE_MAX, false, &v);
		opt->blk.queue_size = (unsigned int)v;
		opt->net_config.queue_size = (unsigned int)v;
		return rc || !is_power_of_two(v) ? -EINVAL : 0;
	case KEY_READONLY:
		rc = parse_number(value, 0, 1, false, &v);
		opt->blk.readonly = v;
		return rc;
	case KEY_MAPPING:
		rc = parse_choice(value, mappings);
		if (rc < 0)
			return rc;
		opt->mapping = (enum mapping_kind)rc;
		return 0;
	case KEY_COPY_MAX:
		rc = parse_number(value, 0, VIRTQ_BYTES_MAX, true, &v);
		opt->copy_max = (uint32_t)v;
		return rc;
	case KEY_INDIRECT:
		rc = parse_number(value, 0, 1, false, &v);
		opt->direct_only = !v;
		return rc;
	case KEY_GRANTS:
		rc = parse_number(value, 0, 1, false, &v);
		opt->grants = v;
		return rc;
	case KEY_SEG_MAX:
		rc = parse_number(value, 1, VIRTQ_CHAIN_MAX - 2, false, &v);
		opt->blk.seg_max = (unsigned int)v;
		return rc;
	case KEY_SIZE_MAX:
		rc = parse_number(value, 512, VIRTQ_BYTES_MAX, false, &v);
		opt->blk.size_max = (uint32_t)v;
		return rc;
	case KEY_BLK_SIZE:
		rc = parse_number(value, 512, 4096, false, &v);
		opt->blk.blk_size = (uint32_t)v;
		return rc || !is_power_of_two(v) ? -EINVAL : 0;
	case KEY_DISCARD:
		rc = parse_number(value, 0, 1, false, &v);
		opt->blk.discard = v;
		return rc;
	case KEY_SPAN:
		opt->span_by_mark = !strcmp(value, "mark");
		if (opt->span_by_mark)
			return 0;
		return parse_number(value, 0, INT64_MAX, true, &opt->span_bytes);
	case KEY_SERIAL:
		return parse_string(opt->blk.serial, sizeof(opt->blk.serial), value);
	case KEY_SHORT_ID:
		rc = parse_number(value, 0, 1, false, &v);
		opt->blk.short_id = v;
		return rc;
	case KEY_MTU:
		rc = parse_number(value, VNET_MTU_MIN, VNET_MTU_MAX, false, &v);
		opt->net_config.mtu = (unsigned int)v;
		return rc;
	case KEY_MAC:
		return options_parse_mac(value, opt->net_config.mac);
	case KEY_OFFLOADS:
		return options_parse_offloads(value, &opt->net_config.offloads);
	case KEY_TAP:
		return options_parse_ifname(value, opt->tap);
	case KEY_BRIDGE:
		return options_parse_ifname(value, opt->bridge);
	}
	return -EINVAL;
}

#define BIT(key) (1u << (key))

/* Keys that only a disk, or only a network device, can have. */
#define BLK_KEYS (BIT(KEY_SIZE) | BIT(KEY_PATH) | BIT(KEY_READONLY) | BIT(KEY_SEG_MAX) | \
		  BIT(KEY_SIZE_MAX) | BIT(KEY_BLK_SIZE) | BIT(KEY_DISCARD) | BIT(KEY_SERIAL) | \
		  BIT(KEY_SHORT_ID))
#define NET_KEYS (BIT(KEY_MTU) | BIT(KEY_MAC) | BIT(KEY_OFFLOADS) | BIT(KEY_TAP) | BIT(KEY_BRIDGE))

static const char *finish_blk(struct device_options *opt, unsigned int seen)
{
	static const char *const stores[] = { "ram", "null", "file", NULL };
	int store = seen & BIT(KEY_STORE) ? parse_choice(opt->store_name, stores) : VSTORE_RAM;

	if (store < 0)
		return "store: a disk's is ram, null or file";
	opt->store = (enum vstore_kind)store;
	if (!(seen & BIT(KEY_SEG_MAX)))
		opt->blk.seg_max = opt->blk.queue_size > 3 ? opt->blk.queue_size - 2 : 1;
	if (!(seen & BIT(KEY_SIZE)) && opt->store != VSTORE_FILE)
		opt->size_bytes = 64u << 20;
	if (opt->span_by_mark)
		return "span=mark is for type=net";
	if (opt->store == VSTORE_FILE && !opt->path[0])
		return "store=file needs path";
	if (opt->store != VSTORE_FILE && opt->path[0])
		return "path is for store=file";
	if (opt->size_bytes % opt->blk.blk_size)
		return "size is not a multiple of blk-size";
	return NULL;
}

static const char *finish_net(struct device_options *opt, unsigned int seen)
{
	static const char *const stores[] = { "null", "loop", "tap", NULL };
	int store = seen & BIT(KEY_STORE) ? parse_choice(opt->store_name, stores) : VNET_STORE_NULL;

	if (store < 0)
		return "store: a network device's is null, loop or tap";
	opt->net_store = (enum vnet_store)store;
	if (opt->net_config.nr_pairs > VNET_PAIRS_MAX)
		return "queues: a network device has at most 4 pairs";
	if (opt->span_bytes)
		return "span of a network device is 0 or mark";
	if (opt->net_store != VNET_STORE_TAP && (seen & (BIT(KEY_TAP) | BIT(KEY_BRIDGE))))
		return "tap and bridge are for store=tap";
	return NULL;
}

/* What must fit together, once all keys are known. */
static int finish(struct device_options *opt, unsigned int seen, char *error, size_t err_size)
{
	const char *what = NULL;

	if (opt->mapping == MAPPING_DEFAULT)
		opt->mapping = opt->grants ? MAPPING_MAP : MAPPING_FOREIGN;
	if (!(seen & 1u << KEY_INDIRECT))
		opt->direct_only = opt->mapping == MAPPING_COPY || opt->mapping == MAPPING_ADAPTIVE;

	if (!(seen & 1u << KEY_MMIO))
		what = "mmio is missing";
	else if (!(seen & 1u << KEY_IRQ))
		what = "irq is missing";
	else if (opt->irq_evtchn && opt->irq_level)
		what = "irq=evtchn has no level";
	else if (opt->grants && opt->mapping == MAPPING_FOREIGN)
		what = "mapping=foreign needs grants=0: a grant is not a frame number";
	else if (!opt->grants && opt->mapping != MAPPING_FOREIGN)
		what = "this mapping needs grants=1";
	else if (seen & 1u << KEY_COPY_MAX && opt->mapping != MAPPING_ADAPTIVE)
		what = "copy-max is for mapping=adaptive";
	else if (seen & (opt->net ? BLK_KEYS : NET_KEYS))
		what = opt->net ? "a key of a disk, and type=net" : "a key of type=net, and type=blk";
	else
		what = opt->net ? finish_net(opt, seen) : finish_blk(opt, seen);
	if (!what)
		return 0;
	snprintf(error, err_size, "%s", what);
	return -EINVAL;
}

int device_options_parse(struct device_options *opt, const char *text, char *error,
			 size_t err_size)
{
	struct device_options parsed = {
		.mapping = MAPPING_DEFAULT,
		.copy_max = COPY_MAX_DEFAULT,
		.grants = true,
		.blk = {
			.nr_queues = 1,
			.queue_size = 256,
			.blk_size = 512,
			.discard = true,
			.serial = "grantbench",
		},
		.net_config = {
			.nr_pairs = 1,
			.queue_size = 256,
			.mtu = 1500,
			.offloads = VNET_OFFLOADS,
		},
	};
	unsigned int seen = 0;
	const char *end;

	for (;; text = end + 1) {
		char item[320], *value;
		size_t len, i;

		end = strchrnul(text, ',');
		len = (size_t)(end - text);
		if (len >= sizeof(item)) {
			snprintf(error, err_size, "\"%.32s…\" is too long", text);
			return -EINVAL;
		}
		memcpy(item, text, len);
		item[len] = '\0';
		value = strchr(item, '=');
		if (!value) {
			snprintf(error, err_size, "\"%s\" is not KEY=VALUE", item);
			return -EINVAL;
		}
		*value++ = '\0';

		for (i = 0; i < NR_KEYS && strcmp(keys[i].name, item); i++)
			;
		if (i == NR_KEYS) {
			snprintf(error, err_size, "unknown key \"%s\"", item);
			return -EINVAL;
		}
		if (seen & 1u << keys[i].key) {
			snprintf(error, err_size, "%s is given twice", item);
			return -EINVAL;
		}
		seen |= 1u << keys[i].key;
		if (set_key(&parsed, keys[i].key, value)) {
			snprintf(error, err_size, "%s=%s: must be %s", item, value, keys[i].range);
			return -EINVAL;
		}
		if (!*end)
			break;
	}
	if (finish(&parsed, seen, error, err_size))
		return -EINVAL;
	*opt = parsed;
	return 0;
}

int device_options_check(const struct device_options *opts, unsigned int nr, char *error,
			 size_t err_size)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		for (j = 0; j < i; j++) {
			uint64_t low = opts[i].mmio < opts[j].mmio ? i : j, high = low == i ? j : i;

			if (opts[high].mmio - opts[low].mmio < device_options_span(&opts[low])) {
				snprintf(error, err_size, "the registers of devices %u and %u overlap", j,
					 i);
				return -EINVAL;
			}
			if (!opts[i].irq_evtchn && !opts[j].irq_evtchn && opts[i].irq == opts[j].irq) {
				snprintf(error, err_size, "devices %u and %u have the same irq", j,
					 i);
				return -EINVAL;
			}
		}
	}
	return 0;
}

void device_options_help(FILE *out)
{
	size_t i;

	for (i = 0; i < NR_KEYS; i++)
		fprintf(out, "  %-11s %s (%s)\n", keys[i].name, keys[i].help, keys[i].range);
}
