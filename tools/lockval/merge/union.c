/* SPDX-License-Identifier: MIT */
/*
 * The pool gives nothing back, and what is replaced stays in it: runs, stacks and witnesses that no part of the union refers to any
 * more. When it has grown to several times what it was, the union is written, read and added to a new one, which is the same union.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "merge/content.h"

enum {
    COMPACT_BYTES = 32 << 20, /* no union is made anew below this, */
    COMPACT_FACTOR = 4        /* nor before it is so many times as large */
};

static struct un_union *make(void)
{
    struct un_union *all = cli_alloc(1, sizeof(*all));

    all->pool = rec_pool_open();
    all->compact_at = COMPACT_BYTES;
    return all;
}

struct un_union *un_open(void)
{
    return make();
}

static void clear(struct un_union *all)
{
    for (size_t i = 0; i < all->finding_count; i++) {
        json_decref(all->findings[i]->json);
        free(all->findings[i]->text);
    }
    rec_index_free(&all->module_of);
    rec_index_free(&all->frame_of);
    rec_index_free(&all->stack_of);
    rec_index_free(&all->run_of);
    rec_index_free(&all->thread_of);
    rec_index_free(&all->class_of);
    rec_index_free(&all->edge_of);
    rec_index_free(&all->use_of);
    rec_index_free(&all->finding_of);
    free(all->modules);
    free(all->stacks);
    free(all->all_runs);
    free(all->threads);
    free(all->classes);
    free(all->edges);
    free(all->uses);
    free(all->findings);
    rec_pool_close(all->pool);
}

void un_close(struct un_union *all)
{
    clear(all);
    free(all);
}

static void add_runs(struct un_union *all, struct un_adding *adding)
{
    const struct rec_process *process = adding->process;

    if (!process->merged) {
        adding->run = un_run_of_process(adding);
        un_sample_add(&all->runs, UN_RUNS, adding->run->hash);
        return;
    }
    for (size_t i = 0; i < process->sample_count; i++)
        un_sample_add(&all->runs, UN_RUNS, strtoull(process->sample[i], NULL, 16));
    all->runs.more |= !process->merged_runs_exact;
}

/* Of a run, its chains say which classes nest in themselves: edges lead from one class to another, and chains are not kept. */
static void add_nesting(struct un_adding *adding)
{
    for (size_t i = 0; i < adding->process->chain_count; i++) {
        const struct rec_chain *chain = adding->process->chains[i];
        const struct rec_link *last = &chain->links[chain->count - 1];
        struct un_class *class = un_class_of(adding, last->class);

        if (class == NULL || (last->flags & (REC_TRY | REC_UNCHECKED)) != 0)
            continue;
        for (size_t k = 0; k + 1 < chain->count; k++)
            class->nests |= chain->links[k].class == last->class && (chain->links[k].flags & REC_UNCHECKED) == 0;
    }
}

static void add(struct un_union *all, const struct rec_process *process, const struct rec_index *same)
{
    struct un_adding adding = { .all = all, .process = process, .same = same };

    add_runs(all, &adding);
    for (size_t i = 0; i < process->module_count; i++)
        if (process->modules[i]->known)
            (void)un_module_of(&adding, process->modules[i]);
    for (size_t i = 0; i < process->class_count; i++)
        (void)un_class_of(&adding, process->classes[i]);
    add_nesting(&adding);
    un_add_edges(&adding);
    un_add_uses(&adding);
    un_add_findings(&adding);
    rec_index_free(&adding.modules);
    rec_index_free(&adding.stacks);
    rec_index_free(&adding.threads);
    rec_index_free(&adding.classes);
    rec_index_free(&adding.runs);
}

static void compact(struct un_union *all)
{
    struct rec_set *set = un_read_back(all, "union");
    struct un_union *fresh = make();

    if (set->process_count == 1)
        add(fresh, set->processes[0], NULL);
    rec_close(set);
    clear(all);
    *all = *fresh;
    free(fresh);
    all->compact_at = rec_pool_size(all->pool) * COMPACT_FACTOR;
    if (all->compact_at < COMPACT_BYTES)
        all->compact_at = COMPACT_BYTES;
}

void un_add(struct un_union *all, const struct rec_process *process)
{
    add(all, process, NULL);
    if (rec_pool_size(all->pool) > all->compact_at)
        compact(all);
}

void un_add_matched(struct un_union *all, const struct rec_process *process, const struct rec_index *same)
{
    add(all, process, same);
}

void un_add_set(struct un_union *all, const struct rec_set *set)
{
    for (size_t i = 0; i < set->process_count; i++)
        un_add(all, set->processes[i]);
}

struct rec_set *un_read_back(const struct un_union *all, const char *file)
{
    struct rec_set *set = rec_open();
    char *text = NULL, *line, *end;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)un_write(all, out);
    (void)fclose(out);
    for (line = text; *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        (void)rec_read_line(set, file, line, (size_t)(end - line));
    }
    free(text);
    return set;
}
