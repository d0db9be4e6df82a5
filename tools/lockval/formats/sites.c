/* SPDX-License-Identifier: MIT */
/*
 * An order of locks: each acquisition is a column, first all take what they hold, then all wait. Threads that are stuck: the
 * same of what they really hold and wait for. A step against the expected order is one acquisition, which cannot be interleaved. All other findings are about one lock, and have no columns.
 */

#include "formats/sites.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

const char *sites_thread_name(const struct rec_thread *thread)
{
    if (thread != NULL && thread->shown[0] != '\0')
        return thread->shown;
    return thread != NULL && thread->name[0] != '\0' ? thread->name : "a thread";
}

static const char *name_of(const struct rec_lock *lock)
{
    const char *name = rec_lock_name(lock);

    return name[0] != '\0' ? name : "a lock";
}

static struct site *add(struct sites *sites, char *text, const struct rec_stack *stack, const struct rec_thread *thread)
{
    struct site *site;

    sites->list = cli_realloc(sites->list, sites->count + 1, sizeof(*sites->list));
    site = &sites->list[sites->count++];
    *site = (struct site){ .text = text, .stack = stack, .thread = thread };
    return site;
}

char *sites_reasons(const struct rec_finding *finding)
{
    char *all = cli_strdup("");

    for (size_t i = 0; i < finding->reason_count; i++) {
        size_t len = strlen(all); /* one that ends with a comma goes on in the next */
        char *longer = cli_printf("%s%s%s", all, len == 0 ? "" : all[len - 1] == ',' ? " " : "; ", finding->reasons[i]);

        free(all);
        all = longer;
    }
    return all;
}

/* ---- orders ---- */

static char *text_of_held(const struct rec_step *step)
{
    const char *who = sites_thread_name(step->thread), *held = name_of(&step->held);

    switch (step->kind) {
    case REC_STEP_COMPLETE:
        return cli_printf("%s completes %s", who, held);
    case REC_STEP_END:
        return cli_printf("%s is waited for: %s", who, held);
    case REC_STEP_INTERRUPT:
        return cli_printf("%s takes %s, and can be interrupted while it holds it", who, held);
    case REC_STEP_LOCK:
    case REC_STEP_WAIT:
        break;
    }
    return cli_printf("%s takes %s", who, held);
}

static char *text_of_wanted(const struct rec_step *step)
{
    const char *who = sites_thread_name(step->thread), *held = name_of(&step->held), *wanted = name_of(&step->wanted);

    switch (step->kind) {
    case REC_STEP_COMPLETE:
        return cli_printf("%s takes %s before it completes %s", who, wanted, held);
    case REC_STEP_END:
        return cli_printf("%s takes %s before it ends", who, wanted);
    case REC_STEP_INTERRUPT:
        return cli_printf("what interrupts a holder of %s takes %s", held, wanted);
    case REC_STEP_WAIT:
        return cli_printf("%s waits for the event %s while it holds %s", who, wanted, held);
    case REC_STEP_LOCK:
        break;
    }
    return cli_printf("%s takes %s while it holds %s", who, wanted, held);
}

/* What is done in a step, and in which run, where the finding is of several. */
static char *in_run(char *text, const struct rec_finding *finding, const struct rec_run *run)
{
    char *words, *longer;

    if (finding->run != NULL || run == NULL)
        return text;
    words = rec_run_words(run);
    longer = cli_printf("%s, in the run %s", text, words);
    free(words);
    free(text);
    return longer;
}

static void add_order(struct sites *sites, const struct rec_finding *finding)
{
    size_t count = finding->acquisition_count;
    char *cycle = rec_cycle(finding);

    sites->summary = cli_printf("locks are taken in a circle: %s", cycle);
    free(cycle);
    sites->columns = count;
    sites->main = 1;
    for (size_t i = 0; i < count; i++) {
        const struct rec_step *step = &finding->acquisitions[i];
        struct site *site = add(sites, text_of_held(step), step->held.stack, step->thread);

        site->column = i;
        site->moment = i + 1;
        site = add(sites, in_run(text_of_wanted(step), finding, step->run), step->wanted.stack, step->thread);
        site->column = i;
        site->moment = count + i + 1;
    }
}

