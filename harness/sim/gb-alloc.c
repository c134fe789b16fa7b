// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gb-alloc: one measurement, or one model run, of one allocator, as a line of JSON
 * on standard output. `grantbench alloc` starts it once per round, so that each
 * measurement has a process, and with it a table, of its own.
 *
 * Exit status: 0, 1 when a model run found a fault (it is printed), 2 usage, 3 the
 * load cannot be run (the reason is on standard error).
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/err.h"
#include "lib/fs.h"
#include "mix.h"
#include "model.h"

static const char usage_text[] =
	"usage: gb-alloc list | defects | run OPTION... | insns OPTION... | model OPTION...\n"
	"  --variant NAME --frames N --max-refs N --inflight N --pages N --order fifo|random\n"
	"  --held PCT --held-late 0|1 --grown 0|1 --own PCT --reserve N --aperture N --threads N --requests N --time-ms N --seed N --trace FILE\n"
	"  model: --variant --frames --max-refs --threads --requests (operations) --seed\n";

enum { OPT_VARIANT = 256, OPT_ORDER, OPT_TRACE, OPT_NUMBER };

struct number {
	const char *name;
	unsigned long min, max;
	unsigned int *field;
};

static struct mix mix = {
	.frames = 64, .max_refs = 16384, .inflight = 128, .pages = 8, .random = true,
	.threads = 1, .requests = 4096, .time_ms = 20, .seed = 1,
};
static unsigned int seed = 1, held_late, grown;

static const struct number numbers[] = {
	{ "frames", 1, 1024, &mix.frames },
	{ "max-refs", 1, 1u << 20, &mix.max_refs },
	{ "inflight", 1, 65536, &mix.inflight },
	{ "pages", 1, 32768, &mix.pages },
	{ "held", 0, 90, &mix.held_pct },
	{ "own", 0, 90, &mix.own_pct },
	{ "reserve", 0, 1u << 20, &mix.reserve },
	{ "aperture", 0, 1u << 20, &mix.aperture },
	{ "held-late", 0, 1, &held_late },
	{ "grown", 0, 1, &grown },
	{ "threads", 1, SIM_CPUS, &mix.threads },
	{ "requests", 1, 100000000, &mix.requests },
	{ "time-ms", 0, 60000, &mix.time_ms },
	{ "seed", 0, UINT32_MAX, &seed },
};

static struct trace trace;

static int load_trace(const char *path)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct trace_error where;
	struct err err = { 0 };

	if (fs_read(path, &text, &err) < 0) {
		fprintf(stderr, "gb-alloc: %s\n", err.msg);
		return -1;
	}
	if (trace_parse(text.data ? text.data : "", text.size, &trace, &where) < 0) {
		fprintf(stderr, "gb-alloc: %s:%zu: %s\n", path, where.line, where.what);
		return -1;
	}
	mix.trace = &trace;
	return 0;
}

static int take_number(const struct number *n, const char *text)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || v < n->min || v > n->max) {
		fprintf(stderr, "gb-alloc: --%s %s: not a number from %lu to %lu\n", n->name, text,
			n->min, n->max);
		return -1;
	}
	*n->field = (unsigned int)v;
	return 0;
}

static int parse(int argc, char **argv)
{
	struct option options[ARRAY_SIZE(numbers) + 4] = {
		{ "variant", required_argument, NULL, OPT_VARIANT },
		{ "order", required_argument, NULL, OPT_ORDER },
		{ "trace", required_argument, NULL, OPT_TRACE },
	};
	size_t i;
	int c;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		options[3 + i] = (struct option){ numbers[i].name, required_argument, NULL,
						  OPT_NUMBER + (int)i };
	optind = 1;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == OPT_VARIANT) {
			mix.variant = sim_variant_find(optarg);
			if (!mix.variant) {
				fprintf(stderr, "gb-alloc: there is no variant %s\n", optarg);
				return -1;
			}
		} else if (c == OPT_ORDER) {
			mix.random = !strcmp(optarg, "random");
			if (!mix.random && strcmp(optarg, "fifo"))
				return -1;
		} else if (c == OPT_TRACE) {
			if (load_trace(optarg) < 0)
				return -1;
		} else if (c < OPT_NUMBER || take_number(&numbers[c - OPT_NUMBER], optarg) < 0) {
			return -1;
		}
	}
	mix.seed = seed;
	mix.held_late = held_late;
	mix.grown = grown;
	if (optind != argc || !mix.variant)
		return -1;
	if (mix.trace && mix.threads > 1) {
		fprintf(stderr, "gb-alloc: a trace has one thread\n");
		return -1;
	}
	return 0;
}

