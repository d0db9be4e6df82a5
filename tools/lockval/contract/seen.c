/* SPDX-License-Identifier: MIT */
/*
 * Classes are put together by their keys: each key has a class that has it, and classes point to one that they are the same lock
 * as, until they meet (a forest of disjoint sets).
 */

#include "contract/seen.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* A class of the process, and which lock it is. */
struct member {
    struct rec_class *class;
    size_t same; /* another member that is the same lock, or itself */
    size_t lock;
};

struct work {
    struct contract_seen *seen;
    size_t count;
    struct member *members;
    struct rec_index by_class; /* the pointer of a class -> its member's number, from 1 on */
    struct rec_index by_key;   /* the pointer of a key -> a member's number, from 1 on */
};

static void *number(size_t i)
{
    return (void *)(uintptr_t)(i + 1);
}

static size_t number_of(const void *pointer)
{
    return (size_t)(uintptr_t)pointer - 1;
}

static uint64_t as_key(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

static size_t first_of(struct work *w, size_t i)
{
    while (w->members[i].same != i)
        i = w->members[i].same = w->members[w->members[i].same].same;
    return i;
}

/* What the class's locks are known by. */
static size_t keys_of(const struct rec_class *class, const char *const **ret)
{
    *ret = class->stable_count != 0 ? class->stables : &class->stable;
    return class->stable_count != 0 ? class->stable_count : 1;
}

static void add_class(struct work *w, struct rec_class *class)
{
    const char *const *keys;
    size_t count = keys_of(class, &keys), me = w->count++;

    w->members[me] = (struct member){ .class = class, .same = me };
    *rec_index_at(&w->by_class, as_key(class)) = number(me);
    for (size_t i = 0; i < count; i++) {
        void **place = rec_index_at(&w->by_key, as_key(rec_pool_text(w->seen->pool, keys[i])));

        if (*place == NULL)
            *place = number(me);
        else
            w->members[first_of(w, me)].same = first_of(w, number_of(*place));
    }
}

/* A class that is only referred to has no key, and one that is no lock has no order. */
static void add_classes(struct work *w, const struct rec_process *process)
{
    w->members = cli_alloc(process->class_count + 1, sizeof(*w->members));
    for (size_t i = 0; i < process->class_count; i++) {
        struct rec_class *class = process->classes[i];

        if (class->known && *class->stable != '\0' && class->standing == REC_IS_LOCK)
            add_class(w, class);
    }
}

/* ---- locks ---- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_keys(struct contract_lock *lock)
{
    size_t kept = 0;

    qsort((void *)lock->keys, lock->key_count, sizeof(*lock->keys), compare_texts);
    for (size_t i = 0; i < lock->key_count; i++)
        if (kept == 0 || lock->keys[i] != lock->keys[kept - 1])
            lock->keys[kept++] = lock->keys[i];
    lock->key_count = kept;
}

static int compare_locks(const void *a, const void *b)
{
    return strcmp(((const struct contract_lock *)a)->keys[0], ((const struct contract_lock *)b)->keys[0]);
}

static void add_member(struct work *w, struct contract_lock *lock, struct rec_class *class)
{
    const char *const *keys;
    size_t count = keys_of(class, &keys);

    rec_append(&lock->classes, &lock->class_count, class);
    for (size_t i = 0; i < count; i++)
        rec_append(&lock->keys, &lock->key_count, (void *)(uintptr_t)rec_pool_text(w->seen->pool, keys[i]));
}

static void make_locks(struct work *w)
{
    struct contract_seen *seen = w->seen;
    size_t *lock_of = cli_alloc(w->count + 1, sizeof(*lock_of));

    seen->locks = cli_alloc(w->count + 1, sizeof(*seen->locks));
    for (size_t i = 0; i < w->count; i++)
        if (first_of(w, i) == i)
            lock_of[i] = seen->lock_count++;
    for (size_t i = 0; i < w->count; i++)
        add_member(w, &seen->locks[lock_of[first_of(w, i)]], w->members[i].class);
    free(lock_of);
    for (size_t i = 0; i < seen->lock_count; i++)
        sort_keys(&seen->locks[i]);
    qsort(seen->locks, seen->lock_count, sizeof(*seen->locks), compare_locks);
    for (size_t i = 0; i < seen->lock_count; i++)
        for (size_t j = 0; j < seen->locks[i].class_count; j++)
            w->members[number_of(rec_index_find(&w->by_class, as_key(seen->locks[i].classes[j])))].lock = i;
}

/* ---- what was taken while what was held ---- */

/* The lock of @class. Null: it has none. */
static struct member *member_of(const struct work *w, const struct rec_class *class)
{
    void *found = class != NULL ? rec_index_find(&w->by_class, as_key(class)) : NULL;

    return found != NULL ? &w->members[number_of(found)] : NULL;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct contract_pair *left = a, *right = b;

    if (left->from != right->from)
        return left->from < right->from ? -1 : 1;
    return left->to < right->to ? -1 : left->to > right->to;
}

static void add_edge(struct work *w, struct rec_index *by_ends, const struct rec_edge *edge)
{
    const struct member *from = member_of(w, edge->from), *to = member_of(w, edge->to);
    struct contract_seen *seen = w->seen;
    struct contract_pair *pair;
    void **place;

    if (from == NULL || to == NULL)
        return;
    if (from->lock == to->lock) {
        seen->locks[from->lock].nested = true;
        return;
    }
    place = rec_index_at(by_ends, (uint64_t)from->lock << 32 | to->lock);
    if (*place == NULL) {
        *place = number(seen->pair_count);
        seen->pairs[seen->pair_count++] = (struct contract_pair){ .from = from->lock, .to = to->lock };
    }
    pair = &seen->pairs[number_of(*place)];
    rec_append(&pair->edges, &pair->edge_count, (void *)(uintptr_t)edge);
}

static void add_edges(struct work *w, const struct rec_process *process)
{
    struct rec_index by_ends = { 0 };

    w->seen->pairs = cli_alloc(process->edge_count + 1, sizeof(*w->seen->pairs));
    for (size_t i = 0; i < process->edge_count; i++)
        add_edge(w, &by_ends, process->edges[i]);
    qsort(w->seen->pairs, w->seen->pair_count, sizeof(*w->seen->pairs), compare_pairs);
    rec_index_free(&by_ends);
}

/* ---- nesting ---- */

static bool waits(unsigned flags)
{
    return (flags & (REC_TRY | REC_UNCHECKED)) == 0;
}

/* Both of @held and @wanted are of one lock. */
static void note_nesting(struct work *w, const struct rec_class *held, const struct rec_class *wanted)
{
    const struct member *one = member_of(w, held), *other = member_of(w, wanted);

    if (one != NULL && other != NULL && one->lock == other->lock)
        w->seen->locks[one->lock].nested = true;
}

/* The last lock of a chain was taken while the others were held; each that another chain ends with has its own. */
static void note_chain(struct work *w, const struct rec_chain *chain)
{
    const struct rec_link *last = &chain->links[chain->count - 1];

    if (!waits(last->flags))
        return;
    for (size_t i = 0; i + 1 < chain->count; i++)
        if ((chain->links[i].flags & REC_UNCHECKED) == 0)
            note_nesting(w, chain->links[i].class, last->class);
}

/* A recursive mutex that is taken again is the same instance, and no nesting. */
static void note_locks(struct work *w, const struct rec_lock *held, const struct rec_lock *wanted)
{
    if (held->instance != wanted->instance && waits(wanted->flags) && (held->flags & REC_UNCHECKED) == 0)
        note_nesting(w, held->class, wanted->class);
}

static void note_witness(struct work *w, const struct rec_witness *witness)
{
    for (size_t i = 0; i < witness->held_count; i++) {
        note_locks(w, &witness->held[i], &witness->wanted);
        for (size_t j = 0; j < i; j++)
            note_locks(w, &witness->held[j], &witness->held[i]);
    }
}

static void add_nesting(struct work *w, const struct rec_process *process)
{
    for (size_t i = 0; i < process->chain_count; i++)
        note_chain(w, process->chains[i]);
    for (size_t i = 0; i < process->witness_count; i++)
        note_witness(w, process->witnesses[i]);
}

/* ---- all ---- */

struct contract_seen *contract_seen_of(const struct rec_process *process, struct rec_pool *pool)
{
    struct contract_seen *seen = cli_alloc(1, sizeof(*seen));
    struct work w = { .seen = seen };

    seen->pool = pool;
    add_classes(&w, process);
    make_locks(&w);
    add_edges(&w, process);
    add_nesting(&w, process);
    rec_index_free(&w.by_class);
    rec_index_free(&w.by_key);
    free(w.members);
    return seen;
}

void contract_seen_free(struct contract_seen *seen)
{
    for (size_t i = 0; i < seen->lock_count; i++) {
        free(seen->locks[i].classes);
        free((void *)seen->locks[i].keys);
    }
    for (size_t i = 0; i < seen->pair_count; i++)
        free((void *)seen->pairs[i].edges);
    free(seen->locks);
    free(seen->pairs);
    free(seen);
}
