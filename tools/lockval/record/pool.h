/* SPDX-License-Identifier: MIT */
#ifndef CLI_RECORD_POOL_H
#define CLI_RECORD_POOL_H

/*
 * Memory of a set of records: what is taken stays until all is given back at once. Texts are kept once.
 */

#include <stddef.h>
#include <stdint.h>

struct rec_pool;

struct rec_pool *rec_pool_open(void);
void rec_pool_close(struct rec_pool *pool);

/* How much memory it has taken, in bytes, but for the tables. */
size_t rec_pool_size(const struct rec_pool *pool);

/* @count times @size bytes, zeroed. */
void *rec_pool_take(struct rec_pool *pool, size_t count, size_t size) __attribute__((returns_nonnull));

/* The pool's copy of @text, the same pointer for equal texts. Null is the empty text. */
const char *rec_pool_text(struct rec_pool *pool, const char *text) __attribute__((returns_nonnull));

/* A table from numbers to pointers. Zeroed: empty. */
struct rec_index {
    size_t used, size; /* size: a power of two, or 0 */
    struct rec_index_entry *entries;
};

/* Where the pointer of @key is kept; null in it: it is new. Valid until the next call for this index. */
void **rec_index_at(struct rec_index *index, uint64_t key) __attribute__((returns_nonnull));

/* The pointer of @key, or null. */
void *rec_index_find(const struct rec_index *index, uint64_t key);

void rec_index_free(struct rec_index *index);

/* Append @item to the array of pointers at *@list, which has *@count and is malloc's. */
void rec_append(void *list, size_t *count, void *item);

#endif
