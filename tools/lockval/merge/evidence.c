/* SPDX-License-Identifier: MIT */
/*
 * Edges with their witnesses, and uses of classes in contexts. Of the witnesses of an edge one is kept of each shape, since a
 * thousand runs of a test show the same acquisition a thousand times: the one of the run with the smallest hash.
 */

#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "merge/content.h"

#define KEY(text) ((uint64_t)(uintptr_t)(text))

static const char *keep_made(struct un_union *all, char *text)
{
    const char *kept = rec_pool_text(all->pool, text);

    free(text);
    return kept;
}

/* ---- locks --------------------------------------------------------------------------------------------------------- */

static struct un_lock lock_of(struct un_adding *adding, const struct rec_lock *lock)
{
    return (struct un_lock){ .class = un_class_of(adding, lock->class),
                             .instance = lock->instance,
                             .address = lock->address,
                             .mode = lock->mode,
                             .flags = lock->flags,
                             .earlier = lock->earlier,
                             .stack = un_stack_of(adding, lock->stack) };
}

static void print_lock(FILE *out, const struct un_lock *lock)
{
    (void)fprintf(out, "%s %" PRIu64 " %" PRIx64 " %d %u %d %s\n", lock->class != NULL ? lock->class->identity : "",
                  lock->instance, lock->address, (int)lock->mode, lock->flags, lock->earlier,
                  lock->stack != NULL ? lock->stack->key : "-");
}

/* ---- shapes -------------------------------------------------------------------------------------------------------- */

/* A class counts by its identity alone: what is one class in the union may be several in a record, and what the record does not
 * know of is none. */
static uint64_t mix_lock(uint64_t hash, const struct un_class *class, const struct rec_lock *lock)
{
    hash = lv_hash_mix(hash, class != NULL ? class->hash : 0);
    return lv_hash_mix(hash, (uint64_t)lock->mode << 32 | lock->flags);
}

/* The number, from 0, of the first of @witness's locks that is the same object as @lock, which is of @class: then held[i] has i, or
 * what comes before. */
static size_t first_same(struct un_adding *adding, const struct rec_witness *witness, const struct un_class *class,
                         const struct rec_lock *lock)
{
    for (size_t i = 0; i < witness->held_count; i++)
        if (witness->held[i].instance == lock->instance && un_class_of(adding, witness->held[i].class) == class)
            return i;
    return witness->held_count;
}

static uint64_t mix_object(struct un_adding *adding, uint64_t hash, const struct rec_witness *witness,
                           const struct rec_lock *lock)
{
    const struct un_class *class = un_class_of(adding, lock->class);

    return lv_hash_mix(mix_lock(hash, class, lock), first_same(adding, witness, class, lock));
}

/* Equal for acquisitions of the same classes, in the same modes, where the same of the locks are one object. */
static uint64_t shape_of(struct un_adding *adding, const struct rec_witness *witness, size_t at)
{
    uint64_t hash = lv_hash_mix(at + 1, witness->left_out);

    for (size_t i = 0; i < witness->held_count; i++)
        hash = mix_object(adding, hash, witness, &witness->held[i]);
    return mix_object(adding, hash, witness, &witness->wanted);
}

/* ---- witnesses ----------------------------------------------------------------------------------------------------- */

const char *un_witness_text(struct un_union *all, struct un_witness *w)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out;

    if (w->text != NULL)
        return w->text;
    out = open_memstream(&text, &size);
    (void)fprintf(out, "%016" PRIx64 " %d %s\n", w->run != NULL ? w->run->hash : 0, w->left_out,
                  w->thread != NULL ? w->thread->key : "-");
    print_lock(out, &w->wanted);
    for (size_t i = 0; i < w->held_count; i++)
        print_lock(out, &w->held[i]);
    (void)fclose(out);
    w->text = keep_made(all, text);
    return w->text;
}

static struct un_witness *witness_of(struct un_adding *adding, const struct rec_witness *witness, size_t at,
                                     uint64_t shape)
{
    struct un_witness *made = rec_pool_take(adding->all->pool, 1, sizeof(*made));

    made->shape = shape;
    made->run = un_run_of(adding, witness->run);
    made->thread = un_thread_of(adding, witness->thread, made->run);
    made->wanted = lock_of(adding, &witness->wanted);
    made->held_count = witness->held_count;
    made->held = rec_pool_take(adding->all->pool, witness->held_count, sizeof(*made->held));
    for (size_t i = 0; i < witness->held_count; i++)
        made->held[i] = lock_of(adding, &witness->held[i]);
    made->at = at;
    made->left_out = witness->left_out;
    return made;
}

static uint64_t hash_of_run(struct un_adding *adding, const struct rec_witness *witness)
{
    const struct un_run *run = un_run_of(adding, witness->run);

    return run != NULL ? run->hash : 0;
}

/* Is @other to be kept instead of @w, which has the same shape? */
static bool comes_before(struct un_union *all, struct un_witness *other, struct un_witness *w)
{
    uint64_t a = other->run != NULL ? other->run->hash : 0, b = w->run != NULL ? w->run->hash : 0;

    if (a != b)
        return a < b;
    return strcmp(un_witness_text(all, other), un_witness_text(all, w)) < 0;
}

