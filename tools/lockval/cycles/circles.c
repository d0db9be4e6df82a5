/* SPDX-License-Identifier: MIT */
/*
 * All edges are put into the graph before the first one is looked at. Then its order (graph/toporder.h) knows the parts whose
 * nodes reach each other, and an edge between two parts is done with after one comparison. A part in which everything reaches
 * everything has as many circles as edges, and says no more by them than by the first hundred.
 */

#include "cycles/circles.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "check/evidence.h"
#include "common/command.h"
#include "common/memory.h"

struct search {
    struct cy_ground *ground;
    struct cy_circles *circles;
    size_t most;
    struct rec_index found; /* part -> how many of its circles were found */
    bool *covered;          /* by the graph's number of the edge: a circle has it */
    size_t *skipped;        /* edges that were not looked at */
    size_t skipped_count;
};

uint64_t cy_identity(const lv_class_id *classes, size_t count, bool event)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += lv_hash_mix(classes[i].v, classes[(i + 1) % count].v);
    return lv_hash_mix(sum, event);
}

static uint64_t identity_of(const struct lv_finding *finding)
{
    lv_class_id *classes = cli_alloc(finding->edge_count, sizeof(*classes));
    uint64_t identity;

    for (uint32_t i = 0; i < finding->edge_count; i++)
        classes[i] = finding->edges[i].held.class;
    identity = cy_identity(classes, finding->edge_count, finding->kind == LV_FINDING_EVENT);
    free(classes);
    return identity;
}

/* A circle that no acquisition with a timeout resolves counts instead of one that such an acquisition does. */
static void add(struct search *s, const struct lv_finding *finding)
{
    uint64_t identity = identity_of(finding);
    void **place = rec_index_at(&s->circles->by_name, identity);
    struct cy_circle *circle = *place;

    if (circle == NULL) {
        circle = *place = cli_alloc(1, sizeof(*circle));
        circle->identity = identity;
        circle->finding = *finding;
        rec_append(&s->circles->list, &s->circles->count, circle);
    } else if (circle->finding.timed && !finding->timed) {
        circle->finding = *finding;
    }
    for (uint32_t i = 0; i < finding->edge_count; i++)
        s->covered[finding->edge_numbers[i]] = true;
}

/* The part that the dependency lies in, plus one; 0: it leads from one part to another. */
static uint64_t part_of(const struct lv_digraph *g, const struct lv_edge *edge, unsigned bit)
{
    uint32_t from = lv_digraph_half(g, lv_toporder_left(edge->from, bit))->component;

    return from == lv_digraph_half(g, lv_toporder_met(edge->to, bit))->component ? (uint64_t)from + 1 : 0;
}

/* A witness of the edge by @bit: there is one of each. */
static struct lv_edge_witness witness_of(const struct lv_edge *edge, unsigned bit)
{
    for (uint32_t i = 0; i < edge->witness_count; i++)
        if (lv_edge_witness(edge, i)->bit == bit)
            return *lv_edge_witness(edge, i);
    return *lv_edge_witness(edge, 0);
}

/* Returns false without memory. */
static bool look_at(struct search *s, size_t i, unsigned bit)
{
    struct lv_digraph *g = &s->ground->graph;
    uint32_t number = s->ground->edge_numbers[i];
    const struct lv_edge *edge = lv_digraph_edge(g, number);
    uint64_t part = part_of(g, edge, bit);
    const struct lv_check check = cy_check(s->ground, true);
    struct lv_finding finding;
    void **found;
    int r;

    if (part == 0)
        return true;
    found = rec_index_at(&s->found, part);
    if (s->most != 0 && (size_t)(uintptr_t)*found >= s->most) {
        if (s->skipped_count == 0 || s->skipped[s->skipped_count - 1] != number)
            s->skipped[s->skipped_count++] = number;
        return true;
    }
    r = lv_check_circular(&check, number, (uint8_t)bit, witness_of(edge, bit), &finding);
    if (r <= 0)
        return r == 0;
    r = (int)s->circles->count;
    add(s, &finding);
    if ((size_t)r != s->circles->count)
        *rec_index_at(&s->found, part) = (void *)((uintptr_t)*rec_index_at(&s->found, part) + 1);
    return true;
}

struct cy_circles *cy_circles_of(struct cy_ground *ground, size_t most)
{
    struct search s = { .ground = ground, .circles = cli_alloc(1, sizeof(*s.circles)), .most = most };
    bool done = true;

    s.covered = cli_alloc(ground->graph.edges.count + 1, sizeof(*s.covered));
    s.skipped = cli_alloc(ground->edge_count + 1, sizeof(*s.skipped));
    for (size_t i = 0; i < ground->edge_count && done; i++)
        for (unsigned bit = 1; bit <= LV_DEP_ALL && done; bit <<= 1)
            if ((ground->edges[i]->modes & bit) != 0)
                done = look_at(&s, i, bit);
    for (size_t i = 0; i < s.skipped_count; i++)
        s.circles->left_out += !s.covered[s.skipped[i]];
    rec_index_free(&s.found);
    free(s.covered);
    free(s.skipped);
    if (done)
        return s.circles;
    cli_complain("there is no memory for the circles of %zu edges", ground->edge_count);
    cy_circles_free(s.circles);
    return NULL;
}

void cy_circles_free(struct cy_circles *circles)
{
    if (circles == NULL)
        return;
    for (size_t i = 0; i < circles->count; i++)
        free(circles->list[i]);
    free(circles->list);
    rec_index_free(&circles->by_name);
    free(circles);
}
