/* SPDX-License-Identifier: MIT */
/* Both orders are put into one table, and what each has is noted there. */

#define _GNU_SOURCE
#include "diff/compare.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/sort.h"

/* ---- classes ---- */

struct diff_class *diff_class_of(const struct diff *diff, const struct rec_class *class)
{
    return class == NULL ? NULL : rec_index_find(&diff->by_number, diff_pairs_number(&diff->pairs, class) + 1);
}

static struct diff_class *class_at(struct diff *diff, const struct rec_class *class)
{
    size_t number = diff_pairs_number(&diff->pairs, class);
    struct diff_class *known;
    void **place;

    if (number == SIZE_MAX)
        return NULL;
    place = rec_index_at(&diff->by_number, number + 1);
    if (*place == NULL) {
        known = *place = rec_pool_take(diff->pool, 1, sizeof(*known));
        rec_append(&diff->classes, &diff->class_count, known);
    }
    return *place;
}

static unsigned changes_of(const struct rec_class *old, const struct rec_class *new)
{
    return (strcmp(old->kind, new->kind) != 0 ? DIFF_KIND : 0u) |
           (old->standing != new->standing ? DIFF_STANDING : 0u) |
           (strcmp(old->usage, new->usage) != 0 ? DIFF_USAGE : 0u) |
           (old->wait_outer != new->wait_outer || old->wait_inner != new->wait_inner ? DIFF_WAIT : 0u);
}

static void count(struct diff_counts *counts, enum diff_state state)
{
    size_t *const by[] = { &counts->same, &counts->added, &counts->removed, &counts->changed };

    ++*by[state];
}

static void judge_class(struct diff *diff, struct diff_class *class)
{
    class->name = diff_class_shown(class)->name;
    if (class->old == NULL || class->new == NULL) {
        class->state = class->old == NULL ? DIFF_ADDED : DIFF_REMOVED;
    } else {
        class->changed = changes_of(class->old, class->new);
        class->state = class->changed != 0 ? DIFF_CHANGED : DIFF_SAME;
        class->renamed = strcmp(class->old->name, class->new->name) != 0;
        diff->renamed_count += class->renamed;
    }
    count(&diff->classes_by, class->state);
}

static const char *least_key(const struct diff_class *class)
{
    if (class->old == NULL || class->new == NULL)
        return diff_class_shown(class)->key;
    return strcmp(class->old->key, class->new->key) < 0 ? class->old->key : class->new->key;
}

static int compare_classes(const void *a, const void *b)
{
    const struct diff_class *left = *(struct diff_class *const *)a, *right = *(struct diff_class *const *)b;
    int order = strverscmp(left->name, right->name);

    if (order == 0)
        order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(least_key(left), least_key(right));
}

static void compare_all_classes(struct diff *diff)
{
    for (size_t i = 0; i < diff->old->class_count; i++) {
        struct diff_class *class = class_at(diff, diff->old->classes[i]);

        if (class != NULL && class->old == NULL)
            class->old = diff->old->classes[i];
    }
    for (size_t i = 0; i < diff->new->class_count; i++) {
        struct diff_class *class = class_at(diff, diff->new->classes[i]);

        if (class != NULL && class->new == NULL)
            class->new = diff->new->classes[i];
    }
    for (size_t i = 0; i < diff->class_count; i++)
        judge_class(diff, diff->classes[i]);
    if (diff->class_count != 0)
        cli_sort(diff->classes, diff->class_count, sizeof(struct diff_class *), compare_classes);
    for (size_t i = 0; i < diff->class_count; i++)
        diff->classes[i]->number = i;
}

/* ---- edges ---- */

static uint64_t key_of(const struct diff_class *from, const struct diff_class *to)
{
    return (uint64_t)(from->number + 1) << 32 | (to->number + 1);
}

struct diff_edge *diff_edge_of(const struct diff *diff, const struct rec_class *from, const struct rec_class *to)
{
    const struct diff_class *left = diff_class_of(diff, from), *right = diff_class_of(diff, to);

