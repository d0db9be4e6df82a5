/* SPDX-License-Identifier: MIT */
/* Names of tests become structs; all that is counted is counted over the lists of classes and edges. */

#define _GNU_SOURCE
#include "coverage/cover.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/sort.h"

/* ---- tests ---- */

static struct cover_test *test_at(struct cover *cover, const char *name)
{
    void **place = rec_index_at(&cover->by_name, (uint64_t)(uintptr_t)rec_pool_text(cover->pool, name));
    struct cover_test *test = *place;

    if (test != NULL)
        return test;
    test = *place = rec_pool_take(cover->pool, 1, sizeof(*test));
    test->name = rec_pool_text(cover->pool, name);
    rec_append(&cover->tests, &cover->test_count, test);
    return test;
}

/* "server[123]" of the run with this hash, if the record has it; else the hash. Memory to free. */
static char *run_name(const struct rec_process *process, const char *hash)
{
    for (size_t i = 0; i < process->run_count; i++) {
        const struct rec_run *run = process->runs[i];

        if (run->known && strcmp(run->hash, hash) == 0)
            return cli_printf("%s[%.*s]", run->program, (int)strcspn(run->of, "/"), run->of);
    }
    return cli_strdup(hash);
}

/* Several runs may have one name. */
static struct cover_test *run_at(struct cover *cover, const char *hash)
{
    struct cover_test *test = test_at(cover, hash);

    if (strcmp(test->name, hash) == 0) {
        char *name = run_name(cover->process, hash);

        test->name = rec_pool_text(cover->pool, name);
        free(name);
    }
    return test;
}

static struct cover_tests tests_of(struct cover *cover, const struct rec_seen *seen)
{
    size_t count = cover->by_runs ? seen->sample_count : seen->test_count;
    struct cover_tests tests = { .count = count,
                                 .list = rec_pool_take(cover->pool, count, sizeof(struct cover_test *)) };

    for (size_t i = 0; i < count; i++)
        tests.list[i] = cover->by_runs ? run_at(cover, seen->sample[i]) : test_at(cover, seen->tests[i]);
    tests.more = cover->by_runs ? seen->runs > count || !seen->runs_exact : seen->more_tests;
    return tests;
}

static bool has_names(const struct rec_process *process)
{
    for (size_t i = 0; i < process->class_count; i++)
        if (process->classes[i]->seen.test_count != 0)
            return true;
    for (size_t i = 0; i < process->edge_count; i++)
        if (process->edges[i]->seen.test_count != 0)
            return true;
    return false;
}

/* ---- classes and edges ---- */

struct cover_class *cover_class_of(const struct cover *cover, const struct rec_class *class)
{
    return rec_index_find(&cover->by_class, (uint64_t)(uintptr_t) class);
}

static void add_class(struct cover *cover, const struct rec_class *class)
{
    struct cover_class *known = rec_pool_take(cover->pool, 1, sizeof(*known));

    known->class = class;
    known->by = tests_of(cover, &class->seen);
    *rec_index_at(&cover->by_class, (uint64_t)(uintptr_t) class) = known;
    rec_append(&cover->classes, &cover->class_count, known);
    cover->untested_classes += cover_is_untested(&known->by);
    cover->single_classes += cover_is_single(&known->by);
    for (size_t i = 0; i < known->by.count; i++)
        known->by.list[i]->class_count++;
    if (cover_is_single(&known->by))
        known->by.list[0]->own_classes++;
}

static void add_edge(struct cover *cover, const struct rec_edge *edge)
{
    struct cover_class *from = cover_class_of(cover, edge->from), *to = cover_class_of(cover, edge->to);
    struct cover_edge *known;

    if (from == NULL || to == NULL) /* their lines are lost */
        return;
    known = rec_pool_take(cover->pool, 1, sizeof(*known));
    known->edge = edge;
    known->by = tests_of(cover, &edge->seen);
    from->out_count++;
    to->in_count++;
    rec_append(&cover->edges, &cover->edge_count, known);
    cover->untested_edges += cover_is_untested(&known->by);
    cover->single_edges += cover_is_single(&known->by);
    for (size_t i = 0; i < known->by.count; i++)
        known->by.list[i]->edge_count++;
    if (cover_is_single(&known->by))
        known->by.list[0]->own_edges++;
}

/* ---- orders ---- */

static int compare_names(const char *left, const char *right)
{
    int order = strverscmp(left, right);

    return order != 0 ? order : strcmp(left, right);
}

static int compare_classes(const void *a, const void *b)
{
    const struct rec_class *left = (*(struct cover_class *const *)a)->class,
                           *right = (*(struct cover_class *const *)b)->class;
    int order = compare_names(left->name, right->name);

    return order != 0 ? order : strcmp(left->key, right->key);
}

static int compare_edges(const void *a, const void *b)
{
    const struct cover_edge *left = *(struct cover_edge *const *)a, *right = *(struct cover_edge *const *)b;
    int order;

    if (left->by.count + left->by.more != right->by.count + right->by.more)
        return left->by.count + left->by.more < right->by.count + right->by.more ? -1 : 1;
    order = compare_names(left->edge->from->name, right->edge->from->name);
    if (order == 0)
        order = compare_names(left->edge->to->name, right->edge->to->name);
    if (order == 0)
        order = strcmp(left->edge->from->key, right->edge->from->key);
    return order != 0 ? order : strcmp(left->edge->to->key, right->edge->to->key);
}

static int compare_tests(const void *a, const void *b)
{
    const struct cover_test *left = *(struct cover_test *const *)a, *right = *(struct cover_test *const *)b;

    if (left->pick != right->pick) /* 0 is last */
        return left->pick - 1 < right->pick - 1 ? -1 : 1;
    if (left->edge_count != right->edge_count)
        return left->edge_count > right->edge_count ? -1 : 1;
    return compare_names(left->name, right->name);
}

static void sort(void *list, size_t count, int (*compare)(const void *, const void *))
{
    if (count != 0)
        cli_sort(list, count, sizeof(void *), compare);
}

struct cover *cover_of(const struct rec_process *process)
{
    struct cover *cover = cli_alloc(1, sizeof(*cover));

    cover->process = process;
    cover->pool = rec_pool_open();
    cover->by_runs = !has_names(process);
    for (size_t i = 0; i < process->class_count; i++)
        if (process->classes[i]->known)
            add_class(cover, process->classes[i]);
    for (size_t i = 0; i < process->edge_count; i++)
        add_edge(cover, process->edges[i]);
    sort(cover->classes, cover->class_count, compare_classes);
    sort(cover->edges, cover->edge_count, compare_edges);
    for (size_t i = 0; i < cover->class_count; i++) {
        cover->classes[i]->number = i;
        cover->lone_classes += cover->classes[i]->in_count + cover->classes[i]->out_count == 0;
    }
    for (size_t i = 0; i < cover->test_count; i++)
        cover->idle_count += cover->tests[i]->own_edges == 0;
    cover_pick(cover);
    sort(cover->tests, cover->test_count, compare_tests);
    cover_find_apart(cover);
    return cover;
}

void cover_free(struct cover *cover)
{
    free(cover->tests);
    free(cover->edges);
    free(cover->classes);
    free(cover->apart);
    rec_index_free(&cover->by_name);
    rec_index_free(&cover->by_class);
    rec_pool_close(cover->pool);
    free(cover);
}
