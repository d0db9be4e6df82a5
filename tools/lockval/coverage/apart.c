/* SPDX-License-Identifier: MIT */
/*
 * Any two classes without an order between them would be a list that nobody reads: of n classes, nearly n * n / 2. Those that tell something
 * have been held with the same third class, on the same side of it: code that takes both after the other is near, and no test has done it.
 */

#include "coverage/cover.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/sort.h"

enum {
    MOST_CLASSES = 8192,  /* of a table of who reaches whom: 8 MiB */
    MOST_NEIGHBOURS = 128 /* of a class that all others are taken with, pairs say little */
};

struct table {
    size_t count, words;
    uint64_t *bits; /* row i: what is reached from class i */
};

static bool reaches(const struct table *table, size_t from, size_t to)
{
    return (table->bits[from * table->words + to / 64] >> to % 64 & 1) != 0;
}

/* Lists of neighbours: of class i, to[first[i]] up to to[first[i + 1]]. */
struct lists {
    size_t *first, *to;
};

static struct lists lists_of(const struct cover *cover, bool forward)
{
    struct lists lists = { .first = cli_alloc(cover->class_count + 2, sizeof(size_t)),
                           .to = cli_alloc(cover->edge_count + 1, sizeof(size_t)) };
    size_t *fill = cli_alloc(cover->class_count + 1, sizeof(size_t)), at = 0;

    for (size_t i = 0; i < cover->class_count; i++) {
        lists.first[i] = fill[i] = at;
        at += forward ? cover->classes[i]->out_count : cover->classes[i]->in_count;
    }
    lists.first[cover->class_count] = at;
    for (size_t i = 0; i < cover->edge_count; i++) {
        size_t from = cover_class_of(cover, cover->edges[i]->edge->from)->number;
        size_t to = cover_class_of(cover, cover->edges[i]->edge->to)->number;

        lists.to[fill[forward ? from : to]++] = forward ? to : from;
    }
    free(fill);
    return lists;
}

static void free_lists(struct lists *lists)
{
    free(lists->first);
    free(lists->to);
}

static struct table table_of(const struct cover *cover, const struct lists *out)
{
    struct table table = { .count = cover->class_count, .words = cover->class_count / 64 + 1 };
    size_t *queue = cli_alloc(cover->class_count + 1, sizeof(*queue));

    table.bits = cli_alloc(table.count * table.words + 1, sizeof(uint64_t));
    for (size_t i = 0; i < table.count; i++) {
        uint64_t *row = &table.bits[i * table.words];
        size_t head = 0, tail = 0;

        queue[tail++] = i;
        while (head < tail) {
            size_t at = queue[head++];

            for (size_t j = out->first[at]; j < out->first[at + 1]; j++) {
                size_t to = out->to[j];

                if ((row[to / 64] >> to % 64 & 1) != 0)
                    continue;
                row[to / 64] |= UINT64_C(1) << to % 64;
                if (to != i)
                    queue[tail++] = to;
            }
        }
    }
    free(queue);
    return table;
}

static size_t shared_tests(const struct cover_tests *one, const struct cover_tests *other)
{
    size_t count = 0;

    for (size_t i = 0; i < one->count; i++)
        for (size_t j = 0; j < other->count; j++)
            count += one->list[i] == other->list[j];
    return count;
}

struct finding {
    struct cover *cover;
    struct table table;
    struct rec_index pairs; /* both numbers -> the pair's place in .list, and one */
    size_t count, size;
    struct cover_apart *list;
};

static void meet(struct finding *f, size_t a, size_t b)
{
    size_t low = a < b ? a : b, high = a < b ? b : a;
    void **place;

    if (a == b || reaches(&f->table, a, b) || reaches(&f->table, b, a))
        return;
    place = rec_index_at(&f->pairs, (uint64_t)(low + 1) << 32 | (high + 1));
    if (*place == NULL) {
        if (f->count == f->size) {
            f->size = f->size == 0 ? 64 : f->size * 2;
            f->list = cli_realloc(f->list, f->size, sizeof(*f->list));
        }
        f->list[f->count] = (struct cover_apart){ .one = f->cover->classes[low], .other = f->cover->classes[high] };
        *place = (void *)(uintptr_t)++f->count;
    }
    f->list[(size_t)(uintptr_t)*place - 1].shared++;
}

static void meet_all(struct finding *f, const struct lists *lists)
{
    for (size_t i = 0; i < f->cover->class_count; i++) {
        size_t first = lists->first[i], end = lists->first[i + 1];

        if (end - first > MOST_NEIGHBOURS) {
            f->cover->apart_cut = true;
            continue;
        }
        for (size_t j = first; j < end; j++)
            for (size_t k = j + 1; k < end; k++)
                meet(f, lists->to[j], lists->to[k]);
    }
}

static int compare(const void *a, const void *b)
{
    const struct cover_apart *left = a, *right = b;

    if (left->shared != right->shared)
        return left->shared > right->shared ? -1 : 1;
    if (left->shared_tests != right->shared_tests)
        return left->shared_tests > right->shared_tests ? -1 : 1;
    if (left->one != right->one)
        return left->one->number < right->one->number ? -1 : 1;
    return left->other->number < right->other->number ? -1 : 1;
}

void cover_find_apart(struct cover *cover)
{
    struct finding f = { .cover = cover };
    struct lists out, in;
    size_t kept = 0;

    cover->apart_cut = cover->class_count > MOST_CLASSES;
    if (cover->apart_cut)
        return;
    out = lists_of(cover, true);
    in = lists_of(cover, false);
    f.table = table_of(cover, &out);
    meet_all(&f, &out);
    meet_all(&f, &in);
    for (size_t i = 0; i < f.count; i++) {
        f.list[i].shared_tests = shared_tests(&f.list[i].one->by, &f.list[i].other->by);
        if (f.list[i].shared_tests != 0) /* of those that no test has both, none is near */
            f.list[kept++] = f.list[i];
    }
    if (kept != 0)
        cli_sort(f.list, kept, sizeof(*f.list), compare);
    cover->apart = f.list;
    cover->apart_all = kept;
    cover->apart_count = kept < COVER_APART ? kept : COVER_APART;
    rec_index_free(&f.pairs);
    free(f.table.bits);
    free_lists(&out);
    free_lists(&in);
}
