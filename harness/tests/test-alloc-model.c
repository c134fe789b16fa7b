// SPDX-License-Identifier: GPL-2.0-or-later
/* The allocators that our patches add, against the reference model. */
#include <check.h>
#include <string.h>

#include "lib/cleanup.h"
#include "model.h"
#include "tests/lib-check.h"

static const char *const variants[] = {
#ifdef SIM_GREF_nextfit
	"nextfit",
#endif
#ifdef SIM_GREF_magazine
	"magazine",
#endif
};

static const struct {
	unsigned int frames, max_refs;
} sizes[] = {
	{ 1, 504 }, { 2, 100 }, { 4, 1024 }, { 4, 2048 }, { 16, 6000 }, { 64, 0 },
};

static struct model_opts opts_of(const char *name)
{
	struct model_opts opts = { .variant = sim_variant_find(name), .frames = 4,
				   .max_refs = 1024, .ops = 4000, .seed = 1 };

	ck_assert_msg(opts.variant != NULL, "there is no variant %s", name);
	return opts;
}

START_TEST(random_sequences)
{
	size_t v = (size_t)_i / ARRAY_SIZE(sizes), s = (size_t)_i % ARRAY_SIZE(sizes);
	struct model_opts opts = opts_of(variants[v]);
	struct model_report r;

	opts.frames = sizes[s].frames;
	opts.max_refs = sizes[s].max_refs ? sizes[s].max_refs : opts.frames * SIM_REFS_PER_FRAME;
	for (opts.seed = 1; opts.seed <= 4; opts.seed++) {
		ck_assert_msg(model_run(&opts, &r) == 0, "%s, %u frames, %u references, seed %d, after "
			      "%d operations: %s", variants[v], opts.frames, opts.max_refs,
			      (int)opts.seed, (int)r.ops, r.why);
		/* a sequence in which nothing happened would prove nothing */
		ck_assert_uint_eq(r.ops, opts.ops);
		ck_assert_uint_gt(r.allocs, opts.ops / 10);
		ck_assert_uint_gt(r.failed, 0);
	}
}
END_TEST

/* The same without others in the table, and with requests as long as the table. */
START_TEST(long_requests)
{
	struct model_opts opts = opts_of(variants[_i]);
	struct model_report r;

	opts.frames = 8;
	opts.max_refs = 4000;
	opts.max_count = 4000;
	opts.no_list = true;
	for (opts.seed = 1; opts.seed <= 4; opts.seed++)
		ck_assert_msg(model_run(&opts, &r) == 0, "%s: %s", variants[_i], r.why);
}
END_TEST

/* Whatever the first bytes decide. Scripts are what the fuzzer feeds. */
START_TEST(scripts)
{
	struct model_opts opts = opts_of(variants[_i]);
	uint8_t script[512];
	struct model_report r;
	unsigned int step, i;

	opts.script = script;
	opts.script_size = sizeof(script);
	for (step = 1; step < 64; step++) {
		for (i = 0; i < sizeof(script); i++)
			script[i] = (uint8_t)(i * step + (i >> 3) * 17);
		ck_assert_msg(model_run(&opts, &r) == 0, "%s, step %u: %s", variants[_i], step, r.why);
		ck_assert_uint_gt(r.ops, 0);
	}
}
END_TEST

/* Known-bad: the allocator forgets to take, or to give back, the last of several bits. */
START_TEST(mutants_are_seen)
{
	struct model_opts opts = opts_of(variants[_i / 2]);
	struct model_report r;

	/* its own consistency check may notice first; the model has to all the same */
	sim_warn_ok = true;
	sim_mutant = _i % 2 ? SIM_LOSE : SIM_TWICE;
	ck_assert_msg(model_run(&opts, &r) < 0, "%s %s, and the model says nothing",
		      variants[_i / 2], _i % 2 ? "loses references" : "hands them out twice");
	if (_i % 2 == 0)
		ck_assert_msg(strstr(r.why, "already") != NULL, "%s", r.why);
	else
		ck_assert_msg(strstr(r.why, "not to be had") || strstr(r.why, "lost") ||
			      strstr(r.why, "free") || strstr(r.why, "already"), "%s", r.why);
}
END_TEST

/* The one that does nothing gives everybody the same reference. */
START_TEST(null_is_seen)
{
	struct model_opts opts = opts_of("null");
	struct model_report r;

	ck_assert_int_lt(model_run(&opts, &r), 0);
	ck_assert_msg(strstr(r.why, "already") != NULL, "%s", r.why);
}
END_TEST

/* Faults of other kinds, by a variant around a sound one. */
static const struct sim_variant *inner;
static int twist;	/* which fault */

static void *twisted_create(unsigned int max_refs)
{
	return inner->create(twist == 0 ? 4 * max_refs : max_refs);
}

static void twisted_destroy(void *ctx)
{
	inner->destroy(ctx);
}

