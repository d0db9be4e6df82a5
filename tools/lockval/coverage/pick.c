/* SPDX-License-Identifier: MIT */
/*
 * A small set of tests that makes all edges: again and again the test that adds most. The smallest set is hard to find; this one is larger by a
 * factor of ln(edges) at most, and mostly not at all. Of tests that add the same, the first by name is taken, so that the answer is the same each time.
 */

#include "coverage/cover.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* Edges of each test: the list of test i is edges[first[i]] up to edges[first[i + 1]]. */
struct picking {
    struct rec_index number_of; /* test -> number and one */
    size_t *first, *edges;
    size_t *gain; /* of each test: edges that nothing picked makes */
    bool *done;   /* edge -> something picked makes it */
};

static size_t number_of(const struct picking *p, const struct cover_test *test)
{
    return (size_t)(uintptr_t)rec_index_find(&p->number_of, (uint64_t)(uintptr_t)test) - 1;
}

static void init(struct picking *p, struct cover *cover)
{
    size_t *fill = cli_alloc(cover->test_count + 1, sizeof(*fill)), all = 0;

    *p = (struct picking){ .first = cli_alloc(cover->test_count + 1, sizeof(size_t)),
                           .gain = cli_alloc(cover->test_count + 1, sizeof(size_t)),
                           .done = cli_alloc(cover->edge_count + 1, sizeof(bool)) };
    for (size_t i = 0; i < cover->test_count; i++) {
        *rec_index_at(&p->number_of, (uint64_t)(uintptr_t)cover->tests[i]) = (void *)(uintptr_t)(i + 1);
        p->first[i] = fill[i] = all;
        p->gain[i] = cover->tests[i]->edge_count;
        all += p->gain[i];
    }
    p->first[cover->test_count] = all;
    p->edges = cli_alloc(all + 1, sizeof(size_t));
    for (size_t i = 0; i < cover->edge_count; i++)
        for (size_t j = 0; j < cover->edges[i]->by.count; j++)
            p->edges[fill[number_of(p, cover->edges[i]->by.list[j])]++] = i;
    free(fill);
}

/* The test that adds most; @count: none adds anything. */
static size_t best_of(const struct picking *p, const struct cover *cover)
{
    size_t best = cover->test_count;

    for (size_t i = 0; i < cover->test_count; i++)
        if (p->gain[i] != 0 &&
            (best == cover->test_count || p->gain[i] > p->gain[best] ||
             (p->gain[i] == p->gain[best] && strcmp(cover->tests[i]->name, cover->tests[best]->name) < 0)))
            best = i;
    return best;
}

static void pick(struct picking *p, struct cover *cover, size_t test)
{
    cover->tests[test]->pick = ++cover->picked_count;
    cover->tests[test]->gain = p->gain[test];
    for (size_t i = p->first[test]; i < p->first[test + 1]; i++) {
        const struct cover_tests *by = &cover->edges[p->edges[i]]->by;

        if (p->done[p->edges[i]])
            continue;
        p->done[p->edges[i]] = true;
        for (size_t j = 0; j < by->count; j++)
            p->gain[number_of(p, by->list[j])]--;
    }
}

void cover_pick(struct cover *cover)
{
    struct picking p;
    size_t test;

    init(&p, cover);
    while ((test = best_of(&p, cover)) < cover->test_count)
        pick(&p, cover, test);
    rec_index_free(&p.number_of);
    free(p.first);
    free(p.edges);
    free(p.gain);
    free(p.done);
}
