/* SPDX-License-Identifier: MIT */
/* What is asked of a record that was read. */

#define _GNU_SOURCE
#include "record/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/memory.h"
#include "record/reader.h"

static const char *const modes[] = { "write", "read", "read-recursive" };
static const char *const verdicts[] = { "?", "guarded", "potential", "feasible", "misuse", "deadlock" };
static const char *const step_kinds[] = { "lock", "wait", "interrupt", "complete", "end" };

const char *rec_mode_name(enum rec_mode mode)
{
    return modes[mode];
}

enum rec_mode rec_mode_of(const char *word)
{
    for (size_t i = 0; i < LV_ARRAY_SIZE(modes); i++)
        if (strcmp(word, modes[i]) == 0)
            return (enum rec_mode)i;
    return REC_WRITE;
}

const char *rec_verdict_name(enum rec_verdict verdict)
{
    return verdicts[verdict];
}

enum rec_verdict rec_verdict_of(const char *word)
{
    for (size_t i = 1; i < LV_ARRAY_SIZE(verdicts); i++)
        if (strcmp(word, verdicts[i]) == 0)
            return (enum rec_verdict)i;
    return REC_VERDICT_OTHER;
}

const char *rec_step_kind_name(enum rec_step_kind kind)
{
    return step_kinds[kind];
}

struct rec_class *rec_class(const struct rec_process *process, uint32_t id)
{
    return rec_index_find(&process->indexes->classes, id);
}

struct rec_stack *rec_stack(const struct rec_process *process, uint32_t id)
{
    return rec_index_find(&process->indexes->stacks, id);
}

struct rec_edge *rec_edge(const struct rec_process *process, const struct rec_class *from, const struct rec_class *to)
{
    return rec_index_find(&process->indexes->edges, (uint64_t)from->id << 32 | to->id);
}

const char *rec_lock_name(const struct rec_lock *lock)
{
    return *lock->name != '\0' || lock->class == NULL ? lock->name : lock->class->name;
}

const char *rec_lock_key(const struct rec_lock *lock)
{
    return *lock->key != '\0' || lock->class == NULL ? lock->key : lock->class->key;
}

char *rec_cycle(const struct rec_finding *finding)
{
    char *cycle, *longer;

    if (finding->edge_count == 0)
        return cli_strdup("");
    cycle = cli_strdup(rec_lock_name(&finding->edges[0].held));
    for (size_t i = 0; i < finding->edge_count; i++) {
        longer = cli_printf("%s -> %s", cycle, rec_lock_name(&finding->edges[i].wanted));
        free(cycle);
        cycle = longer;
    }
    return cycle;
}

struct ranked {
    const struct rec_finding *finding;
    size_t place;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;

    if (left->finding->verdict != right->finding->verdict)
        return left->finding->verdict > right->finding->verdict ? -1 : 1;
    return left->place < right->place ? -1 : 1;
}

struct rec_finding **rec_sorted_findings(const struct rec_set *set, size_t *ret_count)
{
    struct rec_finding **sorted;
    struct ranked *ranked;
    size_t count = 0;

    for (size_t i = 0; i < set->process_count; i++)
        count += set->processes[i]->finding_count;
    ranked = cli_alloc(count + 1, sizeof(*ranked));
    sorted = cli_alloc(count + 1, sizeof(struct rec_finding *));
    count = 0;
    for (size_t i = 0; i < set->process_count; i++)
        for (size_t j = 0; j < set->processes[i]->finding_count; j++, count++)
            ranked[count] = (struct ranked){ set->processes[i]->findings[j], count };
    qsort(ranked, count, sizeof(*ranked), compare_ranked);
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct rec_finding *)ranked[i].finding;
    free(ranked);
    *ret_count = count;
    return sorted;
}