static void add_witness(struct un_adding *adding, struct un_edge *edge, const struct rec_witness *witness, size_t held)
{
    uint64_t shape = shape_of(adding, witness, held);
    uint32_t at = 0, last = edge->witness_count;
    struct un_witness *made;

    while (at < edge->witness_count && edge->witnesses[at]->shape < shape)
        at++;
    if (at < edge->witness_count && edge->witnesses[at]->shape == shape) {
        struct un_witness *old = edge->witnesses[at];

        if (old->run != NULL && old->run->hash < hash_of_run(adding, witness))
            return;
        made = witness_of(adding, witness, held, shape);
        if (comes_before(adding->all, made, old))
            edge->witnesses[at] = made;
        return;
    }
    if (edge->witness_count == UN_SHAPES) {
        edge->left_out = true;
        if (at == UN_SHAPES)
            return;
        last--;
    } else {
        edge->witness_count++;
    }
    memmove(&edge->witnesses[at + 1], &edge->witnesses[at], (last - at) * sizeof(edge->witnesses[0]));
    edge->witnesses[at] = witness_of(adding, witness, held, shape);
}

/* ---- edges --------------------------------------------------------------------------------------------------------- */

static uint64_t edge_key(const struct un_class *from, const struct un_class *to)
{
    return lv_hash_mix(lv_hash_text(0, from->identity), lv_hash_text(1, to->identity));
}

static struct un_edge *edge_at(struct un_union *all, struct un_class *from, struct un_class *to)
{
    void **place = rec_index_at(&all->edge_of, edge_key(from, to));
    struct un_edge *edge = *place;

    if (edge == NULL) {
        edge = *place = rec_pool_take(all->pool, 1, sizeof(*edge));
        edge->from = from;
        edge->to = to;
        rec_append(&all->edges, &all->edge_count, edge);
    }
    return edge;
}

static void add_edge(struct un_adding *adding, const struct rec_edge *edge)
{
    struct un_class *from = un_class_of(adding, edge->from), *to = un_class_of(adding, edge->to);
    struct un_edge *joined;

    if (from == NULL || to == NULL || edge->modes == 0) /* of an edge without modes only a count is left */
        return;
    joined = edge_at(adding->all, from, to);
    joined->modes |= edge->modes;
    joined->acquisitions = edge->acquisitions > joined->acquisitions ? edge->acquisitions : joined->acquisitions;
    joined->chains = edge->chains > joined->chains ? edge->chains : joined->chains;
    joined->left_out |= edge->seen.left_out;
    if (adding->run != NULL)
        un_seen_add(adding->all, &joined->seen, UN_SAMPLE, adding->run);
    else
        un_seen_join(adding->all, &joined->seen, UN_SAMPLE, &edge->seen);
    for (size_t i = 0; i < edge->evidence_count; i++)
        if (edge->evidence[i].witness->known && edge->evidence[i].held < edge->evidence[i].witness->held_count)
            add_witness(adding, joined, edge->evidence[i].witness, edge->evidence[i].held);
}

void un_add_edges(struct un_adding *adding)
{
    for (size_t i = 0; i < adding->process->edge_count; i++)
        add_edge(adding, adding->process->edges[i]);
}

/* ---- uses ---------------------------------------------------------------------------------------------------------- */

static const char *use_key(struct un_union *all, const struct un_class *class, const struct rec_use *use)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)fprintf(out, "%s\n%d %d\n", class->identity, use->inside, use->weak);
    for (size_t i = 0; i < use->context_count; i++)
        (void)fprintf(out, "%s\n%s\n", use->contexts[i].name, use->contexts[i].handler);
    (void)fclose(out);
    return keep_made(all, text);
}

static const char *use_text(struct un_union *all, const struct un_use *use)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)fprintf(out, "%016" PRIx64 " %s %s\n", use->run != NULL ? use->run->hash : 0,
                  use->thread != NULL ? use->thread->key : "-", use->at != NULL ? use->at->key : "-");
    print_lock(out, &use->lock);
    (void)fclose(out);
    return keep_made(all, text);
}

static void add_use(struct un_adding *adding, const struct rec_use *use)
{
    struct un_union *all = adding->all;
    struct un_class *class = un_class_of(adding, use->class);
    struct un_use made = { .class = class, .inside = use->inside, .weak = use->weak }, *old;
    struct rec_context *contexts;
    void **place;

    if (class == NULL)
        return;
    made.key = use_key(all, class, use);
    made.run = un_run_of(adding, use->run);
    made.thread = un_thread_of(adding, use->thread, made.run);
    made.lock = lock_of(adding, &use->lock);
    made.at = un_stack_of(adding, use->at);
    made.text = use_text(all, &made);
    place = rec_index_at(&all->use_of, KEY(made.key));
    old = *place;
    if (old != NULL) {
        if (strcmp(made.text, old->text) < 0) {
            made.context_count = old->context_count;
            made.contexts = old->contexts;
            *old = made;
        }
        return;
    }
    made.context_count = use->context_count;
    made.contexts = contexts = rec_pool_take(all->pool, use->context_count, sizeof(*contexts));
    for (size_t i = 0; i < use->context_count; i++)
        contexts[i] = (struct rec_context){ .name = rec_pool_text(all->pool, use->contexts[i].name),
                                            .handler = rec_pool_text(all->pool, use->contexts[i].handler) };
    old = *place = rec_pool_take(all->pool, 1, sizeof(*old));
    *old = made;
    rec_append(&all->uses, &all->use_count, old);
}

void un_add_uses(struct un_adding *adding)
{
    for (size_t i = 0; i < adding->process->use_count; i++)
        add_use(adding, adding->process->uses[i]);
}
