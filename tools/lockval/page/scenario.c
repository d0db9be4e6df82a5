/* SPDX-License-Identifier: MIT */
/*
 * Phases, as in the library's text: first all take what they hold, then a writer queues before readers that do not pass it, then all
 * want the next lock, and at last stands what is never reached. The first column is that of the thread which holds what the finding's
 * own thread wants, so that the story ends with the acquisition that was new.
 */

#include "page/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "page/parts.h"

enum {
    PHASE_HOLD,
    PHASE_QUEUE,
    PHASE_WANT,
    PHASE_NEVER,
    PHASES
};

struct column {
    const struct rec_thread *thread;
    struct scenario_step entry[PHASES];
    bool has[PHASES];
};

static void put(struct column *column, int phase, enum scenario_does does, const char *verb,
                const struct rec_lock *lock, const char *object)
{
    column->has[phase] = true;
    column->entry[phase] =
        (struct scenario_step){ .does = does, .verb = verb, .lock = lock, .object = object, .interrupt = "" };
}

/* ---- of an order ---- */

static struct column column_of_step(const struct rec_finding *finding, const struct rec_step *step)
{
    struct column column = { .thread = step->thread };

    if (step->kind == REC_STEP_END)
        put(&column, PHASE_NEVER, SCENARIO_NEVER, "end", NULL, "");
    else if (step->kind == REC_STEP_COMPLETE)
        put(&column, PHASE_NEVER, SCENARIO_NEVER, "complete", &step->held, "");
    else
        put(&column, PHASE_HOLD, SCENARIO_TAKES, page_verb(&step->held), &step->held, "");
    put(&column, PHASE_WANT, SCENARIO_WAITS, step->kind == REC_STEP_WAIT ? "wait" : page_verb(&step->wanted),
        &step->wanted, "");
    if (step->kind == REC_STEP_INTERRUPT)
        column.entry[PHASE_WANT].interrupt = *finding->usage_state != '\0' ? finding->usage_state : "interrupt";
    return column;
}

/* ---- of threads that are stuck ---- */

static const char *verb_of_wait(const struct rec_stuck *stuck)
{
    static const char *const words[][2] = { { "join", "join" },
                                            { "cond", "cond_wait" },
                                            { "sem", "sem_wait" },
                                            { "barrier", "barrier_wait" },
                                            { "event", "wait" } };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(stuck->waits, words[i][0]) == 0)
            return words[i][1];
    return page_verb(&stuck->wanted);
}

/* What would end this wait; null: that a lock is released. */
static const char *end_of_wait(const struct rec_stuck *stuck)
{
    static const char *const words[][2] = { { "join", "end" },
                                            { "cond", "signal" },
                                            { "sem", "post" },
                                            { "barrier", "barrier_wait" },
                                            { "event", "complete" } };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(stuck->waits, words[i][0]) == 0)
            return words[i][1];
    return NULL;
}

static const struct rec_lock *awaited_lock(const struct rec_stuck *stuck)
{
    if (end_of_wait(stuck) == NULL)
        return &stuck->wanted;
    return stuck->has_with ? &stuck->with : NULL;
}

static struct column column_of_stuck(struct scenario *scenario, const struct rec_finding *finding, size_t i)
{
    const struct rec_stuck *stuck = &finding->stuck[i];
    const struct rec_stuck *before = &finding->stuck[(i + finding->circle - 1) % finding->circle];
    const struct rec_lock *held = awaited_lock(before);
    bool queued = held != NULL && before->blocker_queued, join = stuck->joined != NULL;
    struct column column = { .thread = stuck->thread };

    if (held == NULL && before->joined != NULL)
        put(&column, PHASE_NEVER, SCENARIO_NEVER, "end", NULL, "");
    else if (held == NULL)
        put(&column, PHASE_NEVER, SCENARIO_NEVER, end_of_wait(before), &before->wanted, "");
    else if (!queued)
        put(&column, PHASE_HOLD, SCENARIO_TAKES, before->blocker_mode != REC_WRITE ? "rlock" : "lock", held, "");
    if (join)
        scenario->memory[scenario->memory_count++] = page_thread_text(stuck->joined);
    put(&column, queued ? PHASE_QUEUE : PHASE_WANT, SCENARIO_WAITS, verb_of_wait(stuck), join ? NULL : &stuck->wanted,
        join ? scenario->memory[scenario->memory_count - 1] : "");
    return column;
}

struct scenario scenario_of(const struct rec_finding *finding)
{
    size_t edges = finding->acquisition_count, count = finding->stuck_count != 0 ? finding->circle : edges;
    struct scenario scenario = { .column_count = count,
                                 .columns = cli_alloc(count + 1, sizeof(struct rec_thread *)),
                                 .steps = cli_alloc(count * PHASES + 1, sizeof(struct scenario_step)),
                                 .memory = cli_alloc(count + 1, sizeof(char *)),
                                 .happened = finding->verdict == REC_DEADLOCK,
                                 .can_hang = finding->verdict != REC_GUARDED };
    struct column *columns = cli_alloc(count + 1, sizeof(*columns));

    for (size_t i = 0; i < count; i++) {
        columns[i] = finding->stuck_count != 0 ? column_of_stuck(&scenario, finding, i)
                                               : column_of_step(finding, &finding->acquisitions[(i + 1) % edges]);
        scenario.columns[i] = columns[i].thread;
    }
    for (int phase = 0; phase < PHASES; phase++)
        for (size_t i = 0; i < count; i++)
            if (columns[i].has[phase]) {
                scenario.steps[scenario.step_count] = columns[i].entry[phase];
                scenario.steps[scenario.step_count++].column = i;
            }
    free(columns);
    return scenario;
}

void scenario_free(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->memory_count; i++)
        free(scenario->memory[i]);
    free(scenario->memory);
    free(scenario->columns);
    free(scenario->steps);
}