static int twisted_alloc(void *ctx, unsigned int count, uint32_t *first)
{
	int ret = inner->alloc(ctx, count, first);

	if (twist == 1 && ret == 0 && count > 100)
		*first += sim_table_refs();
	if (twist == 2 && ret == 0)
		sim_this.irqs_off = true;
	/* a no that takes something all the same */
	if (twist == 3 && ret == 0 && count == 7)
		return -28;
	return ret;
}

static void twisted_free(void *ctx, uint32_t first, unsigned int count)
{
	inner->free(ctx, first, count);
}

static unsigned int twisted_reserved(void *ctx)
{
	return inner->reserved(ctx);
}

START_TEST(twists_are_seen)
{
	static const char *const words[] = { "allowed", "outside", "interrupts off", "" };
	static const struct sim_variant twisted = {
		.name = "twisted", .create = twisted_create, .destroy = twisted_destroy,
		.alloc = twisted_alloc, .free = twisted_free, .reserved = twisted_reserved,
	};
	struct model_opts opts = opts_of(variants[0]);
	struct model_report r;

	sim_warn_ok = true;
	twist = _i;
	inner = opts.variant;
	opts.variant = &twisted;
	opts.max_refs = 512;
	ck_assert_int_lt(model_run(&opts, &r), 0);
	ck_assert_msg(strstr(r.why, words[_i]) != NULL, "%s", r.why);
}
END_TEST

/* -ENOSPC at creation or later, never a crash; what could be had again can be had again. */
START_TEST(no_memory)
{
	const struct sim_variant *v = sim_variant_find(variants[_i]);
	unsigned int nth;
	void *ctx = NULL;

	for (nth = 1; !ctx && nth < 50; nth++) {
		long before;

		sim_thread(0);
		sim_table_reset(4);
		before = sim_allocated();
		sim_fail_alloc(nth);
		ctx = v->create(1024);
		sim_fail_alloc(0);
		ck_assert(sim_quiet());
		if (ctx)
			break;
		ck_assert_int_eq(sim_allocated(), before);
		ck_assert_uint_eq(sim_table_free_refs(), 4 * SIM_REFS_PER_FRAME - SIM_RESERVED_REFS);
	}
	ck_assert_ptr_nonnull(ctx);
	ck_assert_uint_gt(nth, 1);
	v->destroy(ctx);
}
END_TEST

#ifdef SIM_GREF_magazine
#define RUNS 24

/* Runs of 4 by this CPU, taken and freed: some stay with it. */
static void work_on(unsigned int cpu, const struct sim_variant *v, void *ctx)
{
	uint32_t first[RUNS];
	int i;

	sim_thread(cpu);
	for (i = 0; i < RUNS; i++)
		ck_assert_int_eq(v->alloc(ctx, 4, &first[i]), 0);
	for (i = 0; i < RUNS; i++)
		v->free(ctx, first[i], 4);
}

/*
 * A CPU that goes offline gives its magazine back, that CPU alone, and what was in it can be
 * had by the others.
 */
START_TEST(cpu_goes)
{
	const struct sim_variant *v = sim_variant_find("magazine");
	unsigned int all, one, nr = 0;
	static uint32_t refs[512];
	void *ctx;

	sim_table_reset(4);
	ctx = v->create(512);
	ck_assert_ptr_nonnull(ctx);
	work_on(1, v, ctx);
	one = v->cached(ctx);
	ck_assert_uint_gt(one, 0);
	work_on(2, v, ctx);
	all = v->cached(ctx);
	ck_assert_uint_gt(all, one);
	sim_thread(0);
	sim_cpu_dead(3);
	ck_assert_uint_eq(v->cached(ctx), all);
	sim_cpu_dead(1);
	ck_assert_uint_eq(v->cached(ctx), all - one);
	sim_cpu_dead(2);
	ck_assert_uint_eq(v->cached(ctx), 0);
	while (nr < ARRAY_SIZE(refs) && v->alloc(ctx, 1, &refs[nr]) == 0)
		nr++;
	ck_assert_uint_eq(nr, v->reserved(ctx));
	while (nr > 0)
		v->free(ctx, refs[--nr], 1);
	ck_assert(sim_quiet());
	v->destroy(ctx);
	ck_assert_uint_eq(sim_table_free_refs(), sim_table_refs() - SIM_RESERVED_REFS);
}
END_TEST
#endif

static Suite *suite(void)
{
	Suite *s = suite_create("alloc-model");
	int nr = (int)ARRAY_SIZE(variants);
	TCase *tc = tcase_create("variants");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, random_sequences, 0, nr * (int)ARRAY_SIZE(sizes));
	tcase_add_loop_test(tc, long_requests, 0, nr);
	tcase_add_loop_test(tc, scripts, 0, nr);
	tcase_add_loop_test(tc, no_memory, 0, nr);
#ifdef SIM_GREF_magazine
	tcase_add_test(tc, cpu_goes);
#endif
	suite_add_tcase(s, tc);
	tc = tcase_create("known-bad");
	tcase_add_loop_test(tc, mutants_are_seen, 0, 2 * nr);
	tcase_add_loop_test(tc, twists_are_seen, 0, 4);
	tcase_add_test(tc, null_is_seen);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return lib_check_main(suite());
}
