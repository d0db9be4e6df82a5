/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "confirm/plan.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    PAUSE_MS = 100,
    EARLY_MS = 250, /* all others have to come meanwhile */
    DELAY_US = 3000,
    ROUNDS = 2 /* after so many the pauses get no longer */
};

static bool holds(const struct confirm_step *step)
{
    return step->kind != REC_STEP_COMPLETE && step->kind != REC_STEP_END;
}

/* Number of the @which-th step that holds something. */
static size_t early_step(const struct confirm_finding *finding, size_t which)
{
    for (size_t i = 0; i < finding->step_count; i++)
        if (holds(&finding->steps[i]) && which-- == 0)
            return i;
    return finding->step_count;
}

static size_t early_count(const struct confirm_finding *finding)
{
    size_t count = 0;

    for (size_t i = 0; i < finding->step_count; i++)
        count += holds(&finding->steps[i]);
    return count;
}

/* Who holds nothing is known by the call alone: otherwise each thread that takes the lock anywhere would be held. */
static void put_role(FILE *out, const struct confirm_step *step, bool early, bool sites)
{
    (void)fprintf(out, "role\nwanted %s\n", step->wanted.key);
    if (holds(step))
        (void)fprintf(out, "held %s\n", step->held.key);
    if (sites && holds(step) && *step->held.site != '\0')
        (void)fprintf(out, "held-at %s\n", step->held.site);
    if ((sites || !holds(step)) && *step->wanted.site != '\0')
        (void)fprintf(out, "wanted-at %s\n", step->wanted.site);
    if (early)
        (void)fputs("early\n", out);
}

struct confirm_way confirm_way(const struct confirm_finding *finding, unsigned number, const char *report)
{
    size_t early_ones = early_count(finding), turn = early_ones + 2;
    size_t in_turn = (number - 1) % turn, round = (number - 1) / turn;
    size_t early = in_turn >= 1 && in_turn <= early_ones ? early_step(finding, in_turn - 1) : finding->step_count;
    bool delays = in_turn == turn - 1, sites = round % 2 != 0;
    unsigned longer = 1u << (round < ROUNDS ? round : ROUNDS);
    struct confirm_way way = { NULL, NULL };
    size_t size;
    FILE *out = open_memstream(&way.plan, &size);

    if (out == NULL)
        abort(); /* as cli_alloc() */
    (void)fprintf(out, "lockval-plan 1\nreport %s\nseed %u\ntries %u\n", report, number, number == 1 ? 8u : 3u);
    (void)fprintf(out, "pause %u\n", (early < finding->step_count ? EARLY_MS : PAUSE_MS) * longer);
    if (delays)
        (void)fprintf(out, "odds 60\ndelay %u\n", DELAY_US * longer);
    for (size_t i = 0; i < finding->step_count; i++)
        put_role(out, &finding->steps[i], i == early, sites);
    (void)fclose(out);
    if (delays)
        way.words = cli_printf("threads are delayed at random");
    else if (early < finding->step_count)
        way.words = cli_printf("%s is taken last", finding->steps[early].held.name);
    else
        way.words = cli_printf("each is held before the lock that it wants");
    return way;
}

char *confirm_plan_again(const char *plan, const char *report)
{
    static const char word[] = "\nreport ";
    const char *line = strstr(plan, word), *end = line != NULL ? strchr(line + 1, '\n') : NULL;

    if (end == NULL)
        return cli_strdup(plan);
    return cli_printf("%.*s%s%s%s", (int)(line - plan), plan, word, report, end);
}
