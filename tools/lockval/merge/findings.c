/* SPDX-License-Identifier: MIT */
/*
 * Findings that runs made, one for each fingerprint: the highest verdict counts, then the run with the smallest hash; which runs
 * gave it that verdict is kept, too. They are kept
 * as the lines they were, with texts in place of the numbers of classes, stacks and threads, which mean something in one record only.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "merge/content.h"

#define KEY(text) ((uint64_t)(uintptr_t)(text))

static void set_text(json_t *object, const char *member, const char *text)
{
    (void)json_object_set_new(object, member, json_string(text));
}

static void name_thread(struct un_adding *adding, json_t *object, const struct un_run *run)
{
    const struct rec_thread thread = { .known = true,
                                       .tid = (int64_t)json_integer_value(json_object_get(object, "tid")),
                                       .name = json_string_value(json_object_get(object, "name")),
                                       .start = json_string_value(json_object_get(object, "start")) };

    if (thread.name != NULL && thread.start != NULL)
        set_text(object, "id", un_thread_of(adding, &thread, run)->key);
}

/* Put texts in place of numbers, in @json and all that it holds. */
static void name_all(struct un_adding *adding, json_t *json, const struct un_run *run)
{
    const struct rec_process *p = adding->process;
    const char *member;
    json_t *value;
    size_t i;

    if (json_is_array(json)) {
        json_array_foreach(json, i, value) name_all(adding, value, run);
        return;
    }
    if (!json_is_object(json))
        return;
    if (json_is_integer(json_object_get(json, "tid")) && json_is_integer(json_object_get(json, "id")))
        name_thread(adding, json, run);
    value = json_object_get(json, "class");
    if (json_is_integer(value)) {
        const struct un_class *class = un_class_of(adding, rec_class(p, (uint32_t)json_integer_value(value)));

        set_text(json, "class", class != NULL ? class->identity : "");
    }
    value = json_object_get(json, "stack");
    if (json_is_integer(value)) {
        const struct un_stack *stack = un_stack_of(adding, rec_stack(p, (uint32_t)json_integer_value(value)));

        set_text(json, "stack", stack != NULL ? stack->key : "");
    }
    json_object_foreach(json, member, value) if (json_is_object(value) || json_is_array(value))
        name_all(adding, value, run);
}

static bool is_better(const struct un_finding *a, const struct un_finding *b)
{
    uint64_t hash_a = a->run != NULL ? a->run->hash : 0, hash_b = b->run != NULL ? b->run->hash : 0;

    if (a->verdict != b->verdict)
        return a->verdict > b->verdict;
    if (hash_a != hash_b)
        return hash_a < hash_b;
    return strcmp(a->text, b->text) < 0;
}

/* Which runs gave @finding its verdict, of one run or of a merged record. */
static void see(struct un_adding *adding, const struct rec_finding *finding, struct un_finding *made)
{
    if (finding->seen.sample_count != 0)
        un_seen_join(adding->all, &made->seen, UN_RUNS, &finding->seen);
    else if (made->run != NULL)
        un_seen_add(adding->all, &made->seen, UN_RUNS, made->run);
}

static void add_finding(struct un_adding *adding, const struct rec_finding *finding)
{
    struct un_union *all = adding->all;
    struct un_finding made = { .verdict = finding->verdict, .run = un_run_of(adding, finding->run) }, *old;
    void **place;

    if (finding->line == NULL || *finding->fingerprint == '\0')
        return;
    made.fingerprint = rec_pool_text(all->pool, finding->fingerprint);
    made.json = json_deep_copy(finding->line);
    (void)json_object_del(made.json, "pid");
    (void)json_object_del(made.json, "run");
    (void)json_object_del(made.json, "of");
    (void)json_object_del(made.json, "seen");
    name_all(adding, made.json, made.run);
    made.text = json_dumps(made.json, JSON_SORT_KEYS | JSON_COMPACT);
    see(adding, finding, &made);
    place = rec_index_at(&all->finding_of, KEY(made.fingerprint));
    old = *place;
    if (old == NULL) {
        old = *place = rec_pool_take(all->pool, 1, sizeof(*old));
        *old = made;
        rec_append(&all->findings, &all->finding_count, old);
        return;
    }
    if (is_better(&made, old)) {
        struct un_finding worse = *old;

        *old = made;
        made = worse;
    }
    if (made.verdict == old->verdict)
        un_seen_unite(&old->seen, UN_RUNS, &made.seen);
    json_decref(made.json);
    free(made.text);
}

void un_add_findings(struct un_adding *adding)
{
    for (size_t i = 0; i < adding->process->finding_count; i++)
        add_finding(adding, adding->process->findings[i]);
}