static void print_hdr(const char *name, const struct hdr *h, double scale)
{
	const char *sep = "";
	size_t i;

	printf(",\"%s\":{\"nr\":%llu,\"max\":%.1f,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"buckets\":[",
	       name, (unsigned long long)h->nr, (double)h->max * scale,
	       (double)hdr_quantile(h, 0.5) * scale, (double)hdr_quantile(h, 0.99) * scale,
	       (double)hdr_quantile(h, 0.999) * scale);
	for (i = 0; i < HDR_BUCKETS; i++) {
		if (!h->count[i])
			continue;
		printf("%s[%.1f,%llu]", sep, (double)hdr_lower(i) * scale,
		       (unsigned long long)h->count[i]);
		sep = ",";
	}
	printf("]}");
}

static int run(void)
{
	static struct mix_result r;
	const char *why = "?";
	int ret = mix_run(&mix, &r, &why);

	if (ret < 0) {
		fprintf(stderr, "gb-alloc: %s: %s (%s)\n", mix.variant->name, why, strerror(-ret));
		return 3;
	}
	printf("{\"variant\":\"%s\",\"requests\":%llu,\"failed\":%llu,\"rebuilds\":%llu,"
	       "\"words\":%llu,\"words_max\":%llu,\"locks\":%llu,\"refs_peak\":%u,"
	       "\"mapped_peak\":%u,\"held\":%u,\"ns\":%.4f,\"timed\":%llu,\"contended\":%llu",
	       mix.variant->name, (unsigned long long)r.requests, (unsigned long long)r.failed,
	       (unsigned long long)r.rebuilds, (unsigned long long)r.words,
	       (unsigned long long)r.words_max, (unsigned long long)r.locks, r.refs_peak,
	       r.refs_mapped_peak, r.held, r.ns, (unsigned long long)r.timed,
	       (unsigned long long)r.contended);
	print_hdr("irqs_off_ns", &r.irqs_off, r.ns_per_tick);
	print_hdr("call_ns", &r.call, r.ns_per_tick);
	puts("}");
	return 0;
}

static int insns(void)
{
	struct mix base = mix;
	const char *why = "?";
	double n, load;
	int ret;

	base.variant = sim_variant_find("null");
	ret = mix_instructions(&base, &load, &why);
	if (ret == 0)
		ret = mix_instructions(&mix, &n, &why);
	if (ret < 0) {
		fprintf(stderr, "gb-alloc: %s: %s\n", mix.variant->name, why);
		return 3;
	}
	printf("{\"variant\":\"%s\",\"instructions\":%.4f}\n", mix.variant->name, n - load);
	return 0;
}

static int model(void)
{
	struct model_opts opts = {
		.variant = mix.variant, .frames = mix.frames, .max_refs = mix.max_refs,
		.ops = mix.requests, .seed = mix.seed,
	};
	struct model_report r;
	int ret = mix.threads > 1 ? model_run_threads(&opts, mix.threads, &r) : model_run(&opts, &r);

	printf("{\"variant\":\"%s\",\"ops\":%llu,\"allocs\":%llu,\"failed\":%llu,\"fault\":",
	       mix.variant->name, (unsigned long long)r.ops, (unsigned long long)r.allocs,
	       (unsigned long long)r.failed);
	if (ret < 0)
		printf("\"%s\"}\n", r.why);
	else
		puts("null}");
	return ret < 0 ? 1 : 0;
}

static int list(void)
{
	const char *sep = "";
	size_t i;

	printf("[");
	for (i = 0; sim_variants[i]; i++) {
		printf("%s\"%s\"", sep, sim_variants[i]->name);
		sep = ",";
	}
	puts("]");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} commands[] = { { "run", run }, { "insns", insns }, { "model", model } };
	size_t i;

	/* no orphan, whatever happens to who started us */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc == 2 && !strcmp(argv[1], "list"))
		return list();
	if (argc == 2 && !strcmp(argv[1], "defects"))
		return model_defects();
	for (i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		if (parse(argc - 1, argv + 1) < 0)
			break;
		return commands[i].run();
	}
	fputs(usage_text, stderr);
	return 2;
}
