/* SPDX-License-Identifier: MIT */
/* Circles go by their classes, findings about contexts by context and both ends, all others by their fingerprint. */

#include "cycles/made.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "common/memory.h"
#include "cycles/circles.h"

static bool is_circle(const struct rec_finding *finding)
{
    return finding->edge_count > 1 && (strcmp(finding->kind, "circular") == 0 || strcmp(finding->kind, "event") == 0);
}

static uint64_t use_identity(const char *state, lv_class_id inside, lv_class_id open)
{
    return lv_hash_mix(lv_hash_text(1, state), (uint64_t)inside.v << 32 | open.v);
}

/* 0: what it is about is not known. */
static uint64_t circle_identity(const struct cy_ground *ground, const struct rec_finding *finding)
{
    lv_class_id *classes = cli_alloc(finding->edge_count, sizeof(*classes));
    bool known = true;
    uint64_t identity;

    for (size_t i = 0; i < finding->edge_count; i++) {
        classes[i] = cy_class(ground, finding->edges[i].held.class);
        known &= classes[i].v != 0;
    }
    identity = known ? cy_identity(classes, finding->edge_count, strcmp(finding->kind, "event") == 0) : 0;
    free(classes);
    return identity;
}

static uint64_t name_of(const struct cy_ground *ground, const struct rec_finding *finding)
{
    uint64_t identity = 0;

    if (is_circle(finding)) {
        identity = circle_identity(ground, finding);
    } else if (strcmp(finding->kind, "signal") == 0) {
        lv_class_id inside = cy_class(ground, finding->usage_inside.lock.class);
        lv_class_id open = cy_class(ground, finding->usage_open.lock.class);

        if (inside.v != 0 && open.v != 0)
            identity = use_identity(finding->usage_state, inside, open);
    }
    return identity != 0 ? identity : lv_hash_text(lv_hash_text(2, finding->kind), finding->fingerprint);
}

/* Does @a come before @b among findings of one verdict? */
static bool is_before(const struct rec_finding *a, const struct rec_finding *b)
{
    int order = strcmp(a->fingerprint, b->fingerprint);

    if (order == 0 && a->run != NULL && b->run != NULL)
        order = strcmp(a->run->hash, b->run->hash);
    return order < 0;
}

/* A finding that some run does not suppress is none that is suppressed. */
static bool is_better(const struct rec_finding *a, const struct rec_finding *b)
{
    bool shown = a->suppressed_by[0] == '\0', other = b->suppressed_by[0] == '\0';

    if (shown != other)
        return shown;
    return a->verdict != b->verdict ? a->verdict > b->verdict : is_before(a, b);
}

struct cy_all_made *cy_made_of(const struct cy_ground *ground)
{
    const struct rec_process *process = ground->process;
    struct cy_all_made *all = cli_alloc(1, sizeof(*all));

    for (size_t i = 0; i < process->finding_count; i++) {
        struct rec_finding *finding = process->findings[i];
        void **place = rec_index_at(&all->by_name, name_of(ground, finding));
        struct cy_made *made = *place;

        if (made == NULL) {
            made = *place = cli_alloc(1, sizeof(*made));
            made->identity = is_circle(finding) ? circle_identity(ground, finding) : 0;
            rec_append(&all->list, &all->count, made);
        }
        if (made->best == NULL || is_better(finding, made->best))
            made->best = finding;
        made->shown = true;
        rec_append(&made->all, &made->count, finding);
    }
    return all;
}

void cy_made_free(struct cy_all_made *made)
{
    for (size_t i = 0; i < made->count; i++) {
        free(made->list[i]->all);
        free(made->list[i]);
    }
    free(made->list);
    rec_index_free(&made->by_name);
    free(made);
}

struct cy_made *cy_made_circle(const struct cy_all_made *made, uint64_t identity)
{
    return rec_index_find(&made->by_name, identity);
}

struct cy_made *cy_made_use(const struct cy_all_made *made, const char *state, lv_class_id inside, lv_class_id open)
{
    return rec_index_find(&made->by_name, use_identity(state, inside, open));
}

static bool is_by(const struct rec_finding *finding, const struct rec_run *run)
{
    if (finding->run == run)
        return true;
    for (size_t i = 0; i < finding->seen.sample_count; i++)
        if (run->hash[0] != '\0' && strcmp(finding->seen.sample[i], run->hash) == 0)
            return true;
    return false;
}

bool cy_made_by(const struct cy_made *made, const struct rec_run *run)
{
    for (size_t i = 0; run != NULL && i < made->count; i++)
        if (is_by(made->all[i], run))
            return true;
    return false;
}
