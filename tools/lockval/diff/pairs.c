/* SPDX-License-Identifier: MIT */
/*
 * The identity of a class is its key, and of a class that the program named its stable key, as in merged records: keys of names are told apart
 * by the order in which a run met them.
 */

#include "diff/pairs.h"

#include <stdint.h>
#include <string.h>

static bool is_named(const char *key)
{
    return strncmp(key, "name:", 5) == 0;
}

static void **place_of(struct diff_pairs *pairs, const char *identity)
{
    return rec_index_at(&pairs->by_key, (uint64_t)(uintptr_t)rec_pool_text(pairs->pool, identity));
}

static void set(struct diff_pairs *pairs, const char *identity, size_t number)
{
    void **place = place_of(pairs, identity);

    if (*place == NULL)
        *place = (void *)(uintptr_t)(number + 1);
}

/* All identities of a class of the order of both lead to its number. */
static void add_both(struct diff_pairs *pairs, const struct rec_class *class)
{
    size_t number = pairs->count++;

    if (!is_named(class->key))
        set(pairs, class->key, number);
    else
        set(pairs, class->stable, number);
    for (size_t i = 0; i < class->key_count; i++)
        if (!is_named(class->keys[i]))
            set(pairs, class->keys[i], number);
    for (size_t i = 0; is_named(class->key) && i < class->stable_count; i++)
        set(pairs, class->stables[i], number);
}

static void add(struct diff_pairs *pairs, const struct rec_class *class)
{
    void **place = place_of(pairs, is_named(class->key) ? class->stable : class->key);

    if (*place == NULL)
        *place = (void *)(uintptr_t)++pairs->count;
    *rec_index_at(&pairs->by_class, (uint64_t)(uintptr_t) class) = *place;
}

void diff_pairs_init(struct diff_pairs *pairs, const struct rec_process *old, const struct rec_process *new,
                     const struct rec_process *both)
{
    const struct rec_process *const sides[] = { old, new };

    *pairs = (struct diff_pairs){ .pool = rec_pool_open() };
    for (size_t i = 0; both != NULL && i < both->class_count; i++)
        if (both->classes[i]->known)
            add_both(pairs, both->classes[i]);
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < sides[side]->class_count; i++)
            if (sides[side]->classes[i]->known)
                add(pairs, sides[side]->classes[i]);
}

void diff_pairs_free(struct diff_pairs *pairs)
{
    rec_index_free(&pairs->by_class);
    rec_index_free(&pairs->by_key);
    rec_pool_close(pairs->pool);
}

size_t diff_pairs_number(const struct diff_pairs *pairs, const struct rec_class *class)
{
    return (size_t)(uintptr_t)rec_index_find(&pairs->by_class, (uint64_t)(uintptr_t) class) - 1;
}