    return left == NULL || right == NULL ? NULL : rec_index_find(&diff->by_ends, key_of(left, right));
}

/* Null: nothing is known of one of its classes. */
static struct diff_edge *edge_at(struct diff *diff, const struct rec_edge *edge)
{
    struct diff_class *from = diff_class_of(diff, edge->from), *to = diff_class_of(diff, edge->to);
    struct diff_edge *known;
    void **place;

    if (from == NULL || to == NULL) {
        diff->left_out++;
        return NULL;
    }
    place = rec_index_at(&diff->by_ends, key_of(from, to));
    if (*place == NULL) {
        known = *place = rec_pool_take(diff->pool, 1, sizeof(*known));
        known->from = from;
        known->to = to;
        rec_append(&diff->edges, &diff->edge_count, known);
    }
    return *place;
}

/* Of several edges that are one, the one that has evidence is shown. */
static const struct rec_edge *better(const struct rec_edge *known, const struct rec_edge *edge)
{
    return known == NULL || (known->evidence_count == 0 && edge->evidence_count != 0) ? edge : known;
}

static void judge_edge(struct diff *diff, struct diff_edge *edge)
{
    if (edge->old == NULL || edge->new == NULL)
        edge->state = edge->old == NULL ? DIFF_ADDED : DIFF_REMOVED;
    else
        edge->state = edge->old_modes != edge->new_modes ? DIFF_CHANGED : DIFF_SAME;
    count(&diff->edges_by, edge->state);
}

static int compare_edges(const void *a, const void *b)
{
    const struct diff_edge *left = *(struct diff_edge *const *)a, *right = *(struct diff_edge *const *)b;

    if (left->from != right->from)
        return left->from->number < right->from->number ? -1 : 1;
    return left->to->number < right->to->number ? -1 : 1;
}

static void compare_all_edges(struct diff *diff)
{
    for (size_t i = 0; i < diff->old->edge_count; i++) {
        struct diff_edge *edge = edge_at(diff, diff->old->edges[i]);

        if (edge == NULL)
            continue;
        edge->old = better(edge->old, diff->old->edges[i]);
        edge->old_modes |= diff->old->edges[i]->modes;
    }
    for (size_t i = 0; i < diff->new->edge_count; i++) {
        struct diff_edge *edge = edge_at(diff, diff->new->edges[i]);

        if (edge == NULL)
            continue;
        edge->new = better(edge->new, diff->new->edges[i]);
        edge->new_modes |= diff->new->edges[i]->modes;
    }
    for (size_t i = 0; i < diff->edge_count; i++)
        judge_edge(diff, diff->edges[i]);
    if (diff->edge_count != 0)
        cli_sort(diff->edges, diff->edge_count, sizeof(struct diff_edge *), compare_edges);
}

/* ---- all ---- */

struct diff *diff_of(const struct rec_process *old, const struct rec_process *new, const struct rec_process *both)
{
    struct diff *diff = cli_alloc(1, sizeof(*diff));

    diff->old = old;
    diff->new = new;
    diff->pool = rec_pool_open();
    diff_pairs_init(&diff->pairs, old, new, both);
    compare_all_classes(diff);
    compare_all_edges(diff);
    diff_find_implied(diff);
    diff_compare_findings(diff);
    for (size_t i = 0; i < diff->finding_count; i++)
        count(&diff->findings_by, diff->findings[i]->state);
    return diff;
}

void diff_free(struct diff *diff)
{
    free(diff->classes);
    free(diff->edges);
    free(diff->findings);
    rec_index_free(&diff->by_number);
    rec_index_free(&diff->by_ends);
    diff_pairs_free(&diff->pairs);
    rec_pool_close(diff->pool);
    free(diff);
}

static size_t differences(const struct diff_counts *counts)
{
    return counts->added + counts->removed + counts->changed;
}

bool diff_is_empty(const struct diff *diff)
{
    return differences(&diff->classes_by) + differences(&diff->edges_by) + differences(&diff->findings_by) == 0;
}