/* ---- threads that are stuck ---- */

static char *text_of_wait(const struct rec_stuck *stuck)
{
    const char *who = sites_thread_name(stuck->thread);

    if (stuck->joined != NULL)
        return cli_printf("%s waits for the end of %s", who, sites_thread_name(stuck->joined));
    if (strcmp(stuck->waits, "lock") != 0)
        return cli_printf("%s waits for good: %s %s", who, stuck->waits, rec_lock_name(&stuck->wanted));
    return cli_printf("%s waits for %s", who, name_of(&stuck->wanted));
}

static void add_stuck(struct sites *sites, const struct rec_finding *finding)
{
    size_t count =
        finding->circle != 0 && finding->circle <= finding->stuck_count ? finding->circle : finding->stuck_count;
    size_t moment = 1;
    bool found = false;

    sites->summary = finding->circle != 0 ? cli_printf("%zu threads are deadlocked: each waits for the next", count)
                                          : cli_printf("all %zu threads wait for good", count);
    sites->columns = count;
    for (size_t i = 0; i < count; i++) {
        const struct rec_stuck *stuck = &finding->stuck[i];

        for (size_t j = 0; j < stuck->held_count; j++) {
            struct site *site =
                add(sites, cli_printf("%s takes %s", sites_thread_name(stuck->thread), name_of(&stuck->held[j])),
                    stuck->held[j].stack, stuck->thread);

            site->column = i;
            site->moment = moment++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct rec_stuck *stuck = &finding->stuck[i];
        struct site *site = add(sites, text_of_wait(stuck), stuck->wanted.stack, stuck->thread);

        site->column = i;
        site->moment = moment++;
        if (!found || stuck->last)
            sites->main = sites->count - 1;
        found = true;
    }
}

/* ---- all others ---- */

static void add_side(struct sites *sites, const struct rec_side *side, const char *does)
{
    if (side->thread != NULL || side->lock.stack != NULL)
        (void)add(sites, cli_printf("%s %s %s", sites_thread_name(side->thread), does, name_of(&side->lock)),
                  side->lock.stack, side->thread);
}

static void add_subject(struct sites *sites, const struct rec_finding *finding)
{
    const char *who = sites_thread_name(finding->thread),
               *name = finding->has_subject ? name_of(&finding->subject) : "";
    const char *what = finding->detail[0] != '\0' ? finding->detail : finding->kind;

    sites->summary = cli_printf("%s%s%s", what, name[0] != '\0' ? ": " : "", name);
    (void)add(sites, cli_printf("%s is here", who), finding->stack, finding->thread);
    if (finding->has_subject && finding->subject.stack != NULL && finding->subject.stack != finding->stack)
        (void)add(sites, cli_printf("%s was taken here", name), finding->subject.stack, finding->thread);
    add_side(sites, &finding->holder, finding->holder.waits ? "waits with" : "holds");
    if (finding->usage_state[0] != '\0') {
        char *inside = cli_printf("takes inside of %s", finding->usage_state);

        add_side(sites, &finding->usage_inside, inside);
        add_side(sites, &finding->usage_open, "can be interrupted while it holds");
        free(inside);
    }
}

/* ---- a step against the expected order ---- */

static void add_against(struct sites *sites, const struct rec_finding *finding)
{
    const struct rec_step *step = &finding->edges[0];

    sites->summary = cli_printf("against the expected lock order: %s", finding->detail);
    sites->main = 1;
    (void)add(sites, text_of_held(step), step->held.stack, step->thread);
    (void)add(sites, text_of_wanted(step), step->wanted.stack, step->thread);
}

void sites_init(struct sites *sites, const struct rec_finding *finding)
{
    memset(sites, 0, sizeof(*sites));
    if (finding->against[0] != '\0' && finding->edge_count != 0)
        add_against(sites, finding);
    else if (finding->acquisition_count != 0)
        add_order(sites, finding);
    else if (finding->stuck_count != 0)
        add_stuck(sites, finding);
    else
        add_subject(sites, finding);
}

void sites_free(struct sites *sites)
{
    for (size_t i = 0; i < sites->count; i++)
        free(sites->list[i].text);
    free(sites->list);
    free(sites->summary);
}
