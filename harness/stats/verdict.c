// SPDX-License-Identifier: GPL-2.0-or-later
#include "stats/verdict.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "stats/bootstrap.h"
#include "stats/infer.h"
#include "stats/signedrank.h"

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[NR_VERDICTS] = {
		[VERDICT_IMPROVED] = "improved",
		[VERDICT_REGRESSED] = "regressed",
		[VERDICT_EQUIVALENT] = "equivalent",
		[VERDICT_BELOW_THRESHOLD] = "below threshold",
		[VERDICT_INCONCLUSIVE] = "inconclusive",
		[VERDICT_DIFFERENT] = "different",
	};

	return names[verdict];
}

static const char *const better_names[NR_BETTER] = {
	[BETTER_NONE] = "none",
	[BETTER_LESS] = "less",
	[BETTER_MORE] = "more",
};

const char *better_name(enum better better)
{
	return better_names[better];
}

int better_parse(const char *name)
{
	int i;

	for (i = 0; i < NR_BETTER; i++)
		if (!strcmp(name, better_names[i]))
			return i;
	return -EINVAL;
}

static const struct effect nothing = {
	0, NAN, { NAN, NAN, NAN }, { NAN, NAN, NAN }, NAN, NAN, NAN, 0,
};

struct effect effect_seeded(const double *log_ratios, size_t n,
			    const struct verdict_rules *rules, size_t family)
{
	struct effect e = nothing;
	struct t_test t = t_test(log_ratios, n, 0);
	struct interval boot;

	e.n = n;
	if (isnan(t.p))
		return e;
	e.estimate = t.mean;
	e.ci = t_interval(log_ratios, n, 1 - rules->alpha);
	e.ci_tost = t_interval(log_ratios, n, 1 - 2 * rules->alpha);
	e.p = t.p;
	e.p_tost = tost_t(log_ratios, n, rules->margin);
	e.smallest = smallest_effect_t(t.sd, n, rules->alpha / (double)(family ? family : 1),
				       VERDICT_POWER);
	boot = bootstrap_interval(log_ratios, n, stats_mean, BOOTSTRAP_BCA, BOOTSTRAP_REPLICATES,
				  1 - rules->alpha, rules->seed);
	e.agrees = boot.lo > 0 || boot.hi < 0;
	return e;
}

struct effect effect_noisy(const double *log_ratios, size_t n,
			   const struct verdict_rules *rules, size_t family)
{
	struct effect e = nothing;
	struct signedrank w = signedrank_test(log_ratios, n);

	e.n = n;
	if (n < 2 || isnan(w.p))
		return e;
	e.estimate = hodges_lehmann(log_ratios, n);
	e.ci = hodges_lehmann_interval(log_ratios, n, 1 - rules->alpha);
	e.ci_tost = hodges_lehmann_interval(log_ratios, n, 1 - 2 * rules->alpha);
	e.p = w.p;
	e.p_tost = tost_signedrank(log_ratios, n, rules->margin);
	e.smallest = smallest_effect_signedrank(stats_sd(log_ratios, n), n,
						rules->alpha / (double)(family ? family : 1),
						VERDICT_POWER);
	e.agrees = 1;
	return e;
}

/* The word for B being larger (up) or smaller than A. */
static enum verdict direction(int up, enum better better)
{
	if (better == BETTER_NONE)
		return VERDICT_DIFFERENT;
	return up == (better == BETTER_MORE) ? VERDICT_IMPROVED : VERDICT_REGRESSED;
}

enum verdict verdict_effect(const struct effect *effect, double p_adjusted, enum better better,
			    const struct verdict_rules *rules)
{
	if (effect->n < 2 || effect->n < rules->min_pairs || isnan(effect->estimate))
		return VERDICT_INCONCLUSIVE;
	/* the test and the interval differ only where ranks tie: both have to say so */
	if (effect->p_tost < rules->alpha &&
	    interval_inside(effect->ci_tost, rules->margin))
		return VERDICT_EQUIVALENT;
	if (!(p_adjusted < rules->alpha) || !effect->agrees)
		return VERDICT_INCONCLUSIVE;
	if (fabs(effect->estimate) < rules->threshold)
		return VERDICT_BELOW_THRESHOLD;
	return direction(effect->estimate > 0, better);
}

enum verdict verdict_exact(double a, double b, enum better better, double budget)
{
	if (isnan(a) || isnan(b))
		return VERDICT_INCONCLUSIVE;
	if (a == b)
		return VERDICT_EQUIVALENT;
	if (fabs(b - a) <= budget)
		return VERDICT_BELOW_THRESHOLD;
	return direction(b > a, better);
}
